"""A page about one file: what the vocoder made of it, frame by frame, and how it sounds after."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gateway.model.errors import ConfigError
from samband.codec_files import RATE_HZ, Samples, read_frames, read_wav
from samband.codec_kinds import KINDS, Kind
from samband.codec_plots import bars, page, picture, spectrogram, track
from samband.codec_work import decode_all, encode_all

FULL_SCALE = 32768.0
SILENT_DBFS = -96.0


def report(source: Path, codec: str) -> str:
    """Return the page of a WAV (encoded and decoded again) or of a file of frames, as HTML."""
    kind = KINDS[codec]
    if source.suffix.lower() == ".wav":
        sound = read_wav(source)
        before: Samples | None = sound
        frames = encode_all(kind, sound)
    else:
        before, frames = None, _frames_of(source, kind)
    if not frames:
        raise ConfigError(f"{source}: expected at least one frame of {kind.words}")
    after = decode_all(kind.coder(), frames, [False] * len(frames))
    seconds = len(after) / RATE_HZ
    plots = [] if before is None else [("Before", picture(spectrogram(before)))]
    plots.append(("After", picture(spectrogram(after))))
    if before is not None:
        plots.append(("Level before", _level_track(before, seconds)))
    plots.append(("Level after", _level_track(after, seconds)))
    facts = [("File", source.name), ("Codec", kind.words), ("Frames", str(len(frames)))]
    facts += [("Length", f"{seconds:.2f} s"), ("Level after", f"{_level(after):.1f} dBFS")]
    more_facts, more_plots = _imbe(frames, seconds) if codec == "imbe" else _acelp(frames, seconds)
    return page(f"{source.name} through {kind.words}", facts + more_facts, plots + more_plots)


def _frames_of(source: Path, kind: Kind) -> list[bytes]:
    """Read frames with or without error protection, by what the first one is."""
    if kind.coded_digits:
        try:
            return read_frames(source, kind.digits)
        except ConfigError:
            return read_frames(source, kind.coded_digits)
    return read_frames(source, kind.digits)


def _level(samples: npt.NDArray[np.int16]) -> float:
    power = float(np.mean((samples / FULL_SCALE) ** 2)) if len(samples) else 0.0
    return max(SILENT_DBFS, 10 * float(np.log10(power + 1e-12)))


def _level_track(samples: npt.NDArray[np.int16], seconds: float) -> str:
    levels = [_level(samples[at : at + 160]) for at in range(0, len(samples), 160)]
    return track(levels, seconds, "dBFS", low=-80.0, high=0.0)


def _imbe(
    frames: Sequence[bytes], seconds: float
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Pitch, share of voiced harmonics and error counts."""
    from voicecodecs.imbe import frame_statistics

    rows = frame_statistics(frames)
    pitch = [None if row.repeated or row.muted else row.pitch_hz for row in rows]
    voiced = [100.0 * row.voiced_harmonics / max(1, row.harmonics) for row in rows]
    errors = [float(row.total_errors) for row in rows]
    facts = [
        ("Corrected bits", f"{sum(errors):.0f} of {len(frames) * 144}"),
        ("Frames repeated", str(sum(row.repeated for row in rows))),
        ("Frames muted", str(sum(row.muted for row in rows))),
    ]
    plots = [
        ("Pitch", track(pitch, seconds, "Hz", low=50.0, high=420.0)),
        ("Voiced share of the harmonics", bars(voiced, seconds, "%", high=100.0)),
        ("Bits corrected a frame", bars(errors, seconds, "bits", high=max(4.0, *errors))),
    ]
    return facts, plots


def _acelp(
    frames: Sequence[bytes], seconds: float
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Pitch lag and codebook gain of the four subframes."""
    from voicecodecs.acelp.frame import PARAMETER_NAMES, parameters_of

    block = np.frombuffer(b"".join(frames), np.uint8).reshape(len(frames), -1)
    words = parameters_of(block)
    pitch: list[float | None] = []
    for row in words.tolist():
        named = dict(zip(PARAMETER_NAMES, row, strict=True))
        pitch.append(RATE_HZ / _first_lag(named["pitch_1"]))
    gains = words[:, [PARAMETER_NAMES.index(f"gain_{n}") for n in (1, 2, 3, 4)]].reshape(-1)
    return [], [
        ("Pitch of the first subframe", track(pitch, seconds, "Hz", low=50, high=420)),
        ("Gain index", bars([float(g) for g in gains], seconds, "", high=63)),
    ]


def _first_lag(index: int) -> float:
    """Return the lag in samples of a first subframe's 8-bit index (EN 300 395-2, thirds to 84)."""
    return (index + 57) / 3 if index < 197 else float(index - 112)
