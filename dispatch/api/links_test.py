"""The socket of a test transmission: pressed and renewed by a page, keyed by the engine's gate."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, WebSocket, WebSocketDisconnect

from dispatch.api.asking import asker_of
from dispatch.api.links_live import link_of
from dispatch.api.rtc import close_socket, emit_to, read_message, show_states
from dispatch.deps import Person, require, services_of
from dispatch.links.transmit import LinkTests
from dispatch.services.sight import Sight
from dispatch.services.voice import Voice
from gateway.model.commands import FloorRequest
from gateway.model.errors import RadioError
from gateway.model.ids import TalkgroupId
from gateway.model.transmit_test import MICROPHONE, position_of_test
from webrtc.ptt import PressTerms

router = APIRouter(tags=["links"])

Tester = Annotated[Person, Depends(require("links.test"))]
CLOSED_REFUSED = 4409
STATES_KEPT = 64


@router.websocket("/links/{link}/test")
async def test(socket: WebSocket, link: str, person: Tester) -> None:
    """Carry one link's test transmissions; when the socket goes, what is keyed is un-keyed."""
    services = services_of(socket)
    await socket.accept()
    states: asyncio.Queue[dict[str, Any]] = asyncio.Queue(STATES_KEPT)
    tests, asker = services.use(LinkTests), asker_of(socket, person)
    try:
        found = link_of(services, person, link)
    except RadioError as error:
        await socket.close(CLOSED_REFUSED, str(error)[:120])
        return

    def may_talk(talkgroup: TalkgroupId) -> bool:
        return tests.may_key(found, talkgroup, services.access.of(person.user_id))

    def terms(message: dict[str, Any], command: FloorRequest) -> PressTerms:
        wanted = tests.terms(found, message)
        mouth = None
        if wanted.sound == MICROPHONE:
            mouth = services.use(Voice).microphone(person.session, str(message.get("rtc", "")))
        tests.note(asker, command.request, command.talkgroup, wanted)
        return PressTerms(test=wanted, mouth=mouth)

    def tell(state: dict[str, Any]) -> None:
        access = services.access.of(person.user_id)
        words = services.use(Sight).words(access, state["words"])
        emit_to(states, {**state, "words": words, "exercise": True})

    session = services.use(Voice).ptt.open(
        position_of_test(found.id), person.name, may_talk, tell, user=person.user_id, terms=terms
    )
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(show_states(socket, states), name="link-test-show")
            while True:
                session.receive(read_message(await socket.receive_text()))
    except* (WebSocketDisconnect, RadioError, ValueError, RuntimeError, OSError):
        pass  # whatever ended it: closing the session below un-keys
    finally:
        session.close()
        await close_socket(socket)
