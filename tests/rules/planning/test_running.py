"""Small rule sets that compile and must also run: what is compiled wrong shows only where an event meets it."""

from __future__ import annotations

from pathlib import Path

from rules.loading import load
from rules.planning.compiling import compile_rules
from tests.engine.driving import brief, event, fed

TEXTS = """
    title: {zh: 例, en: Example}
    message: {zh: 例。, en: Example.}
    action: {zh: 核实。, en: Check.}
    who: [seller]
    source: policy
    confidence: D
    tests: [{name: none, given: [{at: "09:00"}], expect: []}]
"""


def said(folder: Path, rules: str, *log: dict[str, object]) -> list[tuple[str, str, str]]:
    """Decide a log by rules that share their texts."""
    rules = rules.replace("    TEXTS\n", TEXTS.lstrip("\n"))
    (folder / "pack.yaml").write_text(
        f"pack: example\ntitle: {{zh: 例, en: Example}}\nrules:\n{rules}", "utf-8"
    )
    (folder / "limits.yaml").write_text(
        "limits:\n  few: {value: 2, unit: count, source: policy, confidence: D, reviewed: 2026-11-22}\n",
        "utf-8",
    )
    return brief(fed(list(log), compile_rules(load(folder))).records)


def test_rules_search_the_lists_of_their_own_set(tmp_path: Path) -> None:
    """A term outside the contexts that exempt it hits; one inside them is only mentioned."""
    (tmp_path / "lexicons").mkdir()
    (tmp_path / "lexicons" / "cures.txt").write_text("根治\nexcept: 不能根治\n", "utf-8")
    rules = """
  - id: LST-01
    on: post.published
    levels:
      info: event.text.mentions("cures")
      critical: event.text.hits("cures")
    TEXTS
"""
    posts = [
        event(name, "post.published", f"10:0{n}", post_id=name, channel="moments", text=text)
        for n, (name, text) in enumerate([("a", "根治顽疾"), ("b", "不能根治"), ("c", "好茶")])
    ]
    assert said(tmp_path, rules, *posts) == [("raised", "critical", "a"), ("raised", "info", "b")]


def test_a_type_that_shares_a_stream_need_not_know_what_the_other_looks_up(tmp_path: Path) -> None:
    """Posts keep their owner for one rule, and stand in one stream with messages, of which nobody asks it."""
    rules = """
  - id: ANY-01
    on: [post.published, message.sent]
    where: event.text == "x"
    per: account
    alert: day
    measure:
      count: {count: event, over: day}
    levels:
      warn: count >= limit.few
    TEXTS
  - id: OWN-01
    on: post.published
    per: owner
    alert: day
    measure:
      posts: {count: event, over: day}
    levels:
      warn: posts >= limit.few
    TEXTS
"""
    post = event("p", "post.published", "10:00", post_id="p", channel="moments", text="x")
    message = event("m", "message.sent", "10:01", conversation_id="V", text="x")
    assert said(tmp_path, rules, post, message) == [("raised", "warn", "m")]
