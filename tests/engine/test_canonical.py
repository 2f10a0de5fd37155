"""Canonical JSON: the bytes of RFC 8785 for what Weiguard allows, and nothing else."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from engine.canonical import canonical, digest

GREATEST = (1 << 53) - 1

values = st.recursive(
    st.none() | st.booleans() | st.integers(-GREATEST, GREATEST) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(("value", "written"), [
    pytest.param({"b": 1, "a": [True, False, None]}, '{"a":[true,false,null],"b":1}', id="keys in order, no blanks"),
    pytest.param({"a": 1, "B": 2, "_": 3, "": 4}, '{"":4,"B":2,"_":3,"a":1}', id="order is that of the codes"),
    pytest.param("收款 €😀", '"收款 €😀"', id="text as it is"),
    pytest.param('"\\/\b\f\n\r\t\x00\x1f\x7f', '"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f"',
                 id="escapes, no more than needed"),
    pytest.param("\u2028</script>", '"\u2028</script>"', id="nothing else is escaped"),
    pytest.param([GREATEST, -GREATEST, 0], "[9007199254740991,-9007199254740991,0]", id="the greatest numbers"),
    pytest.param(("t", ()), '["t",[]]', id="a tuple is a list"),
])  # fmt: skip
def test_the_bytes(value: Any, written: str) -> None:
    assert canonical(value) == written.encode()


@pytest.mark.parametrize("value", [
    1.0, [0.5], {"a": {"b": 2.5}}, GREATEST + 1, -GREATEST - 1, {"键": 1}, {1: 2}, {"a": {1, 2}}, b"bytes", object(),
])  # fmt: skip
def test_what_no_leaf_may_hold_is_our_own_fault(value: Any) -> None:
    with pytest.raises(AssertionError):
        canonical(value)


@given(value=values)
def test_the_bytes_agree_with_other_libraries_and_come_back(value: Any) -> None:
    written = canonical(value)
    assert json.loads(written) == value
    assert written == rfc8785.dumps(value)
    assert written == json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def test_a_digest_is_the_hash_of_the_bytes() -> None:
    assert (
        digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1}) == hashlib.sha256(b'{"a":2,"b":1}').hexdigest()
    )
