"""Decoding: what is refused and in which words, and that nothing that can be sent makes it raise."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decoding import DEEPEST, LONGEST, _slowly, decode, timed
from engine.event import ALL_TENANTS, Event, UnknownEvent
from engine.instants import micros
from engine.refusal import SHOWN, Refusal
from tests.engine.events import TYPES, line, sent, with_data

GOOD = line(sent())
V0 = {"tx": "420000", "payer": "P1", "amount": "12.30"}


def swapped(old: str, new: str) -> bytes:
    """Return the good line with a piece of its text replaced."""
    assert old.encode() in GOOD
    return GOOD.replace(old.encode(), new.encode("utf-8", "surrogatepass"))


REFUSED: dict[str, bytes] = {
    "an empty line": b"",
    "a blank line": b" \t\r\n",
    "a line over a megabyte": b'{"x":"' + b"a" * LONGEST + b'"}',
    "half a line": GOOD[: len(GOOD) // 2],
    "two events in a line": GOOD + GOOD,
    "no JSON": b"transaction,amount,payer",
    "a list": b"[" + GOOD + b"]",
    "a number": b"12",
    "null": b"null",
    "a byte order mark inside the stream": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "a broken byte in a known field": GOOD.replace(b'"A1"', b'"\xff"'),
    "a broken byte in an unknown field": GOOD.replace(b'"data"', b'"zzz":"\xc0\xaf","data"'),
    "half a surrogate pair": swapped('"A1"', '"\\ud800x"'),
    "a raw control character": GOOD.replace(b'"A1"', b'"A\x001"'),
    "NaN": swapped('"fee_fen":7', '"fee_fen":NaN'),
    "a number beyond every type": swapped('"amount_fen":7', '"amount_fen":' + "9" * 5_000),
    "ten thousand brackets": b"[" * 10_000,
    "ten thousand brackets in an event": GOOD[:-2] + b',"zzz":' + b"[" * 10_000 + b"]" * 10_000 + b"}}",
    "five hundred and one brackets": b"[" * 501 + b"]" * 501,
    "no specversion": line(sent(specversion=...)),
    "another specversion": line(sent(specversion="0.3")),
    "a specversion of two lines": line(sent(specversion="1.0\n")),
    "no id": line(sent(id=...)),
    "an empty id": line(sent(id="")),
    "a number as id": line(sent(id=17)),
    "a null id": line(sent(id=None)),
    "no source": line(sent(source=...)),
    "an empty source": line(sent(source="")),
    "no type": line(sent(type=...)),
    "an empty type": line(sent(type="")),
    "a list as type": line(sent(type=["payment.received"])),
    "no time": line(sent(time=...)),
    "a time without offset": line(sent(time="2026-03-10T09:15:30")),
    "a time on a day that is not": line(sent(time="2026-02-29T09:15:30+08:00")),
    "a time in seconds": line(sent(time=1773105330)),
    "a time before 1970": line(sent(time="1969-12-31T23:59:59Z")),
    "a time after 9998": line(sent(time="9999-01-01T00:00:00Z")),
    "a leap second": line(sent(time="2016-12-31T23:59:60Z")),
    "a wrong receivedtime": line(sent(receivedtime="soon")),
    "a wrong time of an unknown type": line(sent("karma.changed", time="2026-03-10")),
    "an empty tenant": line(sent(tenant="")),
    "an empty subject": line(sent(subject="")),
    "a number as owner": line(sent(owner=5)),
    "no data": line(sent(data=...)),
    "null data": line(sent(data=None)),
    "data that is a list": line(sent(data=[1, 2])),
    "a missing amount": line(with_data(amount_fen=...)),
    "an amount in quotes": line(with_data(amount_fen="100")),
    "an amount with a point": line(with_data(amount_fen=1.5)),
    "an amount that is true": line(with_data(amount_fen=True)),
    "an amount beyond 2^53": line(with_data(amount_fen=1 << 53)),
    "a negative amount": line(with_data(amount_fen=-5)),
    "a long text where a number belongs": line(with_data(amount_fen="五" * 500)),
    "an item of a list": line(with_data("settlement.posted", transaction_ids=["a", "b", 3])),
    "a date that is not": line(with_data("qualification.issued", valid_from="2023-02-29")),
    "a date in another form": line(with_data("qualification.issued", valid_to="2024/12/31")),
    "an instant without offset": line(with_data("account.registered", opened_at="2024-01-01T00:00:00")),
    "a simhash of fifteen digits": line(with_data("post.published", simhash="0" * 15)),
    "a payload newer than this program": line(sent(schemaversion=2)),
    "a payload older than any": line(sent("order.created", schemaversion=0)),
    "a negative schemaversion": line(sent(schemaversion=-1)),
    "a schemaversion that is true": line(sent(schemaversion=True)),
    "a schemaversion with a point": line(sent(schemaversion=1.5)),
    "an old payment without payer": line(sent(schemaversion=0, data=V0 | {"payer": None})),
    "an old payment with a comma": line(sent(schemaversion=0, data=V0 | {"amount": "12,30"})),
    "an old payment without end": line(sent(schemaversion=0, data=V0 | {"amount": "Infinity"})),
    "an old payment without data": line(sent(schemaversion=0, data=...)),
}


def test_the_words_of_every_refusal() -> None:
    """The golden file is written by hand: a changed word is a decision."""
    golden = Path(__file__).parents[1] / "golden" / "engine" / "refusals.txt"
    found = "".join(f"{name}\n  {decode(raw)}\n" for name, raw in REFUSED.items())
    assert found == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("raw", [pytest.param(raw, id=name) for name, raw in REFUSED.items()])
def test_a_refusal_is_one_short_line(raw: bytes) -> None:
    refusal = decode(raw)
    assert isinstance(refusal, Refusal)
    assert len(refusal.found) <= SHOWN
    assert str(refusal).splitlines() == [
        f"{refusal.field}: found {refusal.found}; expected {refusal.expected}"
    ]


def test_the_longest_line_is_read() -> None:
    padded = GOOD + b" " * (LONGEST - len(GOOD))
    assert isinstance(decode(padded), Event)
    assert isinstance(decode(padded + b" "), Refusal)


@pytest.mark.parametrize("kind", ["payment.received", "karma.changed"])
@pytest.mark.parametrize("spread", [0, 5_000])
def test_nesting_has_a_bound_that_no_stack_moves(kind: str, spread: int) -> None:
    """An event, its data and the field's lists count; brackets in texts and brackets side by side do not."""

    def nested(depth: int) -> bytes:
        lists = b"[" * (depth - 2) + b'"[[{{\\"[["' + b"]" * (depth - 2)
        beside = b"[]," * spread + b'"x"'
        plain = sent(kind)
        plain["data"]["x"] = 1
        return line(plain)[:-2] + b',"y":[' + beside + b'],"zzz":' + lists + b"}}"

    def deep_down(frames: int, raw: bytes) -> Event | Refusal:
        return deep_down(frames - 1, raw) if frames else decode(raw)

    for frames in (0, 200):
        assert isinstance(deep_down(frames, nested(DEEPEST)), Event)
        assert isinstance(deep_down(frames, nested(DEEPEST + 1)), Refusal)


