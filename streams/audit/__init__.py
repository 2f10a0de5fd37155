"""The audit log: a Merkle tree over every decision, in the formats of the transparency ecosystem (c2sp.org)."""
