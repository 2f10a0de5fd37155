"""Small rule sets that compile and must also run: what is compiled wrong shows only where an event meets it."""

from __future__ import annotations

from pathlib import Path

from rules.loading import load
from rules.planning.compiling import compile_rules
from tests.engine.driving import brief, event, fed, payment, tick

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


def test_a_rule_is_in_effect_from_the_first_moment_of_a_day_until_the_first_of_another(
    tmp_path: Path,
) -> None:
    rules = """
  - id: DUE-01
    on: payment.received
    per: account
    effective_from: 2026-03-10
    until: 2026-03-12
    measure:
      paid: {count: event, over: 7d}
    levels:
      info: paid >= limit.few
    alert: event
    TEXTS
"""
    times = {
        "before": "d1 23:59:59", "first": "d2 00:00:00", "second": "d3 09:00", "last": "d3 23:59:59",
        "after": "d4 00:00:00",
    }  # fmt: skip
    log = [payment(name, at, 1) for name, at in times.items()]
    assert said(tmp_path, rules, *log) == [("raised", "info", "second"), ("raised", "info", "last")]


def test_what_a_rule_that_is_no_longer_in_effect_asked_for_is_still_due(tmp_path: Path) -> None:
    rules = """
  - id: DUE-02
    on: message.received
    per: conversation
    until: 2026-03-10
    expect: {event: message.sent, by: {warn: limit.soon}}
    TEXTS
"""
    (tmp_path / "soon.yaml").write_text(
        "limits:\n  soon: {value: 10m, unit: duration, source: policy, confidence: D, reviewed: 2026-11-22}\n",
        "utf-8",
    )
    asked = [
        event(name, "message.received", at, conversation_id=name)
        for name, at in {"in": "d1 23:59:59", "out": "d2 00:00:00"}.items()
    ]
    assert said(tmp_path, rules, *asked, tick("d2 09:00")) == [("raised", "warn", "in")]


def test_an_intake_rule_is_asked_of_ordinary_inputs_too(tmp_path: Path) -> None:
    rules = """
  - id: ARR-01
    on: intake
    where: event.disposition == "decided" && event.account == "A1"
    levels: {info: "true"}
    TEXTS
  - id: ARR-02
    on: intake
    where: event.account == "A2"
    levels: {critical: "true"}
    TEXTS
"""
    log = [
        payment("a", "10:00", 1),
        payment("b", "10:01", 1, account="A2"),
        payment("c", "10:02", 1, account="A3"),
    ]
    rules = rules.replace(
        "    TEXTS\n", TEXTS.replace('"09:00"', '"09:00", type: payment.received').lstrip("\n")
    )
    assert said(tmp_path, rules, *log) == [("raised", "info", "a"), ("raised", "critical", "b")]


def test_a_text_may_read_what_another_measure_is_taken_of(tmp_path: Path) -> None:
    rules = """
  - id: INN-01
    on: payment.received
    per: account
    measure:
      collected: {sum: event.amount_fen, over: day}
      usual: {median: collected, each: day, over: 7 days, before: true}
    levels:
      info: usual >= limit.small
    alert: event
    TEXTS
"""
    (tmp_path / "small.yaml").write_text(
        "limits:\n  small: {value: 2, unit: fen, source: policy, confidence: D, reviewed: 2026-11-22}\n",
        "utf-8",
    )
    rules = rules.replace(
        "    TEXTS\n",
        TEXTS.replace("en: Example.}", 'en: "{collected|yuan} beside {usual|yuan}."}', 1).lstrip("\n"),
    )
    log = [payment("a", "d1 09:00", 300), payment("b", "d2 09:00", 500), payment("c", "d2 10:00", 700)]
    assert said(tmp_path, rules, *log) == [("raised", "info", "b"), ("raised", "info", "c")]
