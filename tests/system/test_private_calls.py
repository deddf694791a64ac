"""Private and telephone calls, whole: simulated terminal, server, desk; measured on the wire."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samband.bench_browser import browser, sign_in, wait_js
from samband.bench_demo import Control, RunningDemo
from samband.bench_desk import Desk, PttSocket, StreamSocket, mono_ms, new_request
from samband.bench_ptt import first_line
from tests.system.conftest import needs_chromium
from tests.system.story import PATRULL_1, UNKEY_LIMIT_MS, no_violations, wait_for

RADIO = "norrvik-c"
UNIT = 1210207
STAFF_COUNCIL = "+46855501234"


@pytest.fixture(autouse=True)
def quiet(control: Control) -> Iterator[None]:
    """Each story begins and ends with a radio in no call."""
    yield
    control.ask(do="clear", radio=RADIO)
    control.ask(do="release", radio=RADIO)
    wait_for(lambda: not control.ask(do="state", radio=RADIO)["radios"][0]["call"], words="no call")


def rings(stream: StreamSocket, since: int) -> dict[str, Any]:
    """Wait for a call; returns its event."""
    found: dict[str, Any] = stream.event("individual.ringing", since=since)
    return found


def answered(desk: Desk, stream: StreamSocket, call: str, microphone: str = "") -> str:
    """Answer; returns the line to press on."""
    body = {"microphone": microphone}
    answer = desk.call("POST", f"/individual/{call}/answer", body)
    assert answer["ok"], answer
    stream.event("individual.answered", call=call)
    return str(answer["line"])


def open_microphone(ptt: PttSocket, line: str, request: str, *, renew: bool = True) -> None:
    """Press as a page does for a duplex call."""
    ptt.send(op="press", request=request, talkgroup=line, source="latch", latched=True, priority=0)
    if renew:
        ptt._renewing.add(request)


def opened(demo: RunningDemo, call: str) -> list[Path]:
    """Return the recordings of a call, by the call sheet of somebody who may look for them."""
    supervisor = Desk(demo.url, **demo.users["supervisor"])

    def sheet() -> Any:
        status, _ = supervisor.raw("GET", f"/calls/{call}")
        return supervisor.call("GET", f"/calls/{call}") if status == 200 else None

    found = wait_for(lambda: (s := sheet()) and s["ended_utc"] and s, words="the call in the log")
    return [Path(row["name"]) for row in found["files"]]


def test_a_simplex_call_is_answered_talked_in_and_ended(
    demo: RunningDemo, control: Control, desk: Desk, ptt: PttSocket, stream: StreamSocket
) -> None:
    since = len(stream.items)
    began = mono_ms()
    control.ask(do="call_private", radio=RADIO, unit=UNIT, duplex=False, tone_hz=420, for_s=2)
    call = rings(stream, since)
    assert (call["recorded"], call["kind"], call["caller"]) == (True, "private", f"norrvik/{UNIT}")
    line = answered(desk, stream, call["call"])
    first_line(control, began, "ATA", radio=RADIO)
    stream.event("individual.connected", call=call["call"])
    control.ask(do="talk_private", radio=RADIO, tone_hz=420, for_s=1)
    stream.event("individual.talker_changed", call=call["call"], talker="them", since=since)
    stream.event("individual.talker_changed", call=call["call"], talker="", since=since)
    request, _ = ptt.press(line)
    ptt.wait(request, "on_air")
    stream.event("individual.talker_changed", call=call["call"], talker="us", since=since)
    ptt.release(request)
    ptt.wait(request, "idle")
    desk.call("POST", f"/individual/{call['call']}/hang_up")
    ended = stream.event("individual.ended", call=call["call"])
    assert ended["outcome"] == "talked"
    first_line(control, began, "ATH", radio=RADIO)
    wait_for(lambda: len(opened(demo, call["call"])) >= 2, words="both sides recorded")
    no_violations(control)


def test_a_declined_call_is_hung_up_and_one_that_nobody_takes_is_missed(
    control: Control, desk: Desk, stream: StreamSocket
) -> None:
    since = len(stream.items)
    began = mono_ms()
    control.ask(do="call_private", radio=RADIO, unit=UNIT, duplex=False)
    call = rings(stream, since)
    desk.call("POST", f"/individual/{call['call']}/decline")
    assert stream.event("individual.ended", call=call["call"])["outcome"] == "declined"
    first_line(control, began, "ATH", radio=RADIO)
    since = len(stream.items)
    control.ask(do="call_private", radio=RADIO, unit=UNIT, duplex=False)
    call = rings(stream, since)
    control.ask(do="release", radio=RADIO)
    stream.event("individual.missed", call=call["call"])
    rows = desk.call("GET", "/individual")
    assert [row["state"] for row in rows if row["call"] == call["call"]] == ["missed"]


def test_a_duplex_telephone_call_of_a_listed_number_leaves_no_recording(
    demo: RunningDemo, control: Control, desk: Desk, ptt: PttSocket, stream: StreamSocket
) -> None:
    recordings = demo.state / "recordings"
    since = len(stream.items)
    control.ask(
        do="call_private",
        radio=RADIO,
        digits=STAFF_COUNCIL,
        duplex=True,
        tone_hz=420,
        for_s=2,
    )
    call = rings(stream, since)
    assert (call["recorded"], call["why"], call["kind"]) == (False, "staff council", "telephone")
    before = {path.name for path in recordings.rglob("*.opus*")}
    request = new_request()
    line = answered(desk, stream, call["call"], request)
    open_microphone(ptt, line, request)
    ptt.wait(request, "on_air")
    stream.event("individual.connected", call=call["call"])
    assert {path.name for path in recordings.rglob("*.opus*")} == before
    desk.call("POST", f"/individual/{call['call']}/hang_up")
    stream.event("individual.ended", call=call["call"])
    ptt.wait(request, "idle")
    ptt._renewing.discard(request)
    assert opened(demo, call["call"]) == []
    assert {path.name for path in recordings.rglob("*.opus*")} == before
    no_violations(control)


def test_a_desk_that_dies_in_a_duplex_call_hangs_up_within_half_a_second(
    control: Control, desk: Desk, ptt: PttSocket, stream: StreamSocket
) -> None:
    since = len(stream.items)
    control.ask(do="call_private", radio=RADIO, unit=UNIT, duplex=True)
    call = rings(stream, since)
    request = new_request()
    open_microphone(ptt, answered(desk, stream, call["call"], request), request)
    ptt.wait(request, "on_air")
    last = ptt.stop_renewing(request)
    _, at = first_line(control, last, "ATH", radio=RADIO)
    assert at - last <= UNKEY_LIMIT_MS
    ended = stream.event("individual.ended", call=call["call"])
    assert ended["cause"] == "no sign of the desk"


def test_a_unit_is_called_from_the_desk_and_its_answer_is_told(
    control: Control, desk: Desk, stream: StreamSocket
) -> None:
    since = len(stream.items)
    began = mono_ms()
    answer = desk.call("POST", "/individual/dial", {"unit": f"norrvik/{UNIT}"})
    assert answer["ok"], answer
    first_line(control, began, "ATD", radio=RADIO)
    stream.event("individual.connected", call=answer["call"], since=since)
    desk.call("POST", f"/individual/{answer['call']}/hang_up")
    assert stream.event("individual.ended", call=answer["call"])["outcome"] == "talked"
    no_violations(control)


@needs_chromium
def test_a_browser_answers_hears_and_is_heard_and_its_death_hangs_up(
    demo: RunningDemo, control: Control
) -> None:
    with browser() as context:
        page = context.new_page()
        sign_in(page, demo.url, demo.users["dispatcher"])
        control.ask(do="call_private", radio=RADIO, unit=UNIT, duplex=True, tone_hz=420, for_s=30)
        page.get_by_test_id("call-answer").click()
        page.get_by_test_id("call-end").wait_for()
        wait_js(page, "document.querySelector('[data-testid=onair]').dataset.tx === 'on_air'")
        wait_js(page, "window.samband.audio.level('private/0') > 0.01")
        heard = wait_for(lambda: _sound_in(control) > 5, words="our voice at the radio")
        assert heard
        killed = mono_ms()
        page.goto("about:blank")
        _, at = first_line(control, killed, "ATH", radio=RADIO)
        assert at - killed <= UNKEY_LIMIT_MS
    no_violations(control)


def _sound_in(control: Control) -> int:
    """Return how many blocks of our sound the simulated radio took."""
    state = control.ask(do="state", radio=RADIO)["radios"][0]
    return int(state["sound_blocks"])


def test_an_emergency_call_of_the_desk_is_one_on_the_wire(control: Control, ptt: PttSocket) -> None:
    began = mono_ms()
    request, _ = ptt.press(PATRULL_1, priority=3)
    ptt.wait(request, "on_air")
    line, _ = first_line(control, began, "AT+CTSDC=", "AT+CTXD=", radio=RADIO)
    fields = line.strip().split("=")[1].split(",")
    assert "15" in fields or fields[1] == "3", line
    ptt.release(request)
    ptt.wait(request, "idle")
    no_violations(control)


@needs_chromium
def test_the_emergency_button_keys_only_after_two_seconds_and_until_it_is_let_go(
    demo: RunningDemo, control: Control
) -> None:
    with browser() as context:
        page = context.new_page()
        sign_in(page, demo.url, demo.users["dispatcher"])
        page.get_by_test_id(f"tile-{PATRULL_1.replace('/', '-')}").click()
        button = page.get_by_test_id("emergency-call")
        button.hover()
        began = mono_ms()
        page.mouse.down()
        page.wait_for_timeout(800)
        page.mouse.up()
        page.wait_for_timeout(1500)
        assert _keyed_lines(control, began) == []
        pressed = mono_ms()
        page.mouse.down()
        wait_for(lambda: _keyed_lines(control, pressed), words="the emergency call")
        _, at = first_line(control, pressed, "AT+CTSDC=", "AT+CTXD=", radio=RADIO)
        assert at - pressed >= 2_000
        released = mono_ms()
        page.mouse.up()
        first_line(control, released, "AT+CUTXC", radio=RADIO)
    no_violations(control)


def _keyed_lines(control: Control, since_ms: float) -> list[str]:
    """Return what keyed the radio since then."""
    entries = control.ask(do="log", radio=RADIO, kinds=["wire"], since_ms=since_ms)["entries"]
    lines = [e["text"] for e in entries if e["way"] == "host"]
    return [one for one in lines if one.startswith(("ATD", "AT+CTXD"))]
