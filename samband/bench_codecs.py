"""``samband bench codecs``: frames a second on one core, each beside a peer where one is installed.

Speech is the project's own spoken messages. "Batch" is one call for many frames of one channel or
of 64; "streaming" is one Python call a frame, as a driver does it. The worst case of the IMBE
decoder is the slowest of several made-up streams around 56 harmonics (``WORST``).
"""

import argparse
import importlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from samband.bench_codec_exact import acelp_exact

Samples = npt.NDArray[np.int16]
Frames = npt.NDArray[np.uint8]

SECONDS: Final = 60
CHANNELS: Final = 64
WORST_FRAMES: Final = 2_000
LIMITS: Final = {
    "imbe_decode_batch": 40_000,
    "imbe_encode_batch": 30_000,
    "imbe_decode_streaming": 20_000,
    "imbe_encode_streaming": 15_000,
    "imbe_decode_worst": 20_000,
    "acelp_decode_batch": 76_000,
    "acelp_encode_batch": 8_000,
    "acelp_decode_streaming": 25_000,
    "acelp_encode_streaming": 6_000,
}
WARM_LIMIT_S: Final = 1.5
WARM_RUNS: Final = 4
WORST: Final = {
    "all voiced": ((207, 0xFFF),),
    "voiced and noise": ((207, 0xFFE),),
    "voicing changes in every band": ((207, 0xAAA), (207, 0x555)),
    "voicing and noise change": ((207, 0xFFE), (207, 0x001)),
    "pitch jumps": ((207, 0xFFE), (178, 0xFFE)),
}
"""b_0 and b_1 of the frames that follow one another; 207 gives 56 harmonics, 178 gives 49."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "codecs", help="vocoders, frames a second", epilog="example: samband bench codecs"
    )
    parser.add_argument("--repeat", type=int, default=5, help="the best of so many runs counts")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of speech in each run")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Return frames a second; ``ok`` when every limit holds."""
    speech = spoken(args.seconds)
    with one_core():
        figures: dict[str, Any] = {
            **imbe(speech, args.repeat),
            **acelp(speech, args.repeat),
            "peers": peers(speech, args.repeat),
        }
    figures["acelp_encoder_exact"] = acelp_exact()
    figures["warm_s"] = warm_s()
    figures["limits"] = LIMITS | {"warm_s": WARM_LIMIT_S}
    figures["missed"] = missed(figures)
    figures["ok"] = not figures["missed"]
    return figures


def missed(figures: dict[str, Any]) -> list[str]:
    """Return each limit that does not hold, in words."""
    slow = [
        f"{name}: {figures.get(name, 0)} of {limit} frames/s"
        for name, limit in LIMITS.items()
        if figures.get(name, 0) < limit
    ]
    late = figures["warm_s"] > WARM_LIMIT_S
    return [*slow, *([f"warm_s: {figures['warm_s']} of {WARM_LIMIT_S} s"] if late else [])]


def spoken(seconds: int) -> Samples:
    """Return the demo's spoken messages, one after the other, int16 (seconds * 8000,)."""
    from hardware.sim.speech import clip, clip_index

    parts: list[Samples] = []
    for name in sorted(clip_index()):
        said = clip(name)
        pcm = b"".join(said.block(index) for index in range(said.blocks))
        parts.append(np.frombuffer(pcm, "<i2").astype(np.int16))
    return np.resize(np.concatenate(parts), seconds * 8000)


