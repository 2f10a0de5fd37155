"""Packs and rules: who answers for a rule, where it comes from, its cases and its tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from rules.loading.cases import Shared, Written, check_unread, definitions, read_case
from rules.loading.doubting import doubt
from rules.loading.names import Ground
from rules.loading.texts import refuse_advice
from rules.loading.trials import read_tests
from rules.locating import Fields, Part, Scalar
from rules.location import Location
from rules.model import Case, Pack, Rule
from rules.planning.later import constructs
from rules.problems import Desk
from rules.schema import (
    CASE,
    CONFIDENCES,
    DECIDING,
    MIGRATIONS,
    NAME,
    PACK,
    RULE,
    RULE_ID,
    day,
    fields,
    flag,
    items,
    key_at,
    one_of,
    required,
    scalar,
    text,
    texts,
    words,
)

DUTIES: Final = ("title", "who", "source", "confidence")  # What every rule must say beside what it decides.


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads packs on common ground. `strict_tests`: a rule without tests is a problem, not a warning."""

    ground: Ground
    desk: Desk
    strict_tests: bool = False

    def pack(self, root: Fields) -> Pack | None:
        """Read one file of rules."""
        found = fields(root, self.desk, PACK)
        required(root, found, self.desk, ("pack", "title", "rules"))
        name = scalar(found.get("pack"), self.desk)
        if name is None:
            return None
        if not NAME.match(name.text):
            self.desk.refuse(
                name.at, f"the name {name.text}", "small letters, digits and _", "rename the pack"
            )
        desk = self.desk.about(f"pack {name.text}")
        shared = Shared(*definitions(found, desk))
        used: set[str] = set()
        rules = [
            rule
            for part in items(found.get("rules"), desk)
            if (rule := self.rule(part, name.text, shared, used))
        ]
        self._warn_unused(found, used, desk)
        return Pack(name.text, words(found.get("title"), desk, root.at), tuple(rules))

    def rule(self, part: Part, pack: str, shared: Shared, used: set[str]) -> Rule | None:
        """Read one rule; add the names of the pack that it reads to `used`."""
        raw = part.fields.get("id") if isinstance(part, Fields) else None
        desk = self.desk.about(raw.text if isinstance(raw, Scalar) else "a rule without id")
        found = fields(part, desk, RULE)
        if not found:
            return None
        required(part, found, desk, ("id", *DUTIES))
        written = scalar(found.get("id"), desk)
        if written is not None and not RULE_ID.match(written.text):
            mend = "write capitals, a dash and two to four digits"
            desk.refuse(written.at, f"the id {written.text}", "an id such as COL-01", mend)
        name = written.text if written else ""
        before = len(self.desk.findings.problems)
        cases = self._cases(name, part, found, shared, used, desk)
        if not cases:
            return None
        rule = self._rule(name, pack, part, found, cases, desk)
        rule = replace(rule, trials=read_tests(found.get("tests"), rule, desk.about("tests")))
        if len(self.desk.findings.problems) == before:
            rule = replace(rule, later=constructs(rule))
        self._want_tests(rule, desk)
        return rule

    def _rule(
        self, name: str, pack: str, part: Part, found: dict[str, Part], cases: tuple[Case, ...], desk: Desk
    ) -> Rule:
        title = words(found.get("title"), desk.about("title"), part.at)
        for language in title:
            written = fields(found.get("title"), desk).get(language)
            if isinstance(written, Scalar):
                refuse_advice(written, language, "title", desk.about(f"title {language}"))
        since, until = day(found.get("effective_from"), desk), day(found.get("until"), desk)
        if since and until and until <= since:
            desk.refuse(found["until"].at, f"until {until}", f"a date after {since}", "change one of the two")
        return Rule(
            id=name,
            pack=pack,
            title=title,
            who=tuple(each.text for each in texts(found.get("who"), desk.about("who"))),
            source=text(found.get("source"), desk.about("source")),
            confidence=one_of(found.get("confidence"), desk.about("confidence"), CONFIDENCES),
            tags=tuple(each.text for each in texts(found.get("tags"), desk.about("tags"))),
            note=text(found["note"], desk.about("note")) if "note" in found else "",
            shadow=flag(found.get("shadow"), desk.about("shadow")),
            effective_from=since,
            until=until,
            migrate=one_of(found["migrate"], desk.about("migrate"), MIGRATIONS) if "migrate" in found else "",
            cases=cases,
            trials=(),
            at=part.at,
        )

    def _cases(
        self, rule: str, part: Part, found: dict[str, Part], shared: Shared, used: set[str], desk: Desk
    ) -> tuple[Case, ...]:
        """Read every case of a rule, or the rule itself as its only one."""
        written = [Written(rule, "", part.at, {k: v for k, v in found.items() if k in DECIDING})]
        if "cases" in found:
            written = self._written(rule, found, desk)
        cases: list[Case] = []
        read: set[str] = set()
        for one in written:
            here = desk.about(one.name) if one.name else desk
            result = read_case(one, shared, self.ground, here)
            if result is not None:
                doubt(result[0], self.ground.limits, here)
                cases.append(result[0])
                read |= result[1]
        used |= read
        own = [definitions(one.found, desk) for one in written]
        names = {name for lets, measures in own for name in (*lets, *measures)}
        for one in written:
            check_unread(one, shared, frozenset(names - read), self.ground, desk)
        return tuple(cases)

    def _written(self, rule: str, found: dict[str, Part], desk: Desk) -> list[Written]:
        """Spread the cases out: each field of a case stands for the rule's field of that name."""
        common = {name: value for name, value in found.items() if name in DECIDING}
        seen: dict[str, Location] = {}
        written: list[Written] = []
        for entry in items(found["cases"], desk.about("cases")):
            own = fields(entry, desk, CASE)
            required(entry, own, desk, ("name",))
            name = text(own.get("name"), desk)
            at = key_at(entry, "name")
            if name and not NAME.match(name):
                desk.refuse(at, f"the name {name}", "small letters, digits and _", "rename the case")
            if name in seen:
                desk.refuse(
                    at, f"the case {name} again (first at {seen[name]})", "a name of its own", "rename it"
                )
            seen[name] = at
            written.append(
                Written(rule, name, entry.at, {**common, **{k: v for k, v in own.items() if k != "name"}})
            )
        return written

    def _want_tests(self, rule: Rule, desk: Desk) -> None:
        fires = any(trial.expect for trial in rule.trials)
        silent = any(not trial.expect for trial in rule.trials)
        if fires and silent:
            return
        doubt = "no_tests" if not rule.trials else "none_silent" if fires else "none_fires"
        desk.warn(rule.at, doubt, refused=self.strict_tests)

    def _warn_unused(self, found: dict[str, Part], used: set[str], desk: Desk) -> None:
        for kind in ("let", "measure"):
            part = found.get(kind)
            for name in fields(part, desk):
                if name not in used and part is not None:
                    at = key_at(part, name)
                    desk.warn(at, "unread_in_pack", kind=kind, name=name)
