"""``samband bench sound``: radio to browser and back: intelligibility, level, delay by stage.

A real Chromium is the desk, the simulated radio is in another process, all on one machine and one
clock. The page's own capture of its mixed output is compared with what the radio played; the
radio's record of what it got is compared with what the microphone spoke.
"""

import argparse
import base64
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.signal import resample_poly

from samband.bench_browser import browser, sign_in, wait_js
from samband.bench_demo import Control, RunningDemo, running_demo
from samband.bench_desk import mono_ms
from samband.bench_signal import (
    RATE_HZ,
    Sound,
    active_dbfs,
    clipped_share,
    compare,
    follow,
    from_pcm,
    percentiles,
    read_wav,
    stoi,
    to_8k,
    write_wav,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGE_RATE_HZ = 48_000
RADIO, GROUP, UNIT = "hamnen", 310301, 1220101
TILE = "tile-norrvik-310301"
TARGET_DBFS = -23.0
BURST_S, PERIOD_S, BURSTS = 0.12, 0.8, 20
MIC_SILENCE_S = 5.0
COMMAND_MS = 50
"""What the simulated radio needs to take a command, besides the wait that it is told."""
LIMITS = {"stoi_in": 0.9, "stoi_out": 0.85, "delay_p50_ms": 100, "delay_p99_ms": 150}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "sound", help="radio to browser and back", epilog="example: samband bench sound"
    )
    parser.add_argument("--speech", type=Path, help="WAV, 16 bit mono 8 kHz (default: own demo)")
    parser.add_argument("--talks", type=int, default=5, help="transmissions of 20 bursts")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Return figures of both ways; ``ok`` when every limit holds."""
    with tempfile.TemporaryDirectory() as name, running_demo(Path(name), scenario="quiet") as demo:
        folder = Path(name)
        speech = args.speech or demo_speech(folder / "speech.wav")
        figures = {
            "in": sound_in(demo, folder, speech),
            "delay": delay(demo, folder, args.talks),
            "out": sound_out(demo, folder, speech),
            "limits": LIMITS,
        }
    figures["ok"] = (
        figures["in"]["stoi"] >= LIMITS["stoi_in"]
        and abs(figures["in"]["active_dbfs"] - TARGET_DBFS) <= 3
        and figures["in"]["clipped_share"] == 0
        and figures["out"]["stoi"] >= LIMITS["stoi_out"]
        and figures["delay"]["pcm_to_page_ms"]["p50"] <= LIMITS["delay_p50_ms"]
        and figures["delay"]["pcm_to_page_ms"]["p99"] <= LIMITS["delay_p99_ms"]
    )
    return figures


def demo_speech(path: Path, seconds: float = 6) -> Path:
    """Join spoken demo messages to one WAV of about ``seconds``."""
    from hardware.sim.speech import clip, clip_index

    pieces: list[Sound] = []
    for name in sorted(clip_index()):
        spoken = clip(name)
        pcm = b"".join(spoken.block(index) for index in range(spoken.blocks))
        pieces += [from_pcm(pcm), np.zeros(RATE_HZ // 5)]
        if sum(map(len, pieces)) > seconds * RATE_HZ:
            break
    write_wav(path, np.concatenate(pieces))
    return path


def capture(page: "Page", during: Any) -> tuple[Sound, list[float]]:
    """Run ``during()`` while the page captures; returns 48 kHz samples and block times in ms."""
    page.evaluate("() => window.samband.audio.captureStart()")
    during()
    data = page.evaluate("() => window.samband.audio.captureStop()")
    times: list[float] = page.evaluate("() => window.samband.audio.captureTimes()")
    samples = np.frombuffer(base64.b64decode(data), "<f4").astype(np.float64)
    return samples, times


def heard_only(control: Control, path: Path, seconds: float) -> float:
    """Play a file on the radio and wait for its end; returns when it began (monotonic ms)."""
    since = mono_ms()
    control.ask(do="talk", radio=RADIO, group=GROUP, unit=UNIT, wav=str(path))
    time.sleep(seconds + 0.7)
    entries = control.ask(do="log", radio=RADIO, kinds=["talker"], since_ms=since)["entries"]
    return float(entries[0]["t_ms"])


def open_desk(page: "Page", demo: RunningDemo) -> None:
    """Sign in as dispatcher at position 1 and select the talkgroup of this benchmark."""
    sign_in(page, demo.url, demo.users["dispatcher"])
    page.get_by_test_id(TILE).click()
    wait_js(page, "window.samband.audio.media === 'connected'")


def sound_in(demo: RunningDemo, folder: Path, speech: Path) -> dict[str, Any]:
    """Speech from the radio, as the page sounds it."""
    original = read_wav(speech)
    control = demo.control()
    with browser() as context:
        page = context.new_page()
        open_desk(page, demo)
        samples, _ = capture(page, lambda: heard_only(control, speech, len(original) / RATE_HZ))
    control.close()
    received = to_8k(samples, PAGE_RATE_HZ)
    write_wav(folder / "in.wav", received)
    return {**compare(original, received), "target_dbfs": TARGET_DBFS}


def burst_file(path: Path) -> Path:
    """Write a WAV of short 1 kHz bursts, each at the beginning of a 20 ms block."""
    t = np.arange(int(BURST_S * RATE_HZ)) / RATE_HZ
    sound = np.zeros(int(PERIOD_S * RATE_HZ) * BURSTS)
    for number in range(BURSTS):
        at = int(PERIOD_S * RATE_HZ) * number
        sound[at : at + len(t)] = 0.3 * np.sin(2 * np.pi * 1000 * t)
    write_wav(path, sound)
    return path


def onsets_ms(samples: Sound, times: list[float]) -> list[float]:
    """Return the wall clock (ms) of each rise from silence in captured blocks of 128 samples."""
    blocks = samples[: len(samples) // 128 * 128].reshape(-1, 128)
    level = np.sqrt(np.mean(blocks**2, axis=1))
    loud = level > 0.2 * np.percentile(level, 98)
    block_ms = 128 * 1000 / PAGE_RATE_HZ
    found: list[float] = []
    last = -1e9
    for index in np.flatnonzero(loud):
        at = times[index] - block_ms
        if at - last > PERIOD_S * 300:
            found.append(at)
        last = at if at - last <= PERIOD_S * 300 else found[-1]
    return found


def delay(demo: RunningDemo, folder: Path, talks: int) -> dict[str, Any]:
    """From the block that holds a burst, as the gateway gets it, to the burst in the page."""
    path = burst_file(folder / "bursts.wav")
    control = demo.control()
    values: list[float] = []
    first: list[float] = []
    with browser() as context:
        page = context.new_page()
        open_desk(page, demo)
        for _ in range(talks):
            began: list[float] = []

            def talk(began: list[float] = began) -> None:
                began.append(heard_only(control, path, PERIOD_S * BURSTS))

            samples, times = capture(page, talk)
            wall = began[0] + time.time() * 1000 - mono_ms()
            for at in onsets_ms(samples, times):
                number = round((at - wall - 60) / (PERIOD_S * 1000))
                if 0 <= number < BURSTS:
                    late = at - (wall + number * PERIOD_S * 1000)
                    (first if number == 0 else values).append(late)
        stages = {"output_latency_ms": page.evaluate("() => window.samband.audio.outputLatencyMs")}
    control.close()
    return {
        "pcm_to_page_ms": percentiles(values + first),
        "first_of_a_transmission_ms": percentiles(first) if first else {},
        "bursts_sent": talks * BURSTS,
        "browser": stages,
        "gateway": server_stages(demo),
    }


def server_stages(demo: RunningDemo) -> dict[str, float]:
    """Read the server's own stage times from its metrics."""
    import urllib.request

    with urllib.request.urlopen(f"{demo.url}/metrics") as answer:  # noqa: S310 - our own demo
        lines = answer.read().decode().splitlines()
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("samband_voice_delay_ms")
    }


