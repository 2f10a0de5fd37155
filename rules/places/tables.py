"""The countries and cities that addresses are in: ISO codes, administrative numbers (adcode), degrees of centres.

`scripts/places` writes both tables. Names stand there as the address data has them.
"""

from __future__ import annotations

import csv
import hashlib
from functools import cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent
_TABLES: Final = ("cities.csv", "countries.csv")


@cache
def codes() -> dict[str, str]:
    """Return the ISO 3166 code of each country, of two letters, by its name."""
    return {row["country"]: row["code"] for row in _rows("countries.csv")}


@cache
def numbers() -> dict[tuple[str, str], str]:
    """Return the number of each city of China by the names of its province and itself."""
    return {(row["province"], row["city"]): row["adcode"] for row in _rows("cities.csv")}


@cache
def centres() -> dict[str, tuple[float, float]]:
    """Return the latitude and longitude, in degrees, of the centre of each city of China by its number."""
    return {row["adcode"]: (float(row["lat"]), float(row["lon"])) for row in _rows("cities.csv")}


@cache
def tables_hash() -> str:
    """Return a hash of the tables: what is decided by them changes with it."""
    return hashlib.sha256(b"".join((_FOLDER / name).read_bytes() for name in _TABLES)).hexdigest()


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
