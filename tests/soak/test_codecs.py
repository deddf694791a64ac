"""The vocoders for long: a million random frames of each form, and an hour of sound both ways.

``SAMBAND_SOAK_FRAMES`` (1,000,000) and ``SAMBAND_SOAK_SOUND_S`` (3,600 s of sound, as fast as it
goes) say how long. What was found is written to ``SAMBAND_SOAK_SAVE``.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pytest

from samband.bench import provenance
from tests.codecs.acelp.vectors import cases, random_frames
from tests.codecs.imbe import vectors
from voicecodecs import imbe
from voicecodecs.acelp.decoder import AcelpDecoder, AcelpDecoderBank
from voicecodecs.acelp.encoder import AcelpEncoder
from voicecodecs.pcm import Samples

FRAMES = int(os.environ.get("SAMBAND_SOAK_FRAMES", "1000000"))
SOUND_S = float(os.environ.get("SAMBAND_SOAK_SOUND_S", "3600"))
SAVE = os.environ.get("SAMBAND_SOAK_SAVE", "")
CHANNELS = 50
ROUND = 200
"""Frames a channel in one call."""
ROUNDS = -(-FRAMES // (CHANNELS * ROUND))
LOUDEST_RMS = 2**0.5 * 20480
"""The IMBE decoder bounds the sum of amplitudes to 20480; one sine of it has this level."""
CALM = 64
"""Largest sample of the ACELP decoder two frames of silence after whatever came before."""
RINGING = 0.01
"""Share of channels that may ring on while frames are lost: the published concealment keeps the
spectrum of the last frame, and with rubbish that is a filter which may not be stable."""
GROWTH_BYTES = 8 << 20
SETTLE_S = 30.0
"""Sound after which every buffer has been made once."""
LOOK_S = 60.0
"""Sound between two looks at the memory."""

Figures = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def figures() -> Iterator[Figures]:
    """What each test found; saved at the end."""
    kept: Figures = {}
    yield kept
    if SAVE and kept:
        record = {"bench": "codec-soak", **provenance(), "figures": kept}
        Path(SAVE).mkdir(parents=True, exist_ok=True)
        text = json.dumps(record, indent=2, sort_keys=True) + "\n"
        Path(SAVE, "codec-soak.json").write_text(text, encoding="utf-8")


def tell(capsys: pytest.CaptureFixture[str], name: str, found: dict[str, Any]) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {found}\n")


def loudest(sound: Samples, frame_samples: int) -> float:
    """Return the RMS of the loudest frame."""
    blocks = sound.astype(np.float32).reshape(-1, frame_samples)
    return float(np.sqrt((blocks**2).mean(axis=1)).max())


@pytest.mark.parametrize("width", [11, 18, 144])
def test_random_imbe_frames(
    width: int, figures: Figures, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(width)
    decoder = imbe.BatchDecoder(CHANNELS)
    began, rms = time.monotonic(), 0.0
    for _ in range(ROUNDS):
        octets = random.integers(0, 256, (CHANNELS, ROUND, width), dtype=np.uint8)
        lost = random.random((CHANNELS, ROUND)) < 0.05
        sound = decoder.decode(octets if width < 144 else octets.view(np.int8), lost)
        assert np.isfinite(decoder.statistics).all()
        assert np.isfinite(decoder._state).all()
        rms = max(rms, loudest(sound, imbe.FRAME_SAMPLES))
    name = f"random_imbe_{width}_bytes"
    figures[name] = random_figures(began, rms)
    tell(capsys, name, figures[name])
    assert rms < LOUDEST_RMS


def test_random_acelp_frames(figures: Figures, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(137)
    bank = AcelpDecoderBank(CHANNELS)
    silence = next(case for case in cases() if case.name == "sig_silence").frames[:3]
    quiet = np.ascontiguousarray(np.broadcast_to(silence, (CHANNELS, *silence.shape)))
    lost = np.ones((CHANNELS, 30), np.bool_)
    nothing = np.zeros((CHANNELS, 30, 18), np.uint8)
    began, rms, ringing, left = time.monotonic(), 0.0, 0, 0
    for turn in range(ROUNDS):
        frames = random_frames(CHANNELS * ROUND, seed=turn).reshape(CHANNELS, ROUND, -1)
        sound = bank.decode(frames, random.random((CHANNELS, ROUND)) < 0.05)
        rms = max(rms, loudest(sound, 240))
        ringing += int((largest(bank.decode(nothing, lost)) > 8 * CALM).sum())
        left = max(left, int(largest(bank.decode(quiet)).max()))
    figures["random_acelp"] = random_figures(began, rms) | {
        "ringing_after_30_lost": ringing,
        "runs_of_lost_frames": ROUNDS * CHANNELS,
        "largest_in_third_frame_of_silence": left,
    }
    tell(capsys, "random_acelp", figures["random_acelp"])
    assert ringing < RINGING * ROUNDS * CHANNELS
    assert left <= CALM


def largest(sound: Samples) -> npt.NDArray[np.int32]:
    """Return the largest sample, (channels,), of the last ACELP frame."""
    last: npt.NDArray[np.int32] = np.abs(sound[:, -240:].astype(np.int32)).max(axis=1)
    return last


def random_figures(began: float, rms: float) -> dict[str, Any]:
    return {
        "frames": ROUNDS * CHANNELS * ROUND,
        "seconds": round(time.monotonic() - began, 1),
        "loudest_frame_rms": round(rms),
    }


def test_an_hour_of_imbe_both_ways_leaves_memory_flat(
    figures: Figures, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder, decoder = imbe.ImbeEncoder(coded=True), imbe.ImbeDecoder()

    def both_ways(block: Samples) -> list[Samples]:
        heard = []
        for frame in encoder.encode(block):
            heard.append(decoder.decode(frame))
            assert not decoder.statistics.repeated
        return heard

    figures["hour_imbe"] = long_talk(both_ways, imbe.FRAME_SAMPLES)
    tell(capsys, "hour_imbe", figures["hour_imbe"])
    assert figures["hour_imbe"]["memory_growth_bytes"] < GROWTH_BYTES


def test_an_hour_of_acelp_both_ways_leaves_memory_flat(
    figures: Figures, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder, decoder = AcelpEncoder(), AcelpDecoder()
    figures["hour_acelp"] = long_talk(lambda b: [decoder.decode(encoder.encode(b))], 240)
    tell(capsys, "hour_acelp", figures["hour_acelp"])
    assert figures["hour_acelp"]["memory_growth_bytes"] < GROWTH_BYTES


def long_talk(both_ways: Callable[[Samples], list[Samples]], frame_samples: int) -> dict[str, Any]:
    """Talk for ``SOUND_S`` of sound, a frame a call, and watch the memory."""
    speech = np.concatenate([vectors.sound(name) for name in vectors.SPEECH])
    blocks = speech[: speech.size // frame_samples * frame_samples].reshape(-1, frame_samples)
    frame_s = frame_samples / 8000
    process, began = psutil.Process(), time.monotonic()
    seen: list[int] = []
    peak = 0
    heard = 0
    for index in range(int(SOUND_S / frame_s)):
        for sound in both_ways(blocks[index % len(blocks)]):
            heard += sound.size
            peak = max(peak, int(np.abs(sound.astype(np.int32)).max(initial=0)))
        if index * frame_s >= SETTLE_S + LOOK_S * len(seen):
            seen.append(process.memory_info().rss)
    seen.append(process.memory_info().rss)
    assert peak > 1000
    assert heard >= (SOUND_S - 1.0) * 8000
    return {
        "sound_s": SOUND_S,
        "seconds": round(time.monotonic() - began, 1),
        "largest_sample": peak,
        "memory_settled_bytes": seen[0],
        "memory_growth_bytes": max(seen) - seen[0],
    }
