"""What really happened at the simulated radio, for tests: the log and the received sound."""

import json
import struct
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

MAX_ENTRIES = 8_000
MAX_SOUND_BLOCKS = 60 * 50
"""One minute of sound that came from the host; the oldest goes first."""
MAX_WIRE_BYTES = 4_096
"""Of a longer write to the line the log keeps the beginning."""

Entry = dict[str, object]


@dataclass(frozen=True, slots=True)
class SoundBlock:
    """20 ms from the host while it was granted, with the place they went to."""

    t_ms: float
    group: int | None
    instance: int
    pcm: bytes


_HEAD = struct.Struct(">Bd")
"""Before each packed entry: what it is, its time. Bytes of the line follow, or JSON."""
_FROM_HOST, _FROM_RADIO, _JSON = 0, 1, 2
LATE_MS = 1_000.0
"""Entries are made in the order of their times, but for some that are told a moment later."""


class TruthLog:
    """Bounded record of one radio, kept small. Times are CLOCK_MONOTONIC milliseconds."""

    def __init__(self, radio: str, listener: Callable[[Entry], None] | None = None) -> None:
        """Record for ``radio``; ``listener`` gets each entry as it is made."""
        self.radio = radio
        self._entries: deque[bytes] = deque(maxlen=MAX_ENTRIES)
        self.violations: list[Entry] = []
        self.sound: deque[SoundBlock] = deque(maxlen=MAX_SOUND_BLOCKS)
        self.sound_blocks = 0
        self.sound_outside = 0
        self._listener = listener

    def note(self, kind: str, now: float, **what: object) -> None:
        """Add one entry."""
        entry: Entry = {"kind": kind, "t_ms": round(now, 3), "radio": self.radio, **what}
        self._entries.append(_HEAD.pack(_JSON, now) + as_line(entry).encode())
        if self._listener is not None:
            self._listener(entry)

    def wire(self, outgoing: bool, data: bytes, now: float) -> None:
        """Add bytes of the serial line; ``outgoing`` is from the radio to the host."""
        packed = _HEAD.pack(_FROM_RADIO if outgoing else _FROM_HOST, now) + data[:MAX_WIRE_BYTES]
        self._entries.append(packed)
        if self._listener is not None:
            self._listener(self._unpacked(packed))

    @property
    def entries(self) -> list[Entry]:
        """Every entry that is kept, oldest first."""
        return [self._unpacked(packed) for packed in self._entries]

    def since(self, since_ms: float, kinds: Collection[str] = ()) -> list[Entry]:
        """Return the entries of these kinds (all when none is named) newer than a time.

        It begins at the newest and unpacks nothing else: whoever asks for the last second of a
        long log keeps no radio waiting.
        """
        found = []
        for packed in reversed(self._entries):
            what, at = _HEAD.unpack_from(packed)
            if at <= since_ms - LATE_MS:
                break
            if round(at, 3) > since_ms and _is_of(packed, what, kinds):
                found.append(self._unpacked(packed))
        return found[::-1]

    def _unpacked(self, packed: bytes) -> Entry:
        way, now = _HEAD.unpack_from(packed)
        if way == _JSON:
            entry: Entry = json.loads(packed[_HEAD.size :])
            return entry
        return {
            "kind": "wire",
            "t_ms": round(now, 3),
            "radio": self.radio,
            "way": "radio" if way == _FROM_RADIO else "host",
            "text": packed[_HEAD.size :].decode("latin-1"),
        }

    def violation(self, line: str, reason: str, now: float) -> None:
        """Add a host line that the reference does not allow."""
        entry: Entry = {"t_ms": round(now, 3), "radio": self.radio, "line": line, "reason": reason}
        self.violations.append(entry)
        self.note("violation", now, line=line, reason=reason)

    def heard_from_host(self, block: SoundBlock) -> None:
        """Keep 20 ms that went over the air."""
        self.sound.append(block)
        self.sound_blocks += 1

    def dropped_from_host(self, now: float) -> None:
        """Count 20 ms that came while the host was not granted."""
        self.sound_outside += 1
        if self.sound_outside in (1, 10, 100) or self.sound_outside % 1_000 == 0:
            self.note("sound_outside", now, blocks=self.sound_outside)

    def clear(self) -> None:
        """Forget everything (a test begins anew)."""
        self._entries.clear()
        self.violations.clear()
        self.sound.clear()
        self.sound_blocks = self.sound_outside = 0


def _is_of(packed: bytes, what: int, kinds: Collection[str]) -> bool:
    if not kinds:
        return True
    if what != _JSON:
        return "wire" in kinds
    return any(packed.startswith(b'{"kind":"%b"' % kind.encode(), _HEAD.size) for kind in kinds)


def as_line(entry: Entry) -> str:
    """Return ``entry`` as one line of JSON."""
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
