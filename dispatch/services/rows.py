"""Rows of the console: what the snapshot, the event stream's reader and the call log share."""

from typing import Any

from sqlmodel import SQLModel

from dispatch.store.tables import Alarm
from gateway.model.events import (
    AlarmRaised,
    FloorRefused,
    TransmissionStarted,
)
from gateway.model.ids import UtcUs

Row = dict[str, Any]
"""One JSON object; its values are JSON values by construction."""


def transmission_started(event: TransmissionStarted, now: UtcUs) -> Row:
    """Return the row of a transmission that begins."""
    return {
        "id": event.transmission,
        "call": event.call,
        "talkgroup": event.talkgroup,
        "talker": event.talker,
        "alias": event.alias,
        "position": event.position,
        "operator": event.operator,
        "started_utc": now,
        "ended_utc": None,
        "duration_ms": 0,
        "emergency": event.emergency,
        "encrypted": event.encrypted,
        "readable": event.readable,
        "algorithm": event.algorithm,
        "key_id": event.key_id,
        "bit_error_rate": None,
        "late_entry": event.late_entry,
        "exercise": event.exercise,
        "source": event.source,
        "via": event.patch_label,
        "cause": "",
        "has_sound": False,
        "refused": None,
        "uploaded": "",
    }


def transmission_row(row: Any, *, has_sound: bool) -> Row:
    """Return the row of a stored transmission."""
    return {
        "id": row.id,
        "call": row.call,
        "talkgroup": row.talkgroup,
        "talker": row.talker,
        "alias": row.alias,
        "position": row.position,
        "operator": row.operator,
        "started_utc": row.started_utc,
        "ended_utc": row.ended_utc,
        "duration_ms": row.duration_ms,
        "emergency": row.emergency,
        "encrypted": row.encrypted,
        "readable": row.readable,
        "algorithm": row.algorithm,
        "key_id": row.key_id,
        "bit_error_rate": row.bit_error_rate,
        "late_entry": row.late_entry,
        "exercise": row.exercise,
        "source": row.source,
        "via": row.patch_label,
        "cause": row.cause,
        "has_sound": has_sound and row.erased_utc is None,
        "refused": None,
        "uploaded": row.uploaded,
    }


def refused_row(event: FloorRefused, operator: str, now: UtcUs) -> Row:
    """Return the row of a press that was never granted: it has no sound."""
    reason = event.reason
    return {
        "id": event.request,
        "call": None,
        "talkgroup": event.talkgroup,
        "talker": None,
        "alias": "",
        "position": event.position,
        "operator": operator,
        "started_utc": now,
        "ended_utc": now,
        "duration_ms": 0,
        "emergency": False,
        "encrypted": False,
        "readable": True,
        "algorithm": None,
        "key_id": None,
        "bit_error_rate": None,
        "late_entry": False,
        "exercise": False,
        "cause": "not_sent" if event.not_sent else "refused",
        "source": None,
        "via": "",
        "has_sound": False,
        "refused": reason,
        "uploaded": "",
    }


def alarm_raised(event: AlarmRaised, now: UtcUs) -> Row:
    """Return the row of an alarm: what was raised, and what has been done about it."""
    return {
        "alarm": event.alarm,
        "id": event.alarm,
        "unit": event.unit,
        "alias": event.alias,
        "talkgroup": event.talkgroup,
        "link": event.link,
        "sign": event.sign,
        "call": event.call,
        "again": event.again,
        "exercise": event.exercise,
        "no_exercise": event.no_exercise,
        "t_sign_utc": event.t_sign_utc,
        "late": event.late,
        "latitude_deg": event.latitude_deg,
        "longitude_deg": event.longitude_deg,
        "error_m": event.error_m,
        "state": "raised",
        "acknowledged_by": "",
        "way": "",
        "way_reason": "",
        "t_raised_utc": now,
        "t_ack_utc": None,
        "link_lost": False,
        "last_heard_utc": None,
        "escalated": "",
    }


def alarm_row(row: Alarm) -> Row:
    """Return the row of a stored, still open alarm."""
    state = "raised"
    if row.ack_utc is not None:
        state = "acknowledged"
    elif row.shown_utc is not None:
        state = "shown"
    return {
        "alarm": row.id,
        "id": row.id,
        "unit": row.unit,
        "alias": row.alias,
        "talkgroup": row.talkgroup,
        "link": row.link,
        "sign": row.sign,
        "call": row.call,
        "again": False,
        "exercise": row.exercise,
        "no_exercise": row.no_exercise,
        "t_sign_utc": row.raised_utc,
        "late": row.late,
        "latitude_deg": row.latitude_deg,
        "longitude_deg": row.longitude_deg,
        "error_m": row.error_m,
        "state": state,
        "acknowledged_by": row.ack_by,
        "way": row.way,
        "way_reason": row.way_reason,
        "t_raised_utc": row.raised_utc,
        "t_ack_utc": row.ack_utc,
        "link_lost": False,
        "last_heard_utc": None,
        "escalated": "",
    }


def as_row(row: SQLModel) -> Row:
    """Return any table row as a JSON object."""
    return row.model_dump()
