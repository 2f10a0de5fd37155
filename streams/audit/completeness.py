"""A proof that some entries are all that the log told of an account, or of a tenant, from one day to another.

It needs nothing else but the log's key. It shows every daily index between the two days, each in the log of one signed
checkpoint and each naming the one before, so that none is missing; and for each of these days the account's entries
with the row that they lead to, or the two rows between which the account's own would stand. It is JSON, as entries are.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from engine.merkle import Growing, leaf_hash, root_by_inclusion
from engine.payloads.fields import GREATEST
from streams.audit.broken import BrokenError
from streams.audit.checkpoints import Checkpoint, opened
from streams.audit.coding import decoded as bytes_of
from streams.audit.facets import account_of, decoded
from streams.audit.indexing import KIND, Day, Index, OpenDay, Row, day_of, index_of, row_name
from streams.audit.notes import Verifier

FORMAT: Final = "weiguard completeness proof v1"
SUFFIX: Final = ".completeness"
MOST_BYTES: Final = 1 << 28  # Of a proof: more entries are proved in parts, by days.
_Place = Annotated[int, Meta(ge=0, le=GREATEST)]
_Hashes = Annotated[tuple[str, ...], Meta(max_length=63)]


class ShownRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of a day's index, its place from 0, and the hashes from its sibling up to the root, in base64."""

    place: _Place
    row: str
    hashes: _Hashes


class ShownDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An index, its place in the log from 0, and the hashes up to the log's root, in base64.

    Of a day that was asked for, `entries` are those told on it, and `rows` that of the account, or its neighbours;
    none where all entries of the tenant are shown.
    """

    place: _Place
    index: str
    hashes: _Hashes
    rows: tuple[ShownRow, ...] = ()
    entries: tuple[str, ...] = ()


class Completeness(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """What is claimed and what shows it. Days are YYYY-MM-DD: `since` (None: from the first) included, `until` not.

    `account`: None for all of the tenant; `checkpoint`: a signed note.
    """

    format: Literal["weiguard completeness proof v1"]
    tenant: str
    account: str | None
    since: Day | None
    until: Day
    checkpoint: str
    days: tuple[ShownDay, ...]

    def encode(self) -> bytes:
        """Return it as a file."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    def wants(self, index: Index) -> bool:
        """Return whether an index is of a day that is asked for."""
        return (self.since is None or self.since <= index.day) and index.day < self.until


@dataclass(frozen=True, slots=True)
class Complete:
    """What holds: at which checkpoint, and the entries of the days that have any, in order."""

    proof: Completeness
    checkpoint: Checkpoint
    days: list[tuple[str, list[bytes]]]

    @property
    def entries(self) -> list[bytes]:
        """All entries: those of a day behind those of the day before, those of an account in the order of the log."""
        return [entry for _, entries in self.days for entry in entries]


_PROOF: Final = msgspec.json.Decoder(Completeness)
_ROW: Final = msgspec.json.Decoder(Row)


def parse(body: bytes, where: str) -> Completeness:
    """Read a proof. Raises BrokenError."""
    if len(body) > MOST_BYTES:
        raise BrokenError(where, f"more than {MOST_BYTES:,} bytes", "a proof of at most so many")
    try:
        return _PROOF.decode(body)
    except msgspec.MsgspecError as error:
        raise BrokenError(where, f"what cannot be read ({error})", f"a {FORMAT}") from None


def verify(proof: Completeness, verifiers: Sequence[Verifier], where: str) -> Complete:
    """Return what a proof shows. Raises BrokenError at the first thing in it that does not hold."""
    checkpoint, _ = opened(proof.checkpoint.encode(), verifiers, f"{where}, checkpoint")
    indexes = [_index(proof, shown, checkpoint, where) for shown in proof.days]
    _check_chain(proof, indexes, where)
    days = []
    for shown, index in zip(proof.days, indexes, strict=True):
        at = f"{where}, {index.day}"
        entries = [each.encode() for each in shown.entries]
        if not proof.wants(index):
            if entries or shown.rows:
                raise BrokenError(at, "entries", "none, as that day is not asked for")
            continue
        _check_entries(proof, index, entries, at)
        if proof.account is None:
            _check_all(index, entries, at)
        else:
            _check_account(index, row_name(proof.account), shown.rows, entries, at)
        if entries:
            days.append((index.day, entries))
    return Complete(proof, checkpoint, days)


def _index(proof: Completeness, shown: ShownDay, checkpoint: Checkpoint, where: str) -> Index:
    """Return an index that is in the log and of the tenant."""
    at = f"{where}, index {shown.place:,}"
    entry = shown.index.encode()
    index = index_of(entry, at)
    root = root_by_inclusion(leaf_hash(entry), shown.place, checkpoint.size, _hashes(shown.hashes, at))
    if root != checkpoint.root:
        raise BrokenError(at, "hashes that do not lead to the signed root", "those of an entry of the log")
    if index.tenant != proof.tenant:
        raise BrokenError(at, f"an index of {index.tenant}", f"one of {proof.tenant}")
    before = index.previous.day if index.previous is not None else ""
    if not before < index.day < index.until:
        raise BrokenError(
            at, f"an index of {index.day}", f"one of a day behind {before or 'none'}, and before its clock"
        )
    return index


