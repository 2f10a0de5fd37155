"""Payload v to v+1, applied on read; stored bytes are never rewritten.

Each function takes the data of one version as decoded JSON and returns the next. The pre-release payments of version 0
are the one real case so far: `{"tx", "payer", "amount": "123.45"}`, the amount a decimal text in yuan.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from engine.event import CURRENT_VERSION


def payment_0_to_1(data: dict[str, Any]) -> dict[str, Any]:
    """Give a pre-release payment the contract's names, and its amount in fen. Raises ValueError for a wrong amount."""
    rest = {name: value for name, value in data.items() if name not in ("tx", "payer", "amount")}
    try:
        fen = Decimal(str(data["amount"])) * 100
        if fen != fen.to_integral_value():
            raise ValueError(data["amount"])
        return {**rest, "transaction_id": data["tx"], "payer_id": data["payer"], "amount_fen": int(fen)}
    except (InvalidOperation, KeyError) as error:
        raise ValueError(str(error)) from error


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
