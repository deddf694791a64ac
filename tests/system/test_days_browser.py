"""A dispatcher's day, a supervisor's morning and a data protection officer's, on real pages."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from samband.bench_browser import browser, sign_in
from samband.bench_demo import Control, RunningDemo
from tests.system.conftest import needs_chromium
from tests.system.story import radio_state, silence_on_air, wait_for
from tests.system.walk import AXE, Walk

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    needs_chromium,
    pytest.mark.browser,
    pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm ci in console/)"),
]
RADIO, UNIT = "hamnen", 1220101
TILE = "tile-norrvik-310301"
SMALL, LARGE = (1366, 768), (1600, 900)


@pytest.fixture
def page() -> Iterator["Page"]:
    with browser(size=SMALL) as context:
        yield context.new_page()


def test_a_dispatchers_day(page: "Page", demo: RunningDemo, control: Control) -> None:
    walk = Walk(page, "dispatcher")
    sign_in(page, demo.url, demo.users["dispatcher"])
    silence_on_air(control, RADIO)
    walk.click(TILE)
    control.ask(do="talk", radio=RADIO, group=310301, unit=UNIT, tone_hz=420, for_s=3)
    page.locator(f"[data-testid={TILE}][data-rx=receiving]").wait_for()
    walk.step("receiving")
    wait_for(lambda: radio_state(control, RADIO)["call"] is None, seconds=15, words="call over")
    page.keyboard.down("F1")
    page.locator("[data-testid=onair][data-tx=on_air]").wait_for()
    walk.step("on-air")
    page.keyboard.up("F1")
    page.locator("[data-testid=onair][data-tx=on_air]").wait_for(state="detached")
    control.ask(do="status", radio=RADIO, unit=UNIT, value=0)
    page.locator("[data-testid=alert-strip] .emb[data-alarm=raised]").wait_for()
    walk.step("emergency")
    page.keyboard.press("Control+e")
    page.locator("[data-testid=alert-strip] .emb[data-alarm=acknowledged]").wait_for()
    walk.step("acknowledged")
    # What the log has of oneself is there for everybody, and names nobody else.
    page.goto(f"{demo.url}/#/audit/access")
    page.get_by_text("Nobody is measured").wait_for()
    own = page.get_by_role("table").first
    own.get_by_text("began to talk on the radio").first.wait_for()
    own.get_by_text("acknowledged an emergency").first.wait_for()
    assert page.get_by_test_id("ask-person").count() == 0
    walk.step("own-acts")
    assert walk.faults == []


def _supervisor(walk: Walk, demo: RunningDemo) -> None:
    page = walk.page
    sign_in(page, demo.url, demo.users["supervisor"], position="3")
    page.goto(f"{demo.url}/#/audit/daysheet")
    assert "Nobody is measured" in walk.text("nobody")
    page.get_by_label("Operations").get_by_text("By shift").wait_for()
    page.get_by_text("NO WITNESS").wait_for()
    walk.step("day-sheet")
    page.goto(f"{demo.url}/#/audit/reports?report=links&by=site")
    page.get_by_test_id("report-table").get_by_text("Hamnen").wait_for()
    walk.step("report-links")
    page.get_by_test_id("report").select_option("refused")
    page.get_by_text("fewer than three people").first.wait_for()
    walk.step("report-withheld")
    with page.expect_download() as file:
        walk.click("report-csv")
    assert file.value.suggested_filename.startswith("refused-")
    assert page.get_by_role("link", name="Extracts").count() == 0


def _officer(walk: Walk, demo: RunningDemo) -> None:
    page = walk.page
    page.get_by_test_id("menu").wait_for()
    page.goto(f"{demo.url}/#/audit/access")
    walk.click("ask-subject")
    page.get_by_test_id("trail-kind").select_option("unit")
    walk.fill("trail-value", str(UNIT))
    walk.click("trail-run")
    page.get_by_test_id("purpose-dialog").wait_for()
    walk.click("purpose-case")
    walk.fill("purpose-ref", "DP-2026-31")
    walk.click("purpose-state")
    page.get_by_role("table").get_by_text("an emergency came in").first.wait_for()
    walk.step("who-saw-it")
    assert walk.serious_issues() == []
    page.goto(f"{demo.url}/#/audit/extracts")
    walk.fill("extract-value", str(UNIT))
    walk.fill("extract-ref", "DP-2026-31")
    walk.click("extract-make")
    page.get_by_test_id("extract-title").wait_for()
    page.get_by_text("looked up who saw a person's data").first.wait_for()
    walk.step("extract")
    walk.click("extract-sure")
    walk.click("extract-release")
    with page.expect_download() as file:
        walk.click("extract-sv")
    told = file.value.path().read_text(encoding="utf-8")
    assert "DP-2026-31" in told
    assert "Olena" not in told
    assert "Maria" not in told
    assert walk.serious_issues() == []
    page.goto(f"{demo.url}/#/audit/records")
    page.get_by_role("heading", name="Configured sources").wait_for()
    walk.step("records")
    assert walk.serious_issues() == []
    for name in ("daysheet", "reports", "integrity"):
        page.goto(f"{demo.url}/#/audit/{name}")
        page.locator("main .panel").first.wait_for()
        assert walk.serious_issues() == [], name


def test_a_supervisors_and_an_officers_day(demo: RunningDemo, control: Control) -> None:
    control.ask(do="status", radio=RADIO, unit=UNIT, value=0)
    with browser(size=SMALL, dark=False) as context:
        walk = Walk(context.new_page(), "supervisor")
        _supervisor(walk, demo)
        assert walk.faults == []
    with browser(size=LARGE) as context:
        page = context.new_page()
        walk = Walk(page, "officer")
        sign_in(page, demo.url, demo.users["dpo"], None)
        _officer(walk, demo)
        assert walk.faults == []
