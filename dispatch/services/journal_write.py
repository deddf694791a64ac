"""What each event does to the store. Pure translation: a session and an envelope in, rows out.

Every writer can be given an event whose beginning was never seen (it went down with a server): it
then makes the rows it needs, marked ``late``.
"""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, select

from dispatch.services.plans import LivePlan
from dispatch.store.individual import IndividualCall
from dispatch.store.retention import (
    DEFAULT_CLASS,
    EMERGENCY_CLASS,
    expiry_utc,
    longer_class,
    policy_in_use,
)
from dispatch.store.tables import (
    Call,
    JournalMark,
    RecordingFileRow,
    Transmission,
)
from gateway.model import events as ev
from gateway.model.events import Envelope
from gateway.model.ids import GatewayId, TalkgroupId
from gateway.model.individual_plan import PRIVATE_RETENTION
from gateway.model.private_line import is_private

US_PER_MS = 1000

Writer = Callable[[Session, Any, Envelope], None]
"""Takes the event class that its key in the table stands for (hence Any)."""


class JournalWriter:
    """Writes calls, transmissions and recordings; ``others`` writes the rest."""

    def __init__(self, plan: LivePlan, others: dict[str, Writer]) -> None:
        """Take the plan (retention classes) and the writers of desk and unit events."""
        self._plan = plan
        self._late = False
        self._told: list[Callable[[Session, set[str], set[str]], None]] = []
        self._writers: dict[str, Writer] = {
            "call.started": self._call_started,
            "call.updated": self._call_updated,
            "call.ended": self._call_ended,
            "transmission.started": self._transmission_started,
            "transmission.updated": self._transmission_updated,
            "transmission.ended": self._transmission_ended,
            "recording.closed": self._recording_closed,
            "recording.failed": self._recording_failed,
            **others,
        }

    def writes(self, event_type: str) -> bool:
        """Whether events of a type are stored."""
        return event_type in self._writers

    def write(self, db: Session, envelopes: list[Envelope], *, late: bool) -> None:
        """Write events in order, each once: what the mark says is in already is passed over."""
        self._late = late
        calls: set[str] = set()
        messages: set[str] = set()
        for envelope in envelopes:
            mark = db.get(JournalMark, envelope.gateway)
            if mark is not None and envelope.seq <= mark.seq and envelope.t_utc <= mark.t_utc:
                continue
            writer = self._writers.get(envelope.event.type)
            if writer is not None:
                writer(db, envelope.event, envelope)
                calls.add(str(getattr(envelope.event, "call", None) or ""))
                messages.add(str(getattr(envelope.event, "message", None) or ""))
            if mark is None:
                mark = JournalMark(gateway=envelope.gateway, seq=0, t_utc=0)
            mark.seq, mark.t_utc = envelope.seq, envelope.t_utc
            db.add(mark)
        db.flush()
        for told in self._told:
            told(db, calls - {""}, messages - {""})

    def on_written(self, callback: Callable[[Session, set[str], set[str]], None]) -> None:
        """Call ``callback`` in each transaction with the calls and messages that it wrote."""
        self._told.append(callback)

    def retention_of(self, talkgroup: TalkgroupId, *, emergency: bool) -> str:
        """Return the class of a call: the talkgroup's, or the emergency's when that is longer."""
        planned = self._plan.talkgroups.get(talkgroup)
        own = planned.retention if planned else DEFAULT_CLASS
        if is_private(talkgroup):
            own = PRIVATE_RETENTION
        return longer_class(own, EMERGENCY_CLASS) if emergency else own

    # ---- calls ---------------------------------------------------------------------------------

    def _call_started(self, db: Session, event: ev.CallStarted, envelope: Envelope) -> None:
        retention = self.retention_of(event.talkgroup, emergency=event.emergency)
        db.add(
            Call(
                id=event.call,
                gateway=envelope.gateway,
                call_seq=event.call_seq,
                talkgroup=event.talkgroup,
                link=event.link,
                caller=event.caller,
                started_utc=envelope.t_utc,
                priority=event.priority,
                emergency=event.emergency,
                encrypted=event.encrypted,
                late_entry=event.late_entry,
                late=self._late,
                exercise=event.exercise,
                plan=self._plan.number or event.plan,
                policy=policy_in_use(),
                retention_class=retention,
                expires_utc=expiry_utc(retention, envelope.t_utc),
            )
        )
        db.flush()

    def _call_of(
        self, db: Session, call: str, talkgroup: TalkgroupId, link: str, envelope: Envelope
    ) -> Call:
        row = db.get(Call, call)
        if row is None:
            retention = self.retention_of(talkgroup, emergency=False)
            row = Call(
                id=call,
                gateway=envelope.gateway,
                talkgroup=talkgroup,
                link=link,
                started_utc=envelope.t_utc,
                late=True,
                plan=self._plan.number,
                policy=policy_in_use(),
                retention_class=retention,
                expires_utc=expiry_utc(retention, envelope.t_utc),
            )
            db.add(row)
            db.flush()
        return row

    def _call_updated(self, db: Session, event: ev.CallUpdated, envelope: Envelope) -> None:
        row = self._call_of(db, event.call, event.talkgroup, "", envelope)
        row.emergency = row.emergency or event.emergency
        row.priority = event.priority
        row.exercise = row.exercise and event.exercise
        self._mark_emergency(db, row)
        db.add(row)

    def _call_ended(self, db: Session, event: ev.CallEnded, envelope: Envelope) -> None:
        row = self._call_of(db, event.call, event.talkgroup, "", envelope)
        row.ended_utc, row.cause, row.interrupted = envelope.t_utc, event.cause, event.interrupted
        db.add(row)

    def _mark_emergency(self, db: Session, call: Call) -> None:
        """Lengthen what an emergency keeps longer: the call and its transmissions so far."""
        if not call.emergency:
            return
        call.retention_class = longer_class(call.retention_class, EMERGENCY_CLASS)
        until = expiry_utc(call.retention_class, call.started_utc)
        call.expires_utc = max(call.expires_utc, until)
        for row in db.exec(select(Transmission).where(Transmission.call == call.id)):
            row.retention_class = longer_class(row.retention_class, call.retention_class)
            until = expiry_utc(row.retention_class, row.started_utc)
            row.expires_utc = max(row.expires_utc, until)
            db.add(row)

    # ---- transmissions -------------------------------------------------------------------------

    def _transmission_started(
        self, db: Session, event: ev.TransmissionStarted, envelope: Envelope
    ) -> None:
        call = self._call_of(db, event.call, event.talkgroup, event.link, envelope)
        call.emergency = call.emergency or event.emergency
        self._mark_emergency(db, call)
        _mark_encryption(call, event)
        db.add(
            Transmission(
                id=event.transmission,
                call=event.call,
                talkgroup=event.talkgroup,
                link=event.link,
                talker=event.talker,
                alias=event.alias,
                position=event.position,
                operator=event.operator,
                started_utc=envelope.t_utc,
                priority=event.priority,
                emergency=event.emergency,
                encrypted=event.encrypted,
                readable=event.readable,
                algorithm=event.algorithm,
                key_id=event.key_id,
                late_entry=event.late_entry,
                exercise=event.exercise,
                source=event.source,
                patch_label=event.patch_label,
                late=self._late,
                retention_class=call.retention_class,
                expires_utc=expiry_utc(call.retention_class, envelope.t_utc),
            )
        )
        db.flush()

    def _transmission_updated(
        self, db: Session, event: ev.TransmissionUpdated, envelope: Envelope
    ) -> None:
        row = db.get(Transmission, event.transmission)
        if row is None:
            return
        row.talker, row.alias = event.talker, event.alias
        row.exercise = row.exercise and event.exercise
        row.encrypted, row.readable = event.encrypted, event.readable
        row.algorithm, row.key_id = event.algorithm, event.key_id
        known = db.get(Call, event.call)
        if known is not None:
            _mark_encryption(known, event)
            db.add(known)
        if event.emergency and not row.emergency:
            row.emergency = True
            call = self._call_of(db, event.call, event.talkgroup, row.link, envelope)
            call.emergency = True
            db.add(row)
            db.flush()
            self._mark_emergency(db, call)
        db.add(row)

    def _transmission_ended(
        self, db: Session, event: ev.TransmissionEnded, envelope: Envelope
    ) -> None:
        row = db.get(Transmission, event.transmission)
        if row is None:
            return
        row.ended_utc, row.duration_ms = envelope.t_utc, event.duration_ms
        row.cause, row.lost_frames = event.cause, event.lost_frames
        row.bit_error_rate = event.bit_error_rate
        row.emergency = row.emergency or event.emergency
        db.add(row)

    # ---- recordings ----------------------------------------------------------------------------

    def _recording_closed(self, db: Session, event: ev.RecordingClosed, envelope: Envelope) -> None:
        row = db.get(Transmission, event.transmission)
        if row is None and event.copy_of is not None:
            row = self._further_reception(db, event, envelope)
        elif row is None:
            row = self._found_by_its_sound(db, event, envelope)
        if event.interrupted or row.ended_utc is None:
            row.duration_ms = max(row.duration_ms, event.duration_ms)
        if event.interrupted:
            row.cause = row.cause or "interrupted"
            row.ended_utc = event.started_utc + event.duration_ms * US_PER_MS
            call = db.get(Call, row.call)
            if call is not None and call.interrupted:
                call.ended_utc = max(call.ended_utc or 0, row.ended_utc)
                db.add(call)
        db.add(row)
        for file in event.files:
            known = db.exec(
                select(RecordingFileRow).where(
                    RecordingFileRow.transmission == event.transmission,
                    RecordingFileRow.kind == file.kind,
                )
            ).first()
            if known is None:
                db.add(_file_row(event, file, envelope))

    def _found_by_its_sound(
        self, db: Session, event: ev.RecordingClosed, envelope: Envelope
    ) -> Transmission:
        call = self._call_of(db, event.call, event.talkgroup, "", envelope)
        call.started_utc = min(call.started_utc, event.started_utc)
        call.interrupted = call.interrupted or event.interrupted
        call.ended_utc = call.ended_utc or event.started_utc + event.duration_ms * US_PER_MS
        db.add(call)
        row = Transmission(
            id=event.transmission,
            call=event.call,
            talkgroup=event.talkgroup,
            link=event.link or call.link,
            started_utc=event.started_utc,
            ended_utc=event.started_utc + event.duration_ms * US_PER_MS,
            duration_ms=event.duration_ms,
            cause="interrupted" if event.interrupted else "",
            late=True,
            retention_class=call.retention_class,
            expires_utc=expiry_utc(call.retention_class, event.started_utc),
        )
        db.add(row)
        db.flush()
        return row

    def _further_reception(
        self, db: Session, event: ev.RecordingClosed, envelope: Envelope
    ) -> Transmission:
        """Keep what another link heard of an over: its own sound, everything else as the over's."""
        call = self._call_of(db, event.call, event.talkgroup, "", envelope)
        over = db.get(Transmission, event.copy_of)
        row = Transmission(
            id=event.transmission,
            call=event.call,
            talkgroup=event.talkgroup,
            link=event.link or "",
            talker=over.talker if over else None,
            alias=over.alias if over else "",
            position=over.position if over else None,
            operator=over.operator if over else "",
            started_utc=event.started_utc,
            ended_utc=event.started_utc + event.duration_ms * US_PER_MS,
            duration_ms=event.duration_ms,
            emergency=over.emergency if over else False,
            exercise=over.exercise if over else call.exercise,
            encrypted=over.encrypted if over else False,
            cause=over.cause if over else "",
            copy_of=event.copy_of,
            late=event.late,
            retention_class=call.retention_class,
            expires_utc=expiry_utc(call.retention_class, event.started_utc),
        )
        db.add(row)
        db.flush()
        return row

    def _recording_failed(self, db: Session, event: ev.RecordingFailed, envelope: Envelope) -> None:
        row = db.get(Transmission, event.transmission)
        if row is not None:
            row.not_recorded = event.reason or "fault"
            db.add(row)


