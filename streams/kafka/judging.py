"""What the topics must be so that nothing acknowledged is lost, and what is said of those that are otherwise.

Pure: topics as found go in, findings come out. To make and mend them is the work of topics.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from streams.kafka.naming import Cluster
from streams.refusing import RefusedError
from streams.sealing.retention import kept_us, terms

Kind: TypeAlias = Literal["events", "alerts", "quarantine", "state"]
KINDS: Final[tuple[Kind, ...]] = get_args(
    Kind
)  # In the order in which they are made: the log before its state.
DEFAULT_PARTITIONS: Final = 4
SAFE_COPIES: Final = 3
_DAY_MS: Final = 86_400_000
_WEEK_MS: Final = 7 * _DAY_MS
_LEAST_BYTES: Final = 2 << 20
_NEW_BYTES: Final = 4 << 20
_ROOM: Final = 1 << 20  # For the reason beside an input in quarantine, and to spare.
_FOREVER: Final = "-1"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as found; `copies` are those of its least copied partition."""

    name: str
    partitions: int
    copies: int
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a topic, and the way out.

    `loses`: data can be lost, or none be written; otherwise it is a warning. `value` mends the setting, where one does.
    `stays`: neither a setting nor a new topic mends it.
    """

    topic: str
    setting: str
    found: str
    expected: str
    why: str
    mend: str = ""
    loses: bool = True
    value: str | None = None
    stays: bool = False

    def refusal(self) -> RefusedError:
        """Return it as what stops a command."""
        return RefusedError(
            f"{self.topic}: {self.setting}", self.found, f"{self.expected}, because {self.why}", self.mend
        )

    def __str__(self) -> str:
        parts = [f"found {self.found}", f"expected {self.expected}, because {self.why}", self.mend]
        words = "; ".join(part for part in parts if part)
        return f"{'' if self.loses else 'warning: '}{self.topic}: {self.setting}: {words}"


@dataclass(frozen=True, slots=True)
class Judged:
    """One topic of the set, or that it is missing, and what is to be said of it."""

    name: str
    topic: Topic | None
    findings: tuple[Finding, ...] = ()

    @property
    def losing(self) -> tuple[Finding, ...]:
        """Those findings by which data can be lost."""
        return tuple(each for each in self.findings if each.loses)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a set of topics; `partitions`: None for as many as there are.

    `lateness_us` is the greatest of any tenant, `audit_us` how long alerts must be kept.
    """

    lateness_us: int
    partitions: int | None = None
    audit_us: int = kept_us("audit")


@dataclass(frozen=True, slots=True)
class _Must:
    """What one setting must be."""

    setting: str
    holds: Callable[[str], bool]
    expected: str
    why: str
    loses: bool = field(default=True, kw_only=True)


def names(cluster: Cluster) -> dict[Kind, str]:
    """Return what the topics of a cluster are called."""
    return {kind: getattr(cluster, kind) for kind in KINDS}


def new_settings(kind: Kind, copies: int, input_bytes: int = _NEW_BYTES) -> dict[str, str]:
    """Return the settings that a topic is made with, and mended to. `input_bytes`: the most that an input may have."""
    shared = {
        "max.message.bytes": str(input_bytes + _ROOM if kind == "quarantine" else _NEW_BYTES),
        "min.insync.replicas": "2" if copies >= SAFE_COPIES else "1",
        "unclean.leader.election.enable": "false",
    }
    if kind == "state":
        return {"cleanup.policy": "compact", **shared}
    return {"cleanup.policy": "delete", "retention.ms": _FOREVER, "retention.bytes": _FOREVER, **shared}


def judge(cluster: Cluster, found: Mapping[Kind, Topic], asked: Asked) -> list[Judged]:
    """Judge all topics of a set, in the order of KINDS."""
    return [
        Judged(
            name,
            found.get(kind),
            (
                *_of_set(kind, name, found, asked),
                *(_of_settings(kind, found[kind], asked, _input_bytes(found)) if kind in found else ()),
            ),
        )
        for kind, name in names(cluster).items()
    ]


def _of_set(kind: Kind, name: str, found: Mapping[Kind, Topic], asked: Asked) -> Iterator[Finding]:
    """Find what no setting can mend: topics that are missing, or do not fit together."""
    topic = found.get(kind)
    if topic is None:
        yield _missing(kind, name, found)
        return
    wanted = asked.partitions or topic.partitions
    if kind == "state" and "events" in found:
        wanted = asked.partitions or found["events"].partitions
    if topic.partitions != wanted:
        yield Finding(
            topic=name,
            setting="partitions",
            found=str(topic.partitions),
            expected=str(wanted),
            why="with another number a tenant's key goes to another partition, "
            "so its order and its state would be torn in two",
            mend=f"leave these topics as they are, make others with a new --prefix and --partitions {wanted}, "
            "and produce the log there",
            stays=True,
        )
    if topic.copies < SAFE_COPIES:
        yield Finding(
            topic=name,
            setting="replication",
            found=str(topic.copies),
            expected=f"at least {SAFE_COPIES}",
            why="a broker that is lost takes the only copy with it"
            if topic.copies == 1
            else "with two copies one broker that fails leaves one copy, or stops all writing",
            mend="add copies with Kafka's own kafka-reassign-partitions",
            loses=False,
        )


