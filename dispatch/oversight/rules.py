"""The alert rules, each a count with its limit and the sentence that explains it.

No rule adds to a score, and nothing is ranked: each alert is one sentence about one person's
looks, for a reviewer to read. The figures come from the rows of ``look_up`` at the moment they are
needed, so that a restart forgets nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from sqlalchemy import ColumnElement, Integer, cast, func
from sqlmodel import Session, col, select

from dispatch.auth.permissions import Role
from dispatch.oversight.tables import LookUp
from dispatch.store.tables import PositionLog
from gateway.model.ids import UtcUs

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
KEPT_DAYS = 31
MEDIAN_DAYS, MEDIAN_TIMES, MEDIAN_FLOOR = 30, 3, 20
UNNAMED_OBJECTS = 5
SAME_SUBJECT, SAME_DAYS = 3, 2
DENIALS, DENIALS_MINUTES = 5, 10
PAGES, PAGES_MINUTES = 20, 10
EXPORT_BYTES = 500_000_000
OFF_SHIFT_MINUTES = 60
LISTS = frozenset({"call.search", "message.search", "audit.read", "access.read"})
"""Verbs that answer with a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One sentence for a reviewer. ``rule`` is its name in the documents."""

    rule: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One person and their newest look, as a rule sees them."""

    row: LookUp
    now: UtcUs
    seated: bool


Rule = Callable[[Session, Looked], Alert | None]


def _mine(looked: Looked, since: int) -> tuple[ColumnElement[bool], ...]:
    return (col(LookUp.person) == looked.row.person, col(LookUp.t_utc) >= since)


def _count(db: Session, looked: Looked, since: int, *more: ColumnElement[bool]) -> int:
    where = (*_mine(looked, since), *more)
    return db.exec(select(func.count()).select_from(LookUp).where(*where)).one()


def pace(db: Session, looked: Looked) -> Alert | None:
    """Tell of more look-ups in an hour than three times the own usual, and more than twenty."""
    ok = col(LookUp.denied).is_(False)
    count = _count(db, looked, looked.now - HOUR_US, ok)
    if count <= MEDIAN_FLOOR:
        return None
    hour = cast(col(LookUp.t_utc) / HOUR_US, Integer)
    before = (*_mine(looked, looked.now - MEDIAN_DAYS * DAY_US), ok)
    query = select(func.count()).where(*before, col(LookUp.t_utc) < looked.now - HOUR_US)
    hours = [int(one) for one in db.exec(query.group_by(hour))]
    usual = median(hours) if hours else 0
    if count <= MEDIAN_TIMES * usual:
        return None
    return Alert(
        rule="pace",
        words=f"{count} look-ups within an hour; the own median of the last 30 days is "
        f"{usual:g} in an hour with any",
    )


def unnamed_objects(db: Session, looked: Looked) -> Alert | None:
    """Tell of more than five objects in a day without an incident, case or order named."""
    where = _mine(looked, looked.now - DAY_US)
    distinct = func.count(func.distinct(col(LookUp.object)))
    query = select(distinct).where(
        *where, col(LookUp.reasoned) == "words", col(LookUp.object_type) != ""
    )
    skipped = col(LookUp.verb).not_in(LISTS)
    count = db.exec(query.where(skipped)).one()
    if count <= UNNAMED_OBJECTS:
        return None
    return Alert(
        rule="unnamed_objects",
        words=f"{count} objects opened within 24 hours with words alone: no incident, case or "
        "order is named",
    )


def same_subject(db: Session, looked: Looked) -> Alert | None:
    """Tell of the same subject three times on two days or more without an incident."""
    subject = looked.row.subject
    if not subject or looked.row.reasoned != "words":
        return None
    where = _mine(looked, looked.now - MEDIAN_DAYS * DAY_US)
    query = select(LookUp.t_utc).where(
        *where, col(LookUp.subject) == subject, col(LookUp.reasoned) == "words"
    )
    times = list(db.exec(query))
    days = {t_utc // DAY_US for t_utc in times}
    if len(times) < SAME_SUBJECT or len(days) < SAME_DAYS:
        return None
    return Alert(
        rule="same_subject",
        words=f"the same subject looked at {len(times)} times on {len(days)} days within 30 days, "
        "no incident, case or order named",
    )


def off_shift(db: Session, looked: Looked) -> Alert | None:
    """Tell of a dispatcher who sits at no position, and sat at none within the hour."""
    row = looked.row
    if row.role != Role.DISPATCHER.value or looked.seated or row.denied:
        return None
    left = select(func.max(PositionLog.left_utc)).where(col(PositionLog.user) == row.user)
    last = db.exec(left).one()
    if last is not None and last >= looked.now - OFF_SHIFT_MINUTES * MINUTE_US:
        return None
    return Alert(
        rule="off_shift",
        words="a dispatcher looks up at no position, and sat at none within the hour before",
    )


def new_camera_group(db: Session, looked: Looked) -> Alert | None:
    """Tell of a camera group that this person never looked at, though they look at others."""
    group = looked.row.camera_group
    if not group:
        return None
    mine = _mine(looked, 0)
    known = _count(
        db, looked, 0, col(LookUp.camera_group) == group, col(LookUp.id) != looked.row.id
    )
    others = select(func.min(LookUp.t_utc)).where(*mine, col(LookUp.camera_group) != "")
    first = db.exec(others).one()
    if known or first is None or first > looked.now - DAY_US:
        return None
    return Alert(
        rule="new_camera_group",
        words=f"a camera of the group {group}, which this person had not looked at within "
        f"{KEPT_DAYS} days",
    )


def large_export(db: Session, looked: Looked) -> Alert | None:
    """Tell of more than 500 MB taken out within a day."""
    if not looked.row.size_bytes:
        return None
    where = _mine(looked, looked.now - DAY_US)
    total = db.exec(select(func.sum(LookUp.size_bytes)).where(*where)).one()
    if total <= EXPORT_BYTES:
        return None
    return Alert(
        rule="large_export", words=f"{total // 1_000_000} MB exported within 24 hours (limit 500)"
    )


def bulk_paging(db: Session, looked: Looked) -> Alert | None:
    """Tell of more than twenty pages of lists within ten minutes."""
    if looked.row.verb not in LISTS:
        return None
    since = looked.now - PAGES_MINUTES * MINUTE_US
    count = _count(db, looked, since, col(LookUp.verb).in_(LISTS))
    if count <= PAGES:
        return None
    return Alert(
        rule="bulk_paging",
        words=f"{count} pages of search results or of the log within {PAGES_MINUTES} minutes",
    )


def denials(db: Session, looked: Looked) -> Alert | None:
    """Tell of five refusals and more within ten minutes."""
    if not looked.row.denied:
        return None
    since = looked.now - DENIALS_MINUTES * MINUTE_US
    count = _count(db, looked, since, col(LookUp.denied).is_(True))
    if count < DENIALS:
        return None
    return Alert(rule="denials", words=f"{count} refusals within {DENIALS_MINUTES} minutes")


RULES: tuple[Rule, ...] = (
    pace,
    unnamed_objects,
    same_subject,
    off_shift,
    new_camera_group,
    large_export,
    bulk_paging,
    denials,
)
"""Every rule; look-ups of staff's own things are told by ``staff``."""
