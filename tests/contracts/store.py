"""What every store promises; a new store supplies the fixture and nothing else."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from engine.alert import Record
from engine.merkle import leaf_hash
from streams.audit.growth import Growth, Head, Ledger
from streams.audit.tiles import RightEdge
from streams.commit import CODE, Batch, InputRow
from streams.ports import Position, Store


class PowerCut(Exception):  # noqa: N818  # it is no error but an event
    """The power goes out in the middle of a batch."""


AT = "2026-03-10T09:00:00+08:00"


def inputs(*numbers: int, disposition: str = "decided", tenant: str = "t1") -> list[InputRow]:
    """Return inputs whose time in seconds is their number."""
    return [
        (n, n, tenant, n * 10**6, n * 10**6, CODE[disposition], "", f'{{"id":"e{n}"}}'.encode())
        for n in numbers
    ]


def record(alert: str, number: int, rule: str = "COL-01") -> Record:
    """Return a record of an alert."""
    return Record(
        alert, number, "raised", rule, "warn", "t1", {"account": "A1"}, {"kind": "day", "start": "", "end": ""}, AT, AT,
        {"source": "s", "id": "e1"}, {"source": "s", "id": "e1"}, False, {}, {}, {}, "sha256:0", {}, {},
    )  # fmt: skip


def breaking() -> Iterator[tuple[bytes, bytes | None]]:
    """Yield one entry and fail."""
    yield b"k", b"v"
    raise PowerCut


def seen(store: Store) -> tuple[object, ...]:
    """Return all there is to see in a store."""
    return (
        store.last, list(store.inputs()), list(store.records()), list(store.shadows()), sorted(store.state()),
        store.checkpointed(), store.position("log"), store.dispositions(), store.tenants(),
    )  # fmt: skip


def growth(start: int, size: int, *, stopped: bool = False) -> Growth:
    """Return what takes an audit log from one size to another, as if all its tenants were one, indexed at its end."""
    edge = RightEdge()
    for n in range(size):
        edge.append(leaf_hash(b"%d" % n))
    entries = [(n, b"%d" % n) for n in range(start, size)]
    ledgers = {"t1": Ledger(size, 0, [size, 0, 0, 0, 0], bytes(32), 7)}
    head = Head(size, edge.root(), b"a note of %d" % size)
    return Growth(
        head, entries, [], edge.changed(), ledgers, stopped, "a key" if not start else None,
        frozenset({"t1"} if start else ()), [("t1", size - 2, ""), ("t1", size - 1, "2026-03-10")],
    )  # fmt: skip


def told(store: Store) -> tuple[object, ...]:
    """Return all there is to see in an audit log."""
    audit = store.audit
    return (
        list(audit.entries()), list(audit.heads()), audit.head(), audit.tile(0, 0), audit.ledgers(), audit.stops(),
        audit.key(), list(audit.unindexed()),
    )  # fmt: skip


class StoreContract:
    """What every store promises."""

    def test_a_new_audit_log_is_empty(self, store: Store) -> None:
        assert told(store) == ([], [], None, [], {}, [], None, [])

    def test_an_audit_log_grows_with_the_batch(self, store: Store) -> None:
        store.commit(Batch("log", inputs(1), growth=growth(0, 2)))
        store.commit(Batch("log", inputs(2), growth=growth(2, 300, stopped=True)))
        assert list(store.audit.entries(298)) == [b"298", b"299"]
        assert list(store.audit.entries(1, 3)) == [b"1", b"2"]
        assert [head.size for head in store.audit.heads()] == [2, 300]
        assert store.audit.head() == growth(0, 300).head
        assert store.audit.tile(0, 1) == [leaf_hash(b"%d" % n) for n in range(256, 300)]
        assert store.audit.ledgers() == growth(2, 300).ledgers
        assert (store.audit.stops(), store.audit.key()) == ([2], "a key")
        assert list(store.audit.unindexed()) == [("t1", "", b"298"), ("t1", "2026-03-10", b"299")]

    def test_an_audit_log_grows_whole_or_not_at_all(self, store: Store) -> None:
        store.commit(Batch("log", inputs(1), growth=growth(0, 2)))
        before = told(store)
        with pytest.raises(PowerCut):
            store.commit(Batch("log", inputs(2), state=breaking(), growth=growth(2, 300, stopped=True)))
        assert told(store) == before

    def test_refolding_forgets_ledgers_and_keeps_what_was_told(self, store: Store) -> None:
        store.commit(Batch("log", inputs(1), growth=growth(0, 2, stopped=True)))
        before = told(store)
        with pytest.raises(PowerCut), store.refolding():  # noqa: PT012  # a batch goes before the cut
            store.commit(Batch(inputs=inputs(1), again=True, growth=growth(2, 5)))
            raise PowerCut
        assert told(store) == before
        with store.refolding():
            assert store.audit.ledgers() == {}
            assert list(store.audit.unindexed()) == []
            store.commit(Batch(inputs=inputs(1), again=True, growth=growth(2, 5)))
        assert list(store.audit.entries()) == [b"0", b"1", b"2", b"3", b"4"]
        assert (store.audit.stops(), store.audit.key()) == ([1], "a key")

    def test_a_new_store_is_empty(self, store: Store) -> None:
        none = dict.fromkeys(CODE, 0)
        assert seen(store) == (0, [], [], [], [], 0, None, none, [])

    def test_a_batch_is_seen_whole(self, store: Store) -> None:
        position = Position(offset=20, lines=2, head="a", last="b")
        store.commit(Batch("log", inputs(1, 2), [(2, record("a_1", 1))], position, state=[(b"k", b"v")]))
        first, second = store.inputs()
        assert (first.seq, first.source, first.line, first.tenant, first.time_us) == (
            1,
            "log",
            1,
            "t1",
            10**6,
        )
        assert (second.disposition, second.raw) == ("decided", b'{"id":"e2"}')
        (stored,) = store.records()
        assert (stored.input, stored.alert, stored.record) == (2, "a_1", 1)
        assert list(store.state()) == [(b"k", b"v")]
        assert (store.last, store.checkpointed(), store.position("log")) == (2, 2, position)
        assert (store.dispositions()["decided"], store.tenants()) == (2, ["t1"])

    def test_would_be_records_are_kept_apart_from_what_is_said(self, store: Store) -> None:
        shadows = [(1, record("a_1", 1)), (2, record("a_1", 2)), (2, record("a_2", 1))]
        store.commit(Batch("log", inputs(1, 2), [(2, record("a_1", 1))], shadows=shadows))
        assert [(each.input, each.alert, each.record) for each in store.shadows()] == [
            (1, "a_1", 1),
            (2, "a_1", 2),
            (2, "a_2", 1),
        ]
        assert list(store.sealed_shadows(1)) == list(store.shadows())[1:]
        assert [(each.input, each.alert, each.record) for each in store.records()] == [(2, "a_1", 1)]

    def test_a_batch_is_seen_whole_or_not_at_all(self, store: Store) -> None:
        said = [(1, record("a_1", 1))]
        store.commit(Batch("log", inputs(1), said, Position(offset=9), state=[(b"k", b"old")], shadows=said))
        before = seen(store)
        said = [(2, record("a_2", 1))]
        with pytest.raises(PowerCut):
            store.commit(Batch("log", inputs(2), said, Position(offset=19), state=breaking(), shadows=said))
        assert seen(store) == before
        store.commit(Batch("log", inputs(2)))
        assert store.last == 2

    def test_a_source_first_met_in_a_batch_that_failed_is_not_known(self, store: Store) -> None:
        with pytest.raises(PowerCut):
            store.commit(Batch("log", inputs(1), position=Position(offset=9), state=breaking()))
        assert store.position("log") is None
        store.commit(Batch("log", inputs(1), position=Position(offset=9)))
        assert [each.source for each in store.inputs()] == ["log"]

    def test_state_is_replaced_and_removed_by_key(self, store: Store) -> None:
        store.commit(Batch(inputs=inputs(1), source="log", state=[(b"a", b"1"), (b"b", b"1")]))
        store.commit(Batch(state=[(b"a", None), (b"b", b"2"), (b"c", b"1"), (b"never", None)]))
        assert sorted(store.state()) == [(b"b", b"2"), (b"c", b"1")]

    def test_positions_are_kept_by_source(self, store: Store) -> None:
        store.commit(Batch("one", inputs(1), position=Position(offset=1)))
        store.commit(Batch("two", inputs(2), position=Position(offset=2)))
        store.commit(Batch("pipe", inputs(3)))
        assert store.position("one") == Position(offset=1)
        assert store.position("two") == Position(offset=2)
        assert store.position("pipe") is None

    def test_inputs_and_records_are_read_from_a_number_on(self, store: Store) -> None:
        for n in range(1, 4):
            store.commit(Batch("log", inputs(n), [(n, record(f"a_{n}", 1))]))
        assert [each.seq for each in store.inputs(1)] == [2, 3]
        assert [each.input for each in store.records(2)] == [3]

    def test_more_than_a_page_is_read_in_order(self, store: Store) -> None:
        store.commit(Batch("log", inputs(*range(1, 2_502))))
        assert [each.seq for each in store.inputs()] == list(range(1, 2_502))

    def test_inputs_are_read_by_tenant(self, store: Store) -> None:
        store.commit(Batch("log", inputs(1) + inputs(2, tenant="t2") + inputs(3, tenant="")))
        assert [each.seq for each in store.inputs(tenant="t2")] == [2]
        assert store.tenants() == ["t1", "t2"]

    def test_the_past_is_read_by_time_up_to_a_number(self, store: Store) -> None:
        rows = inputs(1, 2, 3, 4)
        rows[0] = (*rows[0][:3], 9 * 10**6, *rows[0][4:])
        store.commit(Batch("log", rows + inputs(5, 6, disposition="late")))
        assert [time_us // 10**6 for time_us, _ in store.decided("t1", 3)] == [2, 3, 9]
        assert list(store.late("t1", 5)) == [b'{"id":"e5"}']
        assert list(store.decided("t2", 9)) == []

    def test_what_was_seen_is_told_from_an_instant_on(self, store: Store) -> None:
        rows = inputs(1, 2, 3) + inputs(4, disposition="late") + inputs(5, tenant="")
        rows[0] = (*rows[0][:3], 8 * 10**6, *rows[0][4:])  # Its time is later than its clock.
        rows[1] = (*rows[1][:4], 8 * 10**6, *rows[1][5:])  # It came later than its time.
        store.commit(Batch("log", rows))
        assert [each.seq for each in store.seen(9, 8 * 10**6)] == [1, 2]
        assert [each.seq for each in store.seen(2, 0)] == [1, 2]

    def test_an_overlong_line_is_kept_whole(self, store: Store) -> None:
        rest = bytes(range(256)) * 9_000
        store.commit(Batch("log", inputs(1, disposition="quarantined"), rest=io.BytesIO(rest)))
        assert store.rest(1) == rest

    def test_refolding_forgets_decisions_and_keeps_inputs(self, store: Store) -> None:
        said = [(1, record("a_1", 1))]
        store.commit(Batch("log", inputs(1, 2), said, state=[(b"k", b"v")], shadows=said))
        with store.refolding():
            assert [*store.records(), *store.shadows()] == []
            again = [(*row[:5], CODE["late"], "why", row[7]) for row in inputs(1, 2)]
            said = [(2, record("a_1", 1))]
            store.commit(Batch(inputs=again, records=said, state=[(b"n", b"v")], again=True, shadows=said))
        assert [(each.disposition, each.reason, each.source) for each in store.inputs()] == [
            ("late", "why", "log")
        ] * 2
        assert [each.input for each in (*store.records(), *store.shadows())] == [2, 2]
        assert list(store.state()) == [(b"n", b"v")]
        assert (store.dispositions()["late"], store.dispositions()["decided"]) == (2, 0)

    def test_refolding_happens_whole_or_not_at_all(self, store: Store) -> None:
        said = [(1, record("a_1", 1))]
        store.commit(Batch("log", inputs(1, 2), said, state=[(b"k", b"v")], shadows=said))
        before = seen(store)
        with pytest.raises(PowerCut), store.refolding():  # noqa: PT012  # a batch goes before the cut
            again = [(*row[:5], CODE["late"], "", row[7]) for row in inputs(1)]
            store.commit(Batch(inputs=again, again=True, state=[(b"k", None)]))
            raise PowerCut
        assert seen(store) == before
