"""How many people worked when: only numbers leave this module, so that no figure points at one.

Figures about work are shown for groups of at least ``FEWEST`` people. A smaller shift is folded
into the others; where all of them together are fewer, there is no figure at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, select

from dispatch.reports.shifts import Shifts, Span
from dispatch.store.tables import PositionLog, User

FEWEST = 3
"""Fewest people that a figure may stand for."""
TOGETHER = "Shifts together"


@dataclass(frozen=True, slots=True)
class Staffing:
    """Which shifts may stand by themselves. Holds numbers and names of shifts, no person."""

    people: int
    """Different people in the whole time."""
    group_of: Mapping[str, str]
    """Shift -> the group under which its figures are shown."""
    people_of: Mapping[str, int]
    """People of each group."""

    @property
    def enough(self) -> bool:
        """Whether figures about work may be shown at all."""
        return self.people >= FEWEST


def staffing(
    db: Session, span: Span, shifts: Shifts, acted: Iterable[tuple[str, str]] = ()
) -> Staffing:
    """Return which shifts may be shown apart in a time, from the log of positions.

    ``acted`` names (shift, account) of those who worked without a position.
    """
    person_of = {user: person for user, person in db.exec(select(User.id, User.person))}
    rows = db.exec(
        select(PositionLog.user, PositionLog.taken_utc, PositionLog.left_utc).where(
            PositionLog.taken_utc < span.to_utc,
            (col(PositionLog.left_utc).is_(None)) | (col(PositionLog.left_utc) > span.from_utc),
        )
    )
    duty = [
        (person_of.get(user, user), taken, span.to_utc if left is None else left)
        for user, taken, left in rows
    ]
    present: dict[str, set[str]] = {start: set() for start in shifts.starts}
    for shift, part in shifts.spans(span):
        present[shift] |= {
            person for person, taken, left in duty if taken < part.to_utc and left > part.from_utc
        }
    for shift, account in acted:
        present[shift].add(person_of.get(account, account))
    return fold(present)


def fold(present: Mapping[str, Iterable[str]]) -> Staffing:
    """Return the groups in which no fewer than ``FEWEST`` people stand together."""
    sets = {shift: set(people) for shift, people in present.items()}
    everybody: set[str] = set().union(*sets.values())
    small = {shift for shift, people in sets.items() if len(people) < FEWEST}
    large = sorted(set(sets) - small, key=lambda shift: (len(sets[shift]), shift))
    folded: set[str] = set().union(*(sets[shift] for shift in small))
    # One folded shift beside whole ones could be had by subtraction: take a neighbour in with it.
    while small and large and (len(folded) < FEWEST or len(small) == 1):
        taken = large.pop(0)
        small.add(taken)
        folded |= sets[taken]
    group_of = {shift: TOGETHER if shift in small else shift for shift in sets}
    people_of = {shift: len(sets[shift]) for shift in sets if shift not in small}
    if small:
        people_of[TOGETHER] = len(folded)
    return Staffing(len(everybody), group_of, people_of)
