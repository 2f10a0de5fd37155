"""What can be looked at over HTTP: alerts in pages, one alert, the audit log, and its files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest

from engine.fold import Engine, Settings
from monitoring.web.answers import Refusal
from monitoring.web.desk import Desk
from streams.audit import completeness
from streams.audit.notes import verifier_of
from streams.audit.publishing import Stored
from streams.embedded import Runner
from streams.ports import Block
from streams.sealing.tokens import SealError
from streams.stores.deciding import decided_by
from streams.stores.sqlite import open_store
from streams.stores.sqlite_reading import SqliteReader, open_reader
from tests.monitoring.web.house import ONLY, House, house, payment, program
from tests.streams.audit.running import SIGNER
from tests.streams.sealing.forgetting import take
from tests.streams.sealing.test_ending import ADDRESS, TICK, failed


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Path]]:
    """Return a house with 25 alerts of three tenants, and its database."""
    path = tmp_path_factory.mktemp("told") / "weiguard.db"
    with house(path) as found:
        found.send(*(payment(number, tenant=f"t{number % 3}") for number in range(25)))
        yield found, path


def get(told: tuple[House, Path], path: str, **parameters: str) -> httpx2.Response:
    return httpx2.get(f"{told[0].url}{path}", params=parameters, timeout=30)


def test_pages_show_each_alert_once_the_newest_first(told: tuple[House, Path]) -> None:
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = get(told, "/v1/alerts", limit="10", **cursor).json()
        seen += [each["key"]["account"] for each in page["alerts"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == [f"A{number}" for number in reversed(range(25))]


def test_filters(told: tuple[House, Path]) -> None:
    assert len(get(told, "/v1/alerts", tenant="t1").json()["alerts"]) == 8
    assert len(get(told, "/v1/alerts", rule="COL-*", level="critical").json()["alerts"]) == 25
    assert [each["key"] for each in get(told, "/v1/alerts", key="A7").json()["alerts"]] == [{"account": "A7"}]
    assert get(told, "/v1/alerts", until="2020-01-01T00:00:00Z").json() == {
        "alerts": [],
        "handling": {},
        "next": None,
    }


def test_what_is_rare_is_found_at_once(told: tuple[House, Path]) -> None:
    page = get(told, "/v1/alerts", key="A0", limit="1").json()
    assert ([each["key"] for each in page["alerts"]], page["next"]) == ([{"account": "A0"}], None)


@pytest.mark.parametrize(
    ("path", "parameters", "status", "words"),
    [
        ("/v1/alerts", {"limit": "0"}, 400, "?limit: found '0'; expected a whole number from 1 to 1,000"),
        ("/v1/alerts", {"limit": "1e9"}, 400, "?limit"),
        ("/v1/alerts", {"cursor": "x"}, 400, "?cursor"),
        ("/v1/alerts", {"since": "2026-03-10"}, 400, "write it with its offset"),
        ("/v1/alerts", {"handling": "new,seen"}, 400, "?handling: found 'seen'"),
        ("/v1/alerts", {"page": "2"}, 400, "?page: found a parameter"),
        ("/v1/alerts/a_nothing", {}, 404, "none 'a_nothing'"),
        ("/v1/alerts/a", {}, 404, "none 'a'"),
        ("/v1/audit", {"order": "random"}, 400, "newest or oldest"),
        ("/v1/audit", {"from": "tomorrow"}, 400, "?from: found 'tomorrow'"),
        ("/v1/audit", {"from": "2026-03-02", "until": "2026-03-01"}, 400, "an instant behind"),
        ("/v1/audit", {"text": "…"}, 400, "letters, digits or Chinese signs"),
        ("/v1/audit", {"after": "x"}, 400, "the cursor"),
        ("/tlog/checkpoint", {}, 404, "no file 'checkpoint'"),
        ("/tlog/tile/0/001", {}, 404, "no file"),
        ("/tlog/tile/0/000", {}, 404, "no file"),
        ("/tlog/tile/0/0", {}, 404, "no file"),
        ("/tlog/tile/00/000.p/1", {}, 404, "no file"),
        ("/tlog/tile/0/000.p/256", {}, 404, "no file"),
        ("/tlog/tile/entries/000.p/0", {}, 404, "no file"),
        ("/tlog/%2e%2e/%2e%2e/etc/passwd", {}, 404, "no file"),
        ("/tlog/..%2f..%2fweiguard.db", {}, 404, "no file"),
        ("/v1/nothing", {}, 404, "here are /metrics"),
    ],
)
def test_what_is_not_there_or_cannot_be_asked(
    told: tuple[House, Path], path: str, parameters: dict[str, str], status: int, words: str
) -> None:
    answer = get(told, path, **parameters)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]


def test_one_alert_with_its_records(told: tuple[House, Path]) -> None:
    (listed,) = get(told, "/v1/alerts", key="A3").json()["alerts"]
    found = get(told, f"/v1/alerts/{listed['id']}").json()
    assert {name: found[name] for name in listed} == listed
    assert (found["records"], found["acts"], found["handling"]["state"]) == ([listed], [], "new")


def test_a_query_stands_in_the_log_before_its_answer(told: tuple[House, Path]) -> None:
    first = get(told, "/v1/audit", kind="alert", tenant="t0", limit="4", by="li.auditor").json()
    assert [each["entry"]["record"]["key"]["account"] for each in first["entries"]] == [
        "A24",
        "A21",
        "A18",
        "A15",
    ]
    rest = get(told, "/v1/audit", kind="alert", tenant="t0", limit="4", after=first["next"]).json()
    assert rest["root"] == first["root"], "all pages are read at one size"
    asked = get(told, "/v1/audit", kind="audit.queried", tenant="t0", order="oldest").json()["entries"]
    assert asked[0]["entry"]["event"]["data"]["by"] == "li.auditor"
    assert asked[1]["entry"]["event"]["data"]["by"] == "tester"


def test_the_files_of_the_log_are_those_that_export_writes(told: tuple[House, Path]) -> None:
    with open_reader(told[1]) as reader:
        stored = Stored(reader.audit, "here")
        for level, number, width in stored.bodies():
            name = "entries" if level < 0 else str(level)
            answer = get(told, f"/tlog/tile/{name}/{number:03}.p/{width}")
            assert answer.content == stored.body(level, number, width)
            assert "immutable" in answer.headers["cache-control"]


def test_an_answer_comes_with_the_proof_that_nothing_is_left_out(tmp_path: Path) -> None:
    db = tmp_path / "weiguard.db"
    old = [
        payment(number, subject="A1", time=f"2026-03-{number + 9:02}T09:00:00+08:00") for number in range(3)
    ]
    with open_store(db, decided_by(program(), Settings(), ONLY), {}) as store:
        runner = Runner(store, Engine(program()), signer=SIGNER)
        runner.take("log", Block([msgspec.json.encode(each) for each in old], None))
        runner.end()
    with house(db, signer=SIGNER) as found:
        found.send(payment(9))
        asked = {"account": "A1", "from": "2026-03-09", "until": "2026-03-11", "proof": "completeness"}
        answer = get((found, db), "/v1/audit", **asked).json()
        assert get((found, db), "/v1/audit", **asked, rule="COL-01").status_code == 400
        assert "?proof" in get((found, db), "/v1/audit", proof="all").json()["error"]
        open_yet = get((found, db), "/v1/audit", **{**asked, "from": "2036-03-09", "until": "2036-03-10"})
        assert "no day that is closed" in open_yet.json()["error"]
    proof = completeness.parse(msgspec.json.encode(answer["proof"]), "the answer")
    shown = completeness.verify(proof, [verifier_of(str(SIGNER.verifier))], "the answer")
    assert [each["entry"]["record"]["key"] for each in answer["entries"]] == [{"account": "A1"}] * 2
    assert len(shown.entries) == 2


def test_a_reader_that_stays_open_reads_no_address_that_has_ended(tmp_path: Path) -> None:
    db = tmp_path / "weiguard.db"
    take(db, failed(1, "d1 09:00"))
    desk = Desk()
    desk.open(db, lambda _: None)

    def address() -> object:
        def read(reader: SqliteReader) -> object:
            return msgspec.json.decode(next(reader.inputs()).raw)["data"]["ip"]

        return asyncio.run(desk.look(read))

    assert address() == ADDRESS
    take(db, TICK)
    assert address() is None
    desk.close()


def test_what_is_wrong_with_the_database_is_no_fault_of_who_asks(tmp_path: Path) -> None:
    def damaged(_: SqliteReader) -> None:
        raise SealError("a sealed value", "sealed:…", "the value as it was sealed")

    for name, status in (("is.db", 500), ("none.db", 503)):
        if name == "is.db":
            take(tmp_path / name, TICK)
        desk = Desk()
        desk.open(tmp_path / name, lambda _: None)
        with pytest.raises(Refusal) as refused:
            asyncio.run(desk.look(damaged))
        assert refused.value.status == status
        desk.close()
