"""Stills and clips: the ladder of tries, a Frigate that is late, short, gone, or wants a login."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dispatch.cameras.frigate_http import FrigateHttp, FrigateLogin
from dispatch.cameras.ingest import Batch
from dispatch.cameras.media import Answer, Want, clip_between, follow, frigate_wants
from dispatch.cameras.media_store import MediaStore
from dispatch.cameras.mp4 import duration_ms
from dispatch.cameras.tables import CameraMedia
from tests.dispatch.cameras.frigate_stub import JPEG, FrigateStub
from tests.dispatch.cameras.serving import serving

S = 1_000_000
CLIP = Want(kind="clip", object="1-a", path="p", from_utc=0, to_utc=60 * S)
STILL = Want(kind="still", object="1-a", path="p")
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


def test_a_clip_is_asked_for_again_after_15_30_60_seconds_and_then_until_it_is_gone() -> None:
    now, tries, pauses = 0, 0, []
    give_up = 3600 * S
    while True:
        tries += 1
        step = follow(CLIP, tries, Answer(status=404), now, give_up)
        if not step.next_utc:
            break
        assert step.state == "wanted"
        pauses.append((step.next_utc - now) // S)
        now = step.next_utc
    assert pauses[:6] == [15, 30, 60, 120, 300, 600]
    assert (step.state, now) == ("gone", give_up)
    assert step.reason == "the source answered 404"


def test_a_still_is_tried_twice_within_seconds() -> None:
    first = follow(STILL, 1, Answer(status=0, reason="ReadTimeout"), 0, 100 * S)
    assert (first.state, first.next_utc) == ("wanted", 2 * S)
    assert follow(STILL, 2, Answer(status=404), 0, 100 * S).next_utc == 15 * S


def test_a_short_clip_is_kept_and_asked_for_again() -> None:
    short = Answer(status=200, size_bytes=9, duration_ms=42_000)
    step = follow(CLIP, 1, short, 0, 100 * S)
    assert (step.state, step.keep, step.next_utc) == ("partial", True, 15 * S)
    assert step.reason == "18 s are missing"
    last = follow(CLIP, 9, short, 100 * S, 100 * S)
    assert (last.state, last.next_utc) == ("partial", 0)
    whole = follow(CLIP, 2, replace(short, duration_ms=58_500), 0, 100 * S)
    assert (whole.state, whole.next_utc, whole.keep) == ("fetched", 0, True)
    nothing = follow(CLIP, 1, Answer(status=200), 0, 100 * S)
    assert (nothing.state, nothing.keep) == ("wanted", False)


def row(**changes: Any) -> dict[str, Any]:
    base = {
        "src_event_id": "1-a",
        "severity": "alert",
        "claims": [],
        "phase": "new",
        "kind": "object",
        "media": {"snapshot": "x"},
        "t_event_utc": 7,
    }
    return {**base, **changes}


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, ["still"]),
        ({"phase": "end"}, ["still", "clip"]),
        ({"media": {}}, []),
        ({"severity": "detection"}, []),
        ({"severity": "detection", "claims": [{"type": "plate"}]}, ["still"]),
        ({"severity": "detection", "claims": [{"type": "plate"}], "phase": "end"}, ["still"]),
        ({"kind": "review", "phase": "end", "media": {}}, ["clip"]),
        ({"src_event_id": "../../login"}, []),
        ({"src_event_id": ".."}, []),
        ({"src_event_id": "a b"}, []),
    ],
)
def test_what_is_fetched_unasked(changes: Any, kinds: Any) -> None:
    wants = frigate_wants(row(**changes))
    assert [want.kind for want in wants] == kinds
    assert all("bbox=0&timestamp=0" in want.path for want in wants if want.kind == "still")


def test_clips_between_times() -> None:
    want = clip_between("b-1", "front door", 1_500_000, 61_500_000)
    assert want.path == "api/front%20door/start/1.500/end/61.500/clip.mp4"
    assert want.remuxed
    for camera, between in (("../x", (0, S)), ("c", (0, 601 * S)), ("c", (S, S))):
        with pytest.raises(ValueError, match=r"expected a clip|cannot stand"):
            clip_between("b-1", camera, *between)


# ---- MP4 ---------------------------------------------------------------------------------------


def film(path: Path, seconds: float, *flags: str) -> Path:
    picture = f"testsrc=size=64x48:rate=10:duration={seconds}"
    words = ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", picture, "-c:v", "mpeg4"]
    subprocess.run([*words, *flags, "-y", str(path)], check=True)
    return path


@needs_ffmpeg
@pytest.mark.parametrize("flags", [(), ("-movflags", "+faststart")])
def test_length_of_real_clips(tmp_path: Path, flags: Any) -> None:
    path = film(tmp_path / "c.mp4", 3.0, *flags)
    assert duration_ms(path) == 3000
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        assert duration_ms(path) in (None, 3000)


def test_length_of_what_is_no_clip(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for raw in (b"", b"GIF89a", bytes(64), b"\xff" * 64, b"\x00\x00\x00\x08moov"):
        path.write_bytes(raw)
        assert duration_ms(path) is None


# ---- the store, over HTTP ----------------------------------------------------------------------


class Fast:
    """The room's clock, put forward by the test."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock

    def utc_us(self) -> Any:
        return self.clock.utc_us()

    def mono_ms(self) -> Any:
        return self.clock.mono_ms()


