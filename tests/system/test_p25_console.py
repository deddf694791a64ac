"""P25 on a real page, over fake links: tiles, encryption, acts on single radios, alarms."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.model.radio import (
    CallAlertReceived,
    EmergencySign,
    EmergencySigned,
    StatusReceived,
)
from gateway.model.unit_acts import AcknowledgeAlarm, Inhibit
from samband.bench_browser import browser, sign_in
from tests.system.conftest import needs_chromium
from tests.system.fake_p25 import (
    AES,
    B101,
    BRIDGE,
    BRIDGED_GROUP,
    DEAF,
    FIRE,
    HARBOUR,
    STATION,
    FakeRoom,
    fake_room,
)
from tests.system.story import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [needs_chromium, pytest.mark.browser]
REASON = "stolen from a car at the harbour"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("p25")


@pytest.fixture(scope="module")
def room(state: Path) -> Iterator[FakeRoom]:
    with fake_room(state) as running:
        yield running


@pytest.fixture
def page(room: FakeRoom) -> Iterator["Page"]:
    with browser(size=(1366, 768)) as context:
        opened = context.new_page()
        sign_in(opened, room.url, room.users["supervisor"])
        yield opened


def _says(where: "Locator", words: str, seconds: float = 10) -> None:
    wait_for(lambda: words in where.inner_text(), words=words, seconds=seconds)


def _tile(page: "Page", system: str, group: int) -> "Locator":
    return page.get_by_test_id(f"tile-{system}-{group}")


def test_a_tile_names_technology_talker_and_reception(page: "Page", room: FakeRoom) -> None:
    tile = _tile(page, "hamnen", FIRE)
    tile.click()
    system = page.get_by_test_id("system").inner_text()
    assert system == "P25 Hamnen, NAC 293h, talkgroup 10101, site Kajen"
    room.talk(FIRE, B101, 4, errors=0.031)
    _says(tile, "B 101")
    _says(tile, "Fair 3.1 %")
    text = tile.inner_text()
    assert "P25" in text
    assert str(B101) in text
    _says(page.get_by_test_id("talker"), f"B 101 ({B101})")
    assert "cannot be changed" not in page.get_by_test_id("selected").inner_text()
    assert tile.get_attribute("data-rx") == "receiving"
    wait_for(lambda: tile.get_attribute("data-rx") == "quiet", words="quiet", seconds=10)


def test_an_over_nobody_can_hear_shows_activity_and_is_kept_with_its_key(
    page: "Page", room: FakeRoom
) -> None:
    tile = _tile(page, "hamnen", HARBOUR)
    tile.click()
    room.talk(HARBOUR, B101, 3, encrypted=True, readable=False, algorithm=AES, key_id=0x1234)
    _says(tile, "Encrypted: cannot be heard")
    assert tile.get_attribute("data-rx") == "encrypted_unreadable"
    assert "B 101" in tile.inner_text()
    over = page.get_by_test_id("over").inner_text()
    assert over == "Encrypted: cannot be heard, AES-256, key 1234"
    wait_for(lambda: tile.get_attribute("data-rx") == "quiet", words="quiet", seconds=10)
    page.goto(f"{room.url}/#/audit/search")
    page.get_by_test_id("call-row").filter(has_text="HAMN 1").first.click()
    _says(page.get_by_test_id("sheet-encryption"), "Encrypted AES-256, key 1234")


def test_what_a_link_cannot_carry_is_said(page: "Page", room: FakeRoom) -> None:
    tile = _tile(page, "reflector", BRIDGED_GROUP)
    assert "No emergency on this link" in tile.inner_text()
    tile.click()
    _says(page.get_by_test_id("lacks"), "No emergency on this link")
    room.talk(BRIDGED_GROUP, 2_620_001, 2, BRIDGE)
    wait_for(lambda: tile.get_attribute("data-rx") == "receiving", words="receiving")
    page.get_by_test_id("talker").click()
    assert page.get_by_test_id("unit-number").inner_text() == "2620001"
    _says(page.get_by_test_id("unit-not-possible"), "No call alert")


def test_acts_on_a_radio_are_answered_in_words(page: "Page", room: FakeRoom) -> None:
    page.get_by_test_id(f"unit-hamnen-{B101}").click()
    asked = page.get_by_test_id("unit-asked")
    for button, words in (
        ("unit-alert", "The radio has it"),
        ("unit-check", "The radio is there"),
    ):
        page.get_by_test_id(button).click()
        known = asked.locator('[data-claim="delivered"][data-known="true"]', has_text=words)
        known.first.wait_for()
    asked_before = len(room.links[STATION].acts)
    page.get_by_test_id("unit-query").click()
    wait_for(lambda: len(room.links[STATION].acts) > asked_before, words="the query on air")
    room.say(StatusReceived(sender=B101, to=None, value=4))
    asked.get_by_text("Answered: At the scene").wait_for()
    page.get_by_test_id("unit-status").select_option("4")
    page.get_by_test_id("unit-status-send").click()
    asked.get_by_text("Status update: At the scene").wait_for()
    page.keyboard.press("Escape")
    page.get_by_test_id(f"unit-hamnen-{DEAF}").click()
    page.get_by_test_id("unit-check").click()
    asked.get_by_text("Failed: target unit not valid").wait_for()


def test_an_inhibit_wants_a_reason_and_the_number_and_is_in_the_log(
    page: "Page", room: FakeRoom, state: Path
) -> None:
    page.get_by_test_id(f"unit-hamnen-{B101}").click()
    page.get_by_test_id("unit-inhibit").click()
    send = page.get_by_test_id("inhibit-send")
    page.get_by_test_id("inhibit-reason").fill(REASON)
    page.get_by_test_id("inhibit-typed").fill(str(DEAF))
    assert send.is_disabled()
    page.get_by_test_id("inhibit-typed").fill(str(B101))
    send.click()
    page.get_by_text("The radio is out of service").first.wait_for()
    acts = room.do(lambda: list(room.links[STATION].acts))
    (inhibit,) = [act for act in acts if isinstance(act, Inhibit)]
    assert (inhibit.to, inhibit.enabled) == (B101, False)

    def verbs() -> list[str]:
        with sqlite3.connect(state / "samband.db") as db:
            lines = [json.loads(raw) for (raw,) in db.execute("SELECT entry FROM audit_log")]
        return [entry["verb"] for entry in lines if entry["verb"].startswith("unit.")]

    outcome = "unit.inhibit_outcome"
    wait_for(lambda: verbs() == ["unit.inhibit", outcome, outcome], words="log entries", seconds=10)


def test_a_dispatcher_has_no_inhibit(room: FakeRoom) -> None:
    with browser(size=(1366, 768)) as context:
        page = context.new_page()
        sign_in(page, room.url, room.users["dispatcher"], position="2")
        page.get_by_test_id(f"unit-hamnen-{B101}").click()
        page.get_by_test_id("unit-check").wait_for()
        assert page.get_by_test_id("unit-inhibit").count() == 0


def test_a_call_alert_names_who_asks(page: "Page", room: FakeRoom) -> None:
    room.say(CallAlertReceived(sender=B101, to=0xFFFFFC))
    page.get_by_text("Call alert: B 101 asks to be called back").wait_for()
    row = page.locator('.msg li[data-kind="call_alert"].un').first
    assert "B 101" in row.inner_text()
    row.locator("button").first.click()
    page.get_by_test_id("alert-unit").click()
    page.get_by_test_id("unit-alert").wait_for()


def test_an_alarm_is_acknowledged_to_the_radio(page: "Page", room: FakeRoom) -> None:
    room.say(EmergencySigned(unit=B101, sign=EmergencySign.ALARM, group=FIRE))
    strip = page.get_by_test_id("alert-strip")
    _says(strip, "B 101")
    page.get_by_test_id("alarm-ack").click()
    _says(strip, "To the radio: confirmed")
    acts = room.do(lambda: list(room.links[STATION].acts))
    assert [act.unit for act in acts if isinstance(act, AcknowledgeAlarm)] == [B101]
