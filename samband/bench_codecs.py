"""``samband bench codecs``: frames a second on one core, each beside a peer where one is installed.

Speech is the project's own spoken samples. "Batch" is one call for many frames of one channel or of
64; "streaming" is one Python call a frame, as a driver does it.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

SECONDS = 60
CHANNELS = 64
LIMITS = {
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
WARM_LIMIT_S = 1.5


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "codecs", help="vocoders, frames a second", epilog="example: samband bench codecs"
    )
    parser.add_argument("--repeat", type=int, default=5, help="the best of so many runs counts")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Return frames a second; ``ok`` when every limit holds."""
    speech = spoken(SECONDS)
    with one_core():
        figures: dict[str, Any] = {**imbe(speech, args.repeat), **acelp(speech, args.repeat)}
        figures["peers"] = peers(speech, args.repeat)
    figures["warm_s"] = warm_s()
    figures["limits"] = LIMITS | {"warm_s": WARM_LIMIT_S}
    missed = [name for name, limit in LIMITS.items() if figures[name] < limit]
    figures["missed"] = missed
    figures["ok"] = not missed and figures["warm_s"] <= WARM_LIMIT_S
    return figures


def spoken(seconds: float) -> Samples:
    """Return the demo's spoken messages, one after the other, int16 at 8 kHz."""
    from hardware.sim.speech import clip, clip_index

    parts: list[Samples] = []
    for name in sorted(clip_index()):
        said = clip(name)
        pcm = b"".join(said.block(index) for index in range(said.blocks))
        parts.append(np.frombuffer(pcm, "<i2").astype(np.int16))
    whole = np.concatenate(parts)
    return np.resize(whole, int(seconds * 8000))


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


def imbe(speech: Samples, repeat: int) -> dict[str, Any]:
    """Measure the full-rate vocoder of P25."""
    from voicecodecs.imbe import (
        FRAME_SAMPLES,
        BatchDecoder,
        BatchEncoder,
        ImbeDecoder,
        ImbeEncoder,
        encode_pcm,
    )

    frames = encode_pcm(speech)
    count = len(frames)
    block = np.frombuffer(b"".join(frames), np.uint8).reshape(1, count, -1)
    worst = np.repeat(np.frombuffer(worst_frame(), np.uint8)[None, None], count, axis=1)
    encoder, decoder = ImbeEncoder(), ImbeDecoder()
    pieces = speech[: count * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    few = count // CHANNELS
    many = np.ascontiguousarray(block[0, : few * CHANNELS].reshape(CHANNELS, few, -1))
    sound = speech[: few * CHANNELS * FRAME_SAMPLES].reshape(CHANNELS, -1)
    coder, bank = BatchEncoder(CHANNELS), BatchDecoder(CHANNELS)
    return {
        "imbe_decode_batch": rate(lambda: BatchDecoder(1).decode(block), count, repeat),
        "imbe_decode_worst": rate(lambda: BatchDecoder(1).decode(worst), count, repeat),
        "imbe_encode_batch": rate(
            lambda: BatchEncoder(1).encode(speech[None]), len(pieces), repeat
        ),
        "imbe_decode_streaming": rate(
            lambda: [decoder.decode(frame) for frame in frames], count, repeat
        ),
        "imbe_encode_streaming": rate(
            lambda: [encoder.encode(piece) for piece in pieces], len(pieces), repeat
        ),
        "imbe_decode_64": rate(lambda: bank.decode(many), few * CHANNELS, repeat),
        "imbe_encode_64": rate(lambda: coder.encode(sound), few * CHANNELS, repeat),
    }


def worst_frame() -> bytes:
    """Return a frame of 56 harmonics, all of them unvoiced but the first band."""
    from voicecodecs.imbe import BatchEncoder, frame_statistics

    t = np.arange(8000) / 8000
    low = sum(np.sin(2 * np.pi * 66.0 * n * t) / n**0.5 for n in range(1, 56))
    sound = (np.asarray(low) * 2500).astype(np.int16)
    frames = BatchEncoder(1).encode(sound[None])[0]
    rows = frame_statistics([frame.tobytes() for frame in frames])
    longest = max(range(len(rows)), key=lambda index: rows[index].harmonics)
    return frames[longest].tobytes()


def acelp(speech: Samples, repeat: int) -> dict[str, Any]:
    """Measure the speech codec of TETRA."""
    from voicecodecs.acelp.decoder import AcelpDecoder, AcelpDecoderBank
    from voicecodecs.acelp.encoder import AcelpEncoder, AcelpEncoderBank
    from voicecodecs.acelp.frame import FRAME_SAMPLES

    whole = speech[: len(speech) // FRAME_SAMPLES * FRAME_SAMPLES]
    frames = AcelpEncoder().encode(whole)
    count = len(frames)
    encoder, decoder = AcelpEncoder(), AcelpDecoder()
    pieces = whole.reshape(-1, FRAME_SAMPLES)
    few = count // CHANNELS
    many = np.ascontiguousarray(frames[: few * CHANNELS].reshape(CHANNELS, few, -1))
    sound = np.ascontiguousarray(whole[: few * CHANNELS * FRAME_SAMPLES].reshape(CHANNELS, -1))
    bank, coder = AcelpDecoderBank(CHANNELS), AcelpEncoderBank(CHANNELS)
    return {
        "acelp_decode_batch": rate(lambda: AcelpDecoder().decode(frames), count, repeat),
        "acelp_encode_batch": rate(lambda: AcelpEncoder().encode(whole), count, repeat),
        "acelp_decode_streaming": rate(
            lambda: [decoder.decode(frames[i : i + 1]) for i in range(count)], count, repeat
        ),
        "acelp_encode_streaming": rate(
            lambda: [encoder.encode(piece) for piece in pieces], count, repeat
        ),
        "acelp_decode_64": rate(lambda: bank.decode(many), few * CHANNELS, repeat),
        "acelp_encode_64": rate(lambda: coder.encode(sound), few * CHANNELS, repeat),
    }


def peers(speech: Samples, repeat: int) -> dict[str, Any]:
    """Measure other people's vocoders in the same run; empty when none is installed."""
    try:
        import blip25_vocoder
    except ModuleNotFoundError:
        return {"blip25": "not installed: pip install 'samband[peers]'"}
    pieces = list(speech[: len(speech) // 160 * 160].reshape(-1, 160))
    vocoder = blip25_vocoder.Vocoder(blip25_vocoder.Rate.FULL_RATE_4400X4400)
    frames = [vocoder.encode_pcm(piece) for piece in pieces]
    frames = [frame for frame in frames if frame]
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
    runs = []
    for _ in range(4):  # the first one may fill the cache
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        runs.append(float(done.stdout))
    return round(min(runs[1:]), 3)