def _missing(kind: Kind, name: str, found: Mapping[Kind, Topic]) -> Finding:
    if kind == "events" and "state" in found:
        return Finding(
            topic=name,
            setting="topic",
            found=f"none, beside {found['state'].name}",
            expected="the log that the state was computed from",
            why="workers would skip the beginning of a new log, up to the position where the old one ended",
            mend="name a new --prefix, or delete the state too and begin anew",
            stays=True,
        )
    return Finding(
        topic=name,
        setting="topic",
        found="none",
        expected="one",
        why="workers make no topics: one made by a broker's own defaults would lose data",
        mend="`weiguard topics` makes it",
    )


def _input_bytes(found: Mapping[Kind, Topic]) -> int:
    """Return the most bytes that an input may have; what is too little is mended."""
    held = int(found["events"].settings["max.message.bytes"]) if "events" in found else _NEW_BYTES
    return held if held >= _LEAST_BYTES else _NEW_BYTES


def _of_settings(kind: Kind, topic: Topic, asked: Asked, input_bytes: int) -> Iterator[Finding]:
    """Find the settings that are not as they must be, each once."""
    new = new_settings(kind, topic.copies, input_bytes)
    seen = set()
    for must in _musts(kind, topic.copies, asked, input_bytes):
        found = topic.settings[must.setting]
        if must.setting in seen or must.holds(found):
            continue
        seen.add(must.setting)
        yield Finding(
            topic=topic.name,
            setting=must.setting,
            found=found or "nothing",
            expected=must.expected,
            why=must.why,
            mend=f"`weiguard topics` sets it to {new[must.setting]}" if must.loses else "",
            loses=must.loses,
            value=new[must.setting] if must.loses else None,
        )


def _musts(kind: Kind, copies: int, asked: Asked, input_bytes: int) -> Iterator[_Must]:
    """Name what each setting must be; of two for one setting, the one that loses data first."""
    if kind == "state":
        yield _Must(
            "cleanup.policy",
            lambda found: _parts(found) == {"compact"},
            "compact",
            "what is known of a silent tenant would be deleted, or old states be kept for ever",
        )
    else:
        yield _Must(
            "cleanup.policy",
            lambda found: "compact" not in _parts(found),
            "delete",
            "compaction keeps the last message of a tenant and throws the others away",
        )
        yield from _retention(kind, asked)
    least = input_bytes + _ROOM if kind == "quarantine" else _LEAST_BYTES
    yield _Must(
        "max.message.bytes",
        lambda found: int(found) >= least,
        f"at least {least}",
        "a long message would be refused and stop its partition",
    )
    yield _in_sync(copies)
    yield _Must(
        "unclean.leader.election.enable",
        lambda found: found == "false",
        "false",
        "a broker that lags may become leader, and what was acknowledged since is lost",
    )


def _retention(kind: Kind, asked: Asked) -> Iterator[_Must]:
    if kind == "events":
        least_ms = least_retention_ms(asked.lateness_us)
        why = "a restart reads the input back over twice the lateness before the last checkpoint"
    elif kind == "alerts":
        least_ms, why = (
            -(-asked.audit_us // 1_000),
            f"alerts must be kept so long ({terms()['audit'].source['en']})",
        )
    else:
        least_ms, why = _WEEK_MS, "what is not read by then is lost"
    yield _Must(
        "retention.ms",
        lambda found: found == _FOREVER or int(found) >= least_ms,
        f"{_FOREVER}, or at least {least_ms} ({least_ms // 3_600_000} h)",
        why,
    )
    yield _Must(
        "retention.bytes", lambda found: found == _FOREVER, _FOREVER, f"a busy day would shorten it: {why}"
    )
    if kind != "events":
        yield _Must("retention.ms", lambda found: found == _FOREVER, _FOREVER, why, loses=False)


def _in_sync(copies: int) -> _Must:
    least = 2 if copies >= SAFE_COPIES else 1
    return _Must(
        "min.insync.replicas",
        lambda found: least <= int(found) <= copies,
        str(least) if least == copies else f"{least} to {copies}",
        "a write would be acknowledged with a single copy of it"
        if least > 1
        else "with fewer copies than that nothing can be written",
    )


def least_retention_ms(lateness_us: int) -> int:
    """Return how long the input must be kept at least: twice the lateness and a day, rounded up to milliseconds."""
    return -(-2 * lateness_us // 1000) + _DAY_MS


def _parts(policy: str) -> set[str]:
    return {part.strip() for part in policy.split(",") if part.strip()}
