"""The audit log's one writer: a thread of its own named ``audit`` that commits in groups.

``append`` returns when the entry is durable: used ahead of consultation, disclosure and erasure.
``note`` is for live acts: it never waits; while the log cannot be written they lie in the spool,
sealed, and enter later as ``late``. While somebody else writes to the same file (a long transaction
of the store), acts that are logged ahead wait for their turn, and only after ten seconds are they
refused; live acts go to the spool after a quarter of a second. What a crash can lose: notes of that
time, else of the last group (10 ms), never an entry that ``append`` returned.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dispatch.audit.entry import SYSTEM, Act, BadEntry, Via, entry_bytes, seal
from dispatch.audit.keys import GroupKeys
from dispatch.audit.log import OPEN_MS, SLICE_MS, Log, LogBusy, LogDamaged, LogUnavailable
from dispatch.audit.spool import Spool
from dispatch.errors import LogNotWritable
from gateway.model.ids import ulid
from gateway.ports import Clock

logger = logging.getLogger(__name__)

GROUP_ENTRIES = 100
GROUP_MS = 10
CHECKPOINT_MS = 60_000
CHECKPOINT_ENTRIES = 1000
RETRY_MS = 1000
SPOOL_GROUP_ENTRIES = 1000
CUT_CHARACTERS = 1000
"""What is left of each text of a live act that is too long for an entry."""
RECENT_IDS = 100_000
"""How far back a spooled entry is looked for, so that a crash while it enters repeats none."""

StateSink = Callable[[bool, str, int], None]
"""Called on the loop when the log becomes writable or not: (writable, reason, spooled)."""


@dataclass(slots=True)
class _Waiting:
    """An act on its way; ``done`` None for a live act; ``act`` None: a checkpoint is wanted."""

    act: Act | None
    done: "asyncio.Future[int] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStatus:
    """What the auditor's page shows."""

    origin: str
    size: int
    root: bytes
    head_size: int
    checkpoint_size: int
    writable: bool
    reason: str
    spooled: int


