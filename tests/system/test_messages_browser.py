"""Messages on a real page: four marks, each when it is known, and a read report for who wrote."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from samband.bench_browser import browser, sign_in
from samband.bench_demo import Control, RunningDemo
from tests.system.conftest import needs_chromium
from tests.system.story import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [needs_chromium, pytest.mark.browser]
RADIO = "hamnen"
UNIT = 1220101
ALL = ["accepted", "sent", "delivered", "read"]


@pytest.fixture
def page(demo: RunningDemo, control: Control) -> Iterator["Page"]:
    with browser(size=(1366, 768)) as context:
        opened = context.new_page()
        sign_in(opened, demo.url, demo.users["dispatcher"])
        yield opened


def _row(page: "Page", words: str) -> "Locator":
    return page.locator(".msg li", has_text=words).first


def _known(row: "Locator") -> list[str | None]:
    marks = row.locator('[data-known="true"]')
    return [marks.nth(at).get_attribute("data-claim") for at in range(marks.count())]


def _sent_hex(control: Control) -> list[str]:
    entries = control.ask(do="log", radio=RADIO, kinds=["wire"])["entries"]
    said = "".join(entry["text"] for entry in entries if entry["way"] == "host")
    return re.findall(r"AT\+CMGS=\d+,\d+\s+([0-9A-F]+)\x1a", said)


def test_a_text_gets_its_four_marks_and_a_status_its_two(page: "Page") -> None:
    page.get_by_test_id("message-new").click()
    page.get_by_test_id("message-to").select_option(f"norrvik/{UNIT}")
    page.get_by_test_id("message-text").fill("Is the ferry gate open?")
    page.get_by_test_id("message-send").click()
    row = _row(page, "Is the ferry gate open?")
    wait_for(lambda: _known(row) == ALL, words="four marks", seconds=20)
    page.get_by_test_id("message-new").click()
    page.get_by_test_id("message-to").select_option(f"norrvik/{UNIT}")
    page.get_by_test_id("message-status").click()
    page.get_by_test_id("status-value").select_option(index=2)
    page.get_by_test_id("message-send").click()
    status = page.locator('.msg li[data-kind="status"]').first
    wait_for(lambda: _known(status) == ["accepted", "sent"], words="two marks", seconds=20)
    assert status.locator("[data-claim]").count() == 2


def test_opening_a_text_tells_its_sender_and_search_finds_it(
    page: "Page", control: Control
) -> None:
    control.ask(
        do="text", radio=RADIO, unit=UNIT, text="Lamp at pier 7", report="both", reference=66
    )
    row = _row(page, "Lamp at pier 7")
    row.wait_for()
    wait_for(lambda: "82100042" in _sent_hex(control), words="received", seconds=10)
    assert "82100242" not in _sent_hex(control)
    row.locator("button").first.click()
    wait_for(lambda: "82100242" in _sent_hex(control), words="read", seconds=10)
    page.get_by_test_id("message-all-open").click()
    page.get_by_test_id("message-q").fill("pier lamp")
    page.keyboard.press("Enter")
    page.get_by_test_id("message-found").wait_for()
    assert page.locator(".dialog .msg li").all_inner_texts()[0].count("Lamp at pier 7") == 1


def test_a_position_is_asked_for_and_answered(page: "Page") -> None:
    page.get_by_test_id("message-new").click()
    page.get_by_test_id("message-to").select_option(f"norrvik/{UNIT}")
    page.get_by_test_id("ask-position").click()
    fix = page.get_by_test_id("unit-fix")
    wait_for(lambda: "± 20 m" in fix.inner_text(), words="a position", seconds=20)
    assert re.search(r"59\.\d{5}, 18\.\d{5}, fix .* old, ± 20 m", fix.inner_text())
