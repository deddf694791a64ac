"""Sound and push-to-talk over the API: tracks by grant, ends by right, position and socket."""

import asyncio
import json
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from websockets.exceptions import ConnectionClosed

from dispatch.auth.permissions import Role
from dispatch.errors import Conflict
from dispatch.services.desk import Desk
from dispatch.services.voice import Voice
from gateway.model import events as ev
from gateway.model.commands import FloorRelease, FloorRequest
from gateway.model.ids import PositionId, RequestId, TransmissionId
from tests.dispatch.room import NORTH, SECRET, Browser, Room, until


async def offer_for(peer: RTCPeerConnection, lines: int) -> str:
    peer.addTransceiver("audio", direction="sendonly")
    for _ in range(lines):
        peer.addTransceiver("audio", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    return peer.localDescription.sdp


async def connect(browser: Browser, talkgroups: list[str]) -> tuple[RTCPeerConnection, Any]:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    sdp = await offer_for(peer, len(talkgroups))
    answer = await browser.post("/rtc/offer", {"sdp": sdp, "talkgroups": talkgroups})
    assert answer.status_code == 200, answer.text
    data = answer.json()
    await peer.setRemoteDescription(RTCSessionDescription(sdp=data["sdp"], type="answer"))
    return peer, data


async def test_only_heard_talkgroups_get_a_track_and_an_unknown_one_looks_the_same(
    room: Room,
) -> None:
    browser = await room.browser("dispatcher")
    assert (await browser.get("/rtc/config")).json() == {"iceServers": []}
    peer, data = await connect(browser, [NORTH, SECRET, "net/999"])
    try:
        assert [track["talkgroup"] for track in data["tracks"]] == [NORTH]
        directions = [line.currentDirection for line in peer.getTransceivers()]
        assert directions[1:] == ["recvonly", "inactive", "inactive"]
    finally:
        await peer.close()


async def test_a_revoked_grant_stops_its_track_within_a_second(room: Room) -> None:
    grant = room.grant(Role.DISPATCHER, "Hidden")
    browser, admin = await room.browser("dispatcher"), await room.browser("administrator")
    peer, data = await connect(browser, [NORTH, SECRET])
    try:
        assert len(data["tracks"]) == 2
        await until(lambda: peer.connectionState == "connected")
        await until(lambda: room.hub.listener_count(SECRET) == 1)
        await admin.send("DELETE", f"/grants/{grant}")
        await until(lambda: room.hub.listener_count(SECRET) == 0, deadline_s=1)
        assert room.hub.listener_count(NORTH) == 1
    finally:
        await peer.close()


async def test_a_session_is_its_browsers_own_and_ends_with_sign_out(room: Room) -> None:
    browser, other = await room.browser("dispatcher"), await room.browser("supervisor")
    peer, data = await connect(browser, [NORTH])
    try:
        await until(lambda: peer.connectionState == "connected")
        path = f"/rtc/{data['session']}"
        mute = {"talkgroup": NORTH, "muted": True}
        assert (await other.post(f"{path}/mute", mute)).status_code == 404
        assert (await other.send("DELETE", path)).status_code == 404
        assert (await browser.post(f"{path}/mute", mute)).status_code == 200
        await until(lambda: room.hub.listener_count(NORTH) == 0)
        stats = (await browser.post(f"{path}/stats")).json()
        assert stats["session"]["state"] == "connected"
        await browser.send("DELETE", "/session")
        await until(lambda: room.rtc.sessions == ())
    finally:
        await peer.close()


async def test_an_offer_that_does_not_fit_is_a_clear_error(room: Room) -> None:
    browser = await room.browser("dispatcher")
    answer = await browser.post("/rtc/offer", {"sdp": "nonsense", "talkgroups": [NORTH]})
    assert answer.status_code == 400
    assert "expected" in answer.json()["error"]["message"]
    auditor = await room.browser("auditor")
    assert (await auditor.post("/rtc/offer", {"sdp": "", "talkgroups": []})).status_code == 403


async def test_push_to_talk_needs_a_position_and_says_its_states(room: Room) -> None:
    browser = await room.browser("dispatcher")
    async with browser.socket("/ptt") as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4409
    await browser.post("/positions/2/take")
    async with browser.socket("/ptt") as socket:
        await socket.send(json.dumps({"op": "press", "request": "r-1", "talkgroup": NORTH}))
        await until(lambda: bool(room.gateway.of(FloorRequest)))
        request = room.gateway.of(FloorRequest)[0]
        assert isinstance(request, FloorRequest)
        assert (request.position, request.operator, request.talkgroup) == ("2", "Dispatcher", NORTH)
        room.bus.publish(
            ev.FloorGranted(
                request=RequestId("r-1"),
                position=PositionId("2"),
                talkgroup=NORTH,
                transmission=TransmissionId(room.thing("t")),
                wait_ms=250,
            )
        )
        async with asyncio.timeout(5):
            states = []
            while "on_air" not in states:
                states.append(json.loads(await socket.recv())["state"])
    assert states == ["requesting", "on_air"]
    await until(lambda: bool(room.gateway.of(FloorRelease)))
    release = room.gateway.of(FloorRelease)[-1]
    assert isinstance(release, FloorRelease)
    assert (release.request, release.normal, release.cause) == ("r-1", False, "socket")


async def test_a_press_where_there_is_no_grant_asks_the_gateway_nothing(room: Room) -> None:
    browser = await room.browser("dispatcher")
    await browser.post("/positions/2/take")
    async with browser.socket("/ptt") as socket:
        await socket.send(json.dumps({"op": "press", "request": "r-2", "talkgroup": SECRET}))
        async with asyncio.timeout(5):
            state = json.loads(await socket.recv())
    assert state["state"] in ("denied", "fault")
    assert room.gateway.of(FloorRequest) == []


async def test_nonsense_on_the_socket_ends_it_and_what_it_keyed(room: Room) -> None:
    browser = await room.browser("dispatcher")
    await browser.post("/positions/2/take")
    async with browser.socket("/ptt") as socket:
        await socket.send(json.dumps({"op": "press", "request": "r-3", "talkgroup": NORTH}))
        await until(lambda: bool(room.gateway.of(FloorRequest)))
        await socket.send("{nonsense")
        await socket.wait_closed()
    await until(lambda: bool(room.gateway.of(FloorRelease)))


async def test_another_sites_page_cannot_open_the_socket(room: Room) -> None:
    from websockets.asyncio.client import connect as ws_connect
    from websockets.exceptions import InvalidStatus

    browser = await room.browser("dispatcher")
    cookie = f"samband_session={browser.http.cookies['samband_session']}"
    with pytest.raises(InvalidStatus):
        async with ws_connect(
            f"ws://127.0.0.1:{room.port}/api/v1/stream",
            additional_headers={"Cookie": cookie},
            origin="http://evil.test",  # type: ignore[arg-type]  # a NewType of text
        ):
            pass


@pytest.mark.parametrize("how", ["leave", "sign_out"])
async def test_an_offer_that_its_position_does_not_outlive_leaves_no_microphone(
    room: Room, how: str
) -> None:
    """Who asks and leaves in the same moment may not go on speaking for the next operator."""
    browser = await room.browser("dispatcher")
    await browser.post("/positions/2/take")
    voice = room.services.use(Voice)
    token = browser.http.cookies["samband_session"]
    session = await room.services.sessions.find(token)
    assert session is not None
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        sdp = await offer_for(peer, 1)
        asking = asyncio.create_task(voice.offer(session, sdp, [NORTH]))
        await asyncio.sleep(0)
        if how == "leave":
            await room.services.use(Desk).leave(session.id, "")
        else:
            await room.services.sessions.end(token)
        with pytest.raises(Conflict, match="ended meanwhile"):
            await asking
        await until(lambda: room.rtc.sessions == ())
    finally:
        await peer.close()


async def test_a_browser_has_few_connections_the_oldest_goes_first(room: Room) -> None:
    browser = await room.browser("dispatcher")
    made = []
    try:
        for _ in range(6):
            made.append(await connect(browser, [NORTH]))
        newest = {data["session"] for _, data in made[-4:]}
        await until(lambda: {session.id for session in room.rtc.sessions} == newest)
    finally:
        for peer, _ in made:
            await peer.close()
