"""Witnesses over real HTTP, over radio texts, and what they refuse."""

import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dispatch.audit import cosign as cosign_module
from dispatch.audit.checkpoint import Cosigner, NoteSigner
from dispatch.audit.cosign import Cosigning, take_line, witness_at
from dispatch.audit.cosigned import CosignedNotes, NotCosigned
from dispatch.audit.files import LogUnavailable
from dispatch.audit.merkle import Frontier
from dispatch.audit.prover import Prover
from dispatch.audit.radio_text import (
    MAX_CHARACTERS,
    BadText,
    checkpoint_note,
    checkpoint_text,
    cosignature_of,
    cosignature_text,
    read_receipt,
)
from dispatch.audit.trust import TrustedKey, cosignatures, read_note, split_note
from dispatch.audit.witness import (
    HEARD_HEADER,
    STATE_FILE,
    Witness,
    read_request,
    request_bytes,
)
from dispatch.audit.witness_server import WitnessServer
from gateway.model.errors import ConfigError, LocalError
from gateway.model.ids import UtcUs
from tests.dispatch.audit.conftest import ORIGIN, State
from tests.dispatch.audit.killed_writer import entry

NOW_S = 1_795_000_000
VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors/audit/checkpoint_vectors.json").read_text("utf-8")
)


class House:
    """A log, and a witness in another folder."""

    def __init__(self, state: State, folder: Path) -> None:
        self.state = state
        self.folder = folder
        folder.mkdir()
        self.log = state.log()
        self.log.open()
        self.key = TrustedKey(self.log._signer.vkey)
        self.cosigner = Cosigner("witness.test/w1", Ed25519PrivateKey.generate())
        self.witness_key = TrustedKey(self.cosigner.vkey)
        Witness.create(folder, self.cosigner)
        self.witness = Witness(folder, self.cosigner, [self.key])

    def grow(self, entries: int) -> str:
        """Append entries and return the checkpoint's note."""
        start = self.log.size
        self.log.append([entry(self.state, start + number) for number in range(entries)])
        self.log.write_head()
        note = self.log.checkpoint(UtcUs(start))
        assert note is not None
        return note

    def ask(self, old: int, note: str | None = None) -> Any:
        with Prover(self.state.database) as prover:
            newest = prover.newest_checkpoint()
            assert newest is not None
            body = request_bytes(old, prover.consistency(old, newest.size), note or newest.note)
        return self.witness.add(body, NOW_S)

    def reopen(self) -> None:
        self.witness.close()
        self.witness = Witness(self.folder, self.cosigner, [self.key])


@pytest.fixture
def house(state: State, tmp_path: Path) -> Iterator[House]:
    house = House(state, tmp_path / "witness")
    yield house
    house.witness.close()
    house.log.close()


def fork(house: House, size: int) -> str:
    """Sign another tree of the same log with the same key."""
    tree = Frontier()
    for number in range(size):
        tree.append(bytes([number]) * 32)
    return house.log._signer.sign(size, tree.root())


def test_what_grows_is_cosigned_and_the_state_outlives_the_process(house: House) -> None:
    note = house.grow(3)
    first = house.ask(0)
    assert first.status == 200
    found = cosignatures(note + first.body, [house.witness_key])
    assert [one.at_s for one in found] == [NOW_S]
    house.reopen()
    assert house.witness.newest(ORIGIN) == note + first.body
    house.grow(5)
    assert house.ask(3).status == 200
    assert house.ask(8).status == 200, "the same again: cosigned again"
    assert house.witness.newest("another") is None


def test_rollback_fork_and_nonsense_are_refused_in_the_protocol_s_numbers(house: House) -> None:
    old = house.grow(3)
    assert house.ask(0).status == 200
    house.grow(4)
    assert house.ask(3).status == 200
    stale = house.ask(3)
    assert (stale.status, stale.body) == (409, "7\n")
    assert stale.headers["Content-Type"] == "text/x.tlog.size"
    assert house.ask(0, old).status == 409, "back to three entries"
    assert house.witness.add(request_bytes(3, [], old), NOW_S).status == 409
    forked = house.witness.add(request_bytes(7, [], fork(house, 7)), NOW_S)
    assert (forked.status, "forked" in forked.body) == (409, True)
    longer = house.witness.add(request_bytes(7, [], fork(house, 9)), NOW_S)
    assert longer.status == 422
    assert house.witness.add(request_bytes(9, [], old), NOW_S).status == 400
    assert house.witness.newest(ORIGIN) is not None
    assert "\n7\n" in str(house.witness.newest(ORIGIN))


