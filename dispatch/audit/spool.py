"""Sealed entries of live acts that wait until the log can be written again.

One file, one canonical entry a line, synced after each batch. A line that a crash cut in half is
skipped and counted. Entries come out with ``late: true``.
"""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

SPOOL_FILE = "audit.jsonl"


class Spool:
    """The file of waiting entries."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; the file is made when it is first needed."""
        self._path = folder / SPOOL_FILE
        self.waiting = 0
        self.broken = 0

    def exists(self) -> bool:
        """Whether anything may wait."""
        return self._path.exists()

    def put(self, entries: list[bytes]) -> None:
        """Append entries and sync; raises OSError when the disk takes no more."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            for entry in entries:
                file.write(entry + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.waiting += len(entries)

    def read(self) -> list[dict[str, Any]]:
        """Return the waiting entries in order."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            self.waiting = 0
            return []
        entries: list[dict[str, Any]] = []
        self.broken = 0
        for line in filter(None, lines):
            try:
                entry = json.loads(line)
            except ValueError:
                self.broken += 1
                continue
            entries.append(entry)
        self.waiting = len(entries)
        return entries

    def clear(self) -> None:
        """Forget the entries, now that they are in the log."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        self.waiting = 0
