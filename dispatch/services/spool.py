"""The journal's spool: one file of events that the database could not take yet, in order.

One JSON object a line, synced before ``append`` returns. It is read from the front and removed
when all of it is in the database. A line cut by a crash is the last one, and is passed over.
"""

import json
import logging
import os
from pathlib import Path

from gateway.model.errors import InvalidCommand
from gateway.model.events import Envelope

logger = logging.getLogger(__name__)

SPOOL_FILE = "journal.jsonl"
REFUSED_FILE = "refused.jsonl"


class JournalSpool:
    """A file in the folder ``spool/``; used by one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, made when it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / SPOOL_FILE
        self.refused_path = folder / REFUSED_FILE
        self._end_cut_line()

    def _end_cut_line(self) -> None:
        if not self:
            return
        with self.path.open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")

    def __bool__(self) -> bool:
        """Whether anything waits in it."""
        try:
            return self.path.stat().st_size > 0
        except FileNotFoundError:
            return False

    def count(self) -> int:
        """Return how many lines it has."""
        if not self:
            return 0
        with self.path.open("rb") as file:
            return sum(1 for _ in file)

    def append(self, envelopes: list[Envelope]) -> None:
        """Write events to the end and sync them to the disk."""
        with self.path.open("a", encoding="utf-8") as file:
            for envelope in envelopes:
                file.write(json.dumps(envelope.to_json()) + "\n")  # ASCII: any text fits
            file.flush()
            os.fsync(file.fileno())

    def read(self, offset: int, events: int) -> tuple[list[Envelope], int]:
        """Return up to ``events`` events from byte ``offset`` on, and where to go on after them."""
        batch: list[Envelope] = []
        with self.path.open("rb") as file:
            file.seek(offset)
            while len(batch) < events:
                line = file.readline()
                if not line.endswith(b"\n"):
                    break
                offset += len(line)
                envelope = _read(line)
                if envelope is not None:
                    batch.append(envelope)
        return batch, offset

    def refuse(self, envelope: Envelope, why: str) -> None:
        """Keep an event that the database will never take, for a person to look at."""
        with self.refused_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"why": why, **envelope.to_json()}) + "\n")  # ASCII: any text

    def clear(self) -> None:
        """Remove it: all of it is in the database."""
        self.path.unlink(missing_ok=True)


def _read(line: bytes) -> Envelope | None:
    try:
        return Envelope.from_json(json.loads(line))
    except (ValueError, KeyError, InvalidCommand) as error:
        logger.error("journal spool: a line of %d bytes is not an event: %s", len(line), error)
        return None
