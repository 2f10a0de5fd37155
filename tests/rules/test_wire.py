"""The serialized checked expression, read without the runtime's classes."""

from __future__ import annotations

import pytest
from cel_expr_python import cel

from rules.tree import Call, Const, ListOf, Name, Node
from rules.wire import Refusal, read

VARIABLES = {
    "event.amount_fen": cel.Type.INT,
    "event.kind": cel.Type.STRING,
    "limit.table": cel.Type.Map(cel.Type.STRING, cel.Type.INT),
}


def tree(source: str) -> Node:
    found, refusals = read(cel.NewEnv(variables=VARIABLES).compile(source).serialize())
    assert refusals == ()
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("7", Const(7, "int", 0), id="an int"),
        pytest.param("0", Const(0, "int", 0), id="zero, which proto3 leaves out"),
        pytest.param("-9223372036854775808", Const(-(1 << 63), "int", 0), id="the least int"),
        pytest.param("0.0", Const(0.0, "double", 0), id="a zero double"),
        pytest.param("2.5", Const(2.5, "double", 0), id="a double"),
        pytest.param("false", Const(value=False, type="bool", offset=0), id="false, which proto3 leaves out"),
        pytest.param('""', Const("", "string", 0), id="an empty text"),
        pytest.param('"最😀"', Const("最😀", "string", 0), id="a text beyond the basic plane"),
        pytest.param("event.amount_fen", Name("event.amount_fen", "int", 0), id="a dotted name is one name"),
        pytest.param("[]", ListOf((), "list(dyn)", 0), id="an empty list"),
    ],
)
def test_a_leaf_is_read_with_its_type(source: str, expected: Node) -> None:
    assert tree(source) == expected


def test_an_operator_knows_its_overload_and_its_place() -> None:
    assert tree("event.amount_fen >= 5") == Call(
        "_>=_",
        "greater_equals_int64",
        (Name("event.amount_fen", "int", 0), Const(5, "int", 20)),
        "bool",
        17,
    )


def test_a_members_target_is_its_first_argument() -> None:
    found = tree('event.kind.contains("a")')
    assert isinstance(found, Call)
    assert (found.function, found.overload) == ("contains", "contains_string")
    assert found.args[0] == Name("event.kind", "string", 0)


def test_places_count_code_points() -> None:
    found = tree('"😀😀" == event.kind')
    assert isinstance(found, Call)
    assert found.args[1] == Name("event.kind", "string", 8)


def test_a_field_of_a_map_is_its_index() -> None:
    found = tree("limit.table.personal")
    assert isinstance(found, Call)
    assert (found.function, found.overload, found.type) == ("_[_]", "index_map", "int")
    assert found.args == (Name("limit.table", "map(string,int)", 0), Const("personal", "string", 11))


def test_a_map_literal_is_a_call_of_its_keys_and_values() -> None:
    found = tree('{"a": 1, "b": 2}')
    assert isinstance(found, Call)
    assert found.function == "@map"
    assert [part.value for part in found.args if isinstance(part, Const)] == ["a", 1, "b", 2]


@pytest.mark.parametrize(
    ("source", "refusal"),
    [
        ("1u", Refusal(0, "an unsigned number")),
        ("null", Refusal(0, "null")),
        ('b"a"', Refusal(0, "a bytes literal")),
        ('has({"a": 1}.a)', Refusal(3, "has()")),
        ("google.protobuf.Duration{seconds: 1}", Refusal(0, "the message google.protobuf.Duration")),
        ("[1].exists(x, x > 0)", Refusal(10, "a macro (all, exists, exists_one, map, filter)")),
        ("int", Refusal(0, "the type int as a value")),
    ],
)
def test_what_the_language_leaves_out_is_refused_with_its_place(source: str, refusal: Refusal) -> None:
    _, refusals = read(cel.NewEnv().compile(source).serialize())
    assert refusals == (refusal,)
