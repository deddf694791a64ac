"""What events of the desk, of units and of alarms do to the store."""

from typing import Any

from sqlmodel import Session

from dispatch.calllog.tables import UnitStatus
from dispatch.events import CallNoted, MessageOpened
from dispatch.services.journal_write import Writer
from dispatch.services.message_rows import CLAIMS, claimed
from dispatch.store.retention import expiry_utc
from dispatch.store.tables import (
    Alarm,
    AlarmStep,
    Message,
    Note,
    Press,
    UnitPosition,
    UnitState,
)
from gateway.model import events as ev
from gateway.model.events import Envelope


def desk_writers() -> dict[str, Writer]:
    """Return the writer of each event type of this module."""
    return {
        "floor.requested": _requested,
        "floor.queued": _queued,
        "floor.granted": _granted,
        "floor.refused": _refused,
        "floor.released": _released,
        "floor.lost": _lost,
        "unit.status_set": _status_set,
        "unit.positioned": _positioned,
        "message.received": _message_received,
        "message.queued": _message_queued,
        "message.progressed": _message_progressed,
        "message.opened": _message_opened,
        "call.noted": _call_noted,
        "alarm.raised": _alarm_raised,
        "alarm.shown": _alarm_shown,
        "alarm.acknowledged": _alarm_acknowledged,
        "alarm.answered": _alarm_answered,
        "alarm.escalated": _alarm_escalated,
        "alarm.ended": _alarm_ended,
    }


# ---- presses -----------------------------------------------------------------------------------


def _requested(db: Session, event: ev.FloorRequested, envelope: Envelope) -> None:
    db.add(
        Press(
            request=event.request,
            position=event.position,
            operator=event.operator,
            talkgroup=event.talkgroup,
            source=event.source,
            test_link=event.test_link or "",
            priority=event.priority,
            requested_utc=envelope.t_utc,
        )
    )
    db.flush()


def _press(db: Session, event: Any, envelope: Envelope) -> Press:
    row = db.get(Press, event.request)
    if row is None:
        row = Press(
            request=event.request,
            position=event.position,
            talkgroup=event.talkgroup,
            requested_utc=envelope.t_utc,
        )
    db.add(row)
    return row


def _queued(db: Session, event: ev.FloorQueued, envelope: Envelope) -> None:
    row = _press(db, event, envelope)
    row.queued_utc = row.queued_utc or envelope.t_utc


def _granted(db: Session, event: ev.FloorGranted, envelope: Envelope) -> None:
    row = _press(db, event, envelope)
    row.granted_utc, row.wait_ms = envelope.t_utc, event.wait_ms
    row.transmission = event.transmission


def _refused(db: Session, event: ev.FloorRefused, envelope: Envelope) -> None:
    row = _press(db, event, envelope)
    row.ended_utc, row.reason = envelope.t_utc, event.reason
    row.outcome = "not_sent" if event.not_sent else "refused"
    row.discarded_ms = event.discarded_ms


def _released(db: Session, event: ev.FloorReleased, envelope: Envelope) -> None:
    row = _press(db, event, envelope)
    row.ended_utc, row.cause, row.outcome = envelope.t_utc, event.cause, "released"
    row.on_air_ms, row.discarded_ms = event.on_air_ms, event.discarded_ms


def _lost(db: Session, event: ev.FloorLost, envelope: Envelope) -> None:
    row = _press(db, event, envelope)
    row.ended_utc, row.cause, row.outcome = envelope.t_utc, event.cause, "lost"
    row.reason, row.on_air_ms = event.reason, event.on_air_ms


# ---- units -------------------------------------------------------------------------------------


def _status_set(db: Session, event: ev.UnitStatusSet, envelope: Envelope) -> None:
    row = db.get(UnitState, event.unit) or UnitState(unit=event.unit)
    row.status_value, row.status_digit = event.value, event.digit
    row.status_words, row.status_kind = event.words, event.kind
    row.status_utc = row.last_heard_utc = envelope.t_utc
    db.add(row)
    db.add(
        UnitStatus(
            unit=event.unit,
            t_utc=envelope.t_utc,
            value=event.value,
            digit=event.digit,
            words=event.words,
            kind=event.kind,
            link=event.link,
            expires_utc=expiry_utc("message", envelope.t_utc),
        )
    )


def _positioned(db: Session, event: ev.UnitPositioned, envelope: Envelope) -> None:
    db.add(
        UnitPosition(
            unit=event.unit,
            t_utc=envelope.t_utc,
            latitude_deg=event.latitude_deg,
            longitude_deg=event.longitude_deg,
            error_m=event.error_m,
            age_s=event.age_s,
            speed_kmh=event.speed_kmh,
            direction_deg=event.direction_deg,
            reason=event.reason,
            expires_utc=expiry_utc("position", envelope.t_utc),
        )
    )


# ---- messages and notes ------------------------------------------------------------------------


