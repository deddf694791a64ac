"""A desk whose headset is pulled out, in a real browser on a real sound server."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from samband.bench_browser import browser, sign_in
from samband.bench_demo import Control, RunningDemo
from samband.bench_desk import Desk, StreamSocket
from tests.pulse import Pulse, needs_pulse, sound_server
from tests.system.conftest import needs_chromium
from tests.system.story import silence_on_air

pytestmark = [needs_chromium, needs_pulse, pytest.mark.browser]
RADIO, GROUP = "hamnen", 310301


@pytest.fixture
def pulse() -> Iterator[Pulse]:
    # a short path: a socket's name has at most 107 characters
    folder = Path(tempfile.mkdtemp(prefix="samband-pulse-"))
    try:
        with sound_server(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def supervisor(demo: RunningDemo) -> Iterator[StreamSocket]:
    """Somebody who sees the events; a desk without a position shows no alarm."""
    signed_in = Desk(demo.url, **demo.users["supervisor"])
    with contextlib.closing(signed_in.stream()) as opened:
        yield opened


def test_a_desk_without_a_sink_says_so_and_has_shown_nothing(
    demo: RunningDemo, control: Control, pulse: Pulse, supervisor: StreamSocket
) -> None:
    headset = pulse.plug("headset")
    silence_on_air(control, RADIO)
    with browser(sound_server=pulse.address) as context:
        page = context.new_page()
        sign_in(page, demo.url, demo.users["dispatcher"])
        page.get_by_test_id("tile-norrvik-310301").click()
        no_sound = page.get_by_test_id("no-sound")
        no_sound.wait_for(state="detached")

        since = len(supervisor.items)
        control.ask(do="status", radio=RADIO, unit=1220101, value=0)
        first = supervisor.event("alarm.raised", since=since)["alarm"]
        shown = supervisor.event("alarm.shown", alarm=first, since=since, seconds=10)
        assert shown["position"] == "1"

        pulse.unplug(headset)
        no_sound.wait_for(timeout=8_000)
        assert "NO SOUND AT THIS DESK" in no_sound.inner_text()
        supervisor.event("position.listening", position="1", listening=False, since=since)

        since = len(supervisor.items)
        control.ask(do="status", radio=RADIO, unit=1220104, value=0)
        second = supervisor.event("alarm.raised", since=since)["alarm"]
        page.get_by_test_id(f"alarm-{second}").wait_for()  # it is on the screen all the same
        # nobody hears it: the sounder at once, and no position has shown it
        supervisor.event("alarm.escalated", alarm=second, step="sounder", since=since, seconds=3)
        page.wait_for_timeout(5_000)  # two and a half reports of the page
        assert second not in [
            item["data"]["alarm"]
            for _, item in supervisor.items[since:]
            if item.get("type") == "alarm.shown"
        ]

        pulse.plug("another")
        no_sound.wait_for(state="detached", timeout=8_000)
        supervisor.event("alarm.shown", alarm=second, since=since, seconds=10)
    for alarm in (first, second):
        Desk(demo.url, **demo.users["dispatcher"]).call("POST", f"/alarms/{alarm}/acknowledge", {})
