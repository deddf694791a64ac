"""The daily random check: which consultations of a day are looked at, drawn so that all can redraw.

Theory of operation. The day is all entries of the log from the first whose time is in the day (UTC)
to the last before the first of a later day, by number; entries marked ``late`` set no bounds. Of
these, the entries with ``op`` ``consult`` by a person are the population. The seed is the root hash
of the first checkpoint that covers the first entry after the day: nobody knows it while the day
lasts, and it depends on every entry before it. Each entry's ticket is

    SHA-256("samband-sample/v1" LF day LF root, 64 hex digits LF number, decimal LF)

and the entries with the smallest tickets are taken: one in a hundred, at least twenty.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gateway.model.errors import LocalError

TAG = "samband-sample/v1"
PERCENT = 1
FEWEST = 20
MACHINES = frozenset({"system", "command"})
"""Actors that are no person."""


class NoSample(LocalError):
    """The day cannot be drawn yet, or holds nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A day's draw: ``root`` is of the checkpoint of ``size`` entries, hex."""

    day: str
    size: int
    root: str
    population: tuple[int, ...]
    taken: tuple[int, ...]


def ticket(day: str, root: str, seq: int) -> bytes:
    """Return the ticket of an entry, 32 bytes."""
    return hashlib.sha256(f"{TAG}\n{day}\n{root}\n{seq}\n".encode()).digest()


def how_many(population: int) -> int:
    """Return how many of a day's consultations are looked at."""
    return min(population, max(FEWEST, -(-population * PERCENT // 100)))


def draw(day: str, root: str, population: Iterable[int]) -> tuple[int, ...]:
    """Return the numbers that are taken, in order."""
    numbers = list(population)
    by_ticket = sorted(numbers, key=lambda seq: ticket(day, root, seq))
    return tuple(sorted(by_ticket[: how_many(len(numbers))]))


def sample_of(database: Path, day: str) -> Sample:
    """Draw the sample of a day (``2026-11-25``) from a log; raises NoSample.

    It needs nothing but the log and its checkpoints, so anybody who holds a copy can draw it.
    """
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as db:
        first = _first_from(db, f"{day}T00:00:00")
        after = _first_from(db, f"{day}T99")
        if first is None:
            raise NoSample(f"{day}: the log holds nothing of that day or later")
        if after is None:
            raise NoSample(f"{day}: the day is not over in the log: nothing later is in it")
        row = db.execute(
            "SELECT size, root FROM checkpoint WHERE size > ? ORDER BY size LIMIT 1", (after,)
        ).fetchone()
        if row is None:
            raise NoSample(f"{day}: no checkpoint covers entry {after} yet", hint="Try later.")
        population = tuple(_consultations(db, first, after))
    root = bytes(row[1]).hex()
    return Sample(
        day=day,
        size=row[0],
        root=root,
        population=population,
        taken=draw(day, root, population),
    )


def _first_from(db: sqlite3.Connection, stamp: str) -> int | None:
    """Return the number of the first entry, not late, whose time is ``stamp`` or after."""
    size = db.execute("SELECT COALESCE(MAX(seq), -1) + 1 FROM audit_log").fetchone()[0]
    low, high = 0, size
    while low < high:  # times of entries that are not late rise but for steps of the clock
        middle = (low + high) // 2
        found = _stamp_at(db, middle)
        if found is None or found[1] >= stamp:
            high = middle
        else:
            low = found[0] + 1
    found = _stamp_at(db, low)
    return found[0] if found is not None and found[1] >= stamp else None


def _stamp_at(db: sqlite3.Connection, seq: int) -> tuple[int, str] | None:
    """Return number and time of the first entry from ``seq`` on that is not late."""
    for number, raw in db.execute(
        "SELECT seq, entry FROM audit_log WHERE seq >= ? ORDER BY seq", (seq,)
    ):
        entry = json.loads(raw)
        if not entry.get("late"):
            return number, str(entry["ts"])
    return None


def _consultations(db: sqlite3.Connection, first: int, after: int) -> Iterable[int]:
    rows = db.execute(
        "SELECT seq, entry FROM audit_log WHERE seq >= ? AND seq < ? ORDER BY seq", (first, after)
    )
    for seq, raw in rows:
        entry = json.loads(raw)
        actor = entry["actor"]["id"]
        if entry["op"] == "consult" and entry["result"] == "ok" and actor not in MACHINES:
            yield seq
