"""Checks inclusion and consistency proofs (RFC 9162, 2.1.3.2 and 2.1.4.2).

The checking side: shares nothing with the tree that makes the proofs, and needs nothing but the
standard library, so that the offline verifier carries this very file.
"""

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
MAX_PROOF_HASHES = 63
"""A tree of 2^63 leaves is 63 levels high; a longer list is nonsense."""


def leaf_hash(data: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that a leaf hash and its path lead to; None when the path cannot be right."""
    if not 0 <= index < size or any(len(item) != HASH_BYTES for item in path):
        return None
    at, last, digest = index, size - 1, leaf
    for other in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            digest = _node(other, digest)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            digest = _node(digest, other)
        at, last = at >> 1, last >> 1
    return digest if last == 0 else None


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether ``path`` proves that the tree of ``old`` leaves is a beginning of that of ``new``."""
    if not 0 <= old <= new or any(len(item) != HASH_BYTES for item in path):
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == hashlib.sha256(b"").digest()
    # A tree whose size is a power of two is a node of the new tree: its root is not repeated.
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not hashes:
        return False
    return _walk(old, new, hashes) == (old_root, new_root)


def _walk(old: int, new: int, hashes: list[bytes]) -> tuple[bytes, bytes] | None:
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = hashes[0]
    for other in hashes[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            first, second = _node(other, first), _node(other, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = _node(second, other)
        at, last = at >> 1, last >> 1
    return (first, second) if last == 0 else None
