"""The summary at the end of a run: what became of every input, which alerts were written, what was left undecided."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
from rich.console import Console
from rich.table import Table

from engine.alert import Record
from monitoring.wording.words import LEVELS as LEVEL_WORDS
from monitoring.wording.words import Language
from weiguard.words import SUMMARY

LEVELS = ("info", "warn", "critical")


@dataclass(slots=True)
class Summary:
    """Counts of a run. Its size does not grow with the run."""

    dispositions: Counter[str] = field(default_factory=Counter)
    records: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # (rule, level, state)
    undecided: Mapping[str, int] = field(default_factory=dict)
    unlisted: Mapping[str, int] = field(
        default_factory=dict
    )  # Values outside the contract's lists, by field.

    def add(self, records: Iterable[Record]) -> None:
        """Count records."""
        for record in records:
            self.records[record.rule, record.level, record.state] += 1

    def show(self, lang: Language, *, json: bool) -> None:
        """Write it to stderr, as tables or as one line of JSON."""
        if json:
            sys.stderr.write(msgspec.json.encode(self._plain()).decode() + "\n")
            return
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        words = {**SUMMARY[lang], **LEVEL_WORDS[lang]}
        console.print(inputs_line(self.dispositions, lang))
        if self.records:
            console.print(self._table(words))
        else:
            console.print(words["none"])
        for name, counts_of in (("undecided", self.undecided), ("unlisted", self.unlisted)):
            if counts_of:
                told = " · ".join(f"{each} {count:,}" for each, count in sorted(counts_of.items()))
                console.print(f"{words[name]}: {told}")

    def _table(self, words: Mapping[str, str]) -> Table:
        """Return how often each rule reached each level, and how often it was corrected."""
        table = Table(box=None, pad_edge=False)
        table.add_column(words["rule"])
        for name in (*LEVELS, "amended", "retracted"):
            table.add_column(words[name], justify="right")
        for rule in sorted({rule for rule, _, _ in self.records}):
            reached = [
                sum(self.records[rule, level, state] for state in ("raised", "escalated")) for level in LEVELS
            ]
            corrected = [
                sum(self.records[rule, level, state] for level in LEVELS for state in states)
                for states in (("amended", "lowered"), ("retracted",))
            ]
            table.add_row(rule, *(f"{count:,}" if count else "" for count in [*reached, *corrected]))
        return table

    def _plain(self) -> dict[str, object]:
        records: dict[str, dict[str, dict[str, int]]] = {}
        for (rule, level, state), count in sorted(self.records.items()):
            records.setdefault(rule, {}).setdefault(level, {})[state] = count
        return {
            "inputs": sum(self.dispositions.values()),
            "dispositions": dict(self.dispositions),
            "records": records,
            "undecided": dict(sorted(self.undecided.items())),
            "unlisted": dict(sorted(self.unlisted.items())),
        }


def inputs_line(dispositions: Mapping[str, int], lang: Language) -> str:
    """Return how many inputs there were, and what became of them."""
    words = SUMMARY[lang]
    counts = " · ".join(f"{words[name]} {count:,}" for name, count in dispositions.items() if count)
    return f"{words['inputs']} {sum(dispositions.values()):,}" + (f": {counts}" if counts else "")
