"""Texts and alarms from the desk: checked, sent to the gateway, never waiting for the database."""

from collections.abc import Callable

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.errors import NotFound, ServiceError
from dispatch.events import MessageOpened
from dispatch.services.board import Board
from dispatch.services.plans import LivePlan
from dispatch.services.sight import Sight
from gateway.bus import Bus
from gateway.model.command import Reply
from gateway.model.commands import AlarmAcknowledge, AlarmEnd, AlarmShow, MessageSend
from gateway.model.ids import (
    AlarmId,
    MessageId,
    PositionId,
    TalkgroupId,
    UnitId,
    split_address,
    ulid,
)
from gateway.model.message_commands import MessageOpen, PositionRequest, StatusSend
from gateway.ports import Clock

MAX_TEXT_CHARACTERS = 1000
END_REASONS = ("handled", "accidental_press", "no_cause_found", "duplicate")


class Messaging:
    """Sends texts and acts on alarms, each within the sender's rights."""

    def __init__(
        self,
        *,
        plan: LivePlan,
        board: Board,
        sight: Sight,
        bus: Bus,
        clock: Clock,
        randomness: Callable[[int], bytes],
    ) -> None:
        """Take the bus and what decides who may see what."""
        self._plan = plan
        self._board = board
        self._sight = sight
        self._bus = bus
        self._clock = clock
        self._randomness = randomness

    async def send(
        self,
        access: Access,
        *,
        to: str,
        to_talkgroup: bool,
        text: str,
        immediate: bool = False,
    ) -> tuple[MessageId, Reply]:
        """Send a text to a unit or a talkgroup; returns its id and the gateway's answer."""
        if not 0 < len(text) <= MAX_TEXT_CHARACTERS:
            raise ServiceError(
                f"text: expected 1 to {MAX_TEXT_CHARACTERS} characters, got {len(text)}"
            )
        message = self.new_id()
        reply = await self._bus.request(
            MessageSend(
                message=message,
                to=self._receiver(access, to, to_talkgroup),
                to_talkgroup=to_talkgroup,
                text=text,
                operator=access.user.display_name,
                immediate=immediate,
            )
        )
        return message, reply

    async def send_status(
        self, access: Access, *, to: str, to_talkgroup: bool, value: int
    ) -> tuple[MessageId, Reply]:
        """Send a status of the plan's table; what the gateway refuses it says in words."""
        message = self.new_id()
        reply = await self._bus.request(
            StatusSend(
                message=message,
                to=self._receiver(access, to, to_talkgroup),
                to_talkgroup=to_talkgroup,
                value=value,
                operator=access.user.display_name,
            )
        )
        return message, reply

    async def ask_position(
        self, access: Access, *, unit: str, action: str = "ask"
    ) -> tuple[MessageId, Reply]:
        """Ask a unit for its position, or to report it by itself (``enable``, ``disable``)."""
        message = self.new_id()
        reply = await self._bus.request(
            PositionRequest(
                message=message,
                unit=self.unit_seen(access, unit),
                action=action,
                operator=access.user.display_name,
            )
        )
        return message, reply

    def unit_seen(self, access: Access, unit: str) -> UnitId:
        """Return a unit that this person may know; raises NotFound."""
        address = self._address(unit)
        groups = self._board.units.talkgroups_of(address)
        if not any(access.sees(group) for group in groups):
            raise NotFound(f"there is no unit {address}")
        return UnitId(address)

    def unit_talked_to(self, access: Access, unit: str) -> UnitId:
        """Return a unit that this person may reach; raises NotFound or NotPermitted."""
        address = self._address(unit)
        self._demand_unit(access, address)
        return UnitId(address)

    def new_id(self) -> MessageId:
        """Return the id of a message to come."""
        return MessageId("m-" + ulid(self._clock.utc_us(), self._randomness(10)))

    def _receiver(self, access: Access, to: str, to_talkgroup: bool) -> UnitId | TalkgroupId:
        """Return whom a message is for; raises where this person may not write there."""
        address = self._address(to)
        if to_talkgroup:
            self._demand_talk(access, address)
            return TalkgroupId(address)
        return self.unit_talked_to(access, address)

    @staticmethod
    def _address(to: str) -> str:
        try:
            system, number = split_address(to)
        except ValueError as error:
            raise ServiceError(f"to: {error}") from error
        return f"{system}/{number}"

    def _demand_talk(self, access: Access, talkgroup: str) -> None:
        if not access.sees(talkgroup):
            raise NotFound(f"there is no talkgroup {talkgroup}")
        access.demand_action(Action.TALK, talkgroup, self._plan.talkgroup_name(talkgroup))

    def _demand_unit(self, access: Access, unit: str) -> None:
        groups = self._board.units.talkgroups_of(unit)
        if not groups:
            if access.talkgroups(Action.TALK):
                return  # a radio nobody has heard of: any desk that may talk may try it
            raise NotFound(f"there is no unit {unit}")
        if not any(access.sees(group) for group in groups):
            raise NotFound(f"there is no unit {unit}")
        if not any(access.can(Action.TALK, group) for group in groups):
            access.demand_action(Action.TALK, next(g for g in groups if access.sees(g)))

    async def opened(self, access: Access, message: str) -> None:
        """Note that a person opened a text, and have its sender told; raises NotFound."""
        row = self._board.message(message)
        if row is None or not self._sight.sees_message(access, row):
            raise NotFound(f"there is no message {message}")
        operator = access.user.display_name
        if row["incoming"] and not row["opened_by"]:
            await self._bus.request(MessageOpen(message=MessageId(message), operator=operator))
        self._bus.publish(MessageOpened(message=MessageId(message), operator=operator))

    # ---- alarms --------------------------------------------------------------------------------

    def _demand_alarm(self, access: Access, alarm: str) -> AlarmId:
        row = self._board.alarms.get(alarm)
        if row is None or not self._sight.sees_alarm(access, row):
            raise NotFound(f"there is no open alarm {alarm}")
        return AlarmId(alarm)

    async def acknowledge(self, access: Access, alarm: str, position: PositionId | None) -> Reply:
        """Acknowledge an alarm; the gateway tells the radio where it can."""
        return await self._bus.request(
            AlarmAcknowledge(
                alarm=self._demand_alarm(access, alarm),
                operator=access.user.display_name,
                position=position,
            )
        )

    async def end(self, access: Access, alarm: str, reason: str) -> Reply:
        """End an acknowledged alarm with one of four reasons."""
        if reason not in END_REASONS:
            raise ServiceError(f"reason: expected one of {', '.join(END_REASONS)}, got {reason!r}")
        return await self._bus.request(
            AlarmEnd(
                alarm=self._demand_alarm(access, alarm),
                operator=access.user.display_name,
                reason=reason,
            )
        )

    async def shown(self, access: Access, alarms: list[str], position: PositionId) -> None:
        """Tell the gateway which alarms a listening position has on its screen."""
        for alarm in alarms[:100]:
            row = self._board.alarms.get(alarm)
            if row is None or row["state"] != "raised" or not self._sight.sees_alarm(access, row):
                continue
            await self._bus.request(AlarmShow(alarm=AlarmId(alarm), position=position))
