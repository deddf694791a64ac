"""The stage of the P25 simulators, with a front that only notes what it is told."""

import asyncio
import json
import wave
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.model.errors import ConfigError
from hardware.sim.actions import Action
from hardware.sim.json_lines import mono_ms
from hardware.sim.p25 import stage_voice
from hardware.sim.p25.stage import Stage
from hardware.sim.p25.stage_control import StageLines
from hardware.sim.p25.stage_steps import QUIET, check_step, load_scenario, parse_scenario
from hardware.sim.p25.stage_udp import LineFaults, UdpPort
from hardware.sim.p25.stage_voice import SimOver, frames_of
from hardware.sim.scenario import Scenario

FRAME = bytes(range(11))


class NotingFront:
    name = "noting"

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []
        self.ticks = 0

    async def start(self, stage: Stage) -> Mapping[str, object]:
        return {"ports": {}}

    async def close(self) -> None:
        self.told.append(("close", None))

    def begin(self, over: SimOver) -> None:
        self.told.append(("begin", over))

    def voice(self, imbe: bytes) -> None:
        self.told.append(("voice", imbe))

    def end(self) -> None:
        self.told.append(("end", None))

    def signal(self, action: Action) -> None:
        self.told.append(("signal", action.do))

    def fault(self, action: Action) -> None:
        if action.do == "nak":
            raise ConfigError("nak: this one never says no")
        self.told.append(("fault", action.do))

    def tick(self, now_ms: float) -> None:
        self.ticks += 1

    def deadline(self) -> float | None:
        return None

    def state(self) -> Mapping[str, object]:
        return {"told": len(self.told)}

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.told]

    async def until(self, kind: str, count: int = 1) -> None:
        async with asyncio.timeout(10):
            while self.kinds().count(kind) < count:
                await asyncio.sleep(0.005)


@asynccontextmanager
async def staged(scenario: Scenario = QUIET) -> AsyncIterator[tuple[NotingFront, StageLines]]:
    front = NotingFront()
    stage = Stage(front, scenario)
    await stage.start(loop_steps=False)
    try:
        yield front, StageLines(stage)
    finally:
        await stage.close()


def ask(lines: StageLines, **request: object) -> dict[str, object]:
    return lines.answer(json.dumps(request).encode())


async def test_a_talker_gives_its_frames_in_order_between_begin_and_end() -> None:
    async with staged() as (front, lines):
        frames = "".join(bytes([n] * 11).hex() for n in range(5))
        assert ask(lines, do="talk", group=10, unit=7, emergency=True, frames=frames)["ok"]
        await front.until("end")
    assert front.kinds()[:7] == ["begin", *["voice"] * 5, "end"]
    assert front.told[0][1] == SimOver(group=10, unit=7, emergency=True)
    assert [value for kind, value in front.told if kind == "voice"] == [
        bytes([n] * 11) for n in range(5)
    ]


async def test_who_talks_while_another_talks_waits_for_the_end() -> None:
    async with staged() as (front, lines):
        for unit in (1, 2):
            ask(lines, do="talk", group=10, unit=unit, frames=FRAME.hex() * 2)
        await front.until("end", 2)
    assert front.kinds()[:8] == ["begin", "voice", "voice", "end"] * 2


async def test_a_cut_talker_ends_at_once() -> None:
    async with staged() as (front, lines):
        ask(lines, do="talk", group=10, unit=1, for_s=60)
        await front.until("voice", 3)
        ask(lines, do="cut")
        await front.until("end")
        assert ask(lines, do="state")["talker"] is None


async def test_steps_of_a_scenario_come_when_they_are_due() -> None:
    scenario = parse_scenario(
        'title = "T"\n[[step]]\nat_s = 0.02\ndo = "alarm"\nunit = 5\ngroup = 10\n'
        '[[step]]\nat_s = 0.0\ndo = "loss"\npercent = 10\n'
    )
    async with staged(scenario) as (front, _):
        await front.until("signal")
    assert front.told[:2] == [("fault", "loss"), ("signal", "alarm")]


async def test_what_a_front_cannot_do_is_said() -> None:
    async with staged() as (_, lines):
        assert ask(lines, do="nak")["error"] == "nak: this one never says no"
        assert "expected one of" in str(ask(lines, do="sing")["error"])
        assert "expected group, or target" in str(ask(lines, do="talk", unit=1)["error"])
        assert not lines.answer(b"{")["ok"]
        assert not lines.answer(b"[]")["ok"]


