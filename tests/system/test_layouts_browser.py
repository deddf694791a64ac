"""A board made by an engineer with keys and mouse, and what its dispatcher sees of it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from samband.bench_browser import browser, sign_in
from samband.bench_demo import RunningDemo
from samband.bench_desk import Desk
from tests.system.conftest import needs_chromium
from tests.system.walk import AXE, Walk

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    needs_chromium,
    pytest.mark.browser,
    pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm ci in console/)"),
]
TILE_NAMES = "label-content-name-mismatch"
FIRST, SECOND = "norrvik/310201", "norrvik/310202"


@pytest.fixture
def page() -> Iterator["Page"]:
    with browser(size=(1366, 768)) as context:
        yield context.new_page()


def _tiles(page: "Page") -> dict[str, str]:
    """Return the number on each tile of the board in view, by talkgroup."""
    tiles = page.locator(".board .tile")
    return {
        tile.get_attribute("data-id") or "": tile.locator(".tile__addr").inner_text().strip()
        for tile in tiles.all()
    }


def _make_board(walk: Walk, page: "Page", demo: RunningDemo) -> None:
    walk.click("plan-begin")
    walk.fill("draft-name", "boards")
    walk.click("draft-begin")
    page.get_by_test_id("plan-draft").get_by_text("boards").wait_for()
    page.goto(f"{demo.url}/#/engineer/consoles")
    walk.click("layout-new")
    walk.fill("l-name", "Norrvik")
    walk.click("l-position-1")
    walk.click("l-save")
    page.get_by_test_id("cell-1").get_by_text("NORRVIK PATRULL 1").wait_for()


def _change_by_keys_and_mouse(page: "Page") -> None:
    """Lift with keys, put by name with keys, drag with the mouse."""
    page.get_by_test_id("cell-1").click()
    for key in ("Space", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    page.get_by_test_id("cell-15").get_by_text("NORRVIK PATRULL 1").wait_for()
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    page.keyboard.type("norrvik patrull 1")
    page.keyboard.press("Enter")
    page.get_by_test_id("cell-15").get_by_text("NORRVIK PATRULL 1").wait_for()
    page.get_by_test_id("cell-2").drag_to(page.get_by_test_id("cell-6"))
    page.get_by_test_id("cell-6").get_by_text("NORRVIK PATRULL 2").wait_for()
    page.get_by_text("In the draft").wait_for()


def _activate(demo: RunningDemo) -> list[dict[str, Any]]:
    """The engineer and a second person bring the draft to life; returns what differed."""
    engineer = Desk(demo.url, **demo.users["engineer"])
    draft = next(d for d in engineer.call("GET", "/plan/drafts") if d["name"] == "boards")
    here = f"/plan/drafts/{draft['id']}"
    report = engineer.call("POST", f"{here}/check", {})
    assert report["ok"], [one["words"] for one in report["findings"]]
    compared = engineer.call("POST", f"{here}/compare", {})
    told = {one["position"]: one["lines"] for one in compared["effects"]["consoles"]}
    assert "Board: folders -> layout Norrvik" in told["1"]
    assert "2" not in told
    body = {"sha256": draft["sha256"], "reason": "the board of the first desk"}
    approval = engineer.call("POST", f"{here}/ask", body)["approval"]
    supervisor = Desk(demo.url, **demo.users["supervisor"])
    asked = supervisor.call("GET", f"/approvals/{approval}")
    supervisor.call("POST", f"/approvals/{approval}", {"agree": True, "digest": asked["digest"]})
    engineer.call("POST", f"{here}/activate", body)
    return list(compared["changes"])


def test_a_board_from_the_draft_to_the_desk(page: "Page", demo: RunningDemo) -> None:
    walk = Walk(page, "layouts")
    sign_in(page, demo.url, demo.users["engineer"], None)
    page.get_by_test_id("plan-bar").wait_for()
    _make_board(walk, page, demo)
    _change_by_keys_and_mouse(page)
    assert walk.serious_issues() == []
    walk.step("cells")
    walk.click("true-size")
    page.get_by_test_id("preview").locator(".tile").first.wait_for()
    walk.step("true-size")
    # The dispatcher's board is still that of the folders; what is selected keeps its cell.
    page.context.clear_cookies()
    page.goto("about:blank")
    sign_in(page, demo.url, demo.users["dispatcher"], "1")
    page.locator(f'.tile[data-id="{FIRST}"]').first.click()
    before = _tiles(page)
    assert any(one["kind"] == "layout" for one in _activate(demo))
    page.get_by_test_id("plan-notice").wait_for()
    kept = _tiles(page)
    assert kept[FIRST] == before[FIRST]
    assert kept[SECOND].lstrip("0") == "6"
    walk.step("told")
    # Told in words, there until somebody has seen it.
    walk.click("plan-notice")
    page.get_by_test_id("notice-2").get_by_text("Board: folders \u2192 layout Norrvik").wait_for()
    # A tile's name says its state in words, which is not the text that is seen on it.
    assert [one for one in walk.serious_issues() if not one.startswith(TILE_NAMES)] == []
    walk.step("what-changed")
    walk.click("notice-seen")
    page.get_by_test_id("plan-notice").wait_for(state="detached")
    # Released, it goes to the cell that the plan gives it.
    page.locator(f'.tile[data-id="{SECOND}"]').first.click()
    page.locator(f'.tile[data-id="{FIRST}"] .tile__addr', has_text="15").first.wait_for()
    assert walk.faults == []
