"""What events of private calls do to the store: a row of ``call`` and one of its own."""

from typing import Any

from sqlmodel import Session

from dispatch.services.journal_write import US_PER_MS, Writer
from dispatch.store.individual import IndividualCall
from dispatch.store.retention import EMERGENCY_CLASS, expiry_utc, longer_class
from dispatch.store.tables import Call
from gateway.model import individual_events as ev
from gateway.model.envelope import Envelope
from gateway.model.individual import IndividualKind


def individual_writers() -> dict[str, Writer]:
    """Return the writer of each event type of this module."""
    return {
        "individual.ringing": _ringing,
        "individual.dialled": _dialled,
        "individual.answered": _answered,
        "individual.declined": _declined,
        "individual.connected": _connected,
        "individual.ended": _ended,
    }


def _begin(
    db: Session,
    event: ev.IndividualRinging | ev.IndividualDialled,
    envelope: Envelope,
    row: IndividualCall,
) -> None:
    retention = event.retention
    if event.emergency:
        retention = longer_class(retention, EMERGENCY_CLASS)
    db.add(
        Call(
            id=event.call,
            gateway=envelope.gateway,
            call_seq=event.call_seq,
            talkgroup=event.line,
            link=event.link,
            caller=row.other if row.incoming else None,
            started_utc=envelope.t_utc,
            emergency=event.emergency,
            plan=event.plan,
            retention_class=retention,
            expires_utc=expiry_utc(retention, envelope.t_utc),
        )
    )
    db.add(row)
    db.flush()


def _ringing(db: Session, event: ev.IndividualRinging, envelope: Envelope) -> None:
    if db.get(IndividualCall, event.call) is not None:
        return
    row = _row(event, incoming=True)
    row.other, row.rule = event.caller, event.rule
    _begin(db, event, envelope, row)
    call = db.get(Call, event.call)
    if call is not None:
        call.priority, call.encrypted = event.priority, event.encrypted
        db.add(call)


def _dialled(db: Session, event: ev.IndividualDialled, envelope: Envelope) -> None:
    if db.get(IndividualCall, event.call) is not None:
        return
    row = _row(event, incoming=False)
    row.other, row.position, row.operator = event.called, event.position, event.operator
    _begin(db, event, envelope, row)


def _row(event: ev.IndividualRinging | ev.IndividualDialled, *, incoming: bool) -> IndividualCall:
    return IndividualCall(
        id=event.call,
        line=event.line,
        kind=event.kind,
        incoming=incoming,
        digits=event.digits,
        alias=event.alias,
        duplex=event.duplex,
        recorded=event.recorded,
        why=event.why,
        protected=event.protected,
    )


def _answered(db: Session, event: ev.IndividualAnswered, envelope: Envelope) -> None:
    row = db.get(IndividualCall, event.call)
    if row is not None:
        row.position, row.operator = event.position, event.operator
        row.answered_utc, row.waited_ms = envelope.t_utc, event.waited_ms
        db.add(row)


def _declined(db: Session, event: ev.IndividualDeclined, envelope: Envelope) -> None:
    row = db.get(IndividualCall, event.call)
    if row is not None:
        row.declined_at = ",".join(filter(None, (row.declined_at, event.position)))
        db.add(row)


def _connected(db: Session, event: ev.IndividualConnected, envelope: Envelope) -> None:
    row = db.get(IndividualCall, event.call)
    if row is not None:
        row.connected_utc, row.duplex = envelope.t_utc, event.duplex
        db.add(row)


def _ended(db: Session, event: ev.IndividualEnded, envelope: Envelope) -> None:
    row, call = db.get(IndividualCall, event.call), db.get(Call, event.call)
    if row is not None:
        row.outcome, row.talked_ms = event.outcome, event.talked_ms
        if row.incoming and row.waited_ms is None and call is not None:
            row.waited_ms = (envelope.t_utc - call.started_utc) // US_PER_MS
        db.add(row)
    if call is not None:
        call.ended_utc, call.cause = envelope.t_utc, event.cause
        call.interrupted = event.interrupted
        db.add(call)


def individual_of(row: IndividualCall | None) -> dict[str, Any] | None:
    """Return what the call log shows of a private call, None for a call of a talkgroup."""
    if row is None:
        return None
    return {
        "kind": row.kind,
        "incoming": row.incoming,
        "other": row.other,
        "digits": row.digits,
        "alias": row.alias,
        "duplex": row.duplex,
        "recorded": row.recorded,
        "why": row.why,
        "protected": row.protected,
        "position": row.position,
        "operator": row.operator,
        "waited_ms": row.waited_ms,
        "talked_ms": row.talked_ms,
        "outcome": row.outcome,
        "declined_at": row.declined_at,
    }


def individual_name(row: IndividualCall | None) -> str:
    """Return what stands in the call log where the talkgroup's name would; empty for none."""
    if row is None:
        return ""
    kind = "Telephone" if row.kind == IndividualKind.TELEPHONE.value else "Private"
    return f"{kind}, {row.alias or row.digits or 'unknown number'}"