def microphone_file(path: Path, speech: Path) -> tuple[Path, float]:
    """Write a WAV that speaks, then is silent; returns it and its length in seconds."""
    sound = np.concatenate([read_wav(speech), np.zeros(int(MIC_SILENCE_S * RATE_HZ))])
    write_wav(path, resample_poly(sound, PAGE_RATE_HZ, RATE_HZ), PAGE_RATE_HZ)
    return path, len(sound) / RATE_HZ


def sound_out(
    demo: RunningDemo, folder: Path, speech: Path, *, grant_ms: int = 300
) -> dict[str, Any]:
    """Speech of the browser's microphone, as the radio got it after its grant."""
    original = read_wav(speech)
    spoken_s = len(original) / RATE_HZ
    mic, period_s = microphone_file(folder / "mic.wav", speech)
    control = demo.control()
    with browser(microphone=mic, loop_microphone=True) as context:
        page = context.new_page()
        page.add_init_script(KEEP_TRACK)
        open_desk(page, demo)
        onset = wait_for_onset(page, period_s)
        hold_a_call(control)
        wait_ms = grant_ms - COMMAND_MS
        control.ask(do="grant", radio=RADIO, answer="grant", after_ms=wait_ms, times=1)
        since = mono_ms()
        press_at = onset + period_s * 1000 - 60
        page.evaluate(PRESS_AT, [press_at, press_at + 60 + spoken_s * 1000 + 150])
        page.wait_for_timeout(press_at - time.time() * 1000 + spoken_s * 1000 + 3000)
    sound = from_pcm(control.pcm(do="sound", radio=RADIO, since_ms=since, group=GROUP))
    states = control.ask(do="log", radio=RADIO, kinds=["keyed", "unkeyed"], since_ms=since)
    keyed = [e["t_ms"] for e in states["entries"] if e["kind"] == "keyed"]
    pressed = press_at - (time.time() * 1000 - mono_ms())
    control.close()
    write_wav(folder / "out.wav", sound)
    laid, lags = follow(original, sound)
    return {
        "stoi": stoi(original, laid),
        "active_dbfs": active_dbfs(sound),
        "clipped_share": clipped_share(sound),
        "granted_after_ms": keyed[0] - pressed,
        "keyed_s": len(sound) / RATE_HZ,
        "spoken_s": spoken_s,
        "key_ups": len(keyed),
        "backlog_worked_off_ms": lags[0] - lags[-1],
        **edges(original, sound),
    }


