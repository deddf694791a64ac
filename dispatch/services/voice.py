"""Browsers' sound and push-to-talk, tied to sessions and rights: a thin join to ``webrtc``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dispatch.auth.access import Access
from dispatch.auth.book import AccessBook
from dispatch.auth.permissions import Action
from dispatch.auth.sessions import SessionInfo
from dispatch.errors import Conflict, NotFound
from dispatch.services.background import Background
from dispatch.services.board import Board
from dispatch.services.desk import Desk, Seat
from dispatch.services.patch_mix import MixedPatches
from dispatch.services.sight import Sight
from gateway.model.envelope import Event
from gateway.model.ids import CallId, PositionId, TalkgroupId
from gateway.model.individual_commands import IndividualHangUp
from gateway.model.individual_events import IndividualAnswered, IndividualDialled, IndividualEnded
from gateway.model.private_line import PRIVATE_TRACK, is_private
from webrtc.ptt import PttService, PttSession
from webrtc.session import Answer, RtcService

MAX_CONNECTIONS = 4
"""Peer connections of one browser: a reloaded page leaves its old one behind for a while."""


@dataclass(slots=True, eq=False)
class _Attempt:
    """An offer being answered; ``over`` when its session or position ended meanwhile."""

    session: SessionInfo
    over: bool = False


class Voice:
    """Which peer connection and which push-to-talk belongs to whom."""

    def __init__(
        self,
        *,
        rtc: RtcService,
        ptt: PttService,
        desk: Desk,
        access: AccessBook,
        sight: Sight,
        board: Board,
        background: Background,
        mixed: MixedPatches,
    ) -> None:
        """Take the services of ``webrtc``."""
        self.rtc = rtc
        self.ptt = ptt
        self._desk = desk
        self._access = access
        self._background = background
        self._mixed = mixed
        self._sight = sight
        self._board = board
        self._lines: dict[CallId, PositionId] = {}
        self._owners: dict[str, SessionInfo] = {}
        self._attempts: list[_Attempt] = []
        rtc.on_gone = ptt.mouth_gone

    async def offer(self, session: SessionInfo, sdp: str, talkgroups: Sequence[str]) -> Answer:
        """Answer a page's offer; lines of talkgroups it may not hear are inactive."""
        seat = self._desk.seat_of(session.id)

        def may_hear(talkgroup: TalkgroupId) -> bool:
            if talkgroup == PRIVATE_TRACK:
                return seat is not None and self._access.of(session.user).may("individual.answer")
            return self._access.of(session.user).can(Action.HEAR, talkgroup)

        wanted = [TalkgroupId(talkgroup) for talkgroup in talkgroups]
        attempt = _Attempt(session)
        self._attempts.append(attempt)
        try:
            position = seat.position if seat else None
            speaks = self._access.of(session.user).may("links.test")
            answer = await self.rtc.open(position, sdp, wanted, may_hear, speaks=speaks)
        finally:
            self._attempts.remove(attempt)
        if attempt.over:
            # Else the microphone of who left would still speak for the position's next operator.
            await self.rtc.close_session(answer.session)
            raise Conflict("the position or the session ended meanwhile", hint="Reload the page.")
        self._forget_closed()
        mine = [rtc for rtc, owner in self._owners.items() if owner.id == session.id]
        for oldest in mine[: max(0, len(mine) + 1 - MAX_CONNECTIONS)]:
            self._close(oldest)
        self._owners[answer.session] = session
        self._limit(answer.session, self._access.of(session.user))
        if seat is not None:
            call = self._board.individual.of_position(seat.position)
            if call is not None:
                self.rtc.set_line(answer.session, TalkgroupId(call["line"]))
        return answer

    def apply(self, event: Event) -> None:
        """Join a private call's line to the browsers of the position that has it, until its end."""
        match event:
            case IndividualAnswered() | IndividualDialled():
                self._lines[event.call] = event.position
                row = self._board.individual.row(event.call)
                if row is not None:
                    self._set_line(event.position, TalkgroupId(row["line"]))
            case IndividualEnded():
                position = self._lines.pop(event.call, None)
                if position is not None:
                    self._set_line(position, None)
            case _:
                pass

    def _set_line(self, position: PositionId, line: TalkgroupId | None) -> None:
        seat = self._desk.seat(position)
        self._forget_closed()
        for rtc_session, owner in self._owners.items():
            if seat is not None and owner.id == seat.session.id:
                self.rtc.set_line(rtc_session, line)

    def _forget_closed(self) -> None:
        known = {open_session.id for open_session in self.rtc.sessions}
        self._owners = {rtc: who for rtc, who in self._owners.items() if rtc in known}

    def demand(self, session: SessionInfo, rtc_session: str) -> str:
        """Return an rtc session of this browser; raises NotFound for anybody else's."""
        owner = self._owners.get(rtc_session)
        if owner is None or owner.id != session.id:
            raise NotFound(f"there is no rtc session {rtc_session}", hint="Reload the page.")
        return rtc_session

    def microphone(self, session: SessionInfo, rtc_session: str) -> str:
        """Return an rtc session of this browser whose microphone comes through.

        Raises NotFound for anybody else's, Conflict while there is no path for its sound.
        """
        name = self.demand(session, rtc_session)
        if self.rtc.get(name).state != "connected":
            raise Conflict("no path for sound from this browser", hint="Reload the page.")
        return name

    def access_changed(self, access: Access) -> None:
        """Drop the tracks that the new rights no longer allow, and what is being keyed."""
        self._forget_closed()
        for rtc_session, owner in self._owners.items():
            if owner.user == access.user.id:
                self._limit(rtc_session, access)
        self.ptt.check_rights()
        self._check_call(access)

    def _check_call(self, access: Access) -> None:
        """End the private call of a person whose grant is gone: heard no more from now on."""
        position = self._desk.position_of(access.user.id)
        row = self._board.individual.of_position(position) if position else None
        if position is None or row is None:
            return
        if access.can_on(Action.TALK, row["line"], row["link"]):
            return
        self._set_line(position, None)
        name = access.user.display_name
        command = IndividualHangUp(call=CallId(row["call"]), position=position, operator=name)
        self.ptt.post(command)

    def _limit(self, rtc_session: str, access: Access) -> None:
        hears = access.talkgroups(Action.HEAR) if access.may("voice.hear") else frozenset()
        self.rtc.set_hearing(rtc_session, sorted(hears))

    def session_ended(self, session: SessionInfo) -> None:
        """Close the peer connections of a browser that signed out."""
        self._close_where(lambda owner: owner.id == session.id)

    def seat_left(self, seat: Seat, cause: str) -> None:
        """Close the peer connection whose microphone belonged to a position given up."""
        self._close_where(lambda owner: owner.id == seat.session.id)

    def _close_where(self, wanted: Callable[[SessionInfo], bool]) -> None:
        for attempt in self._attempts:
            attempt.over = attempt.over or wanted(attempt.session)
        for rtc_session in [rtc for rtc, owner in self._owners.items() if wanted(owner)]:
            self._close(rtc_session)

    def _close(self, rtc_session: str) -> None:
        self._owners.pop(rtc_session)
        self._background.start(self.rtc.close_session(rtc_session), "rtc-close")

    def open_ptt(
        self, session: SessionInfo, user: str, emit: Callable[[dict[str, Any]], None]
    ) -> PttSession:
        """Open push-to-talk for the position of a session; raises Conflict without one."""
        seat = self._desk.seat_of(session.id)
        if seat is None:
            raise Conflict("no position is taken here", hint="Take a position first.")

        def may_talk(talkgroup: TalkgroupId) -> bool:
            if self._desk.seat_of(session.id) is not seat:
                return False
            access = self._access.of(user)
            if not is_private(talkgroup):
                return access.can(Action.TALK, talkgroup)
            row = self._board.individual.by_line(talkgroup)
            if row is None or row["position"] != seat.position:
                return False
            return access.can_on(Action.TALK, talkgroup, row["link"])

        def tell(state: dict[str, Any]) -> None:
            emit({**state, "words": self._sight.words(self._access.of(user), state["words"])})

        return self.ptt.open(
            seat.position,
            seat.user.display_name,
            may_talk,
            tell,
            user=user,
            may_preempt=lambda: self._access.of(user).may("ptt.preempt"),
            may_emergency=lambda: self._access.of(user).may("emergency.call"),
            consent=lambda request, talkgroup, priority: self._mixed.withhold(
                seat, self._access.of(user), request, talkgroup, priority
            ),
        )
