"""Sound cards for real: PortAudio over PulseAudio null sinks, started in a folder of the test."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from gateway.model.errors import ConfigError, LinkError
from gateway.model.ids import RequestId, UtcUs
from gateway.model.plan import Link
from gateway.model.radio import KeyDemand, LinkState, TxEnded, TxGranted, TxNotSent
from hardware.sim.scenario import load_scenario
from hardware.sound_address import parse_device
from hardware.sound_device import DeviceSound
from hardware.sound_devices import find_device, list_devices, list_devices_afresh, words_of
from hardware.sound_portaudio import portaudio_house
from samband.bench_pulse import PulseServer, missing, pulse_server
from samband.bench_signal import compare, read_wav
from samband.bench_sound import demo_speech
from samband.bench_soundcard import compare_press
from samband.bench_soundcard_room import SINKS, card_room
from tests.hardware.driving import drive
from tests.hardware.simulation import Simulation
from voicecodecs.pcm import from_bytes

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {missing()}")

ROOMY = "&latency_ms=200&queue_ms=120"
"""For machines that run many other things beside the tests: a busy core makes real holes."""
RETURN_S = 2.0
HOUSE = portaudio_house()
"""PortAudio's state is the process's: one house for all cards of these tests."""


@pytest.fixture
def pulse(tmp_path: Path) -> Iterator[PulseServer]:
    with pulse_server(tmp_path / "pulse", *SINKS) as server:
        yield server


def utc() -> UtcUs:
    return UtcUs(time.time_ns() // 1000)


def tone_block(number: int, frequency_hz: float = 1000.0) -> bytes:
    at = np.arange(number * 160, number * 160 + 160) / 8000
    return (8000 * np.sin(2 * np.pi * frequency_hz * at)).astype("<i2").tobytes()


class Card:
    """A card, what it captured and what it said."""

    def __init__(self, url: str, **more: object) -> None:
        self.blocks: list[tuple[bytes, UtcUs]] = []
        self.words: list[str] = []
        self.sound = DeviceSound(
            parse_device(url),
            lambda pcm, at: self.blocks.append((pcm, at)),
            utc,
            trouble=self.words.append,
            house=HOUSE,
            **more,  # type: ignore[arg-type]  # gains_db only
        )

    async def __aenter__(self) -> "Card":
        await self.sound.start()
        await self.until(lambda: not self.sound.trouble)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.sound.close()
        await self.sound.close()

    async def until(self, condition: Callable[[], object], limit_s: float = 10.0) -> None:
        try:
            async with asyncio.timeout(limit_s):
                while not condition():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"{self.words}, {self.sound.count}") from None

    async def play(self, blocks: int) -> None:
        due = time.monotonic()
        for number in range(blocks):
            self.sound.send(tone_block(number))
            due += 0.02
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def captured(self) -> np.ndarray:
        return np.concatenate([from_bytes(pcm) for pcm, _ in self.blocks]).astype(float)


def level_of(sound: np.ndarray, frequency_hz: float) -> float:
    """Return the amplitude of a tone in the loudest half second."""
    best = 0.0
    for first in range(0, len(sound) - 4000, 2000):
        piece = sound[first : first + 4000] * np.hanning(4000)
        at = np.arange(4000) / 8000
        best = max(best, abs(np.sum(piece * np.exp(-2j * np.pi * frequency_hz * at))) / 1000)
    return best


async def test_a_tone_goes_through_a_card_and_back(pulse: PulseServer) -> None:
    async with Card(f"device:?in=loop_hear&out=loop_play{ROOMY}") as card:
        await card.play(150)
        await card.until(lambda: level_of(card.captured(), 1000) > 7000)
        assert level_of(card.captured(), 1000) == pytest.approx(8000, rel=0.05)
        assert card.sound.count.sent == 150
        steps_ms = np.diff([at for _, at in card.blocks[100:]]) / 1000
        assert np.median(steps_ms) == pytest.approx(20.0, abs=0.2)
        late_ms = (utc() - card.blocks[-1][1]) / 1000
        assert 0 < late_ms < 1000
        assert card.sound.pending_ms in range(1000)
        card.sound.drop()
    assert card.sound.opened == 1


async def test_channels_and_gains(pulse: PulseServer) -> None:
    """Played on the left only: the left input hears it, the right one nothing."""
    left = Card(
        f"device:?in=loop_hear&out=loop_play&channel=left{ROOMY}", gains_db=(6.0206, -6.0206)
    )
    right = Card(f"device:?in=loop_hear&out=none&channel=right{ROOMY}")
    async with left:
        await left.play(100)
        await left.until(lambda: level_of(left.captured(), 1000) > 7000)
        assert level_of(left.captured(), 1000) == pytest.approx(8000, rel=0.05)
    async with left, right:
        await left.play(50)
        await right.until(lambda: len(right.blocks) > 50)
        assert np.abs(right.captured()).max() <= 2
        right.sound.send(tone_block(0))
        assert right.sound.count.unsent == 1


async def test_card_at_44100(pulse: PulseServer) -> None:
    async with Card(f"device:?in=loop_hear&out=loop_play&rate=44100{ROOMY}") as card:
        await card.play(120)
        await card.until(lambda: level_of(card.captured(), 1000) > 7000)


async def test_sound_server_that_ends_and_comes_back(pulse: PulseServer) -> None:
    async with Card(f"device:?in=loop_hear&out=loop_play{ROOMY}") as card:
        await card.until(lambda: len(card.blocks) > 20)
        pulse.kill()
        await card.until(lambda: card.sound.trouble, RETURN_S)
        assert "stopped" in card.words[-1]
        await card.until(lambda: "loop_hear" in card.sound.trouble)
        card.sound.send(tone_block(0))
        assert card.sound.count.unsent >= 1
        pulse.start()
        back_s = time.monotonic()
        await card.until(lambda: not card.sound.trouble)
        # The time that a busy machine needs to list and open cards is not the rule's.
        assert time.monotonic() - back_s < 2 * RETURN_S
        assert card.sound.opened == 2
        before = len(card.blocks)
        await card.until(lambda: len(card.blocks) > before + 20)


async def test_card_that_comes_while_another_is_open(pulse: PulseServer, tmp_path: Path) -> None:
    """PortAudio has to begin anew for it; the open card goes on after a short gap."""
    first, late = Card("device:?in=loop_hear&out=none"), Card("device:?in=late_hear&out=none")
    async with first:
        await late.sound.start()
        await late.until(lambda: "late_hear" in late.sound.trouble)
        names = (tmp_path / "pulse" / "asound.conf").read_text()
        line = next(line for line in names.splitlines() if "pcm.loop_hear" in line)
        added = names + line.replace("loop_hear", "late_hear") + "\n"
        (tmp_path / "pulse" / "asound.conf").write_text(added)
        await late.until(lambda: not late.sound.trouble, 15)
        await first.until(lambda: not first.sound.trouble and first.sound.opened == 2)
        count = len(first.blocks)
        await first.until(lambda: len(first.blocks) > count + 20)
        await late.sound.close()


async def test_names_that_mean_none_or_several(pulse: PulseServer) -> None:
    devices = list_devices_afresh()
    with pytest.raises(LinkError, match="more than one") as several:
        find_device(devices, "_hear", capture=True)
    assert "up_hear, ALSA; loop_hear, ALSA" in str(several.value)
    with pytest.raises(LinkError, match="none that plays"):
        find_device(devices, "no such card", capture=False)
    found = find_device(devices, "LOOP_hear", capture=True)
    assert found.name == "loop_hear"
    assert find_device(devices, "loop_hear, ALSA", capture=True) == found
    assert "in" in words_of(found)
    await asyncio.to_thread(list_devices)


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    return demo_speech(tmp_path / "speech.wav")


async def test_speech_both_ways_through_cards(
    pulse: PulseServer, tmp_path: Path, speech: Path
) -> None:
    """Radio -> sink -> PortAudio -> link, engine, recorder -> file; and microphone -> radio.

    A way on which the machine was too busy for the card's buffer is gone once more. Underruns are
    counted where nothing else runs: ``samband bench soundcard``, ten minutes without one.
    """
    original = read_wav(speech)
    inward = outward = 0.0
    async with card_room(tmp_path, 200) as room:
        for number in range(3):
            if inward < 0.9:
                heard = await room.heard(speech, len(original) / 8000)
                inward = compare(original, heard)["stoi"]
            if outward < 0.9:
                spoken = await room.spoken(original, number)
                outward = compare_press(original, spoken)["stoi"]
        assert inward >= 0.9
        assert outward >= 0.9
        assert await room.outside() == 0, "nothing is played to a radio that is not keyed"


async def test_press_without_a_card_is_not_sent(pulse: PulseServer, simulation: Simulation) -> None:
    planned = simulation.planned()
    words = {name: getattr(planned, name) for name in planned.__dataclass_fields__}
    card = Link(**{**words, "sound": f"device:?in=loop_hear&out=loop_play{ROOMY}"})
    async with drive(card) as driving:
        await driving.up()
        await driving.until(lambda: not driving.driver.sound_port.trouble)
        press = RequestId("r-1")
        driving.driver.demand(KeyDemand(demand=press, group=simulation_group(card)))
        await driving.until(lambda: driving.all(TxGranted))
        for number in range(10):
            driving.driver.send_sound(press, tone_block(number))
            await asyncio.sleep(0.02)
        pulse.kill()
        await driving.until(lambda: driving.all(TxEnded))
        assert driving.all(TxEnded)[0].cause == "failed"
        await driving.until(lambda: driving.state is LinkState.UP)
        assert "no sound" in driving_reason(driving.events)
        simulation.ask("clear")
        driving.driver.demand(KeyDemand(demand=RequestId("r-2"), group=simulation_group(card)))
        await driving.until(lambda: driving.all(TxNotSent))
        assert "no sound" in driving.all(TxNotSent)[0].reason


def simulation_group(link: Link) -> int:
    assert link.group is not None
    return link.group


def driving_reason(events: Sequence[object]) -> str:
    return " ".join(str(getattr(event, "reason", "")) for event in events)


async def test_release_waits_for_the_last_words(pulse: PulseServer, simulation: Simulation) -> None:
    planned = simulation.planned()
    words = {name: getattr(planned, name) for name in planned.__dataclass_fields__}
    card = Link(**{**words, "sound": "device:?in=loop_hear&out=loop_play"})
    async with drive(card) as driving:
        await driving.up()
        await driving.until(lambda: not driving.driver.sound_port.trouble)
        press = RequestId("r-1")
        driving.driver.demand(KeyDemand(demand=press, group=simulation_group(card)))
        await driving.until(lambda: driving.all(TxGranted))
        for number in range(20):
            driving.driver.send_sound(press, tone_block(number))
            await asyncio.sleep(0.02)
        for number in range(20, 23):  # a slow machine has played all of the others by now
            driving.driver.send_sound(press, tone_block(number))
        pending_ms = driving.driver.sound_port.pending_ms
        released_ms = time.monotonic() * 1000
        driving.driver.end(press)
        assert pending_ms > 0
        assert simulation.until("AT+CUTXC") - released_ms >= min(pending_ms, 250) - 30


def test_a_simulator_says_what_is_wrong_with_its_card(pulse: PulseServer) -> None:
    assert len(load_scenario("quiet").radios) > 1
    words = [sys.executable, "-m", "hardware.sim", "pei", "--audio", "device:loop_play"]
    found = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode != 0
    assert "{name}" in found.stderr


def test_without_the_library_a_sentence_says_so(tmp_path: Path) -> None:
    """A process in which the system's library cannot be found."""
    script = (
        "import ctypes.util, _cffi_backend\n"
        "ctypes.util.find_library = lambda name: None\n"
        "from hardware.sound_devices import list_devices\n"
        "from gateway.model.errors import LinkError\n"
        "try:\n    list_devices()\n"
        "except LinkError as error:\n    print(error, '|', error.hint)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert "PortAudio" in answer.stdout
    assert "libportaudio2" in answer.stdout


def test_a_server_without_cards_never_loads_portaudio() -> None:
    script = (
        "import sys, samband.compose_radio, hardware.sound, hardware.sound_link\n"
        "print([n for n in ('sounddevice', 'hardware.sound_device', 'scipy') if n in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ},
    )
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("device:", "name: expected"),
        ("device:?in=a", "name: expected"),
        ("device:x?in=none&out=none", "both are none"),
        ("device:x?channel=middle", "channel: expected left, right, both"),
        ("device:x?rate=100", "rate: expected 8000"),
        ("device:x?tail_ms=-5", "tail_ms: expected 0"),
        ("device:x?speed=3", "speed: unknown"),
    ],
)
def test_wrong_addresses(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_device(url)


def test_addresses() -> None:
    plain = parse_device("device:USB Audio")
    assert (plain.capture, plain.playback, plain.channel) == ("USB Audio", "USB Audio", "both")
    two = parse_device("device:?in=Line%20In&out=none&channel=left&rate=48000&open_ms=-50")
    assert (two.capture, two.playback) == ("Line In", "")
    assert (two.rate_hz, two.open_ms, two.channel) == (48_000, -50, "left")
