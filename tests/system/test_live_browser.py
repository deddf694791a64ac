"""The camera wall in Chromium: live H.264 of an engine, stills, a clip that is kept, in words."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dispatch.cameras.demo_source import WebhookClient, secret_text
from dispatch.cameras.ingest import Ingest
from dispatch.console import STATIC
from samband.bench_browser import browser, sign_in
from samband.config_cameras import Camera, Cameras, Engine, Webhook
from tests.dispatch.cameras.serving import serving
from tests.dispatch.live.conftest import LiveRoom, live_room  # noqa: F401  # a fixture
from tests.dispatch.live.engine_stubs import MediaMtx, SnapshotCamera
from tests.dispatch.room import PASSWORD
from tests.system.conftest import needs_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    needs_chromium,
    pytest.mark.browser,
    pytest.mark.skipif(not (STATIC / "index.html").exists(), reason="the console is not built"),
]
SECRET = bytes(range(32))
FRAMES = "(document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 5"


class Place:
    def __init__(self, room: LiveRoom, engine: MediaMtx, incident: str) -> None:
        self.room, self.engine, self.incident = room, engine, incident


def picture(folder: Path) -> bytes:
    """Return a real JPEG."""
    path = folder / "still.jpg"
    words = ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360"]
    subprocess.run([*words, "-frames:v", "1", "-y", str(path)], check=True)
    return path.read_bytes()


@pytest.fixture
async def place(live_room: Any, tmp_path: Path) -> AsyncIterator[Place]:  # noqa: F811
    engine, camera = MediaMtx(), SnapshotCamera()
    camera.open, camera.picture = True, picture(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text(secret_text(SECRET))
    async with serving(engine.app) as port, serving(camera.app) as still:
        config = Cameras(
            webhook=(Webhook(id="test", secret_file=secret),),
            engine=(
                Engine(
                    id="m",
                    kind="mediamtx",
                    url=f"http://127.0.0.1:{port}",
                    auth_from=("127.0.0.1",),
                ),
            ),
            camera=(
                Camera(
                    id="H-03",
                    name="H-03 Kajgatan väst",
                    engine="m",
                    still=f"http://127.0.0.1:{still}/open.jpg",
                ),
            ),
        )
        async with live_room(config) as room:
            engine.hook = f"http://127.0.0.1:{room.port}/api/v1/live/mediamtx-auth"
            yield Place(room, engine, await opened(room))
            await engine.close()


async def opened(room: LiveRoom) -> str:
    """Let the camera report; returns the incident."""
    body = {
        "type": "camera.event",
        "id": "1",
        "camera": "H-03",
        "severity": "alert",
        "labels": ["smoke"],
    }
    raw = json.dumps(body).encode()
    client = WebhookClient("http://localhost/x", secret_text(SECRET))
    signed = client.headers("m-1", room.clock.utc_us(), raw)
    sender = await room.browser()
    answer = await sender.http.post("/api/v1/webhooks/camera/test", content=raw, headers=signed)
    incident: str = answer.json()["incident"]
    return incident


def walk(url: str, place: Place) -> None:
    """Watch, look at stills, keep a clip by keyboard, and lose the right to see."""
    with browser(size=(1920, 1080)) as context:
        page = context.new_page()
        sign_in(page, url, {"name": "dispatcher", "password": PASSWORD})
        page.goto(f"{url}/#/incident/{place.incident}")
        tile = page.get_by_test_id("camera-H-03")
        tile.get_by_role("button", name="Watch H-03 Kajgatan väst live").click()
        until_frames(page)
        tile.get_by_text("Live", exact=True).wait_for()
        assert tile.locator(".wm").inner_text() == "Dispatcher"
        assert len(place.engine.sessions) == 1
        shot(page, "camera-wall-live")
        handle = page.get_by_role("slider", name="Seconds before the event")
        handle.focus()
        handle.press("ArrowLeft")
        assert handle.get_attribute("aria-valuetext") == "35 s before"
        page.get_by_test_id("keep").click()
        page.get_by_text("asked for, tried again").wait_for()
        tile.get_by_role("button", name="Show stills of H-03 Kajgatan väst").click()
        tile.get_by_role("img", name="H-03 Kajgatan väst, now").wait_for()
        assert not place.engine.sessions
        place.engine.codecs = "H265"
        tile.get_by_role("button", name="Watch H-03 Kajgatan väst live").click()
        tile.get_by_text("The camera sends H.265; this browser cannot show it.").wait_for()
        shot(page, "camera-wall-h265")


def until_frames(page: "Page") -> None:
    """Wait until pictures of the engine have been shown."""
    for _ in range(200):
        if page.evaluate(FRAMES):
            return
        page.wait_for_timeout(50)
    raise AssertionError(page.get_by_test_id("camera-H-03").inner_text())


def shot(page: "Page", name: str) -> None:
    """Keep a picture for a person to look at, where one asks for it."""
    folder = os.environ.get("SAMBAND_SHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png")


def engineer(url: str) -> None:
    """An engineer sees the source, the message that nobody understood, and what was given up."""
    with browser(size=(1366, 768)) as context:
        page = context.new_page()
        sign_in(page, url, {"name": "supervisor", "password": PASSWORD})
        page.goto(f"{url}/#/engineer/cameras")
        page.get_by_test_id("camera-sources").get_by_text("webhook:test").wait_for()
        page.get_by_test_id("unread-messages").get_by_role("button", name="Show").click()
        shown = page.get_by_test_id("unread-message")
        shown.get_by_text('{"type":"camera.event","odd":7}').wait_for()
        shown.get_by_role("cell", name="odd", exact=True).wait_for()
        shot(page, "camera-messages")
        page.goto(f"{url}/#/engineer/exchange")
        page.get_by_test_id("webhooks-out").get_by_text("Nothing was given up.").wait_for()
        page.get_by_test_id("exchange").get_by_label("Incident").wait_for()
        shot(page, "exchange")


async def test_messages_that_nobody_understood(place: Place) -> None:
    raw = b'{"type":"camera.event","odd":7}'
    client = WebhookClient("http://localhost/x", secret_text(SECRET))
    signed = client.headers("m-odd", place.room.clock.utc_us(), raw)
    sender = await place.room.browser()
    url = "/api/v1/webhooks/camera/test"
    answer = await sender.http.post(url, content=raw, headers=signed)
    if answer.status_code == 400:  # a fault of the sender's: what is kept is put in by hand
        ingest = Ingest("webhook:test", place.room.side.register.find, os.urandom)
        ingest.unread("webhook", raw, "no camera", place.room.clock.utc_us())
        await place.room.side.sources.put("webhook:test", ingest.drain())
    await asyncio.to_thread(engineer, f"http://localhost:{place.room.port}")


async def test_the_camera_wall(place: Place) -> None:
    await asyncio.to_thread(walk, f"http://localhost:{place.room.port}", place)
    (row,) = [
        entry
        for entry in place.room.entries("camera.live.begin")
        if entry["detail"]["incident"] == place.incident
    ][:1]
    assert row["purpose"]["code"] == "incident"
