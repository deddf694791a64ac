"""Rows of messages: what the snapshot, the event stream's reader and the search share."""

from typing import Any

from dispatch.services.rows import Row
from dispatch.store.tables import Message
from gateway.model.events import MessageProgressed, MessageQueued, MessageReceived
from gateway.model.ids import UtcUs

CLAIMS = ("accepted", "sent", "delivered", "read")
"""What can be known of a message on its way, each by itself."""
_WORTH = {
    "queued": 0,
    "unknown": 1,
    "accepted": 1,
    "sent": 2,
    "failed": 3,
    "delivered": 4,
    "read": 5,
}
"""Which state is shown where several are known; an unknown outcome follows what was accepted."""


def claimed(before: tuple[str, str], event: MessageProgressed) -> tuple[str, str]:
    """Return state and reason after one more claim; a lesser one changes neither."""
    if _WORTH.get(event.state, 0) >= _WORTH.get(before[0], 0):
        return event.state, event.reason
    return before


def progressed(row: Row, event: MessageProgressed, now: UtcUs) -> None:
    """Take one claim into a row."""
    row["state"], row["reason"] = claimed((row["state"], row["reason"]), event)
    if event.state in CLAIMS:
        row["claims"][event.state] = row["claims"][event.state] or now


def _row(**known: Any) -> Row:  # Any: JSON values
    """Return a row with what every message has, and the rest empty."""
    row: Row = {
        "sender": None,
        "alias": "",
        "to": None,
        "talkgroup": None,
        "text": "",
        "operator": "",
        "state": "",
        "reason": "",
        "opened_by": "",
        "opened_utc": None,
        "immediate": False,
        "guessed": False,
        "coding": "",
        "raw_hex": "",
        "kind": "text",
        "value": None,
        "pid": None,
        "written": "",
        "opta": "",
        "itsi": "",
        "parts": 1,
        "parts_missing": 0,
        "claims": dict.fromkeys(CLAIMS),
    }
    return row | known


def message_received(event: MessageReceived, alias: str, now: UtcUs) -> Row:
    """Return the row of a text, or of data, that came in."""
    return _row(
        id=event.message,
        incoming=True,
        link=event.link,
        sender=event.sender,
        alias=alias,
        to=str(event.to) if event.to is not None else None,
        talkgroup=event.talkgroup,
        text=event.text,
        state="received",
        t_utc=now,
        immediate=event.immediate,
        guessed=event.guessed,
        coding=event.coding,
        raw_hex=event.raw_hex,
        kind=event.kind,
        pid=event.pid,
        written=event.written,
        opta=event.opta,
        itsi=event.itsi,
        parts=event.parts,
        parts_missing=event.parts_missing,
    )


def message_queued(event: MessageQueued, alias: str, now: UtcUs) -> Row:
    """Return the row of a text, a status or a request from a desk."""
    return _row(
        id=event.message,
        incoming=False,
        link=event.link,
        alias=alias,
        to=event.to,
        talkgroup=event.talkgroup,
        text=event.text,
        operator=event.operator,
        state="queued",
        t_utc=now,
        immediate=event.immediate,
        kind=event.kind,
        value=event.value,
    )


def message_row(row: Message, alias: str) -> Row:
    """Return the row of a stored message."""
    return _row(
        id=row.id,
        incoming=row.incoming,
        link=row.link,
        sender=row.sender,
        alias=alias,
        to=row.recipient,
        talkgroup=row.talkgroup,
        text=row.text,
        operator=row.operator,
        state=row.state,
        reason=row.state_reason,
        t_utc=row.t_utc,
        opened_by=row.opened_by,
        opened_utc=row.opened_utc,
        immediate=row.immediate,
        guessed=row.guessed,
        coding=row.coding,
        raw_hex=row.raw_hex,
        kind=row.kind,
        value=row.value,
        pid=row.pid,
        written=row.written,
        opta=row.opta,
        itsi=row.itsi,
        parts=row.parts,
        parts_missing=row.parts_missing,
        claims={
            "accepted": row.accepted_utc,
            "sent": row.sent_utc,
            "delivered": row.delivered_utc,
            "read": row.read_utc,
        },
    )
