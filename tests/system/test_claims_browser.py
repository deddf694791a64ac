"""A plate on a real page: a candidate without a name, looked at, confirmed, then shown to all."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dispatch.cameras.demo_source import secret_text
from dispatch.console import STATIC
from samband.bench_browser import browser, sign_in
from samband.camera_side import CameraSide
from samband.config_cameras import Cameras, Webhook
from tests.dispatch.conftest import room  # noqa: F401  # a fixture
from tests.dispatch.incidents.test_api import KAJEN, SECRET_BYTES, body, post
from tests.dispatch.room import PASSWORD, Room
from tests.system.conftest import needs_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    needs_chromium,
    pytest.mark.browser,
    pytest.mark.skipif(not (STATIC / "index.html").exists(), reason="the console is not built"),
]


@pytest.fixture
async def side(room: Room, tmp_path: Path) -> AsyncIterator[CameraSide]:  # noqa: F811
    secret = tmp_path / "secret"
    secret.write_text(secret_text(SECRET_BYTES))
    config = Cameras(camera=(KAJEN,), webhook=(Webhook(id="test", secret_file=secret),))
    made = CameraSide(config, room.services, tmp_path / "media")
    await made.start()
    yield made
    await made.close()


def opened(page: "Page", url: str, name: str, incident: str) -> None:
    sign_in(page, url, {"name": name, "password": PASSWORD})
    page.goto(f"{url}/#/incident/{incident}")
    page.get_by_test_id("incident").wait_for()


def walk(url: str, incident: str) -> None:
    """The dispatcher reviews the plate."""
    with browser(size=(1366, 768)) as context:
        page = context.new_page()
        opened(page, url, "dispatcher", incident)
        page.get_by_test_id("tab-events").click()
        events = page.get_by_label("Camera events", exact=True)
        events.get_by_text("plate candidate, unreviewed").wait_for()
        assert page.get_by_text("NRV 482").count() == 0
        page.get_by_test_id("claim-look").click()
        assert page.get_by_test_id("claim-value").inner_text() == "NRV 482"
        page.get_by_test_id("claim-confirm").click()
        events.get_by_text("plate NRV 482, confirmed").wait_for()
        page.get_by_test_id("claims").wait_for(state="detached")
        page.get_by_label("Timeline").get_by_text("Candidate plate confirmed").wait_for()


async def test_a_plate_is_reviewed_on_the_incident_s_page(
    room: Room,  # noqa: F811
    side: CameraSide,
) -> None:
    answer = await post(room, body(claims=[{"type": "plate", "value": "NRV 482", "score": 0.95}]))
    await asyncio.to_thread(walk, f"http://localhost:{room.port}", answer.json()["incident"])
