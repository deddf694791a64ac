"""Checks proofs that came as text: ``tlog-proof`` of an entry, or that a log only grew."""

import re
from collections.abc import Sequence

from dispatch.audit.proofs import consistent, leaf_hash, root_of_inclusion
from dispatch.audit.trust import TrustedKey, canonical_base64, read_note
from dispatch.audit.witness import read_request

PROOF_HEADER = "c2sp.org/tlog-proof@v1"


def check_proof(
    proof: str, keys: Sequence[TrustedKey], *, old_note: str | None, entry: bytes | None
) -> str:
    """Check a proof; returns what it shows. Raises ValueError when it does not hold."""
    if old_note is not None:
        return _check_growth(proof, keys, old_note)
    if entry is None:
        raise ValueError("there is nothing to compare the proof with")
    return _check_entry(proof, keys, entry)


def _check_growth(proof: str, keys: Sequence[TrustedKey], old_note: str) -> str:
    old = read_note(old_note, keys, "the older checkpoint")
    ask = read_request(proof.encode())
    new = read_note(ask.note, keys, "the newer checkpoint")
    if old.origin != new.origin:
        raise ValueError(f"the checkpoints are of {old.origin} and of {new.origin}")
    if ask.old != old.size:
        raise ValueError(f"the proof begins at {ask.old} entries, the checkpoint at {old.size}")
    if not consistent(old.size, new.size, old.root, new.root, ask.proof):
        raise ValueError(f"the first {old.size} entries are not a beginning of the {new.size}")
    return f"the {old.size} entries are a beginning of the {new.size} of {new.origin}"


def _check_entry(proof: str, keys: Sequence[TrustedKey], entry: bytes) -> str:
    head, gap, note = proof.partition("\n\n")
    first, place, *hashes = [*head.split("\n"), ""][: max(2, head.count("\n") + 1)]
    index = re.fullmatch(r"index (0|[1-9][0-9]{0,15})", place)
    if not gap or first != PROOF_HEADER or index is None:
        raise ValueError(f"expected {PROOF_HEADER}, index, hashes, an empty line, a checkpoint")
    signed = read_note(note, keys, "the checkpoint")
    path = [canonical_base64(line) for line in hashes]
    seq = int(index[1])
    root = root_of_inclusion(leaf_hash(entry.removesuffix(b"\n")), seq, signed.size, path)
    if root != signed.root:
        raise ValueError(f"these bytes are not entry {seq} of {signed.origin}")
    return f"entry {seq} of {signed.size} of {signed.origin}"
