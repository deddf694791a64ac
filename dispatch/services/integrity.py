"""What can be proved of a recording now: its bytes, its entry in the log, the entry's place in it.

The bytes are hashed again, the entry's leaf too, and the path to the root is walked; a tree that
was changed underneath does not lead to the root that the log's writer holds.
"""

import asyncio
import json
from pathlib import Path

from sqlalchemy import Text, cast, or_
from sqlmodel import Session, col, select

from dispatch.audit.merkle import inclusion_proof, leaf_hash, node_hash
from dispatch.audit.tables import AuditLog, AuditNode
from dispatch.audit.writer import AuditWriter
from dispatch.retention.sealed import SealedFiles
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from gateway.model.errors import RadioError
from gateway.ports import Clock

COLLECTED = ("recording.closed", "upload.received")
"""Entries that name the hashes of a recording: our own, or one as it was uploaded."""


class RecordingIntegrity:
    """Checks one recording against the audit log."""

    def __init__(  # what it compares
        self,
        store: Store,
        writer: AuditWriter,
        files: SealedFiles,
        folder: Path,
        clock: Clock,
    ) -> None:
        """Take the log's writer, which knows the root, and the folder of the recordings."""
        self._store = store
        self._writer = writer
        self._files = files
        self._folder = folder
        self._clock = clock
        self._seqs: dict[str, int] = {}

    async def check(self, transmission: str, sha256: str, name: str) -> Row:
        """Return hash, entry, number of proof hashes, root and whether all of it fits together."""
        status = self._writer.status
        known = self._seqs.get(transmission)
        entry_seq, path_ok, hashes = await self._store.read_audit(
            lambda db: _prove(db, transmission, sha256, known, size=status.size, root=status.root)
        )
        if entry_seq is not None:
            self._seqs[transmission] = entry_seq
        same_bytes = await asyncio.to_thread(self._hash_is, self._folder / name, sha256)
        return {
            "sha256": sha256,
            "entry_seq": entry_seq,
            "proof_hashes": hashes,
            "root": status.root.hex(),
            "size": status.size,
            "verified_utc": self._clock.utc_us(),
            "ok": entry_seq is not None and path_ok and same_bytes,
        }

    def _hash_is(self, path: Path, sha256: str) -> bool:
        try:
            with self._files.open(path) as reader:
                return reader.sha256() == sha256
        except (OSError, RadioError):
            return False


def _prove(
    db: Session, transmission: str, sha256: str, known: int | None, *, size: int, root: bytes
) -> tuple[int | None, bool, int]:
    found = _find(db, transmission, known)
    if found is None or found.seq >= size:
        return None, False, 0
    entry = json.loads(found.entry)
    leaf = leaf_hash(found.entry)
    path = inclusion_proof(found.seq, size, lambda level, index: _node(db, level, index))
    named = sha256 in entry["detail"].get("sha256", [])
    fits = leaf == found.leaf and root_from(leaf, found.seq, size, path) == root
    return found.seq, named and fits, len(path)


def _find(db: Session, transmission: str, known: int | None) -> AuditLog | None:
    if known is not None:
        return db.get(AuditLog, known)
    text = cast(col(AuditLog.entry), Text)
    return db.exec(
        select(AuditLog)
        .where(text.contains(f'"id":"{transmission}"', autoescape=True))
        .where(or_(*(text.contains(f'"verb":"{v}"', autoescape=True) for v in COLLECTED)))
        .order_by(col(AuditLog.seq).desc())
        .limit(1)
    ).first()


def _node(db: Session, level: int, index: int) -> bytes:
    if level == 0:
        row = db.get(AuditLog, index)
        return row.leaf if row else b""
    node = db.get(AuditNode, (level, index))
    return node.hash if node else b""


def root_from(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Return the root that a leaf and its path lead to (RFC 9162, 2.1.3.2); empty if too short."""
    at, last, digest = index, size - 1, leaf
    for other in path:
        if last == 0:
            return b""
        if at & 1 or at == last:
            digest = node_hash(other, digest)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            digest = node_hash(digest, other)
        at, last = at >> 1, last >> 1
    return digest if last == 0 else b""
