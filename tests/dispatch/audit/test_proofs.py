"""The checking side of proofs: vectors, every size up to 40, one wrong bit, an oracle."""

import hashlib
import json
from itertools import pairwise
from pathlib import Path

import pymerkle
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pymerkle.core import _inclusion_path_layout

from dispatch.audit.checkpoint import NoteSigner, tlog_proof
from dispatch.audit.merkle import Frontier, consistency_proof, inclusion_proof, root_at
from dispatch.audit.proofs import consistent, leaf_hash, root_of_inclusion
from dispatch.audit.witness import request_bytes

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


MILLION = 1_000_000


class OneAmongMany:
    """A tree in which one leaf differs from all others: any size, without making it."""

    def __init__(self, index: int) -> None:
        self.index = index
        same, other = leaf_hash(entry(0)), leaf_hash(entry(1))
        self._levels: list[tuple[bytes, bytes]] = []
        for level in range(MILLION.bit_length()):
            self._levels.append((same, other))
            pair = (same, other) if index >> level & 1 else (other, same)
            other = hashlib.sha256(b"\x01" + pair[0] + pair[1]).digest()
            same = hashlib.sha256(b"\x01" + same + same).digest()

    def node(self, level: int, idx: int) -> bytes:
        return self._levels[level][idx == self.index >> level]


@pytest.mark.parametrize("index", [0, 1, 524_287, 524_288, 999_998, 999_999])
def test_a_proof_among_a_million_entries_is_small_and_holds_elsewhere(index: int) -> None:
    tree = OneAmongMany(index)
    root = root_at(MILLION, tree.node)
    path = inclusion_proof(index, MILLION, tree.node)
    leaf = leaf_hash(entry(1))
    assert root_of_inclusion(leaf, index, MILLION, path) == root
    rule, _ = _inclusion_path_layout(index + 1, MILLION)
    proof = pymerkle.InclusionProof("sha256", True, MILLION, index + 1, rule, [leaf, *path])
    pymerkle.verify_inclusion(leaf, root, proof, index + 1, MILLION)
    signer = NoteSigner("audit.example.se/dispatch1", Ed25519PrivateKey.generate())
    note = signer.sign(MILLION, root)
    assert len(tlog_proof(index, path, note).encode()) <= 1200


@pytest.mark.parametrize("old", [1, 2, 524_288, 524_289, 777_777, 999_999])
def test_growth_to_a_million_entries_is_proved_in_little(old: int) -> None:
    tree = OneAmongMany(old - 1)
    path = consistency_proof(old, MILLION, tree.node)
    roots = root_at(old, tree.node), root_at(MILLION, tree.node)
    assert consistent(old, MILLION, *roots, path)
    signer = NoteSigner("audit.example.se/dispatch1", Ed25519PrivateKey.generate())
    assert len(request_bytes(old, path, signer.sign(MILLION, roots[1]))) <= 1200
