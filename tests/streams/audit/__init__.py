"""The audit log: what it holds, how it grows, and what catches those who change it."""
