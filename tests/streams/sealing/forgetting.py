"""A database with alerts about people, and somebody erased from it, as the command does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from engine.instants import rfc3339
from engine.windows import Zone
from monitoring.erasing import SOURCE, erasure_events, held_of
from monitoring.reexecuting import Replayed, Wish, replay
from monitoring.retelling import retell
from monitoring.verifying import verify
from streams.audit.notes import verifier_of
from streams.audit.publishing import Stored
from streams.embedded import Runner
from streams.ports import Block
from streams.stores.sqlite import SqliteStore
from streams.stores.sqlite_reading import open_reader
from tests.engine.driving import event, payment
from tests.logs.arrival import Line
from tests.streams.audit.running import SIGNER
from tests.streams.sealing.telling import LINES
from weiguard.preparing import Prepared, prepare
from weiguard.running import opened
from weiguard.settings import Settings

PAYER: Final = "payer-z.q"
OTHER: Final = "other-z.q"
SEED: Final = "5a" * 32


def paid(name: str, at: str, fen: int, payer: str = PAYER, arrives: str = "") -> Line:
    """Return a payment by a static code, of which COL-03 says who pays too much a day."""
    return payment(name, at, fen, arrives, payer_id=payer, code_kind="personal_static")


def login(name: str, at: str, lat: float, lon: float, operator: str) -> Line:
    """Return a login from somewhere, of which LOG-01 says where nobody travels so fast."""
    line = event(name, "login.attempted", at, result="success", device_id=f"d-{name}", operator_id=operator)
    line["data"] |= {"lat": lat, "lon": lon, "acc_km": 1.0, "ip": f"203.0.113.{len(name) + round(lat)}"}
    return line


STORY: Final[Sequence[Line]] = (
    paid("a1", "09:00", 60_000), paid("b1", "09:30", 70_000, OTHER), paid("a2", "10:00", 1_000),
    login("l1", "10:10", 31.23, 121.47, "op-z.q"), login("l2", "10:40", 43.82, 87.61, "op-z.q"),
    event("p1", "post.published", "11:00", post_id="P1", channel="moments", text="悄悄话z.q 全国最好 第一"),
    paid("c1", "d2 09:00", 80_000), paid("c2", "d2 09:10", 80_000, OTHER),
)  # fmt: skip


@cache
def rules() -> Prepared:
    """Compile all shipped rules once."""
    return prepare(Settings())


@contextmanager
def running(db: Path) -> Iterator[Runner]:
    """Yield a runner of the database that has caught up with it."""
    with opened(rules(), Settings(db=db, subject_seed=SEED)) as (prepared, store):
        runner = Runner(store, prepared.engine(), signer=SIGNER)
        runner.resume()
        yield runner


def take(db: Path, *lines: Line | bytes) -> list[str]:
    """Decide lines, and return of each record its rule, number and state."""
    with running(db) as runner:
        raw = [each if isinstance(each, bytes) else msgspec.json.encode(each) for each in lines]
        said = runner.take("log", Block(raw, None)).records
        runner.end()
    return [f"{each.rule} {each.record} {each.state}" for each in said]


def make(db: Path) -> None:
    """Make a database of the story and of a line of every type."""
    take(db, *LINES, *STORY, b'{"subject":"A1","text":"cut off z.q', b'{"payer_id":"7z.q","data":5}')


def erase(db: Path, subject: str, *, sweep: bool = True) -> None:
    """Erase somebody, as the command does."""
    with running(db) as runner:
        erase_in(runner, subject, sweep=sweep)


def erase_in(runner: Runner, subject: str, *, sweep: bool = True) -> None:
    """Erase somebody in the database of a runner."""
    store = runner.store
    assert isinstance(store, SqliteStore)
    held = held_of(store, subject, None)
    zone = Zone("Asia/Shanghai").info
    times = {name: rfc3339(runner.engine.clock(name) or 0, zone) for name in held.told_in}
    events = erasure_events(subject, "wang", "request 7", times, store.last + 1)
    runner.erase(SOURCE, events, list(held.subjects))
    if sweep:
        store.sweep()


def refold(db: Path) -> None:
    """Decide the whole log anew, by what is left of it."""
    with opened(rules(), Settings(db=db), refold=True) as (prepared, store):
        runner = Runner(store, prepared.engine(), signer=SIGNER)
        runner.refold()
        runner.end()


def bytes_of(db: Path) -> bytes:
    """Return all bytes of a database and of the files beside it."""
    return b"".join(path.read_bytes() for path in sorted(db.parent.glob(f"{db.name}*")))


def verified(db: Path) -> int:
    """Verify the log and what the database says of it; return how many inputs it has. Raises BrokenError."""
    with open_reader(db) as reader:
        log = Stored(reader.audit, str(db), SIGNER)
        done = verify(log, [verifier_of(str(SIGNER.verifier))], [], _nothing)
        return retell(reader, done.told_from, _nothing)


def replayed(db: Path, wish: Wish = Wish()) -> Replayed:  # noqa: B008  # frozen
    """Decide the database again."""
    with open_reader(db) as reader:
        return replay(reader, wish, _nothing)


def alerts(db: Path, rule: str) -> list[dict[str, object]]:
    """Return the records of a rule as they are shown."""
    with open_reader(db) as reader:
        told = [msgspec.json.decode(each.body) for each in reader.records()]
    return [each for each in told if each["rule"] == rule]


def _nothing(_: int, __: int) -> None:
    pass
