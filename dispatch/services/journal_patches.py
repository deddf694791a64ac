"""What events of patches do to the store."""

import json

from sqlmodel import Session

from dispatch.services.journal_write import Writer
from dispatch.store.patches import PatchCall, PatchRow
from gateway.model import events as ev
from gateway.model.envelope import Envelope


def patch_writers() -> dict[str, Writer]:
    """Return the writer of each event type of this module."""
    return {
        "patch.made": _made,
        "patch.changed": _changed,
        "patch.ended": _ended,
        "patch.call_joined": _call_joined,
    }


def _made(db: Session, event: ev.PatchMade, envelope: Envelope) -> None:
    row = db.get(PatchRow, event.patch)
    if row is None:
        row = PatchRow(
            id=event.patch,
            gateway=envelope.gateway,
            label=event.label,
            name=event.name,
            members="[]",
            owner=event.owner,
            owner_id=event.owner_id,
            position=event.position,
            reason=event.reason,
            mixed=event.mixed,
            from_plan=event.from_plan,
            since_utc=event.since_utc or envelope.t_utc,
        )
    row.members, row.until_utc = json.dumps(list(event.members)), event.until_utc
    row.ended_utc, row.cause = None, ""
    db.add(row)


def _changed(db: Session, event: ev.PatchChanged, envelope: Envelope) -> None:
    row = db.get(PatchRow, event.patch)
    if row is not None:
        row.name, row.until_utc, row.mixed = event.name, event.until_utc, event.mixed
        row.members = json.dumps(list(event.members))
        db.add(row)


def _ended(db: Session, event: ev.PatchEnded, envelope: Envelope) -> None:
    row = db.get(PatchRow, event.patch)
    if row is not None:
        row.ended_utc, row.cause = envelope.t_utc, event.cause
        row.ended_by, row.end_reason = event.operator, event.reason
        db.add(row)


def _call_joined(db: Session, event: ev.PatchCallJoined, envelope: Envelope) -> None:
    if db.get(PatchCall, (event.patch, event.call)) is None:
        db.add(
            PatchCall(
                patch=event.patch, call=event.call, label=event.label, talkgroup=event.talkgroup
            )
        )
