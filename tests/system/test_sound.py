"""Sound both ways through a real Chromium: the committed benchmark's limits, on one short run."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from samband.bench_browser import browser, sign_in
from samband.bench_demo import Control, RunningDemo
from samband.bench_desk import mono_ms
from samband.bench_signal import from_pcm
from samband.bench_sound import LIMITS, TARGET_DBFS, demo_speech, sound_in, sound_out
from tests.system.conftest import needs_chromium
from tests.system.story import radio_state, silence_on_air, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Route

pytestmark = [needs_chromium, pytest.mark.browser]


def test_speech_from_the_radio_is_heard_in_the_page(demo: RunningDemo, tmp_path: Path) -> None:
    figures = sound_in(demo, tmp_path, demo_speech(tmp_path / "speech.wav"))
    assert figures["stoi"] >= LIMITS["stoi_in"]
    assert abs(figures["active_dbfs"] - TARGET_DBFS) <= 3
    assert figures["clipped_share"] == 0


def test_speech_from_the_microphone_reaches_the_radio(demo: RunningDemo, tmp_path: Path) -> None:
    figures = sound_out(demo, tmp_path, demo_speech(tmp_path / "speech.wav"))
    assert figures["stoi"] >= LIMITS["stoi_out"]
    assert figures["key_ups"] == 1
    for edge in ("first_syllable_likeness", "last_syllable_likeness"):
        assert figures[edge] > 0.8
        assert figures[edge] > figures["another_syllable_likeness"] + 0.2


def test_a_microphone_that_opens_while_the_connection_is_made_is_sent(
    demo: RunningDemo, control: Control
) -> None:
    silence_on_air(control, "hamnen")
    with browser() as context:
        page = context.new_page()

        def slowly(route: "Route") -> None:
            page.wait_for_timeout(1500)  # longer than the made-up microphone takes to open
            route.continue_()

        page.route("**/rtc/config", slowly)
        sign_in(page, demo.url, demo.users["dispatcher"])
        page.get_by_test_id("tile-norrvik-310301").click()
        since = mono_ms()
        page.keyboard.down("F1")
        wait_for(lambda: radio_state(control, "hamnen")["keyed"], words="keyed")
        page.wait_for_timeout(2500)  # the made-up microphone beeps once a second
        page.keyboard.up("F1")
        wait_for(lambda: not radio_state(control, "hamnen")["keyed"], words="un-keyed")
    heard = from_pcm(control.pcm(do="sound", radio="hamnen", since_ms=since, group=310301))
    assert np.abs(heard).max() > 0.05


def test_a_microphone_that_gives_no_sound_is_told_while_on_air(
    demo: RunningDemo, control: Control
) -> None:
    silence_on_air(control, "hamnen")
    with browser() as context:
        page = context.new_page()
        page.add_init_script("RTCRtpSender.prototype.replaceTrack = async () => undefined;")
        sign_in(page, demo.url, demo.users["dispatcher"])
        page.get_by_test_id("tile-norrvik-310301").click()
        page.keyboard.down("F1")
        wait_for(lambda: radio_state(control, "hamnen")["keyed"], words="keyed")
        page.get_by_test_id("unheard").wait_for(timeout=4_000)
        assert "No sound from your microphone" in page.get_by_test_id("unheard").inner_text()
        page.keyboard.up("F1")
        wait_for(lambda: not radio_state(control, "hamnen")["keyed"], words="un-keyed")
