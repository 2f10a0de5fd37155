"""The topics from the command line: what is done is said, what is found is shown."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import msgspec

from streams.kafka.judging import Asked, Finding, Judged
from streams.refusing import RefusedError
from weiguard.failing import FOUND, counted, say
from weiguard.settings import Settings

_HEAD: Final = ("topic", "partitions", "copies", "is")


@dataclass(frozen=True, slots=True)
class Order:
    """What a call of `topics` asks for, beside the settings."""

    check: bool = False
    partitions: int | None = None
    replication: int | None = None
    json: bool = False


def run_topics(order: Order, settings: Settings) -> int:
    """Make and mend topics, or only look; return the status. Raises RefusedError."""
    try:
        from streams.kafka.topics import establish, look
    except ImportError:
        raise RefusedError("topics", "no client of Kafka", "", "install weiguard[kafka]") from None
    asked = Asked(greatest_lateness_us(settings), order.partitions, settings.audit_us)
    if order.check:
        judged = look(settings.cluster(), asked)
    else:
        judged = establish(settings.cluster(), asked, order.replication, _say)
    if order.json:
        sys.stdout.write(msgspec.json.encode([_row(each) for each in judged]).decode() + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(judged))
    return FOUND if any(each.losing for each in judged) else 0


def greatest_lateness_us(settings: Settings) -> int:
    """Return the lateness of the tenant that has the greatest."""
    told = settings.for_engine(keep=False)
    return max(told.lateness_us, *told.lateness_of.values(), 0)


def _say(text: str) -> None:
    say(f"weiguard: {text}")


def _row(judged: Judged) -> dict[str, Any]:
    topic = judged.topic
    return {
        "topic": judged.name,
        "partitions": topic.partitions if topic else None,
        "replication": topic.copies if topic else None,
        "settings": dict(topic.settings) if topic else {},
        "findings": [_plain(asdict(finding)) for finding in judged.findings],
    }


def _plain(finding: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in finding.items() if name not in ("topic", "value", "stays")}


def _lines(judged: list[Judged]) -> Iterable[str]:
    """Return a table of the topics, and below it a sentence a finding, what loses data first."""
    rows = [_HEAD, *(_cells(each) for each in judged)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, partitions, copies, standing in rows:
        yield f"{name:<{widths[0]}}  {partitions:>{widths[1]}}  {copies:>{widths[2]}}  {standing}"
    yield from map(str, _together([finding for each in judged for finding in each.findings]))


def _together(findings: list[Finding]) -> list[Finding]:
    """Say once what holds for several topics."""
    topics: dict[Finding, list[str]] = {}
    for finding in sorted(findings, key=lambda finding: not finding.loses):
        topics.setdefault(replace(finding, topic=""), []).append(finding.topic)
    return [replace(finding, topic=", ".join(names)) for finding, names in topics.items()]


def _cells(judged: Judged) -> tuple[str, str, str, str]:
    if judged.topic is None:
        return judged.name, "-", "-", "missing"
    warnings = len(judged.findings) - len(judged.losing)
    said = [counted(len(judged.losing), "danger")] if judged.losing else []
    said += [counted(warnings, "warning")] if warnings else []
    return judged.name, str(judged.topic.partitions), str(judged.topic.copies), ", ".join(said) or "well"
