"""Signed notes are those of the specification: its vectors hold, and what was touched does not."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from streams.audit.broken import BrokenError
from streams.audit.notes import (
    COSIGNATURE,
    MOST_BYTES,
    Signer,
    Verifier,
    check_name,
    open_note,
    signed_by,
    signer_of,
    verifier_of,
)

# From the tests of Go's golang.org/x/mod/sumdb/note.
PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n— PeterNeumann {SIGNATURE}\n"
OTHER = Signer("example.cn/log", bytes(range(32)))


def test_keys_and_signatures_are_those_of_go() -> None:
    signer = signer_of(PRIVATE)
    assert (str(signer.verifier), signer.private()) == (PUBLIC, PRIVATE)
    assert signer.sign(TEXT).decode() == NOTE
    assert open_note(NOTE.encode(), [verifier_of(PUBLIC)], "note") == (TEXT, [signer.verifier])


def test_a_signer_never_shows_its_key() -> None:
    assert repr(signer_of(PRIVATE)) == "Signer(PeterNeumann+c74f20a3)"


@given(at=st.integers(0, len(NOTE.encode()) - 1), bit=st.integers(0, 7))
def test_a_note_with_one_flipped_bit_does_not_hold(at: int, bit: int) -> None:
    body = bytearray(NOTE.encode())
    body[at] ^= 1 << bit
    with pytest.raises(BrokenError):
        open_note(bytes(body), [verifier_of(PUBLIC)], "note")


def test_unknown_signatures_are_passed_over_and_known_ones_must_hold() -> None:
    mine, theirs = OTHER.sign(TEXT), NOTE.encode()
    both = mine + theirs.rpartition(b"\n\n")[2]
    assert open_note(both, [verifier_of(PUBLIC)], "note")[1] == [verifier_of(PUBLIC)]
    assert open_note(both, [verifier_of(PUBLIC), OTHER.verifier], "note")[1] == [
        OTHER.verifier,
        verifier_of(PUBLIC),
    ]
    assert signed_by(both, "note") == [OTHER.verifier.short, "PeterNeumann+c74f20a3"]
    spoilt = mine + OTHER.sign("another\n").rpartition(b"\n\n")[2]
    with pytest.raises(BrokenError, match=r"found a wrong signature of example\.cn/log"):
        open_note(spoilt, [OTHER.verifier], "note")


def test_a_stranger_s_note_is_refused_by_name() -> None:
    with pytest.raises(BrokenError) as refused:
        open_note(OTHER.sign(TEXT), [verifier_of(PUBLIC)], "checkpoint")
    found = OTHER.verifier.short
    assert (
        str(refused.value)
        == f"checkpoint: found the signature of {found}; expected that of PeterNeumann+c74f20a3"
    )


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(TEXT.encode(), id="no signatures"),
        pytest.param(NOTE.encode()[:-1], id="no last newline"),
        pytest.param(NOTE.encode().replace(b"\n\n", b"\n"), id="no empty line"),
        pytest.param(NOTE.encode().replace("—".encode(), b"-"), id="no em dash"),
        pytest.param(b"\xff" + NOTE.encode(), id="no UTF-8"),
        pytest.param(b"\0" + NOTE.encode(), id="a control character"),
        pytest.param(b"a" * MOST_BYTES + NOTE.encode(), id="too long"),
    ],
)
def test_what_is_no_note_is_refused(note: bytes) -> None:
    with pytest.raises(BrokenError, match=r"found .*; expected "):
        open_note(note, [verifier_of(PUBLIC)], "note")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="nothing"),
        pytest.param(PRIVATE, id="the private key"),
        pytest.param(PUBLIC.replace("c74f20a3", "c74f20a4"), id="another id"),
        pytest.param(PUBLIC.replace("ARpc", "ARpd"), id="another key"),
        pytest.param(PUBLIC.replace("ARpc", "BhpC"), id="another type of signature"),
        pytest.param(PUBLIC[:-4], id="a key cut off"),
        pytest.param(PUBLIC.replace("Peter", "Peter "), id="a space in the name"),
        pytest.param("name+c74f20a3+?", id="no base64"),
    ],
)
def test_what_is_no_public_key_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="a public key"):
        verifier_of(line)


@pytest.mark.parametrize("line", ["", PUBLIC, PRIVATE[:-4], PRIVATE.replace("c74f20a3", "c74f20a4")])
def test_what_is_no_private_key_is_refused_without_being_shown(line: str) -> None:
    with pytest.raises(ValueError, match="a private key") as refused:
        signer_of(line)
    assert "AYEKFAL" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a\u3000b", "a\0"])
def test_a_name_with_spaces_or_plus_signs_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a name without spaces"):
        check_name(name)


def test_a_name_may_be_chinese() -> None:
    signer = Signer(check_name("例子.cn/审计"), bytes(32))
    assert verifier_of(str(signer.verifier)) == Verifier(signer.name, signer.verifier.public)
    assert open_note(signer.sign("x\n"), [signer.verifier], "n")[0] == "x\n"


WITNESS = Signer("witness.example.cn", bytes(32), COSIGNATURE)


def test_a_witness_signs_a_text_and_a_time() -> None:
    note = WITNESS.cosign(NOTE.encode(), 1_679_315_147)
    assert open_note(note, [verifier_of(PUBLIC)], "n")[0] == TEXT
    assert open_note(note, [WITNESS.verifier], "n") == (TEXT, [WITNESS.verifier])
    # As c2sp.org/tlog-cosignature words it, by the library alone.
    line = note.decode().splitlines()[-1].removeprefix("— witness.example.cn ")
    signature = b64decode(line)
    public = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    key_id = sha256(b"witness.example.cn\n\x04" + public.public_bytes_raw()).digest()[:4]
    assert signature[:12] == key_id + (1_679_315_147).to_bytes(8, "big")
    public.verify(signature[12:], b"cosignature/v1\ntime 1679315147\n" + TEXT.encode())


def test_a_witness_s_time_cannot_be_changed() -> None:
    note = WITNESS.cosign(NOTE.encode(), 1_679_315_147)
    other = note.replace(
        b64encode(WITNESS.verifier.key_id + (1_679_315_147).to_bytes(8, "big")),
        b64encode(WITNESS.verifier.key_id + (1_679_315_148).to_bytes(8, "big")),
    )
    assert other != note
    with pytest.raises(BrokenError, match=r"a wrong signature of witness\.example\.cn"):
        open_note(other, [WITNESS.verifier], "n")


def test_the_key_of_a_witness_is_another_than_that_of_a_log() -> None:
    log = Signer(WITNESS.name, WITNESS.seed)
    assert log.verifier.key_id != WITNESS.verifier.key_id
    assert signer_of(WITNESS.private()) == WITNESS
    assert verifier_of(str(WITNESS.verifier)) == WITNESS.verifier
