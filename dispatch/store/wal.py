"""Carries the write-ahead log of an SQLite file into the file, beside the commits, not inside them.

Theory of operation. SQLite by itself does this in whichever commit makes the log 1,000 pages long:
that commit then waits for hundreds of pages and two syncs. Here a thread with a connection of its
own looks each second. ``PASSIVE`` hinders nobody: what is carried over entirely lets the next
writer begin the log anew. ``TRUNCATE`` needs the writers' turn, so it follows a PASSIVE and finds
nearly nothing left: when nothing was written for some seconds, at the latest after a minute, and
when the file is long. So a text that was erased is a minute later in no file of the database,
unless somebody reads that long; an erasure asks for it and waits. A commit is as durable as
before: it is synced into the log, and the log is emptied only when the file was synced.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from dispatch.store.turns import Turns

logger = logging.getLogger(__name__)

BOUND_PAGES = 50_000
"""From here on (200 MB) a commit does it after all: nobody else did."""
LOOK_S = 1.0
PASSIVE_S = 5.0
GROWN_BYTES = 4 << 20
"""What a log may grow before it is carried over sooner."""
LONG_BYTES = 32 << 20
QUIET_S = 3.0
EMPTY_S = 60.0
AGAIN_S = 5.0
"""After a reader kept the log from being emptied."""
BUSY_MS = 100
"""How long writers may be held up for a reader."""
TURN_S = 2.0
STEP_S = 0.2


class WalKeeper:
    """Keeps the log of one file short; ``start`` starts its thread."""

    def __init__(self, file: Path, turns: Turns, now: Callable[[], float] = time.monotonic) -> None:
        """Name the database's file, and the queue of its writers."""
        self._file = file
        self._wal = file.with_name(file.name + "-wal")
        self._turns = turns
        self._now = now
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._seen: tuple[int, int] | None = None
        self._passive_seen: tuple[int, int] | None = None
        self._written_at = self._passive_at = self._emptied_at = now()
        self._wait_until = 0.0

    def start(self) -> None:
        """Begin to look, unless it is done already."""
        with self._lock:
            if self._thread is None and not self._ending.is_set():
                self._thread = threading.Thread(target=self._run, name="db-wal", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread; safe twice."""
        self._ending.set()
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while not self._ending.wait(LOOK_S):
            try:
                self.look()
            except (sqlite3.Error, OSError) as error:  # the disk is full: tried again
                logger.warning("log of %s is not carried over: %s", self._file.name, error)
                self._wait_until = self._now() + AGAIN_S

    def look(self) -> None:
        """Do what is due now."""
        now, stamp = self._now(), self._stamp()
        if stamp != self._seen:
            self._seen, self._written_at = stamp, now
        if stamp is None or not stamp[0]:
            self._emptied_at = now
            return
        if now < self._wait_until:
            return
        quiet = now - self._written_at >= QUIET_S
        if quiet or now - self._emptied_at >= EMPTY_S or stamp[0] > LONG_BYTES:
            if not self.empty():
                self._wait_until = now + AGAIN_S
            return
        before = self._passive_seen[0] if self._passive_seen else 0
        grown = stamp[0] - before > GROWN_BYTES
        if stamp != self._passive_seen and (grown or now - self._passive_at >= PASSIVE_S):
            self._passive_seen, self._passive_at = stamp, now
            self._checkpoint("PASSIVE")

    def empty(self, patience_s: float = 0.0) -> bool:
        """Carry everything over and cut the log to nothing; tells whether that was possible.

        Waits up to ``patience_s`` for who reads. Raises sqlite3.Error, OSError.
        """
        ends = self._now() + patience_s
        while not self._emptied():
            if self._now() >= ends or self._ending.wait(STEP_S):
                return False
        return True

    def _emptied(self) -> bool:
        if self._checkpoint("PASSIVE") is None:
            return False
        with self._turns.turn(TURN_S) as mine:
            done = mine and self._checkpoint("TRUNCATE") is not None
        if done:
            self._emptied_at = self._now()
            self._passive_seen = None
        return done

    def _checkpoint(self, mode: str) -> tuple[int, int] | None:
        """Return (pages in the log, pages carried over); None when somebody was in the way."""
        if not self._file.exists():
            return 0, 0
        db = sqlite3.connect(self._file, isolation_level=None, timeout=0)
        try:
            db.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()  # opens the log
            busy, pages, done = db.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return None
        finally:
            db.close()
        return None if busy or pages < 0 else (pages, done)

    def _stamp(self) -> tuple[int, int] | None:
        try:
            state = self._wal.stat()
        except FileNotFoundError:
            return None
        return state.st_size, state.st_mtime_ns
