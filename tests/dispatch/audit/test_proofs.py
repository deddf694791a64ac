"""The checking side of proofs: vectors, every size up to 40, one wrong bit, an oracle."""

import hashlib
import json
from itertools import pairwise
from pathlib import Path

import pymerkle
import pytest

from dispatch.audit.merkle import Frontier, consistency_proof, inclusion_proof, root_at
from dispatch.audit.proofs import consistent, leaf_hash, root_of_inclusion

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors/audit/rfc6962_vectors.json").read_text("utf-8")
)
ROOTS = [bytes.fromhex(VECTORS["empty_root"]), *map(bytes.fromhex, VECTORS["roots_by_size"])]
LEAVES = [leaf_hash(bytes.fromhex(text)) for text in VECTORS["leaf_inputs_hex"]]


class Grown:
    """A tree with its nodes in a dictionary."""

    def __init__(self, size: int) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        tree = Frontier()
        for number in range(size):
            for level, idx, digest in tree.append(leaf_hash(entry(number))):
                self.nodes[level, idx] = digest

    def node(self, level: int, idx: int) -> bytes:
        return self.nodes[level, idx]


def entry(number: int) -> bytes:
    return f'{{"entry":{number}}}'.encode()


def hashes(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


@pytest.mark.parametrize("place", VECTORS["inclusion"])
def test_inclusion_vectors(place: str) -> None:
    index, size = map(int, place.split(","))
    path = hashes(VECTORS["inclusion"][place])
    assert root_of_inclusion(LEAVES[index], index, size, path) == ROOTS[size]


@pytest.mark.parametrize("place", VECTORS["consistency"])
def test_consistency_vectors(place: str) -> None:
    old, new = map(int, place.split(","))
    path = hashes(VECTORS["consistency"][place])
    assert consistent(old, new, ROOTS[old], ROOTS[new], path)


def test_every_pair_of_sizes_and_nothing_else() -> None:
    grown = Grown(40)
    roots = [root_at(size, grown.node) for size in range(41)]
    for new in range(41):
        for old in range(new + 1):
            path = consistency_proof(old, new, grown.node)
            assert consistent(old, new, roots[old], roots[new], path)
            assert not consistent(old, new, roots[old], roots[new], [*path, roots[1]])
            if 0 < old < new:
                assert not consistent(old, new, roots[old], roots[old], path)
            if path:
                assert not consistent(old, new, roots[old], roots[new], path[:-1])
                bent = [bytes([path[0][0] ^ 1]) + path[0][1:], *path[1:]]
                assert not consistent(old, new, roots[old], roots[new], bent)
                assert not consistent(old, new, roots[1], roots[new], path) or old == 1
        for index in range(new):
            path = inclusion_proof(index, new, grown.node)
            leaf = leaf_hash(entry(index))
            assert root_of_inclusion(leaf, index, new, path) == roots[new]
            assert root_of_inclusion(leaf, index + 1, new, path) != roots[new]
            assert root_of_inclusion(leaf, index, new, [*path, leaf]) is None


def test_sizes_below_zero_and_hashes_of_another_length_are_refused() -> None:
    assert root_of_inclusion(ROOTS[1], -1, 1, []) is None
    assert root_of_inclusion(ROOTS[1], 0, 2, [b"short"]) is None
    assert not consistent(3, 2, ROOTS[3], ROOTS[2], [])
    assert not consistent(-1, 2, ROOTS[1], ROOTS[2], [])
    assert not consistent(1, 2, ROOTS[1], ROOTS[2], [b"short"])
    assert not consistent(3, 4, ROOTS[3], ROOTS[4], [])
    assert not consistent(0, 4, ROOTS[1], ROOTS[4], [])


def oracle(size: int) -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(size):
        tree.append_entry(entry(number))
    return tree


def test_another_implementation_finds_the_same_roots_and_accepts_the_same_proofs() -> None:
    sizes = (1, 2, 3, 7, 8, 9, 64, 100, 257)
    tree, grown = oracle(sizes[-1]), Grown(sizes[-1])
    roots = {size: root_at(size, grown.node) for size in sizes}
    assert {size: tree.get_root(size) for size in sizes} == roots
    for old, new in pairwise(sizes):
        theirs = tree.prove_consistency(old, new)
        pymerkle.verify_consistency(roots[old], roots[new], theirs, old, new)
        ours = consistency_proof(old, new, grown.node)
        assert consistent(old, new, roots[old], roots[new], ours)
    for index in (0, 1, 99, 255, 256):
        proof = tree.prove_inclusion(index + 1, 257)
        ours = inclusion_proof(index, 257, grown.node)
        leaf = leaf_hash(entry(index))
        proof.path[1:] = ours
        pymerkle.verify_inclusion(leaf, roots[257], proof, index + 1, 257)
        proof.path[-1] = leaf_hash(b"another")
        with pytest.raises(pymerkle.InvalidProof):
            pymerkle.verify_inclusion(leaf, roots[257], proof, index + 1, 257)


def test_the_leaf_is_prefixed() -> None:
    assert leaf_hash(b"x") == hashlib.sha256(b"\x00x").digest()
