"""What cameras reported and sent expires: events after 72 hours, stills and clips after 30 days.

Unless a person took up their incident (any state but ``new``): then they stay as long as the
incident does. Nothing that a hold has taken expires. ``expired`` names, ``erase`` removes in the
caller's transaction and returns the files that nobody names any more, for the caller to destroy
after the commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, delete, select
from sqlmodel.sql.expression import SelectOfScalar

from dispatch.cameras.tables import CameraEvent, CameraMedia, CameraUnread
from dispatch.incidents.claims import CONFIRMED
from dispatch.incidents.tables import ClaimHit, Incident
from dispatch.retention.tables import Hold, HoldMember

EVENT, UNREAD, MEDIA = "camera_event", "camera_unread", "media"
DAY_US = 86_400 * 1_000_000
UNTOUCHED = "new"
"""State of an incident that no person has taken up."""
DONE = ("fetched", "partial", "gone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How long what belongs to no incident is kept, in µs."""

    event_us: int = 3 * DAY_US
    unread_us: int = 3 * DAY_US
    media_us: int = 30 * DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """One object whose time is over. ``file`` is below the media folder, empty without one."""

    type: str
    id: str
    t_utc: int
    file: str = ""
    sha256: str = ""


DEFAULT_PERIODS = Periods()


def expired(
    db: Session, now: int, periods: Periods = DEFAULT_PERIODS, limit: int = 200
) -> list[Expired]:
    """Return up to ``limit`` objects of each kind whose time is over, oldest first, none held."""
    found = [
        Expired(type=EVENT, id=row.id, t_utc=row.t_recv_utc, sha256=row.raw_sha256)
        for row in db.exec(
            select(CameraEvent)
            .where(
                col(CameraEvent.t_recv_utc) <= now - periods.event_us,
                ~_kept(CameraEvent.incident, now),
                col(CameraEvent.id).not_in(_held(EVENT)),
            )
            .order_by(col(CameraEvent.t_recv_utc))
            .limit(limit)
        )
    ]
    found += [
        Expired(type=UNREAD, id=row.id, t_utc=row.t_recv_utc, sha256=row.raw_sha256)
        for row in db.exec(
            select(CameraUnread)
            .where(
                col(CameraUnread.t_recv_utc) <= now - periods.unread_us,
                col(CameraUnread.id).not_in(_held(UNREAD)),
            )
            .order_by(col(CameraUnread.t_recv_utc))
            .limit(limit)
        )
    ]
    found += [
        Expired(
            type=MEDIA,
            id=row.id,
            t_utc=row.done_utc or row.made_utc,
            file=row.file,
            sha256=row.sha256,
        )
        for row in db.exec(
            select(CameraMedia)
            .where(
                col(CameraMedia.erased_utc).is_(None),
                or_(
                    col(CameraMedia.expires_utc) <= now,
                    and_(
                        col(CameraMedia.expires_utc).is_(None),
                        col(CameraMedia.made_utc) <= now - periods.media_us,
                    ),
                ),
                col(CameraMedia.next_utc) == 0,
                col(CameraMedia.state).in_(DONE),
                ~_kept(CameraMedia.incident, now),
                col(CameraMedia.id).not_in(_held(MEDIA)),
            )
            .order_by(col(CameraMedia.made_utc))
            .limit(limit)
        )
    ]
    return found


def erase(db: Session, objects: Sequence[Expired], now: int) -> list[Expired]:
    """Remove events, with the candidates of identity that nobody confirmed, and mark media erased.

    Returns what has a file; one that another row still names is not in the answer. The row of a
    still or clip stays: that it was there, its SHA-256, and when it was erased.
    """
    ids = {kind: [one.id for one in objects if one.type == kind] for kind in (EVENT, UNREAD, MEDIA)}
    events = list(db.exec(select(CameraEvent).where(col(CameraEvent.id).in_(ids[EVENT]))))
    for row in events:
        db.exec(
            delete(ClaimHit).where(
                col(ClaimHit.source) == row.source,
                col(ClaimHit.src_event_id) == row.src_event_id,
                col(ClaimHit.state) != CONFIRMED,
            )
        )
    db.exec(delete(CameraEvent).where(col(CameraEvent.id).in_(ids[EVENT])))
    db.exec(delete(CameraUnread).where(col(CameraUnread.id).in_(ids[UNREAD])))
    for media in db.exec(select(CameraMedia).where(col(CameraMedia.id).in_(ids[MEDIA]))):
        media.erased_utc, media.why = now, ""
        db.add(media)
    db.flush()
    files = [one for one in objects if one.file]
    named = select(CameraMedia.file).where(
        col(CameraMedia.file).in_([one.file for one in files]),
        col(CameraMedia.erased_utc).is_(None),
    )
    still = set(db.exec(named))
    return [one for one in files if one.file not in still]


def _kept(incident: object, now: int) -> ColumnElement[bool]:
    """Whether a person took up the incident of a row, and it is still kept."""
    kept = select(Incident.id).where(
        Incident.state != UNTOUCHED,
        or_(col(Incident.expires_utc).is_(None), col(Incident.expires_utc) > now),
    )
    column = col(incident)
    return and_(column.is_not(None), column.in_(kept))


def _held(kind: str) -> SelectOfScalar[str]:
    """Return the ids that a standing hold has taken."""
    return (
        select(HoldMember.object)
        .join(Hold, col(Hold.id) == col(HoldMember.hold))
        .where(HoldMember.type == kind, col(Hold.lifted_utc).is_(None))
    )
