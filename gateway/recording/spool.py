"""A spool of live acts: what could not be put into the log yet, in order, each delivered once.

Two files in one folder: ``acts.jsonl``, one JSON object a line ``{"n":1,"entry":{…}}``, synced
before ``append`` returns; ``acts.done``, the number of the last act that was delivered. Numbers
never come back, so that a receiver that saw ``n`` knows a repetition (a crash between delivery and
mark). A line that a crash cut in half was never promised to anybody and is removed.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from gateway.recording.files import write_json


class Spooled(NamedTuple):
    """One act with its number."""

    n: int
    entry: dict[str, Any]


class Spool:
    """Appends and delivers; every call does its own file work, so use it from one thread."""

    def __init__(self, folder: Path) -> None:
        """Open the spool, reading what a crash left."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "acts.jsonl"
        self._mark = folder / "acts.done"
        self._done = self._read_mark()
        self._waiting = self._read_lines()
        last = self._waiting[-1].n if self._waiting else 0
        self._last = max(last, self._done)
        self._waiting = [act for act in self._waiting if act.n > self._done]
        self._file = self._path.open("ab")

    def __len__(self) -> int:
        """Return how many acts wait."""
        return len(self._waiting)

    def append(self, entry: dict[str, Any]) -> int:
        """Keep an act; it is on disk when this returns. Returns its number."""
        act = Spooled(self._last + 1, entry)
        line = json.dumps({"n": act.n, "entry": entry}, sort_keys=True, ensure_ascii=False)
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._last = act.n
        self._waiting.append(act)
        return act.n

    def deliver(self, receive: Callable[[Spooled], None]) -> int:
        """Give every waiting act to ``receive``, in order; returns how many were taken.

        An exception of ``receive`` stops the delivery and is passed on; what it took is marked.
        """
        taken = 0
        try:
            while self._waiting:
                receive(self._waiting[0])
                self._done = self._waiting.pop(0).n
                taken += 1
        finally:
            if taken:
                write_json(self._mark, {"done": self._done})
        if taken:
            self._empty()
        return taken

    def close(self) -> None:
        """Close the file; safe twice."""
        self._file.close()

    def _empty(self) -> None:
        """Everything is delivered: begin a fresh file (the mark keeps the numbers going)."""
        self._file.truncate(0)
        os.fsync(self._file.fileno())

    def _read_mark(self) -> int:
        if not self._mark.exists():
            return 0
        return int(json.loads(self._mark.read_bytes())["done"])

    def _read_lines(self) -> list[Spooled]:
        if not self._path.exists():
            return []
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) != len(data):
            os.truncate(self._path, len(whole))
        lines = (json.loads(line) for line in whole.split(b"\n") if line)
        return [Spooled(value["n"], value["entry"]) for value in lines]
