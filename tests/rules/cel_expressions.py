"""Random typed expressions and values for the differential tests against the official runtime."""

from __future__ import annotations

import math
from functools import cache
from typing import Final

from hypothesis import strategies as st

# Every name there is, with its type; `o…` names are optional and may be absent.
TYPES: Final = {
    "b": "bool", "ob": "bool", "i": "int", "j": "int", "oi": "int", "d": "double", "od": "double",
    "s": "string", "os": "string", "t": "timestamp", "ot": "timestamp", "u": "duration", "ou": "duration",
    "xs": "list(int)", "oxs": "list(int)", "ss": "list(string)", "ds": "list(double)",
    "m": "map(string,int)", "om": "map(string,double)", "event.n": "int", "event.on": "int",
}  # fmt: skip
OPTIONAL: Final = frozenset(name for name in TYPES if name.rpartition(".")[2].startswith("o"))

EDGES: Final = (
    0,
    1,
    -1,
    2,
    7,
    -5,
    1 << 31,
    1 << 53,
    (1 << 63) - 1,
    -(1 << 63),
    -(1 << 63) + 1,
    1_000_000_007,
)
DOUBLES: Final = (
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.1,
    1e300,
    -1e300,
    5e-324,
    9.2e18,
    9223372036854775808.0,
    123456.7,
    1e6,
)
TEXTS: Final = (
    "",
    "a",
    "最佳",
    "😀a",
    "12",
    " -7 ",
    "1.5e3",
    "true",
    "e\u0301",
    "'\"\\",
    "a.b",
    "nan",
    "1h30m",
    "2026-03-10T09:00:00+08:00",
)
SPANS: Final = ("0s", "1s", "-1.5s", "24h", "90m", "0.000001s", "2562047h")
TIMES: Final = ("1970-01-01T00:00:00Z", "2026-03-10T09:00:00.25+08:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
                "2024-02-29T23:59:59.999999Z", "1900-01-01T00:00:00-05:00", "2262-04-11T23:47:16Z")  # fmt: skip
PATTERNS: Final = ("a", "^a", "a.*b", "[0-9]+", "(", "(?=a)", "😀", "(a|b)*c")
ZONES: Final = ("Asia/Shanghai", "UTC", "+08:00", "-03:30", "America/New_York", "no/where")

ints = st.sampled_from(EDGES) | st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-20, 20)
doubles = st.sampled_from(DOUBLES) | st.floats(allow_nan=True, allow_infinity=True)
texts = st.sampled_from(TEXTS) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4
)
spans_us = st.sampled_from((0, 1, -1, 86_400_000_000, 9_223_372_036_854_775)) | st.integers(-(10**13), 10**13)
# Binding passes through a float of seconds: instants far from 1970 stand in literals instead.
times_us = st.integers(0, 4 * 10**9).map(lambda each: each * 1_000_000) | st.integers(0, 4 * 10**14)

VALUES: Final[dict[str, st.SearchStrategy[object]]] = {
    "bool": st.booleans(), "int": ints, "double": doubles, "string": texts, "timestamp": times_us,
    "duration": spans_us, "list(int)": st.lists(ints, max_size=3), "list(string)": st.lists(texts, max_size=3),
    "list(double)": st.lists(doubles, max_size=3), "map(string,int)": st.dictionaries(texts, ints, max_size=3),
    "map(string,double)": st.dictionaries(texts, doubles, max_size=3),
}  # fmt: skip


def quoted(text: str) -> str:
    """Write a text as a CEL string literal."""
    return (
        '"' + "".join(f"\\U{ord(each):08X}" if each in '"\\' or each < " " else each for each in text) + '"'
    )


