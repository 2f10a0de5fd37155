"""The reference pages: whole, linked, escaped, the same each time, and pinned for one rule in each language."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from monitoring.wording.words import Language
from rules.functions import FUNCTIONS
from rules.loading import SHIPPED, load
from rules.model import RuleSet
from rules.problems import RuleProblems
from rules.scores import SCORES
from rules.statements import read_statements
from tests.weiguard.calling import COMMAND, environment
from tests.weiguard.conftest import Weiguard
from weiguard.reference.book import Book, Format
from weiguard.reference.markdown import code, plain, table
from weiguard.reference.wording import CONFIDENCE, FUNCTIONS_ZH, SAID
from weiguard.reference.writing import pages

GOLDEN = Path(__file__).parent.parent / "golden"
MINE = GOLDEN / "cli" / "mine"
READER = MarkdownIt("commonmark", {"html": False}).enable("table")


class Seen(HTMLParser):
    """What a browser would see: links, tags, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.widths: list[int] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag == "tr":
            self.widths.append(0)
        elif tag in ("th", "td"):
            self.widths[-1] += 1

    def handle_data(self, data: str) -> None:
        self.text += data


def book(rules: RuleSet, lang: Language = "en", form: Format = "md") -> Book:
    return Book(rules, None, lang, form)


@pytest.mark.parametrize(("form", "lang"), [("md", "zh"), ("html", "en")])
def test_every_page_is_there_and_every_link_leads_to_one(
    form: Format, lang: Language, weiguard: Weiguard
) -> None:
    done = weiguard("rules", "docs", "--out", "a/reference", "--format", form, "--lang", lang)
    assert (done.status, done.out) == (0, "")
    assert f"a/reference/index.{form} is the first" in done.err
    written = {path.name: path.read_text("utf-8") for path in Path("a/reference").iterdir()}
    seen = {name: Seen(text if form == "html" else READER.render(text)) for name, text in written.items()}
    reached, waiting = set[str](), [f"index.{form}"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting += seen[page].links  # A link that leads nowhere is a KeyError here.
    assert reached == written.keys()
    assert {f"{name}.{form}" for name in ("COL-01", "pack-collection", "limits", "statements")} <= reached
    shown = seen[f"COL-03.{form}"].text
    for words in (
        "static_code_payer_daily",
        "PBoC 296/2017 tier D",
        "2026-11-22",
        "d1 09:00",
        "event.code_kind",
    ):
        assert words in shown
    assert f"{SAID[lang]['doubtful']}" in seen[f"FRD-01.{form}"].text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_rule_that_is_not_there_is_said_to_be_missing(lang: Language) -> None:
    assert SAID[lang]["not_built"] in book(load(MINE), lang).to_rules(["FUN-01"])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_of_a_rule_reads_as_it_always_has(lang: Language) -> None:
    found = dict(pages(book(load(MINE), lang)))["TAK-01.md"]
    assert found == (GOLDEN / "reference" / f"TAK-01.{lang}.md").read_text("utf-8")


def test_the_same_rules_give_the_same_bytes(tmp_path: Path) -> None:
    """Also in another process that hashes names in another way."""
    for seed in ("1", "2"):
        command = [*COMMAND, "rules", "docs", "--rules", str(MINE), "--out", seed, "--lang", "en"]
        subprocess.run(command, cwd=tmp_path, env=environment(PYTHONHASHSEED=seed), check=True)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / seed).iterdir()} for seed in "12")
    assert one == two
    assert one["TAK-01.md"] == (GOLDEN / "reference" / "TAK-01.en.md").read_bytes()


