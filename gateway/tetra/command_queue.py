"""What is written to the terminal, in which order, and which final result belongs to what.

Theory of operation. One command is outstanding at a time, with two exceptions:

* an **un-key** is written at once, whatever waits. A half written command line is finished first
  (it is short); a half written payload is broken off by ESC, and its command is given back as
  ``aborted``;
* a **key-up** is written behind an unanswered *overtakable* command (a poll) when that has not
  ended within ``KEY_WAIT_MS``. The radio reads line after line and answers in order, so a press
  never waits longer than this for a poll, and lines are pipelined only when a poll is slow.

Finals are matched in the order of writing. Where they can no longer be matched with certainty
(a command timed out, or the final was a bare ``ERROR``, which some radios follow by a stray
``OK``), finals that come within ``SETTLE_MS`` are swallowed and nothing but un-keys is written.
"""

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.model.ids import MonoMs
from gateway.tetra.pei_lines import Final, PeiLine

COMMAND_TIMEOUT_MS = 2_000
"""How long a command may go without its final result."""
KEY_WAIT_MS = 150
"""How long a key-up waits for the final result of a poll. Radios answer within 80 ms; one that does
not must not hold a press, though a second command before the first is done is against the rules."""
MAX_LISTING_MS = 60_000
"""Longest answer of many lines."""
SETTLE_MS = 300
"""How long finals are swallowed once they cannot be matched."""
MAX_ANSWER_LINES = 12_000
"""Most lines that are kept of one answer."""
ESCAPE, CTRL_Z = 0x1B, 0x1A
_START = MonoMs(0)


