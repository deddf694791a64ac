"""An auditor's day on a real page: why, search, sheet, sound, lanes, mark, export, access log."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from samband.bench_browser import browser, sign_in, wait_js
from samband.bench_demo import Control, RunningDemo
from samband.bench_desk import Desk
from tests.system.conftest import needs_chromium
from tests.system.story import BRAND_1, PATRULL_1, wait_for
from tests.system.walk import AXE, Walk

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    needs_chromium,
    pytest.mark.browser,
    pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm ci in console/)"),
]
SPOKEN = (
    ("norrvik-c", 310201, 1210207, 3.0),
    ("hamnen", 310301, 1220101, 4.0),
    ("norrvik-c", 310201, 1210110, 2.0),
    ("hamnen", 310301, 1220104, 2.0),
)
NOTE = "Person on the quay, Kajgatan 4, rear entrance"
STARTED = """(() => {
  const start = AudioBufferSourceNode.prototype.start;
  window.startedSounds = [];
  AudioBufferSourceNode.prototype.start = function (when, offset, length) {
    const peak = this.buffer.getChannelData(0).reduce((most, one) => Math.max(most, one), 0);
    window.startedSounds.push({when, length, peak});
    return start.call(this, when, offset, length);
  };
})()"""
"""Remembers what is given to the sound card: when, how long, and that it is not silence."""
CLOCK = "document.querySelector('[data-testid=lanes-clock]').textContent"


@pytest.fixture(scope="module")
def calls(demo: RunningDemo) -> list[dict[str, Any]]:
    """Calls of two talkgroups that overlap, an emergency in one, a note and a status."""
    desk = Desk(demo.url, **demo.users["dispatcher"])
    desk.take("1")
    control = demo.control()
    for radio, group, unit, seconds in SPOKEN:
        control.ask(do="talk", radio=radio, group=group, unit=unit, tone_hz=420, for_s=seconds)
        time.sleep(1.2)
    control.ask(do="status", radio="hamnen", unit=1220101, value=32774)

    # A desk looks into its own last hour without saying why.
    recent = f"/calls?from_utc={(time.time_ns() // 1000) - 600_000_000}"

    def recorded() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = desk.call("GET", recent)["calls"]
        ended = [row for row in found if row["ended_utc"]]
        full = all(over["has_sound"] for row in ended for over in row["transmissions"])
        return ended if len(ended) == len(found) >= 2 and full else []

    found: list[dict[str, Any]] = wait_for(recorded, seconds=30, words="recorded calls")
    brand = next(row for row in found if row["talkgroup"] == BRAND_1)
    desk.call("POST", f"/calls/{brand['id']}/notes", {"text": NOTE})
    wait_for(lambda: desk.call("GET", f"{recent}&q=kajgatan")["total"] == 1, words="found note")
    return found


@pytest.fixture
def walk(demo: RunningDemo, calls: list[dict[str, Any]]) -> Iterator[Walk]:
    with browser(size=(1366, 768), dark=False) as context:
        page = context.new_page()
        page.add_init_script(STARTED)
        walk = Walk(page, "auditor")
        sign_in(page, demo.url, demo.users["auditor"], None)
        yield walk
        assert walk.faults == []


def _state_purpose(walk: Walk) -> None:
    walk.page.get_by_test_id("purpose-dialog").wait_for()
    walk.click("purpose-case")
    walk.fill("purpose-ref", "K-2026-118")
    walk.step("purpose")
    walk.click("purpose-state")
    walk.page.get_by_test_id("call-row").first.wait_for()


def _search(walk: Walk, demo: RunningDemo) -> None:
    page = walk.page
    walk.fill("audit-search", "kajgatan")
    page.keyboard.press("Enter")
    wait_for(lambda: walk.text("audit-total") == "1 call", words="one call")
    assert "Found in names, notes and texts" in walk.text("audit-sums")
    assert page.locator("mark").first.inner_text() == "Kajgatan"
    assert page.url.endswith("#/audit/search?q=kajgatan")
    walk.step("search")
    assert walk.serious_issues() == []
    walk.click("search-save")
    walk.fill("search-name", "Kajgatan, the evening")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".toast").get_by_role("button", name="Close").click()
    page.go_back()
    wait_for(lambda: walk.text("audit-total") != "1 call", words="the search before")
    walk.click("facet-talkgroup")
    page.get_by_role("button", name="NORRVIK PATRULL 1", exact=True).click()
    wait_for(lambda: "talkgroup=norrvik%2F310201" in page.url, words="the facet in the address")
    walk.step("facets")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Take away: Talkgroup NORRVIK PATRULL 1").click()
    walk.click("search-save")
    page.get_by_role("button", name="Kajgatan, the evening", exact=True).click()
    wait_for(lambda: walk.text("audit-total") == "1 call", words="the saved search")


def _sheet(walk: Walk) -> None:
    page = walk.page
    row = page.get_by_test_id("call-row").first
    row.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_test_id("over-row").first.wait_for()
    page.keyboard.press("j")
    page.get_by_role("button", name="Pause").first.wait_for()
    page.keyboard.press("k")
    row.focus()
    page.keyboard.press("Enter")
    integrity = walk.text("integrity")
    assert "Unchanged since recorded" in integrity
    assert "Entry is in the signed log" in integrity
    assert "due" in walk.text("sheet-retention")
    assert "gateway" in walk.text("sheet-protocol")
    assert "Maria Ek, you, played" in walk.text("sheet-listened")
    walk.step("sheet")
    assert walk.serious_issues() == []


def _goes_back(page: "Page") -> None:
    """Wait until the clock has gone from B back to A."""
    shown = [page.evaluate(f"() => {CLOCK}")]

    def back() -> bool:
        page.wait_for_timeout(50)
        shown.append(page.evaluate(f"() => {CLOCK}"))
        return bool(shown[-1] < shown[-2])

    wait_for(back, seconds=20, words="the loop to begin again")


def _is_heard(page: "Page") -> None:
    """Two recordings that overlap were given to the sound card together, none of them silent."""
    wait_js(page, "window.startedSounds.length >= 2")
    sounds = page.evaluate("() => window.startedSounds")
    assert all(one["peak"] > 0.05 for one in sounds)


def _lanes(walk: Walk) -> None:
    page = walk.page
    page.get_by_role("button", name="Close").first.click()
    walk.fill("audit-search", "")
    walk.click("search-go")
    page.get_by_test_id("call-row").nth(1).wait_for()
    walk.click("open-lanes")
    page.get_by_test_id("lane-item").first.wait_for()
    lanes = page.get_by_test_id("lane").all()
    named = [lane.get_attribute("data-lane") for lane in lanes]
    assert {f"talkgroup {BRAND_1}", f"talkgroup {PATRULL_1}"} <= set(named)
    before = page.evaluate(f"() => {CLOCK}")
    walk.click("lanes-play")
    wait_js(page, f"{CLOCK} !== '{before}'")
    wait_js(page, "window.samband.audio.state === 'running'")
    _is_heard(page)
    assert page.get_by_test_id("lanes-trouble").count() == 0
    wait_for(lambda: "BRAND 1" in walk.text("lanes-heard"), words="what is heard, in words")
    page.keyboard.press("a")
    walk.click("speed-2")
    started = page.evaluate(f"() => {CLOCK}")
    wait_js(page, f"{CLOCK} > '{started}'")
    page.wait_for_timeout(1200)
    page.keyboard.press("b")
    assert walk.text("loop").startswith("A to B loop, ")
    _goes_back(page)
    walk.step("lanes")
    page.keyboard.press("k")
    still = page.evaluate(f"() => {CLOCK}")
    page.wait_for_timeout(200)
    assert page.evaluate(f"() => {CLOCK}") == still
    assert walk.serious_issues() == []
    walk.click("mark-open")
    walk.fill("mark-text", "Second voice in the background")
    walk.click("mark-save")
    page.get_by_test_id("mark").first.wait_for()
    page.get_by_test_id("mark").first.click()
    walk.step("mark")
    walk.click("lanes-as-list")
    assert "3120" in walk.text("lanes-list")
    assert walk.serious_issues() == []


def _nothing_to_send_or_change(page: "Page") -> None:
    """The auditor can neither transmit nor edit: nothing on the page offers it."""
    for test_id in ("ptt", "onair", "alarm-ack", "incident-new", "message-new"):
        assert page.get_by_test_id(test_id).count() == 0, test_id


def test_an_auditors_day(walk: Walk, demo: RunningDemo, control: Control) -> None:
    _state_purpose(walk)
    _search(walk, demo)
    _sheet(walk)
    _nothing_to_send_or_change(walk.page)
    _lanes(walk)
    _nothing_to_send_or_change(walk.page)
    walk.page.goto(f"{demo.url}/#/audit/access")
    walk.page.get_by_role("heading", level=1).first.wait_for()
    walk.step("access")
    walk.page.goto(f"{demo.url}/#/audit/integrity")
    walk.click("audit-verify")
    assert "The log was not changed" in walk.text("audit-verdict")
    walk.step("integrity")
