"""Where keys are kept: a private one in a file that its owner alone can read, or in a variable; a public one anywhere.

There is no default key: a log that anybody could have signed proves nothing.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from secrets import token_bytes

from streams.audit.notes import (
    COSIGNATURE,
    ED25519,
    PRIVATE,
    Signer,
    Verifier,
    check_name,
    signer_of,
    verifier_of,
)
from streams.refusing import RefusedError

_MOST_BYTES = 4_096  # Of a key file: one line.


def make_signer(name: str | None, kind: bytes = ED25519) -> Signer:
    """Draw a key, of a log or a witness. Without a name it gets `weiguard/` and its beginning. Raises ValueError."""
    seed = token_bytes(32)
    if name is None:
        name = f"weiguard/{Signer('weiguard', seed).verifier.public.hex()[:16]}"
    return Signer(check_name(name), seed, kind)


def write_keys(signer: Signer, path: Path) -> Path:
    """Write a private key to a file, and the public one beside it; return where that is. Raises RefusedError.

    Neither file may exist: a key that is overwritten is lost, and with it the log that it signs.
    """
    public = path.with_name(f"{path.name}.pub")
    for each in (path, public):
        if each.exists():
            raise RefusedError(
                str(each), "a file", "none: a key is never overwritten", "name another with --out"
            )
    private = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(private, "w", encoding="utf-8") as file:
        file.write(f"{signer.private()}\n")
    public.write_text(f"{signer.verifier}\n", encoding="utf-8")
    return public


def read_signer(given: str, where: str, kind: bytes = ED25519) -> Signer:
    """Return the private key that a setting gives: itself, or the path of its file. Raises RefusedError."""
    found = _read_signer(given, where)
    _check_kind(found.verifier, kind, where if given.startswith(PRIVATE) else given)
    return found


def _read_signer(given: str, where: str) -> Signer:
    if given.startswith(PRIVATE):
        return _signer(given, where)
    path = Path(given)
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno())
            if mode.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise RefusedError(
                    given,
                    f"a private key that others can read (mode {stat.S_IMODE(mode.st_mode):03o})",
                    "mode 600",
                    f"run `chmod 600 {given}`, and if others did read it, make another with `weiguard audit keygen`",
                )
            text = file.read(_MOST_BYTES)
    except OSError as error:
        raise RefusedError(
            given, _found(error), "a private key", "make one with `weiguard audit keygen`"
        ) from None
    return _signer(text.decode("utf-8", "replace"), given)


def read_verifier(path: Path, kind: bytes = ED25519) -> Verifier:
    """Return the public key in a file. Raises RefusedError."""
    mend = "name the .pub file that `weiguard audit keygen` wrote"
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise RefusedError(str(path), _found(error), "a public key", mend) from None
    try:
        verifier = verifier_of(text)
    except ValueError as error:
        found = "a private key" if text.startswith(PRIVATE) else repr(text.strip()[:60])
        raise RefusedError(str(path), found, str(error), mend) from None
    _check_kind(verifier, kind, str(path))
    return verifier


def _check_kind(verifier: Verifier, kind: bytes, where: str) -> None:
    names = {ED25519: "the key of a log", COSIGNATURE: "the key of a witness"}
    if verifier.kind != kind:
        mend = "`weiguard audit keygen` makes the one, and with --witness the other"
        raise RefusedError(where, names[verifier.kind], names[kind], mend)


def _signer(text: str, where: str) -> Signer:
    try:
        return signer_of(text)
    except ValueError as error:
        raise RefusedError(
            where, "what is no private key", str(error), "make one with `weiguard audit keygen`"
        ) from None


def _found(error: OSError) -> str:
    return f"“{(error.strerror or str(error)).lower()}”"
