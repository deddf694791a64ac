"""Private and telephone calls from the desk: checked against position, rights and grants."""

import asyncio
from collections.abc import Callable

from dispatch.auth.access import EVERYTHING, Access
from dispatch.auth.permissions import Action
from dispatch.auth.sessions import SessionInfo
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.services.board import Board
from dispatch.services.desk import Desk, Seat
from dispatch.services.rows import Row
from dispatch.services.sight_individual import IndividualSight
from gateway.bus import Bus
from gateway.model.command import Command, Reply
from gateway.model.envelope import Event
from gateway.model.errors import NotPermitted
from gateway.model.ids import CallId, LinkId, RequestId, UnitId, split_address, ulid
from gateway.model.individual import IndividualKind
from gateway.model.individual_commands import (
    IndividualAnswer,
    IndividualDecline,
    IndividualDial,
    IndividualHangUp,
)
from gateway.model.individual_events import IndividualAnswered, IndividualDialled, IndividualEnded
from gateway.ports import Clock

TOLD_MS = 2000
"""Longest wait for the gateway's own event after it said yes."""
KINDS = tuple(kind.value for kind in IndividualKind)


class IndividualCalls:
    """Answer, decline, dial and hang up at the position of a session."""

    def __init__(
        self,
        *,
        board: Board,
        sight: IndividualSight,
        desk: Desk,
        bus: Bus,
        clock: Clock,
        randomness: Callable[[int], bytes],
    ) -> None:
        """Take what is shown and the way to the gateway."""
        self._board = board
        self._sight = sight
        self._desk = desk
        self._bus = bus
        self._clock = clock
        self._randomness = randomness
        self._told: dict[CallId, asyncio.Event] = {}

    def rows(self, access: Access) -> list[Row]:
        """Return the calls that this person sees."""
        rows = self._board.individual.rows(self._clock.utc_us())
        return [cut for row in rows if (cut := self._sight.row(access, row)) is not None]

    def apply(self, event: Event) -> None:
        """Go on where an answer waits for the gateway's event."""
        if isinstance(event, IndividualAnswered | IndividualDialled | IndividualEnded):
            told = self._told.get(event.call)
            if told is not None:
                told.set()

    # ---- acts ----------------------------------------------------------------------------------

    async def answer(self, session: SessionInfo, access: Access, call: str, microphone: str) -> Row:
        """Take a ringing call; the line in the reply is what to press on."""
        seat, row = self._seat(session), self._demand(access, call)
        command = IndividualAnswer(
            call=CallId(call),
            position=seat.position,
            operator=seat.user.display_name,
            microphone=RequestId(microphone) if microphone else None,
        )
        return await self._ask(command, CallId(call), row)

    async def decline(self, session: SessionInfo, access: Access, call: str) -> Reply:
        """Stop a call ringing at this position."""
        seat = self._seat(session)
        self._demand(access, call)
        return await self._bus.request(
            IndividualDecline(
                call=CallId(call), position=seat.position, operator=seat.user.display_name
            )
        )

    async def dial(
        self,
        session: SessionInfo,
        access: Access,
        *,
        kind: str,
        unit: str,
        digits: str,
        duplex: bool,
        microphone: str,
    ) -> Row:
        """Call a unit or a telephone number."""
        if kind not in KINDS or bool(unit) == bool(digits):
            raise ServiceError(
                f"dial: expected kind {' or '.join(KINDS)} and either unit or digits, got {kind!r}"
            )
        if kind == IndividualKind.TELEPHONE.value:
            access.demand("individual.telephone")
        links = access.individual_links(Action.TALK, "individual.dial")
        if not links:
            raise NotPermitted(
                "no grant to make private calls",
                hint="An administrator gives grants with the scope individual.",
            )
        seat = self._seat(session)
        call = CallId("c-" + ulid(self._clock.utc_us(), self._randomness(10)))
        command = IndividualDial(
            call=call,
            position=seat.position,
            operator=seat.user.display_name,
            kind=kind,
            unit=self._unit(access, unit) if unit else None,
            digits=digits,
            duplex=duplex,
            microphone=RequestId(microphone) if duplex and microphone else None,
            links=() if EVERYTHING in links else tuple(LinkId(link) for link in sorted(links)),
        )
        return await self._ask(command, call, None)

    async def hang_up(self, session: SessionInfo, call: str) -> Reply:
        """End the call of this position."""
        seat = self._seat(session)
        return await self._bus.request(
            IndividualHangUp(
                call=CallId(call), position=seat.position, operator=seat.user.display_name
            )
        )

    # ---- inside --------------------------------------------------------------------------------

    def _seat(self, session: SessionInfo) -> Seat:
        seat = self._desk.seat_of(session.id)
        if seat is None:
            raise Conflict("no position is taken here", hint="Take a position first.")
        return seat

    def _demand(self, access: Access, call: str) -> Row:
        row = self._board.individual.row(call)
        if row is None or not self._sight.sees(access, row["link"]):
            raise NotFound(f"there is no call {call}")
        if not access.individual(Action.TALK, row["link"]):
            raise NotPermitted(
                "no grant to talk in private calls of this radio",
                hint="An administrator gives grants with the scope individual.",
            )
        return row

    def _unit(self, access: Access, unit: str) -> UnitId:
        try:
            system, number = split_address(unit)
        except ValueError as error:
            raise ServiceError(f"unit: {error}") from error
        address = UnitId(f"{system}/{number}")
        groups = self._board.units.talkgroups_of(address)
        if groups and not any(access.sees(group) for group in groups):
            raise NotFound(f"there is no unit {address}")
        return address

    async def _ask(self, command: Command, call: CallId, row: Row | None) -> Row:
        """Ask the gateway, and wait until the board knows what it did."""
        told = self._told[call] = asyncio.Event()
        try:
            reply = await self._bus.request(command)
            if reply.ok:
                async with asyncio.timeout(TOLD_MS / 1000):
                    await told.wait()
        except TimeoutError:
            return {"ok": False, "reason": "no news of the call", "call": call, "line": ""}
        finally:
            self._told.pop(call, None)
        shown = self._board.individual.row(call) or row
        line = shown["line"] if shown is not None else ""
        return {"ok": reply.ok, "reason": reply.reason, "call": call, "line": line}