@pytest.mark.parametrize("piece", [b'"', b'"\\"', b'\\"[', b'["', b'[{"', b"\\", b'"\\'])
def test_a_megabyte_of_anything_is_refused_in_no_time(piece: bytes) -> None:
    start = perf_counter()
    for head in (b"[" * 501, b"", GOOD[:-2] + b',"zzz":"'):
        raw = head + piece * ((LONGEST - len(head)) // len(piece))
        assert isinstance(decode(raw), Refusal)
    assert perf_counter() - start < 10


def test_the_envelope_has_its_defaults() -> None:
    event = decode(line(sent(tenant=..., subject=...)))
    assert isinstance(event, Event)
    assert (event.tenant, event.subject, event.receivedtime, event.schemaversion, event.owner) == (
        "default", None, None, 1, None,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["tenant", "subject", "receivedtime", "schemaversion", "owner"])
@pytest.mark.parametrize("kind", ["payment.received", "clock.tick", "karma.changed"])
def test_a_null_attribute_is_an_absent_one(kind: str, name: str) -> None:
    absent = decode(line(sent(kind, **{name: ...})))
    assert isinstance(absent, Event)
    assert decode(line(sent(kind, **{name: None}))) == absent


@pytest.mark.parametrize("data", [..., None, {}])
def test_a_tick_may_come_without_data_and_is_for_all_tenants_without_a_tenant(data: Any) -> None:
    event = decode(line(sent("clock.tick", data=data, tenant=..., subject=...)))
    assert isinstance(event, Event)
    assert (event.kind, event.tenant) == ("clock.tick", ALL_TENANTS)


@pytest.mark.parametrize("data", [..., None, 5, "x", [1], {"x": {"y": 1}}])
def test_a_type_nobody_knows_is_kept_with_whatever_it_says(data: Any) -> None:
    event = decode(line(sent("karma.changed", data=data, schemaversion=7)))
    assert isinstance(event, UnknownEvent)
    assert (event.kind, event.data) == ("karma.changed", None if data is ... else data)


def test_both_times_come_back_as_microseconds() -> None:
    received = "2026-03-11T00:00:00.5Z"
    for kind in ("payment.received", "karma.changed"):
        assert timed(line(sent(kind, receivedtime=received)))[1:] == (  # type: ignore[index]  # it can be read
            micros("2026-03-10T09:15:30+08:00"), micros(received),
        )  # fmt: skip
    only = timed(GOOD)
    assert not isinstance(only, Refusal)
    assert only[1] == only[2]


@pytest.mark.parametrize(("first", "last"), [("payment.refunded", "payment.received"), ("nobody", "payment.received"),
                                             ("payment.received", "nobody")])  # fmt: skip
def test_of_two_fields_with_one_name_the_last_counts_as_in_every_json_reader(first: str, last: str) -> None:
    raw = swapped('"type":"payment.received"', f'"type":"{first}","type":"{last}"')
    assert decode(raw) == decode(line(sent() | {"type": last}))
    assert decode(raw).kind == last  # type: ignore[union-attr]  # it can be read


@pytest.mark.parametrize("kind", TYPES)
def test_both_roads_read_the_same_event(kind: str) -> None:
    raw = line(sent(kind))
    assert decode(raw) == _slowly(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def bent_events(draw: st.DrawFn) -> bytes:
    """Draw a good event with some attributes or fields replaced by any JSON."""
    whole = sent(draw(st.sampled_from(TYPES)))
    for place in (whole, whole["data"]):
        names = st.sampled_from([*place, "schemaversion", "receivedtime", "zzz"])
        for name in draw(st.lists(names, max_size=2)):
            place[name] = draw(JSON | st.integers(-1, 3))
    return json.dumps(whole).encode()


@st.composite
def cut_lines(draw: st.DrawFn) -> bytes:
    """Draw a good line with a few of its bytes replaced."""
    raw = bytearray(line(sent(draw(st.sampled_from(TYPES)))))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(raw)))
        raw[start : start + draw(st.integers(0, 6))] = draw(st.binary(max_size=6))
    return bytes(raw)


@given(raw=st.binary() | st.text().map(str.encode) | bent_events() | cut_lines())
def test_nothing_that_can_be_sent_makes_it_raise(raw: bytes) -> None:
    read = timed(raw)
    if isinstance(read, Refusal):
        assert len(str(read).splitlines()) == 1
        assert len(read.found) <= SHOWN
    else:
        event, time_us, received_us = read
        assert time_us == micros(event.time)
        assert received_us == micros(event.receivedtime or event.time)


@given(raw=bent_events())
def test_both_roads_agree_about_every_event(raw: bytes) -> None:
    quick, slow = decode(raw), _slowly(raw)
    if not isinstance(slow, Refusal):
        assert quick == slow
    elif not isinstance(quick, Refusal):
        with pytest.raises(
            msgspec.ValidationError, match="out of range"
        ):  # Skipped by one road, read by the other.
            msgspec.json.decode(raw)
