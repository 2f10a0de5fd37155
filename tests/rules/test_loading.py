"""A folder of rule files becomes a rule set: cases spread out, names resolved, defaults filled in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from engine.windows import DAY
from rules.loading import SHIPPED, load, watched
from rules.location import Location
from rules.model import Case, Over, Rule, RuleSet
from rules.problems import Problem, RuleProblems
from tests.rules.golden import GOLDEN

SHOP = load()
ISSUED = {
    "COL": "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17",
    "FRD": "01 02 03 04 05 06 08 09 10 11 12",
    "PST": "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17",
    "LOG": "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16",
    "QUA": "01 02 03 04 05 06 07 08 09 10 11 12",
    "AML": "01 02 03 04 05 06 07 08 10 11 12",
    "TAX": "01 02 03 04 05 06 07",
    "MTX": "01 02 03 04 05 06 07 08 09",
    "SLA": "01 02 03 04 05 06 07 08 09 10",
    "PRV": "01 02 03 04 05",
    "FUN": "01 02 03 04 05 06 08",
    "LIV": "01 02 03",
    "ENG": "01 02 03 04 05 06 07 08",
}


def rule(id: str, rules: RuleSet = SHOP) -> Rule:
    return rules.rules()[id]


def case(id: str, name: str = "", rules: RuleSet = SHOP) -> Case:
    return next(each for each in rule(id, rules).cases if each.name == name)


def loaded(folder: Path, rules: str, limits: str = "") -> RuleSet:
    """Load rules given without what every rule must say; limits as `name: value unit`."""
    duties = "who: [a], source: b, confidence: D, title: {zh: 题, en: t}"
    duties += ", message: {zh: 文, en: m}, action: {zh: 做, en: a}"
    body = "\n".join(f"  - {{{line}, {duties}}}" for line in rules.strip().split("\n"))
    (folder / "pack.yaml").write_text(
        f"pack: p\ntitle: {{zh: 包, en: p}}\nrules:\n{body}\n", encoding="utf-8"
    )
    rows = [row.split() for row in limits.strip().split("\n") if row]
    table = "\n".join(
        f"  {n} {{value: {v}, unit: {u}, source: s, confidence: D, reviewed: 2026-11-22}}" for n, v, u in rows
    )
    (folder / "limits.yaml").write_text(f"limits:\n{table}\n" if rows else "limits: {}\n", encoding="utf-8")
    return load(folder)


def test_the_shipped_catalogue_is_whole_and_clean() -> None:
    """It passes what it asks of itself: tests that fire and that do not, and nothing to be warned of."""
    strict = load(strict_tests=True)
    assert list(map(str, strict.warnings)) == []
    assert set(strict.rules()) == {f"{pack}-{n}" for pack, ids in ISSUED.items() for n in ids.split()}
    assert all(not each.later for each in strict.rules().values())


def test_every_shipped_limit_says_where_it_comes_from() -> None:
    assert len(SHOP.limits) > 80
    for limit in SHOP.limits.values():
        assert limit.source, limit.name
        assert limit.confidence, limit.name
        assert limit.reviewed, limit.name


def test_files_side_by_side_load_like_the_shipped_folders(tmp_path: Path) -> None:
    for folder in ("catalog", "limits"):
        for path in (SHIPPED / folder).glob("*.yaml"):
            name = path.name if folder == "catalog" else f"limits_{path.name}"
            shutil.copy(path, tmp_path / name)
    shutil.copytree(SHIPPED / "lexicons", tmp_path / "lexicons")
    assert load(tmp_path).hash == SHOP.hash


@pytest.mark.parametrize("place", ["rules/lexicons", "lexicons"])
def test_lexicons_lie_in_the_folder_or_beside_it(place: str, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / place).mkdir()
    (tmp_path / place / "words.txt").write_text("最佳\n", encoding="utf-8")
    rules = loaded(
        tmp_path / "rules", "id: SAM-01, on: post.published, levels: {warn: 'event.text.hits(\"words\")'}"
    )
    assert rules.lexicons["words"].hits("最佳")


@pytest.mark.parametrize(
    ("files", "found"),
    [
        pytest.param({}, "no rule file", id="an empty folder"),
        pytest.param({"a.yaml": "limits: {}\n"}, "no rule file", id="limits alone"),
        pytest.param({"a.yaml": "rulez: []\n"}, "a file with rulez", id="another kind of file"),
        pytest.param({"a.yaml": "pack: p\ntitle: {zh: 包, en: p}\n"}, "no rules", id="a pack without rules"),
        pytest.param(
            {"a.yaml": "pack: p\ntitle: {zh: 包, en: p}\nrules: 5\n"}, "one value", id="rules that are none"
        ),
        pytest.param(
            {"a.yaml": "pack: p\ntitle: {zh: 包, en: p}\nrules: [5]\n"}, "one value", id="a rule that is none"
        ),
        pytest.param(
            {"a.yaml": "pack: [1]\ntitle: {zh: 包, en: p}\nrules: []\n"}, "a list", id="a name that is none"
        ),
    ],
)
def test_a_folder_that_holds_no_rules_is_told(files: dict[str, str], found: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(RuleProblems) as told:
        load(tmp_path)
    assert any(problem.found == found for problem in told.value.problems)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuleProblems, match="found nothing there; expected a folder"):
        load(tmp_path / "none")


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        text = f"pack: {name}\ntitle: {{zh: 包, en: p}}\nrules:\n  - {{id: x}}\n  - {{id: y}}\n"
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RuleProblems) as told:
        load(tmp_path)
    assert {(problem.at.file, problem.at.line) for problem in told.value.problems} >= {
        ("a.yaml", 4), ("a.yaml", 5), ("b.yaml", 4), ("b.yaml", 5)
    }  # fmt: skip


def test_a_case_takes_what_it_does_not_say_from_its_rule() -> None:
    natural = case("AML-06", "natural")
    assert [each.name for each in rule("AML-06").cases] == ["natural", "entity", "cross_border", "cash"]
    assert [measure.name for measure in natural.measures] == ["collected"]
    assert natural.message["en"].parts[1] == " yuan collected one-sided today, at the large-value line."
    assert natural.where is not None
    assert natural.where.source == 'owner.kind == "natural"'


def test_a_cases_field_stands_for_the_rules_whole_field() -> None:
    minute = case("FRD-04", "minute")
    assert minute.measures[0].over == Over("rolling", us=60_000_000)
    assert [level for level, _ in minute.levels] == ["critical"]
    assert minute.action == case("FRD-04", "day").action


def test_a_rule_without_cases_is_its_own() -> None:
    assert [each.name for each in rule("COL-01").cases] == [""]


def test_a_case_carries_only_what_it_reads_inner_names_first() -> None:
    assert [measure.name for measure in case("LOG-16").measures] == [
        "logins",
        "device_seen",
        "first_login",
        "city_seen",
    ]
    assert [let.name for let in case("LOG-16").lets] == ["new_device", "place_learned", "new_city"]
    assert [measure.name for measure in case("AML-05").measures] == ["collected", "largest", "accounts"]
    assert not case("COL-06").measures


def test_a_record_knows_which_of_its_fields_are_read() -> None:
    (prev,) = (measure for measure in case("LOG-01").measures if measure.name == "prev")
    assert prev.record
    assert prev.fields == {"acc_km", "lat", "lon", "time", "net_type", "device_id", "ip_hash"}


@pytest.mark.parametrize(
    ("id", "name", "key"),
    [
        ("COL-01", "", {"account": "event.account"}),
        ("COL-02", "", {"code": "event.code_id"}),
        ("COL-03", "", {"payer": "event.payer_id", "account": "event.account"}),
        ("COL-06", "", {}),
        ("PST-03", "repeated", {"account": "event.account", "content": "event.content_hash"}),
        ("PST-03", "near", {"owner": "event.owner", "simhash": "event.simhash"}),
        ("QUA-01", "", {"qualification": "event.qual_id"}),
        ("QUA-03", "", {"owner": "event.owner", "category": "event.category"}),
        ("ENG-04", "", {"natural_key": "event.natural_key"}),
    ],
)
def test_a_dimension_stands_for_a_field(id: str, name: str, key: dict[str, str]) -> None:
    assert {part.name: part.value.source for part in case(id, name).per} == key


def test_a_list_fans_out(tmp_path: Path) -> None:
    rules = loaded(
        tmp_path,
        "id: SAM-01, on: broadcast.sent, per: {contact: event.contact_ids}, measure: {n: {count: event, over: day}}, "
        "levels: {warn: n >= limit.few}",
        "few: 2 count",
    )
    assert [part.fan_out for part in case("SAM-01", rules=rules).per] == [True]


def test_a_measure_has_the_rules_key_as_its_own_events_supply_it() -> None:
    payments = next(measure for measure in case("COL-10").measures if measure.name == "payments")
    assert payments.of == ("payment.received",)
    assert [part.value.source for part in payments.per] == ["event.account"]
    kind = next(measure for measure in case("AML-02").measures if measure.name == "payments").per[2]
    assert (kind.name, kind.value.source) == ("kind", "account.kind")


def test_each_names_what_it_is_taken_for() -> None:
    largest = next(measure for measure in case("AML-05").measures if measure.name == "largest")
    assert (largest.each, largest.inner) == ("account", "collected")
    assert largest.member is not None
    assert largest.member.value.source == "event.account"


@pytest.mark.parametrize(
    ("id", "name", "alert"),
    [
        ("COL-01", "", "day"),
        ("TAX-01", "", "year"),
        ("TAX-02", "monthly", "month"),
        ("TAX-02", "quarterly", "quarter"),
        ("COL-07", "", "episode"),
        ("COL-10", "", "episode"),
        ("MTX-05", "", "episode"),
        ("COL-06", "", "event"),
        ("FRD-05", "", "event"),
        ("COL-17", "", "event"),
        ("AML-10", "", "event"),
        ("QUA-03", "", "episode"),
        ("ENG-04", "", "ever"),
        ("QUA-01", "", "deadline"),
        ("SLA-01", "", "deadline"),
    ],
)
def test_how_often_a_rule_fires(id: str, name: str, alert: str) -> None:
    assert case(id, name).alert == alert


@pytest.mark.parametrize(
    ("measures", "said", "alert"),
    [
        pytest.param("a: {count: event, over: day}", "", "day", id="one calendar window"),
        pytest.param("a: {count: event, over: day, before: true}", "", "event", id="one that leaves out the trigger"),
        pytest.param("a: {count: event, within: 30m}", "", "event", id="a distance"),
        pytest.param("a: {count: event, over: 24h}", "", "episode", id="a rolling window"),
        pytest.param("a: {count: event, over: 3 months}", "", "episode", id="several months"),
        pytest.param("a: {count: event, over: day}, b: {count: event, over: 7d, before: true}",
                     "", "day", id="a baseline"),
        pytest.param("a: {count: event, over: day}, b: {count: event, over: week}",
                     "", None, id="two calendar windows"),
        pytest.param("a: {count: event, over: 1h}, b: {count: event, over: 2h}",
                     "", None, id="two rolling windows"),
        pytest.param("a: {count: event, over: ever}", "", None, id="for ever, unsaid"),
        pytest.param("a: {count: event, over: ever}", "alert: ever, ", "ever", id="for ever, said"),
        pytest.param("a: {count: event, over: day}, b: {count: event, over: week}",
                     "alert: week, ", "week", id="two, said"),
    ],
)  # fmt: skip
def test_the_default_follows_from_the_windows(
    measures: str, said: str, alert: str | None, tmp_path: Path
) -> None:
    read = "a >= limit.few && b >= limit.few" if "b:" in measures else "a >= limit.few"
    text = f"id: SAM-01, on: payment.received, per: account, {said}measure: {{{measures}}}, levels: {{warn: {read}}}"
    if alert is None:
        with pytest.raises(RuleProblems, match="windows without alert"):
            loaded(tmp_path, text, "few: 2 count")
    else:
        assert case("SAM-01", rules=loaded(tmp_path, text, "few: 2 count")).alert == alert


@pytest.mark.parametrize(
    ("written", "over"),
    [
        ("over: day", Over("calendar", unit="day")),
        ("over: 10m", Over("rolling", us=600_000_000)),
        ("over: 7d", Over("rolling", us=604_800_000_000)),
        ("over: 28 days", Over("units", unit="day", count=28, us=29 * DAY)),
        ("over: 1 month", Over("units", unit="month", count=1, us=32 * DAY)),
        ("over: ever", Over("ever")),
        ("within: 30m", Over("within", us=1_800_000_000)),
    ],
)
def test_a_window_as_written(written: str, over: Over, tmp_path: Path) -> None:
    text = (
        f"id: SAM-01, on: payment.received, per: account, alert: event, measure: {{a: {{count: event, {written}}}}}, "
        "levels: {warn: a >= limit.few}"
    )
    assert case("SAM-01", rules=loaded(tmp_path, text, "few: 2 count")).measures[0].over == over


def test_a_let_is_read_where_it_stands(tmp_path: Path) -> None:
    """Inside a measure of payments it reads the payment, in the levels the refund that set the rule off."""
    rules = loaded(
        tmp_path,
        "id: SAM-01, on: payment.refunded, per: account, let: {size: event.amount_fen * 2}, "
        "measure: {paid: {sum: size, of: payment.received, over: 7d}}, levels: {warn: paid < size}",
    )
    assert [let.name for let in case("SAM-01", rules=rules).lets] == ["size"]


def test_a_sequence_reads_earlier_steps_and_since_one() -> None:
    evasion = case("MTX-05")
    assert [(step.name, step.events, step.within_us // 86_400_000_000) for step in evasion.sequence] == [
        ("paid", ("payment.received",), 0), ("frozen", ("fund.frozen",), 30), ("moved", ("payment.received",), 3)
    ]  # fmt: skip
    assert evasion.measures[0].over == Over("since", step="frozen")
    assert evasion.on == ()


def test_deadlines_are_read_shortest_first() -> None:
    expect = case("SLA-01").expect
    assert expect is not None
    assert [(level, each.source) for level, each in expect.by] == [
        ("warn", "limit.reply_direct_warn"), ("critical", "limit.reply_direct")
    ]  # fmt: skip
    assert (expect.business, expect.arm, expect.events) == (True, "first", ("message.sent",))


def test_a_ladder_has_its_rungs_in_the_order_of_the_file() -> None:
    remind = case("QUA-01").remind
    assert remind is not None
    assert [(rung.level, rung.days.source, rung.after) for rung in remind.rungs] == [
        ("info", "limit.expiry_first", False), ("info", "limit.expiry_second", False),
        ("warn", "limit.expiry_third", False), ("critical", "limit.expiry_last", False), ("critical", "1", True),
    ]  # fmt: skip
    assert remind.unless_events == ("qualification.issued", "qualification.renewed", "qualification.revoked")


def test_a_rule_sees_the_rules_its_filter_names() -> None:
    assert watched(rule("LOG-15"), SHOP.rules()) == {"LOG-01", "LOG-02", "LOG-06", "LOG-10"}
    assert watched(rule("COL-01"), SHOP.rules()) == frozenset()


PLAIN = "on: payment.received, levels: {warn: event.amount_fen > 0}"


def watching(where: str) -> str:
    text = (
        f'id: SAM-01, on: alert.raised, where: "{where}", per: rule, alert: event, levels: {{warn: "true"}}'
    )
    return f"{text}\nid: SAM-02, {PLAIN}\nid: SAM-03, {PLAIN}"


@pytest.mark.parametrize(
    ("where", "seen"),
    [
        ("event.rule == 'SAM-02'", {"SAM-02"}),
        ("event.rule != 'SAM-01'", {"SAM-02", "SAM-03"}),
        ("event.rule != 'SAM-01' && event.rule != 'SAM-03'", {"SAM-02"}),
        ("event.rule == 'SAM-02' || event.rule == 'SAM-03'", {"SAM-02", "SAM-03"}),
        ("event.rule in ['SAM-02'] && event.level == 'warn'", {"SAM-02"}),
    ],
)
def test_what_a_filter_lets_through(where: str, seen: set[str], tmp_path: Path) -> None:
    rules = loaded(tmp_path, watching(where))
    assert watched(rule("SAM-01", rules), rules.rules()) == seen


@pytest.mark.parametrize(
    "where",
    ["event.level == 'warn'", "event.rule == 'SAM-02' || event.level == 'warn'", "event.rule != 'SAM-02'"],
)
def test_a_rule_that_may_see_itself_is_refused(where: str, tmp_path: Path) -> None:
    with pytest.raises(RuleProblems, match="a circle of derived facts, SAM-01 → SAM-01"):
        loaded(tmp_path, watching(where))


def test_rules_that_watch_each_other_are_refused_once(tmp_path: Path) -> None:
    text = 'on: alert.raised, per: rule, alert: event, levels: {warn: "true"}'
    with pytest.raises(RuleProblems) as told:
        loaded(
            tmp_path,
            f"id: SAM-01, where: \"event.rule == 'SAM-02'\", {text}\n"
            f"id: SAM-02, where: \"event.rule == 'SAM-01'\", {text}",
        )
    assert [problem.found for problem in told.value.problems] == [
        "a circle of derived facts, SAM-01 → SAM-02 → SAM-01"
    ]


def test_a_pack_name_or_an_id_in_two_files_is_refused_with_both_places(tmp_path: Path) -> None:
    loaded(tmp_path, "id: SAM-01, on: payment.received, levels: {warn: event.amount_fen > 0}")
    shutil.copy(tmp_path / "pack.yaml", tmp_path / "second.yaml")
    with pytest.raises(RuleProblems) as told:
        load(tmp_path)
    assert [problem.found for problem in told.value.problems] == [
        "the pack p again (first at pack.yaml:1:1)", "SAM-01 again (first at pack.yaml:4:5)"
    ]  # fmt: skip


def test_placeholders_carry_the_key_the_measures_and_the_limits() -> None:
    shown = [part for part in case("ENG-04").message["en"].parts if not isinstance(part, str)]
    assert [(part.name, part.value.source) for part in shown] == [("natural_key", "event.natural_key")]
    formats = {
        part.name: part.format for part in case("COL-01").message["zh"].parts if not isinstance(part, str)
    }
    assert formats == {"collected": "yuan", "limit.personal_daily": "yuan"}


SAMPLE = {
    path.name: YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    for path in (GOLDEN / "base").iterdir()
}
JUNK: tuple[object, ...] = (
    None, "", [], {}, "x", 5, -1, 1.5, True, ["a"], {"a": "b"}, [[]], [{}], [None], {"a": None}, "event", "day", "24h",
    "event.amount_fen", "limit.daily", "account", "ever", "{x|yuan}", "{", "since(x)", "x" * 5_000, "\0", "😀", 10**30,
)  # fmt: skip


def places(tree: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    pairs: Iterable[tuple[str | int, object]] = ()
    if isinstance(tree, dict):
        pairs = tree.items()
    elif isinstance(tree, list):
        pairs = enumerate(tree)
    for key, value in pairs:
        yield from places(value, (*path, key))


PLACES = [(name, path) for name, tree in SAMPLE.items() for path in places(tree)]
ADDED = (
    "expect",
    "every",
    "sequence",
    "cases",
    "near",
    "each",
    "at_least",
    "before",
    "let",
    "within",
    "per",
    "tests",
)


@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(JUNK), st.none() | st.sampled_from(ADDED)),
        max_size=3,
    )
)
def test_whatever_stands_in_a_file_it_loads_or_is_refused(
    changes: list[tuple[tuple[str, tuple[str | int, ...]], object, str | None]],
) -> None:
    """Any value at any place gives a rule set or located problems, never another exception."""
    trees = deepcopy(SAMPLE)
    for (name, path), value, added in changes:
        holder: Any = trees[name]
        for key in path[:-1]:
            holder = holder[key] if _holds(holder, key) else None
        if isinstance(holder, dict):
            holder[added or path[-1]] = value
    with TemporaryDirectory() as folder:
        for name, tree in trees.items():
            dates_as_texts = json.dumps(tree, default=str, ensure_ascii=False)
            Path(folder, name).write_text(dates_as_texts, encoding="utf-8")
        problems = problems_of(Path(folder))
    assert all(problem.at.line and problem.expected and problem.mend for problem in problems)


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """Load a folder; return what is wrong with it, which is something where it gives no rule set."""
    try:
        rules = load(folder)
    except RuleProblems as refused:
        return refused.problems or (Problem(Location("", 0, 0), "", "", "", ""),)
    assert rules.hash
    return ()


def _holds(holder: object, key: str | int) -> bool:
    if isinstance(holder, dict):
        return key in holder
    return isinstance(holder, list) and isinstance(key, int) and key < len(holder)