def _message_received(db: Session, event: ev.MessageReceived, envelope: Envelope) -> None:
    db.add(
        Message(
            id=event.message,
            incoming=True,
            link=event.link,
            sender=event.sender,
            recipient=str(event.to) if event.to is not None else None,
            talkgroup=event.talkgroup,
            text=event.text,
            state="received",
            t_utc=envelope.t_utc,
            immediate=event.immediate,
            coding=event.coding,
            guessed=event.guessed,
            raw_hex=event.raw_hex,
            kind=event.kind,
            pid=event.pid,
            written=event.written,
            opta=event.opta,
            itsi=event.itsi,
            parts=event.parts,
            parts_missing=event.parts_missing,
            expires_utc=expiry_utc("message", envelope.t_utc),
        )
    )
    db.flush()


def _message_queued(db: Session, event: ev.MessageQueued, envelope: Envelope) -> None:
    db.add(
        Message(
            id=event.message,
            incoming=False,
            link=event.link,
            recipient=event.to,
            talkgroup=event.talkgroup,
            text=event.text,
            operator=event.operator,
            state="queued",
            t_utc=envelope.t_utc,
            kind=event.kind,
            value=event.value,
            immediate=event.immediate,
            expires_utc=expiry_utc("message", envelope.t_utc),
        )
    )
    db.flush()


def _message_progressed(db: Session, event: ev.MessageProgressed, envelope: Envelope) -> None:
    row = db.get(Message, event.message)
    if row is None:
        return
    row.state, row.state_reason = claimed((row.state, row.state_reason), event)
    if event.state in CLAIMS and getattr(row, f"{event.state}_utc") is None:
        setattr(row, f"{event.state}_utc", envelope.t_utc)
    db.add(row)


def _message_opened(db: Session, event: MessageOpened, envelope: Envelope) -> None:
    row = db.get(Message, event.message)
    if row is not None and row.opened_utc is None:
        row.opened_by, row.opened_utc = event.operator, envelope.t_utc
        db.add(row)


def _call_noted(db: Session, event: CallNoted, envelope: Envelope) -> None:
    if db.get(Note, event.note) is None:
        db.add(
            Note(
                id=event.note,
                call=event.call,
                text=event.text,
                operator=event.operator,
                t_utc=envelope.t_utc,
            )
        )
        db.flush()


# ---- alarms ------------------------------------------------------------------------------------


def _alarm_raised(db: Session, event: ev.AlarmRaised, envelope: Envelope) -> None:
    row = db.get(Alarm, event.alarm)
    if row is None:
        row = Alarm(
            id=event.alarm,
            unit=event.unit,
            alias=event.alias,
            talkgroup=event.talkgroup,
            link=event.link,
            sign=event.sign,
            raised_utc=envelope.t_utc,
        )
    row.call, row.talkgroup = event.call or row.call, event.talkgroup
    row.exercise, row.late = event.exercise, event.late
    row.no_exercise = event.no_exercise
    if event.latitude_deg is not None:
        row.latitude_deg, row.longitude_deg = event.latitude_deg, event.longitude_deg
        row.error_m = event.error_m
    row.shown_utc = row.ack_utc = row.ended_utc = None
    db.add(row)
    _step(db, event.alarm, "raised_again" if event.again else "raised", envelope, detail=event.sign)


def _alarm_shown(db: Session, event: ev.AlarmShown, envelope: Envelope) -> None:
    row = db.get(Alarm, event.alarm)
    if row is not None and row.shown_utc is None:
        row.shown_utc, row.shown_position = envelope.t_utc, event.position
        db.add(row)
    _step(db, event.alarm, "shown", envelope, position=event.position)


def _alarm_acknowledged(db: Session, event: ev.AlarmAcknowledged, envelope: Envelope) -> None:
    row = db.get(Alarm, event.alarm)
    if row is not None:
        row.ack_utc = row.ack_utc or envelope.t_utc
        row.ack_by, row.way, row.way_reason = event.operator, event.way, event.reason
        db.add(row)
    _step(
        db,
        event.alarm,
        "acknowledged",
        envelope,
        who=event.operator,
        position=event.position,
        detail=event.way,
    )


def _alarm_answered(db: Session, event: ev.AlarmAnswered, envelope: Envelope) -> None:
    row = db.get(Alarm, event.alarm)
    if row is not None:
        row.way, row.way_reason = event.way, event.reason
        db.add(row)
    _step(db, event.alarm, "answered", envelope, detail=event.way)


def _alarm_escalated(db: Session, event: ev.AlarmEscalated, envelope: Envelope) -> None:
    _step(db, event.alarm, "escalated", envelope, detail=event.step)


def _alarm_ended(db: Session, event: ev.AlarmEnded, envelope: Envelope) -> None:
    row = db.get(Alarm, event.alarm)
    if row is not None:
        row.ended_utc, row.ended_by = envelope.t_utc, event.operator
        row.end_reason = event.reason
        db.add(row)
    _step(db, event.alarm, "ended", envelope, who=event.operator, detail=event.reason)


def _step(
    db: Session,
    alarm: str,
    step: str,
    envelope: Envelope,
    *,
    who: str = "",
    position: str | None = None,
    detail: str = "",
) -> None:
    db.add(
        AlarmStep(
            alarm=alarm,
            step=step,
            t_utc=envelope.t_utc,
            who=who,
            position=position,
            detail=detail,
        )
    )
