"""Reads a routes file, as strictly as rule files are read: each problem with its place and the way out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, get_args

from engine.alert import State
from monitoring.delivery.reading_times import read_digest, read_quiet, span
from monitoring.delivery.revealing import quietly, reveal, signing_key
from monitoring.delivery.routes import KINDS, Kind, Language, Receiver, Route, Routes
from monitoring.delivery.targets import shown, wrong_with
from monitoring.filtering import Filters
from rules.locating import Part
from rules.location import Location
from rules.parsing import read_bytes
from rules.problems import Desk, Findings, Problem, in_order
from rules.schema import LANGUAGES, LEVELS, fields, items, key_at, one_of, required, scalar, texts
from streams.refusing import RefusedError

MOST_ROUTES: Final = 100
_FILE: Final = ("console", "routes")
_FILTERS: Final = ("rule", "pack", "level", "state", "tenant")
_OF_KIND: Final[dict[Kind, tuple[str, ...]]] = {
    "webhook": ("secret", "digest", "quiet"),
    "wecom": ("digest", "quiet"),
    # It groups and mutes by itself, and would take a held-back alert for one that is over.
    "alertmanager": ("again", "keep"),
}
_COMMON: Final = ("name", *_FILTERS, "lang", "from", "give_up")
_ALL: Final = tuple(dict.fromkeys((*_COMMON, *KINDS, *(name for each in _OF_KIND.values() for name in each))))
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}\Z")
_DAY_US: Final = 86_400 * 10**6


@dataclass(frozen=True, slots=True)
class Read:
    """A routes file as it was read: its routes, or all that is wrong with it."""

    routes: Routes
    problems: tuple[Problem, ...] = field(default=())


def read_routes(path: Path, environment: Mapping[str, str]) -> Read:
    """Read a routes file. Raises RefusedError where there is none that can be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RefusedError(
            str(path), f"“{error.strerror}”", "a routes file", "name one with --routes"
        ) from None
    findings = Findings()
    desk = findings.about("")
    root = read_bytes(raw, str(path), desk, "routes: …")
    routes = _Reader(environment).file(root, desk) if root is not None else Routes(())
    return Read(routes, in_order(findings.problems))


class _Reader:
    """Reads routes in an environment, where their secrets are."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def file(self, root: Part, desk: Desk) -> Routes:
        found = fields(root, desk, _FILE)
        required(root, found, desk, ("routes",))
        console = ""
        if "console" in found:
            written = scalar(found["console"], desk.about("console"))
            console = written.text.rstrip("/") if written is not None else ""
            if written is not None and (why := wrong_with(console, plain=True)):
                desk.about("console").refuse(written.at, *why)
        names: dict[str, Location] = {}
        parts = items(found.get("routes"), desk.about("routes"))
        if len(parts) > MOST_ROUTES:
            desk.refuse(parts[MOST_ROUTES].at, f"{len(parts)} routes", f"at most {MOST_ROUTES}", "merge some")
        if "routes" in found and not parts:
            desk.refuse(found["routes"].at, "no route", "at least one", "write - name: …")
        read = (self._route(part, names, desk) for part in parts[:MOST_ROUTES])
        return Routes(tuple(route for route in read if route is not None), console)

    def _route(self, part: Part, names: dict[str, Location], desk: Desk) -> Route | None:
        own = fields(part, desk.about("a route"), _ALL)
        name = scalar(own.get("name"), desk.about("a route"))
        desk = desk.about(f"route {name.text}" if name is not None else "a route")
        required(part, own, desk, ("name",))
        if name is None:
            return None
        if not _NAME.match(name.text):
            expected = "up to 40 small letters, digits, - and _, a letter first"
            desk.refuse(name.at, f"the name {name.text}", expected, "rename it")
        if name.text in names:
            found = f"the route {name.text} again (first in line {names[name.text].line})"
            desk.refuse(name.at, found, "a name of its own", "rename it")
        names.setdefault(name.text, name.at)
        to = self._receiver(part, own, desk)
        if to is None:
            return None
        for other in own.keys() - {*_COMMON, to.kind, *_OF_KIND[to.kind]}:
            at = key_at(part, other)
            desk.refuse(at, f"{other} beside {to.kind}", f"no {other} here", _instead(other, to.kind))
        return Route(
            name=name.text,
            to=to,
            filters=_filters(own, desk),
            packs=tuple(each.text for each in texts(own.get("pack"), desk.about("pack"))),
            lang=_language(own.get("lang"), desk.about("lang")),
            from_start=one_of(own.get("from"), desk.about("from"), ("start", "end"), "end") == "start",
            digest=read_digest(own["digest"], desk.about("digest")) if "digest" in own else None,
            quiet=read_quiet(own["quiet"], desk.about("quiet")) if "quiet" in own else None,
            give_up_us=span(own.get("give_up"), desk.about("give_up"), ("1m", "30d"), _DAY_US),
            again_us=span(own.get("again"), desk.about("again"), ("10s", "1h"), 300 * 10**6),
            keep_us=span(own.get("keep"), desk.about("keep"), ("1m", "90d"), _DAY_US),
        )

    def _receiver(self, part: Part, own: dict[str, Part], desk: Desk) -> Receiver | None:
        kinds = [kind for kind in KINDS if kind in own]
        if len(kinds) != 1:
            shown_ = " and ".join(kinds) or "no receiver"
            desk.refuse(part.at, shown_, f"one of {', '.join(KINDS)}", "write webhook: https://… or the like")
            return None
        kind = kinds[0]
        desk = desk.about(kind)
        written = scalar(own[kind], desk)
        if written is None:
            return None
        url = reveal(written, self._environment, desk, secret=kind == "wecom")
        if url is None:
            return None
        if why := wrong_with(url, plain=kind == "alertmanager"):
            desk.refuse(quietly(written.at), *why)
            return None
        keys = self._keys(part, own, desk) if kind == "webhook" else ()
        return Receiver(kind, shown(url), url, keys)

    def _keys(self, part: Part, own: dict[str, Part], desk: Desk) -> tuple[bytes, ...]:
        required(part, own, desk, ("secret",))
        keys: list[bytes] = []
        desk = desk.about("secret")
        for each in texts(own.get("secret"), desk):
            text = reveal(each, self._environment, desk, secret=True)
            if text is None:
                continue
            key = signing_key(text)
            if key is None:
                mend = "make one by: echo whsec_$(openssl rand -base64 32)"
                desk.refuse(
                    quietly(each.at), "another kind of secret", "whsec_ and 24 to 64 bytes in base64", mend
                )
                continue
            keys.append(key)
        return tuple(keys)


def _filters(own: dict[str, Part], desk: Desk) -> Filters:
    def listed(name: str, known: tuple[str, ...] = ()) -> tuple[str, ...]:
        here = desk.about(name)
        written = texts(own.get(name), here)
        if known:
            return tuple(one_of(each, here, known) for each in written)
        return tuple(each.text for each in written)

    return Filters(
        rules=listed("rule"),
        levels=listed("level", LEVELS),
        states=listed("state", get_args(State)),
        tenants=listed("tenant"),
    )


def _language(part: Part | None, desk: Desk) -> Language:
    return "en" if one_of(part, desk, LANGUAGES, "zh") == "en" else "zh"


def _instead(name: str, kind: Kind) -> str:
    if kind == "alertmanager" and name in ("digest", "quiet"):
        return "let Alertmanager group and mute: group_by, mute_time_intervals"
    return f"remove it; {kind} takes {', '.join(_OF_KIND[kind])}"
