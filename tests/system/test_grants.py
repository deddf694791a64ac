"""What the radio system may answer to a press, and what the desk then says and does."""

import time

import pytest

from samband.bench_demo import Control
from samband.bench_desk import PttSocket, StreamSocket, mono_ms
from tests.system.story import BRAND_1, no_violations, radio_state, silence_on_air, wait_for

RADIO = "hamnen"
GROUP = 310301


@pytest.fixture(autouse=True)
def _quiet(control: Control) -> None:
    silence_on_air(control, RADIO)


def test_granted(ptt: PttSocket, stream: StreamSocket, control: Control) -> None:
    seen = len(stream.items)
    request, _ = ptt.press(BRAND_1)
    ptt.wait(request, "on_air")
    started = stream.event("transmission.started", talkgroup=BRAND_1, position="1", since=seen)
    assert started["operator"] == "Sara Holm"
    ptt.release(request)
    ptt.wait(request, "idle")
    ended = stream.event("transmission.ended", transmission=started["transmission"], since=seen)
    assert ended["cause"] == "ended"
    no_violations(control)


def test_refused_opens_no_audio_path(ptt: PttSocket, control: Control) -> None:
    since = mono_ms()
    control.ask(do="grant", radio=RADIO, answer="refuse", times=1)
    request, _ = ptt.press(BRAND_1)
    state = ptt.wait(request, "denied")
    assert state["words"].startswith("Refused")
    time.sleep(0.3)
    ptt.release(request)
    assert control.ask(do="sound", radio=RADIO, since_ms=since)["blocks"] == 0
    assert radio_state(control, RADIO)["sound_outside"] == 0
    no_violations(control)


def test_queued_then_granted(ptt: PttSocket, control: Control) -> None:
    control.ask(do="talk", radio=RADIO, group=GROUP, unit=1220101, tone_hz=400, for_s=2)
    wait_for(lambda: (radio_state(control, RADIO)["call"] or {}).get("talker"), words="talker")
    control.ask(do="grant", radio=RADIO, answer="queue", then="grant", then_ms=1200, times=1)
    request, _ = ptt.press(BRAND_1)
    state = ptt.wait(request, "queued")
    assert state["words"] == "Queued"
    assert state["place"] is None, "a terminal on its PEI does not tell the place"
    assert not radio_state(control, RADIO)["keyed"]
    ptt.wait(request, "on_air", seconds=5)
    ptt.release(request)
    ptt.wait(request, "idle")
    no_violations(control)


def test_queued_then_withdrawn(ptt: PttSocket, control: Control) -> None:
    since = mono_ms()
    control.ask(do="talk", radio=RADIO, group=GROUP, unit=1220101, tone_hz=400, for_s=2)
    wait_for(lambda: (radio_state(control, RADIO)["call"] or {}).get("talker"), words="talker")
    control.ask(do="grant", radio=RADIO, answer="queue", then="never", late_grant_ms=300, times=1)
    request, _ = ptt.press(BRAND_1)
    ptt.wait(request, "queued")
    ptt.release(request)
    ptt.wait(request, "idle")
    time.sleep(0.6)
    wait_for(lambda: not radio_state(control, RADIO)["keyed"], words="late grant un-keyed again")
    assert control.ask(do="sound", radio=RADIO, since_ms=since)["blocks"] == 0
    no_violations(control)


def test_pre_empted(ptt: PttSocket, control: Control) -> None:
    request, _ = ptt.press(BRAND_1)
    ptt.wait(request, "on_air")
    control.ask(
        do="talk", radio=RADIO, group=GROUP, unit=1220104, tone_hz=400, for_s=1, preempt=True
    )
    state = ptt.wait(request, "preempted")
    assert state["words"] == "Pre-empted by B 104"
    ptt.release(request)
    wait_for(lambda: not radio_state(control, RADIO)["keyed"], words="un-keyed")
    no_violations(control)


def test_call_failed(ptt: PttSocket, control: Control) -> None:
    control.ask(do="grant", radio=RADIO, answer="release", cause=5, times=2)
    request, _ = ptt.press(BRAND_1)
    state = ptt.wait(request, "denied", "fault")
    assert "congest" in state["words"]
    ptt.release(request)
