"""The missed calls of the last day, from the store, for a board after a start."""

from sqlmodel import Session, col, select

from dispatch.services.board_individual import KEPT_MISSED, MISSED_US, IndividualBoard
from dispatch.services.rows import Row
from dispatch.store.individual import IndividualCall
from dispatch.store.tables import Call
from gateway.model.ids import UtcUs


def load_missed(board: IndividualBoard, db: Session, now: UtcUs) -> None:
    """Fill the list of missed calls, the newest first."""
    found = db.exec(
        select(IndividualCall, Call)
        .where(
            col(Call.id) == col(IndividualCall.id),
            col(IndividualCall.outcome) == "missed",
            col(Call.started_utc) > now - MISSED_US,
        )
        .order_by(col(Call.started_utc).desc())
        .limit(KEPT_MISSED)
    )
    for row, call in found:
        board.keep_missed(_row(row, call))


def _row(row: IndividualCall, call: Call) -> Row:
    return {
        "call": row.id,
        "line": row.line,
        "link": call.link,
        "kind": row.kind,
        "incoming": row.incoming,
        "other": row.other,
        "digits": row.digits,
        "alias": row.alias,
        "duplex": row.duplex,
        "direct": False,
        "emergency": call.emergency,
        "queue_priority": 0,
        "encrypted": call.encrypted,
        "recorded": row.recorded,
        "why": row.why,
        "protected": row.protected,
        "rings_at": [],
        "position": None,
        "operator": "",
        "state": "missed",
        "progress": "",
        "talker": "",
        "started_utc": call.started_utc,
        "connected_utc": None,
        "ended_utc": call.ended_utc or call.started_utc,
        "cause": call.cause,
        "called_back_by": "",
    }
