"""The driver's core against the simulated radio: what both were written for apart must fit."""

import pytest

from gateway.model.ids import CallId, MonoMs
from gateway.model.individual import IndividualEnded, IndividualRinging
from gateway.model.radio import GroupChanged, GroupsKnown, KnownGroup, LinkState, TxNotSent
from gateway.tetra.terminal import TerminalCore
from tests.hardware.core_and_sim import GROUP, OWN, SCANNED, UNIT, Pair


def _ended(pair: Pair) -> list[tuple[int | None, str]]:
    return [(one.code, one.cause) for one in pair.told() if isinstance(one, IndividualEnded)]


@pytest.mark.parametrize("shape", ["once", "each", "count"])
@pytest.mark.parametrize("flavour", ["motorola", "sepura", "generic"])
def test_start_with_every_flavour_and_list(flavour: str, shape: str) -> None:
    pair = Pair.opened(flavour=flavour, list_shape=shape)
    assert pair.link.state is LinkState.UP
    assert pair.core.state.profile.name == flavour
    assert pair.core.state.gateways == {2: 16_777_184}
    known = [one for one in pair.events if isinstance(one, GroupsKnown)]
    assert known[-1].static == (
        KnownGroup(number=GROUP, name=f"Group {GROUP}"),
        KnownGroup(number=SCANNED, name=f"Group {SCANNED}"),
        KnownGroup(number=310203, name="TRAFIK"),
    )
    pair.strict()


def test_duplex_call_out_and_in_with_sound_both_ways() -> None:
    pair = Pair.opened()
    pair.told()
    pair.act("peer_answer", after_ms=500, tone_hz=300, for_s=1)
    pair.dial(str(UNIT))
    pair.run(2_000)
    assert pair.kinds() == [
        "IndividualProgressed",
        "IndividualProgressed",
        "IndividualProgressed",
        "IndividualConnected",
        "TxGranted",
    ]
    assert pair.truth.sound_blocks > 0
    assert pair.truth.sound_outside == 0
    pair.end("r-mic")
    pair.run(500)
    assert pair.kinds() == ["TxEnded", "IndividualEnded"]
    pair.act("call_private", unit=UNIT)
    ringing = pair.told()[0]
    assert isinstance(ringing, IndividualRinging)
    pair.answer(ringing.instance)
    pair.run(500)
    assert pair.core.on_air == "r-mic"
    pair.act("release", cause=1)
    pair.run(200)
    assert pair.core.on_air is None
    assert pair.kinds()[-2:] == ["TxEnded", "IndividualEnded"]
    assert not pair.core.keyed
    pair.strict()


def test_simplex_call_with_presses_and_the_group_again() -> None:
    pair = Pair.opened()
    pair.told()
    pair.dial(str(UNIT), duplex=False)
    pair.run(2_000)
    assert pair.kinds()[-1] == "IndividualConnected"
    pair.press("r-0")
    refused = pair.told()[-1]
    assert isinstance(refused, TxNotSent)
    pair.press("r-1", instance=1)
    pair.run(500)
    pair.end("r-1")
    pair.run(200)
    assert pair.kinds() == ["TxGranted", "TxEnded"]
    pair.act("talk_private", for_s=0.5)
    pair.run(1_000)
    assert pair.kinds() == ["TalkStarted", "TalkEnded"]
    pair.hang_up(CallId("c-1"))
    pair.run(500)
    pair.told()
    pair.press("r-2")
    pair.run(1_000)
    assert "TxGranted" in pair.kinds()
    keyed = pair.truth.entries
    assert [one["group"] for one in keyed if one["kind"] == "keyed"] == [None, GROUP]
    pair.end("r-2")
    pair.run(500)
    pair.strict()


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ("busy", (2, "called party busy")),
        ("reject", (11, "called party rejected the call")),
        ("unreachable", (3, "called party not reachable")),
        ("queue", (5, "network congested")),
        ("ignore", (13, "call timer expired")),
    ],
)
def test_failures_have_their_cause_in_words(answer: str, cause: tuple[int, str]) -> None:
    pair = Pair.opened()
    pair.act("peer_answer", answer=answer)
    pair.dial(str(UNIT))
    pair.run(25_000)
    assert _ended(pair) == [cause]
    assert not pair.core.keyed
    pair.strict()


def test_telephone_out_and_in() -> None:
    pair = Pair.opened()
    pair.dial("0701234567", phone=True)
    pair.run(2_000)
    assert pair.core.on_air == "r-mic"
    pair.hang_up(CallId("c-1"))
    pair.run(500)
    pair.told()
    pair.act("call_private", digits="0701234567")
    ringing = pair.told()[0]
    assert isinstance(ringing, IndividualRinging)
    assert (ringing.kind.value, ringing.caller_digits) == ("telephone", "0701234567")
    pair.hang_up(ringing.instance)
    pair.run(500)
    assert _ended(pair) == [(1, "ended by the user")]
    pair.strict()