HOSTILE = [
    "<script>alert(1)</script>",
    "a | b || c \\| d",
    "[here](javascript:alert(1))",
    "**bold** _it_ ``x`` ~~y~~ $z$",
    "&lt; &#60; &",
    "1. one",
    "- two",
    "# three",
    "| four |",
    "![x](y)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_rule_becomes_markup(text: str, tmp_path: Path) -> None:
    quoted = "'" + text + "'"
    pack = (MINE / "takings.yaml").read_text("utf-8")
    pack = pack.replace("en: Takings of a day", f"en: {quoted}").replace(
        "note: An example.", f"note: {quoted}"
    )
    pack = pack.replace("name: below the limit nothing happens", f"name: {quoted}")
    (tmp_path / "takings.yaml").write_text(pack.replace("Stop collecting until tomorrow.", quoted), "utf-8")
    shutil.copy(MINE / "limits.yaml", tmp_path)
    rules = load(tmp_path)
    for form in ("md", "html"):
        found = dict(pages(book(rules, "en", form)))[f"TAK-01.{form}"]
        seen = Seen(found if form == "html" else READER.render(found))
        assert seen.text.count(text) == 4 + (form == "html")  # The title of the window too.
        assert not seen.tags & {"script", "em", "img", "s"}
        assert {link.partition(".")[0] for link in seen.links} == {"index", "pack-takings"}


@pytest.mark.parametrize("text", [*HOSTILE, "`", "``` x", "x`", "a\\|b"])
def test_a_table_keeps_its_cells(text: str) -> None:
    seen = Seen(READER.render(table(["a", "b"], [[plain(text), code(text)], ["c", "d"]])))
    assert seen.widths == [2, 2, 2]
    assert text in seen.text


def test_the_words_are_there_in_both_languages() -> None:
    assert SAID["zh"].keys() == SAID["en"].keys()
    assert CONFIDENCE["zh"].keys() == CONFIDENCE["en"].keys()
    assert FUNCTIONS_ZH.keys() == {*FUNCTIONS, *SCORES}
    assert all(function.doc for function in FUNCTIONS.values())
    source = "".join(path.read_text("utf-8") for path in Path(pages.__code__.co_filename).parent.glob("*.py"))
    assert [name for name in SAID["en"] if source.count(f'"{name}"') + source.count(f"'{name}'") < 3] == []


def test_a_folder_that_cannot_be_written_is_refused(weiguard: Weiguard) -> None:
    Path("taken").write_text("here", "utf-8")
    done = weiguard("rules", "docs", "--out", "taken")
    assert done.status == 2
    assert "--out: found taken, which is a file; expected a folder" in done.err
    assert weiguard("rules", "docs").status == 2
    assert weiguard("rules", "docs", "--out", "x", "--rules", "nowhere").status == 2
    assert not os.path.lexists("x")


def test_every_statement_says_what_became_of_it() -> None:
    seed = read_statements(SHIPPED)
    assert seed is not None
    numbers = [tuple(map(int, each.id.split("."))) for each in seed.statements]
    assert numbers == sorted(numbers)
    assert len(numbers) == 88
    for each in seed.statements:
        assert all(re.fullmatch(r"[A-Z]{3}-(\*|\d\d)", rule) for rule in each.rules), each.id
        assert each.says.keys() == {"zh", "en"}
        assert each.leads_to("COL-01") == (each.id in ("0.2", "1.15"))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        pytest.param("source: {zh: 甲, en: a}\nstatements: [{id: '1', zh: 乙, en: b}]\n", "neither rules nor a note",
                     id="nothing became of it"),
        pytest.param("statements: [{id: '1', zh: 乙, rules: [A-01]}]\n", "no en", id="one language"),
        pytest.param("statements: [{id: '1', zh: 乙, en: b, rule: A-01, note: {zh: x, en: y}}]\n",
                     "the unknown field rule", id="a slip of the pen"),
        pytest.param("statements: [{id: '1', zh: 甲, en: a, rules: A-01}, {id: '1', zh: 乙, en: b, rules: A-02}]\n",
                     "the statement 1 again", id="a number twice"),
        pytest.param("statements: [\n", "expected", id="no YAML"),
    ],
)  # fmt: skip
def test_statements_that_are_wrong_are_refused_with_their_place(
    written: str, found: str, tmp_path: Path
) -> None:
    (tmp_path / "seed").mkdir()
    (tmp_path / "seed" / "statements.yaml").write_text(written, "utf-8")
    with pytest.raises(RuleProblems, match=re.escape(found)) as refused:
        read_statements(tmp_path)
    assert "seed/statements.yaml:" in str(refused.value)
    assert read_statements(tmp_path / "seed") is None