@contextmanager
def one_core() -> Iterator[None]:
    """Run on one core only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def rate(work: Callable[[], object], frames: int, repeat: int) -> int:
    """Return frames a second of the best run."""
    best = float("inf")
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return round(frames / best)


def banks(frames: Frames, sound: Samples, frame_samples: int) -> tuple[Frames, Samples]:
    """Cut (n, bytes) and its sound into 64 channels: (64, n // 64, bytes), (64, samples)."""
    few = len(frames) // CHANNELS
    many = np.ascontiguousarray(frames[: few * CHANNELS].reshape(CHANNELS, few, -1))
    cut = sound[: few * CHANNELS * frame_samples].reshape(CHANNELS, -1)
    return many, np.ascontiguousarray(cut)


def imbe(speech: Samples, repeat: int) -> dict[str, Any]:
    """Measure the full-rate vocoder of P25."""
    import voicecodecs.imbe as codec

    frames = codec.encode_pcm(speech)
    count = len(frames)
    block = np.frombuffer(b"".join(frames), np.uint8).reshape(count, -1)
    coded = np.array([list(codec.protect_frame(frame)) for frame in frames], np.uint8)
    pieces = speech.reshape(-1, codec.FRAME_SAMPLES)
    many, sound = banks(block, speech, codec.FRAME_SAMPLES)
    encoder, decoder = codec.ImbeEncoder(), codec.ImbeDecoder()
    coder, bank = codec.BatchEncoder(CHANNELS), codec.BatchDecoder(CHANNELS)
    one, ear = codec.BatchEncoder(1), codec.BatchDecoder(1)
    work: dict[str, tuple[Callable[[], object], int]] = {
        "imbe_decode_batch": (lambda: ear.decode(block[None]), count),
        "imbe_decode_protected": (lambda: ear.decode(coded[None]), count),
        "imbe_decode_streaming": (lambda: [decoder.decode(frame) for frame in frames], count),
        "imbe_decode_64_channels": (lambda: bank.decode(many), many.shape[1] * CHANNELS),
        "imbe_encode_batch": (lambda: one.encode(speech[None]), count),
        "imbe_encode_streaming": (lambda: [encoder.encode(piece) for piece in pieces], count),
        "imbe_encode_64_channels": (lambda: coder.encode(sound), many.shape[1] * CHANNELS),
    }
    figures: dict[str, Any] = {name: rate(*what, repeat) for name, what in work.items()}
    worst = {name: rate_of_frames(pattern, repeat) for name, pattern in WORST.items()}
    return figures | {"imbe_decode_worst": min(worst.values()), "imbe_worst_cases": worst}


def rate_of_frames(pattern: tuple[tuple[int, int], ...], repeat: int) -> int:
    """Return frames a second of decoding frames with these pitches and voicings in turn."""
    from voicecodecs.imbe import BatchDecoder

    frames = [np.frombuffer(made_frame(*each), np.uint8) for each in pattern]
    block = np.resize(np.array(frames), (1, WORST_FRAMES, frames[0].size))
    decoder = BatchDecoder(1)
    return rate(lambda: decoder.decode(block), WORST_FRAMES, repeat)


def made_frame(pitch: int, bands: int) -> bytes:
    """Return 11 bytes with this b_0 and b_1 (a bit a band), loud and of flat spectrum."""
    from voicecodecs.imbe.bits import PLAN
    from voicecodecs.imbe.tables import HARMONICS, MIN_HARMONICS, VALUE_BITS

    row = int(HARMONICS[pitch]) - MIN_HARMONICS
    middle = [1 << int(bits) - 1 if bits else 0 for bits in VALUE_BITS[row]]
    values = [pitch, bands, 40, *middle, 0, 0, 0]
    return np.packbits([values[m] >> int(plane) & 1 for m, plane in PLAN[row]]).tobytes()


def acelp(speech: Samples, repeat: int) -> dict[str, Any]:
    """Measure the speech codec of TETRA."""
    from voicecodecs.acelp.decoder import AcelpDecoder, AcelpDecoderBank
    from voicecodecs.acelp.encoder import AcelpEncoder, AcelpEncoderBank
    from voicecodecs.acelp.frame import FRAME_SAMPLES

    whole = speech[: len(speech) // FRAME_SAMPLES * FRAME_SAMPLES]
    encoder, decoder = AcelpEncoder(), AcelpDecoder()
    frames = encoder.encode(whole)
    count = len(frames)
    pieces = whole.reshape(-1, FRAME_SAMPLES)
    many, sound = banks(frames, whole, FRAME_SAMPLES)
    bank, coder = AcelpDecoderBank(CHANNELS), AcelpEncoderBank(CHANNELS)
    work: dict[str, tuple[Callable[[], object], int]] = {
        "acelp_decode_batch": (lambda: decoder.decode(frames), count),
        "acelp_decode_streaming": (
            lambda: [decoder.decode(frames[i : i + 1]) for i in range(count)],
            count,
        ),
        "acelp_decode_64_channels": (lambda: bank.decode(many), many.shape[1] * CHANNELS),
        "acelp_encode_batch": (lambda: encoder.encode(whole), count),
        "acelp_encode_streaming": (lambda: [encoder.encode(piece) for piece in pieces], count),
        "acelp_encode_64_channels": (lambda: coder.encode(sound), many.shape[1] * CHANNELS),
    }
    return {name: rate(*what, repeat) for name, what in work.items()}


def peers(speech: Samples, repeat: int) -> dict[str, Any]:
    """Measure other people's vocoders in the same run."""
    try:
        blip25 = importlib.import_module("blip25_vocoder")
    except ModuleNotFoundError:
        return {"blip25": "not installed: pip install 'samband[peers]'"}
    pieces = list(speech.reshape(-1, 160))
    vocoder = blip25.Vocoder(blip25.Rate.FULL_RATE_4400X4400)
    frames = [frame for frame in map(vocoder.encode_pcm, pieces) if frame]
    return {
        "blip25_encode_streaming": rate(
            lambda: [vocoder.encode_pcm(piece) for piece in pieces], len(pieces), repeat
        ),
        "blip25_decode_streaming": rate(
            lambda: [vocoder.decode_bits(frame) for frame in frames], len(frames), repeat
        ),
    }


def warm_s() -> float:
    """Return the seconds of import and first call of both codecs, with a filled cache."""
    code = (
        "import time; b = time.perf_counter(); import voicecodecs.imbe as i, "
        "voicecodecs.acelp as a; i.warm(); a.warm(); print(time.perf_counter() - b)"
    )
    command = [sys.executable, "-c", code]
    runs = [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(WARM_RUNS)
    ]
    return round(min(runs[1:]), 3)  # the first one may fill the cache
