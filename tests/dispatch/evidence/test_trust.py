"""Trust files: roles, quorums, and every mistake refused with its line."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dispatch.audit.checkpoint import Cosigner, NoteSigner
from dispatch.evidence.verifier.custody import check_checkpoint, wrong_proof
from dispatch.evidence.verifier.findings import Findings
from dispatch.evidence.verifier.trust import BadNote, BadTrust, Trust, read_note, read_trust

LOG = NoteSigner("log.test/a", Ed25519PrivateKey.from_private_bytes(bytes(32))).vkey
WITNESSES = [
    Cosigner(f"witness.test/{number}", Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))
    for number in range(1, 5)
]
W1, W2, W3, W4 = (one.vkey for one in WITNESSES)
SAME_KEY = Cosigner("other.name/1", Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)).vkey
FOUR = f"witness a {W1}\nwitness b {W2}\nwitness c {W3}\nwitness d {W4}\n"


def trust(rest: str) -> Trust:
    return read_trust(f"# comment\nlog {LOG} https://log.test/ # here\n\n{FOUR}{rest}")


def keys(found: Trust, names: str) -> set[bytes]:
    return {found.witnesses[name].public for name in names}


@pytest.mark.parametrize(
    ("rest", "enough", "too_few"),
    [
        ("quorum a", "a", "bcd"),
        ("group g any a b\nquorum g", "b", "cd"),
        ("group g all a b\nquorum g", "ab", "a"),
        ("group g 2 a b c\nquorum g", "ac", "ad"),
        ("group g 1 a b\ngroup h 2 g c d\nquorum h", "ac", "abx"),
    ],
)
def test_quorums(rest: str, enough: str, too_few: str) -> None:
    found = trust(rest)
    assert found.enough(keys(found, enough))
    assert not found.enough(keys(found, too_few.replace("x", "")))


def test_one_key_under_two_names_counts_once() -> None:
    found = trust(f"witness e {SAME_KEY}\ngroup g 2 a e\nquorum g")
    assert not found.enough(keys(found, "a"))
    found = trust(f"witness e {SAME_KEY}\ngroup g 2 a e b\nquorum g")
    assert found.enough(keys(found, "ab"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("quorum none", "expected a line: log"),
        (f"log {LOG}", "expected a line: quorum"),
        (f"log {LOG} url more\nquorum none", "line 1: too many words"),
        ("log", "line 1: words are missing"),
        ("log nonsense", "line 1: "),
        (f"log {W1}\nquorum none", "of kind 0x04"),
        (f"log {LOG}\nwitness a {LOG}", "line 2: the key log.test/a is of kind 0x01"),
        (f"log {LOG[:-2]}A=\nquorum none", "line 1: "),
        (f"log {LOG.replace('+', '+0', 1)}\nquorum none", "line 1: "),
        (f"log {LOG}\nquorum x", "no witness or group x"),
        (f"log {LOG}\nquorum none\nquorum none", "a second quorum"),
        (f"log {LOG}\nwitness none {W1}", "the name none is taken"),
        (f"log {LOG}\n{FOUR}witness a {W1}", "the name a is taken"),
        (f"log {LOG}\n{FOUR}group g 5 a b", "5 of 2"),
        (f"log {LOG}\n{FOUR}group g 0 a b", "0 of 2"),
        (f"log {LOG}\n{FOUR}group g some a b", "expected a number, any or all"),
        (f"log {LOG}\n{FOUR}group g 1 a x", "no witness or group x"),
        (f"log {LOG}\n{FOUR}group g 1 a a", "or one twice"),
        (f"log {LOG}\n{FOUR}group g 1", "has no members"),
        (f"log {LOG}\nsigner {LOG}", "unknown word 'signer'"),
    ],
)
def test_mistakes_are_named_with_their_line(text: str, words: str) -> None:
    with pytest.raises(BadTrust, match=words):
        read_trust(text)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\xff", b"text\n", b"text\n\n", b"text\n\n-- a AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 a\n", b"text\n\n\xe2\x80\x94 a AAA\n",
        b"text\n\n\xe2\x80\x94 a AAAA\n", b"te\x07t\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"t\n\n" + b"\xe2\x80\x94 a AAAAAAA=\n" * 1001,
    ],
)  # fmt: skip
def test_notes_of_another_form_are_refused(raw: bytes) -> None:
    with pytest.raises(BadNote):
        read_note(raw)


def test_a_note_may_bear_many_lines_of_strangers() -> None:
    signer = NoteSigner("log.test/a", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    text = "some\ntext\n"
    strangers = "— stranger AAAAAAA=\n" * 40
    note = read_note(f"{text}\n{strangers}{signer.line(text)}".encode())
    assert [key.name for key in note.signed_by(trust("quorum none").logs)] == ["log.test/a"]


def test_vectors_of_the_log_hold_for_the_offline_side_too() -> None:
    folder = Path(__file__).parents[2] / "vectors" / "audit"
    vectors = json.loads((folder / "checkpoint_vectors.json").read_text("utf-8"))
    found = Findings()
    text = f"log {vectors['log_vkey']}\nwitness w {vectors['witness_vkey']}\nquorum w\n"
    raw = vectors["cosigned_checkpoint"].encode()
    head = check_checkpoint(raw, read_trust(text), found)
    assert (found.faults, found.warnings, head.size) == ([], [], 8)
    proof = vectors["tlog_proof_index5_size8"].encode()
    leaf = bytes.fromhex(vectors["leaf_for_index5_hex"])
    assert wrong_proof(proof, leaf, 5, head) == ""
    assert "of the log" in wrong_proof(proof, leaf + b"x", 5, head)
    assert "it is the proof of entry 5" in wrong_proof(proof, leaf, 4, head)
