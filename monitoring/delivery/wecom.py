"""The robot of a WeCom group: one markdown message of at most 4,096 bytes, twenty of them a minute.

Source: developer.work.weixin.qq.com/document/path/91770 (robots of groups) and path/90313 (error codes). Nobody has
tried it with a real robot: the tests have a receiver that does what these pages say.
"""

from __future__ import annotations

from typing import Final

import msgspec

from engine.alert import Record
from monitoring.delivery.letters import Answer, Item, Letter, Post
from monitoring.delivery.outcomes import Dead, Delivered, Failed, Outcome
from monitoring.delivery.outcomes import judge as by_status
from monitoring.delivery.routes import Language
from monitoring.delivery.words import LEVELS, STATES, WORDS

MOST_BYTES: Final = 4_096
PARTS: int = 5  # Records of a digest that are shown.
RATE: Final = (20, 60 * 10**6)  # Messages of a robot in a rolling span (microseconds).
_RULES: Final = 15  # Lines of counts in a digest.
_TOO_MANY: Final = 45_009
_PASSING: Final = (-1, _TOO_MANY, 45_033)  # Busy; too often; too many at a time.
_COLOURS: Final = {"info": "comment", "warn": "warning", "critical": "warning"}
# What a value may not do: mention somebody, be a link or a heading, or end a line.
_TAMED: Final = str.maketrans(
    {"<": "＜", ">": "＞", "[": "［", "]": "］", "`": "'", "*": "＊", "\n": " ", "\r": " "}
)


class _Said(msgspec.Struct):
    errcode: int


def compose(letter: Letter) -> Post:
    """Return a letter as it goes to a robot."""
    content = _digest(letter) if letter.gathered else _one(letter)
    body = msgspec.json.encode({"msgtype": "markdown", "markdown": {"content": content}})
    return Post(letter.route.to.url, {"content-type": "application/json"}, body)


def judge(answer: Answer, now_us: int) -> Outcome:
    """Return what an answer means: a robot answers 200 to what it refuses too, and says why in `errcode`."""
    outcome = by_status(answer, now_us)
    if not isinstance(outcome, Delivered):
        return outcome
    try:
        code = msgspec.json.decode(answer.body, type=_Said).errcode
    except msgspec.MsgspecError:
        return Failed("HTTP 200 without an errcode")  # A portal or a proxy spoke.
    if code == 0:
        return outcome
    if code in _PASSING:
        return Failed(f"errcode {code}", RATE[1] if code == _TOO_MANY else 0)
    return Dead(f"errcode {code}")


def _one(letter: Letter) -> str:
    """Write one record: what it is stands first, the way to the console last, and what is between may be cut."""
    (item,) = letter.items
    lang, record, words = letter.route.lang, item.record, WORDS[letter.route.lang]
    retracted = record.state == "retracted"
    body = [
        f"> {words['tenant']}{tame(record.tenant)}",
        f"> {words['key']}{_key(record)}",
        f"> {words['at']}{record.at}",
        tame(record.message[lang]),
        words["retracted"] if retracted else f"{words['action']}{tame(record.action[lang])}",
    ]
    url = letter.link(record.id)
    return _fitted(_heading(item, lang), body, f"[{words['open']}]({url})" if url else "")


def _digest(letter: Letter) -> str:
    lang, words = letter.route.lang, WORDS[letter.route.lang]
    lines = [
        "- " + words["times"].format(level=LEVELS[lang][level], rule=rule, count=f"{count:,}")
        for rule, level, count in letter.counts[:_RULES]
    ]
    rest = sum(count for _, _, count in letter.counts[_RULES:])
    if rest:
        lines.append("- " + words["others"].format(count=f"{rest:,}"))
    lines.append(words["first"])
    for item in letter.items:
        url = letter.link(item.record.id)
        shown = f"[{item.record.rule}]({url})" if url else item.record.rule
        lines.append(f"> {shown} {_key(item.record)} {tame(item.record.message[lang])}")
    return _fitted(f"**{words['digest'].format(count=f'{letter.gathered:,}')}**", lines, "")


def _heading(item: Item, lang: Language) -> str:
    record = item.record
    level = f'<font color="{_COLOURS[record.level]}">{LEVELS[lang][record.level]}</font>'
    state = STATES[lang][record.state]
    title = tame(item.title.get(lang, ""))
    return " ".join(part for part in (f"**{level}", state, record.rule, title) if part) + "**"


def _key(record: Record) -> str:
    return tame(", ".join(f"{name}={value}" for name, value in record.key.items()))


def tame(text: str) -> str:
    """Return a text that is nothing but a text in a message."""
    return text.translate(_TAMED)


def _fitted(head: str, body: list[str], tail: str) -> str:
    """Join the lines; what is too long is cut out of the body, at a character."""
    end = f"\n{tail}" if tail else ""
    middle = "\n".join(("", *body)).encode()
    room = MOST_BYTES - len(head.encode()) - len(end.encode())
    if len(middle) > room:
        middle = middle[: max(0, room - len("…".encode()))]
        return f"{head}{middle.decode(errors='ignore')}…{end}"
    return f"{head}{middle.decode()}{end}"
