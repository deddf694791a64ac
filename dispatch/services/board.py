"""The live picture of the room, kept in memory from bus events; the snapshot is cut from it.

Every ``apply`` is quick and never waits. What a person may not see is left out by snapshot
and the event stream by the same rules: see ``dispatch.services.sight``.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from dispatch.events import MessageOpened
from dispatch.services import message_rows, rows
from dispatch.services.board_individual import IndividualBoard
from dispatch.services.board_patches import PatchBoard
from dispatch.services.board_talkgroups import TalkgroupStates
from dispatch.services.board_units import UnitBoard
from dispatch.services.plans import LivePlan
from dispatch.services.rows import Row
from gateway.model import events as ev
from gateway.model.events import Envelope
from gateway.model.ids import UtcUs
from gateway.model.private_line import is_private
from gateway.model.unit_commands import INHIBIT, INHIBITS

KEPT_TRANSMISSIONS = 100
KEPT_MESSAGES = 50
KEPT_ENDED_ALARMS = 100


class Board:
    """Talkgroups, links, units, alarms, texts and the last transmissions."""

    def __init__(self, plan: LivePlan) -> None:
        """Begin with everything quiet and every link closed."""
        self._plan = plan
        self.talkgroups = TalkgroupStates(plan)
        self.units = UnitBoard(plan)
        self.individual = IndividualBoard()
        self.patches = PatchBoard()
        self.alarms: dict[str, Row] = {}
        self.ended_alarms: dict[str, Row] = {}
        self.messages: deque[Row] = deque(maxlen=KEPT_MESSAGES * 4)
        self.transmissions: deque[Row] = deque(maxlen=KEPT_TRANSMISSIONS * 4)
        self.log_writable = True
        self.disk_step = "ok"
        self._operators: dict[str, str] = {}
        self._handlers: dict[str, Callable[[Any, UtcUs], None]] = {
            "transmission.started": self._transmission_started,
            "transmission.updated": self._transmission_updated,
            "transmission.ended": self._transmission_ended,
            "recording.closed": self._recording_closed,
            "floor.requested": self._floor_requested,
            "floor.refused": self._floor_refused,
            "message.received": self._message_received,
            "message.queued": self._message_queued,
            "message.progressed": self._message_progressed,
            "message.opened": self._message_opened,
            "alarm.raised": self._alarm_raised,
            "alarm.shown": self._alarm_shown,
            "alarm.acknowledged": self._alarm_acknowledged,
            "alarm.answered": self._alarm_answered,
            "alarm.link_changed": self._alarm_link_changed,
            "alarm.escalated": self._alarm_escalated,
            "alarm.ended": self._alarm_ended,
            "log.state": self._log_state,
            "disk.low": self._disk_low,
        }  # Any: each handler takes the one event class that its key stands for

    def apply(self, envelope: Envelope) -> None:
        """Take an event into the picture."""
        event, now = envelope.event, envelope.t_utc
        self.individual.apply(event, now)
        if is_private(getattr(event, "talkgroup", None)):
            return  # of a private call: no talkgroup, no tile, nobody's activity
        self.units.apply(event, now)
        self.patches.apply(event, now)
        handler = self._handlers.get(event.type)
        if handler is not None:
            handler(event, now)
        self.talkgroups.apply(event, now)

    def transmission(self, transmission: str) -> Row | None:
        """Return the row of a recent transmission."""
        return next((row for row in self.transmissions if row["id"] == transmission), None)

    def message(self, message: str) -> Row | None:
        """Return the row of a recent text."""
        return next((row for row in self.messages if row["id"] == message), None)

    # ---- handlers ------------------------------------------------------------------------------

    def _transmission_started(self, event: ev.TransmissionStarted, now: UtcUs) -> None:
        self.transmissions.appendleft(rows.transmission_started(event, now))

    def _transmission_updated(self, event: ev.TransmissionUpdated, now: UtcUs) -> None:
        row = self.transmission(event.transmission)
        if row is not None:
            row.update(
                talker=event.talker,
                alias=event.alias,
                emergency=event.emergency,
                encrypted=event.encrypted,
                readable=event.readable,
                algorithm=event.algorithm,
                key_id=event.key_id,
            )

    def _transmission_ended(self, event: ev.TransmissionEnded, now: UtcUs) -> None:
        row = self.transmission(event.transmission)
        if row is not None:
            row.update(ended_utc=now, duration_ms=event.duration_ms, cause=event.cause)
            row["bit_error_rate"] = event.bit_error_rate
            row["emergency"] = row["emergency"] or event.emergency

    def _recording_closed(self, event: ev.RecordingClosed, now: UtcUs) -> None:
        row = self.transmission(event.transmission)
        if row is not None:
            row["has_sound"] = True

    def _floor_requested(self, event: ev.FloorRequested, now: UtcUs) -> None:
        self._operators[event.position] = event.operator

    def _floor_refused(self, event: ev.FloorRefused, now: UtcUs) -> None:
        operator = self._operators.get(event.position, "")
        self.transmissions.appendleft(rows.refused_row(event, operator, now))

    def _message_received(self, event: ev.MessageReceived, now: UtcUs) -> None:
        alias = self._plan.alias(event.sender)
        self.messages.appendleft(message_rows.message_received(event, alias, now))

    def _message_queued(self, event: ev.MessageQueued, now: UtcUs) -> None:
        alias = self._plan.alias(event.to)
        self.messages.appendleft(message_rows.message_queued(event, alias, now))

    def _message_progressed(self, event: ev.MessageProgressed, now: UtcUs) -> None:
        row = self.message(event.message)
        if row is not None:
            message_rows.progressed(row, event, now)
            if row["kind"] in INHIBITS and event.state == "delivered":
                self.units.inhibited(row["to"], now if row["kind"] == INHIBIT else None)

    def _message_opened(self, event: MessageOpened, now: UtcUs) -> None:
        row = self.message(event.message)
        if row is not None and not row["opened_by"]:
            row.update(opened_by=event.operator, opened_utc=now)

    def _alarm_raised(self, event: ev.AlarmRaised, now: UtcUs) -> None:
        self.alarms[event.alarm] = rows.alarm_raised(event, now)

    def _alarm_shown(self, event: ev.AlarmShown, now: UtcUs) -> None:
        row = self.alarms.get(event.alarm)
        if row is not None and row["state"] == "raised":
            row["state"] = "shown"

    def _alarm_acknowledged(self, event: ev.AlarmAcknowledged, now: UtcUs) -> None:
        row = self.alarms.get(event.alarm)
        if row is not None:
            row.update(
                state="acknowledged",
                acknowledged_by=event.operator,
                way=event.way,
                way_reason=event.reason,
                t_ack_utc=row["t_ack_utc"] or now,
            )

    def _alarm_answered(self, event: ev.AlarmAnswered, now: UtcUs) -> None:
        row = self.alarms.get(event.alarm)
        if row is not None:
            row.update(way=event.way, way_reason=event.reason)

    def _alarm_link_changed(self, event: ev.AlarmLinkChanged, now: UtcUs) -> None:
        row = self.alarms.get(event.alarm)
        if row is not None:
            row.update(link_lost=event.lost, last_heard_utc=event.last_heard_utc)

    def _alarm_escalated(self, event: ev.AlarmEscalated, now: UtcUs) -> None:
        row = self.alarms.get(event.alarm)
        if row is not None:
            row["escalated"] = event.step

    def _alarm_ended(self, event: ev.AlarmEnded, now: UtcUs) -> None:
        row = self.alarms.pop(event.alarm, None)
        if row is not None:
            self.ended_alarms[event.alarm] = row
            while len(self.ended_alarms) > KEPT_ENDED_ALARMS:
                self.ended_alarms.pop(next(iter(self.ended_alarms)))

    def _log_state(self, event: Any, now: UtcUs) -> None:
        self.log_writable = event.writable

    def _disk_low(self, event: Any, now: UtcUs) -> None:
        self.disk_step = event.step
