"""Tests of a link and steady tones become suggestions for a draft, and nothing else."""

from dataclasses import replace

import pytest

from dispatch.audiopath.keying import Keyings, level_out
from gateway.model import events as ev
from gateway.model.ids import (
    LinkId,
    MonoMs,
    PositionId,
    RequestId,
    SiteId,
    SystemId,
    TalkgroupId,
    TransmissionId,
    UtcUs,
)
from gateway.model.plan import Link, Plan
from gateway.model.sound_events import SoundLevel
from gateway.model.transmit_test import position_of_test

NORTH, MONITOR = LinkId("north"), LinkId("monitor")
DRILL = TalkgroupId("net/999")
NOW = 1_790_000_000_000_000


def link(name: LinkId, **fields: object) -> Link:
    made = Link(
        id=name,
        name=name.title(),
        kind="analogue",
        system=SystemId("net"),
        site=SiteId("hill"),
        port="p",
        sound="device:card",
        talkgroups=(999,),
        ptt="rts",
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of the class, in tests


PLAN = Plan(name="test", links=(link(NORTH), link(MONITOR)))


class Standing:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.ms = 0

    def mono_ms(self) -> MonoMs:
        return MonoMs(self.ms)

    def utc_us(self) -> UtcUs:
        return UtcUs(NOW + self.ms * 1000)


def press(
    keyings: Keyings, clock: Standing, number: int, *, wait_ms: int = 120, heard_ms: int = 0
) -> None:
    request, position = RequestId(f"r-{number}"), position_of_test(NORTH)
    keyings.apply(
        ev.FloorRequested(
            request=request,
            position=position,
            operator="K. Berg",
            talkgroup=DRILL,
            source="test",
            test_link=NORTH,
        )
    )
    clock.ms += wait_ms
    keyings.apply(
        ev.FloorGranted(
            request=request,
            position=position,
            talkgroup=DRILL,
            transmission=TransmissionId("t-01jdgx0000000000000000000a"),
            wait_ms=wait_ms,
        )
    )
    clock.ms += 1000
    keyings.apply(
        ev.FloorReleased(
            request=request,
            position=position,
            talkgroup=DRILL,
            cause="released",
            grant_ms=wait_ms,
            on_air_ms=1000,
        )
    )
    if heard_ms:
        hears(keyings, MONITOR, blocks=heard_ms // 20)
    clock.ms += 5000


def hears(
    keyings: Keyings, name: LinkId, *, blocks: int, rms: float = -20.0, peak: float = -19.9
) -> None:
    level = SoundLevel(blocks=blocks, rms_dbfs=rms, peak_dbfs=peak)
    keyings.apply(ev.SoundMeasured(link=name, way="receive", frames=blocks, level_in=level))


def test_key_up_is_the_time_to_the_grant_of_tests_alone() -> None:
    clock = Standing()
    keyings = Keyings(clock)
    keyings.apply(
        ev.FloorRequested(
            request=RequestId("desk"),
            position=PositionId("3"),
            operator="S. Holm",
            talkgroup=DRILL,
        )
    )
    for number, wait_ms in enumerate((100, 120, 300)):
        press(keyings, clock, number, wait_ms=wait_ms)
    found = keyings.key_up(PLAN.links[0], PLAN)
    assert found["grant"] == {"p50_ms": 120.0, "p95_ms": 300.0, "count": 3}
    assert len(found["presses"]) == 3
    assert found["changes"] == []
    assert "No other link of the plan heard" in found["words"]


def test_what_another_receiver_missed_becomes_a_longer_lead() -> None:
    clock = Standing()
    keyings = Keyings(clock)
    for number, heard_ms in enumerate((920, 900, 940)):
        press(keyings, clock, number, heard_ms=heard_ms)
    found = keyings.key_up(PLAN.links[0], PLAN)
    assert found["cut"] == {
        "by": MONITOR,
        "sent_ms": 1000,
        "heard_ms": 920,
        "cut_ms": 80,
        "tests": 3,
    }
    assert found["changes"] == [{"field": "ptt_lead_ms", "before": 100, "value": 180}]


def test_a_radio_that_keys_itself_has_no_lead_to_set() -> None:
    clock = Standing()
    keyings = Keyings(clock)
    press(keyings, clock, 1, heard_ms=900)
    terminal = link(NORTH, kind="tetra-pei", ptt="pei")
    found = keyings.key_up(terminal, PLAN)
    assert (found["changes"], found["cut"]["cut_ms"]) == ([], 100)
    assert "keys itself" in found["words"]


@pytest.mark.parametrize("heard_ms", [1000, 200])
def test_nothing_cut_and_far_too_much_missing_change_nothing(heard_ms: int) -> None:
    clock = Standing()
    keyings = Keyings(clock)
    press(keyings, clock, 1, heard_ms=heard_ms)
    assert keyings.key_up(PLAN.links[0], PLAN)["changes"] == []


def test_a_link_that_does_not_carry_the_talkgroup_is_no_witness() -> None:
    clock = Standing()
    keyings = Keyings(clock)
    press(keyings, clock, 1, heard_ms=900)
    elsewhere = Plan(name="test", links=(link(NORTH), link(MONITOR, talkgroups=(1,))))
    assert keyings.key_up(PLAN.links[0], elsewhere)["cut"] is None


def test_a_refused_test_says_why_and_gives_no_time() -> None:
    keyings = Keyings(Standing())
    request = RequestId("r-1")
    keyings.apply(
        ev.FloorRequested(
            request=request,
            position=position_of_test(NORTH),
            operator="",
            talkgroup=DRILL,
            test_link=NORTH,
        )
    )
    keyings.apply(
        ev.FloorRefused(
            request=request,
            position=position_of_test(NORTH),
            talkgroup=DRILL,
            reason="call on this link",
            not_sent=True,
        )
    )
    found = keyings.key_up(PLAN.links[0], PLAN)
    assert found["presses"][0]["refused"] == "call on this link"
    assert found["words"] == "No test transmission was granted in the last hour"


def test_tests_are_forgotten_after_an_hour() -> None:
    clock = Standing()
    keyings = Keyings(clock)
    press(keyings, clock, 1)
    clock.ms += 3_600_001
    assert keyings.key_up(PLAN.links[0], PLAN)["presses"] == []


def test_a_steady_tone_sets_the_gain_of_the_input() -> None:
    clock = Standing()
    keyings = Keyings(clock)
    for _ in range(3):
        hears(keyings, NORTH, blocks=100, rms=-27.3, peak=-27.1)
        clock.ms += 2000
    found = keyings.level_in(PLAN.links[0])
    assert found["changes"] == [{"field": "sound_in_gain_db", "before": 0.0, "value": 7.3}]
    clock.ms += 60_000
    assert keyings.level_in(PLAN.links[0])["changes"] == []


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        ([(-30.0, -14.0)], "no steady tone"),
        ([(-30.0, -29.9), (-20.0, -19.9)], "no steady tone"),
        ([(-75.0, -74.9)], "wiring fault"),
        ([(-20.0, -19.9)], "the gain fits"),
    ],
)
def test_what_is_no_tone_changes_nothing(levels: list[tuple[float, float]], words: str) -> None:
    keyings = Keyings(Standing())
    for rms, peak in levels:
        hears(keyings, NORTH, blocks=100, rms=rms, peak=peak)
    found = keyings.level_in(PLAN.links[0])
    assert found["changes"] == []
    assert words in found["words"]


def test_a_meters_reading_sets_the_gain_of_the_output() -> None:
    card = link(NORTH, sound_out_gain_db=-6.0)
    found = level_out(card, reads_hz=1250, nominal_hz=2500)
    assert found["changes"] == [{"field": "sound_out_gain_db", "before": -6.0, "value": 0.0}]
    digital = level_out(link(NORTH, sound="udp:127.0.0.1:1"), 1250, 2500)
    assert (digital["changes"], "digital" in digital["words"]) == ([], True)