def test_a_call_rings_while_the_group_talks_and_is_declined() -> None:
    pair = Pair.opened()
    pair.act("talk", group=GROUP, unit=1210207, for_s=5)
    pair.run(500)
    pair.act("call_private", unit=UNIT)
    ringing = pair.told()[-1]
    assert isinstance(ringing, IndividualRinging)
    pair.hang_up(ringing.instance)
    pair.run(500)
    assert _ended(pair) == [(1, "ended by the user")]
    assert pair.radio.calls.call is not None, "the group's call goes on"
    pair.strict()


def test_an_emergency_on_the_group_takes_the_microphone_away() -> None:
    pair = Pair.opened()
    pair.dial(str(UNIT))
    pair.run(2_000)
    pair.told()
    pair.act("talk", group=GROUP, unit=1210207, priority=15, for_s=2)
    pair.run(100)
    assert pair.core.on_air is None
    kinds = pair.kinds()
    assert kinds[:2] == ["TxEnded", "IndividualEnded"]
    assert "EmergencySigned" in kinds
    assert not pair.core.keyed
    pair.strict()


def test_an_emergency_from_the_desk_has_priority_15_and_is_put_back() -> None:
    pair = Pair.opened()
    pair.press("r-1", priority=3)
    pair.run(600)
    assert pair.radio.calls.call is not None
    assert pair.radio.calls.call.priority == 15
    pair.end("r-1")
    pair.run(8_000)
    assert pair.radio.parts.profile.priority == 0
    pair.strict()


def test_dynamic_groups_come_and_go() -> None:
    pair = Pair.opened()
    pair.told()
    pair.act("dgna", group=310299, name="LARGE FIRE")
    pair.run(1_000)
    known = [one for one in pair.told() if isinstance(one, GroupsKnown)]
    assert [one.dynamic for one in known] == [(KnownGroup(number=310299, name="LARGE FIRE"),)]
    pair.act("dgna", group=310299, on=False)
    pair.run(1_000)
    known = [one for one in pair.told() if isinstance(one, GroupsKnown)]
    assert [one.dynamic for one in known] == [()]
    pair.strict()


def test_scanned_groups_are_exchanged() -> None:
    pair = Pair.opened()
    pair.told()
    pair.take(pair.core.scan_groups((310203,), MonoMs(int(pair.now))))
    pair.run(3_000)
    changed = [one for one in pair.told() if isinstance(one, GroupChanged)]
    assert (changed[-1].number, changed[-1].scanned) == (GROUP, (310203,))
    pair.strict()


def test_direct_mode_by_the_plan_and_by_a_hand() -> None:
    pair = Pair.opened(TerminalCore(own_number=OWN, mode="dmo"))
    assert (pair.link.state, pair.link.mode) == (LinkState.UP, "DMO")
    pair.act("repeater", address=1001)
    assert pair.link.mode == "DMO, repeater 1001 in sight"
    pair.strict()
    pair = Pair.opened()
    pair.act("talk", group=GROUP, unit=UNIT, for_s=5)
    pair.run(300)
    pair.act("mode", mode=1)
    pair.run(8_000)
    assert pair.link.mode == "DMO"
    assert "CallDown" in pair.kinds()
    pair.strict()


def test_a_radio_without_the_licence_says_so() -> None:
    pair = Pair.opened(TerminalCore(own_number=OWN, mode="gateway"))
    assert pair.link.state is LinkState.DOWN
    assert pair.link.reason == "radio cannot be set to gateway"
    pair = Pair.opened(TerminalCore(own_number=OWN, mode="gateway"), licences=(5,))
    assert pair.link.mode == "gateway"


@pytest.mark.parametrize("moment_ms", range(0, 2_600, 100))
def test_power_lost_at_any_moment_of_a_call_of_two(moment_ms: int) -> None:
    pair = Pair.opened()
    pair.told()
    pair.act("peer_answer", after_ms=700, for_s=1)
    pair.dial(str(UNIT))
    pair.run(moment_ms / 2)
    pair.act("power", off_ms=500)
    for _ in range(4):
        pair.run(15_000)
        if pair.core.needs_reopen:  # as the driver does
            pair.take(pair.core.lost(MonoMs(int(pair.now)), "the radio does not answer"))
            pair.radio.port_closed(pair.now)
            pair.radio.port_opened(pair.now)
            pair.take(pair.core.opened(MonoMs(int(pair.now))))
    ends = [one for one in pair.told() if isinstance(one, IndividualEnded)]
    assert len(ends) == 1
    assert pair.core.on_air is None
    assert not pair.core.keyed
    assert not pair.radio.calls.carries_host_sound
    assert pair.core.state.link is LinkState.UP
