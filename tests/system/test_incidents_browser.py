"""A dispatcher's incident on real pages: from two cameras to one incident, split, and closed."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dispatch.cameras.demo_source import secret_text
from dispatch.console import STATIC
from dispatch.places.reading import read
from gateway.model import events as ev
from samband.bench_browser import browser, sign_in
from samband.camera_side import CameraSide
from samband.config_cameras import Camera, Cameras, Webhook
from samband.places_side import add_places
from tests.dispatch.conftest import room  # noqa: F401  # a fixture
from tests.dispatch.incidents.test_api import KAJEN, SECRET_BYTES, body, near_call, post
from tests.dispatch.room import LINK, PASSWORD, PATROL, Room
from tests.system.conftest import needs_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    needs_chromium,
    pytest.mark.browser,
    pytest.mark.skipif(not (STATIC / "index.html").exists(), reason="the console is not built"),
]
CORNER = Camera(
    id="cam-0413",
    name="Kajgatan 9",
    latitude_deg=59.33018,
    longitude_deg=18.0615,
    range_m=70,
    bearing_deg=270,
)
PLACES = b"name,lat,lon,kind\nKajgatan 4,59.33021,18.0601,address\nHarbour,59.3292,18.0625,quay\n"


@pytest.fixture
async def side(room: Room, tmp_path: Path) -> AsyncIterator[CameraSide]:  # noqa: F811
    secret = tmp_path / "secret"
    secret.write_text(secret_text(SECRET_BYTES))
    config = Cameras(camera=(KAJEN, CORNER), webhook=(Webhook(id="test", secret_file=secret),))
    made = CameraSide(config, room.services, tmp_path / "media")
    add_places(read(PLACES, "places.csv"), room.services, made.register.all())
    await made.start()
    yield made
    await made.close()


class Story:
    """What happens outside the page, asked for by the page's own thread."""

    def __init__(self, room: Room, loop: asyncio.AbstractEventLoop) -> None:  # noqa: F811
        self.room = room
        self.loop = loop

    def radio(self) -> None:
        done = threading.Event()

        def speak() -> None:
            near_call(self.room)
            done.set()

        self.loop.call_soon_threadsafe(speak)
        assert done.wait(10)

    def status(self, digit: str, words: str) -> None:
        told = ev.UnitStatusSet(unit=PATROL, link=LINK, value=32773, digit=digit, words=words)
        self.loop.call_soon_threadsafe(self.room.bus.publish, told)


def walk(story: Story, url: str, one: str, other: str) -> None:
    """From the camera's report to the closing of both incidents."""
    with browser(size=(1366, 768)) as context:
        page = context.new_page()
        sign_in(page, url, {"name": "dispatcher", "password": PASSWORD})
        page.goto(f"{url}/#/incident/{one}")
        head = page.get_by_test_id("incident")
        head.wait_for()
        story.radio()
        leads_and_assigns(page, story)
        merges_and_splits(page, other)
        closes(page, one)


def leads_and_assigns(page: "Page", story: Story) -> None:
    head, timeline = page.get_by_test_id("incident"), page.get_by_label("Timeline")
    page.get_by_test_id("take-over").click()
    head.get_by_text("owner Dispatcher").wait_for()
    page.get_by_label("Priority").select_option("1")
    timeline.get_by_text("Priority 2 to 1").wait_for()
    page.get_by_test_id("incident-list").get_by_text("Active, Dispatcher").wait_for()
    call = page.locator('[data-testid^="suggestion-s-"]').filter(has_text="Patrol 1 on NORTH 1")
    call.get_by_test_id("confirm").click()
    call.get_by_text("Confirmed:").wait_for()
    hint = page.get_by_test_id(f"hint-unit-{PATROL}")
    hint.get_by_text("fix 2 s old").or_(hint.get_by_text("On scene").first).first.wait_for()
    hint.get_by_test_id("confirm-hint").click()
    hint.wait_for(state="detached")
    page.get_by_test_id("units-near").get_by_label("Release Patrol 1").wait_for()
    story.status("3", "En route")
    timeline.get_by_text("Patrol 1: En route").wait_for()
    page.get_by_test_id("as-list").click()
    shown = page.get_by_label("What the map shows")
    shown.get_by_text("Unit, assigned").wait_for()
    shown.get_by_text("Camera, linked").wait_for()
    page.get_by_test_id("as-list").click()
    drawn = page.get_by_test_id("map").get_by_role("img")
    drawn.focus()
    drawn.press("ArrowRight")
    drawn.press("+")
    drawn.press("0")


def merges_and_splits(page: "Page", other: str) -> None:
    head, timeline = page.get_by_test_id("incident"), page.get_by_label("Timeline")
    page.keyboard.press("n")
    page.get_by_label("Note, kept with your name").fill("one car, seen by both cameras")
    page.get_by_role("button", name="Save").click()
    timeline.get_by_text("one car, seen by both cameras").wait_for()
    page.get_by_test_id("possibly-same").get_by_test_id("merge-same").click()
    timeline.get_by_text("merged into this").wait_for()
    head.get_by_text("Holds").wait_for()
    page.get_by_test_id("tab-events").click()
    events = page.get_by_label("Camera events", exact=True)
    events.get_by_text("cam-0413").wait_for()
    page.get_by_test_id("split").click()
    page.get_by_label("Title of the new incident").fill("A second car")
    page.get_by_role("checkbox", name="cam-0413 Kajgatan 9").check()
    page.get_by_label("Why (shown in both)").fill("the other one drove away")
    page.get_by_test_id("split-do").click()
    head.get_by_text("A second car").wait_for()
    page.get_by_label("Timeline").get_by_text("the other one drove away").wait_for()
    head.get_by_text("Split off from").wait_for()
    events.get_by_text("cam-0413").first.wait_for()
    assert events.get_by_text("cam-0412").count() == 0
    page.goto(f"{page.url.split('#')[0]}#/incident/{other}")
    page.get_by_test_id("merged-to").wait_for()


def closes(page: "Page", one: str) -> None:
    head = page.get_by_test_id("incident")
    page.goto(f"{page.url.split('#')[0]}#/incident/{one}")
    head.get_by_text("Holds").wait_for()
    head.get_by_role("button", name="Close", exact=True).click()
    page.get_by_test_id("close-reason").select_option("handled")
    page.get_by_role("button", name="Close incident").click()
    page.get_by_test_id("reopen").wait_for()
    page.get_by_label("Timeline").get_by_text("Closed: handled").wait_for()
    page.get_by_test_id("reopen").click()
    page.get_by_label("Why", exact=True).fill("it burns again")
    page.get_by_test_id("reason-do").click()
    page.get_by_label("Timeline").get_by_text("Opened again: it burns again").wait_for()


async def test_from_camera_to_closed_with_merge_and_split(
    room: Room,  # noqa: F811
    side: CameraSide,
) -> None:
    story = Story(room, asyncio.get_running_loop())
    first = await post(room, body(id="a", claims=[]), "m-a")
    second = await post(room, body(id="b", camera="cam-0413", claims=[]), "m-b")
    one, other = first.json()["incident"], second.json()["incident"]
    await asyncio.to_thread(walk, story, f"http://localhost:{room.port}", one, other)