def hold_a_call(control: Control) -> None:
    """Leave a call up, so that the press is a demand in it and its grant is timed by us alone."""
    control.ask(do="clear", radio=RADIO)
    control.ask(
        do="talk", radio=RADIO, group=GROUP, unit=UNIT, tone_hz=500, for_s=0.3, hang_ms=30_000
    )
    time.sleep(1)


KEEP_TRACK = """(() => {
  const devices = navigator.mediaDevices, real = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wish) => {
    const stream = await real(wish);
    window.spokenTrack = stream.getAudioTracks()[0].clone();
    return stream;
  };
})()"""
"""Keeps a copy of the microphone's track, since the page's own is silent until a press."""

PRESS_AT = """([down, up]) => {
  const key = (type) => window.dispatchEvent(
    new KeyboardEvent(type, {code: 'F1', key: 'F1', bubbles: true, cancelable: true}));
  setTimeout(() => key('keydown'), down - Date.now());
  setTimeout(() => key('keyup'), up - Date.now());
}"""


def wait_for_onset(page: "Page", period_s: float) -> float:
    """Return the wall clock (ms) at which the looping microphone began to speak."""
    onset: float = page.evaluate(
        """async (limit) => {
          const stream = new MediaStream([window.spokenTrack]);
          const context = new AudioContext();
          const meter = context.createAnalyser();
          meter.fftSize = 256;
          context.createMediaStreamSource(stream).connect(meter);
          const data = new Float32Array(256);
          const loud = () => { meter.getFloatTimeDomainData(data);
            return Math.max(...data.map(Math.abs)) > 0.02; };
          const nap = () => new Promise(r => setTimeout(r, 2));
          const end = Date.now() + limit;
          let quiet = Date.now();
          while (Date.now() < end) {
            if (loud()) quiet = Date.now();
            if (Date.now() - quiet > 2500) break;
            await nap();
          }
          while (!loud() && Date.now() < end) await nap();
          return Date.now();
        }""",
        period_s * 3000,
    )
    return onset


def edges(original: Sound, received: Sound, part_s: float = 0.3) -> dict[str, float]:
    """Say whether the first and the last syllable arrived, as likeness of spectrograms (0 to 1).

    The beginning of a press is played up to 1.25 times as fast, so a part of the original is
    looked for at several speeds. For comparison: the same first
    syllable looked for where it was not spoken.
    """
    speech = np.flatnonzero(np.abs(original) > 0.02)
    n = int(part_s * RATE_HZ)
    first, last = int(speech[0]), int(speech[-1])
    head, tail = original[first : first + n], original[max(0, last - n) : last]
    return {
        "first_syllable_likeness": likeness(head, received[: 3 * n]),
        "last_syllable_likeness": likeness(tail, received[-8 * n :]),
        "another_syllable_likeness": likeness(head, received[len(received) // 2 :][: 3 * n]),
    }


def likeness(part: Sound, sound: Sound) -> float:
    """Return how much of ``part`` is found in ``sound``, at the best place and speed."""
    wanted, there = spectrogram(part), spectrogram(sound)
    best = 0.0
    for speed in (1.0, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3):
        frames = np.arange(0, wanted.shape[1] - 1, speed)
        scaled = np.stack([np.interp(frames, np.arange(row.size), row) for row in wanted])
        scaled = scaled - scaled.mean()
        for at in range(there.shape[1] - scaled.shape[1]):
            piece = there[:, at : at + scaled.shape[1]]
            piece = piece - piece.mean()
            norm = np.sqrt(np.sum(piece**2) * np.sum(scaled**2)) + 1e-9
            best = max(best, float(np.sum(piece * scaled) / norm))
    return best


def spectrogram(sound: Sound) -> Sound:
    """Return levels in dB, (24 bands, frames of 5 ms), held to 50 dB below the loudest."""
    from scipy.signal import stft

    _, _, bins = stft(sound, RATE_HZ, nperseg=200, noverlap=160)
    power = np.abs(bins[1:97]) ** 2
    bands = power.reshape(24, 4, -1).sum(axis=1)
    level = 10 * np.log10(bands + 1e-10)
    return np.asarray(np.maximum(level, level.max() - 50))
