"""The oracle agrees with our tree, tiles, notes and proofs, and refuses what was changed."""

from __future__ import annotations

import shutil
from base64 import b64encode
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.fold import Engine
from engine.merkle import inclusion_proof, leaf_hash, perfect_root
from engine.windows import Zone
from monitoring.completing import answer_completely
from monitoring.proving import prove
from streams.audit.completeness import Completeness, parse
from streams.audit.proofs import Proof
from streams.audit.publishing import Stored, export
from streams.audit.query import Query
from streams.embedded import Runner
from streams.ports import Block
from streams.sources.shops import events
from streams.stores.sqlite_reading import open_reader
from tests.monitoring.auditing import asked, make
from tests.servers.kafka_jars import UnavailableError
from tests.streams.audit.folders import SIGNER, write_log
from tests.streams.running import open_at
from tests.streams.running import program as program_of_rules
from tests.tlog.oracle import Verdict, program, verdict

pytestmark = pytest.mark.slow
ENTRIES = [b'{"n":%d}' % n for n in range(700)]


@pytest.fixture(scope="module", autouse=True)
def _oracle() -> None:
    try:
        program()
    except UnavailableError as error:
        pytest.skip(f"no oracle: {error}")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_log(tmp_path / "log", ENTRIES)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 513, 700])
def test_it_verifies_what_we_write(tmp_path: Path, size: int) -> None:
    folder = write_log(tmp_path, ENTRIES[:size])
    found = verdict(folder, folder / "key.pub")
    assert found.holds, found.words
    root = (folder / "checkpoint").read_text().split("\n")[2]
    assert found.words == f"{size} entries, root {root}"


def test_it_verifies_the_log_of_a_run_and_a_proof_of_an_alert(tmp_path: Path) -> None:
    store = open_at(tmp_path / "shop.db")
    runner = Runner(store, Engine(program_of_rules()), signer=SIGNER)
    for at in range(0, 6_000, 2_000):
        runner.take("log", Block(list(islice(events(5), at, at + 2_000)), None))
        runner.end()
    store.close()
    with open_reader(tmp_path / "shop.db") as reader:
        stored = Stored(reader.audit, "shop.db")
        checkpoint = export(stored, tmp_path / "log", lambda _, __: None)
        first = next(head.note for head in reader.audit.heads())
        alert, _, proof = prove(reader, next(reader.records()).alert, None, None)
    assert checkpoint.size > 256
    assert first is not None
    (tmp_path / "key.pub").write_text(str(SIGNER.verifier))
    (tmp_path / "first").write_bytes(first)
    (tmp_path / "a.tlog-proof").write_bytes(proof.encode())
    found = verdict(tmp_path / "log", tmp_path / "key.pub", tmp_path / "first")
    root = b64encode(checkpoint.root).decode()
    assert found.words == f"{checkpoint.size} entries, root {root}"
    proved = verdict(tmp_path / "a.tlog-proof", tmp_path / "key.pub")
    assert proved.holds, proved.words
    assert alert in proved.words


@pytest.mark.parametrize("old", [1, 255, 256, 300, 700])
def test_it_verifies_that_a_log_grew(tmp_path: Path, log: Path, old: int) -> None:
    before = write_log(tmp_path / "before", ENTRIES[:old])
    found = verdict(log, log / "key.pub", before / "checkpoint")
    assert found.holds, found.words


@pytest.mark.parametrize("index", [0, 255, 256, 699])
def test_it_verifies_a_proof(tmp_path: Path, log: Path, index: int) -> None:
    leaves = [leaf_hash(entry) for entry in ENTRIES]
    hashes = inclusion_proof(
        index, 700, lambda level, at: perfect_root(leaves[at << level : (at + 1) << level])
    )
    proof = Proof(ENTRIES[index], index, tuple(hashes), (log / "checkpoint").read_bytes())
    path = tmp_path / "a.tlog-proof"
    path.write_bytes(proof.encode())
    found = verdict(path, log / "key.pub")
    assert found.words == f"entry {index} of 700: {ENTRIES[index].decode()}"
    path.write_bytes(Proof(ENTRIES[index - 1], *(proof.index, proof.hashes, proof.checkpoint)).encode())
    assert not verdict(path, log / "key.pub").holds


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> dict[str | None, Completeness]:
    """Make a signed database, and the proofs of what it told of an account with entries, of one without, and of all."""
    path = tmp_path_factory.mktemp("proofs") / "shop.db"
    make(path)
    found = {}
    for account in ("wechat-07-2", "nobody", None):
        query = Query(account=account, tenant="shops", proof=True)
        event = asked(path, query)
        with open_reader(path) as reader:
            found[account] = answer_completely(reader, query, event, Zone("Asia/Shanghai"))[1]
    return found


