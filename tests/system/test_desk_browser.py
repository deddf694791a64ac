"""A real Chromium as a desk: what ends a press there, and what the page shows."""

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psutil
import pytest
from playwright.sync_api import Error

from samband.bench_browser import browser, sign_in
from samband.bench_demo import Control, RunningDemo
from samband.bench_desk import mono_ms
from samband.bench_ptt import first_line
from tests.system.conftest import needs_chromium
from tests.system.story import (
    UNKEY_LIMIT_MS,
    no_violations,
    radio_state,
    silence_on_air,
    unkeyed_after,
    wait_for,
)

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = [needs_chromium, pytest.mark.browser]
RADIO = "hamnen"
TILE = "tile-norrvik-310301"
DOWN = """window.dispatchEvent(new KeyboardEvent('keydown',
  {code: 'F1', key: 'F1', bubbles: true, cancelable: true}))"""


@pytest.fixture
def context() -> Iterator["BrowserContext"]:
    with browser() as opened:
        yield opened


@pytest.fixture
def page(context: "BrowserContext", demo: RunningDemo, control: Control) -> "Page":
    opened = context.new_page()
    sign_in(opened, demo.url, demo.users["dispatcher"])
    silence_on_air(control, RADIO)
    opened.get_by_test_id(TILE).click()
    return opened


def talk(page: "Page", control: Control) -> None:
    """Hold F1 and wait until the radio is keyed and the page says so."""
    page.keyboard.down("F1")
    wait_for(lambda: radio_state(control, RADIO)["keyed"], words="keyed")
    page.locator("[data-testid=onair][data-tx=on_air]").wait_for()


def test_press_and_release(page: "Page", control: Control) -> None:
    talk(page, control)
    assert "BRAND 1" in page.get_by_test_id("onair").inner_text()
    assert "ON AIR" in page.get_by_test_id("ptt").inner_text()
    released = mono_ms()
    page.keyboard.up("F1")
    assert unkeyed_after(control, RADIO, released) <= 1000
    page.locator("[data-testid=onair][data-tx=on_air]").wait_for(state="detached")
    no_violations(control)


def test_key_repeat_storm_is_one_press(page: "Page", control: Control) -> None:
    since = mono_ms()
    talk(page, control)
    for _ in range(100):
        page.evaluate(DOWN.replace("code:", "repeat: true, code:"))
    assert radio_state(control, RADIO)["keyed"]
    page.keyboard.up("F1")
    wait_for(lambda: not radio_state(control, RADIO)["keyed"], words="un-keyed")
    time.sleep(0.5)
    log = control.ask(do="log", radio=RADIO, kinds=["keyed"], since_ms=since)["entries"]
    assert len(log) == 1


@pytest.mark.parametrize(
    "script",
    [
        "window.dispatchEvent(new Event('blur'))",
        """const always = value => ({value, configurable: true});
        Object.defineProperty(document, 'visibilityState', always('hidden'));
        Object.defineProperty(document, 'hidden', always(true));
        document.dispatchEvent(new Event('visibilitychange'))""",
        "window.dispatchEvent(new PageTransitionEvent('pagehide'))",
    ],
    ids=["blur", "hidden page", "page hide"],
)
def test_the_page_loses_the_press(page: "Page", control: Control, script: str) -> None:
    talk(page, control)
    lost = mono_ms()
    page.evaluate(script)
    assert unkeyed_after(control, RADIO, lost) <= UNKEY_LIMIT_MS


def test_another_tab_in_front(context: "BrowserContext", page: "Page", control: Control) -> None:
    talk(page, control)
    lost = mono_ms()
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    context.new_page().bring_to_front()
    assert unkeyed_after(control, RADIO, lost) <= UNKEY_LIMIT_MS


def test_closed_tab(page: "Page", control: Control) -> None:
    talk(page, control)
    lost = mono_ms()
    page.close()
    assert unkeyed_after(control, RADIO, lost) <= UNKEY_LIMIT_MS


def test_hung_page(page: "Page", control: Control) -> None:
    talk(page, control)
    hung = mono_ms()
    with contextlib.suppress(Exception):  # the page answers nothing while it hangs
        page.evaluate("() => { const end = Date.now() + 3000; while (Date.now() < end); }")
    _, at = first_line(control, hung, "AT+CUTXC", radio=RADIO)
    assert at - hung <= UNKEY_LIMIT_MS + 100, "the last renewal may be 100 ms before the hang"


def test_killed_browser(demo: RunningDemo, control: Control) -> None:
    others = set(psutil.pids())
    took: list[float] = []
    with contextlib.suppress(Error), browser() as killed:  # a dead browser cannot be closed
        page = killed.new_page()
        sign_in(page, demo.url, demo.users["dispatcher"])
        silence_on_air(control, RADIO)
        page.get_by_test_id(TILE).click()
        talk(page, control)
        mine = [p for p in psutil.process_iter() if p.pid not in others]
        lost = mono_ms()
        for process in mine:
            if "chrom" in process.name():
                process.kill()
        took.append(unkeyed_after(control, RADIO, lost))
    assert took
    assert took[0] <= UNKEY_LIMIT_MS


def test_emergency_on_the_page(page: "Page", control: Control) -> None:
    control.ask(do="status", radio=RADIO, unit=1220101, value=0)
    banner = page.locator("[data-testid=alert-strip] .emb[data-alarm=raised]")
    banner.wait_for()
    assert "B 101 Styrka" in banner.inner_text()
    pulse = page.evaluate(
        """() => ['.emb[data-alarm=raised]', '.emb[data-alarm=raised] *']
          .flatMap(one => [...document.querySelectorAll(one)])
          .some(e => getComputedStyle(e).animationName !== 'none'
            || getComputedStyle(e, '::before').animationName !== 'none')"""
    )
    assert pulse, "an unacknowledged emergency pulses"
    page.goto(page.url.split("#")[0] + "#/audit")
    banner.wait_for()
    page.goto(page.url.split("#")[0] + "#/")
    page.keyboard.press("Control+e")
    page.locator("[data-testid=alert-strip] .emb[data-alarm=acknowledged]").wait_for()
    text = page.get_by_test_id("alert-strip").inner_text()
    assert "Acknowledged" in text
    assert "not possible on this link" in text


def test_a_page_without_sound_says_so(demo: RunningDemo) -> None:
    with browser(sound=False) as silent:
        page = silent.new_page()
        sign_in(page, demo.url, demo.users["supervisor"], position="3")
        page.reload()
        # Every look into the page counts as a click there, so the page is left alone to load.
        page.wait_for_timeout(4000)
        assert "NO SOUND AT THIS DESK" in page.get_by_test_id("no-sound").inner_text()
