"""What really happened at the simulated radio, for tests: the log and the received sound."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

MAX_ENTRIES = 8_000
MAX_SOUND_BLOCKS = 60 * 50
"""One minute of sound that came from the host; the oldest goes first."""

Entry = dict[str, object]


@dataclass(frozen=True, slots=True)
class SoundBlock:
    """20 ms from the host while it was granted, with the place they went to."""

    t_ms: float
    group: int | None
    instance: int
    pcm: bytes


class TruthLog:
    """Bounded record of one radio. Times are CLOCK_MONOTONIC milliseconds."""

    def __init__(self, radio: str, listener: Callable[[Entry], None] | None = None) -> None:
        """Record for ``radio``; ``listener`` gets each entry as it is made."""
        self.radio = radio
        self.entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self.violations: list[Entry] = []
        self.sound: deque[SoundBlock] = deque(maxlen=MAX_SOUND_BLOCKS)
        self.sound_blocks = 0
        self.sound_outside = 0
        self._listener = listener

    def note(self, kind: str, now: float, **what: object) -> None:
        """Add one entry."""
        entry: Entry = {"kind": kind, "t_ms": round(now, 3), "radio": self.radio, **what}
        self.entries.append(entry)
        if self._listener is not None:
            self._listener(entry)

    def wire(self, outgoing: bool, data: bytes, now: float) -> None:
        """Add bytes of the serial line; ``outgoing`` is from the radio to the host."""
        text = data.decode("latin-1")
        self.note("wire", now, way="radio" if outgoing else "host", text=text)

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
        self.entries.clear()
        self.violations.clear()
        self.sound.clear()
        self.sound_blocks = self.sound_outside = 0


def as_line(entry: Entry) -> str:
    """Return ``entry`` as one line of JSON."""
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