@pytest.mark.parametrize("account", ["wechat-07-2", "nobody", None])
def test_it_verifies_that_entries_are_all_there_are(
    tmp_path: Path, proofs: dict[str | None, Completeness], account: str | None
) -> None:
    found = completeness_verdict(tmp_path, proofs[account])
    count = sum(len(day.entries) for day in proofs[account].days)
    assert found.words == f"{count} entries, and no others, until {proofs[account].until}"
    assert bool(count) == (account != "nobody")


def completeness_verdict(folder: Path, proof: Completeness) -> Verdict:
    (folder / "a.completeness").write_bytes(proof.encode())
    (folder / "key.pub").write_text(str(SIGNER.verifier))
    return verdict(folder / "a.completeness", folder / "key.pub")


@pytest.mark.parametrize(
    ("account", "attack", "words"),
    [
        pytest.param("wechat-07-2", lambda p: p.replace("warn", "info"), "not those of the row", id="a milder entry"),
        pytest.param(
            "wechat-07-2", lambda p: p.replace("wechat-07-2", "other", 1), "an entry of", id="another account"
        ),
        pytest.param(None, lambda p: p.replace("warn", "info"), "committed is", id="a milder entry of a tenant"),
        pytest.param(
            "nobody", lambda p: p.replace('"place": 2,', '"place": 3,'), "invalid transparency", id="a row elsewhere"
        ),
        pytest.param("nobody", lambda p: p.replace("example", "exomple"), "", id="another checkpoint"),
    ],
)  # fmt: skip
def test_it_refuses_a_proof_of_completeness_that_was_changed(
    tmp_path: Path,
    proofs: dict[str | None, Completeness],
    account: str | None,
    attack: Callable[[str], str],
    words: str,
) -> None:
    changed = attack(proofs[account].encode().decode())
    assert changed.encode() != proofs[account].encode()
    found = completeness_verdict(tmp_path, parse(changed.encode(), "changed"))
    assert (found.holds, words in found.words) == (False, True), found.words


@pytest.mark.parametrize("account", ["wechat-07-2", "nobody", None])
def test_it_refuses_a_proof_of_completeness_without_one_of_its_days(
    tmp_path: Path, proofs: dict[str | None, Completeness], account: str | None
) -> None:
    days = proofs[account].days
    for left_out in range(len(days)):
        some = tuple(day for at, day in enumerate(days) if at != left_out)
        assert not completeness_verdict(tmp_path, replace(proofs[account], days=some)).holds


def flip(log: Path, name: str) -> None:
    path = log / name
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(bytes(body))


def rewrite(log: Path, entries: list[bytes]) -> None:
    """Put other entries under the checkpoint that is there."""
    signed = (log / "checkpoint").read_bytes()
    shutil.rmtree(log / "tile")
    write_log(log, entries)
    (log / "checkpoint").write_bytes(signed)


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(lambda log: flip(log, "tile/0/001"), id="a flipped bit in a tile"),
        pytest.param(lambda log: flip(log, "tile/entries/002.p/188"), id="a flipped bit in an entry"),
        pytest.param(lambda log: flip(log, "checkpoint"), id="a flipped bit in the checkpoint"),
        pytest.param(lambda log: rewrite(log, ENTRIES[:9] + ENTRIES[10:]), id="a dropped leaf"),
        pytest.param(lambda log: rewrite(log, [ENTRIES[1], ENTRIES[0], *ENTRIES[2:]]), id="a swapped pair"),
        pytest.param(lambda log: rewrite(log, ENTRIES[:600]), id="a truncated tail"),
    ],
)
def test_it_refuses_a_log_that_was_changed(log: Path, attack: Callable[[Path], None]) -> None:
    attack(log)
    assert not verdict(log, log / "key.pub").holds


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([b"another", *ENTRIES[1:]], id="a forked history"),
        pytest.param(ENTRIES[:600], id="a truncated tail, signed again"),
    ],
)
def test_it_refuses_a_history_other_than_the_one_it_knew(
    tmp_path: Path, log: Path, entries: list[bytes]
) -> None:
    forked = write_log(tmp_path / "forked", entries)
    assert verdict(forked, forked / "key.pub").holds, "alone it looks right"
    assert not verdict(forked, forked / "key.pub", log / "checkpoint").holds
