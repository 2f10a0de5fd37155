"""Events sent to Kafka from the command line, and what is said at the end."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Final

import msgspec

from monitoring.wording.words import Language
from streams.sources.jsonl import JsonLines
from streams.stopping import Stop
from weiguard.failing import INTERRUPTED, counted, say
from weiguard.progress import progress_bar
from weiguard.settings import Settings
from weiguard.words import language

_SENT: Final[dict[Language, str]] = {
    "zh": "已发送 {lines} 行至 {topic}（{partitions} 个分区）",
    "en": "{counted} sent to {topic}, over {partitions} partitions",
}
_STOPPED: Final[dict[Language, str]] = {
    "zh": "已中断：可重新执行同一命令，已发送的行会被识别为重复",
    "en": "interrupted; the same call sends all lines again, and those that were sent are recognised as duplicates",
}


@dataclass(frozen=True, slots=True)
class Order:
    """What a call of `produce` asks for, beside the settings."""

    files: tuple[str, ...]
    json: bool = False


def run_produce(order: Order, settings: Settings) -> int:
    """Send, and return the exit status. Raises RefusedError; what has arrived by then stays."""
    from streams.kafka.producing import produce

    named = [JsonLines(path) for path in order.files]
    sources = list({source.name: source for source in named}.values())  # Named twice, it is one source.
    sizes = [source.size for source in sources]
    whole = None if None in sizes else sum(size or 0 for size in sizes)
    cluster = settings.cluster()
    stop = Stop()
    with progress_bar(whole) as show, stop.listening():
        told = asyncio.run(produce(sources, cluster, stop, lambda so_far: show(so_far.lines, so_far.bytes)))
    if order.json:
        plain = {"topic": cluster.events, "partitions": told.partitions, "lines": told.lines}
        say(msgspec.json.encode(plain | {"bytes": told.bytes}).decode())
    else:
        lang = settings.lang or language(os.environ)
        say(
            _SENT[lang].format(
                lines=f"{told.lines:,}",
                counted=counted(told.lines, "line"),
                topic=cluster.events,
                partitions=f"{told.partitions:,}",
            )
        )
        if stop.asked is not None:
            say(_STOPPED[lang])
    return 0 if stop.asked is None else INTERRUPTED
