"""What a routes file comes to: who is asked for what, and when it is quiet."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.instants import micros
from monitoring.delivery.reading import read_routes
from monitoring.delivery.routes import Quiet, Route
from tests.monitoring.delivery import shop

ROBOT = {"ROBOT": "https://robot.example/send?key=s3cret", "KEY": "whsec_" + "A" * 43 + "="}
SHANGHAI = ZoneInfo("Asia/Shanghai")
NIGHT = (time(22), time(8))


def read(tmp_path: Path, more: str, head: str = "wecom: ${ROBOT}") -> Route:
    path = tmp_path / "routes.yaml"
    path.write_text(f"routes:\n  - name: duty\n    {head}\n{more}")
    found = read_routes(path, ROBOT)
    assert [str(problem) for problem in found.problems] == []
    (route,) = found.routes.routes
    return route


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    route = read(tmp_path, "")
    assert (route.lang, route.from_start, route.digest, route.quiet, route.packs) == (
        "zh",
        False,
        None,
        None,
        (),
    )
    assert (route.give_up_us, route.to.kind) == (86_400 * 10**6, "wecom")
    assert (route.to.host, route.to.url) == ("https://robot.example", ROBOT["ROBOT"])


def test_all_can_be_said(tmp_path: Path) -> None:
    more = """    level: [warn, critical]
    rule: ["COL-*", TAK-01]
    pack: [takings]
    tenant: t1
    state: raised
    lang: en
    from: start
    give_up: 2h
    digest: {after: 5, within: 30s, every: 5m}
    quiet: {from: "22:00", until: "08:00", except: critical, days_off: true}
"""
    route = read(tmp_path, more)
    assert route.filters.rules == ("COL-*", "TAK-01")
    assert (route.filters.levels, route.filters.tenants, route.filters.states) == (
        ("warn", "critical"),
        ("t1",),
        ("raised",),
    )
    assert route.digest is not None
    assert (route.digest.after, route.digest.within_us, route.digest.every_us) == (5, 30 * 10**6, 300 * 10**6)
    assert route.quiet == Quiet(SHANGHAI, NIGHT, days_off=True, levels=("critical",))


def test_a_key_in_a_file_is_as_good_as_one_in_a_variable(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(ROBOT["KEY"] + "\n")
    head = f"webhook: https://hook.example/\n    secret: ['${{KEY}}', '${{file:{tmp_path / 'key'}}}']"
    route = read(tmp_path, "", head)
    assert route.to.keys == (bytes(32), bytes(32))


def test_no_problem_shows_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text(
        "routes:\n  - {name: a, wecom: 'https://robot.example/s3cret'}\n"
        "  - {name: b, webhook: 'ftp://hook.example/s3cret', secret: s3cret}\n"
        "  - {name: c, webhook: 'https://hook.example/', secret: '${WRONG}'}\n"
    )
    found = read_routes(path, {"WRONG": "whsec_s3cret"})
    assert len(found.problems) == 3
    assert "s3cret" not in "".join(map(str, found.problems))


@pytest.mark.parametrize(
    ("quiet", "at", "holds"),
    [
        pytest.param(Quiet(SHANGHAI, NIGHT), "2026-03-10T21:59:59+08:00", False, id="before ten it is not"),
        pytest.param(Quiet(SHANGHAI, NIGHT), "2026-03-10T22:00:00+08:00", True, id="at ten it is"),
        pytest.param(Quiet(SHANGHAI, NIGHT), "2026-03-11T07:59:59+08:00", True, id="past midnight too"),
        pytest.param(Quiet(SHANGHAI, NIGHT), "2026-03-11T08:00:00+08:00", False, id="at eight it ends"),
        pytest.param(Quiet(SHANGHAI, NIGHT), "2026-03-10T15:00:00Z", True, id="in the route's own zone"),
        pytest.param(Quiet(SHANGHAI, (time(12), time(14))), "2026-03-10T13:00:00+08:00", True, id="at noon"),
        pytest.param(
            Quiet(SHANGHAI, (time(12), time(14))), "2026-03-10T23:00:00+08:00", False, id="then not"
        ),
        pytest.param(Quiet(SHANGHAI, NIGHT), "2026-03-14T12:00:00+08:00", False, id="a Saturday is a day"),
        pytest.param(
            Quiet(SHANGHAI, None, True), "2026-03-14T12:00:00+08:00", True, id="unless days off are quiet"
        ),
        pytest.param(
            Quiet(SHANGHAI, None, True), "2026-10-01T12:00:00+08:00", True, id="so is the National Day"
        ),
        pytest.param(
            Quiet(SHANGHAI, None, True), "2026-02-14T12:00:00+08:00", False, id="not a Saturday worked"
        ),
        pytest.param(
            Quiet(SHANGHAI, None, True), "2026-03-13T16:00:00Z", True, id="days are those of the zone"
        ),
    ],
)
def test_it_is_quiet(quiet: Quiet, at: str, holds: bool) -> None:
    assert quiet.holds(micros(at)) is holds


def test_who_asks_for_a_pack_hears_of_it_alone(tmp_path: Path) -> None:
    shop.decide(tmp_path / "shop.db", [shop.payment("A1", 1, 10_000)])
    with shop.shelf_of(tmp_path / "shop.db")() as shelf:
        item = shelf.record(shop.told(tmp_path / "shop.db")[0]["id"], 1)
    assert item is not None
    assert shop.webhook(packs=("takings",)).asks_for(item.record, item.pack)
    assert not shop.webhook(packs=("login",)).asks_for(item.record, item.pack)
