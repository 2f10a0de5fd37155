"""A published log, verified from its files and a public key alone: every entry, every tile, every checkpoint.

The tree is built anew from the entries, one bundle in memory at a time. Where its size is that of a checkpoint, signed
on the way or kept by whoever verifies, its root must be the signed one: so no checkpoint is of another history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import msgspec

from engine.merkle import HASH_BYTES, leaf_hash
from monitoring.indexed import Indexed
from streams.audit.broken import BrokenError
from streams.audit.checkpoints import Checkpoint, opened
from streams.audit.notes import Verifier, open_note, verifier_of
from streams.audit.publishing import CHECKPOINT, Published, Stored, history
from streams.audit.telling import COMMIT_EVERY
from streams.audit.tiles import ENTRIES, WIDTH, RightEdge, tile_path, unbundled

ROTATED: Final = "audit.key_rotated"
_ANY: Final = msgspec.json.Decoder()
Note: TypeAlias = tuple[str, bytes]  # Where it is, and the note.
Opened: TypeAlias = tuple[str, Checkpoint, list[Verifier]]
_SORTED: Final = msgspec.json.Encoder(order="sorted")


@dataclass(slots=True)
class Account:
    """What a tenant's last `ingest.commit` says: so many inputs, and what became of them."""

    position: int = 0
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Verified:
    """What holds: the log's checkpoint, who signed it, how many checkpoints, and the tenants' accounts."""

    checkpoint: Checkpoint
    signer: Verifier | None
    checkpoints: int
    accounts: dict[str, Account]
    told_from: int = 0  # The first entry of the last telling: 0, or behind the last refold.
    note: bytes = b""  # The newest checkpoint as it was signed.
    inputs: int = 0  # Inputs of a database that were told again, where there is one.


def verify(
    log: Published,
    verifiers: Sequence[Verifier],
    seen: Sequence[Note],
    show: Callable[[int, int], None],
    witnesses: Sequence[Verifier] = (),
) -> Verified:
    """Verify a published log. `seen`: checkpoints kept from before; `show` hears (entries, bytes).

    Each of `witnesses` must have signed the newest checkpoint too.
    Raises BrokenError at the first place that is not as it must be.
    """
    where = f"{log.name}/{CHECKPOINT}"
    note = log.checkpoint()
    if note is None:
        raise BrokenError(where, "no file", "the log's checkpoint")
    last, _ = opened(note, verifiers, where)
    for witness in witnesses:
        open_note(note, [witness], where)
    walk = Walk(verifiers, history(log), [*seen, (where, note)])
    _walk(log, walk, last.size, show)
    return Verified(last, walk.signer, walk.checkpoints, walk.accounts, walk.told_from, note)


def verify_unsigned(log: Stored, show: Callable[[int, int], None]) -> Verified:
    """Verify a log in a database that nobody signed: that its entries have the root that was committed with them.

    That proves no more than that nothing was damaged: whoever changed it could have changed the root too.
    """
    last = Checkpoint("", log.head.size, log.head.root)
    walk = Walk((), iter(()), ())
    _walk(log, walk, last.size, show)
    if walk.edge.root() != last.root:
        raise BrokenError(
            f"{log.name}, audit log", f"the root {last.root.hex()}", f"{walk.edge.root().hex()}"
        )
    return Verified(last, None, 0, walk.accounts, walk.told_from)


def _walk(log: Published, walk: Walk, size: int, show: Callable[[int, int], None]) -> None:
    read = 0
    for start in range(0, size, WIDTH):
        number, width = start // WIDTH, min(WIDTH, size - start)
        path = f"{log.name}/{tile_path(ENTRIES, number, width)}"
        body = _body(log, ENTRIES, number, width)
        for place, entry in enumerate(unbundled(body, width, path)):
            walk.take(entry, f"{path}, entry {start + place}")
        _check_tiles(log, walk.edge, size)
        read += len(body)
        show(walk.edge.size, read)
    walk.end()


def _check_tiles(log: Published, edge: RightEdge, size: int) -> None:
    """Compare the tiles that are full now, or as full as they will be, with those of the log."""
    for level, number, hashes in edge.changed():
        width = len(hashes) // HASH_BYTES
        if (width == WIDTH or edge.size == size) and _body(log, level, number, width) != hashes:
            where = f"{log.name}/{tile_path(level, number, width)}"
            raise BrokenError(where, "other hashes", "those of the entries below it")


def _body(log: Published, level: int, number: int, width: int) -> bytes:
    body = log.body(level, number, width)
    if body is None:
        where = f"{log.name}/{tile_path(level, number, width)}"
        raise BrokenError(where, "no file", "a part of the log that its checkpoint promises")
    return body


