"""Texts of instants, durations and numbers, where reading and writing differ from Python's own."""

from __future__ import annotations

import math
import re
import struct

import pytest
from cel_expr_python import cel
from hypothesis import example, given
from hypothesis import strategies as st

from rules import standard, times


def official(source: str, **data: object) -> object:
    kinds = {str: cel.Type.STRING, float: cel.Type.DOUBLE, int: cel.Type.INT}
    env = cel.NewEnv(variables={name: kinds[type(value)] for name, value in data.items()})
    result = env.compile(source).eval(data=data)
    return None if result.type() == cel.Type.ERROR else result.plain_value()


@given(st.floats())
@example(5.960464477539063e-08)
@example(999_999.9)
@example(1e6)
@example(-0.0)
@example(struct.unpack("<d", b"\x00\x00\x00\x00\x00\x00\xf8\xff")[0])
def test_a_double_is_written_as_the_runtime_writes_it(x: float) -> None:
    assert standard.text_of_double(x) == official("string(x)", x=x)


digits = st.text("0123456789+-.eExXpPaAfF _infINFna()\t", max_size=9)


@given(digits)
@example("0x1p3")
@example("nan(1)")
@example("-0x.8p1")
@example("1_0")
@example("0x1p99999")
def test_a_number_is_read_as_the_runtime_reads_it(text: str) -> None:
    found, expected = standard.double_of_text(text), official("double(x)", x=text)
    assert found == expected or (found is not None and math.isnan(found) and math.isnan(float(str(expected))))
    assert standard.int_of_text(text) == official("int(x)", x=text)


@given(
    st.tuples(
        st.integers(0, 2400), st.integers(0, 13), st.integers(0, 32), st.integers(0, 24), st.integers(0, 60),
        st.integers(0, 61), st.sampled_from(["", ".5", ".000001", ".123456000", "."]),
        st.sampled_from(["Z", "z", "+08:00", "-0330", "+05", "+24:00", "-00:60", "+08:00:30", "", " Z"]),
    )
)  # fmt: skip
@example((2026, 12, 31, 23, 59, 60, ".5", "Z"))
@example((2024, 2, 29, 0, 0, 0, "", "Z"))
@example((1900, 2, 29, 0, 0, 0, "", "Z"))
def test_an_instant_is_read_as_the_runtime_reads_it(
    parts: tuple[int, int, int, int, int, int, str, str],
) -> None:
    year, month, day, hour, minute, second, fraction, offset = parts
    text = f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}{fraction}{offset}"
    found = times.time_of_text(text)
    assert (None if found is None else times.text_of_time(found)) == official("string(timestamp(x))", x=text)


spans = st.lists(
    st.tuples(
        st.sampled_from(["1", "90", "0.5", ".25", "3.", "", "87660000"]),
        st.sampled_from(["h", "m", "s", "ms", "us", ""]),
    ),
    max_size=3,
).map(lambda parts: "".join(number + unit for number, unit in parts))


@given(
    st.sampled_from(["", "-", "+", "--"]),
    # The runtime counts nanoseconds, we count microseconds.
    spans.filter(lambda body: not re.search(r"\.\d+us|\.\d{3}\d*[1-9]\d*ms|\.\d{6}\d*[1-9]\d*s", body)),
)
@example("", "0")
@example("-", "0")
@example("", "00")
@example("", "1h30m")
def test_a_duration_is_read_as_the_runtime_reads_it(sign: str, body: str) -> None:
    found = times.span_of_text(sign + body)
    assert (None if found is None else times.text_of_span(found)) == official(
        "string(duration(x))", x=sign + body
    )


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("7d", 604_800_000_000),
        ("1d12h", 129_600_000_000),
        ("1095d", 94_608_000_000_000),
        ("-1d", -86_400_000_000),
    ],
)
def test_days_are_ours(text: str, us: int) -> None:
    assert times.span_of_text(text) == us
    assert official("string(duration(x))", x=text) is None


@pytest.mark.parametrize("text", ["1ns", "0.0000001s", "1.5us"])
def test_a_duration_finer_than_a_microsecond_is_no_value(text: str) -> None:
    assert times.span_of_text(text) is None


def test_an_instant_finer_than_a_microsecond_is_no_value() -> None:
    assert times.time_of_text("2026-03-10T00:00:00.0000001Z") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("87660000h", "1s"),
        ("-87660000h", "1s"),
        ("9223372036s", "1s"),
        ("9223372035s", "1s"),
        ("2562047h", "-1h"),
    ],
)
def test_long_durations_saturate_as_in_the_runtime(one: str, other: str) -> None:
    left, right = times.span_of_text(one), times.span_of_text(other)
    assert left is not None
    assert right is not None
    for symbol, found in (("+", times.add_spans(left, right)), ("-", times.subtract_spans(left, right))):
        expected = official(f'duration("{one}") {symbol} duration("{other}") == duration("{one}")')
        assert (found is None) == (expected is None)
        if found is not None:
            written = official(f'string(duration("{one}") {symbol} duration("{other}"))')
            assert str(written)[:11] == times.text_of_span(found)[:11]
