"""Bodies of requests as lines: nothing of an event is touched but when it came."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.refusing import RefusedError
from streams.sources.received import lines_of

AT = "2026-03-10T04:00:00Z"
JSON = {"content-type": "application/json"}
LINES = {"content-type": "application/x-ndjson"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
EVENTS = st.dictionaries(st.text(max_size=6), VALUES, max_size=5)


@given(
    events=st.lists(EVENTS, min_size=1, max_size=4), indent=st.sampled_from((None, 1)), ascii_=st.booleans()
)
def test_an_event_comes_through_as_it_is(
    events: list[dict[str, Any]], indent: int | None, ascii_: bool
) -> None:
    whole = json.dumps(events, indent=indent, ensure_ascii=ascii_).encode()
    ways = [
        lines_of(JSON, whole, AT),
        lines_of(LINES, b"\r\n".join(json.dumps(each).encode() for each in events), AT),
    ]
    ways.append(
        [line for each in events for line in lines_of(JSON, json.dumps(each, indent=indent).encode(), AT)]
    )
    for lines in ways:
        assert not any(b"\n" in line for line in lines)
        assert [json.loads(line) for line in lines] == [{**each, "receivedtime": AT} for each in events]


def test_numbers_keep_their_digits() -> None:
    body = (
        b'{"data": {"amount_fen": 12345678901234567890123, "rate": 1.10, "e": 1E2}, "receivedtime": "2099"}'
    )
    (line,) = lines_of(JSON, body, AT)
    assert b'"amount_fen": 12345678901234567890123, "rate": 1.10, "e": 1E2' in line
    assert line.count(b"receivedtime") == 1


def test_the_attributes_of_binary_mode() -> None:
    headers = {
        **JSON, "ce-specversion": "1.0", "ce-id": "7", "ce-source": "a%20b", "ce-schemaversion": "2",
        "ce-tenant": '"%E5%BA%97"', "host": "x",
    }  # fmt: skip
    (line,) = lines_of(headers, b'{"amount_fen": 5}', AT)
    assert msgspec.json.decode(line) == {
        "specversion": "1.0", "id": "7", "source": "a b", "schemaversion": 2, "tenant": "店", "receivedtime": AT,
        "data": {"amount_fen": 5},
    }  # fmt: skip
    (bare,) = lines_of(headers, b"", AT)
    assert "data" not in msgspec.json.decode(bare)


@pytest.mark.parametrize(
    ("headers", "body", "lines"),
    [
        pytest.param(JSON, b"3", [b"3"], id="a number"),
        pytest.param(JSON, b"[1, null]", [b"1", b"null"], id="an array of nothing"),
        pytest.param(JSON, b'["a\\nb",\n [\n1]]', [b'"a\\nb"', b"[1]"], id="no event, on one line"),
        pytest.param(LINES, b"\n\n1\n \nbroken\r\n", [b"1", b"broken"], id="one of them is JSON"),
        pytest.param(
            {**LINES, "content-type": "Application/X-NDJSON; q=1"}, b"1\n", [b"1"], id="a type in capitals"
        ),
    ],
)
def test_what_is_no_event_stays_as_it_is(headers: dict[str, str], body: bytes, lines: list[bytes]) -> None:
    assert lines_of(headers, body, AT) == lines


@pytest.mark.parametrize("body", [b"", b" ", b"{", b"[1,", b"{} {}", b"\xff", b"nope", b"[" * 99_999])
@pytest.mark.parametrize("headers", [JSON, LINES, {**JSON, "ce-specversion": "1.0"}])
def test_what_is_no_json_is_refused(headers: dict[str, str], body: bytes) -> None:
    if "ce-specversion" in headers and not body.strip():
        return  # An event without data.
    with pytest.raises(RefusedError, match="the body"):
        lines_of(headers, body, AT)
