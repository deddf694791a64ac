"""What is left of an erased object: that it was there, when, and when it was erased.

Calls, texts, media and incidents stay as rows without words, names and numbers of persons; places,
camera events and desk telemetry go whole. Runs inside the erasing transaction; returns the files
whose keys are to be destroyed with it.
"""

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Table, delete, update
from sqlmodel import Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from dispatch.auditdesk.tables import Mark
from dispatch.calllog.tables import UnitStatus
from dispatch.cameras.tables import CameraEvent, CameraMedia, CameraUnread
from dispatch.incidents.tables import (
    ClaimHit,
    Incident,
    IncidentSuggestion,
    IncidentTimeline,
)
from dispatch.retention.classes import ERASED
from dispatch.retention.due import INCIDENT, UNREAD
from dispatch.retention.scope import CALL, EVENT, MARK, MEDIA, MESSAGE, POSITION, STATUS, TELEMETRY
from dispatch.retention.tables import DeskTelemetry
from dispatch.store.individual import IndividualCall
from dispatch.store.tables import (
    Alarm,
    AlarmStep,
    Call,
    Message,
    Note,
    Press,
    RecordingFileRow,
    Transmission,
    UnitPosition,
)

Hook = Callable[[Session, str, Sequence[str]], None]
"""Told (inside the transaction) of a type and the ids that are being erased."""
RECORDINGS, MEDIA_FOLDER = "recordings", "media"


def bury(db: Session, type_: str, ids: Sequence[str], now: int) -> list[str]:
    """Erase the rows of some objects of a type; returns names of files below the state folder."""
    return list(_BURY[type_](db, list(ids), now))


def _calls(db: Session, ids: list[str], now: int) -> Iterable[str]:
    overs = list(db.exec(select(Transmission.id).where(col(Transmission.call).in_(ids))))
    files = _files_of(db, overs)
    db.exec(
        update(Transmission)
        .where(col(Transmission.call).in_(ids))
        .values(talker=None, alias="", operator="", position=None, erased_utc=now)
    )
    db.exec(update(Call).where(col(Call.id).in_(ids)).values(caller=None, erased_utc=now))
    db.exec(delete(Note).where(col(Note.call).in_(ids)))
    db.exec(
        update(IndividualCall)
        .where(col(IndividualCall.id).in_(ids))
        .values(other=None, digits="", alias="", operator="", position=None, why="", declined_at="")
    )
    db.exec(update(Press).where(col(Press.transmission).in_(overs)).values(operator=""))
    alarms = list(db.exec(select(Alarm.id).where(col(Alarm.call).in_(ids))))
    db.exec(
        update(Alarm)
        .where(col(Alarm.id).in_(alarms))
        .values(
            unit=None, alias="", ack_by="", ended_by="", way_reason="", latitude_deg=None,
            longitude_deg=None,
        )
    )  # fmt: skip
    db.exec(update(AlarmStep).where(col(AlarmStep.alarm).in_(alarms)).values(who="", detail=""))
    db.exec(
        update(IncidentSuggestion)
        .where(col(IncidentSuggestion.call).in_(ids))
        .values(why="", terms=[])
    )
    return files


def _files_of(db: Session, overs: list[str]) -> list[str]:
    """Return files and sidecars of transmissions, less what another one still needs."""
    query = select(RecordingFileRow.name).where(col(RecordingFileRow.transmission).in_(overs))
    names = _texts(db, query)
    shared = (
        select(RecordingFileRow.name)
        .join(Transmission, col(Transmission.id) == col(RecordingFileRow.transmission))
        .where(
            col(RecordingFileRow.name).in_(names),
            col(Transmission.id).not_in(overs),
            col(Transmission.erased_utc).is_(None),
        )
    )
    names -= _texts(db, shared)
    return [
        *(f"{RECORDINGS}/{name}" for name in sorted(names)),
        *(f"{RECORDINGS}/{one}.json" for one in overs),
    ]


