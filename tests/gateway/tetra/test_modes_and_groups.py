"""Operating modes, repeaters in sight, group lists, dynamic groups and scanning."""

import pytest

from gateway.model.ids import MonoMs
from gateway.model.radio import (
    CallDown,
    GroupChanged,
    GroupsKnown,
    KnownGroup,
    LinkChanged,
    LinkState,
    TxNotSent,
)
from gateway.tetra.terminal import TerminalCore
from tests.gateway.tetra.scripted_radio import GROUP, OTHER_GROUP, OWN, Wire, opened


def _links(wire: Wire) -> list[LinkChanged]:
    return [event for event in wire.events if isinstance(event, LinkChanged)]


def _start(wire: Wire, ms: int = 6_000) -> Wire:
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(ms)
    return wire


@pytest.mark.parametrize(
    ("mode", "number", "words"),
    [
        ("dmo", 1, "DMO"),
        ("tmo-watching-dmo", 2, "TMO, watching DMO"),
        ("gateway", 5, "gateway"),
        ("repeater", 6, "DMO repeater"),
    ],
)
def test_the_mode_that_the_plan_asks_for_is_set_and_waited_for(
    mode: str, number: int, words: str
) -> None:
    wire = Wire(core=TerminalCore(mode=mode))
    _start(wire, 2_500)
    assert f"AT+CTOM={number}" in wire.host
    assert _links(wire)[-1].state is LinkState.STARTING, "a change can take seconds"
    assert "AT+CTSP=2,0,0" not in wire.host
    wire.answers["AT+CTOM?"] = [f"+CTOM: {number}", "OK"]
    wire.run(6_000)
    assert _links(wire)[-1].state is LinkState.UP
    assert _links(wire)[-1].mode == words
    assert wire.host.index("AT+CTSP=2,0,0") > wire.host.index(f"AT+CTOM={number}")


def test_a_mode_that_is_set_already_is_left_alone() -> None:
    wire = _start(Wire(core=TerminalCore(mode="tmo")))
    assert not any(line.startswith("AT+CTOM=") for line in wire.host)


def test_a_radio_without_the_licence_for_a_mode_stays_down_with_words() -> None:
    wire = Wire(core=TerminalCore(mode="repeater"))
    wire.answers["AT+CTOM=6"] = ["+CME ERROR: 3"]
    _start(wire)
    assert _links(wire)[-1].state is LinkState.DOWN
    assert _links(wire)[-1].reason == "radio cannot be set to DMO repeater"
    wire.demand("r-1")
    assert isinstance(wire.told()[-1], TxNotSent)


def test_a_radio_that_did_not_change_its_mode_is_looked_at_and_not_switched_again() -> None:
    wire = Wire(core=TerminalCore(mode="dmo"))
    wire.answers["AT+CPIN?"] = ["+CPIN: MT PIN-LOCKED", "OK"]
    _start(wire)
    wire.answers["AT+CPIN?"] = ["+CPIN: MT PIN-UNLOCKED", "OK"]
    wire.run(200_000)
    assert wire.host.count("AT+CTOM=1") == 1, "once the radio could be asked"
    reasons = [link.reason for link in _links(wire)]
    assert reasons == ["", "radio asks for a PIN", "radio is in TMO, the plan says DMO"]
    wire.answers["AT+CTOM?"] = ["+CTOM: 1", "OK"]
    wire.run(31_000)
    assert (_links(wire)[-1].state, _links(wire)[-1].mode) == (LinkState.UP, "DMO")
    assert wire.host.count("AT+CTOM=1") == 1


def test_a_mode_that_never_comes_is_told() -> None:
    wire = _start(Wire(core=TerminalCore(mode="dmo")), 20_000)
    assert _links(wire)[-1].reason == "radio is in TMO, the plan says DMO"


def test_a_change_of_mode_drops_calls_and_reads_the_groups_again() -> None:
    wire = opened(own_number=OWN)
    wire.say(f"+CTICN: 1,0,0,0,1210204,1,1,0,1,1,0,{GROUP},0")
    wire.answers |= {"AT+CTOM?": ["+CTOM: 1", "OK"], "AT+CTGS?": ["+CTGS: 77", "OK"]}
    wire.say("+CTOM: 1")
    wire.run(6_000)
    assert any(isinstance(event, CallDown) for event in wire.events)
    assert _links(wire)[-1].mode == "DMO"
    assert "AT+CTGS?" in wire.host
    assert wire.core.state.selected == 77
    assert not {"AT+CSQ?", "AT+CREG?"} & set(wire.host), "neither means anything in DMO"


def test_a_repeater_in_sight_is_in_the_mode_until_it_is_gone() -> None:
    wire = Wire(core=TerminalCore())
    wire.answers |= {"AT+CTOM?": ["+CTOM: 1", "OK"], "AT+CTGS?": ["+CTGS: 77", "OK"]}
    _start(wire)
    wire.say("+CTDGR: 2,1001,90116383,0")
    assert _links(wire)[-1].mode == "DMO, repeater 1001 in sight"
    wire.say("+CTDGR: 3,1002,90116383,0")
    assert _links(wire)[-1].mode == "DMO, repeater 1001 and gateway 1002 in sight"
    wire.run(45_000)
    assert _links(wire)[-1].mode == "DMO"
    wire.say("+CTTCT: 2")
    assert _links(wire)[-1].mode == "DMO through a repeater"
    wire.say("+CTTCT: 1")
    assert _links(wire)[-1].mode == "DMO"


