"""P25 in the demo, whole: base station and network core, browser, voice both ways, alarms, faults.

The simulated station and core are processes of their own behind real UDP.
"""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from samband.bench_browser import browser, sign_in, wait_js
from samband.bench_demo import Control, RunningDemo, running_demo
from samband.bench_desk import Desk, PttSocket
from samband.bench_signal import (
    RATE_HZ,
    Sound,
    align,
    compare,
    follow,
    read_wav,
    stoi,
    to_8k,
)
from samband.bench_sound import (
    KEEP_TRACK,
    PAGE_RATE_HZ,
    PRESS_AT,
    capture,
    demo_speech,
    microphone_file,
    wait_for_onset,
)
from tests.system.conftest import needs_chromium
from tests.system.story import wait_for
from tests.system.test_donor import decode

if TYPE_CHECKING:
    from playwright.sync_api import Page

LIMIT = 0.8
"""STOI against the original, through vocoder, network and browser."""
STATION, CORE = "vinga", "sjonet"
GROUPS = {STATION: 10001, CORE: 10101}
UNITS = {STATION: (5100131, "KBV 31"), CORE: (5300107, "Pilot 7")}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A quiet demo with its coast."""
    with running_demo(tmp_path_factory.mktemp("p25"), scenario="quiet", p25=True) as running:
        yield running


@pytest.fixture
def peers(demo: RunningDemo) -> Iterator[dict[str, Control]]:
    """The control ports of station and core, cleared of what earlier tests left."""
    with contextlib.ExitStack() as stack:
        found = {
            name: stack.enter_context(contextlib.closing(Control(port)))
            for name, port in demo.coast.items()
        }
        for control in found.values():
            control.ask(do="mend")
            control.ask(do="clear")
        yield found


@contextlib.contextmanager
def page_of(demo: RunningDemo, name: str, **more: Any) -> Iterator["Page"]:
    """A dispatcher's page with the talkgroup of a link selected."""
    with browser(**more) as context:
        page = context.new_page()
        page.add_init_script(KEEP_TRACK)
        sign_in(page, demo.url, demo.users["dispatcher"])
        page.get_by_test_id(f"tile-kusten-{GROUPS[name]}").click()
        wait_js(page, "window.samband.audio.media === 'connected'")
        yield page


def recorded(desk: Desk, transmission: str) -> Sound:
    """Return the recording of an over."""
    purpose = "purpose_code=test&purpose_text=is+it+whole"
    status, data = desk.raw("GET", f"/recordings/{transmission}?{purpose}")
    assert status == 200, data
    return decode(data)


def likeness_along(original: Sound, received: Sound) -> float:
    """Return STOI where a browser's jitter buffer may have changed its delay along the way.

    40 ms more from the middle on, which nobody hears, cost a third of a STOI that knows one delay.
    """
    _, _, lag = align(original, received)
    laid, _ = follow(original, received[max(0, lag - RATE_HZ // 2) :])
    return stoi(original, laid)


@needs_chromium
@pytest.mark.browser
@pytest.mark.parametrize("name", [STATION, CORE])
def test_speech_of_a_unit_is_heard_in_the_page(
    demo: RunningDemo,
    peers: dict[str, Control],
    desk: Desk,
    tmp_path: Path,
    name: str,
) -> None:
    speech = demo_speech(tmp_path / "speech.wav")
    original = read_wav(speech)
    unit, alias = UNITS[name]
    with page_of(demo, name) as page, contextlib.closing(desk.stream()) as stream:

        def talk() -> None:
            peers[name].ask(do="talk", group=GROUPS[name], unit=unit, wav=str(speech))
            tile = page.get_by_test_id(f"tile-kusten-{GROUPS[name]}")
            tile.get_by_text(alias).wait_for(timeout=10_000)
            page.wait_for_timeout(len(original) / RATE_HZ * 1000 + 700)

        samples, _ = capture(page, talk)
        over = stream.event("transmission.started", talkgroup=f"kusten/{GROUPS[name]}")
        ended = stream.event("transmission.ended", transmission=over["transmission"])
        stream.event("recording.closed", transmission=over["transmission"])
    assert likeness_along(original, to_8k(samples, PAGE_RATE_HZ)) >= LIMIT
    # What leaves the gateway has one delay from its first frame to its last.
    assert ended["lost_frames"] == 0
    assert compare(original, recorded(desk, over["transmission"]))["stoi"] >= LIMIT


@needs_chromium
@pytest.mark.browser
@pytest.mark.parametrize("name", [STATION, CORE])
def test_speech_from_the_microphone_goes_on_air_in_one_over(
    demo: RunningDemo, peers: dict[str, Control], tmp_path: Path, name: str
) -> None:
    speech = demo_speech(tmp_path / "speech.wav")
    original = read_wav(speech)
    spoken_ms = len(original) / RATE_HZ * 1000
    mic, period_s = microphone_file(tmp_path / "mic.wav", speech)
    with page_of(demo, name, microphone=mic, loop_microphone=True) as page:
        press_at = wait_for_onset(page, period_s) + period_s * 1000 - 60
        page.evaluate(PRESS_AT, [press_at, press_at + 60 + spoken_ms + 150])
        page.wait_for_timeout(press_at - time.time() * 1000 + spoken_ms + 3000)
    overs = peers[name].ask(do="heard")["overs"]
    assert len(overs) == 1
    assert (overs[0]["group"], overs[0]["source"]) == (GROUPS[name], 0xFFFFFC)
    assert overs[0]["terminated"]
    path = tmp_path / "heard.wav"
    peers[name].ask(do="sound", path=str(path))
    laid, _ = follow(original, read_wav(path))
    assert stoi(original, laid) >= LIMIT
    assert peers[name].ask(do="violations")["violations"] == []


@pytest.fixture
def desk(demo: RunningDemo) -> Desk:
    """A dispatcher without a browser."""
    return Desk(demo.url, **demo.users["dispatcher"])


@pytest.fixture
def ptt(desk: Desk) -> Iterator[PttSocket]:
    """The press socket of a dispatcher at position 2."""
    desk.take("2")
    with contextlib.closing(desk.ptt()) as opened:
        yield opened


def test_a_station_that_is_gone_ends_a_press_and_says_so_in_two_seconds(
    peers: dict[str, Control], ptt: PttSocket
) -> None:
    request, _ = ptt.press("kusten/10001")
    ptt.wait(request, "on_air")
    wait_for(lambda: peers[STATION].ask(do="heard")["overs"], words="voice at the station")
    began = time.monotonic()
    peers[STATION].ask(do="vanish")
    told = ptt.wait(request, "fault")
    assert time.monotonic() - began < 2
    assert "the station stopped answering in mid-call" in told["words"]
