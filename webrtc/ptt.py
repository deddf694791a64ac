"""Push-to-talk of a position: from the page's messages to the gateway's floor, and back in words.

Theory of operation. A press becomes ``FloorRequest``, each renewal ``FloorRenew``, its end
``FloorRelease`` (normal, or with a cause: then the gateway un-keys at once). What the gateway says
comes back as events by request id and goes to the page as a state with its exact words:

    requesting -> queued -> on_air -> ending -> idle
    requesting, queued -> denied | fault | idle        on_air -> preempted | fault | idle

The lease is the gateway's: nothing here has to work for a transmitter to be un-keyed. While a
press lives, the position's microphone is let through to the gateway's press buffer.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from gateway.bus import Bus, Subscription
from gateway.model.command import Command, Reply
from gateway.model.commands import FloorRelease, FloorRenew, FloorRequest
from gateway.model.errors import InvalidCommand, RadioError
from gateway.model.events import Envelope, Event
from gateway.model.ids import PositionId, RequestId, TalkgroupId, split_address
from gateway.model.transmit_test import TransmitTest, is_test_position
from webrtc.microphone import Mouth, UplinkGate, UplinkTarget
from webrtc.ptt_message import (
    MAX_PRIORITY,
    Consent,
    cause_of,
    priority_of,
    request_of,
    source_of,
    word_of,
)
from webrtc.ptt_states import ENDED, FLOOR_EVENTS, state_of

logger = logging.getLogger(__name__)

USED_IDS: Final = 20_000
"""Request ids that are not taken a second time: more than a shift of presses."""
TAIL_MS: Final = 120
"""Microphone after a normal release: the page closes it 100 ms after the key."""


def _unheard(reply: Reply) -> None:
    """Take an answer that nobody waits for."""


Emit = Callable[[dict[str, Any]], None]
"""Gets each state as the JSON object of the WebSocket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PressTerms:
    """What makes a press a test transmission, and whose sound session speaks, if anybody does."""

    test: TransmitTest
    mouth: Mouth | None = None


Terms = Callable[[dict[str, Any], FloorRequest], PressTerms]
"""Given a press of the page, returns what makes it a test transmission; may raise RadioError."""


@dataclass(slots=True)
class _Press:
    request: RequestId
    talkgroup: TalkgroupId
    state: str = "requesting"
    released: bool = False


