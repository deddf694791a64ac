"""Traces: everything that passes a link's port, with its times, in a file that replay reads.

A trace is lines of JSON. The first says what it is of, then one line for each chunk or datagram::

    {"samband_trace": 1, "link": "pei-1", "kind": "tetra-pei", "replay": "pei", ...}
    {"t_ms": 12.125, "mono_ms": 81234.5, "utc": "2026-11-26T15:00:00.123456Z",
     "dir": "in", "hex": "…"}
    {"end": "stopped", "records": 311, "lost": 0, ...}

``t_ms`` counts from the start on the monotonic clock, ``utc`` is what the wall clock said then.
Theory of operation: the event loop puts what passes into a bounded queue and does nothing else. One
thread blanks secrets, writes, and gives the file to the disk once a second. The file is called
``….part`` until its last line is written. After a crash everything up to the last second is there;
``close_left`` gives such a file its last line at the next start.
"""

import datetime
import hashlib
import json
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from gateway.model.link_kinds import ANALOGUE, TETRA_PEI
from hardware.link_tap import Passed
from hardware.trace_blank import Blanking, blanking_of

VERSION: Final = 1
PART: Final = ".part"
PAUSE_S: Final = 0.2
SYNC_S: Final = 1.0
MAX_WAITING: Final = 50_000
MAX_WAITING_BYTES: Final = 16 * 1024 * 1024
"""What may wait for the disk; beyond it records are dropped and counted."""
MIN_FREE_BYTES: Final = 512 * 1024 * 1024
"""A trace ends before the disk has less than this: recordings need it."""
FOOTER_BYTES: Final = 512
STOPPED, TIME, SIZE, DISK, FAILED, CRASH = "stopped", "time", "size", "disk", "failed", "crash"
_TEXT_KINDS: Final = frozenset({TETRA_PEI, ANALOGUE})
Free = Callable[[Path], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceOrder:
    """What is recorded, where to, and for how long."""

    id: str
    path: Path
    header: Mapping[str, object]
    kind: str
    max_bytes: int
    max_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceState:
    """How far a trace is; ``cause`` is empty while it runs."""

    id: str
    records: int
    lost: int
    size_bytes: int
    cause: str = ""
    reason: str = ""
    sha256: str = ""
    path: Path | None = None


@dataclass(slots=True, eq=False)
class Trace:
    """One running trace: a taker of a link's tap."""

    order: TraceOrder
    begin_ns: int
    waiting: deque[Passed] = field(default_factory=deque)
    taken_bytes: int = 0
    written_bytes: int = 0
    """Each counted by one side alone; between them is what waits."""
    records: int = 0
    lost: int = 0
    size_bytes: int = 0
    asked: str = ""
    """Why it is to end."""
    file: BinaryIO | None = None
    blankings: dict[bool, Blanking] = field(default_factory=dict)
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def take(self, one: Passed) -> None:
        """Put away what passed (on the event loop)."""
        if self.asked:
            return
        waiting_bytes = self.taken_bytes - self.written_bytes
        if len(self.waiting) >= MAX_WAITING or waiting_bytes >= MAX_WAITING_BYTES:
            self.lost += 1
            return
        self.waiting.append(one)
        self.taken_bytes += len(one.data)

    def state(self, cause: str = "", reason: str = "", path: Path | None = None) -> TraceState:
        """Return how far it is."""
        return TraceState(
            id=self.order.id,
            records=self.records,
            lost=self.lost,
            size_bytes=self.size_bytes,
            cause=cause,
            reason=reason,
            sha256=self.digest.hexdigest() if cause else "",
            path=path,
        )


def free_bytes(folder: Path) -> int:
    """Return the free bytes of the disk that holds a folder."""
    return shutil.disk_usage(folder).free


class TraceWriter:
    """The thread that writes all traces of a gateway; ``ended`` is called on that thread."""

    def __init__(self, ended: Callable[[TraceState], None], free: Free = free_bytes) -> None:
        """Prepare; the thread starts with the first trace."""
        self._ended = ended
        self._free = free
        self._running: list[Trace] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def begin(self, order: TraceOrder) -> Trace:
        """Begin a trace; what ``Trace.take`` gets is written from here on."""
        trace = Trace(order, time.monotonic_ns())
        with self._lock:
            self._running.append(trace)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="trace", daemon=True)
            self._thread.start()
        self._wake.set()
        return trace

    def stop(self, trace: Trace, cause: str = STOPPED) -> None:
        """End a trace: what waits is written, then ``ended`` is called. Never waits."""
        trace.asked = trace.asked or cause
        self._wake.set()

    def close(self) -> None:
        """End every trace and wait for the thread; safe twice."""
        self._stopping = True
        self._wake.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    # ---- on the thread

    def _run(self) -> None:
        synced = 0.0
        while True:
            self._wake.wait(PAUSE_S)
            self._wake.clear()
            now = time.monotonic()
            sync = now - synced >= SYNC_S
            synced = now if sync else synced
            with self._lock:
                running = list(self._running)
            for trace in running:
                self._work(trace, sync=sync)
            if self._stopping and not self._running:
                return

    def _work(self, trace: Trace, *, sync: bool) -> None:
        stopping = self._stopping
        try:
            cause = self._write(trace) or trace.asked or ("server" if stopping else "")
            cause = cause or self._limit(trace, look_at_disk=sync)
            if cause:
                self._finish(trace, cause)
            elif sync and trace.file is not None:
                os.fsync(trace.file.fileno())
        except OSError as error:
            self._gone(trace, error)

    def _write(self, trace: Trace) -> str:
        """Write what waits; returns the cause of the end where the file is full."""
        out = self._file_of(trace)
        while trace.waiting:
            one = trace.waiting.popleft()
            trace.written_bytes += len(one.data)
            line = self._line(trace, one)
            if trace.size_bytes + len(line) + FOOTER_BYTES > trace.order.max_bytes:
                trace.lost += 1 + len(trace.waiting)
                trace.waiting.clear()
                return SIZE
            self._put(trace, out, line)
            trace.records += 1
        out.flush()
        return ""

    def _file_of(self, trace: Trace) -> BinaryIO:
        if trace.file is None:
            path = _part_of(trace.order.path)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            trace.file = os.fdopen(descriptor, "wb")
            head = {"samband_trace": VERSION, **trace.order.header}
            self._put(trace, trace.file, _json_line(head))
        return trace.file

    def _line(self, trace: Trace, one: Passed) -> bytes:
        blanking = trace.blankings.get(one.outgoing)
        if blanking is None:
            blanking = trace.blankings[one.outgoing] = blanking_of(trace.order.kind)
        data = blanking.blanked(one.data)
        moment = datetime.datetime.fromtimestamp(one.utc_us / 1_000_000, tz=datetime.UTC)
        row: dict[str, object] = {
            "t_ms": round((one.mono_ns - trace.begin_ns) / 1e6, 3),
            "mono_ms": round(one.mono_ns / 1e6, 3),
            "utc": f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z",
            "dir": "out" if one.outgoing else "in",
        }
        if one.channel:
            row["channel"] = one.channel
        if data != one.data:
            row["blanked"] = True
        row["hex"] = data.hex()
        if trace.order.kind in _TEXT_KINDS:
            row["text"] = data.decode("latin-1")
        return _json_line(row)

    def _put(self, trace: Trace, out: BinaryIO, line: bytes) -> None:
        out.write(line)
        trace.digest.update(line)
        trace.size_bytes += len(line)

    def _limit(self, trace: Trace, *, look_at_disk: bool) -> str:
        if time.monotonic_ns() - trace.begin_ns >= trace.order.max_s * 1e9:
            return TIME
        low = look_at_disk and self._free(trace.order.path.parent) < MIN_FREE_BYTES
        return DISK if low else ""

    def _finish(self, trace: Trace, cause: str) -> None:
        out = self._file_of(trace)
        self._put(trace, out, _footer(cause, trace.records, trace.lost))
        out.flush()
        os.fsync(out.fileno())
        out.close()
        _part_of(trace.order.path).replace(trace.order.path)
        self._forget(trace)
        self._ended(trace.state(cause, path=trace.order.path))

    def _gone(self, trace: Trace, error: OSError) -> None:
        """Leave a file that cannot be written on: what is in it can be read."""
        if trace.file is not None:
            try:
                trace.file.close()
            except OSError:
                trace.file = None
        self._forget(trace)
        self._ended(trace.state(FAILED, reason=error.strerror or str(error)))

    def _forget(self, trace: Trace) -> None:
        trace.asked = trace.asked or "over"
        with self._lock:
            self._running.remove(trace)


def close_left(path: Path) -> TraceState | None:
    """Give a trace that a crash left its last line and its name; None where it has none to give.

    ``path`` is the name without ``.part``. A line that was not written to its end is cut off.
    """
    part = _part_of(path)
    if not part.exists():
        return None
    data = part.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    records = max(0, whole.count(b"\n") - 1)
    whole += _footer(CRASH, records, 0)
    with part.open("r+b") as out:
        out.write(whole)
        out.truncate(len(whole))
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
    return TraceState(
        id=path.stem,
        records=records,
        lost=0,
        size_bytes=len(whole),
        cause=CRASH,
        sha256=hashlib.sha256(whole).hexdigest(),
        path=path,
    )


def _footer(cause: str, records: int, lost: int) -> bytes:
    return _json_line({"end": cause, "records": records, "lost": lost})


def _json_line(row: Mapping[str, object]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(", ", ": ")).encode() + b"\n"


def _part_of(path: Path) -> Path:
    return path.with_name(path.name + PART)