def _check_chain(proof: Completeness, indexes: list[Index], where: str) -> None:
    """Check that no index is missing between the two days."""
    if not indexes:
        raise BrokenError(where, "no index", "those of the days asked for")
    for shown, (before, index) in zip(proof.days, pairwise(indexes), strict=False):
        leaf = leaf_hash(shown.index.encode()).hex()
        if index.previous is None or index.previous.leaf != leaf or index.day < before.until:
            found = f"an index of {index.day} behind that of {before.day}"
            raise BrokenError(where, found, "the one that names it as the one before")
    first, last, since = indexes[0], indexes[-1], proof.since
    previous = first.previous
    if previous is not None and (since is None or previous.day >= since):
        raise BrokenError(
            where, f"the index of {first.day} as the first", f"that of {previous.day} before it"
        )
    if last.until < proof.until:
        raise BrokenError(
            where,
            f"the index of {last.day} as the last, closed on {last.until}",
            f"one closed on {proof.until} or later",
        )


def _check_entries(proof: Completeness, index: Index, entries: list[bytes], where: str) -> None:
    """Check that entries speak of what is asked for, which an index that lies may not care for."""
    for number, entry in enumerate(entries):
        at = f"{where}, entry {number:,}"
        told = decoded(number, entry)
        if told.get("tenant") != proof.tenant or told.get("kind") == KIND:
            raise BrokenError(at, f"{told.get('kind')} of {told.get('tenant')}", f"one of {proof.tenant}")
        if proof.account is not None and account_of(told) != proof.account:
            raise BrokenError(at, f"one of the account {account_of(told)}", f"one of {proof.account}")
        if day_of(told) not in (None, index.day):
            raise BrokenError(at, f"what was told on {day_of(told)}", f"one of {index.day}")


def _check_all(index: Index, entries: list[bytes], where: str) -> None:
    """Check that these are all entries of the tenant on a day."""
    day = OpenDay()
    for number, entry in enumerate(entries):
        day.take(account_of(decoded(number, entry)), leaf_hash(entry))
    if (day.entries, day.root().hex()) != (index.entries, index.root):
        found = f"{day.entries:,} entries that lead to {day.root().hex()}"
        raise BrokenError(where, found, f"the {index.entries:,} of {index.root}")


def _check_account(
    index: Index, name: str, shown: tuple[ShownRow, ...], entries: list[bytes], where: str
) -> None:
    """Check that these are all entries of an account on a day."""
    rows = [_row(index, each, where) for each in shown]
    if [row.account for row in rows] == [name]:
        tree = Growing()
        for entry in entries:
            tree.append(leaf_hash(entry))
        if (tree.size, tree.root().hex()) != (rows[0].entries, rows[0].root):
            found = f"{tree.size:,} entries that lead to {tree.root().hex()}"
            raise BrokenError(where, found, f"the {rows[0].entries:,} of {rows[0].root}")
        return
    if entries:
        raise BrokenError(where, f"{len(entries):,} entries", "the account's row, to which they lead")
    if not _surround(name, rows, [each.place for each in shown], index.accounts):
        found = f"rows {', '.join(f'{each.place:,}' for each in shown) or 'none'} of {index.accounts:,}"
        raise BrokenError(where, found, f"that of {name}, or the two between which it would stand")


def _surround(name: str, rows: list[Row], places: list[int], count: int) -> bool:
    """Return whether rows stand so that between them, or beyond the first or the last, there is none of a name."""
    match rows:
        case [only] if only.account != name:
            return places == [0 if name < only.account else count - 1]
        case [below, above]:
            return places[0] + 1 == places[1] and below.account < name < above.account
    return False


def _row(index: Index, shown: ShownRow, where: str) -> Row:
    """Return a row that is in a day's index."""
    at = f"{where}, row {shown.place:,}"
    row = shown.row.encode()
    root = root_by_inclusion(leaf_hash(row), shown.place, index.accounts, _hashes(shown.hashes, at))
    if root is None or root.hex() != index.root:
        raise BrokenError(at, "hashes that do not lead to the root of the day", "those of a row of its index")
    try:
        return _ROW.decode(row)
    except msgspec.MsgspecError as error:
        raise BrokenError(at, f"what cannot be read ({error})", "a row") from None


def _hashes(coded: tuple[str, ...], where: str) -> list[bytes]:
    try:
        return [bytes_of(each) for each in coded]
    except ValueError:
        raise BrokenError(where, "hashes that are none", "base64") from None


def coded(hashes: Sequence[bytes]) -> tuple[str, ...]:
    """Return hashes as a proof has them."""
    return tuple(b64encode(each).decode() for each in hashes)
