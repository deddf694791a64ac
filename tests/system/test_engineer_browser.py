"""An engineer's day: a terminal plugged in and seen decoded, a list imported, reported rows mended,
compared, activated, a test call made, rolled back.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samband.bench_browser import browser, sign_in
from samband.bench_demo import Control, RunningDemo
from samband.bench_desk import Desk
from tests.system.conftest import needs_chromium
from tests.system.story import radio_state, silence_on_air
from tests.system.walk import AXE, Walk

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    needs_chromium,
    pytest.mark.browser,
    pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm ci in console/)"),
]
SIZE = (1366, 768)
LIST = """Decimal,Hex,Mode,Alpha Tag,Description,Tag,Category,Priority
310411,4bc8b,D,NORRVIK RESERV 1,Reserve,Police,Reserve,3
310412,4bc99,De,NORRVIK RESERV 2,Reserve,Police,Reserve,3
31O413,,D,NORRVIK RESERV 3,Reserve,Police,Reserve,3
310414,,,NORRVIK RESERV 4,Reserve,Police,Reserve,3
"""
MENDED = LIST.replace("31O413", "310413").replace("310414,,,", "310414,,D,")


@pytest.fixture
def page() -> Iterator["Page"]:
    with browser(size=SIZE) as context:
        yield context.new_page()


def _import(walk: Walk, file: Path) -> None:
    walk.page.get_by_test_id("import-file").set_input_files(file)
    walk.page.get_by_test_id("import-format").wait_for()


def _to_the_report(walk: Walk) -> None:
    """By keyboard: each step has the focus, an arrow goes to the next one, Enter opens it."""
    page = walk.page
    for step in (3, 4):
        page.locator(f"[data-testid=import-step-{step - 1}]:focus").wait_for()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
    page.locator("[data-testid=import-step-4]:focus").wait_for()
    page.get_by_test_id("row-report").wait_for()


def _to_the_difference(walk: Walk) -> None:
    """By keyboard too: Escape goes back, and an arrow chooses what becomes of local edits."""
    page = walk.page
    page.keyboard.press("Escape")
    page.locator("[data-testid=import-step-3]:focus").wait_for()
    page.get_by_test_id("import-step-5").press("Enter")
    page.get_by_test_id("import-diff").wait_for()
    page.locator("[data-testid=import-policy] [aria-checked=true]").press("ArrowRight")
    page.get_by_role("radio", name="Replace all", checked=True).wait_for()
    page.get_by_test_id("import-effect").get_by_text("because the file lacks").wait_for()
    page.get_by_test_id("import-diff").get_by_text("layout").first.wait_for()
    page.keyboard.press("End")
    page.get_by_test_id("import-effect").get_by_text("0 lost").wait_for()
    page.get_by_test_id("import-apply").wait_for()


def test_an_engineers_day(
    page: "Page", demo: RunningDemo, control: Control, tmp_path: Path
) -> None:
    walk = Walk(page, "engineer")
    sign_in(page, demo.url, demo.users["engineer"], None)
    silence_on_air(control, "hamnen")
    page.get_by_test_id("plan-bar").wait_for()
    page.get_by_test_id("link-hamnen").get_by_text("AT+").first.wait_for()
    # A (simulated) terminal is plugged in, comes up, and its lines are decoded.
    page.goto(f"{demo.url}/#/engineer/tests")
    walk.click("sim-start")
    page.get_by_test_id("sim-state-exercise-1").get_by_text("Up").wait_for()
    walk.step("simulator")
    assert walk.serious_issues() == []
    page.goto(f"{demo.url}/#/engineer/links")
    card = page.get_by_test_id("link-exercise-1")
    card.get_by_text("AT+").first.wait_for()
    card.scroll_into_view_if_needed()
    walk.step("links")
    assert walk.serious_issues() == []
    page.goto(f"{demo.url}/#/engineer/topology")
    page.get_by_test_id("topology-findings").get_by_text("hangs on one link").first.wait_for()
    walk.click("topology-link-hamnen")
    walk.step("topology")
    assert walk.serious_issues() == []
    # A draft, and a list with faults in it.
    walk.click("plan-begin")
    walk.fill("draft-name", "reserve talkgroups")
    walk.click("draft-begin")
    page.get_by_test_id("plan-draft").get_by_text("reserve talkgroups").wait_for()
    page.goto(f"{demo.url}/#/engineer/import")
    broken, mended = tmp_path / "reserve.csv", tmp_path / "reserve-2.csv"
    broken.write_text(LIST)
    mended.write_text(MENDED)
    _import(walk, broken)
    _to_the_report(walk)
    report = page.get_by_test_id("row-report")
    report.get_by_text("'O' in place 3").wait_for()
    report.get_by_text("expected A, D, M or T").wait_for()
    walk.step("row-report")
    assert walk.serious_issues() == []
    # The two rows mended in the list, it goes into the draft.
    page.reload()
    _import(walk, mended)
    _to_the_report(walk)
    assert page.get_by_test_id("row-report").get_by_text("Skipped 0").count() == 1
    _to_the_difference(walk)
    walk.click("import-apply")
    page.get_by_role("heading", name="Talkgroups", exact=True).wait_for()
    page.get_by_text("NORRVIK RESERV 3").wait_for()
    walk.step("talkgroups")
    # Compared, agreed to by a second person, live on trial, kept.
    walk.click("plan-compare")
    page.locator("#compare:focus").wait_for()
    page.get_by_test_id("import-history").get_by_text("4 added").wait_for()
    page.get_by_test_id("check-report").get_by_text("0 errors").wait_for()
    page.get_by_label("Difference against the live plan").get_by_text("NORRVIK RESERV 4").wait_for()
    walk.step("compare")
    assert walk.serious_issues() == []
    walk.fill("activate-reason", "reserve talkgroups for the winter")
    walk.click("activate-ask")
    page.get_by_test_id("asked").wait_for()
    _agree(demo, page.get_by_test_id("asked").get_attribute("data-approval"))
    walk.click("activate")
    page.get_by_test_id("plan-trial").wait_for()
    assert "plan 2" in walk.text("plan-live")
    walk.step("trial")
    _test_call(walk, demo, control)
    walk.click("plan-keep")
    page.get_by_test_id("plan-trial").wait_for(state="detached")
    page.locator("main:focus").wait_for()
    # What came of the list stands with the plan.
    walk.click("imports-2")
    walk.click("import-report")
    page.get_by_test_id("row-report").get_by_text("not 310412 in hex").wait_for()
    # And back, with a reason.
    walk.click("rollback-1")
    walk.fill("rollback-reason", "the terminals are not programmed yet")
    walk.step("roll-back")
    walk.click("rollback-now")
    page.get_by_test_id("plan-live").get_by_text("plan 1").wait_for()
    page.get_by_test_id("plan-live").get_by_text("by Karin Berg").wait_for()
    page.get_by_test_id("plan-history").get_by_text("Rolled back to plan 1").wait_for()
    walk.step("history")
    assert walk.faults == []


def test_a_draft_is_discarded_when_that_was_confirmed(page: "Page", demo: RunningDemo) -> None:
    walk = Walk(page, "engineer")
    sign_in(page, demo.url, demo.users["engineer"], None)
    page.goto(f"{demo.url}/#/engineer/import")
    page.get_by_text("A list goes into a draft").wait_for()
    walk.click("plan-begin")
    walk.fill("draft-name", "put away again")
    walk.click("draft-begin")
    page.get_by_test_id("plan-draft").get_by_text("put away again").wait_for()
    page.goto(f"{demo.url}/#/engineer/plans")
    row = page.get_by_role("row", name="put away again")
    row.get_by_text("in the bar").wait_for()
    assert row.get_by_test_id("draft-open").count() == 0  # what is open has nothing to open
    row.get_by_test_id("draft-discard").click()
    page.get_by_role("button", name="Keep it").click()
    assert row.get_by_test_id("draft-discard").evaluate("(one) => one === document.activeElement")
    row.get_by_test_id("draft-discard").click()
    walk.click("discard-now")
    row.wait_for(state="detached")
    page.get_by_test_id("plan-begin").wait_for()
    assert walk.faults == []


def _test_call(walk: Walk, demo: RunningDemo, control: Control) -> None:
    """On the test talkgroup: from here to the terminal, and from its unit to here."""
    page = walk.page
    page.goto(f"{demo.url}/#/engineer/links")
    walk.click("test-exercise-1")
    page.get_by_test_id("test-sure").check()
    walk.click("test-key")
    page.locator('[data-testid="test-state"][data-tx="on_air"]').wait_for()
    assert not radio_state(control, "hamnen")["keyed"]  # the plan's link has given it up
    walk.step("test-call")
    page.get_by_test_id("test-key").wait_for()
    page.keyboard.press("Escape")
    page.goto(f"{demo.url}/#/engineer/tests")
    walk.click("sim-talk-exercise-1")
    page.get_by_test_id("sim-told-exercise-1").get_by_text("EXERCISE 1 talks on").wait_for()
    walk.click("sim-end-exercise-1")
    page.get_by_test_id("sim-exercise-1").wait_for(state="detached")
    page.goto(f"{demo.url}/#/engineer/plans")


def _agree(demo: RunningDemo, approval: str | None) -> None:
    """The supervisor, at another desk, looks at what will happen and agrees to exactly that."""
    supervisor = Desk(demo.url, **demo.users["supervisor"])
    asked = supervisor.call("GET", f"/approvals/{approval}")
    assert "reserve talkgroups" in asked["words"]
    assert any("NORRVIK RESERV 4" in line for line in asked["detail"]["differences"])
    body = {"agree": True, "digest": asked["digest"]}
    assert supervisor.call("POST", f"/approvals/{approval}", body)["state"] == "agreed"
