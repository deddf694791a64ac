"""Live views over real HTTP and WebRTC: rights, limits, the log, every way in which they end."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from sqlmodel import select

from dispatch.auth.permissions import Role
from dispatch.cameras.register import CameraInfo
from dispatch.live.engines import EngineRefused
from dispatch.live.tables import LiveViewRow
from dispatch.live.views import LiveViews
from samband.config_cameras import Camera, Cameras, Engine
from tests.dispatch.cameras.serving import serving
from tests.dispatch.live.conftest import LiveRoom, MakeRoom
from tests.dispatch.live.engine_stubs import Go2rtc, MediaMtx
from tests.dispatch.room import Browser, until

WHY = {"purpose_code": "incident", "purpose_ref": "INC-1"}
OFFER = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\n"


def config(port: int, go2rtc: int = 1, **changes: Any) -> Cameras:
    cameras = [
        Camera(id=f"cam-{n}", name=f"Camera {n}", name_at_source=f"h0{n}", engine="media")
        for n in range(1, 7)
    ]
    hidden = Camera(id="cam-hid", name="Vault", group="vault", engine="media", path="vault")
    quay = Camera(id="cam-quay", name="Quay", name_at_source="quay", engine="frigate")
    return Cameras(
        engine=(
            Engine(
                id="media",
                kind="mediamtx",
                url=f"http://127.0.0.1:{port}",
                path="{name}_sub",
                auth_from=("127.0.0.1",),
            ),
            Engine(id="frigate", kind="go2rtc", url=f"http://127.0.0.1:{go2rtc}"),
        ),
        camera=(*cameras, hidden, quay),
        **changes,
    )


@pytest.fixture
async def engine() -> AsyncIterator[MediaMtx]:
    made = MediaMtx()
    made.real = False
    yield made
    await made.close()


@pytest.fixture
async def room(live_room: MakeRoom, engine: MediaMtx) -> AsyncIterator[LiveRoom]:
    async with serving(engine.app) as port, live_room(config(port)) as made:
        engine.hook = f"http://127.0.0.1:{made.port}/api/v1/live/mediamtx-auth"
        yield made


async def begin(browser: Browser, camera: str = "cam-1", **changes: Any) -> dict[str, Any]:
    answer = await browser.post(f"/cameras/{camera}/view", WHY | changes)
    assert answer.status_code == 201, answer.text
    view: dict[str, Any] = answer.json()
    return view


async def offer(browser: Browser, view: dict[str, Any], sdp: str = OFFER, **headers: str) -> Any:
    sent = {"Authorization": f"Bearer {view['token']}", "X-Samband-Csrf": browser.csrf}
    sent |= {"Content-Type": "application/sdp"} | headers
    return await browser.http.post(view["whep_url"], content=sdp, headers=sent)


async def test_a_real_offer_shows_a_real_picture(room: LiveRoom, engine: MediaMtx) -> None:
    engine.real = True
    browser = await room.browser("dispatcher")
    view = await begin(browser)
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver("video", direction="recvonly")
    got: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    peer.on("track", got.set_result)
    await peer.setLocalDescription(await peer.createOffer())
    answer = await offer(browser, view, peer.localDescription.sdp)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/v1/cameras/cam-1/whep/{view['view']}"
    await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
    frame = await asyncio.wait_for((await got).recv(), 10)
    assert (frame.width, frame.height) == (320, 180)
    (question,) = engine.asked
    assert (question["path"], question["action"], question["protocol"]) == (
        "h01_sub", "read", "webrtc",
    )  # fmt: skip
    assert view["token"] not in str(question), "the engine gets a token of its own"
    closed = await browser.send("DELETE", f"/cameras/cam-1/whep/{view['view']}")
    assert closed.status_code == 204
    await until(lambda: not engine.sessions)
    await peer.close()
    started, ended = await room.logged(2, "camera.live.begin", "camera.live.end")
    assert (started["op"], started["obj"]["id"], started["purpose"]["ref"]) == (
        "consult", "cam-1", "INC-1",
    )  # fmt: skip
    assert ended["detail"]["why"] == "closed by the viewer"

    def row() -> LiveViewRow:
        return room.store.read_now(lambda db: db.exec(select(LiveViewRow)).one())

    await until(lambda: row().ended_utc is not None)  # a moment after the log
    assert str(room.port) not in row().resource


async def test_who_may_watch(room: LiveRoom) -> None:
    auditor = await room.browser("auditor")
    assert (await auditor.post("/cameras/cam-1/view", WHY)).status_code == 403
    browser = await room.browser("dispatcher")
    assert (await browser.post("/cameras/cam-hid/view", WHY)).status_code == 404
    assert (await browser.post("/cameras/none/view", WHY)).status_code == 404
    quiet = await room.browser("dispatcher", purpose=False)
    silent = await quiet.post("/cameras/cam-1/view", {})
    assert silent.status_code == 400
    assert "reason" in silent.json()["error"]["message"]
    room.see(Role.DISPATCHER, "vault")
    assert (await begin(browser, "cam-hid"))["view"].startswith("w-")


async def test_the_token_is_the_views_own(room: LiveRoom) -> None:
    browser, other = await room.browser("dispatcher"), await room.browser("dispatcher2")
    view, second = await begin(browser), await begin(browser, "cam-2")
    assert (await offer(other, view)).status_code == 404
    assert (await offer(browser, view | {"token": second["token"]})).status_code == 404
    assert (await offer(browser, view | {"token": "x"})).status_code == 404
    swapped = view | {"whep_url": view["whep_url"].replace("cam-1", "cam-2")}
    assert (await offer(browser, swapped)).status_code == 404
    assert (await offer(browser, view, "no sdp")).status_code == 400
    assert (await offer(browser, view, "v=0" + "x" * 70_000)).status_code == 413
    wrong = await offer(browser, view, **{"Content-Type": "text/plain"})
    assert wrong.status_code == 400
    assert (await other.send("DELETE", f"/cameras/cam-1/view/{view['view']}")).status_code == 404
    assert (await offer(browser, view)).status_code == 201


async def test_at_most_four_at_once(room: LiveRoom) -> None:
    browser = await room.browser("dispatcher")
    answers = await asyncio.gather(
        *(browser.post(f"/cameras/cam-{n}/view", WHY) for n in range(1, 7))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [409] * 2
    words = next(a for a in answers if a.status_code == 409).json()["error"]["message"]
    assert words == "4 cameras are open already, at most 4 at once"
    first = next(a for a in answers if a.status_code == 201).json()
    await browser.send("DELETE", f"/cameras/{first['camera']}/view/{first['view']}")
    await begin(browser, "cam-6", mode="still")
    await begin(await room.browser("dispatcher2"))


async def test_a_grant_that_is_taken_away_ends_the_view(room: LiveRoom, engine: MediaMtx) -> None:
    grant = room.see(Role.DISPATCHER, "vault")
    browser = await room.browser("dispatcher")
    async with browser.stream() as stream:
        await stream.next("snapshot")
        view = await begin(browser, "cam-hid")
        assert (await offer(browser, view)).status_code == 201
        assert len(engine.sessions) == 1
        await room.services.people.take(grant)
        began = time.monotonic()
        room.services.access.refresh("test")
        await until(lambda: not engine.sessions)
        assert engine.ended[0] - began < 5
        told = await stream.event("view.ended")
    assert told["data"]["view"] == view["view"]
    assert told["data"]["reason"] == "the right to see this camera was taken away"


async def test_a_view_is_told_to_nobody_else(room: LiveRoom) -> None:
    browser, other = await room.browser("dispatcher"), await room.browser("dispatcher2")
    async with other.stream() as stream:
        await stream.next("snapshot")
        view = await begin(browser)
        views = room.services.use(LiveViews)
        views.end(views.mine(view["view"], browser.me["user"]["id"]), "test")
        second = await begin(other)
        views.end(views.mine(second["view"], other.me["user"]["id"]), "own")
        assert (await stream.event("view.ended"))["data"]["reason"] == "own"


async def test_the_end_of_a_session_ends_its_views(room: LiveRoom, engine: MediaMtx) -> None:
    browser = await room.browser("dispatcher")
    view = await begin(browser)
    assert (await offer(browser, view)).status_code == 201
    assert (await browser.send("DELETE", "/session")).status_code in (200, 204)
    await until(lambda: not engine.sessions)
    (ended,) = await room.logged(1, "camera.live.end")
    assert ended["detail"]["why"] == "the session is over"


async def test_a_page_that_is_gone_and_one_that_nobody_uses(
    room: LiveRoom, engine: MediaMtx
) -> None:
    browser = await room.browser("dispatcher")
    gone, idle = await begin(browser), await begin(browser, "cam-2")
    for view in (gone, idle):
        assert (await offer(browser, view)).status_code == 201
    for _ in range(42):
        room.clock.skip(14)
        body = {"views": [gone["view"], idle["view"], "w-none"], "touched": False}
        left = (await browser.post("/live-views/alive", body)).json()["idle_in_ms"]
        assert set(left) == {gone["view"], idle["view"]}
    touched = {"views": [gone["view"]], "touched": True}
    left = (await browser.post("/live-views/alive", touched)).json()["idle_in_ms"]
    assert left == {gone["view"]: 600_000}
    room.clock.skip(14)
    await until(lambda: len(engine.sessions) == 1)
    room.clock.skip(2)
    await until(lambda: not engine.sessions)
    ended = await room.logged(2, "camera.live.end")
    why = {e["detail"]["view"]: e["detail"]["why"] for e in ended}
    assert why == {idle["view"]: "nobody used it for 10 min", gone["view"]: "the page is gone"}


async def test_views_of_an_earlier_life_are_ended_at_the_start(
    room: LiveRoom, engine: MediaMtx
) -> None:
    browser = await room.browser("dispatcher")
    view = await begin(browser)
    assert (await offer(browser, view)).status_code == 201
    views = room.live.views
    again = LiveViews(
        store=room.store,
        bus=room.bus,
        clock=room.clock,
        record=views._record,
        engines=views.engines,
    )
    await again._end_old()
    assert not engine.sessions
    (row,) = room.store.read_now(lambda db: list(db.exec(select(LiveViewRow))))
    assert row.why == "the server was started again"


async def test_an_engine_that_is_away_refuses_or_has_no_picture(
    room: LiveRoom, engine: MediaMtx
) -> None:
    browser = await room.browser("dispatcher")
    view = await begin(browser)
    engine.codecs = "H265"
    answer = await offer(browser, view)
    assert answer.status_code == 503
    assert answer.json()["error"]["message"].startswith(
        "The camera sends H.265; this browser cannot show it."
    )
    engine.codecs = "H264"
    engine.hook = "http://127.0.0.1:1/"
    refused = await offer(browser, view)
    assert refused.json()["error"]["message"] == "the media engine media answered 500"
    with pytest.raises(EngineRefused, match="cannot stand in an engine's address"):
        room.live.views.engines["media"].path_of(CameraInfo(id="../x"))


async def test_go2rtc(live_room: MakeRoom) -> None:
    stub = Go2rtc()
    async with serving(stub.app) as port, live_room(config(1, port)) as room:
        browser = await room.browser("dispatcher")
        view = await begin(browser, "cam-quay")
        answer = await offer(browser, view)
        assert answer.status_code == 201
        assert str(port) not in answer.text + str(answer.headers)
        stub.words = "streams: codecs not matched: video:H265 => video:VP8, video:H264"
        answer = await offer(browser, view)
        assert "The camera sends H.265" in answer.json()["error"]["message"]
        stub.streams.clear()
        answer = await offer(browser, view)
        assert "it is not connected there" in answer.json()["error"]["message"]
        away = await begin(browser, "cam-1")
        answer = await offer(browser, away)
        assert "does not answer" in answer.json()["error"]["message"]