class PttSession:
    """One push-to-talk socket of one position, without the socket; made by ``PttService``."""

    def __init__(
        self,
        service: "PttService",
        position: PositionId,
        operator: str,
        may_talk: Callable[[TalkgroupId], bool],
        emit: Emit,
        *,
        user: str,
        may_preempt: Callable[[], bool],
        may_emergency: Callable[[], bool],
        terms: Terms | None = None,
        consent: Consent | None = None,
    ) -> None:
        """Begin idle. ``may_talk`` is asked at each press and when rights change."""
        self.position = position
        self.operator = operator
        self.user = user
        self._may_preempt = may_preempt
        self._may_emergency = may_emergency
        self._terms = terms
        self._consent = consent
        self._service = service
        self._may_talk = may_talk
        self._emit = emit
        self._press: _Press | None = None
        self._closed = False
        self.mouth: Mouth = position
        """The microphone of the press that lives, or of the next one."""

    @property
    def active(self) -> RequestId | None:
        """The press that lives, or None."""
        return self._press.request if self._press is not None else None

    def receive(self, message: dict[str, Any]) -> None:
        """Take one message of the page; raises InvalidCommand when it is none."""
        request = request_of(message)
        match message.get("op"):
            case "press":
                self._on_press(request, message)
            case "renew":
                self._on_renew(request)
            case "release":
                self._end(request, normal=True, cause="release")
            case "abort":
                self._end(request, normal=False, cause=cause_of(message))
            case other:
                raise InvalidCommand(
                    f"ptt: expected op press, renew, release or abort, got {other!r}"
                )

    def check_rights(self) -> None:
        """End the press if the right to talk on its talkgroup is gone."""
        press = self._press
        if press is not None and not self._may_talk(press.talkgroup):
            self._end(press.request, normal=False, cause="revoked")

    def mouth_gone(self, mouth: Mouth) -> None:
        """End the press if it speaks by a microphone that is gone."""
        if self._press is not None and self.mouth == mouth:
            self._end(self._press.request, normal=False, cause="mic_lost")

    def close(self) -> None:
        """End the press as the loss of the socket does; safe twice."""
        if self._closed:
            return
        self._closed = True
        if self._press is not None:
            self._end(self._press.request, normal=False, cause="socket")
        self._service.leave(self)

    def on_event(self, event: Event) -> None:
        """Follow an event of the floor that carries this session's request."""
        press = self._press
        if press is None:
            return
        state, words, more = state_of(event, self._service.name)
        self._show(press, state, words, **more)

    def _on_press(self, request: RequestId, message: dict[str, Any]) -> None:
        if self._closed:
            return
        if self._press is not None:
            if self._press.request != request:  # the same one: key repeat
                self._tell(request, str(message.get("talkgroup", "")), "denied", "Refused: in use")
            return
        talkgroup = TalkgroupId(word_of(message.get("talkgroup"), ""))
        press = _Press(request, talkgroup)
        priority = priority_of(message)
        why = self._service.why_not(self, request, talkgroup)
        why = why or self._why_not(talkgroup, priority)
        if why:
            self._tell(request, talkgroup, "denied", f"Refused: {why}")
            return
        held = self._consent(request, talkgroup, priority) if self._consent else None
        if held is not None:
            self._tell(request, talkgroup, "denied", f"Refused: {held.words}", ask=held.ask)
            return
        try:
            command = self._command(press, priority, message)
        except RadioError as error:
            self._tell(request, talkgroup, "denied", f"Refused: {error}")
            return
        self._press = press
        self._service.begin(self, request, talkgroup)
        self._tell(request, talkgroup, "requesting", "Requesting")
        self._service.post(command, partial(self._answered, press))

    def _command(self, press: _Press, priority: int, message: dict[str, Any]) -> FloorRequest:
        command = FloorRequest(
            request=press.request,
            position=self.position,
            operator=self.operator,
            talkgroup=press.talkgroup,
            priority=priority,
            source=source_of(message),
        )
        if self._terms is None:
            return command
        press_terms = self._terms(message, command)
        self.mouth = press_terms.mouth or self.position
        return replace(command, source="test", test=press_terms.test)

    def _why_not(self, talkgroup: TalkgroupId, priority: int) -> str:
        if not self._may_talk(talkgroup):
            return "no right to talk here"
        if priority == MAX_PRIORITY:
            return "" if self._may_emergency() else "no right to make emergency calls"
        if priority and not self._may_preempt():
            return "no right to pre-empt others"
        return ""

    def _on_renew(self, request: RequestId) -> None:
        press = self._press
        if press is not None and press.request == request and not press.released:
            self._service.post(FloorRenew(request=request))

    def _end(self, request: RequestId, *, normal: bool, cause: str) -> None:
        press = self._press
        if press is None or press.request != request or (press.released and normal):
            return
        press.released = True
        self._service.end_uplink(self, after_ms=TAIL_MS if normal else 0)
        self._service.post(FloorRelease(request=request, normal=normal, cause=cause))

    def _answered(self, press: _Press, reply: Reply) -> None:
        if not reply.ok and press is self._press and press.state == "requesting":
            words = f"Refused: {reply.reason}" if reply.reason else "Refused"
            self._show(press, "denied", words)

    def _show(self, press: _Press, state: str, words: str, **more: object) -> None:
        press.state = state
        if state in ENDED and press is self._press:
            self._press = None
            self._service.finish(self, press.request)
        self._tell(press.request, press.talkgroup, state, words, **more)

    def _tell(self, request: str, talkgroup: str, state: str, words: str, **more: object) -> None:
        if self._closed:
            return
        answer: dict[str, Any] = {
            "op": "state",
            "request": request,
            "talkgroup": talkgroup,
            "state": state,
            "words": words,
            "place": None,
            "on_air_ms": 0,
            "transmission": None,
        }
        self._emit(answer | more)