def literal(kind: str, value: object) -> str:
    """Write a value of a plain type as a CEL literal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return "(0.0 / 0.0)"
        text = repr(value).replace("inf", "1e999")
        return text if "." in text or "e" in text else f"{text}.0"
    if isinstance(value, int):
        return str(value)
    assert isinstance(value, str), f"no literal of {kind}"
    return quoted(value)


def _names(kind: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name for name, its in TYPES.items() if its == kind] or ["b"])


def _all(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


def _infix(
    operators: str, left: st.SearchStrategy[str], right: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    return st.tuples(left, st.sampled_from(operators.split()), right).map(lambda each: f"({' '.join(each)})")


def _call(name: str, *args: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*args).map(lambda each: f"{name}({', '.join(each)})")


def _member(
    target: st.SearchStrategy[str], names: str, *args: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    parts = st.tuples(target, st.sampled_from(names.split()), st.tuples(*args))
    return parts.map(lambda each: f"{each[0]}.{each[1]}({', '.join(each[2])})")


def _leaf(kind: str) -> st.SearchStrategy[str]:
    plain = {
        "bool": st.booleans().map(lambda value: literal("bool", value)),
        "int": ints.map(str), "string": texts.map(quoted),
        "double": doubles.map(lambda value: literal("double", value)),
        "timestamp": st.sampled_from(TIMES).map(lambda each: f'timestamp("{each}")'),
        "duration": st.sampled_from(SPANS).map(lambda each: f'duration("{each}")'),
        "list(int)": st.lists(ints.map(str), min_size=1, max_size=4).map(lambda each: f"[{', '.join(each)}]"),
        "list(string)": st.lists(texts.map(quoted), min_size=1, max_size=4).map(lambda each: f"[{', '.join(each)}]"),
    }  # fmt: skip
    return _names(kind) | plain[kind] if kind in plain else _names(kind)


PARTS = (
    "getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear "
    "getHours getMinutes getSeconds getMilliseconds"
)


@cache
def expressions(kind: str, depth: int = 3) -> st.SearchStrategy[str]:
    """Return a strategy of expressions of a type, nested at most so deep."""
    if depth == 0:
        return _leaf(kind)

    def sub(each: str) -> st.SearchStrategy[str]:
        return st.deferred(lambda: expressions(each, depth - 1))

    choice = st.tuples(sub("bool"), sub(kind), sub(kind)).map(
        lambda each: f"({each[0]} ? {each[1]} : {each[2]})"
    )
    return st.one_of(_leaf(kind), choice, *_of_kind(kind, sub))


def _of_kind(kind: str, sub: object) -> list[st.SearchStrategy[str]]:
    e = sub
    assert callable(e), "a function from a type to a strategy"
    plain = ("bool", "int", "double", "string", "timestamp", "duration")
    table: dict[str, list[st.SearchStrategy[str]]] = {
        "bool": [
            _infix("&& ||", e("bool"), e("bool")), _infix("&& ||", e("bool"), e("bool")), _all(st.just("!"), e("bool")),
            *(_infix("== != < <= > >=", e(each), e(each)) for each in plain),
            *(_infix("== !=", e(each), e(each)) for each in ("list(int)", "list(double)", "map(string,int)")),
            _infix("in", e("int"), e("list(int)")), _infix("in", e("string"), e("list(string)")),
            _infix("in", e("double"), e("list(double)")), _infix("in", e("string"), e("map(string,int)")),
            _member(e("string"), "contains startsWith endsWith", e("string")),
            _member(e("string"), "matches", st.sampled_from(PATTERNS).map(quoted)),
            st.sampled_from(sorted(OPTIONAL)).map("{}.given".format), _call("bool", e("string")),
        ],
        "int": [
            _infix("+ - * / %", e("int"), e("int")), _infix("+ - * / %", e("int"), e("int")), _call("-", e("int")),
            _call("size", e("string")), _call("size", e("list(int)")), _member(e("map(string,int)"), "size"),
            _call("int", e("double")), _call("int", e("string")), _call("int", e("timestamp")), _call("int", e("int")),
            st.tuples(e("list(int)"), e("int")).map("{0[0]}[{0[1]}]".format),
            st.tuples(e("map(string,int)"), e("string")).map("{0[0]}[{0[1]}]".format),
            _member(e("timestamp"), PARTS), _member(e("timestamp"), PARTS, st.sampled_from(ZONES).map(quoted)),
            _member(e("duration"), "getHours getMinutes getSeconds getMilliseconds"),
        ],
        "double": [
            _infix("+ - * /", e("double"), e("double")), _call("-", e("double")), _call("double", e("int")),
            _call("double", e("string")), st.tuples(e("list(double)"), e("int")).map("{0[0]}[{0[1]}]".format),
            st.tuples(e("map(string,double)"), e("string")).map("{0[0]}[{0[1]}]".format),
        ],
        "string": [
            _infix("+", e("string"), e("string")), *(_call("string", e(each)) for each in plain),
            st.tuples(e("list(string)"), e("int")).map("{0[0]}[{0[1]}]".format),
        ],
        "timestamp": [
            _infix("+ -", e("timestamp"), e("duration")), _infix("+", e("duration"), e("timestamp")),
            _call("timestamp", e("string")), _call("timestamp", e("int")),
        ],
        "duration": [
            _infix("+ -", e("duration"), e("duration")), _infix("-", e("timestamp"), e("timestamp")),
            _call("duration", e("string")),
        ],
        "list(int)": [_infix("+", e("list(int)"), e("list(int)")), e("int").map("[{}]".format)],
        "list(string)": [e("string").map("[{}]".format)],
        "list(double)": [st.tuples(e("double"), e("double")).map("[{0[0]}, {0[1]}]".format)],
        "map(string,int)": [
            st.tuples(e("string"), e("int"), e("string"), e("int")).map("{{{0[0]}: {0[1]}, {0[2]}: {0[3]}}}".format)
        ],
        "map(string,double)": [],
    }  # fmt: skip
    return table[kind]


def bindings() -> st.SearchStrategy[dict[str, object]]:
    """Return a strategy of values for all names; optional ones may be absent."""
    required = {name: VALUES[kind] for name, kind in TYPES.items() if name not in OPTIONAL}
    return st.fixed_dictionaries(required, optional={name: VALUES[TYPES[name]] for name in OPTIONAL})
