"""``erased.list``: what was erased, outside the database, so that no old backup brings it back.

One line ``<type> <id>`` an object, only ever longer, written and synced before the database forgets
the object; a copy lies beside the audit head. The database knows how many octets it has followed
(mark ``erased_list``); what lies behind them is erased at the next start: after a crash what had
begun, after a restored backup all that was erased since it was made.

Ids only; places, camera events and desk telemetry are not listed: their time is over in a restored
database too, and the first look erases them.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sqlmodel import Session

from dispatch.retention.due import PASSING
from dispatch.retention.tables import RetentionMark
from gateway.recording.files import sync_folder

LIST_FILE = "erased.list"
RESTORED_FILE = "erased.restored"
"""Lies beside the list after a restore, until the database has followed all of it."""
MARK = "erased_list"


class ErasedList:
    """The list and its copies."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Take the folder of the audit log, and that of its head where it is another."""
        self._paths = tuple(dict.fromkeys(folder / LIST_FILE for folder in folders))

    @property
    def first(self) -> Path:
        """The list that is read."""
        return self._paths[0]

    @property
    def size(self) -> int:
        """Octets of the list."""
        return self.first.stat().st_size if self.first.exists() else 0

    @property
    def restored(self) -> bool:
        """Whether the database came from a backup and has not followed the list yet."""
        return self.first.with_name(RESTORED_FILE).exists()

    def followed(self) -> None:
        """Say that a restored database has followed the list."""
        self.first.with_name(RESTORED_FILE).unlink(missing_ok=True)

    def add(self, objects: Iterable[tuple[str, str]]) -> int:
        """Append objects, synced to disk; returns the list's octets. Raises OSError."""
        lines = "".join(f"{kind} {one}\n" for kind, one in objects if kind not in PASSING)
        if not lines:
            return self.size
        for path in self._paths:
            fresh = not path.exists()
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(lines.encode("ascii"))
                file.flush()
                os.fsync(file.fileno())
            if fresh:
                sync_folder(path.parent)
        return self.size

    def after(self, octets: int) -> Iterator[tuple[str, str]]:
        """Yield the objects behind so many octets; half a last line is passed over."""
        if not self.first.exists():
            return
        with self.first.open("rb") as file:
            file.seek(octets)
            for line in file:
                kind, _, one = line.decode("ascii", "replace").partition(" ")
                if line.endswith(b"\n") and one.strip():
                    yield kind, one.strip()


def mark_of(db: Session) -> int:
    """Return how far the database has followed the list."""
    row = db.get(RetentionMark, MARK)
    return row.value if row else 0


def set_mark(db: Session, octets: int) -> None:
    """Keep how far the database has followed the list."""
    db.merge(RetentionMark(name=MARK, value=octets))
