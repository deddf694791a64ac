"""The Merkle root (RFC 6962) of a set of object ids: what a list of an erasure comes down to.

Each leaf is the text ``<type>/<id>`` in UTF-8; leaves are sorted by their octets, each once.
"""

from collections.abc import Iterable

from dispatch.audit.merkle import leaf_hash, root_of


def root_of_ids(objects: Iterable[tuple[str, str]]) -> str:
    """Return the root in hex; of nothing, the SHA-256 of nothing."""
    texts = sorted({f"{kind}/{one}".encode() for kind, one in objects})
    return root_of(leaf_hash(text) for text in texts).hex()
