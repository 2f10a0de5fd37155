"""CEL's own operators and functions that the rule language has, by the runtime's overload ids.

The runtime has already chosen an overload when a tree arrives, so each entry says in Python what one overload does:
an infix symbol or a function of `standard.py`, whether it can fail, and the bounds of an int that it gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from rules import dynamic, patterns, standard, times
from rules.functions import FUNCTIONS
from rules.standard import INT_MAX, INT_MIN

# logic: && || ! ?:, which `emitting.py` knows. compare, arithmetic: an infix symbol. call: a function.
# same, index, member, list, keep: equality, element, membership, joined lists, a conversion that changes nothing.
Form: TypeAlias = Literal[
    "logic", "compare", "checked", "plain", "call", "same", "index", "member", "join", "keep"
]


@dataclass(frozen=True, slots=True)
class Operator:
    """How one overload becomes Python.

    `text` is an infix symbol, or a template for a call with `{0}` and `{1}` for its arguments. `fallible`: gives None
    where CEL gives an error. `low`, `high`: bounds of an int result. `quick`: a template that says the same where the
    result surely lies inside `low` and `high` and every argument inside 64 bits of nanoseconds.
    """

    form: Form
    text: str = ""
    fallible: bool = False
    low: int = INT_MIN
    high: int = INT_MAX
    quick: str = ""


_LOGIC = {key: Operator("logic") for key in ("logical_and", "logical_or", "logical_not", "conditional")}
_KINDS = ("bool", "int64", "double", "string", "timestamp", "duration")
_COMPARE = {
    f"{word}_{kind}": Operator("compare", symbol)
    for word, symbol in (("less", "<"), ("less_equals", "<="), ("greater", ">"), ("greater_equals", ">="))
    for kind in _KINDS
}
# Cross-type comparisons stand beside the plain ones where a type is open; `dynamic.py` runs them.
_CROSS = {
    f"{word}_{one}_{other}": Operator("call")
    for word in ("less", "less_equals", "greater", "greater_equals")
    for one in ("int64", "double", "uint64")
    for other in ("int64", "double", "uint64")
}
_ARITHMETIC = {
    "add_int64": Operator("checked", "+"),
    "subtract_int64": Operator("checked", "-"),
    "multiply_int64": Operator("checked", "*"),
    "negate_int64": Operator("checked", "-"),
    "divide_int64": Operator("call", "op_div({0}, {1})", fallible=True, quick="({0} // {1})"),
    "modulo_int64": Operator("call", "op_mod({0}, {1})", fallible=True, quick="({0} % {1})"),
    "add_double": Operator("plain", "({0} + {1})"),
    "subtract_double": Operator("plain", "({0} - {1})"),
    "multiply_double": Operator("plain", "({0} * {1})"),
    "divide_double": Operator("plain", "op_quotient({0}, {1})"),
    "negate_double": Operator("plain", "(-{0})"),
    "add_string": Operator("plain", "({0} + {1})"),
    "add_list": Operator("join", "(*{0}, *{1})"),
}
_TIMES = {
    "add_duration_duration": Operator(
        "call",
        "op_add_spans({0}, {1})",
        fallible=True,
        low=-times.SPAN_BOUND,
        high=times.SPAN_BOUND,
        quick="({0} + {1})",
    ),
    "subtract_duration_duration": Operator(
        "call",
        "op_subtract_spans({0}, {1})",
        fallible=True,
        low=-times.SPAN_BOUND,
        high=times.SPAN_BOUND,
        quick="({0} - {1})",
    ),
    "subtract_timestamp_timestamp": Operator(
        "call",
        "op_between({0}, {1})",
        fallible=True,
        low=-times.SPAN_BOUND,
        high=times.SPAN_BOUND,
        quick="({0} - {1})",
    ),
    "add_timestamp_duration": Operator(
        "call",
        "op_later({0}, {1})",
        fallible=True,
        low=times.TIME_MIN,
        high=times.TIME_MAX,
        quick="({0} + {1})",
    ),
    "add_duration_timestamp": Operator(
        "call",
        "op_later({1}, {0})",
        fallible=True,
        low=times.TIME_MIN,
        high=times.TIME_MAX,
        quick="({0} + {1})",
    ),
    "subtract_timestamp_duration": Operator(
        "call",
        "op_earlier({0}, {1})",
        fallible=True,
        low=times.TIME_MIN,
        high=times.TIME_MAX,
        quick="({0} - {1})",
    ),
}
_CONVERSIONS = {
    **{key: Operator("keep") for key in (
        "int64_to_int64", "double_to_double", "string_to_string", "bool_to_bool", "timestamp_to_timestamp",
        "duration_to_duration", "to_dyn")},
    "double_to_int64": Operator("call", "op_int_of_double({0})", fallible=True),
    "string_to_int64": Operator("call", "op_int_of_text({0})", fallible=True),
    "timestamp_to_int64": Operator("call", "({0} // 1000000)", low=-62_135_596_800, high=253_402_300_799),
    "int64_to_double": Operator("plain", "float({0})"),
    "string_to_double": Operator("call", "op_double_of_text({0})", fallible=True),
    "string_to_bool": Operator("call", "op_bool_of_text({0})", fallible=True),
    "bool_to_string": Operator("plain", "op_text_of_bool({0})"),
    "int64_to_string": Operator("plain", "str({0})"),
    "double_to_string": Operator("plain", "op_text_of_double({0})"),
    "timestamp_to_string": Operator("plain", "op_text_of_time({0})"),
    "duration_to_string": Operator("plain", "op_text_of_span({0})"),
    "string_to_timestamp": Operator(
        "call", "op_time_of_text({0})", fallible=True, low=times.TIME_MIN, high=times.TIME_MAX),
    "int64_to_timestamp": Operator(
        "call", "op_time_of_int({0})", fallible=True, low=times.TIME_MIN, high=times.TIME_MAX),
    "string_to_duration": Operator(
        "call", "op_span_of_text({0})", fallible=True, low=-times.SPAN_MAX, high=times.SPAN_MAX),
}  # fmt: skip
_LENGTH = Operator("call", "len({0})", low=0, high=1 << 40)
_TEXT = {
    **{key: _LENGTH for kind in ("string", "list", "map") for key in (f"size_{kind}", f"{kind}_size")},
    "contains_string": Operator("plain", "({1} in {0})"),
    "starts_with_string": Operator("plain", "{0}.startswith({1})"),
    "ends_with_string": Operator("plain", "{0}.endswith({1})"),
    "matches": Operator("call", "op_matches({0}, {1})", fallible=True),
    "matches_string": Operator("call", "op_matches({0}, {1})", fallible=True),
}
_COLLECTIONS = {
    "equals": Operator("same", "=="),
    "not_equals": Operator("same", "!="),
    "index_list": Operator("index"),
    "index_map": Operator("index"),
    "in_list": Operator("member"),
    "in_map": Operator("member"),
}
_OVERLOAD_OF_PART = {
    "getFullYear": "year", "getMonth": "month", "getDayOfYear": "day_of_year", "getDayOfMonth": "day_of_month",
    "getDate": "day_of_month_1_based", "getDayOfWeek": "day_of_week", "getHours": "hours", "getMinutes": "minutes",
    "getSeconds": "seconds", "getMilliseconds": "milliseconds",
}  # fmt: skip
_PARTS = {
    **{f"timestamp_to_{word}": Operator("call", f"op_part('{name}', {{0}})", fallible=True, low=0, high=10_000)
       for name, word in _OVERLOAD_OF_PART.items()},
    **{f"timestamp_to_{word}_with_tz":
       Operator("call", f"op_part('{name}', {{0}}, {{1}})", fallible=True, low=0, high=10_000)
       for name, word in _OVERLOAD_OF_PART.items()},
    "timestamp_to_seconds_tz": Operator("call", "op_part('getSeconds', {0}, {1})", fallible=True, low=0, high=10_000),
    **{f"duration_to_{_OVERLOAD_OF_PART[name]}": Operator("call", f"op_span_part('{name}', {{0}})")
       for name in ("getHours", "getMinutes", "getSeconds", "getMilliseconds")},
}  # fmt: skip

OVERLOADS: Final[dict[str, Operator]] = {
    **_LOGIC, **_COMPARE, **_CROSS, **_ARITHMETIC, **_TIMES, **_CONVERSIONS, **_TEXT, **_COLLECTIONS, **_PARTS,
}  # fmt: skip

# What generated Python may call: `op_…` for CEL's own, `fn_…` for the language's.
NAMESPACE: Final[dict[str, Callable[..., object]]] = {
    **{f"op_{function.__name__}": function for function in (
        standard.div, standard.mod, standard.quotient, times.add_spans, times.subtract_spans, times.between,
        times.later, times.earlier, standard.int_of_double, standard.int_of_text, standard.double_of_text,
        standard.bool_of_text, standard.text_of_bool, standard.text_of_double, times.text_of_time,
        times.text_of_span, times.time_of_text, times.time_of_int, times.span_of_text, times.part,
        times.span_part, patterns.matches, dynamic.same, dynamic.contains, dynamic.table, dynamic.dispatch)},
    **{f"fn_{function.name}": function.impl for function in FUNCTIONS.values() if function.impl is not None},
}  # fmt: skip
