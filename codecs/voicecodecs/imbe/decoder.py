"""Frames of the full-rate vocoder to sound: one channel as a stream, or many at once.

A frame is 11 bytes (4400 bit/s: u_0 | ... | u_7), 18 bytes (7200 bit/s, with error protection, in
the order of sending) or, softly received, int8 (144,): one confidence a bit in the order of
sending, positive for 0, negative for 1, 0 for "unknown" (a log-likelihood ratio, scaled to taste).
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from voicecodecs.errors import VoiceError
from voicecodecs.imbe import decoder_kernel as kernel
from voicecodecs.imbe.bits import CODED_BYTES, INFO_BYTES
from voicecodecs.imbe.tables import FRAME_SAMPLES

Samples = npt.NDArray[np.int16]
Frame = bytes | bytearray | memoryview | npt.NDArray[np.int8]

WIDTHS: Final = (INFO_BYTES, CODED_BYTES, kernel.SOFT_BYTES)
_NO_TRACE: Final = 0


class FrameStatistics(NamedTuple):
    """What the decoder made of one frame."""

    errors: tuple[int, ...]
    """Bits changed in c_0 .. c_6 (eps_0 .. eps_6); all 0 for an unprotected frame."""
    total_errors: int
    error_rate: float
    """Running estimate eps_R after this frame."""
    repeated: bool
    """The frame was lost, reserved or too damaged: the one before stands in for it."""
    muted: bool
    """The error rate is so high that quiet noise takes the place of speech."""
    silenced: bool
    """More than three repeats in a row: silent until a good frame comes."""
    harmonics: int
    voiced_harmonics: int
    pitch_hz: float
    """Fundamental of the synthesis."""


class FrameParameters(NamedTuple):
    """The parameters inside one frame, before enhancement."""

    values: tuple[int, ...]
    """b_0 .. b_(L+2)."""
    harmonics: int
    voiced: tuple[bool, ...]
    """Per harmonic, 1 .. L."""
    log2_amplitudes: tuple[float, ...]
    """log2 M_l, l = 1 .. L; follows the frames before."""


def _statistics(row: npt.NDArray[np.float32]) -> FrameStatistics:
    numbers = row.tolist()
    return FrameStatistics(
        errors=tuple(int(number) for number in numbers[: kernel.STAT_TOTAL]),
        total_errors=int(numbers[kernel.STAT_TOTAL]),
        error_rate=numbers[kernel.STAT_RATE],
        repeated=numbers[kernel.STAT_REPEAT] > 0,
        muted=numbers[kernel.STAT_MUTE] > 0,
        silenced=numbers[kernel.STAT_SILENCED] > 0,
        harmonics=int(numbers[kernel.STAT_HARMONICS]),
        voiced_harmonics=int(numbers[kernel.STAT_VOICED]),
        pitch_hz=8000.0 * numbers[kernel.STAT_FREQUENCY],
    )


def _parameters(row: npt.NDArray[np.float32], harmonics: int) -> FrameParameters:
    log = row[kernel.TRACE_LOG + 1 : kernel.TRACE_LOG + 1 + harmonics]
    voiced = row[kernel.TRACE_VOICED + 1 : kernel.TRACE_VOICED + 1 + harmonics]
    return FrameParameters(
        values=tuple(row[: harmonics + 3].astype(int).tolist()),
        harmonics=harmonics,
        voiced=tuple((voiced > 0).tolist()),
        log2_amplitudes=tuple(log.tolist()),
    )


def _as_bytes(frame: Frame) -> npt.NDArray[np.uint8]:
    """Return uint8 (11 | 18 | 144,)."""
    if isinstance(frame, np.ndarray):
        if frame.dtype != np.int8 or frame.shape != (kernel.SOFT_BYTES,):
            raise VoiceError(
                f"a softly received frame is int8 ({kernel.SOFT_BYTES},), "
                f"not {frame.dtype} {frame.shape}"
            )
        return np.array(frame, order="C").view(np.uint8)
    if len(frame) not in (INFO_BYTES, CODED_BYTES):
        raise VoiceError(
            f"a vocoder frame has {INFO_BYTES} bytes, or {CODED_BYTES} with error protection, "
            f"not {len(frame)}"
        )
    return np.frombuffer(bytearray(frame), dtype=np.uint8)  # kernels take writable arrays


class BatchDecoder:
    """Decoders of many channels, stepped together; channel states never touch each other."""

    def __init__(self, channels: int) -> None:
        """Begin each channel as after a reset."""
        self._state = kernel.start_state(channels)
        self.statistics: npt.NDArray[np.float32] = np.zeros((channels, 0, kernel.STATS), np.float32)
        """float32 (channels, frames, 16) of the last call; columns: ``decoder_kernel.STAT_*``."""

    def reset(self, channel: int | None = None) -> None:
        """Forget everything, of one channel or of all."""
        fresh = kernel.start_state(len(self._state))
        chosen = slice(None) if channel is None else slice(channel, channel + 1)
        self._state[chosen] = fresh[chosen]

    def decode(
        self,
        frames: npt.NDArray[np.uint8] | npt.NDArray[np.int8],
        lost: npt.NDArray[np.bool_] | None = None,
    ) -> Samples:
        """Decode (channels, frames, 11 | 18) uint8 or (channels, frames, 144) int8.

        lost: bool (channels, frames), frames that never came. Returns int16
        (channels, frames * 160), 8 kHz.
        """
        coded = np.require(frames, requirements=["C", "W"]).view(np.uint8)
        channels = len(self._state)
        if coded.ndim != 3 or coded.shape[0] != channels or coded.shape[2] not in WIDTHS:
            raise VoiceError(
                f"expected ({channels} channels, frames, {' | '.join(map(str, WIDTHS))}), "
                f"got {coded.shape}"
            )
        count = coded.shape[1]
        flags = np.zeros((channels, count), np.uint8) if lost is None else _flags(lost, coded.shape)
        pcm = np.empty((channels, count * FRAME_SAMPLES), np.int16)
        self.statistics = np.empty((channels, count, kernel.STATS), np.float32)
        trace = np.empty((channels, count, _NO_TRACE), np.float32)
        kernel.decode_frames(coded, flags, self._state, pcm, self.statistics, trace)
        return pcm


def _flags(lost: npt.NDArray[np.bool_], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    flags = np.ascontiguousarray(lost).astype(np.uint8)
    if flags.shape != shape[:2]:
        raise VoiceError(f"expected one flag a frame, {shape[:2]}, got {flags.shape}")
    return flags


class ImbeDecoder:
    """Decoder of one channel, a frame at a time.

    It never fails on what was received: damaged frames become statistics.
    """

    def __init__(self) -> None:
        """Begin as after a reset."""
        self._state = kernel.start_state(1)
        self._received = np.zeros((1, 1), np.uint8)
        self._lost = np.ones((1, 1), np.uint8)
        self._nothing = np.zeros((1, 1, INFO_BYTES), np.uint8)
        self._stats = np.zeros((1, 1, kernel.STATS), np.float32)
        self._no_trace = np.zeros((1, 1, _NO_TRACE), np.float32)

    @property
    def statistics(self) -> FrameStatistics:
        """What became of the last frame."""
        return _statistics(self._stats[0, 0])

    def reset(self) -> None:
        """Forget everything, as at the start of a transmission."""
        self._state = kernel.start_state(1)
        self._stats[:] = 0.0

    def decode(self, frame: Frame) -> Samples:
        """Return int16 (160,), 8 kHz."""
        return self._run(_as_bytes(frame)[np.newaxis, np.newaxis], self._received)

    def erasure(self) -> Samples:
        """Return int16 (160,) for a frame that never came."""
        return self._run(self._nothing, self._lost)

    def _run(self, frame: npt.NDArray[np.uint8], lost: npt.NDArray[np.uint8]) -> Samples:
        pcm = np.empty((1, FRAME_SAMPLES), np.int16)
        kernel.decode_frames(frame, lost, self._state, pcm, self._stats, self._no_trace)
        sound: Samples = pcm[0]
        return sound


def _stack(frames: Iterable[Frame]) -> npt.NDArray[np.uint8]:
    rows = [_as_bytes(frame) for frame in frames]
    if len({row.size for row in rows}) > 1:
        raise VoiceError("frames with and without error protection cannot be mixed in one call")
    width = rows[0].size if rows else INFO_BYTES
    return np.array(rows, dtype=np.uint8).reshape(1, len(rows), width)


def _trace(
    frames: Iterable[Frame], bad: Sequence[bool] | None, width: int
) -> tuple[Samples, npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    coded = _stack(frames)
    count = coded.shape[1]
    lost = np.zeros((1, count), np.uint8)
    if bad is not None:
        lost = _flags(np.array([bad], dtype=np.bool_), coded.shape)
    pcm = np.empty((1, count * FRAME_SAMPLES), np.int16)
    stats = np.empty((1, count, kernel.STATS), np.float32)
    trace = np.empty((1, count, width), np.float32)
    kernel.decode_frames(coded, lost, kernel.start_state(1), pcm, stats, trace)
    return pcm[0], stats[0], trace[0]


def decode_frames(frames: Iterable[Frame], bad: Sequence[bool] | None = None) -> Samples:
    """Decode a whole transmission: frames of one form, and which of them never came.

    Returns int16 (160 * frames,), 8 kHz.
    """
    return _trace(frames, bad, _NO_TRACE)[0]


def frame_statistics(
    frames: Iterable[Frame], bad: Sequence[bool] | None = None
) -> list[FrameStatistics]:
    """Return the statistics of each frame of a whole transmission."""
    return [_statistics(row) for row in _trace(frames, bad, _NO_TRACE)[1]]


def corrected_frames(frames: Iterable[Frame]) -> list[bytes]:
    """Return the 88 information bits, 11 bytes, of each (protected) frame after correction."""
    trace = _trace(frames, None, kernel.TRACE_SIZE)[2]
    bits = trace[:, kernel.TRACE_BITS :].astype(np.uint8)
    return [np.packbits(row).tobytes() for row in bits]


def frame_parameters(frames: Iterable[Frame]) -> list[FrameParameters | None]:
    """Return the parameters of each frame of a whole transmission; None where it was repeated."""
    _, stats, trace = _trace(frames, None, kernel.TRACE_SIZE)
    return [
        None if stat[kernel.STAT_REPEAT] > 0 else _parameters(row, int(stat[kernel.STAT_HARMONICS]))
        for stat, row in zip(stats, trace, strict=True)
    ]
