"""The tree against RFC 6962 vectors; proofs checked by the steps of RFC 9162, 2.1.3 and 2.1.4."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from dispatch.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_at,
    root_of,
)
from dispatch.audit.verify import Tree

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors/audit/rfc6962_vectors.json").read_text("utf-8")
)
LEAVES = [leaf_hash(bytes.fromhex(text)) for text in VECTORS["leaf_inputs_hex"]]


def stored(leaves: Any) -> Any:
    """All complete subtrees of a log, as the table keeps them."""
    tree, nodes = Frontier(), {}
    for leaf in leaves:
        nodes.update({(level, idx): digest for level, idx, digest in tree.append(leaf)})
    return lambda level, idx: nodes[level, idx]


def join(left: Any, right: Any) -> Any:
    return hashlib.sha256(b"\x01" + left + right).digest()


def included(index: Any, size: Any, leaf: Any, path: Any, root: Any) -> Any:
    """RFC 9162, 2.1.3.2."""
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = join(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = join(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def consistent(first: Any, second: Any, first_root: Any, second_root: Any, path: Any) -> Any:
    """RFC 9162, 2.1.4.2."""
    if first == second:
        return not path and first_root == second_root
    if first & (first - 1) == 0:
        path = [first_root, *path]
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = join(c, fr), join(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = join(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == first_root and sr == second_root and sn == 0


def test_roots_by_size() -> None:
    assert VECTORS["empty_root"] == EMPTY_ROOT.hex() == Frontier().root().hex()
    for size, root in enumerate(VECTORS["roots_by_size"], start=1):
        assert root_of(LEAVES[:size]).hex() == root
        assert root_at(size, stored(LEAVES)).hex() == root
        verifiers = Tree()
        for leaf in LEAVES[:size]:
            verifiers.grow(leaf)
        assert verifiers.root().hex() == root


@pytest.mark.parametrize("key", VECTORS["inclusion"])
def test_inclusion_vectors(key: Any) -> None:
    index, size = map(int, key.split(","))
    path = inclusion_proof(index, size, stored(LEAVES))
    assert [item.hex() for item in path] == VECTORS["inclusion"][key]


@pytest.mark.parametrize("key", VECTORS["consistency"])
def test_consistency_vectors(key: Any) -> None:
    old, new = map(int, key.split(","))
    path = consistency_proof(old, new, stored(LEAVES))
    assert [item.hex() for item in path] == VECTORS["consistency"][key]


def test_every_proof_of_a_larger_tree_verifies() -> None:
    leaves = [leaf_hash(str(n).encode()) for n in range(70)]
    nodes = stored(leaves)
    for size in range(1, 70):
        root = root_at(size, nodes)
        for index in range(size):
            path = inclusion_proof(index, size, nodes)
            assert included(index, size, leaves[index], path, root)
            assert not included(index, size, leaf_hash(b"other"), path, root)
        for old in range(1, size + 1):
            path = consistency_proof(old, size, nodes)
            assert consistent(old, size, root_at(old, nodes), root, path)


def test_proofs_outside_the_tree_are_refused() -> None:
    with pytest.raises(ValueError, match="below 8"):
        inclusion_proof(8, 8, stored(LEAVES))
    with pytest.raises(ValueError, match="up to 8"):
        consistency_proof(9, 8, stored(LEAVES))
    assert consistency_proof(0, 8, stored(LEAVES)) == []
