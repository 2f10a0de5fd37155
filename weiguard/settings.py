"""What a call is to do: flags over WEIGUARD_* variables over weiguard.toml.

Each value knows where it came from, so that a wrong one is refused with its flag, its variable, or its line in the
file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from engine import fold
from rules.durations import duration_us
from rules.suggesting import did_you_mean
from streams.checkpoints import CHECKPOINT_EVERY
from streams.kafka.naming import DEFAULT_PREFIX, Cluster
from streams.refusing import RefusedError
from streams.sealing.retention import Kind, terms

FILE: Final = "weiguard.toml"
PREFIX: Final = "WEIGUARD_"
VARIABLES: Final = (
    "rules",
    "only",
    "tenant",
    "lang",
    "db",
    "zone",
    "lateness",
    "checkpoint",
    "brokers",
    "prefix",
    "audit_key",
    "tokens",
    "users",
    "public_url",
    "subject_seed",
    "keep_addresses",
    "keep_audit",
)  # As WEIGUARD_RULES and so on.
_ORIGIN: Final = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?")
_MOST_US: Final = 35 * 86_400 * 10**6


def _lateness(text: str) -> str:
    us = duration_us(text)
    if us is None:
        raise ValueError("a duration such as 25h or 7d")
    if us > _MOST_US:
        raise ValueError("at most 35d")
    return text


def _micros(duration: str) -> int:
    us = duration_us(duration)
    assert us is not None, "it was read when the settings were made"
    return us


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError("a time zone such as Asia/Shanghai") from None
    return name


def _brokers(text: str) -> str:
    for broker in text.split(","):
        host, colon, port = broker.strip().rpartition(":")
        if not (host and colon and port.isdecimal() and 0 < int(port) < 65_536):
            raise ValueError("brokers such as 127.0.0.1:9092 or k1:9092,k2:9092")
    return text


def _prefix(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9._-]{1,200}", text) is None or text in (".", ".."):
        raise ValueError("letters, digits, `.`, `_` and `-`, as topic names have")
    return text


def _seed(text: str) -> str:
    if re.fullmatch(r"[0-9a-fA-F]{64}", text) is None:
        raise ValueError("64 hexadecimal digits, as `openssl rand -hex 32` gives them")
    return text


def _term(kind: Kind) -> Callable[[str], str]:
    def checked(text: str) -> str:
        us, term = duration_us(text), terms()[kind]
        if us is None or not term.allows(us):
            raise ValueError(f"a duration from {term.least} to {term.most} ({term.source['en']})")
        return text

    return checked


def _public_url(text: str) -> str:
    if _ORIGIN.fullmatch(text) is None:
        raise ValueError("an origin such as https://weiguard.example, without a path")
    return text


Lateness = Annotated[str, AfterValidator(_lateness)]


class TenantSettings(BaseModel):
    """What one tenant has of its own: `[tenants.NAME]` in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lateness: Lateness | None = None


class Settings(BaseModel):
    """All settings, validated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: Path | None = None  # None: the shipped catalogue.
    only: tuple[str, ...] = ()
    tenant: str | None = None
    lang: Literal["zh", "en"] | None = None  # None: the terminal's language.
    db: Path = Path("weiguard.db")
    zone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    lateness: Lateness = "25h"
    checkpoint: PositiveInt = CHECKPOINT_EVERY  # Inputs between two checkpoints, at least.
    brokers: Annotated[str, AfterValidator(_brokers)] = "127.0.0.1:9092"
    prefix: Annotated[str, AfterValidator(_prefix)] = DEFAULT_PREFIX  # Of the topics' names.
    audit_key: Annotated[str, Field(min_length=1)] | None = None  # A file, or the key itself.
    tokens: Path | None = None  # Who may ask over HTTP from elsewhere.
    users: Path | None = None  # Who may log in to the console.
    public_url: Annotated[str, AfterValidator(_public_url)] | None = None  # Under which browsers come.
    # Of the keys of a new database, for tests: 32 bytes in hexadecimal. Whoever has it can read what was erased.
    subject_seed: Annotated[str, AfterValidator(_seed)] | None = None
    keep_addresses: Annotated[str, AfterValidator(_term("addresses"))] = terms()["addresses"].kept
    keep_audit: Annotated[str, AfterValidator(_term("audit"))] = terms()["audit"].kept
    tenants: dict[str, TenantSettings] = {}

    def cluster(self) -> Cluster:
        """Return the Kafka that is meant."""
        return Cluster(tuple(broker.strip() for broker in self.brokers.split(",")), self.prefix)

    @property
    def addresses_us(self) -> int:
        """How long addresses can be read, in microseconds."""
        return _micros(self.keep_addresses)

    @property
    def audit_us(self) -> int:
        """How long copies of the audit log must be kept, in microseconds."""
        return _micros(self.keep_audit)

    def for_engine(self, *, keep: bool) -> fold.Settings:
        """Return what the engine is told. `keep`: whether it remembers every alert that stands."""
        of = {name: each.lateness for name, each in self.tenants.items()}
        return fold.Settings(
            zone=self.zone,
            lateness_us=_micros(self.lateness),
            lateness_of={name: _micros(text) for name, text in sorted(of.items()) if text is not None},
            keep=keep,
        )


def settings_from(flags: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a call; None and empty flags were not given. Raises RefusedError."""
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    path = Path(environment.get(f"{PREFIX}CONFIG") or FILE)
    text = _file(path, named=f"{PREFIX}CONFIG" in environment)
    values |= _parsed(text, path)
    for name in VARIABLES:
        given = environment.get(f"{PREFIX}{name.upper()}")
        if given:
            values[name] = [part.strip() for part in given.split(",")] if name == "only" else given
            origins[name] = f"{PREFIX}{name.upper()}"
    for name, flag in flags.items():
        if flag is not None and flag not in ((), []):
            values[name] = flag
            origins[name] = f"--{name.replace('_', '-')}"
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise _refusal(error, origins, text, path) from None


def _file(path: Path, *, named: bool) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if not named:
            return ""
        raise RefusedError(
            f"{PREFIX}CONFIG", f"no file {path}", "a settings file", "name one that exists"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(str(path), f"“{error}”", "a settings file in UTF-8", "mend or remove it") from None


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RefusedError(str(path), f"“{error}”", "TOML", "mend that line") from None


def _refusal(error: ValidationError, origins: Mapping[str, str], text: str, path: Path) -> RefusedError:
    """Say the first mistake: where the value was given, what it is, and what it must be."""
    first = error.errors(include_url=False)[0]
    place = [str(part) for part in first["loc"]]
    where = origins.get(place[0]) or f"{path}:{_line_of(text, place)}"
    if first["type"] == "extra_forbidden":
        names = TenantSettings.model_fields if place[0] == "tenants" else Settings.model_fields
        return RefusedError(
            where, f"the setting {place[-1]}", f"one of {', '.join(names)}", did_you_mean(place[-1], names)
        )
    expected = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return RefusedError(where, repr(first["input"]), expected, f"mend {'.'.join(place)}")


def _line_of(text: str, place: list[str]) -> int:
    """Return the line of the file that gives a value; 1 where it cannot be told."""
    section: list[str] = []
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if line.startswith("["):
            section = [part.strip().strip('"') for part in line.strip("[]").split(".")]
            if section == place:
                return number
            continue
        key = [part.strip().strip('"') for part in line.partition("=")[0].split(".")]
        if [*section, *key] == place[: len(section) + len(key)]:
            return number
    return 1
