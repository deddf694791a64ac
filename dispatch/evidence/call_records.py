"""``c-….json`` and ``t-….json``: calls and overs as the call table has them.

With a call goes what was written meanwhile: statuses, texts, notes, and, where an order names them,
acts at desks.
"""

from collections.abc import Sequence

from sqlmodel import Session, col, or_, select

from dispatch.calllog.tables import UnitStatus
from dispatch.evidence.builder import json_bytes
from dispatch.evidence.selection import Selection
from dispatch.evidence.verifier.contents import CALLS, file_id
from dispatch.extracts.corrections import beside
from dispatch.retention.tables import DeskTelemetry
from dispatch.services.rows import Row, as_row
from dispatch.store.tables import Call, Message, Note, Press, Transmission
from dispatch.uploads.evidence import told_of

AFTER_US = 60_000_000
"""What was written up to a minute after a call still belongs to it."""
TEXTS_RULE = (
    "statuses and texts of this talkgroup, or to and from a radio that spoke in this call, "
    "from its start until 60 s after its end"
)
MAX_ROWS = 1000
TEXT_FIELDS = (
    "id", "kind", "t_utc", "incoming", "sender", "recipient", "talkgroup", "text", "value",
    "operator", "state", "state_reason", "sent_utc", "delivered_utc", "read_utc", "raw_hex",
)  # fmt: skip


def call_records(
    db: Session, rows: Sequence[Transmission], calls: dict[str, Call | None], selection: Selection
) -> dict[str, bytes]:
    """Return the records of overs and calls, by their name in the package."""
    uploads = told_of(db, [row.id for row in rows if row.uploaded])
    records = {
        f"{CALLS}{file_id(row.id)}.json": json_bytes(
            as_row(row) | ({"upload": uploads[row.id]} if row.id in uploads else {})
        )
        for row in rows
    }
    for call_id, call in calls.items():
        overs = [row for row in rows if row.call == call_id]
        if call is not None and overs:
            records[f"{CALLS}{file_id(call_id)}.json"] = json_bytes(
                _call(db, call, overs, selection)
            )
    return records


def _call(db: Session, call: Call, overs: list[Transmission], selection: Selection) -> Row:
    units = sorted({row.talker for row in overs if row.talker})
    until = (call.ended_utc or max(row.ended_utc or row.started_utc for row in overs)) + AFTER_US
    notes = db.exec(select(Note).where(Note.call == call.id).order_by(col(Note.t_utc)))
    record: Row = {
        **as_row(call),
        "transmissions": [row.id for row in overs],
        "texts_rule": TEXTS_RULE,
        "texts": _texts(db, call, units, until),
        "statuses": _statuses(db, units, call.started_utc, until),
        "notes": [{"t_utc": one.t_utc, "by": one.operator, "text": one.text} for one in notes],
        "corrections": beside(db, "call", [call.id]),
    }
    if selection.desk:
        record["desks"] = _desks(db, call, until)
    return record


def _texts(db: Session, call: Call, units: list[str], until: int) -> list[Row]:
    between = select(Message).where(Message.t_utc >= call.started_utc, Message.t_utc < until)
    of_call = or_(
        col(Message.talkgroup) == call.talkgroup,
        col(Message.talkgroup).is_(None)
        & (col(Message.sender).in_(units) | col(Message.recipient).in_(units)),
    )
    found = db.exec(between.where(of_call).order_by(col(Message.t_utc)).limit(MAX_ROWS))
    return [
        {name: value for name, value in as_row(row).items() if name in TEXT_FIELDS}
        for row in found
        if row.erased_utc is None
    ]


def _statuses(db: Session, units: list[str], start: int, until: int) -> list[Row]:
    query = select(UnitStatus).where(
        col(UnitStatus.unit).in_(units), UnitStatus.t_utc >= start, UnitStatus.t_utc < until
    )
    return [as_row(row) for row in db.exec(query.order_by(col(UnitStatus.t_utc)).limit(MAX_ROWS))]


def _desks(db: Session, call: Call, until: int) -> Row:
    """Return presses on the talkgroup and what the desks were set to meanwhile."""
    presses = select(Press).where(
        Press.talkgroup == call.talkgroup,
        Press.requested_utc >= call.started_utc,
        Press.requested_utc < until,
    )
    kept = select(DeskTelemetry).where(
        DeskTelemetry.t_utc >= call.started_utc, DeskTelemetry.t_utc < until
    )
    return {
        "presses": [as_row(row) for row in db.exec(presses.order_by(col(Press.requested_utc)))],
        "settings": [
            as_row(row) for row in db.exec(kept.order_by(col(DeskTelemetry.t_utc)).limit(MAX_ROWS))
        ],
    }
