"""Decodes received sound and cuts it into overs. Runs in the process of its own, see ``copier``.

Sound comes out as everywhere in the house: int16 little-endian, 8 kHz, mono. No level is changed.
"""

import io
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import av
from av.audio.resampler import AudioResampler
from av.error import FFmpegError

from dispatch.evidence.listening import blank
from dispatch.uploads.kinds import M4A, MP3, READERS, WAV
from voicecodecs.ogg import OggOpusWriter
from voicecodecs.opus import OpusEncoder
from voicecodecs.pcm import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE_HZ

FRAME_MS = FRAME_SAMPLES * 1000 // SAMPLE_RATE_HZ
SAMPLE_BYTES = 2
COPY_RATE_HZ = 16_000
WRITERS = {MP3: ("libmp3lame", "mp3"), M4A: ("aac", "ipod")}
"""Codec and container of redacted copies, by the ending of what was received."""
LONGEST_MS = 4 * 3600 * 1000
"""What goes on for longer is no call."""


class NotPlayable(Exception):
    """Sound that cannot be decoded; the text says why."""


@dataclass(slots=True)
class Decoded:
    """Frames of 20 ms as they come; ``fault`` is set when the file broke off."""

    fault: str = ""
    length_ms: int = 0

    def frames(self, data: bytes, ending: str) -> Iterator[bytes]:
        """Yield frames of 160 samples, the last one filled up; raises NotPlayable when none."""
        rest = b""
        samples = 0
        for pcm in self._pcm(data, ending):
            samples += len(pcm) // SAMPLE_BYTES
            rest += pcm
            whole = len(rest) - len(rest) % FRAME_BYTES
            for at in range(0, whole, FRAME_BYTES):
                yield rest[at : at + FRAME_BYTES]
            rest = rest[whole:]
            if samples * 1000 // SAMPLE_RATE_HZ > LONGEST_MS:
                self.fault = "it is longer than four hours: the rest is left out"
                break
        if rest:
            yield rest.ljust(FRAME_BYTES, b"\0")
        self.length_ms = samples * 1000 // SAMPLE_RATE_HZ
        if not samples:
            raise NotPlayable(self.fault or "there is no sound in it")

    def _pcm(self, data: bytes, ending: str) -> Iterator[bytes]:
        reader = READERS.get(ending)
        if reader is None:
            raise NotPlayable("it is neither WAV, MP3, M4A nor another known kind of sound")
        try:
            with av.open(io.BytesIO(data), format=reader) as container:
                if not container.streams.audio:
                    raise NotPlayable("there is no sound in it")
                yield from _resampled(container)
        except (FFmpegError, ValueError, EOFError) as error:
            self.fault = f"it is broken: {_words(error)}"


def _resampled(container: Any) -> Iterator[bytes]:
    """Yield int16 samples of the first sound of a container (Any: the library has no types)."""
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
    for frame in container.decode(container.streams.audio[0]):
        for out in resampler.resample(frame):
            yield bytes(out.planes[0])[: out.samples * SAMPLE_BYTES]
    for out in resampler.resample(None):
        yield bytes(out.planes[0])[: out.samples * SAMPLE_BYTES]


def _words(error: Exception) -> str:
    return getattr(error, "strerror", "") or str(error) or type(error).__name__


@dataclass(slots=True)
class Piece:
    """The listening copy of one over."""

    from_ms: int
    to_ms: int | None
    data: bytearray = field(default_factory=bytearray)
    length_ms: int = 0
    _writer: OggOpusWriter | None = field(default=None, repr=False)
    _encoder: OpusEncoder | None = field(default=None, repr=False)

    def holds(self, at_ms: int) -> bool:
        """Whether a time of the recording lies in this over."""
        return self.from_ms <= at_ms and (self.to_ms is None or at_ms < self.to_ms)

    def add(self, frame: bytes) -> None:
        """Encode one frame."""
        if self._writer is None or self._encoder is None:
            self._writer = OggOpusWriter(1)
            self._encoder = OpusEncoder()
            self.data += self._writer.header()
        self.data += self._writer.write(self._encoder.encode(frame), FRAME_MS)
        self.length_ms += FRAME_MS

    def finish(self) -> None:
        """Write the last page; ``data`` stays empty when nothing lies in this over."""
        if self._writer is not None:
            self.data += self._writer.finish()
            self._writer = self._encoder = None


def copies(
    data: bytes, ending: str, cuts: Sequence[tuple[int, int | None]]
) -> tuple[list[Piece], Decoded]:
    """Return an Ogg Opus copy of each cut (from ms, to ms), in order; raises NotPlayable."""
    decoded = Decoded()
    pieces = [Piece(start, end) for start, end in cuts]
    for number, frame in enumerate(decoded.frames(data, ending)):
        for piece in pieces:
            if piece.holds(number * FRAME_MS):
                piece.add(frame)
    for piece in pieces:
        piece.finish()
    return pieces, decoded


def redacted(data: bytes, ending: str, spans: Sequence[tuple[int | None, int | None]]) -> bytes:
    """Return a received file of the same kind with parts made silence and tone.

    Decoded and encoded once more, at 8 kHz. Raises NotPlayable, also for a kind that is not made.
    """
    pcm = bytearray(b"".join(Decoded().frames(data, ending)))
    whole_ms = len(pcm) // SAMPLE_BYTES * 1000 // SAMPLE_RATE_HZ
    for start, end in spans:
        blank(pcm, start or 0, whole_ms if end is None else end)
    return _same_kind(bytes(pcm), ending)


def _same_kind(pcm: bytes, ending: str) -> bytes:
    if ending == WAV:
        return _wav(pcm)
    made = WRITERS.get(ending)
    if made is None:
        raise NotPlayable(f"a copy of the kind {ending} cannot be made")
    codec, form = made
    out = io.BytesIO()
    sink: Any = av.open(out, "w", format=form)  # no types tell which streams it has
    source: Any = av.open(io.BytesIO(_wav(pcm)), format="wav")
    with sink, source:
        stream = sink.add_stream(codec, rate=COPY_RATE_HZ)
        stream.layout = "mono"
        resampler = AudioResampler(
            format=stream.format.name,
            layout="mono",
            rate=COPY_RATE_HZ,
            frame_size=stream.frame_size or None,
        )
        for frame in chain(source.decode(audio=0), [None]):
            for part in resampler.resample(frame):
                sink.mux(stream.encode(part))
        sink.mux(stream.encode(None))
    return out.getvalue()


def _wav(pcm: bytes) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(pcm)
    return out.getvalue()


def wav_of(data: bytes, ending: str, cut: tuple[int, int | None]) -> bytes:
    """Return one cut of a received file as WAV, 8 kHz mono 16 bit; raises NotPlayable."""
    piece = Piece(*cut)
    frames = Decoded().frames(data, ending)
    return _wav(b"".join(frame for at, frame in enumerate(frames) if piece.holds(at * FRAME_MS)))