LISTS = {
    "AT+CNUMS=?": ["+CNUMS: (0),(1-2000),(1-2000)", "OK"],
    "AT+CNUMS?": [f"+CNUMS: 1,{GROUP},Patrol 1", f"1,{OTHER_GROUP},Patrol, north", "OK"],
    "AT+CNUMD?": ["OK"],
}
STATIC = (
    KnownGroup(number=GROUP, name="Patrol 1"),
    KnownGroup(number=OTHER_GROUP, name="Patrol, north"),
)


def test_group_lists_are_read_over_the_range_that_the_radio_states() -> None:
    wire = Wire(core=TerminalCore())
    wire.answers |= LISTS
    _start(wire)
    assert "AT+CNUMS=0,1,2000" in wire.host
    assert GroupsKnown(static=STATIC) in wire.events


def test_a_dynamic_group_is_read_and_told_when_the_network_gives_it() -> None:
    wire = Wire(core=TerminalCore())
    wire.answers |= LISTS
    _start(wire)
    wire.events.clear()
    wire.written()
    wire.answers["AT+CNUMD?"] = ["+CNUMD: 1,310299,DGNA 1", "OK"]
    wire.say("+CNUMD: 1,310299,DGNA 1")
    wire.run(600)
    assert wire.written().count("AT+CNUMD?") == 1
    assert wire.told() == [
        GroupsKnown(static=STATIC, dynamic=(KnownGroup(number=310299, name="DGNA 1"),))
    ]
    wire.run(20_000)
    assert not any(isinstance(event, GroupsKnown) for event in wire.events), "told once"


def test_a_list_of_two_thousand_groups_has_the_time_it_needs() -> None:
    """At 38400 bit/s it takes 20 s; each line gives more time, and none is lost."""
    wire = Wire(core=TerminalCore(), mute={"AT+CNUMS?"})
    wire.answers |= LISTS
    wire.take(wire.core.opened(MonoMs(wire.now)))
    while "AT+CNUMS?" not in wire.host:
        wire.run(50)
    wire.say(f"+CNUMS: 1,{GROUP},first")
    for number in range(2, 2_001):
        wire.say(f"1,{400_000 + number},Group {number}")
        wire.run(10)
    wire.say("OK")
    wire.run(500)
    known = [event for event in wire.events if isinstance(event, GroupsKnown)]
    assert len(known[-1].static) == 2_000
    assert _links(wire)[-1].state is LinkState.UP
    assert wire.host.count("AT") == 1, "nobody asked whether the radio was there"


def test_scanning_attaches_by_importance_and_turns_scanning_on() -> None:
    wire = opened(own_number=OWN)
    wire.answers["AT+CTGS?"] = [f"+CTGS: 1,{GROUP},2,{OTHER_GROUP},3,310203", "OK"]
    wire.take(wire.core.scan_groups((OTHER_GROUP, 310203), MonoMs(wire.now)))
    wire.run(500)
    assert wire.written() == [
        f"AT+CTGS=2,{OTHER_GROUP}",
        "AT+CTGS=3,310203",
        "AT+CTSCAN=1",
        "AT+CTGS?",
    ]
    assert wire.told() == [GroupChanged(number=GROUP, scanned=(OTHER_GROUP, 310203), asked=True)]


def test_groups_that_are_attached_late_were_asked_for() -> None:
    wire = opened(own_number=OWN)
    wire.take(wire.core.scan_groups((OTHER_GROUP, 310203), MonoMs(wire.now)))
    wire.run(500)
    wire.told()
    wire.run(2_000)
    wire.say(f"+CTGS: 1,{GROUP},2,{OTHER_GROUP},3,310203")
    assert wire.told() == [GroupChanged(number=GROUP, scanned=(OTHER_GROUP, 310203), asked=True)]
    wire.say("+CTGS: 1,310209")
    assert wire.told()[-1] == GroupChanged(number=310209, scanned=(), asked=False)
    wire.run(5_000)
    wire.say(f"+CTGS: 1,310209,2,{OTHER_GROUP}")
    assert wire.told()[-1] == GroupChanged(number=310209, scanned=(OTHER_GROUP,), asked=False)


def test_detaching_attaches_all_others_anew() -> None:
    wire = opened(own_number=OWN)
    wire.answers["AT+CTGS?"] = [f"+CTGS: 1,{GROUP}", "OK"]
    wire.take(wire.core.scan_groups((), MonoMs(wire.now)))
    wire.run(500)
    assert wire.written() == [
        f"AT+CTGS=0,{OTHER_GROUP}",
        f"AT+CTGS=1,{GROUP}",
        "AT+CTSCAN=0",
        "AT+CTGS?",
    ]
    assert wire.core.state.scanned == ()


def test_scanning_is_left_alone_while_a_press_is_in_hand() -> None:
    wire = opened(own_number=OWN)
    wire.demand("r-1")
    wire.take(wire.core.scan_groups((310203,), MonoMs(wire.now)))
    wire.run(200)
    assert not any(line.startswith("AT+CTGS=") for line in wire.written())
