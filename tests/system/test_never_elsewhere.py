"""Never elsewhere: no sound and no key-up ever reaches a group that was not the target."""

import time

import pytest

from samband.bench_demo import Control, RunningDemo
from samband.bench_desk import Desk, PttSocket, StreamSocket, mono_ms
from tests.system.story import (
    PATRULL_1,
    PATRULL_2,
    no_violations,
    radio_state,
    silence_on_air,
    wait_for,
)

RADIO = "norrvik-c"
OTHER = 310203


@pytest.fixture(autouse=True)
def _radio_back_on_its_group(control: Control) -> None:
    silence_on_air(control, RADIO)
    if radio_state(control, RADIO)["selected"] != 310201:
        control.ask(do="knob", radio=RADIO, group=310201)
        time.sleep(0.3)


def _groups_sent_to(control: Control, since: float) -> set[int]:
    """Groups that got key-ups or sound since a moment."""
    log = control.ask(do="log", radio=RADIO, kinds=["keyed"], since_ms=since)["entries"]
    sound = control.ask(do="sound", radio=RADIO, since_ms=since)["groups"]
    return {entry["group"] for entry in log} | set(sound)


def test_turned_before_the_press(ptt: PttSocket, stream: StreamSocket, control: Control) -> None:
    since = mono_ms()
    seen = len(stream.items)
    control.ask(do="knob", radio=RADIO, group=OTHER)
    stream.event("link.group_changed", link=RADIO, number=OTHER, asked=False, since=seen)
    request, _ = ptt.press(PATRULL_1)
    state = ptt.wait(request, "fault")
    assert state["words"] == "Not sent: radio is on TRAFIK"
    ptt.release(request)
    assert _groups_sent_to(control, since) == set()
    no_violations(control)


@pytest.mark.parametrize("after_ms", [0, 20, 60, 200])
def test_turned_during_the_press(ptt: PttSocket, control: Control, after_ms: int) -> None:
    since = mono_ms()
    control.ask(do="grant", radio=RADIO, answer="grant", after_ms=150, times=1)
    request, _ = ptt.press(PATRULL_1)
    time.sleep(after_ms / 1000)
    control.ask(do="knob", radio=RADIO, group=OTHER)
    state = ptt.wait(request, "fault", "denied", seconds=5)
    ptt.release(request)
    assert "TRAFIK" in state["words"] or "another talkgroup" in state["words"]
    wait_for(lambda: not radio_state(control, RADIO)["keyed"], words="un-keyed")
    assert _groups_sent_to(control, since) <= {310201}
    no_violations(control)


def test_a_scanned_call_is_up(ptt: PttSocket, stream: StreamSocket, control: Control) -> None:
    since, seen = mono_ms(), len(stream.items)
    control.ask(do="talk", radio=RADIO, group=310202, unit=1210204, tone_hz=500, for_s=3)
    stream.event("transmission.started", talkgroup=PATRULL_2, since=seen)
    request, _ = ptt.press(PATRULL_1)
    state = ptt.wait(request, "fault")
    assert state["words"] == "Not sent: radio is on NORRVIK PATRULL 2"
    ptt.release(request)
    assert _groups_sent_to(control, since) == set()


def test_two_positions_share_the_radio(demo: RunningDemo, ptt: PttSocket, control: Control) -> None:
    colleague = Desk(demo.url, **demo.users["supervisor"])
    colleague.take("2")
    theirs = colleague.ptt()
    try:
        since = mono_ms()
        mine, _ = ptt.press(PATRULL_1)
        ptt.wait(mine, "on_air")
        second, _ = theirs.press(PATRULL_1)
        assert "is talking" in theirs.wait(second, "denied")["words"]
        theirs.release(second)
        refused = colleague.call("POST", "/select", {"talkgroup": PATRULL_2})
        assert not refused["ok"]
        ptt.release(mine)
        ptt.wait(mine, "idle")
        third, _ = theirs.press(PATRULL_1)
        theirs.wait(third, "on_air")
        theirs.release(third)
        theirs.wait(third, "idle")
        assert _groups_sent_to(control, since) <= {310201}
    finally:
        theirs.close()
        colleague.call("POST", "/positions/leave", {"handover_text": ""})
