"""Positions: taken, left, taken over, handed over; one hot microphone an operator.

A position belongs to a *session* (one browser), so that a second browser of the same person has to
ask. What a position keys is un-keyed when it is given up or its rights are taken.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from dispatch.auth.access import Access, UserInfo
from dispatch.auth.permissions import Action
from dispatch.auth.sessions import SessionInfo
from dispatch.errors import Conflict, NotFound
from dispatch.events import PositionGivenUp, PositionListening, PositionTaken
from dispatch.services.background import Background
from dispatch.services.plans import LivePlan
from dispatch.store.engine import Store
from dispatch.store.tables import PositionLog
from gateway.bus import Bus
from gateway.model import events as ev
from gateway.model.command import Reply
from gateway.model.commands import FloorRelease, LinkSelect, PositionLeft
from gateway.model.errors import LinkError, NotPermitted
from gateway.model.events import Event
from gateway.model.ids import MonoMs, PositionId, RequestId, TalkgroupId
from gateway.model.private_line import is_private
from gateway.ports import Clock

LISTENING_MS = 5000
"""A desk counts as listening for this long after a good report; pages report every 2 s."""
MAX_HANDOVER_CHARACTERS = 4000


@dataclass(slots=True)
class Seat:
    """Who sits at a position."""

    position: PositionId
    session: SessionInfo
    user: UserInfo
    log_id: int
    heard_at: MonoMs | None = None
    listening: bool = False
    selected: TalkgroupId | None = None
    """What push-to-talk points at."""


@dataclass(frozen=True, slots=True)
class Handover:
    """What the last operator left behind for the next."""

    text: str
    by: str
    t_utc: int


@dataclass(frozen=True, slots=True)
class _Press:
    position: PositionId
    talkgroup: TalkgroupId


def _may_talk(access: Access, talkgroup: TalkgroupId) -> bool:
    if is_private(talkgroup):
        return bool(access.individual_links(Action.TALK, "individual.answer"))
    return access.can(Action.TALK, talkgroup)


class Desk:
    """All positions of the room."""

    def __init__(
        self, plan: LivePlan, store: Store, bus: Bus, clock: Clock, background: Background
    ) -> None:
        """Begin with every position free."""
        self._plan = plan
        self._store = store
        self._bus = bus
        self._clock = clock
        self._background = background
        self._seats: dict[PositionId, Seat] = {}
        self._presses: dict[RequestId, _Press] = {}
        self._left: list[Callable[[Seat, str], None]] = []

    def on_left(self, callback: Callable[[Seat, str], None]) -> None:
        """Call ``callback`` when a position is given up, with the cause."""
        self._left.append(callback)

    # ---- reading -------------------------------------------------------------------------------

    def seat_of(self, session_id: str) -> Seat | None:
        """Return the seat of a session."""
        return next((s for s in self._seats.values() if s.session.id == session_id), None)

    def seat(self, position: str) -> Seat | None:
        """Return who sits at a position."""
        return self._seats.get(PositionId(position))

    def rows(self, session_id: str) -> list[dict[str, object]]:
        """Return all positions: who has them, and whether that is the asker's session."""
        rows: list[dict[str, object]] = []
        planned = self._plan.plan.positions
        gone = [seat.position for seat in self._seats.values() if seat.position not in planned]
        for name in (*planned, *gone):  # one that a plan took away stays until it is left
            seat = self._seats.get(PositionId(name))
            rows.append(
                {
                    "id": name,
                    "taken_by": seat.user.display_name if seat else None,
                    "you": seat is not None and seat.session.id == session_id,
                    "listening": seat is not None and seat.listening,
                }
            )
        return rows

    def position_of(self, user_id: str) -> PositionId | None:
        """Return the position of a person."""
        mine = (seat for seat in self._seats.values() if seat.user.id == user_id)
        return next((seat.position for seat in mine), None)

    def taken(self) -> frozenset[str]:
        """Return the positions that somebody has."""
        return frozenset(str(seat.position) for seat in self._seats.values())

    def listening(self) -> dict[str, bool]:
        """Return for each taken position whether it has sound."""
        return {seat.position: seat.listening for seat in self._seats.values()}

    # ---- taking and leaving --------------------------------------------------------------------

    async def take(
        self, position: str, session: SessionInfo, access: Access, *, take_over: bool
    ) -> Handover | None:
        """Sit down; returns what was handed over. Raises NotFound, Conflict, NotPermitted."""
        if position not in self._plan.plan.positions:
            raise NotFound(f"there is no position {position}")
        place = PositionId(position)
        mine = [s for s in self._seats.values() if s.user.id == access.user.id]
        if any(s.position == place and s.session.id == session.id for s in mine):
            return await self._last_handover(place)
        if mine and not take_over:
            raise Conflict(
                f"transmit is at position {mine[0].position}",
                hint="Leave it there, or take over: its microphone is closed then.",
            )
        other = self._seats.get(place)
        taken_over_from = self._check_other(other, access, take_over=take_over)
        for seat in {id(s): s for s in [*mine, *([other] if other else [])]}.values():
            await self._give_up(seat, "taken_over", None)
        handover = await self._last_handover(place)
        await self._sit_down(place, session, access.user, taken_over_from)
        return handover

    def _check_other(self, other: Seat | None, access: Access, *, take_over: bool) -> str:
        if other is None or other.user.id == access.user.id:
            return ""
        if not take_over:
            raise Conflict(
                f"position {other.position} is taken by {other.user.display_name}",
                hint="Take another position, or take this one over.",
            )
        if other.heard_at is not None and not access.may("position.take_over"):
            fresh = self._clock.mono_ms() - other.heard_at <= LISTENING_MS
            if fresh:
                raise NotPermitted(
                    f"position {other.position} is in use by {other.user.display_name}",
                    hint="A supervisor may take it over.",
                )
        return other.user.display_name

    async def _sit_down(
        self, place: PositionId, session: SessionInfo, user: UserInfo, taken_over_from: str
    ) -> None:
        now = self._clock.utc_us()

        def work(db: Session) -> int:
            row = PositionLog(
                position=place, user=user.id, operator=user.display_name, taken_utc=now
            )
            db.add(row)
            db.flush()
            return row.id or 0

        log_id = await self._store.write(work)
        if place in self._seats:
            raise Conflict(f"position {place} was taken a moment ago")
        elsewhere = next((s for s in self._seats.values() if s.user.id == user.id), None)
        if elsewhere is not None:
            raise Conflict(f"position {elsewhere.position} was taken a moment ago by you")
        # Its page reports within 2 s: until then it counts as in use, not as left behind.
        heard_at = self._clock.mono_ms()
        self._seats[place] = Seat(place, session, user, log_id, heard_at)
        self._bus.publish(
            PositionTaken(
                position=place,
                user=user.id,
                operator=user.display_name,
                taken_over_from=taken_over_from,
            )
        )

    async def leave(self, session_id: str, handover_text: str) -> None:
        """Get up, leaving a text for the next; raises Conflict when no position is taken."""
        seat = self.seat_of(session_id)
        if seat is None:
            raise Conflict("no position is taken here")
        await self._give_up(seat, "left", handover_text.strip()[:MAX_HANDOVER_CHARACTERS] or None)

    def session_ended(self, session: SessionInfo) -> None:
        """Give up the position of a session that ended; un-keys at once."""
        seat = self.seat_of(session.id)
        if seat is not None:
            self._background.start(self._give_up(seat, "signed_out", None), "desk-signed-out")

    async def _give_up(self, seat: Seat, cause: str, handover: str | None) -> None:
        if self._seats.get(seat.position) is not seat:
            return
        del self._seats[seat.position]
        for callback in self._left:
            callback(seat, cause)
        self._bus.publish(
            PositionGivenUp(
                position=seat.position,
                user=seat.user.id,
                operator=seat.user.display_name,
                cause=cause,
            )
        )
        await self._tell_gateway(PositionLeft(position=seat.position))
        now = self._clock.utc_us()

        def work(db: Session) -> None:
            row = db.get(PositionLog, seat.log_id)
            if row is not None:
                row.left_utc, row.cause, row.handover_text = now, cause, handover
                db.add(row)

        await self._store.write(work)

    async def _last_handover(self, place: PositionId) -> Handover | None:
        def work(db: Session) -> Handover | None:
            row = db.exec(
                select(PositionLog)
                .where(PositionLog.position == place, col(PositionLog.handover_text).is_not(None))
                .order_by(col(PositionLog.left_utc).desc())
            ).first()
            if row is None or row.handover_text is None or row.left_utc is None:
                return None
            return Handover(row.handover_text, row.operator, row.left_utc)

        return await self._store.read(work)

    # ---- rights and selection ------------------------------------------------------------------

    def access_changed(self, access: Access) -> None:
        """Take from a user's position what the new rights no longer allow."""
        for seat in [s for s in self._seats.values() if s.user.id == access.user.id]:
            if not access.may("position.take"):
                self._background.start(self._give_up(seat, "revoked", None), "desk-revoked")
                continue
            seat.user = access.user
            for request, press in list(self._presses.items()):
                revoked = not _may_talk(access, press.talkgroup)
                if press.position == seat.position and revoked:
                    release = FloorRelease(request=request, normal=False, cause="revoked")
                    self._background.start(self._tell_gateway(release), "desk-unkey")

    async def select(self, session_id: str, access: Access, talkgroup: str) -> Reply:
        """Point push-to-talk at a talkgroup and ask its radio there, unless somebody uses it."""
        seat = self.seat_of(session_id)
        if seat is None:
            raise Conflict("no position is taken here", hint="Take a position first.")
        seat.selected = TalkgroupId(talkgroup)
        return await self._bus.request(
            LinkSelect(position=seat.position, talkgroup=TalkgroupId(talkgroup))
        )

    def selected(self) -> dict[PositionId, TalkgroupId]:
        """Return what push-to-talk of each taken position points at."""
        return {s.position: s.selected for s in self._seats.values() if s.selected is not None}

    async def _tell_gateway(self, command: PositionLeft | FloorRelease) -> None:
        try:
            await self._bus.request(command)
        except LinkError:
            return  # no gateway, so nothing is keyed; its own lease ends what it keyed

    # ---- events and reports --------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """Keep the open presses, to end them when rights go."""
        match event:
            case ev.FloorRequested():
                self._presses[event.request] = _Press(event.position, event.talkgroup)
            case ev.FloorRefused() | ev.FloorReleased() | ev.FloorLost():
                self._presses.pop(event.request, None)
            case _:
                pass

    def report(self, session_id: str, *, sound: bool) -> Seat | None:
        """Take a page's report on its sound; returns its seat when it counts as listening."""
        seat = self.seat_of(session_id)
        if seat is None:
            return None
        seat.heard_at = self._clock.mono_ms()
        self._set_listening(seat, sound)
        return seat if sound else None

    def check_listening(self) -> None:
        """Take back ``listening`` from pages that went silent."""
        now = self._clock.mono_ms()
        for seat in self._seats.values():
            if seat.listening and (seat.heard_at is None or now - seat.heard_at > LISTENING_MS):
                self._set_listening(seat, False)

    def _set_listening(self, seat: Seat, listening: bool) -> None:
        if seat.listening != listening:
            seat.listening = listening
            self._bus.publish(PositionListening(position=seat.position, listening=listening))
