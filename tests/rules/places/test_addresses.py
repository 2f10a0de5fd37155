"""Where an address is: a function of its text and of data that ships, the same as a second reader finds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.functions import distance_km
from rules.places.addresses import carrier_of, city_of, country_of, lat_of, lon_of
from rules.places.tables import centres, codes, numbers
from tests.engine.driving import event, fed, program
from tests.oracle.places import placed

HANGZHOU, URUMQI = "330100", "650100"


@pytest.mark.parametrize(
    ("ip", "country", "city", "carrier"),
    [
        pytest.param("115.236.112.1", "CN", HANGZHOU, "电信", id="a city"),
        pytest.param("60.30.1.1", "CN", "120000", "联通", id="a municipality is its own city"),
        pytest.param("8.8.8.8", "US", None, "Level3", id="abroad there are countries only"),
        pytest.param("192.168.0.1", None, None, None, id="a private address is nowhere"),
        pytest.param("127.0.0.1", None, None, None, id="nor is one's own"),
        pytest.param("2400:3200::1", None, None, None, id="IPv6 is not known"),
        pytest.param("115.236.112", None, None, None, id="three numbers are no address"),
        pytest.param("115.236.112.01", None, None, None, id="a zero before a number may mean another one"),
        pytest.param("115.236.112.256", None, None, None, id="a number is at most 255"),
        pytest.param("１15.236.112.1", None, None, None, id="digits are ASCII"),
        pytest.param("", None, None, None, id="nothing"),
    ],
)
def test_an_address_is_somewhere(ip: str, country: str | None, city: str | None, carrier: str | None) -> None:
    assert (country_of(ip), city_of(ip), carrier_of(ip)) == (country, city, carrier)


@given(parts=st.tuples(*[st.integers(0, 255)] * 4))
def test_a_second_reader_finds_the_same(parts: tuple[int, ...]) -> None:
    ip = ".".join(map(str, parts))
    found = (country_of(ip), city_of(ip), carrier_of(ip), lat_of(None, ip), lon_of(None, ip))
    told = ("country", "city", "carrier", "lat", "lon")
    assert found == tuple(placed(name, {"ip": ip}) for name in told)


@pytest.mark.parametrize(
    ("city", "ip", "centre"),
    [
        pytest.param(HANGZHOU, None, (30.24692, 120.209789), id="of the city named"),
        pytest.param(None, "115.236.112.1", (30.24692, 120.209789), id="of the address's city"),
        pytest.param(HANGZHOU, "61.128.101.1", (30.24692, 120.209789), id="the named one wins"),
        pytest.param("hz", "61.128.101.1", (None, None), id="also where nobody knows its name"),
        pytest.param(None, None, (None, None), id="without either there is none"),
    ],
)
def test_the_centre_of_a_city(
    city: str | None, ip: str | None, centre: tuple[float | None, float | None]
) -> None:
    assert (lat_of(city, ip), lon_of(city, ip)) == centre


def test_every_city_lies_in_or_near_china_and_has_one_number_and_centre() -> None:
    assert len(centres()) > 340
    assert set(numbers().values()) == set(centres())
    for number, (lat, lon) in centres().items():
        assert number.isdigit(), number
        assert len(number) == 6, number
        assert 3 < lat < 54, number
        assert 73 < lon < 136, number
    apart = distance_km(*centres()[HANGZHOU], *centres()[URUMQI])
    assert apart == pytest.approx(3234.1, abs=0.1)  # As the catalogue measured it.


def test_every_country_has_a_code_of_two_letters() -> None:
    assert codes()["中国"] == "CN"
    assert len(codes()) > 230
    assert all(len(code) == 2 and code.isascii() and code.isupper() for code in codes().values())


@pytest.mark.parametrize(
    ("first", "second", "travels"),
    [
        pytest.param({"ip": "115.236.112.1"}, {"ip": "61.128.101.1"}, True, id="addresses alone"),
        pytest.param({"ip": "115.236.112.1"}, {"ip": "61.128.101.1", "city": HANGZHOU}, False,
                     id="a city that the event names is not changed"),
        pytest.param({"ip": "115.236.112.1"}, {"ip": "61.128.101.1", "lat": 30.2, "lon": 120.2}, False,
                     id="nor is a place"),
        pytest.param({"ip": "115.236.112.1"}, {"ip": "61.128.101.1", "lat": 43.8}, False,
                     id="half a place is not made whole"),
        pytest.param({"ip_hash": "a", "city": HANGZHOU}, {"ip_hash": "b", "city": URUMQI}, True,
                     id="a city has its centre without any address"),
    ],
)  # fmt: skip
def test_a_decided_event_has_what_its_address_tells(
    first: dict[str, Any], second: dict[str, Any], travels: bool
) -> None:
    logins = [("08:00", first), ("09:00", second)]
    log = [event(at, "login.attempted", at, result="success", **data) for at, data in logins]
    assert [record.rule for record in fed(log, program("LOG-01")).records] == ["LOG-01"] * travels
