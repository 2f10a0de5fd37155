"""What the decisions in a store depend on: a store made with one rule set is not continued with another.

The log can be decided anew by any rules, but state and records of two rule sets must not be mixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from engine.fold import Settings
from engine.keeping import FORMAT
from engine.program import Program


class DecidedBy(msgspec.Struct, frozen=True):
    """A rule set's hash, the rules in use, and the settings that can change a decision.

    `code`: the digest of what the rules became, and of the format that state is kept in. `only`: the patterns by which
    the rules in use were chosen. `since`: from when on a rule counts that began anew when rules changed, RFC 3339.
    """

    ruleset: str
    rules: tuple[str, ...]
    zone: str
    lateness_us: int
    lateness_of: dict[str, int]
    code: str = ""
    only: tuple[str, ...] = ()
    since: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Decider:
    """What decides from some input on: its name, the texts of its rules by id, its rule set whole (empty: unknown)."""

    by: DecidedBy
    texts: Mapping[str, bytes]
    archive: bytes = b""


class Epoch(msgspec.Struct, frozen=True):
    """From which input of the log on something decided."""

    first: int
    by: DecidedBy


def decided_by(
    program: Program, settings: Settings, only: tuple[str, ...] = (), since: Mapping[str, str] | None = None
) -> DecidedBy:
    """Return what an engine's decisions depend on."""
    lateness_of = {name: settings.lateness_of[name] for name in sorted(settings.lateness_of)}
    return DecidedBy(
        program.ruleset, tuple(sorted(program.rules)), settings.zone, settings.lateness_us, lateness_of,
        sha256(f"{FORMAT}\n{program.source}".encode()).hexdigest(),
        only, dict(sorted((since or {}).items())),
    )  # fmt: skip


def difference(stored: DecidedBy, wanted: DecidedBy) -> tuple[str, str] | None:
    """Return what was found and what was expected where the two differ, else None."""
    if stored.ruleset != wanted.ruleset:
        return f"decisions of the rule set {_short(stored.ruleset)}", f"those of {_short(wanted.ruleset)}"
    if stored.rules != wanted.rules:
        return (
            f"decisions of {len(stored.rules)} rules",
            f"those of the {len(wanted.rules)} in use now (--only)",
        )
    if stored.zone != wanted.zone:
        return f"decisions with days of {stored.zone}", f"those of {wanted.zone}"
    if stored.code != wanted.code:  # The same rules, but their state is laid out otherwise.
        return "decisions of another version of weiguard", "those of the version in use"
    if msgspec.structs.replace(stored, only=wanted.only) != wanted:
        return "decisions with another lateness", "the lateness set now"
    return None


def _short(ruleset: str) -> str:
    return ruleset[:19] + "…" if len(ruleset) > 20 else ruleset