class Walk:
    """A way along the entries: what the tree is so far, who signs it, what was accounted for and what was indexed."""

    def __init__(
        self, verifiers: Sequence[Verifier], on_the_way: Iterator[Note], seen: Sequence[Note]
    ) -> None:
        """Take the checkpoints that lie on the way, in order, and others.

        Raises BrokenError where one is of another log, or not signed by one of `verifiers`.
        """
        self.edge = RightEdge()
        self.accounts: dict[str, Account] = {}
        self.indexed = Indexed()
        self.signer: Verifier | None = None
        self.told_from = 0
        self.checkpoints = 0
        self._verifiers = list(verifiers)
        self._on_the_way = on_the_way
        self._next = self._opened(next(on_the_way, None))
        self._seen = [each for each in map(self._opened, seen) if each is not None]
        self._check_heads()

    def _opened(self, note: Note | None) -> Opened | None:
        if note is None:
            return None
        self.checkpoints += 1
        return (note[0], *opened(note[1], self._verifiers, note[0]))

    def take(self, entry: bytes, where: str) -> None:
        """Take the next entry. Raises BrokenError where it, or a checkpoint of this size, is not as it must be."""
        leaf = leaf_hash(entry)
        self.edge.append(leaf)
        told = self._read(entry, where)
        self.indexed.take(entry, leaf, told, where)
        self._check_heads()

    def end(self) -> None:
        """Raise BrokenError where a checkpoint is of a longer log than there is, or out of order."""
        for left in (self._next, *self._seen):
            if left is not None and (left is self._next or left[1].size > self.edge.size):
                found = f"a checkpoint of {left[1].size:,} entries"
                raise BrokenError(
                    left[0], found, f"at most the {self.edge.size:,} that the log has, in order"
                )

    def _check_heads(self) -> None:
        """Compare the checkpoints of this size with the tree."""
        size = self.edge.size
        while self._next is not None and self._next[1].size == size:
            self._check(self._next)
            self._next = self._opened(next(self._on_the_way, None))
        for each in self._seen:
            if each[1].size == size:
                self._check(each)

    def _check(self, note: Opened) -> None:
        where, checkpoint, signers = note
        root = self.edge.root()
        if checkpoint.root != root:
            found = f"the root {checkpoint.root.hex()} of {checkpoint.size:,} entries"
            raise BrokenError(where, found, f"{root.hex()}, to which the entries lead")
        if self.signer is not None and self.signer not in signers:
            names = ", ".join(each.short for each in signers)
            raise BrokenError(
                where, f"the signature of {names}", f"that of {self.signer.short}, whose turn it is"
            )
        self.signer = self.signer or signers[0]

    def _read(self, entry: bytes, where: str) -> dict[str, Any]:
        """Look at what an entry says, as far as the log itself depends on it, and return that."""
        try:
            told = _ANY.decode(entry)
        except msgspec.MsgspecError:
            told = None
        if not isinstance(told, dict) or not isinstance(told.get("kind"), str):
            raise BrokenError(where, repr(entry[:40]), "an entry: a JSON object with a kind")
        if entry.isascii() and _SORTED.encode(told) != entry:
            raise BrokenError(where, "JSON of another form", "canonical JSON (RFC 8785)")
        try:
            self._follow(told, where)
        except (KeyError, TypeError, AttributeError):
            raise BrokenError(where, repr(entry[:60]), f"the fields of {told['kind']}") from None
        return told

    def _follow(self, told: dict[str, Any], where: str) -> None:
        match told["kind"]:
            case "ingest.commit":
                self._account(told, where)
            case "log.refolded":
                self.accounts, self.told_from, self.indexed = {}, self.edge.size, Indexed()
            case kind if kind == ROTATED:
                self._rotate(told, where)

    def _account(self, told: dict[str, Any], where: str) -> None:
        """Check that a tenant's inputs are accounted for without a gap."""
        before = self.accounts.get(told["tenant"], Account())
        position, counts = told["position"], told["counts"]
        whole = before.position // COMMIT_EVERY * COMMIT_EVERY + COMMIT_EVERY
        if not before.position < position <= whole:
            expected = f"one behind {before.position:,} and up to {whole:,}"
            raise BrokenError(where, f"an account of {position:,} inputs of {told['tenant']}", expected)
        if sum(counts.values()) != position:
            raise BrokenError(
                where, f"counts that add up to {sum(counts.values()):,}", f"{position:,} inputs"
            )
        shrunk = [name for name, count in before.counts.items() if counts.get(name, 0) < count]
        if shrunk:
            raise BrokenError(where, f"fewer inputs {shrunk[0]} than before", "counts that only grow")
        self.accounts[told["tenant"]] = Account(position, counts)

    def _rotate(self, told: dict[str, Any], where: str) -> None:
        """Let the key that the log names sign from here on; whoever verifies must know it."""
        new = told["event"]["data"]["new"]
        try:
            verifier = verifier_of(new)
        except ValueError as error:
            raise BrokenError(where, repr(new), str(error)) from None
        if verifier not in self._verifiers:
            raise BrokenError(where, f"that {verifier.short} signs from here on", "a key given with --key")
        self.signer = verifier