class AuditWriter:
    """The front of the log for the event loop; everything slow happens on its thread."""

    def __init__(
        self,
        log: Log,
        spool: Spool,
        keys: GroupKeys,
        clock: Clock,
        randomness: Callable[[int], bytes],
        *,
        node: str = "",
        on_state: StateSink | None = None,
    ) -> None:
        """Keep what the thread needs; ``start`` starts it."""
        self._log = log
        self._spool = spool
        self._keys = keys
        self._clock = clock
        self._randomness = randomness
        self._node = node
        self._on_state = on_state
        self._inbox: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writable = False
        self._reason = "not started"
        self._damaged = False
        self._started = False
        self._checkpoint_due = 0.0
        self._retry_due = 0.0
        self._held: list[tuple[_Waiting, bytes]] = []
        """Acts that are logged ahead and wait for somebody else who writes."""
        self._asked: list[asyncio.Future[int] | None] = []
        self._busy_until: float | None = None
        self._spooled_from = 0

    @property
    def writable(self) -> bool:
        """Whether the last write succeeded."""
        return self._writable

    @property
    def folder(self) -> Path:
        """The folder of ``audit.head``."""
        return self._log.folder

    @property
    def database(self) -> Path:
        """The SQLite file that holds the log."""
        return self._log.database

    @property
    def keys(self) -> GroupKeys:
        """The keys of texts and subjects."""
        return self._keys

    @property
    def status(self) -> LogStatus:
        """Return the state of the log now."""
        return LogStatus(
            origin=self._log.origin,
            size=self._log.size,
            root=self._log.root,
            head_size=self._log.head_size,
            checkpoint_size=self._log.checkpoint_size,
            writable=self._writable,
            reason=self._reason,
            spooled=self._spool.waiting,
        )

    async def start(self) -> None:
        """Open the log and log the start; the server runs on when the log is damaged."""
        self._loop = asyncio.get_running_loop()
        opened = asyncio.Event()
        loop = self._loop
        self._thread = threading.Thread(
            target=self._run,
            name="audit",
            args=(lambda: loop.call_soon_threadsafe(opened.set),),
            daemon=True,
        )
        self._thread.start()
        await opened.wait()

    async def append(self, act: Act) -> int:
        """Write an act ahead of what it logs; returns its seq once durable.

        Raises LogNotWritable (the thing must not happen) or BadEntry.
        """
        if self._thread is None or not self._writable:
            raise LogNotWritable
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._inbox.put(_Waiting(act, done))
        return await done

    async def checkpoint(self) -> int:
        """Sign a checkpoint of all that was appended so far; returns its size.

        Raises LogNotWritable.
        """
        if self._thread is None or not self._writable:
            raise LogNotWritable
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._inbox.put(_Waiting(None, done))
        return await done

    def note(self, act: Act) -> None:
        """Log a live act without waiting; may be called from any thread."""
        if act.t_utc is None:
            act = replace(act, t_utc=self._clock.utc_us())
        self._inbox.put(_Waiting(act, None))

    async def close(self) -> None:
        """Write what waits, sign a last checkpoint, end the thread; safe twice."""
        if self._thread is None:
            return
        self.note(_system_act("log.stopped"))
        self._inbox.put(None)
        await asyncio.to_thread(self._thread.join)
        self._thread = None
        self._writable = False
        self._reason = "closed"

    # ---- the thread ----------------------------------------------------------------------------

    def _run(self, opened: Callable[[], None]) -> None:
        self._open()
        opened()
        while self._turn():
            pass
        while self._pending():
            self._write([])
            self._answer([])
        self._checkpoint()
        self._log.close()

    def _turn(self) -> bool:
        batch, go_on = self._collect()
        if not self._writable and time.monotonic() >= self._retry_due:
            self._open()
        acts = [waiting for waiting in batch if waiting.act is not None]
        if acts or self._pending():
            self._write(acts)
        self._answer([waiting.done for waiting in batch if waiting.act is None])
        due = time.monotonic() >= self._checkpoint_due
        if due or self._log.size - self._log.checkpoint_size >= CHECKPOINT_ENTRIES:
            self._checkpoint()
        return go_on

    def _pending(self) -> bool:
        """Whether something waits for somebody else who writes to the file."""
        return bool(self._held or self._asked or (self._writable and self._spool.waiting))

    def _collect(self) -> tuple[list[_Waiting], bool]:
        due = self._checkpoint_due if self._writable else self._retry_due
        if self._pending():
            due = 0.0
        try:
            first = self._inbox.get(timeout=max(0.0, due - time.monotonic()))
        except queue.Empty:
            return [], True
        if first is None:
            return [], False
        batch = [first]
        ends = time.monotonic() + GROUP_MS / 1000
        while len(batch) < GROUP_ENTRIES:
            try:
                waiting = self._inbox.get(timeout=max(0.0, ends - time.monotonic()))
            except queue.Empty:
                break
            if waiting is None:
                return batch, False
            batch.append(waiting)
        return batch, True

    def _open(self) -> None:
        self._retry_due = time.monotonic() + RETRY_MS / 1000
        if self._damaged:
            return
        try:
            self._log.open()
            self._take_spool(RECENT_IDS, OPEN_MS)
            verb = "log.resumed" if self._started else "log.started"
            self._log.append([self._sealed(_system_act(verb), self._log.size)], OPEN_MS)
            self._started = True
            self._log.write_head()
        except LogDamaged as error:
            self._damaged = True
            self._set(False, str(error))
        except Exception as error:  # tried again; a thread that ended would take the log with it
            self._set(False, str(error) or type(error).__name__)
        else:
            self._checkpoint_due = time.monotonic() + CHECKPOINT_MS / 1000
            self._set(True, "")

    def _take_spool(self, recent: int, wait_ms: int) -> None:
        """Append what waits; ``recent``: among how many newest entries some of it may be."""
        known = self._log.recent_ids(recent) if self._spool.exists() else frozenset()
        entries = [
            entry
            for entry in self._spool.read()
            if isinstance(entry, dict) and entry.get("id") not in known
        ]
        for start in range(0, len(entries), SPOOL_GROUP_ENTRIES):
            group = entries[start : start + SPOOL_GROUP_ENTRIES]
            raws = [
                entry_bytes({**entry, "late": True, "prev_hint": self._log.size + number})
                for number, entry in enumerate(group)
            ]
            self._log.append(raws, wait_ms)
        if entries:
            self._log.write_head()
            logger.warning("audit log: %d entries came late from the spool", len(entries))
        self._spool.clear()

    def _sealed(self, act: Act, prev_hint: int) -> bytes:
        now = self._clock.utc_us()
        entry = seal(
            act,
            self._keys,
            entry_id=ulid(now, self._randomness(10)).upper(),
            now=now,
            prev_hint=prev_hint,
            nonce=self._randomness(12),
            node=self._node,
        )
        return entry_bytes(entry)

    def _write(self, batch: list[_Waiting]) -> None:
        ready, self._held = self._held, []
        for waiting in batch:
            try:
                ready.append((waiting, self._sealed_or_cut(waiting, self._log.size + len(ready))))
            except Exception as error:  # whatever an act holds: it may not end the log's thread
                self._refuse(waiting, error)
        if not self._writable:
            self._set_aside(ready)
            return
        first = self._log.size
        if ready and not self._tried(lambda: self._log.append([raw for _, raw in ready], SLICE_MS)):
            if self._writable:
                self._hold(ready)
            else:
                self._set_aside(ready)
            return
        if ready:
            self._tried(self._log.write_head)
        for number, (waiting, _) in enumerate(ready):
            if waiting.done is not None:
                self._tell(waiting.done, first + number, None)
        if self._spool.waiting:
            since = self._log.size - self._spooled_from
            self._tried(lambda: self._take_spool(since, SLICE_MS))

    def _tried(self, work: Callable[[], Any]) -> bool:
        """Do something with the log; False: others write, or it is no longer ``writable``."""
        try:
            work()
        except (LogUnavailable, sqlite3.Error, OSError) as error:
            if not self._rides_out(error):
                self._busy_until = None
                self._set(False, str(error))
            return False
        self._busy_until = None
        return True

    def _rides_out(self, error: Exception) -> bool:
        """Whether to try again at once: somebody else writes, and not for too long yet."""
        if not isinstance(error, LogBusy):
            return False
        now = time.monotonic()
        if self._busy_until is None:
            self._busy_until = now + self._log.busy_timeout_ms / 1000
        return now < self._busy_until

    def _hold(self, ready: list[tuple[_Waiting, bytes]]) -> None:
        """Keep what has to be logged ahead for the next try; what is done already is spooled."""
        self._held = [one for one in ready if one[0].done is not None]
        self._spool_live(ready)

    def _sealed_or_cut(self, waiting: _Waiting, prev_hint: int) -> bytes:
        """Seal an act; a live one is done already, so it enters with its texts cut if too long."""
        act = waiting.act
        if act is None:
            raise AssertionError("a wanted checkpoint is no act")
        try:
            return self._sealed(act, prev_hint)
        except BadEntry:
            if waiting.done is not None:
                raise
            detail = {
                key: value[:CUT_CHARACTERS] if isinstance(value, str) else value
                for key, value in act.detail.items()
            }
            return self._sealed(replace(act, detail={**detail, "cut": True}), prev_hint)

    def _refuse(self, waiting: _Waiting, error: Exception) -> None:
        verb = waiting.act.verb if waiting.act else ""
        logger.error("audit log: %s was not logged: %s", verb, error)
        if waiting.done is not None:
            bad = isinstance(error, BadEntry | ValueError | TypeError)
            self._tell(waiting.done, None, error if bad else None)

    def _set_aside(self, ready: list[tuple[_Waiting, bytes]]) -> None:
        for waiting, _ in ready:
            if waiting.done is not None:
                self._tell(waiting.done, None, None)
        self._spool_live(ready)

    def _spool_live(self, ready: list[tuple[_Waiting, bytes]]) -> None:
        live = [raw for waiting, raw in ready if waiting.done is None]
        if not live:
            return
        if not self._spool.waiting:
            self._spooled_from = self._log.size
        try:
            self._spool.put(live)
        except OSError as error:
            logger.critical("audit spool: %d live acts were not logged: %s", len(live), error)
            self._set(False, f"neither log nor spool can be written: {error}")

    def _checkpoint(self) -> None:
        self._checkpoint_due = time.monotonic() + CHECKPOINT_MS / 1000
        if self._writable and not self._tried(
            lambda: self._log.checkpoint(self._clock.utc_us(), SLICE_MS)
        ):
            self._checkpoint_due = time.monotonic()  # with the next turn

    def _answer(self, asked: "list[asyncio.Future[int] | None]") -> None:
        """Sign a checkpoint for who asked for one; while others write it is tried again."""
        asked, self._asked = self._asked + asked, []
        if not asked:
            return
        self._checkpoint()
        if self._writable and self._busy_until is not None:
            self._asked = asked
            return
        whole = self._writable and self._log.checkpoint_size == self._log.size
        for done in asked:
            if done is not None:
                self._tell(done, self._log.size if whole else None, None)

    def _tell(self, done: "asyncio.Future[int]", seq: int | None, error: Exception | None) -> None:
        def settle() -> None:
            if done.done():
                return
            if seq is not None:
                done.set_result(seq)
            else:
                done.set_exception(error or LogNotWritable())

        done.get_loop().call_soon_threadsafe(settle)

    def _set(self, writable: bool, reason: str) -> None:
        changed = writable != self._writable or reason != self._reason
        first = self._reason == "not started"
        self._writable, self._reason = writable, reason
        if not changed:
            return
        if not writable:
            self._retry_due = time.monotonic() + RETRY_MS / 1000
            logger.error("log not writable: %s", reason)
        elif not first:
            logger.warning("the audit log can be written again")
        if self._on_state and self._loop:
            self._loop.call_soon_threadsafe(self._on_state, writable, reason, self._spool.waiting)


def _system_act(verb: str) -> Act:
    return Act(op="system", verb=verb, actor=SYSTEM, via=Via())
