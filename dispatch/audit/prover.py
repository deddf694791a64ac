"""Reads the log to make proofs: a connection of its own that can only read.

For commands, for asking witnesses, for evidence packages. The writer goes on meanwhile: what a
checkpoint covers never changes.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from dispatch.audit.checkpoint import TreeHead, tlog_proof
from dispatch.audit.merkle import consistency_proof, inclusion_proof
from dispatch.audit.witness import request_bytes
from gateway.model.errors import ConfigError, LocalError, RemoteError


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """A row of ``checkpoint``."""

    size: int
    root: bytes
    note: str
    at_utc: int


_CHECKPOINTS = "SELECT size, root, note, at_utc FROM checkpoint"


def _stored(row: tuple[int, bytes, str, int]) -> StoredCheckpoint:
    return StoredCheckpoint(size=row[0], root=bytes(row[1]), note=str(row[2]), at_utc=row[3])


class Prover:
    """One read-only view of the log; use it as a context."""

    def __init__(self, database: Path) -> None:
        """Open the database; raises ConfigError when there is none."""
        if not database.is_file():
            raise ConfigError(f"audit log: there is no database {database}")
        # One per use and closed by it, but a service may hand it to a thread.
        self._db = sqlite3.connect(
            f"{database.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    @property
    def size(self) -> int:
        """Entries in the table now."""
        ((last,),) = self._db.execute("SELECT max(seq) FROM audit_log")
        return 0 if last is None else int(last) + 1

    def node(self, level: int, idx: int) -> bytes:
        """Return the stored hash of a complete subtree; raises RemoteError when it is missing."""
        if level == 0:
            row = self._db.execute("SELECT leaf FROM audit_log WHERE seq=?", (idx,)).fetchone()
        else:
            row = self._db.execute(
                "SELECT hash FROM audit_node WHERE level=? AND idx=?", (level, idx)
            ).fetchone()
        if row is None:
            raise RemoteError(f"audit log: the node {level}/{idx} is missing")
        return bytes(row[0])

    def entries(self, start: int, end: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield (seq, canonical bytes, leaf hash) of the entries from ``start`` up to ``end``."""
        yield from self._db.execute(
            "SELECT seq, entry, leaf FROM audit_log WHERE seq>=? AND seq<? ORDER BY seq",
            (start, end),
        )

    def entry(self, seq: int) -> bytes:
        """Return the canonical bytes of an entry; raises LocalError when there is none."""
        for _, raw, _ in self.entries(seq, seq + 1):
            return raw
        raise LocalError(f"audit log: there is no entry {seq}")

    def entries_about(self, objects: set[str], end: int) -> list[tuple[int, bytes]]:
        """Return the entries below ``end`` whose object is one of ``type/id``, in order."""
        # A plain scan: packages are rare, and an index on JSON would cost each of the log's writes.
        # The id first: it rules out nearly every row, so that its type is seldom looked at.
        ids = sorted({one.partition("/")[2] for one in objects})
        found = self._db.execute(
            "SELECT seq, entry FROM audit_log WHERE seq<? AND "
            "json_extract(CAST(entry AS TEXT), '$.obj.id') IN (SELECT value FROM json_each(?)) "
            "AND json_extract(CAST(entry AS TEXT), '$.obj.type') || '/' || "
            "json_extract(CAST(entry AS TEXT), '$.obj.id') IN (SELECT value FROM json_each(?)) "
            "ORDER BY seq",
            (end, json.dumps(ids), json.dumps(sorted(objects))),
        )
        return [(int(seq), bytes(raw)) for seq, raw in found]

    def collected(self, verb: str, hashes: set[str], end: int) -> dict[str, str]:
        """Return, for each SHA-256, the id of the object whose ``verb`` entry names it.

        For collections that many objects share, as the messages of one batch do.
        """
        found: dict[str, str] = {}
        rows = self._db.execute(
            "SELECT entry FROM audit_log WHERE seq<? AND instr(entry, CAST(? AS BLOB))",
            (end, f'"verb":"{verb}"'),
        )
        for (raw,) in rows:
            entry = json.loads(bytes(raw))
            for one in hashes.intersection(entry["detail"].get("sha256", ())):
                found.setdefault(one, entry["obj"]["id"])
        return found

    def newest_checkpoint(self) -> StoredCheckpoint | None:
        """Return the newest checkpoint."""
        for row in self._db.execute(f"{_CHECKPOINTS} ORDER BY size DESC LIMIT 1"):
            return _stored(row)
        return None

    def checkpoint(self, size: int) -> StoredCheckpoint:
        """Return the checkpoint of a size; raises LocalError when there is none."""
        for row in self._db.execute(f"{_CHECKPOINTS} WHERE size=?", (size,)):
            return _stored(row)
        raise LocalError(
            f"audit log: there is no checkpoint of size {size}",
            hint="samband audit checkpoints lists them.",
        )

    def checkpoints(self) -> list[StoredCheckpoint]:
        """Return all checkpoints, smallest first."""
        return [_stored(row) for row in self._db.execute(f"{_CHECKPOINTS} ORDER BY size")]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the first ``old`` entries are a beginning of the first ``new``."""
        return consistency_proof(old, new, self.node)

    def inclusion(self, seq: int, size: int) -> list[bytes]:
        """Return the proof that entry ``seq`` is in the tree of ``size``."""
        return inclusion_proof(seq, size, self.node)

    def extension(self, old: int, new: StoredCheckpoint) -> bytes:
        """Return what a witness is asked: old size, consistency proof, checkpoint."""
        return request_bytes(old, self.consistency(old, new.size), new.note)

    def inclusion_text(self, seq: int, note: str) -> str:
        """Return the ``tlog-proof`` of an entry that ends in a checkpoint note."""
        size = TreeHead.from_note(note).size
        return tlog_proof(seq, self.inclusion(seq, size), note)
