"""Payload v to v+1, applied on read; stored bytes are never rewritten.

Each function takes the data of one version as decoded JSON and returns the next. The pre-release payments of version 0
are the one real case so far: `{"tx", "payer", "amount": "123.45"}`, the amount a decimal text in yuan.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from engine.event import CURRENT_VERSION

_YUAN: Final = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,2}))?", re.ASCII)
_OLD_NAMES: Final = {"tx": "transaction_id", "payer": "payer_id"}


def payment_0_to_1(data: dict[str, Any]) -> dict[str, Any]:
    """Give a pre-release payment the contract's names, and its amount in fen. Raises ValueError for a wrong amount."""
    found = {_OLD_NAMES.get(name, name): value for name, value in data.items() if name != "amount"}
    if "amount" in data:
        found["amount_fen"] = _fen(data["amount"])
    return found


def _fen(amount: object) -> int:
    match = _YUAN.fullmatch(amount) if isinstance(amount, str) else None
    if match is None:
        raise ValueError('amount is a text in yuan such as "123.45"')
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


UPCASTERS: Final[dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]]] = {
    ("payment.received", 0): payment_0_to_1,
}


def upcast(kind: str, version: int, data: dict[str, Any]) -> dict[str, Any]:
    """Return data in the current version. Raises LookupError where a step is missing, ValueError where one refuses."""
    while version < CURRENT_VERSION:
        step = UPCASTERS.get((kind, version))
        if step is None:
            raise LookupError(f"{kind} version {version}")
        data, version = step(data), version + 1
    return data
