"""Checks of a link that key nothing: whether its questions, its bytes, its sound come back.

``Answers`` and ``Echo`` only look at what passes the port anyway. ``SoundLoop`` plays a tone to the
sound port of a radio that is not keyed, and listens whether it comes back: by a loop plug, or by a
radio that lets one hear oneself.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import numpy as np

from gateway.model.ids import UtcUs
from gateway.model.link_kinds import TETRA_PEI
from gateway.model.p25_settings import FNE, MODEM, NETWORK
from gateway.p25.fne.numbers import Function
from hardware.link_tap import Passed
from hardware.sound_port import BLOCK_MS, PCM_BYTES
from voicecodecs.pcm import SAMPLE_RATE_HZ, from_bytes, to_bytes
from voicecodecs.tones import measure_tone, sine

Test = Callable[[bytes], bool]
_MODEM_START: Final = 0xE0
_STATUS: Final = 1
_POLL: Final = 0xF0
_FUNCTION_AT: Final = 18
_FINALS: Final = (b"OK\r", b"ERROR")


def _fne(function: Function) -> Test:
    return lambda data: data[_FUNCTION_AT : _FUNCTION_AT + 1] == bytes([function])


def _is_status(data: bytes) -> bool:
    return data[:1] == bytes([_MODEM_START]) and data[2:3] == bytes([_STATUS])


def _is_poll(data: bytes) -> bool:
    return data[:1] == bytes([_POLL])


QUESTIONS: Final[dict[str, tuple[Test, Test]]] = {
    TETRA_PEI: (
        lambda data: data[:2].upper() == b"AT",
        lambda data: any(final in data for final in _FINALS),
    ),
    MODEM: (_is_status, _is_status),
    NETWORK: (_is_poll, _is_poll),
    FNE: (_fne(Function.PING), _fne(Function.PONG)),
}
"""Kind of a link -> what is a question of ours, and what answers it. All are asked without end."""


@dataclass(slots=True)
class Answers:
    """Times the answers to what a link asks anyway."""

    kind: str
    asked_ns: list[int] = field(default_factory=list)
    answer_ms: list[float] = field(default_factory=list)
    heard: int = 0
    longest_silence_ms: float = 0.0
    _waiting_ns: int | None = None
    _heard_ns: int | None = None

    def take(self, one: Passed) -> None:
        """Look at what passes."""
        question, answer = QUESTIONS.get(self.kind, (_never, _never))
        if one.outgoing:
            if question(one.data):
                self.asked_ns.append(one.mono_ns)
                self._waiting_ns = one.mono_ns
            return
        self.heard += 1
        if self._heard_ns is not None:
            silence_ms = (one.mono_ns - self._heard_ns) / 1e6
            self.longest_silence_ms = max(self.longest_silence_ms, silence_ms)
        self._heard_ns = one.mono_ns
        if self._waiting_ns is not None and answer(one.data):
            self.answer_ms.append((one.mono_ns - self._waiting_ns) / 1e6)
            self._waiting_ns = None

    @property
    def unanswered(self) -> int:
        """Questions without an answer; the last one may still be on its way."""
        return max(0, len(self.asked_ns) - len(self.answer_ms) - (self._waiting_ns is not None))

    @property
    def median_ms(self) -> float | None:
        """Return the middle of the answer times."""
        return median(self.answer_ms) if self.answer_ms else None


def _never(_data: bytes) -> bool:
    return False


@dataclass(slots=True)
class Echo:
    """Compares what comes in with what went out, byte by byte: a loop plug gives it back."""

    out: bytearray = field(default_factory=bytearray)
    back: bytearray = field(default_factory=bytearray)

    def take(self, one: Passed) -> None:
        """Look at what passes."""
        (self.out if one.outgoing else self.back).extend(one.data)

    @property
    def wrong(self) -> int:
        """Bytes that came back as others."""
        return sum(a != b for a, b in zip(self.out, self.back, strict=False))

    @property
    def is_loop(self) -> bool:
        """Whether what came is what was sent: nothing else looks like one's own commands."""
        size = len(self.back)
        return 0 < size <= len(self.out) and self.wrong * 10 <= size


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopedSound:
    """What came back of a tone. ``delay_ms``: from the first block sent to its first block back."""

    level_dbfs: float
    rest_dbfs: float
    delay_ms: float
    loss_db: float


class SoundLoop:
    """Makes the tone, keeps what is heard meanwhile, and compares."""

    TONE_HZ: Final = 1000
    LEVEL_DBFS: Final = -20.0
    TONE_MS: Final = 1000
    HEARD_DBFS: Final = -50.0
    """A tone below this is hum or crosstalk, not a loop."""
    ABOVE_REST_DB: Final = 6.0

    def __init__(self) -> None:
        """Make the block that is sent over and over."""
        self.block = to_bytes(sine(self.TONE_HZ, BLOCK_MS, level_dbfs=self.LEVEL_DBFS))
        self.blocks = self.TONE_MS // BLOCK_MS
        self.heard: list[bytes] = []
        self.before = 0
        """Blocks that were heard before the tone began."""

    def take(self, pcm: bytes, _utc: UtcUs) -> None:
        """Keep a block that was captured."""
        if len(pcm) == PCM_BYTES:
            self.heard.append(pcm)

    def begin(self) -> None:
        """Note that the tone begins now."""
        self.before = len(self.heard)

    def found(self) -> LoopedSound | None:
        """Return what came back; None for no tone."""
        sound = from_bytes(b"".join(self.heard[self.before :]))
        window = SAMPLE_RATE_HZ // 10
        best: LoopedSound | None = None
        for start in range(0, len(sound) - window + 1, window // 5):
            tone = measure_tone(np.asarray(sound[start : start + window]), self.TONE_HZ)
            clear = tone.level_dbfs - tone.rest_dbfs >= self.ABOVE_REST_DB
            if not clear or tone.level_dbfs < self.HEARD_DBFS:
                continue
            if best is None:
                best = LoopedSound(
                    level_dbfs=tone.level_dbfs,
                    rest_dbfs=tone.rest_dbfs,
                    delay_ms=start * 1000 / SAMPLE_RATE_HZ,
                    loss_db=self.LEVEL_DBFS - tone.level_dbfs,
                )
            elif tone.level_dbfs > best.level_dbfs:
                best = LoopedSound(
                    level_dbfs=tone.level_dbfs,
                    rest_dbfs=tone.rest_dbfs,
                    delay_ms=best.delay_ms,
                    loss_db=self.LEVEL_DBFS - tone.level_dbfs,
                )
        return best
