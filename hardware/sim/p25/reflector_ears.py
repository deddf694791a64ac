"""What a simulated network hears of the gateway: overs by their records, and how they came."""

from hardware.sim.p25.reflector_records import FRAMES, end, read
from hardware.sim.p25.stage import Stage
from hardware.sim.p25.stage_voice import Heard

STREAM_MS = 1_500.0
"""A stream that stops for so long has ended."""
LDU_MS = 180.0
SLACK_MS = 120.0


class NetworkEars:
    """Keeps the over that is running."""

    def __init__(self, stage: Stage) -> None:
        """Begin in silence."""
        self._stage = stage
        self._heard: Heard | None = None
        self._place = 0
        self._last_ms = 0.0
        self._burst_ms = 0.0

    def deadline(self) -> float | None:
        """Return when ``tick`` is due."""
        return None if self._heard is None else self._last_ms + STREAM_MS

    def tick(self, now_ms: float) -> None:
        """End an over whose stream stopped."""
        if self._heard is not None and now_ms - self._last_ms >= STREAM_MS:
            self._close(now_ms, terminated=False)

    def record(self, data: bytes, now_ms: float) -> None:
        """Take a voice record."""
        found = read(data)
        if isinstance(found, str):
            self._stage.violation(data, found)
            return
        if self._heard is None:
            self._heard = self._stage.ears.begin(now_ms)
            self._place = 0
            self._burst_ms = now_ms
        if found.place != self._place and not self._faulty:
            self._stage.violation(data[:4], f"record {data[0]:02X} out of turn")
        if found.place % FRAMES == 0:
            self._pace(now_ms)
        self._place = (found.place + 1) % (2 * FRAMES)
        self._last_ms = now_ms
        self._heard.add(found.imbe)
        self._signal(found.place, found.piece)

    def end(self, data: bytes, now_ms: float) -> None:
        """Take the end of an over."""
        if data != end():
            self._stage.violation(data, "an end that is not 80 and sixteen zeros")
        if self._heard is None:
            self._stage.note("stray_end")
            return
        if self._place % FRAMES and not self._faulty:
            self._stage.violation(data, "an over that ends inside an LDU")
        self._close(now_ms, terminated=True)

    @property
    def _faulty(self) -> bool:
        """Whether the line was told to damage what passes."""
        line = self._stage.line.state()
        return any(bool(line[name]) for name in ("lost", "doubled", "overtaken"))

    def _pace(self, now_ms: float) -> None:
        if self._place and now_ms - self._burst_ms < LDU_MS - SLACK_MS:
            self._stage.note("hurried", after_ms=round(now_ms - self._burst_ms, 1))
        self._burst_ms = now_ms

    def _signal(self, place: int, piece: bytes) -> None:
        heard = self._heard
        if heard is None:
            return
        number = int.from_bytes(piece[:3], "big")
        if place == 3:
            if heard.group not in (None, number):
                self._stage.violation(piece, f"group {number} in an over to {heard.group}")
            heard.group = number
        elif place == 4:
            heard.source = number
        elif place == FRAMES + 5:
            heard.algorithm, heard.key_id = piece[0], number & 0xFFFF

    def _close(self, now_ms: float, *, terminated: bool) -> None:
        heard, self._heard = self._heard, None
        if heard is not None:
            self._stage.ears.end(heard, now_ms, terminated=terminated)
