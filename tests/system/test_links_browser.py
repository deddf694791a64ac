"""The engineer's page of links in Chromium: cards, table, a trace, a test to its end."""

from typing import TYPE_CHECKING

import pytest

from samband.bench_browser import browser, sign_in
from samband.bench_demo import Control, RunningDemo
from samband.bench_desk import Desk, StreamSocket
from tests.system.conftest import needs_chromium
from tests.system.story import silence_on_air
from tests.system.walk import AXE, Walk

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    needs_chromium,
    pytest.mark.browser,
    pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm ci in console/)"),
]
DRILL = "norrvik/310999"


def _tested(walk: Walk) -> None:
    """Confirm and make a test of a second, by keyboard from the button on."""
    page = walk.page
    page.get_by_test_id("test-hamnen").focus()
    page.keyboard.press("Enter")
    page.get_by_test_id("test-sure").wait_for()
    assert page.get_by_test_id("test-key").is_disabled(), "not before it is confirmed"
    assert walk.serious_issues() == []
    page.keyboard.press("Space")  # the dialog begins at its question
    page.get_by_label("Seconds").fill("1")
    page.get_by_test_id("test-key").click()
    state = page.get_by_test_id("test-state")
    state.get_by_text("ON AIR").wait_for()
    state.get_by_text("EXERCISE").wait_for()
    state.get_by_text("Over: ").wait_for()
    page.keyboard.press("Escape")


def _recorded(walk: Walk) -> None:
    page = walk.page
    walk.click("record-hamnen")
    walk.fill("trace-reason", "grants come late")
    walk.click("trace-begin")
    page.get_by_test_id("recording-hamnen").wait_for()
    walk.click("stop-hamnen")
    page.get_by_test_id("traces").get_by_text("stopped by hand").wait_for()


def _looked_at(page: "Page", demo: RunningDemo) -> Walk:
    walk = Walk(page, "engineer")
    sign_in(page, demo.url, demo.users["engineer"], None)
    page.goto(f"{demo.url}/#/engineer/links")
    page.get_by_test_id("link-hamnen").get_by_text("AT+").first.wait_for()
    return walk


def test_links_are_seen_recorded_and_tested(
    demo: RunningDemo, control: Control, desk: Desk, stream: StreamSocket
) -> None:
    silence_on_air(control, "hamnen")
    with browser(size=(1920, 1080)) as context:
        walk = _looked_at(context.new_page(), demo)
        why = walk.page.get_by_test_id("why-hamnen")
        why.get_by_text("radio is on BRAND 1").wait_for()
        assert walk.page.get_by_test_id("test-hamnen").is_disabled()
        assert walk.text("why-norrvik-c") == "not a test talkgroup"
        desk.call("POST", "/select", {"talkgroup": DRILL})
        why.get_by_text("radio is on BRAND 1").wait_for(state="detached")
        _tested(walk)
        started = stream.event("transmission.started")
        assert (started["exercise"], started["operator"]) == (True, "Karin Berg")
        _recorded(walk)
        walk.page.get_by_label("More for Hamnen terminal").press("Enter")
        walk.page.get_by_test_id("menu-restart-hamnen").wait_for()
        walk.page.keyboard.press("Escape")
        assert walk.faults == []
    with browser(size=(1366, 768), dark=False) as context:
        walk = _looked_at(context.new_page(), demo)
        walk.click("view-table")
        walk.page.get_by_label("Record trace of Hamnen terminal").wait_for()
        assert walk.serious_issues() == []
        assert walk.faults == []
