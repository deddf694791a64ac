"""P25 on a real page, with a simulated base station and network core at the other end."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from samband.bench_browser import browser, sign_in
from samband.bench_demo import Control, RunningDemo, running_demo
from tests.system.conftest import needs_chromium
from tests.system.story import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [needs_chromium, pytest.mark.browser]
PILOT, FERRY, CRUISER = 5300107, 5300211, 5200221


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    with running_demo(tmp_path_factory.mktemp("p25-demo"), scenario="quiet", p25=True) as running:
        yield running


@pytest.fixture
def core(demo: RunningDemo) -> Iterator[Control]:
    with contextlib.closing(Control(demo.coast["sjonet"])) as port:
        yield port


@pytest.fixture
def page(demo: RunningDemo) -> Iterator["Page"]:
    with browser(size=(1366, 768)) as context:
        opened = context.new_page()
        sign_in(opened, demo.url, demo.users["supervisor"])
        yield opened


def _tile(page: "Page", number: int) -> "Locator":
    tile = page.get_by_test_id(f"tile-kusten-{number}")
    for tab in page.get_by_role("tab").all():
        if tile.count() == 1:
            break
        tab.click()
        page.wait_for_timeout(100)
    return tile


def _heard(tile: "Locator", state: str, words: str) -> None:
    wait_for(lambda: tile.get_attribute("data-rx") == state, words=state, seconds=10)
    wait_for(lambda: words in tile.inner_text(), words=words, seconds=10)


def test_a_clear_and_an_encrypted_over_of_a_base_station(page: "Page", demo: RunningDemo) -> None:
    tile = _tile(page, 10002)
    with contextlib.closing(Control(demo.coast["vinga"])) as station:
        station.ask(do="talk", group=10002, unit=CRUISER, tone_hz=440, for_s=4)
        _heard(tile, "receiving", "Rescue cruiser")
        wait_for(lambda: tile.get_attribute("data-rx") == "quiet", words="quiet", seconds=15)
        station.ask(
            do="talk",
            group=10002,
            unit=CRUISER,
            tone_hz=440,
            for_s=4,
            algorithm=0x84,
            key_id=0x1234,
        )
        _heard(tile, "encrypted_unreadable", "Encrypted: cannot be heard")
        tile.click()
        over = page.get_by_test_id("over")
        wait_for(lambda: "AES-256, key 1234" in over.inner_text(), words="algorithm and key")


def test_alert_query_check_and_inhibit_over_a_network_core(page: "Page", core: Control) -> None:
    core.ask(do="alert", unit=PILOT, to=0xFFFFFC)
    page.get_by_text("Call alert: Pilot 7 asks to be called back").wait_for()
    page.get_by_test_id(f"unit-kusten-{PILOT}").click()
    asked = page.get_by_test_id("unit-asked")
    for button, words in (
        ("unit-alert", "The radio has it"),
        ("unit-query", "Answered: At sea"),
        ("unit-check", "The radio is there"),
    ):
        page.get_by_test_id(button).click()
        answer = asked.locator('[data-claim="delivered"][data-known="true"]', has_text=words)
        answer.first.wait_for()
    for act, words in (
        ("unit-inhibit", "The radio is out of service"),
        ("unit-uninhibit", "The radio is back in service"),
    ):
        page.get_by_test_id(act).click()
        page.get_by_test_id("inhibit-reason").fill("lost over board at the lighthouse")
        page.get_by_test_id("inhibit-typed").fill(str(PILOT))
        page.get_by_test_id("inhibit-send").click()
        asked.get_by_text(words).wait_for()


def test_an_alarm_of_a_network_core_is_acknowledged_to_the_radio(
    page: "Page", core: Control
) -> None:
    core.ask(do="alarm", unit=FERRY, group=10102)
    strip = page.get_by_test_id("alert-strip")
    wait_for(lambda: "Ferry Vega" in strip.inner_text(), words="the alarm", seconds=10)
    page.get_by_test_id("alarm-ack").click()
    wait_for(lambda: "To the radio: sent" in strip.inner_text(), words="acknowledged", seconds=10)