def _mark_encryption(call: Call, event: ev.TransmissionStarted | ev.TransmissionUpdated) -> None:
    """Let a call say what its last encrypted over said."""
    if event.encrypted:
        call.encrypted = True
        if event.algorithm is not None:
            call.algorithm, call.key_id = event.algorithm, event.key_id


def _file_row(
    event: ev.RecordingClosed, file: ev.RecordingFile, envelope: Envelope
) -> RecordingFileRow:
    return RecordingFileRow(
        transmission=event.transmission,
        kind=file.kind,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        name=file.name,
        duration_ms=event.duration_ms,
        closed_utc=envelope.t_utc,
        late=event.late,
        interrupted=event.interrupted,
    )


def close_interrupted(db: Session, gateway: GatewayId) -> list[str]:
    """Close calls that a crash left open; returns their ids. Their sound tells the end later."""
    calls = list(
        db.exec(select(Call).where(Call.gateway == gateway, col(Call.ended_utc).is_(None)))
    )
    for call in calls:
        last = call.started_utc
        for row in db.exec(select(Transmission).where(Transmission.call == call.id)):
            if row.ended_utc is None:
                row.ended_utc, row.cause = row.started_utc, "interrupted"
                db.add(row)
            last = max(last, row.ended_utc)
        call.ended_utc, call.interrupted, call.cause = last, True, "interrupted"
        db.add(call)
        private = db.get(IndividualCall, call.id)
        if private is not None:
            private.outcome = "interrupted"
            db.add(private)
    return [call.id for call in calls]
