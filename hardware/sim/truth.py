"""What really happened at the simulated radio, for tests: the log and the received sound."""

import json
import struct
from collections import deque
from collections.abc import Callable
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


_WIRE = struct.Struct(">Bd")
"""Packed form of a wire entry: which way, time; the bytes follow. Other entries are JSON."""
_FROM_HOST, _FROM_RADIO, _JSON = 0, 1, ord("{")


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
        self._entries.append(as_line(entry).encode())
        if self._listener is not None:
            self._listener(entry)

    def wire(self, outgoing: bool, data: bytes, now: float) -> None:
        """Add bytes of the serial line; ``outgoing`` is from the radio to the host."""
        packed = _WIRE.pack(_FROM_RADIO if outgoing else _FROM_HOST, now) + data[:MAX_WIRE_BYTES]
        self._entries.append(packed)
        if self._listener is not None:
            self._listener(self._unpacked(packed))

    @property
    def entries(self) -> list[Entry]:
        """Every entry that is kept, oldest first."""
        return [self._unpacked(packed) for packed in self._entries]

    def _unpacked(self, packed: bytes) -> Entry:
        if packed[0] == _JSON:
            entry: Entry = json.loads(packed)
            return entry
        way, now = _WIRE.unpack_from(packed)
        return {
            "kind": "wire",
            "t_ms": round(now, 3),
            "radio": self.radio,
            "way": "radio" if way == _FROM_RADIO else "host",
            "text": packed[_WIRE.size :].decode("latin-1"),
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


def as_line(entry: Entry) -> str:
    """Return ``entry`` as one line of JSON."""
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
