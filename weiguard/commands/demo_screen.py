"""What the demo shows: each alert as it is raised, and a summary at the end, in Chinese or English.

One line per alert where the terminal is wide enough, otherwise a second, indented one for what happened. Colours say
the level and are never the only thing that says it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rich.cells import set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.alert import Record
from engine.disposition import DISPOSITIONS
from engine.program import RuleFace
from monitoring.wording.words import LEVELS, STATES, Language
from weiguard.words import COLOURS, SUMMARY

NARROW_COLUMNS = 100  # Below this width what happened stands on a line of its own.
WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "opening": "{shops} 家小店，{events} 条事件（种子 {seed}）；{day} 之前 {days} 天的历史先行读入。",
        "history": "历史：{events} 条事件，{alerts} 条预警记录。",
        "dispositions": "事件处理",
        "alerts": "现存预警",
        "pack": "规则包",
        "total": "合计",
        "rate": "判定并提交 {events} 条事件用去处理器时间 {seconds} 秒，每秒 {rate} 条。",
        "console": "网页控制台（链接只能登录一次）：{link}\n/v1/events 接收事件，按 Ctrl-C 结束。",
        "stopped": "已中断。",
    },
    "en": {
        "opening": "{shops} small shops, {events} events (seed {seed}); {days} days of history come before {day}.",
        "history": "History: {events} events, {alerts} alert records.",
        "dispositions": "Events",
        "alerts": "Standing alerts",
        "pack": "pack",
        "total": "total",
        "rate": "{events} events decided and committed in {seconds} s of processor time: {rate} a second.",
        "console": "The console; the link logs in once: {link}\n/v1/events takes events. Ctrl-C ends it.",
        "stopped": "Interrupted.",
    },
}


@dataclass(frozen=True, slots=True)
class Screen:
    """Where the demo prints: a console, a language, and the faces of the rules."""

    console: Console
    lang: Language
    rules: Mapping[str, RuleFace]
    shown: Counter[str] = field(default_factory=Counter)

    def say(self, word: str, **values: object) -> None:
        """Print one sentence of `WORDS`."""
        self.console.print(
            WORDS[self.lang][word].format(**values), highlight=False, markup=False, soft_wrap=True
        )

    def alert(self, record: Record) -> None:
        """Print one record of an alert."""
        self.shown[record.state] += 1
        style = COLOURS[record.level]
        state = STATES[self.lang][record.state]
        head = Text().append(f"{record.raised_at[5:10]} {record.raised_at[11:19]} ", style="dim")
        head.append(set_cell_size(LEVELS[self.lang][record.level], 9), style=style)
        head.append(f"{record.rule} ", style="bold")
        head.append(self.rules[record.rule].title[self.lang])
        if state:
            head.append(f" [{state}]", style="dim" if record.state != "escalated" else style)
        head.append(f"  {_key(record)}", style="blue")
        message = record.message[self.lang]
        if self.console.width >= NARROW_COLUMNS:
            head.append(f"  {message}")
            self.console.print(head, soft_wrap=not self.console.is_terminal)
        else:
            self.console.print(head, soft_wrap=not self.console.is_terminal)
            self.console.print(Text(f"  {message}"), soft_wrap=not self.console.is_terminal)

    def summary(self, dispositions: Mapping[str, int], standing: Iterable[Record]) -> None:
        """Print the counts by disposition, and the standing alerts by pack and level."""
        words = WORDS[self.lang]
        self.console.print()
        self.console.print(_dispositions(words["dispositions"], dispositions, self.lang))
        levels = tuple(LEVELS["en"])
        packs: Counter[tuple[str, str]] = Counter(
            (self.rules[record.rule].pack, record.level) for record in standing
        )
        table = Table(title=words["alerts"], title_justify="left")
        table.add_column(words["pack"])
        for level in levels:
            table.add_column(LEVELS[self.lang][level], justify="right", style=COLOURS[level])
        for pack in sorted({pack for pack, _ in packs}):
            table.add_row(pack, *(str(packs[pack, level]) for level in levels))
        totals = [sum(count for (_, one), count in packs.items() if one == level) for level in levels]
        table.add_section()
        table.add_row(words["total"], *map(str, totals))
        self.console.print(table)


def _dispositions(title: str, dispositions: Mapping[str, int], lang: Language) -> Table:
    table = Table(title=title, title_justify="left")
    for name in DISPOSITIONS:
        table.add_column(SUMMARY[lang][name], justify="right")
    table.add_row(*(f"{dispositions.get(name, 0):,}" for name in DISPOSITIONS))
    return table


def _key(record: Record) -> str:
    return " ".join(f"{name}={value}" for name, value in record.key.items())
