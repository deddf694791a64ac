"""The board after a start: the last transmissions, texts, units and open alarms, from the store."""

from sqlalchemy import not_
from sqlmodel import Session, col, func, select

from dispatch.services import rows
from dispatch.services.board import KEPT_MESSAGES, KEPT_TRANSMISSIONS, Board
from dispatch.services.individual_load import load_missed
from dispatch.services.message_rows import message_row
from dispatch.services.plans import LivePlan
from dispatch.store.engine import Store
from dispatch.store.tables import (
    Alarm,
    Message,
    RecordingFileRow,
    Transmission,
    UnitPosition,
    UnitState,
)
from gateway.model.ids import TalkgroupId, UnitId, UtcUs
from gateway.model.private_line import PRIVATE_SYSTEM
from gateway.model.unit_commands import INHIBIT, INHIBITS

DAY_US = 86_400_000_000


def load_board(board: Board, store: Store, plan: LivePlan, now: UtcUs) -> None:
    """Fill a new board (in the calling thread, at start)."""

    def work(db: Session) -> None:
        _load_transmissions(board, db, now)
        _load_messages(board, db, plan)
        _load_units(board, db)
        load_missed(board.individual, db, now)
        for alarm in db.exec(select(Alarm).where(col(Alarm.ended_utc).is_(None))):
            board.alarms[alarm.id] = rows.alarm_row(alarm)
            if alarm.talkgroup is not None:
                board.talkgroups.state(TalkgroupId(alarm.talkgroup)).alarm = alarm.id

    store.read_now(work)


def _load_transmissions(board: Board, db: Session, now: UtcUs) -> None:
    found = list(
        db.exec(
            select(Transmission)
            .where(
                col(Transmission.started_utc) > now - DAY_US,
                col(Transmission.copy_of).is_(None),
                not_(col(Transmission.talkgroup).startswith(f"{PRIVATE_SYSTEM}/")),
            )
            .order_by(col(Transmission.started_utc).desc())
            .limit(KEPT_TRANSMISSIONS * 4)
        )
    )
    with_sound = set(
        db.exec(
            select(RecordingFileRow.transmission).where(
                col(RecordingFileRow.transmission).in_([row.id for row in found]),
                RecordingFileRow.kind == "opus",
            )
        )
    )
    for row in found:
        board.transmissions.append(rows.transmission_row(row, has_sound=row.id in with_sound))
        if row.talker is None:
            continue
        info = board.units.info(UnitId(row.talker))
        info.heard_on.add(TalkgroupId(row.talkgroup))
        info.talkgroup = info.talkgroup or TalkgroupId(row.talkgroup)
        info.last_heard_utc = max(info.last_heard_utc or 0, row.started_utc)


def _load_messages(board: Board, db: Session, plan: LivePlan) -> None:
    found = db.exec(select(Message).order_by(col(Message.t_utc).desc()).limit(KEPT_MESSAGES * 4))
    for row in found:
        other = row.sender if row.incoming else row.recipient
        board.messages.append(message_row(row, plan.alias(other)))


def _load_units(board: Board, db: Session) -> None:
    for state in db.exec(select(UnitState).where(col(UnitState.status_value).is_not(None))):
        info = board.units.info(UnitId(state.unit))
        info.status = {
            "value": state.status_value,
            "digit": state.status_digit,
            "words": state.status_words,
            "kind": state.status_kind,
            "t_utc": state.status_utc,
        }
        info.last_heard_utc = max(info.last_heard_utc or 0, state.last_heard_utc or 0)
    _load_inhibits(board, db)
    newest = select(func.max(UnitPosition.id)).group_by(UnitPosition.unit)
    for fix in db.exec(select(UnitPosition).where(col(UnitPosition.id).in_(newest))):
        board.units.info(UnitId(fix.unit)).position = {
            "latitude_deg": fix.latitude_deg,
            "longitude_deg": fix.longitude_deg,
            "error_m": fix.error_m,
            "age_s": fix.age_s,
            "t_utc": fix.t_utc,
        }


def _load_inhibits(board: Board, db: Session) -> None:
    """Find the radios that are out of service, as long as the messages that did it are kept."""
    done = (
        select(Message)
        .where(col(Message.kind).in_(INHIBITS), col(Message.delivered_utc).is_not(None))
        .order_by(col(Message.delivered_utc))
    )
    for row in db.exec(done):
        if row.recipient is not None and row.delivered_utc is not None:
            since = UtcUs(row.delivered_utc) if row.kind == INHIBIT else None
            board.units.inhibited(row.recipient, since)