class Place:
    def __init__(self, room: Any, stub: FrigateStub, media: MediaStore) -> None:
        self.room, self.stub, self.media = room, stub, media

    def rows(self) -> list[CameraMedia]:
        return self.room.rows(CameraMedia)  # type: ignore[no-any-return]

    async def until(self, condition: Any) -> CameraMedia:
        async with asyncio.timeout(15):
            while True:
                for found in self.rows():
                    if condition(found):
                        return found
                await asyncio.sleep(0.02)

    def skip(self, seconds: float) -> None:
        self.room.clock.offset_us += round(seconds * S)


@pytest.fixture
async def place(room: Any, tmp_path: Path) -> AsyncIterator[Place]:
    stub = FrigateStub(password="secret")
    async with serving(stub.app) as port:
        login = FrigateLogin(url=f"http://127.0.0.1:{port}", username="samband", password="secret")
        http = FrigateHttp(login)
        media = MediaStore(
            store=room.store, clock=room.clock, randomness=bytes_of, folder=tmp_path / "media"
        )
        media.add_source("webhook:test", http, keeps_days=1)
        room.incidents.also(media.in_batch)
        running = asyncio.create_task(media.run())
        yield Place(room, stub, media)
        await media.close()
        await running
        await http.close()


def bytes_of(count: int) -> bytes:
    import os

    return os.urandom(count)


async def send(room: Any, event: str, **changes: Any) -> None:
    values = {
        "type": "camera.event",
        "id": event,
        "camera": "cam-0412",
        "severity": "alert",
        "media": {"snapshot": "yes"},
        **changes,
    }
    raw = json.dumps(values).encode()
    now = room.clock.utc_us()
    from dispatch.cameras.webhook import signed_bytes

    stamp = str(now // S)
    headers = {
        "webhook-id": f"{event}-{changes.get('phase', 'new')}",
        "webhook-timestamp": stamp,
        "webhook-signature": room.secret.signature(
            signed_bytes(f"{event}-{changes.get('phase', 'new')}", stamp, raw)
        ),
    }
    await room.sources.receive("webhook:test", headers, raw)


async def test_a_still_is_fetched_after_logging_in(place: Place) -> None:
    place.stub.stills["1-a"] = JPEG
    await send(place.room, "1-a")
    found = await place.until(lambda row: row.state == "fetched")
    assert place.stub.logins == 1
    assert found.content_type == "image/jpeg"
    assert (place.media.folder / found.file).read_bytes() == JPEG
    assert found.file == f"{found.sha256}.jpg"
    assert [path for path in place.media.folder.iterdir()] == [place.media.folder / found.file]


async def test_a_storm_of_alerts_wants_no_more_than_its_share(place: Place) -> None:
    base = {"source": "webhook:test", "incident": "i-1", "camera": "c", "t_recv_utc": 1}
    rows = [row(**base, src_event_id=f"e-{n}") for n in range(300)]
    claimed = row(**base, src_event_id="face", claims=[{"type": "face"}])
    batch = Batch(rows=[*rows, claimed])
    place.room.store.write_now(lambda db: place.media.in_batch(db, batch))
    assert place.media.counters["webhook:test", "too many to fetch"] == 100
    assert "face" in {one.object for one in place.rows()}


async def test_what_the_source_erased_is_gone_and_says_so(place: Place) -> None:
    await send(place.room, "1-a")
    await place.until(lambda row: row.tries == 1)
    place.skip(86_401)
    gone = await place.until(lambda row: row.state == "gone")
    assert gone.reason == "the source answered 404"
    assert gone.done_utc is not None
    place.skip(86_401)
    assert not await place.media._fetching.due()


async def test_a_redirect_is_not_followed(place: Place) -> None:
    await send(place.room, "away")
    row = await place.until(lambda row: row.tries == 1)
    assert row.reason == "the source answered 307"


async def test_a_wrong_password_is_told_and_tried_again(room: Any, tmp_path: Path) -> None:
    stub = FrigateStub(password="other")
    async with serving(stub.app) as port:
        url = f"http://127.0.0.1:{port}"
        http = FrigateHttp(FrigateLogin(url=url, username="samband", password="x"))
        got = await http.fetch("api/events/1-a/snapshot.jpg", tmp_path / "s", still=True)
        assert got.answer.status == 401
        assert await http.reviews(0) is None
        assert await http.retain("1-a") == 401
        await http.close()
    assert "x" not in repr(FrigateLogin(url=url, username="samband", password="secretx"))
    dead = FrigateHttp(FrigateLogin(url=url))
    answer = (await dead.fetch("a", tmp_path / "s", still=True)).answer
    assert (answer.status, answer.reason[:12]) == (0, "ConnectError")
    await dead.close()


async def test_an_event_is_kept_at_the_source_on_legal_hold() -> None:
    stub = FrigateStub(password="secret")
    async with serving(stub.app) as port:
        login = FrigateLogin(url=f"http://127.0.0.1:{port}", username="samband", password="secret")
        http = FrigateHttp(login)
        assert await http.retain("1-a") == 200
        await http.close()
    assert stub.retained == ["1-a"]