class Lane(enum.Enum):
    """Who may go before whom."""

    UNKEY = "unkey"
    KEY = "key"
    NORMAL = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a command ended. ``final`` is None when it timed out or was broken off."""

    final: Final | None
    answers: tuple[PeiLine, ...] = ()
    aborted: bool = False

    @property
    def ok(self) -> bool:
        """Whether the radio took the command."""
        return self.final is not None and self.final.ok

    @property
    def timed_out(self) -> bool:
        """Whether no final result came."""
        return self.final is None and not self.aborted

    @property
    def code(self) -> int | None:
        """Number of the ``+CME ERROR``, where there was one.

        ``+CMS ERROR`` has numbers of its own, which no public source explains.
        """
        return self.final.code if self.final is not None and self.final.kind == "CME" else None


Done = Callable[[Result, MonoMs], None]


def _nothing(_result: Result, _now: MonoMs) -> None:
    """Take a result that nobody asked for."""


def _no_remedy(_command: "Command", _result: Result, _now: MonoMs) -> None:
    """Take an error about which nothing is done."""


@dataclass(slots=True, eq=False, kw_only=True)
class Command:
    """One command line, without its line end; ``payload`` is written behind it, then Ctrl-Z."""

    text: str
    lane: Lane = Lane.NORMAL
    payload: str = ""
    overtakable: bool = False
    listing: bool = False
    """The answer has many lines: each gives the command more time."""
    timeout_ms: int = COMMAND_TIMEOUT_MS
    done: Done = _nothing
    answers: list[PeiLine] = field(default_factory=list)
    handed_out: bool = False
    aborted: bool = False
    queued: MonoMs = _START
    due: MonoMs = _START


class CommandQueue:
    """The write side of the line."""

    def __init__(self, written: Callable[[Command], None]) -> None:
        """Begin empty; ``written`` is told of each command once all its bytes are handed out."""
        self._told = written
        self.ended: Callable[[Command, Result, MonoMs], None] = _no_remedy
        """Told of each command that the radio answered, before its sender is."""
        self._lanes: dict[Lane, deque[Command]] = {lane: deque() for lane in Lane}
        self._buffer = bytearray()
        self._line_left = 0
        self._writing: Command | None = None
        self._waiting: deque[Command] = deque()
        self._settle_until: MonoMs | None = None
        self._unmatched = 0
        self.timeouts = 0
        """Commands in a row that went without an answer."""

    def clear(self) -> None:
        """Forget everything: the port was closed or the radio began anew."""
        for lane in self._lanes.values():
            lane.clear()
        self._buffer.clear()
        self._line_left = 0
        self._writing = None
        self._waiting.clear()
        self._settle_until = None
        self._unmatched = self.timeouts = 0

    @property
    def idle(self) -> bool:
        """Whether nothing is written, waits, or is about to be."""
        return not (self._writing or self._waiting or self._buffer or any(self._lanes.values()))

    @property
    def outstanding(self) -> tuple[Command, ...]:
        """Commands written whose final result has not come, oldest first."""
        return tuple(self._waiting)

    def raw(self, data: bytes) -> None:
        """Write bytes that have no final result, before anything else."""
        self._buffer += data

    def push(self, command: Command, now: MonoMs, *, first: bool = False) -> None:
        """Queue a command in its lane; an un-key breaks off a payload that is being written."""
        command.queued = now
        lane = self._lanes[command.lane]
        if first:
            lane.appendleft(command)
        else:
            lane.append(command)
        if command.lane is Lane.UNKEY:
            self._make_way()

    def remove(self, command: Command) -> bool:
        """Take back a command of which no byte was handed out; returns whether it could be."""
        lane = self._lanes[command.lane]
        if command in lane:
            lane.remove(command)
            return True
        return False

    def outgoing(self, max_bytes: int, now: MonoMs) -> bytes:
        """Return the next bytes to write, at most ``max_bytes``."""
        if not self._buffer:
            self._start_next(now)
        piece = bytes(self._buffer[:max_bytes])
        del self._buffer[:max_bytes]
        self._line_left = max(0, self._line_left - len(piece))
        if self._writing is not None:
            self._writing.handed_out = self._writing.handed_out or bool(piece)
            if not self._buffer:
                self._finish_writing(now)
        return piece

    def resync(self) -> None:
        """Write an empty line before the next command, unless something is being written."""
        if self._writing is None and not self._buffer:
            self._buffer += b"\r"

    def collect(self, line: PeiLine, now: MonoMs) -> Command | None:
        """Give an answer line to the oldest outstanding command; returns that command."""
        if not self._waiting:
            return None
        head = self._waiting[0]
        if len(head.answers) < MAX_ANSWER_LINES:
            head.answers.append(line)
        if head.listing:
            last = head.queued + MAX_LISTING_MS
            head.due = MonoMs(max(head.due, min(now + head.timeout_ms, last)))
        return head

    def final(self, final: Final, now: MonoMs) -> bool:
        """Take a final result; returns False where it belongs to nothing."""
        if self._settle_until is not None and now < self._settle_until:
            return self._settle_unkey(final, now)
        self.timeouts = 0
        if not self._waiting:
            return False
        if final.kind == "ERROR" or self._unmatched:
            self._unmatched = 0
            self._settle_until = MonoMs(now + SETTLE_MS)
        head = self._waiting.popleft()
        if head.aborted and final.ok and self._waiting:
            head.done(Result(final=None, aborted=True), now)
            head = self._waiting.popleft()
        self._end(head, final, now)
        return True

    def tick(self, now: MonoMs) -> bool:
        """Let commands time out; returns whether one did."""
        if self._settle_until is not None and now >= self._settle_until:
            self._settle_until = None
        late = bool(self._waiting) and now >= self._waiting[0].due
        if not late:
            return False
        command = self._waiting.popleft()
        if not command.aborted:
            self.timeouts += 1
            self._unmatched += 1
        command.done(Result(final=None, aborted=command.aborted), now)
        return not command.aborted

    def deadline(self, now: MonoMs) -> MonoMs | None:
        """When ``tick`` or ``outgoing`` has something to do next."""
        times = [command.due for command in list(self._waiting)[:1]]
        if self._settle_until is not None:
            times.append(self._settle_until)
        key = self._lanes[Lane.KEY]
        if key and self._waiting:
            times.append(MonoMs(key[0].queued + KEY_WAIT_MS))
        future = [time for time in times if time > now]
        return min(future) if future else (min(times) if times else None)

    @property
    def wants_to_write(self) -> bool:
        """Whether bytes lie ready whose handing out has begun."""
        return bool(self._buffer)

    def _make_way(self) -> None:
        """Cut what is being written down to its command line; break off a payload by ESC."""
        if self._writing is None or not self._writing.payload or not self._buffer:
            return
        del self._buffer[self._line_left :]
        self._buffer.append(ESCAPE)
        self._writing.aborted = True

    def _start_next(self, now: MonoMs) -> None:
        command = self._choose(now)
        if command is None:
            return
        line = command.text.encode("latin-1", errors="replace") + b"\r"
        if command.payload:
            self._buffer += line + b"\n"
            self._line_left = len(self._buffer)
            self._buffer += command.payload.encode("ascii") + bytes([CTRL_Z])
        else:
            self._buffer += line
            self._line_left = len(self._buffer)
        self._writing = command

    def _choose(self, now: MonoMs) -> Command | None:
        if self._lanes[Lane.UNKEY]:
            return self._lanes[Lane.UNKEY].popleft()
        if self._settle_until is not None and now < self._settle_until:
            return None
        key = self._lanes[Lane.KEY]
        if key:
            return key.popleft() if self._key_may_go(key[0], now) else None
        normal = self._lanes[Lane.NORMAL]
        return normal.popleft() if normal and not self._waiting else None

    def _key_may_go(self, command: Command, now: MonoMs) -> bool:
        if not self._waiting:
            return True
        overtakable = all(waiting.overtakable for waiting in self._waiting)
        return overtakable and now >= command.queued + KEY_WAIT_MS

    def _finish_writing(self, now: MonoMs) -> None:
        command, self._writing = self._writing, None
        if command is None:
            return
        command.due = MonoMs(now + (SETTLE_MS if command.aborted else command.timeout_ms))
        self._waiting.append(command)
        self._told(command)

    def _settle_unkey(self, final: Final, now: MonoMs) -> bool:
        """While finals are swallowed, an outstanding un-key still gets its own."""
        if not self._waiting or self._waiting[0].lane is not Lane.UNKEY:
            return False
        self._end(self._waiting.popleft(), final, now)
        return True

    def _end(self, command: Command, final: Final, now: MonoMs) -> None:
        result = Result(
            final=final, answers=tuple(command.answers), aborted=command.aborted and not final.ok
        )
        self.ended(command, result, now)
        command.done(result, now)