def test_strangers_and_wrong_signatures_are_refused(house: House) -> None:
    note = house.grow(2)
    stranger = NoteSigner("stranger.test/log", Ed25519PrivateKey.generate())
    impostor = NoteSigner(ORIGIN, Ed25519PrivateKey.generate())
    root = house.log.root
    assert house.witness.add(request_bytes(0, [], stranger.sign(2, root)), NOW_S).status == 404
    assert house.witness.add(request_bytes(0, [], impostor.sign(2, root)), NOW_S).status == 403
    bent = note.replace("\n2\n", "\n3\n")
    assert house.witness.add(request_bytes(0, [], bent), NOW_S).status == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"old x\n\nnote",
        b"old 00\n\naudit\n0\nAA==\n\n\xe2\x80\x94 a AAAA\n",
        b"new 0\n\nx\n\n",
        b"\xff\n\n",
        b"old 0\n" + b"AAAA\n" * 64 + b"\naudit\n0\nAA==\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"x" * 70_000,
    ],
)
def test_malformed_requests_are_refused(house: House, body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_request(body)
    assert house.witness.add(body, NOW_S).status == 400


def test_it_stores_before_it_answers(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.grow(2)

    def full(*_args: object, **_kwargs: object) -> None:
        raise LogUnavailable("witness.json: No space left on device")

    monkeypatch.setattr("dispatch.audit.witness.replace_file", full)
    with pytest.raises(LogUnavailable):
        house.ask(0)
    monkeypatch.undo()
    assert house.witness.newest(ORIGIN) is None, "what was not stored was not seen"
    assert house.ask(0).status == 200


def test_a_witness_without_its_state_does_not_begin_anew(house: House, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="another witness runs"):
        Witness(house.folder, house.cosigner, [])
    with pytest.raises(ConfigError, match="already"):
        Witness.create(house.folder, house.cosigner)
    house.witness.close()
    other = Cosigner("other.test/w", Ed25519PrivateKey.generate())
    with pytest.raises(ConfigError, match="not of other"):
        Witness(house.folder, other, [])
    (house.folder / STATE_FILE).write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError) as damaged:
        Witness(house.folder, house.cosigner, [])
    (house.folder / STATE_FILE).unlink()
    with pytest.raises(ConfigError) as gone:
        Witness(house.folder, house.cosigner, [])
    for error in (damaged.value, gone.value):
        assert "restore the file" in error.hint


def test_vector_of_a_cosignature() -> None:
    seed = bytes.fromhex(VECTORS["witness_seed_hex"])
    cosigner = Cosigner("witness.example.org/w1", Ed25519PrivateKey.from_private_bytes(seed))
    assert cosigner.vkey == VECTORS["witness_vkey"]
    note = VECTORS["cosigned_checkpoint"]
    (found,) = cosignatures(note, [TrustedKey(VECTORS["witness_vkey"])])
    text, lines = split_note(note)
    assert cosigner.line(text, found.at_s) == lines[1] + "\n"
    assert read_note(note, [TrustedKey(VECTORS["log_vkey"])], "vector").size == 8
    bent = note.replace("88CAtgAAAABrBg5Y", "88CAtgAAAABrBg5Z")
    with pytest.raises(ValueError, match="cosignature of witness"):
        cosignatures(bent, [TrustedKey(VECTORS["witness_vkey"])])


# ---- over HTTP ---------------------------------------------------------------------------------


@pytest.fixture
def served(house: House) -> Iterator[str]:
    server = WitnessServer(("127.0.0.1", 0), house.witness, lambda: NOW_S)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def cosigning(house: House, url: str) -> Cosigning:
    at = witness_at(house.cosigner.vkey, url)
    return Cosigning(house.state.database, house.state.audit, (at,))


def test_the_server_asks_and_keeps_what_was_cosigned(house: House, served: str) -> None:
    asking = cosigning(house, served)
    assert [state.fault for state in asking.ask_all()] == [""], "nothing to cosign yet"
    note = house.grow(4)
    (state,) = asking.ask_all()
    assert (state.size, state.at_s, state.fault) == (4, NOW_S, "")
    notes = CosignedNotes(house.state.audit)
    (line,) = notes.lines_for(note, [house.witness_key])
    assert cosignatures(note + line, [house.witness_key])
    assert notes.lines_for(house.grow(1), [house.witness_key]) == []
    (state,) = cosigning(house, served).ask_all()
    assert state.size == 5


def test_a_server_that_lost_what_was_cosigned_learns_the_size(house: House, served: str) -> None:
    house.grow(4)
    cosigning(house, served).ask_all()
    house.grow(4)
    for path in CosignedNotes(house.state.audit).notes():
        path.unlink()
    (state,) = cosigning(house, served).ask_all()
    assert (state.size, state.fault) == (8, "")


def test_a_log_that_was_cut_is_told_so(house: House, served: str, tmp_path: Path) -> None:
    house.grow(4)
    cosigning(house, served).ask_all()
    second = State(tmp_path / "cut")
    second.folder = house.state.folder
    log = second.log()
    log.open()
    log.append([entry(second, 1)])
    log.checkpoint(UtcUs(1))
    log.close()
    at = witness_at(house.cosigner.vkey, served)
    (state,) = Cosigning(second.database, second.audit, (at,)).ask_all()
    assert "it has seen 4 entries, this log has 1: cut?" in state.fault
    assert state.size == 0


def test_a_witness_that_is_away_or_talks_nonsense_is_a_fault_in_words(
    house: House, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.grow(2)
    (state,) = cosigning(house, "http://127.0.0.1:1").ask_all()
    assert "refused" in state.fault
    (state,) = cosigning(house, served + "/elsewhere").ask_all()
    assert "refused (404)" in state.fault
    reply = cosign_module._Reply(status=200, body="— someone AAAAAAAA\n", heard=None)
    monkeypatch.setattr(cosign_module, "_post", lambda *_args: reply)
    (state,) = cosigning(house, served).ask_all()
    assert "its cosignature is not in what it answered" in state.fault
    monkeypatch.setattr(cosign_module, "_post", lambda *_args: replace(reply, body="x"))
    (state,) = cosigning(house, served).ask_all()
    assert state.fault
    assert CosignedNotes(house.state.audit).notes() == []


def test_what_the_web_service_answers(house: House, served: str) -> None:
    note = house.grow(2)
    assert house.ask(0).status == 200
    host = served.removeprefix("http://")

    def fetch(method: str, path: str, **more: Any) -> tuple[int, str]:
        connection = http.client.HTTPConnection(host, timeout=10)
        connection.request(method, path, **more)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    status, text = fetch("GET", f"/checkpoint?origin={ORIGIN}")
    assert (status, text.startswith(note)) == (200, True)
    assert fetch("GET", "/checkpoint?origin=other")[0] == 404
    assert fetch("GET", "/elsewhere")[0] == 404
    assert fetch("POST", "/elsewhere", body=b"")[0] == 404
    assert fetch("POST", "/add-checkpoint", headers={"Content-Length": "x"})[0] == 400
    assert fetch("POST", "/add-checkpoint", headers={"Content-Length": "999999"})[0] == 400
    assert fetch("POST", "/add-checkpoint", body=b"old\n\n")[0] == 400


def test_a_witness_address_that_cannot_be_right_is_refused(house: House) -> None:
    with pytest.raises(ConfigError):
        witness_at("nonsense", "http://127.0.0.1")
    with pytest.raises(ConfigError):
        witness_at(house.key.vkey, "http://127.0.0.1")
    with pytest.raises(ConfigError):
        witness_at(house.cosigner.vkey, "ftp://127.0.0.1")


# ---- over radio --------------------------------------------------------------------------------


def test_a_checkpoint_fits_into_one_radio_message_and_comes_back_whole(house: House) -> None:
    note = house.grow(3)
    line = checkpoint_text(note)
    assert len(line) <= MAX_CHARACTERS
    assert line.isascii()
    assert checkpoint_note(line) == note
    vector = VECTORS["checkpoint"].replace("\n8\n", "\n100000000\n")
    assert len(checkpoint_text(vector)) < 190


def test_heard_is_kept_receipted_and_never_cosigned(house: House) -> None:
    note = house.grow(3)
    receipt = house.witness.hear(checkpoint_text(note), NOW_S)
    assert len(receipt) <= MAX_CHARACTERS
    text, _ = split_note(note)
    assert read_receipt(receipt, text, house.witness_key).size == 3
    with pytest.raises(BadText):
        read_receipt(receipt.replace(" 3 ", " 4 "), text, house.witness_key)
    with pytest.raises(BadText):
        read_receipt("SH1 x", text, house.witness_key)
    assert house.witness.newest(ORIGIN) is None
    assert house.witness.hear(checkpoint_text(note), NOW_S) == receipt, "told twice: the same"
    with pytest.raises(BadText, match="forked"):
        house.witness.hear(checkpoint_text(fork(house, 3)), NOW_S)
    with pytest.raises(BadText, match="cut"):
        house.witness.hear(checkpoint_text(fork(house, 2)), NOW_S)
    stranger = NoteSigner("stranger.test/log", Ed25519PrivateKey.generate()).sign(9, b"\0" * 32)
    with pytest.raises(BadText, match="does not know"):
        house.witness.hear(checkpoint_text(stranger), NOW_S)
    impostor = NoteSigner(ORIGIN, Ed25519PrivateKey.generate()).sign(9, b"\0" * 32)
    with pytest.raises(BadText, match="no trusted key"):
        house.witness.hear(checkpoint_text(impostor), NOW_S)


def test_what_was_heard_must_be_shown_to_be_a_beginning(house: House, served: str) -> None:
    heard = house.grow(3)
    house.witness.hear(checkpoint_text(heard), NOW_S)
    house.reopen()
    house.grow(3)
    answer = house.ask(0)
    assert (answer.status, answer.headers[HEARD_HEADER]) == (409, "3")


def test_the_server_shows_what_was_heard_first(house: House, served: str) -> None:
    house.witness.hear(checkpoint_text(house.grow(3)), NOW_S)
    house.grow(3)
    (state,) = cosigning(house, served).ask_all()
    assert (state.size, state.fault) == (6, "")
    assert house.ask(6).status == 200


def test_a_log_that_told_another_tale_by_radio_is_never_cosigned_again(
    house: House, served: str
) -> None:
    house.witness.hear(checkpoint_text(fork(house, 3)), NOW_S)
    house.grow(3)
    (state,) = cosigning(house, served).ask_all()
    assert "heard by radio" in state.fault
    house.grow(3)
    (state,) = cosigning(house, served).ask_all()
    assert "heard by radio" in state.fault
    assert state.size == 0


def test_a_cosignature_travels_by_radio(house: House) -> None:
    note = house.grow(3)
    answer = house.ask(0)
    (found,) = cosignatures(note + answer.body, [house.witness_key])
    line = cosignature_text(read_note(note, [house.key], "note"), found)
    assert len(line) <= MAX_CHARACTERS
    origin, size, signature = cosignature_of(line)
    assert (origin, size) == (ORIGIN, 3)
    folder = house.state.audit
    kept = take_line(house.state.database, folder, size, signature, house.witness_key)
    assert kept.cosignature == found
    bent = signature.replace("A", "B", 1)
    with pytest.raises(NotCosigned):
        take_line(house.state.database, folder, size, bent, house.witness_key)
    with pytest.raises(LocalError, match="no checkpoint of size 4"):
        take_line(house.state.database, folder, 4, signature, house.witness_key)


@pytest.mark.parametrize("line", ["", "SB1 a b", "SB1 a x AA== AAAAAAA=", "SC1 a b c d", "SH1 1"])
def test_damaged_radio_texts_are_refused(line: str) -> None:
    with pytest.raises(BadText):
        checkpoint_note(line)
    with pytest.raises(BadText):
        cosignature_of(line)


def test_a_name_too_long_for_one_message_is_refused() -> None:
    signer = NoteSigner("a" * 120, Ed25519PrivateKey.generate())
    with pytest.raises(LocalError, match="one message takes 251"):
        checkpoint_text(signer.sign(1, b"\0" * 32))
    with pytest.raises(LocalError, match="signature is missing"):
        checkpoint_text(signer.sign(1, b"\0" * 32).replace("— a", "— b"))
