"""The RFC 6962 hash tree: growing it, its root at any size, inclusion and consistency proofs.

Complete subtrees are stored once as nodes ``(level, idx)``: level 0 are leaf hashes, node
``(level, idx)`` covers the leaves ``idx·2^level`` to ``(idx+1)·2^level − 1``. Everything else is
computed from them, so a proof costs a few dozen look-ups however long the log is.
"""

import hashlib
from collections.abc import Callable, Iterable

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeSource = Callable[[int, int], bytes]
"""Returns the stored hash of a complete subtree (level, idx)."""


def leaf_hash(data: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the complete subtrees that make up a tree, biggest first: all that grows it."""

    def __init__(self, size: int = 0, nodes: NodeSource | None = None) -> None:
        """Begin with the tree of ``size`` leaves, its subtrees taken from ``nodes``."""
        self.size = size
        self._stack: list[tuple[int, bytes]] = []
        if size and nodes is None:
            raise ValueError("frontier: a tree that has leaves needs its stored nodes")
        start = 0
        for level in range(size.bit_length() - 1, -1, -1):
            if size >> level & 1 and nodes is not None:
                self._stack.append((level, nodes(level, start >> level)))
                start += 1 << level

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf hash; returns the subtrees it completes as (level, idx, hash), leaf first."""
        made = [(0, self.size, leaf)]
        level, digest = 0, leaf
        while self._stack and self._stack[-1][0] == level:
            digest = node_hash(self._stack.pop()[1], digest)
            level += 1
            made.append((level, self.size >> level, digest))
        self._stack.append((level, digest))
        self.size += 1
        return made

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        if not self._stack:
            return EMPTY_ROOT
        digest = self._stack[-1][1]
        for _, left in reversed(self._stack[:-1]):
            digest = node_hash(left, digest)
        return digest

    def copy(self) -> "Frontier":
        """Return a tree of its own that stands at the same place."""
        twin = Frontier()
        twin.size = self.size
        twin._stack = list(self._stack)
        return twin


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root of leaf hashes."""
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def root_at(size: int, nodes: NodeSource) -> bytes:
    """Return the root that the tree had at ``size``."""
    return Frontier(size, nodes).root()


def _split(width: int) -> int:
    """Return the largest power of two below ``width`` (RFC 6962, 2.1)."""
    return 1 << ((width - 1).bit_length() - 1)


def _range_root(start: int, end: int, nodes: NodeSource) -> bytes:
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return nodes(level, start >> level)
    middle = start + _split(width)
    return node_hash(_range_root(start, middle, nodes), _range_root(middle, end, nodes))


def inclusion_proof(index: int, size: int, nodes: NodeSource) -> list[bytes]:
    """Return the hashes from leaf to root that prove entry ``index`` in the tree of ``size``."""
    if not 0 <= index < size:
        raise ValueError(f"inclusion: expected an index below {size}, got {index}")
    start, end = 0, size
    path: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_root(middle, end, nodes))
            end = middle
        else:
            path.append(_range_root(start, middle, nodes))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, nodes: NodeSource) -> list[bytes]:
    """Return the hashes that prove that the tree of ``old`` is a beginning of that of ``new``."""
    if not 0 <= old <= new:
        raise ValueError(f"consistency: expected an old size up to {new}, got {old}")
    if old in (0, new):
        return []
    start, end = 0, new
    whole = True
    path: list[bytes] = []
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_root(middle, end, nodes))
            end = middle
        else:
            path.append(_range_root(start, middle, nodes))
            start = middle
            whole = False
    if not whole:
        path.append(_range_root(start, end, nodes))
    return path[::-1]