def _texts(db: Session, query: SelectOfScalar[str]) -> set[str]:
    return set(db.exec(query))


def _messages(db: Session, ids: list[str], now: int) -> Iterable[str]:
    db.exec(
        update(Message)
        .where(col(Message.id).in_(ids))
        .values(
            text="", raw_hex="", sender=None, recipient=None, operator="", opened_by="", opta="",
            itsi="", written="", state_reason="", value=None, erased_utc=now,
        )
    )  # fmt: skip
    return ()


def _media(db: Session, ids: list[str], now: int) -> Iterable[str]:
    rows = list(db.exec(select(CameraMedia).where(col(CameraMedia.id).in_(ids))))
    names = {row.file for row in rows if row.file}
    shared = select(CameraMedia.file).where(
        col(CameraMedia.file).in_(names),
        col(CameraMedia.id).not_in(ids),
        col(CameraMedia.erased_utc).is_(None),
    )
    names -= _texts(db, shared)
    db.exec(
        update(CameraMedia)
        .where(col(CameraMedia.id).in_(ids))
        .values(erased_utc=now, state="gone", reason="erased", made_by="", next_utc=0)
    )
    return [f"{MEDIA_FOLDER}/{name}" for name in sorted(names)]


def _events(db: Session, ids: list[str], _now: int) -> Iterable[str]:
    db.exec(delete(ClaimHit).where(col(ClaimHit.event).in_(ids)))
    db.exec(delete(CameraEvent).where(col(CameraEvent.id).in_(ids)))
    return ()


def _unread(db: Session, ids: list[str], _now: int) -> Iterable[str]:
    db.exec(delete(CameraUnread).where(col(CameraUnread.id).in_(ids)))
    return ()


def _positions(db: Session, ids: list[str], _now: int) -> Iterable[str]:
    db.exec(delete(UnitPosition).where(col(UnitPosition.id).in_([int(one) for one in ids])))
    return ()


def _statuses(db: Session, ids: list[str], _now: int) -> Iterable[str]:
    db.exec(delete(UnitStatus).where(col(UnitStatus.id).in_([int(one) for one in ids])))
    return ()


def _telemetry(db: Session, ids: list[str], _now: int) -> Iterable[str]:
    db.exec(delete(DeskTelemetry).where(col(DeskTelemetry.id).in_(ids)))
    return ()


def _marks(db: Session, ids: list[str], _now: int) -> Iterable[str]:
    db.exec(delete(Mark).where(col(Mark.id).in_(ids)))
    return ()


def _incidents(db: Session, ids: list[str], now: int) -> Iterable[str]:
    db.exec(
        update(Incident)
        .where(col(Incident.id).in_(ids))
        .values(
            title="Erased", place="", latitude_deg=None, longitude_deg=None, close_reason="",
            closed_by="", opened_by="", owner="", owner_name="", clock_note="", retention=ERASED,
        )
    )  # fmt: skip
    # The one change that the timeline's guard lets through: empty words, with the time of it.
    db.exec(
        update(IncidentTimeline)
        .where(col(IncidentTimeline.incident).in_(ids), col(IncidentTimeline.erased_utc).is_(None))
        .values(text="", data={}, erased_utc=now)
    )
    db.exec(delete(ClaimHit).where(col(ClaimHit.incident).in_(ids)))
    for name in ("cap_message", "incident_handover"):
        table = SQLModel.metadata.tables[name]
        _blank_raw(db, table, ids)
    return ()


def _blank_raw(db: Session, table: Table, ids: list[str]) -> None:
    db.execute(update(table).where(table.c.incident.in_(ids)).values(raw=b""))


_BURY: dict[str, Callable[[Session, list[str], int], Iterable[str]]] = {
    CALL: _calls,
    MESSAGE: _messages,
    MEDIA: _media,
    EVENT: _events,
    UNREAD: _unread,
    POSITION: _positions,
    STATUS: _statuses,
    TELEMETRY: _telemetry,
    MARK: _marks,
    INCIDENT: _incidents,
}
