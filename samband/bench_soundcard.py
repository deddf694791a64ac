"""``samband bench soundcard``: speech through real sound cards' paths, both ways, and its delay.

PulseAudio with null sinks stands for the cards; PortAudio opens them by ALSA's ``pulse`` devices.
Speech goes radio -> sink -> PortAudio -> link, engine, recorder -> file, and microphone packets ->
engine -> link -> PortAudio -> sink -> radio. Then a card that plays to itself runs for the given
time: bursts in it give the delay, and nothing may run dry.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs
from hardware.sound_address import parse_device
from hardware.sound_device import DeviceSound
from samband.bench_pulse import missing, pulse_server
from samband.bench_signal import (
    RATE_HZ,
    Sound,
    active_dbfs,
    compare,
    follow,
    from_pcm,
    percentiles,
    read_wav,
    stoi,
)
from samband.bench_sound import demo_speech
from samband.bench_soundcard_room import BLOCK_S, SINKS, card_room, link_card

LOOP_CARD: Final = "device:?in=loop_hear&out=loop_play"
LATENCY_MS: Final = 60
"""Of the cards' drivers: the default of a sound address."""
BURST_EVERY: Final = 25
"""Blocks from one burst to the next (0.5 s)."""
BURST_AMPLITUDE: Final = 12_000
LOUD: Final = 3_000
SETTLED_S: Final = 5.0
LIMITS: Final = {"stoi_in": 0.9, "stoi_out": 0.9, "underruns": 0}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "soundcard",
        help="sound cards: both ways, delay, underruns",
        epilog="example: samband bench soundcard --seconds 600 --save docs/measurements",
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the loop")
    parser.add_argument("--speech", type=Path, help="WAV, 16 bit mono 8 kHz (default: own demo)")
    parser.add_argument("--latency-ms", type=int, default=LATENCY_MS, help="of the cards' drivers")
    parser.add_argument("--rounds", type=int, default=2, help="transmissions in each direction")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Return figures of both ways; ``ok`` when every limit holds."""
    absent = missing()
    if absent:
        raise ConfigError(
            f"bench soundcard needs {absent}", hint="scripts/install-test-peers installs them."
        )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with pulse_server(folder / "pulse", *SINKS):
            speech = args.speech or demo_speech(folder / "speech.wav")
            figures = asyncio.run(_both_ways(folder, speech, args.rounds, args.latency_ms))
            figures |= asyncio.run(loop(args.seconds, args.latency_ms))
    figures["limits"] = LIMITS
    figures["ok"] = (
        figures["stoi_in"] >= LIMITS["stoi_in"]
        and figures["stoi_out"] >= LIMITS["stoi_out"]
        and figures["underruns"] == 0
        and figures["loop"]["underruns"] == figures["loop"]["xruns"] == 0
        and figures["loop"]["lost"] == 0
    )
    return figures


async def _both_ways(folder: Path, speech: Path, rounds: int, latency_ms: int) -> dict[str, Any]:
    """Speech in and out, so many times; the worst of each counts."""
    original = read_wav(speech)
    spoken_s = len(original) / RATE_HZ
    heard, spoken = [], []
    async with card_room(folder, latency_ms) as room:
        for number in range(rounds):
            heard.append(await room.heard(speech, spoken_s))
            spoken.append(await room.spoken(original, number))
        card = link_card(room.side)
        count = card.count
        outside = await room.outside()
    # Only now: the comparison would keep the sound's threads from their work.
    received = [compare(original, sound) for sound in heard]
    sent = [compare_press(original, sound) for sound in spoken]
    return {
        "stoi_in": min(row["stoi"] for row in received),
        "stoi_out": min(row["stoi"] for row in sent),
        "in": received,
        "out": sent,
        "latency_driver_ms": latency_ms,
        "underruns": count.underruns + count.xruns,
        "lost": count.lost,
        "clipped": count.clipped,
        "blocks_outside_a_call_at_the_radio": outside,
    }


def compare_press(original: Sound, sound: Sound) -> dict[str, Any]:
    """Return STOI and level of a press; its buffer shifts sound, so parts are laid in place."""
    laid, lags = follow(original, sound)
    return {
        "stoi": stoi(original, laid),
        "active_dbfs": active_dbfs(sound),
        "lag_ms": lags[-1],
        "worked_off_ms": lags[0] - lags[-1],
    }


async def loop(seconds: float, latency_ms: int = LATENCY_MS) -> dict[str, Any]:
    """Play to a sink and capture its monitor; returns delay, underruns and what the clocks did."""
    meter = _Meter()
    opened = asyncio.Event()
    card = DeviceSound(
        parse_device(f"{LOOP_CARD}&latency_ms={latency_ms}"),
        meter.heard,
        lambda: UtcUs(time.time_ns() // 1000),
        trouble=lambda words: None if words else opened.set(),
    )
    await card.start()
    try:
        await asyncio.wait_for(opened.wait(), 10)
        await _play(card, meter, seconds)
        inward, outward = card.lines
        assert inward is not None
        assert outward is not None
        return {
            "latency_capture_ms": percentiles(meter.ages_ms),
            "latency_loop_ms": percentiles(meter.delays_ms()),
            "loop": {
                "seconds": seconds,
                "bursts": len(meter.sent_s),
                "underruns": card.count.underruns,
                "xruns": card.count.xruns,
                "lost": card.count.lost,
                "unsent": card.count.unsent,
                "overruns": outward.overruns,
                "jumps": inward.jumps,
                "drift_in_ppm": inward.loop.drift_ppm,
                "drift_out_ppm": outward.loop.drift_ppm,
                "queue_ms": outward.fill_s * 1000,
                "blocks_per_second": meter.blocks / max(meter.span_s, BLOCK_S),
            },
        }
    finally:
        await card.close()


async def _play(card: DeviceSound, meter: "_Meter", seconds: float) -> None:
    """Send a block every 20 ms, a burst at the beginning of each 25th."""
    at = np.arange(160) / RATE_HZ
    burst = (BURST_AMPLITUDE * np.sin(2 * np.pi * 1000 * at)).astype("<i2").tobytes()
    due = time.monotonic()
    for number in range(round(seconds / BLOCK_S)):
        if number % BURST_EVERY == 0:
            meter.sent_s.append(time.monotonic())
            card.send(burst)
        else:
            card.send(bytes(320))
        due += BLOCK_S
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    await asyncio.sleep(0.5)


class _Meter:
    """Finds bursts in what comes back, by the time at which their block is handed over."""

    def __init__(self) -> None:
        self.sent_s: list[float] = []
        self.ages_ms: list[float] = []
        self.blocks = 0
        self.span_s = 0.0
        self._came_s: list[float] = []
        self._quiet = True
        self._first_utc: UtcUs | None = None

    def heard(self, pcm: bytes, utc: UtcUs) -> None:
        """Take a captured block."""
        now_s = time.monotonic()
        self.ages_ms.append((time.time_ns() // 1000 - utc) / 1000)
        if self._first_utc is None:
            self._first_utc = utc
        else:
            self.blocks += 1
            self.span_s = (utc - self._first_utc) / 1e6
        loud = np.flatnonzero(np.abs(from_pcm(pcm)) * 32768 > LOUD)
        if self._quiet and len(loud):
            # The burst's first sample was whole 20 ms ago, less what stands before it.
            self._came_s.append(now_s - (160 - int(loud[0])) / RATE_HZ)
        self._quiet = not len(loud)

    def delays_ms(self) -> list[float]:
        """Return from ``send`` to the burst's place in the captured sound, block time excluded."""
        begin = self.sent_s[0] + SETTLED_S if len(self.sent_s) > 2 * SETTLED_S / 0.5 else 0.0
        sent = np.array(self.sent_s)
        delays = []
        for came in self._came_s:
            before = sent[sent <= came]
            if len(before) and before[-1] >= begin:
                delays.append((came - before[-1]) * 1000)
        return delays