class PttService:
    """All positions' push-to-talk. One hot microphone an operator and a position."""

    def __init__(
        self,
        bus: Bus,
        gate: UplinkGate,
        handle: Callable[[str], int],
        name: Callable[[TalkgroupId], str],
    ) -> None:
        """Make a service. ``handle`` gives a system's number, ``name`` a talkgroup's name."""
        self.name = name
        self._bus = bus
        self._gate = gate
        self._handle = handle
        self._sessions: list[PttSession] = []
        self._owners: dict[RequestId, PttSession] = {}
        self._used: deque[RequestId] = deque()
        self._used_set: set[RequestId] = set()
        self._tails: dict[Mouth, asyncio.TimerHandle] = {}
        self._events: Subscription[Envelope] | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to follow the floor."""
        self._events = self._bus.subscribe("ptt", *FLOOR_EVENTS)
        self._task = asyncio.create_task(self._run(self._events), name="ptt-events")

    def open(
        self,
        position: PositionId,
        operator: str,
        may_talk: Callable[[TalkgroupId], bool],
        emit: Emit,
        *,
        user: str = "",
        may_preempt: Callable[[], bool] = bool,
        may_emergency: Callable[[], bool] = bool,
        terms: Terms | None = None,
        consent: Consent | None = None,
    ) -> PttSession:
        """Open the push-to-talk of a socket.

        ``user`` is the person's id (two may have one name), ``operator`` when it is not given.
        Without ``may_preempt`` every press has the lowest priority; an emergency call (priority 3)
        has a right of its own. With ``terms`` every press is a test transmission of a link.
        ``consent`` may hold a permitted press back until its operator has agreed to something.
        """
        session = PttSession(
            self,
            position,
            operator,
            may_talk,
            emit,
            user=user or operator,
            may_preempt=may_preempt,
            may_emergency=may_emergency,
            terms=terms,
            consent=consent,
        )
        self._sessions.append(session)
        return session

    def check_rights(self) -> None:
        """Ask every live press's right again; call it when grants changed."""
        for session in tuple(self._sessions):
            session.check_rights()

    async def close(self) -> None:
        """End every press and stop; safe twice."""
        for session in tuple(self._sessions):
            session.close()
        if self._events is not None:
            self._events.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        for timer in self._tails.values():
            timer.cancel()

    def why_not(self, session: PttSession, request: RequestId, talkgroup: TalkgroupId) -> str:
        """Return why a session may not press now, or nothing.

        Everyone on a talkgroup sees the request ids of the others: one that was used, by whomever,
        would be renewed and ended by two.
        """
        if request in self._used_set:
            return "this press was made before"
        for owner in self._owners.values():
            test = is_test_position(owner.position)
            if owner is not session and owner.user == session.user:
                where = "in a test transmission" if test else f"at position {owner.position}"
                return f"transmit is {where}"
            if owner is not session and owner.position == session.position:
                if test:
                    return "another test transmission is on this link"
                return "this position is talking in another window"
        try:
            split_address(talkgroup)
        except ValueError:
            return f"{talkgroup or 'nothing'} is no talkgroup"
        return ""

    def begin(self, session: PttSession, request: RequestId, talkgroup: TalkgroupId) -> None:
        """Note a press and let its microphone through."""
        self._owners[request] = session
        self._use(request)
        self._cancel_tail(session.mouth)
        system, number = split_address(talkgroup)
        target = UplinkTarget(
            system=self._handle(system), talkgroup=number, position=session.position
        )
        self._gate.open(session.mouth, target)

    def _use(self, request: RequestId) -> None:
        self._used.append(request)
        self._used_set.add(request)
        if len(self._used) > USED_IDS:
            self._used_set.discard(self._used.popleft())

    def end_uplink(self, session: PttSession, *, after_ms: int) -> None:
        """Close the microphone of a press now or a little later."""
        self._cancel_tail(session.mouth)
        if after_ms:
            self._tails[session.mouth] = asyncio.get_running_loop().call_later(
                after_ms / 1000, self._gate.close, session.mouth
            )
        else:
            self._gate.close(session.mouth)

    def finish(self, session: PttSession, request: RequestId) -> None:
        """Forget a press that has ended."""
        self._owners.pop(request, None)
        self.end_uplink(session, after_ms=0)

    def leave(self, session: PttSession) -> None:
        """Forget a closed session."""
        if session.active is not None:
            self.finish(session, session.active)
        if session in self._sessions:
            self._sessions.remove(session)

    def post(self, command: Command, answered: Callable[[Reply], None] = _unheard) -> None:
        """Give a command to the gateway in this turn of the loop: a lease does not wait for others.

        A gateway that cannot take it is a refusal with its reason.
        """
        try:
            self._bus.post(command, answered)
        except RadioError as error:
            logger.warning("%s: %s", command.type, error)
            answered(Reply(ok=False, reason=str(error)))
        except Exception:  # a fault of the gateway ends no socket: its lease un-keys
            logger.exception("%s: the gateway failed", command.type)
            answered(Reply(ok=False, reason="the gateway failed, press again"))

    async def _run(self, events: Subscription[Envelope]) -> None:
        async for envelope in events:
            event: Any = envelope.event  # every floor event has a request; the base has not
            owner = self._owners.get(event.request)
            if owner is not None and owner.active == event.request:
                owner.on_event(event)

    def mouth_gone(self, mouth: Mouth) -> None:
        """Un-key what is said into a microphone whose connection is gone."""
        for session in tuple(self._owners.values()):
            session.mouth_gone(mouth)

    def _cancel_tail(self, mouth: Mouth) -> None:
        timer = self._tails.pop(mouth, None)
        if timer is not None:
            timer.cancel()
