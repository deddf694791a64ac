"""``/stream``: one WebSocket a page, down: snapshot, events, beats; up: resume and reports."""

import asyncio
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, WebSocket, WebSocketDisconnect

from dispatch.deps import Person, require, services_of
from dispatch.services.desk import Desk
from dispatch.services.messaging import Messaging
from dispatch.services.registry import Services
from dispatch.services.stream import EventStream, StreamClient

router = APIRouter(tags=["stream"])

Viewer = Annotated[Person, Depends(require("stream.open"))]
FIRST_MESSAGE_MS = 10_000
MAX_MESSAGE_CHARACTERS = 65_536
CLOSED_NOT_SIGNED_IN = 4401
CLOSED_BAD_MESSAGE = 4400


@router.websocket("/stream")
async def stream(socket: WebSocket, person: Viewer) -> None:
    """Serve one page until it goes, its session ends, or it sends what can't be read."""
    services = services_of(socket)
    events = services.use(EventStream)
    await socket.accept()
    try:
        async with asyncio.timeout(FIRST_MESSAGE_MS / 1000):
            resume = (await _receive(socket)).get("resume")
    except (TimeoutError, ValueError, WebSocketDisconnect):
        await _close(socket, CLOSED_BAD_MESSAGE)
        return
    known = resume if isinstance(resume, int) and not isinstance(resume, bool) else None
    client = events.open(person.session, person.user_id, known)
    try:
        async with asyncio.TaskGroup() as group:
            sender = group.create_task(_send(socket, events, client), name="stream-send")
            group.create_task(_listen(socket, services, person, client), name="stream-listen")
            sender.add_done_callback(lambda _: client.close())
    except* (WebSocketDisconnect, RuntimeError, OSError):
        client.close()  # the page went: starlette says it in any of these
    finally:
        events.close(client)


async def _send(socket: WebSocket, events: EventStream, client: StreamClient) -> None:
    while not client.closed:
        for text in await events.messages(client):
            await socket.send_text(text)
    await _close(socket, CLOSED_NOT_SIGNED_IN)
    raise WebSocketDisconnect(CLOSED_NOT_SIGNED_IN)


async def _listen(
    socket: WebSocket, services: Services, person: Person, client: StreamClient
) -> None:
    while True:
        try:
            message = await _receive(socket)
        except ValueError:
            client.close()
            return
        if message.get("kind") == "report":
            await report(services, person, message)


async def report(services: Services, person: Person, message: dict[str, Any]) -> None:
    """Take a page's report: its sound, and the alarms it shows. Without sound nothing is shown.

    A window that says nothing of sound is another screen of a desk: the one that has it reports.
    """
    if "audio" not in message:
        return
    audio = message["audio"]
    sound = isinstance(audio, dict) and all(
        audio.get(key) is True for key in ("running", "advancing", "sink")
    )
    seat = services.use(Desk).report(person.session.id, sound=sound)
    shown = message.get("shown")
    if seat is None or not isinstance(shown, list):
        return
    access = services.access.of(person.user_id)
    alarms = [alarm for alarm in shown if isinstance(alarm, str)]
    await services.use(Messaging).shown(access, alarms, seat.position)


async def _receive(socket: WebSocket) -> dict[str, Any]:
    text = await socket.receive_text()
    if len(text) > MAX_MESSAGE_CHARACTERS:
        raise ValueError("message too long")
    message = json.loads(text)
    if not isinstance(message, dict):
        raise ValueError("expected an object")
    return message


async def _close(socket: WebSocket, code: int) -> None:
    try:
        await socket.close(code)
    except RuntimeError:
        return  # closed by the other side already
