"""Looks at one dongle as the driver would use it: for ``samband doctor``."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.model.errors import LinkError
from gateway.ports import Clock
from hardware.ambe.driver import AmbeDongle
from hardware.ambe.numbers import SAMPLES_PER_FRAME, SPEEDS_BPS

TEST_FRAMES = 25
"""Half a second: a vocoder needs some frames before its sound is there."""
SETTLED_FRAMES = 10
TONE_HZ, TONE_PEAK, SAMPLE_RATE_HZ = 440, 8000, 8000
READY_LIMIT_MS = 1500
"""A little more than the resets of one opening take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DongleReport:
    """What was found. ``frame_ms`` is the pace of the slower direction; above 20 is too slow."""

    speed_bps: int
    product: str
    version: str
    lost: int
    """Of 25 frames coded and 25 decoded."""
    frame_ms: float
    slowest_ms: int
    loudness: float
    """Mean amplitude of what came back of a tone of 5657."""


async def check_dongle(
    port: str, clock: Clock, speeds_bps: Sequence[int] = SPEEDS_BPS
) -> DongleReport:
    """Open the port at each speed until a chip answers, send a tone there and back, close.

    Raises LinkError with the reason of the last speed, ConfigError for an address that is none.
    The caller has made sure that the port keys nothing and that nobody uses it.
    """
    for speed_bps in speeds_bps[:-1]:
        try:
            return await _check(port, clock, speed_bps)
        except LinkError:
            continue
    return await _check(port, clock, speeds_bps[-1])


async def _check(port: str, clock: Clock, speed_bps: int) -> DongleReport:
    dongle = AmbeDongle(port, clock, speed_bps=speed_bps)
    await dongle.start()
    try:
        await dongle.ready(READY_LIMIT_MS)
        turns = np.arange(TEST_FRAMES * SAMPLES_PER_FRAME) * TONE_HZ / SAMPLE_RATE_HZ
        tone = np.rint(TONE_PEAK * np.sin(2 * np.pi * turns)).astype(np.int16)
        began = time.monotonic()
        frames, lost_there = await dongle.encode(tone.reshape(-1, SAMPLES_PER_FRAME))
        half = time.monotonic()
        pcm, lost_back = await dongle.decode(frames, lost_there)
        ended = time.monotonic()
        settled = pcm[SETTLED_FRAMES:].astype(np.float64)
        return DongleReport(
            speed_bps=speed_bps,
            product=dongle.product,
            version=dongle.version,
            lost=int(lost_there.sum() + lost_back.sum()),
            frame_ms=max(half - began, ended - half) * 1000 / TEST_FRAMES,
            slowest_ms=dongle.counts.slowest_ms,
            loudness=float(np.sqrt(np.mean(settled**2))),
        )
    finally:
        await dongle.close()
