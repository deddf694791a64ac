"""Voice of a P25 simulator: clips to vocoder frames, and what was heard back to sound.

The vocoder is loaded when it is needed, because it costs 80 MB: the shipped clips are there as
frames already.
"""

import itertools
import wave
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gateway.model.errors import ConfigError
from hardware.sim.actions import Action
from hardware.sim.speech import SAMPLE_RATE_HZ, Sound, clip_frames

FRAME_MS = 20.0
IMBE_OCTETS = 11
CLEAR_ALGORITHM = 0x80
NO_INDICATOR = bytes(9)
MAX_HEARD = 200
MAX_FRAMES = 3_000
"""One minute of an over is kept; what follows is only counted."""
DEFAULT_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimOver:
    """One transmission of a simulated unit."""

    group: int
    unit: int
    emergency: bool = False
    target: int | None = None
    """The other unit, in a call of two; ``group`` is then 0."""
    algorithm: int = CLEAR_ALGORITHM
    key_id: int = 0
    message_indicator: bytes = NO_INDICATOR
    late: bool = False
    """Its header is lost: nothing comes before the voice."""
    no_end: bool = False
    """Its terminator is lost."""


@dataclass(slots=True, kw_only=True)
class Heard:
    """One transmission of the gateway, as it came to the station. Times: CLOCK_MONOTONIC, ms."""

    group: int | None = None
    source: int | None = None
    target: int | None = None
    emergency: bool = False
    algorithm: int = CLEAR_ALGORITHM
    key_id: int = 0
    frames: list[bytes] = field(default_factory=list)
    """11 octets each, or 18 with error protection; an empty one never came."""
    count: int = 0
    began_ms: float = 0.0
    ended_ms: float | None = None
    terminated: bool = False
    """Whether its end was said, and not only waited for."""

    def add(self, imbe: bytes) -> None:
        """Keep 20 ms."""
        self.count += 1
        if len(self.frames) < MAX_FRAMES:
            self.frames.append(imbe)

    def row(self) -> dict[str, object]:
        """Return it as JSON, without the frames."""
        return {
            "group": self.group,
            "source": self.source,
            "target": self.target,
            "emergency": self.emergency,
            "algorithm": self.algorithm,
            "key_id": self.key_id,
            "frames": self.count,
            "began_ms": round(self.began_ms, 3),
            "ended_ms": None if self.ended_ms is None else round(self.ended_ms, 3),
            "terminated": self.terminated,
        }


class Ears:
    """Keeps what the gateway sends, bounded."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self.overs: deque[Heard] = deque(maxlen=MAX_HEARD)

    def begin(self, now_ms: float, **who: object) -> Heard:
        """Begin an over; ``who``: group, source, target, emergency as far as they are known."""
        heard = Heard(began_ms=now_ms)
        for name, value in who.items():
            setattr(heard, name, value)
        self.overs.append(heard)
        return heard

    def end(self, heard: Heard, now_ms: float, *, terminated: bool) -> None:
        """End an over."""
        heard.ended_ms = now_ms
        heard.terminated = terminated


def over_of(action: Action) -> SimOver:
    """Return the over of a ``talk``."""
    indicator = bytes.fromhex(action.text("message_indicator"))
    return SimOver(
        group=action.whole("group", 0),
        unit=action.whole("unit", 0),
        emergency=action.flag("emergency"),
        target=action.maybe_whole("target"),
        algorithm=action.whole("algorithm", CLEAR_ALGORITHM),
        key_id=action.whole("key_id", 0),
        message_indicator=indicator or NO_INDICATOR,
        late=action.flag("late"),
        no_end=action.flag("no_end"),
    )


def frames_of(action: Action, folder: Path) -> Iterator[bytes]:
    """Return what a ``talk`` says as vocoder frames; raises ConfigError for a file it cannot read.

    The frames are made one by one, as they are needed; the encoder's delay is flushed at the end.
    """
    if text := action.text("frames"):
        return _cut(bytes.fromhex(text))
    if names := action.texts("say"):
        return itertools.chain.from_iterable([_cut(clip_frames(name)) for name in names])
    return _encoded(_sound(action, folder))


def _sound(action: Action, folder: Path) -> Sound:
    length_ms = action.number("for_s", DEFAULT_S) * 1000.0
    if name := action.text("wav"):
        return Sound.wav(folder / name)
    hz = action.maybe_number("tone_hz")
    if hz is not None:
        return Sound.tone(hz, length_ms, action.number("level_dbfs", -20.0))
    return Sound.silence(length_ms)


def _cut(frames: bytes) -> Iterator[bytes]:
    return iter([frames[n : n + IMBE_OCTETS] for n in range(0, len(frames), IMBE_OCTETS)])


def _encoded(sound: Sound) -> Iterator[bytes]:
    warm()  # now: a talker waits for it before the over begins, and not within the first frames
    return _frames(sound)


def _frames(sound: Sound) -> Iterator[bytes]:
    import numpy as np  # noqa: PLC0415 - see the module's first lines

    from voicecodecs.imbe.encoder import ImbeEncoder  # noqa: PLC0415 - the same

    encoder = ImbeEncoder()
    for index in range(sound.blocks):
        yield from encoder.encode(np.frombuffer(sound.block(index), dtype="<i2").astype(np.int16))
    yield from encoder.flush()


def warm() -> None:
    """Load the vocoder and run it once, so that an over is on time from its first frame."""
    from voicecodecs import imbe  # noqa: PLC0415 - see the module's first lines

    imbe.warm()


def write_wav(path: Path, frames: list[bytes]) -> int:
    """Decode frames to an 8 kHz mono WAV file; returns samples. ConfigError if it cannot be."""
    from voicecodecs.imbe.decoder import ImbeDecoder  # noqa: PLC0415 - see the first lines

    decoder = ImbeDecoder()
    blocks = [decoder.decode(frame) if frame else decoder.erasure() for frame in frames]
    pcm = b"".join(block.astype("<i2").tobytes() for block in blocks)
    try:
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(SAMPLE_RATE_HZ)
            out.writeframes(pcm)
    except OSError as error:
        raise ConfigError(f"sound: {path} cannot be written: {error}") from None
    return len(pcm) // 2
