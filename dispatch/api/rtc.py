"""WebRTC sessions and the push-to-talk socket: adapters round ``webrtc``."""

import asyncio
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, WebSocket, WebSocketDisconnect

from dispatch.api.asking import ServicesOf
from dispatch.api.schemas import Mute, Offer
from dispatch.audiopath.desks import DeskReport
from dispatch.audiopath.service import AudioPath
from dispatch.deps import Person, require, services_of
from dispatch.services.voice import Voice
from gateway.model.errors import RadioError
from gateway.model.ids import TalkgroupId
from gateway.model.wire import to_json

router = APIRouter(tags=["voice"])

Hearer = Annotated[Person, Depends(require("voice.hear"))]
Presser = Annotated[Person, Depends(require("ptt.press"))]
CLOSED_REFUSED = 4409
MAX_MESSAGE_CHARACTERS = 4096
STATES_KEPT = 256


@router.get("/rtc/config")
async def config(person: Hearer) -> dict[str, Any]:
    """Return what the page gives to RTCPeerConnection: no server outside this house."""
    return {"iceServers": []}


@router.post("/rtc/offer")
async def offer(body: Offer, person: Hearer, services: ServicesOf) -> dict[str, Any]:
    """Answer an offer; each talkgroup that may be heard gets its track."""
    answer = await services.use(Voice).offer(person.session, body.sdp, body.talkgroups)
    return {
        "session": answer.session,
        "sdp": answer.sdp,
        "tracks": [{"mid": mid, "talkgroup": talkgroup} for mid, talkgroup in answer.tracks],
    }


@router.delete("/rtc/{rtc_session}")
async def close(rtc_session: str, person: Hearer, services: ServicesOf) -> dict[str, Any]:
    """Close a session."""
    voice = services.use(Voice)
    await voice.rtc.close_session(voice.demand(person.session, rtc_session))
    return {"ok": True}


@router.post("/rtc/{rtc_session}/mute")
async def mute(
    rtc_session: str, body: Mute, person: Hearer, services: ServicesOf
) -> dict[str, Any]:
    """Mute a talkgroup at the server."""
    voice = services.use(Voice)
    voice.rtc.mute(
        voice.demand(person.session, rtc_session), TalkgroupId(body.talkgroup), body.muted
    )
    return {"ok": True}


@router.post("/rtc/{rtc_session}/stats")
async def stats(
    rtc_session: str, person: Hearer, services: ServicesOf, body: DeskReport | None = None
) -> dict[str, Any]:
    """Take what the page's browser measured; return counters, delays and the server's clock.

    Figures of a page with a position are kept for an hour under its position, never by person.
    ``received_utc`` and ``t_utc`` are the clock at the begin and the end of this request: by them a
    page finds how far its own clock is off.
    """
    received = services.clock.utc_us()
    voice = services.use(Voice)
    session = voice.rtc.get(voice.demand(person.session, rtc_session))
    if body is not None and session.position is not None:
        services.use(AudioPath).report(session.position, body, session.captured)
    delays = {stage: to_json(delay) for stage, delay in voice.rtc.delays().items()}
    counters = to_json(await session.stats())
    return {
        "session": counters,
        "delays": delays,
        "received_utc": received,
        "t_utc": services.clock.utc_us(),
    }


@router.websocket("/ptt")
async def ptt(socket: WebSocket, person: Presser) -> None:
    """Carry one position's push-to-talk; when the socket goes, the press ends and is un-keyed."""
    services = services_of(socket)
    await socket.accept()
    states: asyncio.Queue[dict[str, Any]] = asyncio.Queue(STATES_KEPT)
    try:
        session = services.use(Voice).open_ptt(
            person.session, person.user_id, lambda state: emit_to(states, state)
        )
    except RadioError as error:
        await socket.close(CLOSED_REFUSED, str(error)[:120])
        return
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(show_states(socket, states), name="ptt-show")
            while True:
                session.receive(read_message(await socket.receive_text()))
    except* (WebSocketDisconnect, RadioError, ValueError, RuntimeError, OSError):
        pass  # whatever ended it: closing the session below un-keys
    finally:
        session.close()
        await close_socket(socket)


def emit_to(states: "asyncio.Queue[dict[str, Any]]", state: dict[str, Any]) -> None:
    """Put a state in the queue of a socket; the oldest gives way."""
    if states.full():
        states.get_nowait()  # a page that does not read: only the newest states matter
    states.put_nowait(state)


async def show_states(socket: WebSocket, states: "asyncio.Queue[dict[str, Any]]") -> None:
    """Send what comes into the queue until cancelled."""
    while True:
        await socket.send_text(json.dumps(await states.get(), ensure_ascii=False))


def read_message(text: str) -> dict[str, Any]:
    """Return a page's message; raises ValueError when it is none."""
    if len(text) > MAX_MESSAGE_CHARACTERS:
        raise ValueError("message too long")
    message = json.loads(text)
    if not isinstance(message, dict):
        raise ValueError("expected an object")
    return message


async def close_socket(socket: WebSocket) -> None:
    """Close a socket, whoever closed it before."""
    try:
        await socket.close()
    except (RuntimeError, WebSocketDisconnect):
        return  # closed by the other side already
