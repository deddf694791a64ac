"""Clips that are kept: Frigate, MediaMTX, a stream recorded from now on; late, short, never."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from dispatch.cameras.frigate_http import FrigateHttp, FrigateLogin
from dispatch.cameras.mp4 import duration_ms
from dispatch.cameras.tables import CameraMedia
from dispatch.errors import NotFound, ServiceError
from dispatch.live.bookmarks import Bookmarks
from dispatch.live.recorders import FrigateRecorder, gap_words, spans_within
from dispatch.live.tables import SourceHoldRow
from dispatch.services.record import Record
from samband.config_cameras import Camera, Cameras, Engine
from tests.dispatch.cameras.frigate_stub import FrigateStub
from tests.dispatch.cameras.serving import serving
from tests.dispatch.cameras.test_media import film, needs_ffmpeg
from tests.dispatch.live.conftest import LiveRoom, MakeRoom
from tests.dispatch.live.engine_stubs import MediaMtx
from tests.dispatch.live.rtsp_server import rtsp_server
from tests.dispatch.room import Browser

S = 1_000_000
QUAY = Camera(id="cam-1", name="Quay", source="frigate:n", name_at_source="quay")


class Place:
    """A room, its Frigate, and a browser that asks."""

    def __init__(self, room: LiveRoom, stub: FrigateStub) -> None:
        self.room, self.stub = room, stub

    def rows(self) -> list[CameraMedia]:
        return self.room.store.read_now(lambda db: list(db.exec(select(CameraMedia))))

    async def until(self, condition: Callable[[CameraMedia], bool]) -> CameraMedia:
        async with asyncio.timeout(20):
            while True:
                found = next((row for row in self.rows() if condition(row)), None)
                if found is not None:
                    return found
                await asyncio.sleep(0.02)

    async def want(self, browser: Browser, seconds: float = 10, **changes: Any) -> Any:
        now = self.room.clock.utc_us()
        body = {
            "camera": "cam-1",
            "from_utc": now - round(seconds * S),
            "to_utc": now,
            "before_s": 0,
            "after_s": 0,
            "reason": "smoke on the quay",
        }
        return await browser.post("/bookmarks", body | changes)


@contextlib.asynccontextmanager
async def with_frigate(room: LiveRoom) -> AsyncIterator[Place]:
    stub = FrigateStub(password="secret")
    async with serving(stub.app) as port:
        login = FrigateLogin(url=f"http://127.0.0.1:{port}", username="samband", password="secret")
        http = FrigateHttp(login)
        room.live.bookmarks.add_recorder(FrigateRecorder("frigate:n", http, keeps_days=1))
        room.live.holds.add_keeper("frigate:n", http)
        yield Place(room, stub)
        await http.close()


@pytest.fixture
async def place(live_room: MakeRoom) -> AsyncIterator[Place]:
    async with live_room(Cameras(camera=(QUAY,))) as room, with_frigate(room) as made:
        yield made


@needs_ffmpeg
async def test_a_clip_that_is_late_then_short_then_whole(place: Place, tmp_path: Path) -> None:
    short = film(tmp_path / "short.mp4", 3.0).read_bytes()
    whole = film(tmp_path / "whole.mp4", 10.0).read_bytes()
    place.stub.clips["quay"] = [404, short, whole]
    place.stub.gaps = [{"start_time": 1_764_000_003.0, "end_time": 1_764_000_010.0}]
    browser = await place.room.browser("dispatcher")
    answer = await place.want(browser)
    assert answer.status_code == 201, answer.text
    late = await place.until(lambda row: row.tries == 1)
    assert late.state == "wanted"
    assert late.reason.startswith("frigate:n answered 404; not recorded: ")
    place.room.clock.skip(16)
    partial = await place.until(lambda row: row.state == "partial")
    assert partial.reason.startswith("7 s are missing; not recorded: 16:00:03 to 16:00:10")
    folder = place.room.side.media.folder
    assert duration_ms(folder / partial.file) == 3000
    place.room.clock.skip(31)
    done = await place.until(lambda row: row.state == "fetched")
    assert (done.tries, done.duration_ms, done.made_by) == (3, 10_000, "Dispatcher")
    assert (done.how, done.remuxed) == ("by Frigate from its recordings, packed anew", True)
    assert (folder / done.file).read_bytes() == whole
    kept = await place.room.logged(2, "camera.clip.kept")
    assert [entry["detail"]["state"] for entry in kept] == ["partial", "fetched"]
    assert kept[-1]["detail"]["sha256"] == [done.sha256]
    assert "smoke" not in str(place.room.entries()), "what a person writes is not in clear"
    (row,) = (await browser.get("/bookmarks")).json()
    assert (row["state"], row["why"], row["how"]) == ("fetched", "smoke on the quay", done.how)
    got = await browser.get(f"/media/{done.id}")
    assert got.content == whole


async def test_a_bookmark_without_any_recorder_waits_and_ends_as_gone(
    live_room: MakeRoom,
) -> None:
    lonely = Camera(id="cam-1", name="Quay")
    async with live_room(Cameras(camera=(lonely,))) as room:
        place = Place(room, FrigateStub())
        browser = await room.browser("dispatcher")
        assert (await place.want(browser)).status_code == 201
        row = await place.until(lambda row: row.tries == 1)
        assert (row.state, row.reason) == ("wanted", "no recorder is known for this camera")
        await room.live.bookmarks.close()  # as at a stop: the row outlives it
        again = _another(room)
        running = asyncio.create_task(again.run())
        room.clock.skip(16)
        await place.until(lambda row: row.tries == 2)
        room.clock.skip(11 * 86_400)
        gone = await place.until(lambda row: row.state == "gone")
        assert gone.done_utc is not None
        await again.close()
        await running


def _another(room: LiveRoom) -> Bookmarks:
    return Bookmarks(
        store=room.store,
        clock=room.clock,
        randomness=room.services.randomness,
        register=room.side.register,
        media=room.side.media,
        stills=room.live.stills,
        record=room.services.use(Record),
    )


async def test_what_may_not_be_asked(place: Place) -> None:
    browser = await place.room.browser("dispatcher")
    too_long = await place.want(browser, before_s=600, after_s=600)
    assert too_long.status_code == 400
    far = place.room.clock.utc_us() + 86_400 * S
    assert (await place.want(browser, from_utc=far, to_utc=far + S)).status_code == 400
    assert (await place.want(browser, camera="none")).status_code == 404
    assert (await place.want(browser, incident="i-none")).status_code == 404
    engineer = await place.room.browser("engineer")
    assert (await place.want(engineer)).status_code == 403
    assert not place.rows()
    camera = place.room.side.register.find("frigate:n", "quay")
    with pytest.raises(ServiceError):
        await place.room.live.bookmarks.want(
            camera, (5, 5), event_utc=5, incident="", who="", why=""
        )


@needs_ffmpeg
async def test_from_mediamtx_with_a_token_of_a_minute(live_room: MakeRoom, tmp_path: Path) -> None:
    engine = MediaMtx()
    engine.clip = film(tmp_path / "c.mp4", 6.0).read_bytes()
    async with serving(engine.app) as port:
        part = Engine(
            id="m",
            kind="mediamtx",
            url=f"http://127.0.0.1:{port}",
            playback=f"http://127.0.0.1:{port}",
            auth_from=("127.0.0.1",),
        )
        camera = Camera(id="cam-1", name="Quay", name_at_source="quay", engine="m")
        async with live_room(Cameras(engine=(part,), camera=(camera,))) as room:
            engine.hook = f"http://127.0.0.1:{room.port}/api/v1/live/mediamtx-auth"
            place = Place(room, FrigateStub())
            browser = await room.browser("dispatcher")
            await place.want(browser, 6)
            row = await place.until(lambda row: row.tries == 1)
            assert row.reason == "MediaMTX has no recording of these times"
            start = (row.from_utc - S) / 1e6
            iso = datetime.fromtimestamp(start, UTC).isoformat()
            engine.recordings = [{"start": iso, "duration": 60, "url": "http://elsewhere/get"}]
            room.clock.skip(16)
            done = await place.until(lambda row: row.state == "fetched")
            assert done.how == "by MediaMTX from its recordings, packed anew"
            assert engine.answers
            assert set(engine.answers) == {204}
            assert {one["action"] for one in engine.asked} == {"playback"}


@needs_ffmpeg
async def test_a_stream_is_recorded_from_now_on(live_room: MakeRoom, tmp_path: Path) -> None:
    with rtsp_server(tmp_path, user="samband", password="se'cret@1") as address:
        password = tmp_path / "password"
        password.write_text("se'cret@1")
        camera = Camera(
            id="cam-1", name="Quay", rtsp=address, login_user="samband",
            login_password_file=password,
        )  # fmt: skip
        async with live_room(Cameras(camera=(camera,))) as room:
            place = Place(room, FrigateStub())
            browser = await room.browser("dispatcher")
            now = room.clock.utc_us()
            answer = await place.want(browser, from_utc=now - 5 * S, to_utc=now + 3 * S)
            assert answer.status_code == 201
            row = await place.until(lambda row: row.next_utc == 0)
            assert (row.state, row.how) == (
                "partial", "recorded from the camera's stream, copied",
            ), row.reason  # fmt: skip
            assert row.reason.endswith("s are missing")
            assert 1_500 < (row.duration_ms or 0) < 4_000
            shown = subprocess.run(
                ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0",
                 str(room.side.media.folder / row.file)],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            assert shown.stdout.split() == ["h264"]
            assert not list(room.side.media.folder.glob("*.source"))


async def test_held_video_is_kept_at_its_source_and_looked_after_daily(place: Place) -> None:
    holds, room = place.room.live.holds, place.room
    now = room.clock.utc_us()
    with pytest.raises(NotFound):
        await holds.keep_at_source("none", now - 60 * S, now, "order 7")
    hold = await holds.keep_at_source("cam-1", now - 900 * S, now, "order 7")

    def rows() -> list[SourceHoldRow]:
        return room.store.read_now(lambda db: list(db.exec(select(SourceHoldRow))))

    async with asyncio.timeout(10):
        while rows()[0].state != "kept":
            await asyncio.sleep(0.02)
    assert len(place.stub.exports) == 1
    assert [row.why for row in place.rows()] == ["hold: order 7"] * 2, "in parts of ten minutes"
    (entry,) = await room.logged(1, "camera.kept_at_source")
    assert (entry["op"], entry["result"]) == ("collect", "ok")
    place.stub.exports.clear()  # somebody erased it there
    room.clock.skip(86_401)
    assert await holds.look() == 1
    assert len(place.stub.exports) == 1, "it is asked for again"
    await holds.release(hold)
    assert not place.stub.exports
    room.clock.skip(86_401)
    assert await holds.look() == 0
    assert (await holds.rows())[0]["state"] == "released"


def test_times_of_others_in_words() -> None:
    assert gap_words([]) == ""
    assert gap_words([(0, 1)] * 7).endswith("and 2 more UTC")
    told = [
        {"start": "1970-01-01T00:00:10+00:00", "duration": 20},
        {"start": "1970-01-01T00:01:00Z", "duration": 5},
        {"start": "never", "duration": 5},
        {"duration": 5},
        7,
    ]
    assert spans_within(told, 15, 62) == [(15, 15.0), (60.0, 2.0)]
    assert spans_within({"error": "x"}, 0, 1) == []
