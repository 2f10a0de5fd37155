"""What stays of an address when it has ended: where it was, whose network it was, and a name for it.

The name is BLAKE2b of its hash with a key of the log: it tells addresses apart as the hash did, and whoever has an
export but not the database cannot try all addresses to find which it was.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final

import msgspec

from engine.instants import hash_of
from rules.places.addresses import carrier_of, city_of, country_of

_HASH: Final = re.compile(r"[0-9a-f]{64}")  # As `hash_of` makes it; one of a source's own may look otherwise.
_NAME_BYTES: Final = 16


def is_hash(value: str) -> bool:
    """Return whether a value may be an address's hash, from which the address can be found by trying them all."""
    return _HASH.fullmatch(value) is not None


def name_of(hashed: str, naming: bytes) -> str:
    """Return the name that stands for an address's hash when it has ended."""
    return "k" + blake2b(hashed.encode(), key=naming, digest_size=_NAME_BYTES).hexdigest()


def left_of(inner: bytes, naming: bytes) -> bytes:
    """Return the members of a line that take an address's place, each behind a comma. `inner`: between its quotes."""
    try:
        address = msgspec.json.decode(b'"' + inner + b'"', type=str)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return b""
    known = {
        "ip_hash": name_of(hash_of(address), naming), "country": country_of(address), "city": city_of(address),
        "carrier": carrier_of(address),
    }  # fmt: skip
    members = {name: value for name, value in known.items() if value is not None}
    return b"," + msgspec.json.encode(members)[1:-1]
