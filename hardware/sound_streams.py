"""The two halves of a sound card as PortAudio serves them: its thread copies, nothing else.

PortAudio calls back on a thread of its own, which is named ``sound``. What is arithmetic
(channels, rates, clocks) is done by whoever takes the chunks out, on the event loop.
"""

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from hardware.sound_ring import SampleRing

THREAD_NAME: Final = "sound"
AUDIO_NICE: Final = -11
CHUNK_MS: Final = 10
KEPT_CHUNKS: Final = 200
"""Two seconds that the event loop may stand still; older chunks are lost and counted."""
EARLIEST_S, OLDEST_S = -0.1, 1.0
"""Ages of a chunk that a host API may claim; others are nonsense (0 is used for "unknown")."""
RING_S: Final = 1

Frames = npt.NDArray[np.int16]
"""int16, (n, channels), at the card's rate."""
Wake = Callable[[], None]


class Chunk(NamedTuple):
    """What one call of PortAudio brought."""

    frames: Frames
    first: int
    """Number of its first sample since the stream was opened."""
    time_s: float
    """When that was at the card's input, on ``time.monotonic``."""


class StreamSettings(NamedTuple):
    """How a stream is opened."""

    device: int
    channels: int
    rate_hz: int
    latency_s: float
    channel: str
    """left, right or both."""


def _named() -> None:
    """Name PortAudio's thread at its first call, and ask for the priority of an audio server."""
    thread = threading.current_thread()
    if thread.name != THREAD_NAME:
        thread.name = THREAD_NAME
        # Refused without CAP_SYS_NICE or LimitNICE: then the driver's buffer has to be enough.
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), AUDIO_NICE)


class _Stream:
    """What both halves share: opened, watched, closed."""

    def __init__(self, settings: StreamSettings, wake: Wake, ended: Wake) -> None:
        self.settings = settings
        self.called_s = time.monotonic()
        """When PortAudio last called."""
        self._xruns = 0
        self._xruns_told = 0
        self._wake = wake
        self._ended = ended
        self._stream: Any = None  # sounddevice has no types

    @property
    def latency_s(self) -> float:
        """What the card's driver says it buffers."""
        return float(self._stream.latency) if self._stream is not None else 0.0

    def take_xruns(self) -> int:
        """Return how often the card's own buffer ran over or dry since the last time."""
        xruns = self._xruns
        told, self._xruns_told = self._xruns_told, xruns
        return xruns - told

    def open(self, kind: type[Any], callback: Callable[..., None]) -> None:
        """Open and start; blocks. ``kind`` is sounddevice's stream class."""
        settings = self.settings
        self._stream = kind(
            device=settings.device,
            channels=settings.channels,
            samplerate=settings.rate_hz,
            blocksize=settings.rate_hz * CHUNK_MS // 1000,
            latency=settings.latency_s,
            dtype="int16",
            callback=callback,
            finished_callback=self._finished,
        )
        self._stream.start()
        self.called_s = time.monotonic()

    def close(self) -> None:
        """Stop and close; blocks; safe twice."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)

    def _finished(self) -> None:
        # The loop may be closed already when the interpreter ends.
        with contextlib.suppress(RuntimeError):
            self._ended()


class CaptureStream(_Stream):
    """Sound of a card's input, as chunks that wait to be taken."""

    def __init__(self, settings: StreamSettings, wake: Wake, ended: Wake) -> None:
        """Prepare; ``wake`` and ``ended`` are called on PortAudio's thread."""
        super().__init__(settings, wake, ended)
        self._chunks: deque[Chunk] = deque(maxlen=KEPT_CHUNKS)
        self._count = 0

    def start(self, portaudio: Any) -> None:
        """Open and start; blocks."""
        self.open(portaudio.InputStream, self._callback)

    def take(self) -> list[Chunk]:
        """Return what came since the last time."""
        chunks = []
        while self._chunks:
            chunks.append(self._chunks.popleft())
        return chunks

    def mono(self, frames: Frames) -> npt.NDArray[np.float64]:
        """Return float64 (n,) of the wanted channel, in the scale of int16."""
        match self.settings.channel:
            case "left":
                return frames[:, 0].astype(np.float64)
            case "right":
                return frames[:, -1].astype(np.float64)
            case _:
                return np.asarray(frames.mean(axis=1, dtype=np.float64))

    def _callback(self, indata: Frames, frames: int, times: Any, status: Any) -> None:
        now_s = time.monotonic()
        _named()
        age_s = times.currentTime - times.inputBufferAdcTime
        if not EARLIEST_S <= age_s <= OLDEST_S:
            age_s = 0.0
        # Sound servers claim less: a chunk cannot come before its last sample was captured.
        age_s = max(age_s, frames / self.settings.rate_hz)
        if status.input_overflow:
            self._xruns += 1
        self._chunks.append(Chunk(indata.copy(), self._count, now_s - age_s))
        self._count += frames
        self.called_s = now_s
        with contextlib.suppress(RuntimeError):
            self._wake()


class PlaybackStream(_Stream):
    """A card's output, fed from a ring."""

    def __init__(self, settings: StreamSettings, wake: Wake, ended: Wake) -> None:
        """Prepare; ``ended`` is called on PortAudio's thread."""
        super().__init__(settings, wake, ended)
        self.ring = SampleRing(settings.rate_hz * RING_S)
        self._marks: deque[tuple[int, float]] = deque(maxlen=KEPT_CHUNKS)
        self._mono: Frames = np.zeros(0, dtype=np.int16)

    def start(self, portaudio: Any) -> None:
        """Open and start; blocks."""
        self.open(portaudio.OutputStream, self._callback)

    def take_marks(self) -> list[tuple[int, float]]:
        """Return pairs (samples played before a call, time of that call) since the last time."""
        marks = []
        while self._marks:
            marks.append(self._marks.popleft())
        return marks

    def _callback(self, outdata: Frames, frames: int, times: Any, status: Any) -> None:
        now_s = time.monotonic()
        _named()
        if status.output_underflow and self.ring.waiting:
            # Only a hole in sound: one in silence is heard by nobody.
            self._xruns += 1
        if len(self._mono) != frames:
            self._mono = np.zeros(frames, dtype=np.int16)
        self._marks.append((self.ring.reader.played, now_s))
        self.ring.read(self._mono)
        self._spread(outdata)
        self.called_s = now_s

    def _spread(self, outdata: Frames) -> None:
        match self.settings.channel:
            case "left":
                outdata[:] = 0
                outdata[:, 0] = self._mono
            case "right":
                outdata[:] = 0
                outdata[:, -1] = self._mono
            case _:
                outdata[:] = self._mono[:, None]
