"""Rule files are read strictly, and every character of a value can be found again."""

from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from rules.locating import Fields, Items, Scalar
from rules.parsing import MAX_BYTES, MAX_DEPTH, read_bytes
from rules.problems import Findings


def read(raw: bytes | str) -> tuple[Fields | None, list[str]]:
    findings = Findings()
    root = read_bytes(raw if isinstance(raw, bytes) else raw.encode(), "a.yaml", findings.about(""))
    return root, [str(problem).split("\n")[0] for problem in findings.problems]


def value(text: str) -> Scalar:
    root, problems = read(text)
    assert not problems
    assert root is not None
    found = root.fields["a"]
    assert isinstance(found, Scalar)
    return found


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("on", "on", id="on is a word"),
        pytest.param("no", "no", id="no is a word"),
        pytest.param("09:00", "09:00", id="a time is a text"),
        pytest.param("2026-11-22", "2026-11-22", id="a date is a text"),
        pytest.param("1_000", "1_000", id="no digits with bars"),
        pytest.param("0x10", "0x10", id="no hexadecimal"),
        pytest.param(".nan", ".nan", id="no number that is none"),
        pytest.param("9" * 30, "9" * 30, id="a number beyond 64 bits stays a text"),
        pytest.param("-12", -12, id="a whole number"),
        pytest.param("1.50", 1.5, id="a decimal number"),
        pytest.param("true", True, id="true"),
        pytest.param('"true"', "true", id="a quoted word is a text"),
        pytest.param("~", None, id="nothing"),
        pytest.param("!eq", None, id="a tag is refused"),
    ],
)
def test_a_scalar_means_what_yaml_1_2_says(text: str, meant: object) -> None:
    if text.startswith("!"):
        assert "the tag !eq" in read(f"a: {text} x")[1][0]
        return
    found = value(f"a: {text}").value
    assert (found, type(found)) == (meant, type(meant))


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        pytest.param("a: 1\nb: 2\na: 3", "a.yaml:3:1: found a again (first in line 1, column 1)", id="a key twice"),
        pytest.param("a: &x 1", "a.yaml:1:4: found an anchor or alias", id="an anchor"),
        pytest.param("a: [&x b]", "a.yaml:1:5: found an anchor or alias", id="an anchor in a list"),
        pytest.param("&k a: 1", "a.yaml:1:1: found an anchor or alias", id="an anchor on a key"),
        pytest.param("a: *x", "a.yaml:1:4: found an anchor or alias", id="an alias without an anchor"),
        pytest.param("<<: {a: 1}", "a.yaml:1:1: found a merge key", id="a merge key"),
        pytest.param("a: !!python/object:os.system x", "a.yaml:1:4: found the tag", id="a tag"),
        pytest.param("? [a]\n: 1", "a.yaml:1:3: found a list or mapping as key", id="a list as key"),
        pytest.param("a: " + "[" * 99, f"a.yaml:1:{MAX_DEPTH + 3}: found a depth of {MAX_DEPTH + 1}",
                     id="a bomb of lists"),
        pytest.param("{" * 9_999, "a.yaml:1:1001: found too many lists", id="a bomb of mappings"),
        pytest.param("a: 1\n---\nb: 2", "a.yaml:2:1: found a second document", id="two documents"),
        pytest.param("- 1", "a.yaml:1:1: found no mapping", id="a list"),
        pytest.param("", "a.yaml:1:1: found an empty file", id="nothing"),
        pytest.param("# nothing", "a.yaml:1:1: found an empty file", id="a comment alone"),
        pytest.param(b"a: \xff", "a.yaml:1:4: found byte 0xff", id="no UTF-8"),
        pytest.param("a: 1\nb: \x07", "a.yaml:2:4: found the control character U+0007", id="a control character"),
        pytest.param("a: x\u2028b: y", "a.yaml:1:5: found the control character U+2028", id="a hidden line end"),
        pytest.param("a: [1", "a.yaml:1:6: found no ',' or ']'", id="an open bracket"),
        pytest.param("a: b: c", "a.yaml:1:5: found mapping values are not allowed", id="a colon in a plain text"),
        pytest.param(b"#" * (MAX_BYTES + 1), "a.yaml:1:1: found 1048577 bytes", id="too large"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_place(raw: bytes | str, found: str) -> None:
    root, problems = read(raw)
    assert problems
    assert problems[0].startswith(found)
    assert root is None or found.endswith("column 1)")


@pytest.mark.parametrize(
    ("text", "word", "place"),
    [
        pytest.param("a: one two", "two", (1, 8), id="plain"),
        pytest.param("a: 'it''s two'", "two", (1, 11), id="single quotes, one doubled"),
        pytest.param('a: "\\"\\u4e00\\t two"', "two", (1, 16), id="double quotes with escapes"),
        pytest.param("a: one\n   three\n   two", "two", (3, 4), id="plain over lines"),
        pytest.param('a: "one \\\n   two"', "two", (2, 4), id="an escaped line end"),
        pytest.param("a: 'one\n\n   two'", "two", (3, 4), id="a blank line between quotes"),
        pytest.param("a: >-\n  one\n  two", "two", (3, 3), id="folded"),
        pytest.param("a: |\n  one\n   two", "two", (3, 4), id="literal"),
        pytest.param("b: 收款\na: 今日 two", "two", (2, 7), id="columns count characters"),
        pytest.param("a: one\r\nb: x\r\n", "one", (1, 4), id="Windows line ends"),
    ],
)
def test_a_word_is_found_where_it_was_written(text: str, word: str, place: tuple[int, int]) -> None:
    found = value(text)
    at = found.place(found.text.index(word))
    assert (at.line, at.column) == place


@given(st.text(st.sampled_from("ab '\"\\:#收\n\t"), min_size=1, max_size=30), st.sampled_from("'\""))
def test_every_character_of_a_quoted_text_is_found(text: str, quote: str) -> None:
    """Each letter's place in the file holds that letter, however the text was quoted."""
    escaped = text.replace("'", "''") if quote == "'" else text.replace("\\", "\\\\").replace('"', '\\"')
    if quote == '"':
        escaped = escaped.replace("\n", "\\n").replace("\t", "\\t")
    elif "\n" in text or "\t" in text:
        return  # Single quotes fold line ends; a literal round trip is not to be had.
    found = value(f"a: {quote}{escaped}{quote}")
    assert found.text == text
    for offset, char in enumerate(text):
        if char in "ab收":
            at = found.place(offset)
            assert at.text[at.column - 1] == char


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Anything gives either nodes or a problem, never an exception."""
    root, problems = read(text.encode("utf-8", "surrogatepass"))
    assert (root is None) <= bool(problems)


@given(
    st.recursive(
        st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"[a-z]{1,4}", fullmatch=True), inner)
        ),
        max_leaves=10,
    )
)
def test_what_another_writer_wrote_is_read_back(tree: object) -> None:
    """Texts, lists and mappings written by the YAML library come back the same."""
    out = StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.dump({"a": tree}, out)
    root, problems = read(out.getvalue())
    if problems:  # The writer may use an anchor for a value that stands twice.
        assert all("anchor" in problem or "depth" in problem for problem in problems)
        return
    assert root is not None
    assert plain(root) == {"a": tree}


def plain(part: object) -> object:
    match part:
        case Fields(fields=fields):
            return {name: plain(each) for name, each in fields.items()}
        case Items(items=items):
            return [plain(each) for each in items]
        case Scalar(text=text):
            return text
        case _:
            return None
