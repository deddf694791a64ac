"""Notes against the C2SP vectors, byte for byte, read by the verifier's own code."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dispatch.audit.checkpoint import BadNote, NoteSigner, TreeHead, tlog_proof
from dispatch.audit.merkle import Frontier, inclusion_proof, leaf_hash
from dispatch.audit.verify import TrustedKey, read_note
from gateway.model.errors import LocalError

FOLDER = Path(__file__).parents[2] / "vectors/audit"
VECTORS = json.loads((FOLDER / "checkpoint_vectors.json").read_text("utf-8"))
INPUTS = json.loads((FOLDER / "rfc6962_vectors.json").read_text("utf-8"))["leaf_inputs_hex"]
ORIGIN = "audit.example.se/dispatch1"


def signer() -> Any:
    seed = bytes.fromhex(VECTORS["log_seed_hex"])
    return NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(seed))


def tree() -> Any:
    frontier, nodes = Frontier(), {}
    for text in INPUTS:
        made = frontier.append(leaf_hash(bytes.fromhex(text)))
        nodes.update({(level, idx): digest for level, idx, digest in made})
    return frontier, lambda level, idx: nodes[level, idx]


def test_checkpoint_bytes() -> None:
    note = signer().sign(8, tree()[0].root())
    assert note == VECTORS["checkpoint"]
    assert signer().vkey == VECTORS["log_vkey"]


def test_proof_bytes() -> None:
    path = inclusion_proof(5, 8, tree()[1])
    expected = VECTORS["tlog_proof_index5_size8"]
    assert tlog_proof(5, path, VECTORS["cosigned_checkpoint"]) == expected


@pytest.mark.parametrize("name", ["checkpoint", "cosigned_checkpoint"])
def test_verifier_reads_the_note_and_ignores_unknown_keys(name: Any) -> None:
    signed = read_note(VECTORS[name], [TrustedKey(VECTORS["log_vkey"])], "it")
    assert (signed.origin, signed.size) == (ORIGIN, 8)
    assert signed.root == tree()[0].root() == TreeHead.from_note(VECTORS[name]).root


def test_every_changed_byte_of_a_note_is_refused() -> None:
    keys = [TrustedKey(VECTORS["log_vkey"])]
    raw = VECTORS["checkpoint"].encode()
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises(ValueError):  # noqa: PT011  # many words, each tested elsewhere
            read_note(changed.decode("utf-8", "replace"), keys, "it")


@pytest.mark.parametrize(
    "note", ["", "a\n1\nx\n\n— a b\n", "a\n01\n" + "A" * 43 + "=\n\n— a b\n", "a\n1\n\n— a b\n"]
)
def test_other_forms_are_refused(note: Any) -> None:
    with pytest.raises(BadNote):
        TreeHead.from_note(note)


def test_an_origin_that_a_note_cannot_carry_is_refused() -> None:
    with pytest.raises(LocalError, match="without spaces"):
        NoteSigner("my log", Ed25519PrivateKey.generate())


def test_a_wrong_verifier_key_is_refused() -> None:
    with pytest.raises(ValueError, match="its id is"):
        TrustedKey(VECTORS["log_vkey"].replace("+560db70c+", "+560db70d+"))
    with pytest.raises(ValueError, match="expected name"):
        TrustedKey("name")