async def test_what_is_heard_can_be_asked_for_with_its_sound(tmp_path: Path) -> None:
    front = NotingFront()
    stage = Stage(front, QUIET)
    lines = StageLines(stage)
    heard = stage.ears.begin(mono_ms(), group=10, source=7, emergency=True)
    for frame in frames_of(Action("talk", {"tone_hz": 400.0, "for_s": 0.2}), tmp_path):
        heard.add(frame)
    stage.ears.end(heard, mono_ms(), terminated=True)
    overs = ask(lines, do="heard", frames=True)["overs"]
    assert isinstance(overs, list)
    assert overs[0]["group"] == 10
    assert overs[0]["terminated"] is True
    assert overs[0]["frames"] == len(overs[0]["imbe"]) == 13
    path = tmp_path / "heard.wav"
    assert ask(lines, do="sound", path=str(path))["samples"] == 13 * 160
    with wave.open(str(path)) as sound:
        assert sound.getnframes() == 13 * 160
    assert "no over 1" in str(ask(lines, do="sound", path=str(path), index=1)["error"])
    ask(lines, do="clear")
    assert ask(lines, do="heard")["overs"] == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[[step]]\nat_s=0\ndo="talk"\nunit=1\ngroup=70000\n', "expected 0 to 65535"),
        ('[[step]]\nat_s=0\ndo="talk"\nunit=1\ngroup=7\nsay="nobody"\n', "no clip 'nobody'"),
        ('[[step]]\ndo="cut"\n', "at_s: missing"),
        ("step = 3\n", "expected tables"),
        ("colour = 3\n", "unknown key"),
    ],
)
def test_every_mistake_of_a_scenario_is_named(text: str, fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_scenario(f'title = "T"\n{text}')
    assert any(fault in one for one in raised.value.faults)


def test_scenarios_that_cannot_be_read_are_named() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_scenario("/nowhere.toml")
    with pytest.raises(ConfigError, match="not TOML"):
        parse_scenario("=")


def test_a_step_says_what_it_lacks() -> None:
    action, faults = check_step({"do": "status", "unit": 1}, "step[1]")
    assert action is None
    assert faults == ["step[1].value: missing; expected a whole number"]


async def carried(faults: LineFaults, count: int) -> list[int]:
    """Send numbered datagrams between two sockets; returns what came, in order."""
    came: list[int] = []
    receiver = UdpPort(LineFaults(), lambda data, _: came.append(data[0]))
    sender = UdpPort(faults, lambda data, _: None)
    port = await receiver.open()
    await sender.open()
    for number in range(count):
        sender.send(bytes([number]), ("127.0.0.1", port))
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)
    for one in (sender, receiver):
        one.close()
    faults.close()
    return came


async def test_a_good_line_carries_everything_in_order() -> None:
    assert await carried(LineFaults(), 20) == list(range(20))


async def test_a_scripted_loss_repeats_exactly() -> None:
    faults = LineFaults()
    faults.lose([True, False, True], outgoing=True)
    assert await carried(faults, 5) == [1, 3, 4]
    assert faults.lost == 2


async def test_doubled_lost_and_overtaken_datagrams_are_counted() -> None:
    faults = LineFaults(seed=3)
    faults.fault(Action("duplicate", {"percent": 100.0}))
    assert await carried(faults, 3) == [0, 0, 1, 1, 2, 2]
    faults.fault(Action("mend"))
    faults.fault(Action("reorder", {"percent": 30.0, "by_ms": 20.0}))
    came = await carried(faults, 20)
    assert sorted(came) == list(range(20))
    assert came != sorted(came)
    faults.fault(Action("vanish"))
    assert await carried(faults, 3) == []
    faults.fault(Action("mend"))
    faults.fault(Action("loss", {"percent": 100.0, "way": "from_gateway"}))
    assert await carried(faults, 3) == [0, 1, 2]


class ManyFront(NotingFront):
    def turn_to(self, over: SimOver) -> None:
        self.told.append(("turn", over.group))


async def test_a_front_that_carries_many_has_a_talker_on_each_group() -> None:
    front = ManyFront()
    stage = Stage(front, QUIET)
    lines = StageLines(stage)
    await stage.start(loop_steps=False)
    try:
        for group, unit in ((10, 1), (20, 2), (10, 3)):
            ask(lines, do="talk", group=group, unit=unit, frames=FRAME.hex() * 10)
        assert ask(lines, do="state")["talkers"] == [1, 2]
        await front.until("end", 3)
    finally:
        await stage.close()
    turn, spoken = 0, {10: 0, 20: 0}
    for kind, value in front.told:
        if kind == "turn":
            assert isinstance(value, int)
            turn = value
        elif kind == "voice":
            spoken[turn] += 1
    assert spoken == {10: 20, 20: 10}


async def test_a_vocoder_that_is_loaded_late_delays_an_over_and_not_its_first_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with staged() as (front, lines):
        monkeypatch.setattr(stage_voice, "warm", lambda: front.told.append(("loaded", None)))
        ask(lines, do="talk", group=1, unit=2, tone_hz=400, for_s=0.1)
        await front.until("end")
    assert front.kinds()[:3] == ["loaded", "begin", "voice"]
    assert front.kinds().count("loaded") == 1
