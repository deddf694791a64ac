"""Who still uses what a plan takes out, and when it was last heard: in words, and as values.

Times come from the call log: one look at an index for each object, however long the log is. A call
that was erased still tells when it was; what the log no longer has was heard before it begins.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import String, column, func, select, values
from sqlmodel import Session, col

from dispatch.plans.compare import REMOVED, Change, Comparison
from dispatch.store.tables import US_PER_DAY, Call, Transmission, UnitState
from gateway.model.ids import UtcUs
from gateway.model.plan import Plan

TALKGROUP, UNIT = "talkgroup", "unit"
MAX_LOOKED_UP = 5_000
"""Objects of which is told who uses them; of more, the first."""
CHUNK = 400
"""Objects in one question: SQLite binds 32 766 values at most, and older ones 999."""
Removed = Sequence[tuple[str, str]]
"""Kind and id of what a plan takes out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Who uses one object, and when it was last heard (None: not in the call log).

    Of a unit the time is that of a day: whoever keeps lists need not know when somebody spoke.
    """

    kind: str
    id: str
    last_heard_utc: int | None = None
    layouts: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    """Labels of patches of the plan and of patches that stand."""
    links: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()
    """Where it is selected now."""
    units: int = 0
    """Units that have it as their home."""
    now: tuple[str, ...] = ()
    """What is going on now: a call, an alarm."""

    def words(self, log_from_utc: int | None) -> str:
        """Return it in a sentence; times as days of UTC."""
        parts = [*self.now]
        parts += [f"selected at Position {', '.join(self.positions)}"] if self.positions else []
        parts += [f"in patch {', '.join(self.patches)}"] if self.patches else []
        if self.kind == TALKGROUP:
            parts += [_counted(len(self.layouts), "layout", "in")]
            parts += [f"on {', '.join(self.links)}"] if self.links else []
            parts += [_counted(self.units, "unit", "home of")] if self.units else []
        if self.last_heard_utc is not None:
            parts.append(f"last heard {_day(self.last_heard_utc)}")
        else:
            since = f" since {_day(log_from_utc)}" if log_from_utc is not None else ""
            parts.append(f"not heard{since}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What goes on now, as values: the live board's, or nothing on a command line."""

    selected: Mapping[str, str]
    """Position -> talkgroup."""
    why: Mapping[str, tuple[str, ...]]
    """Talkgroup -> what is going on on it, in words."""
    patches: Sequence[tuple[str, Sequence[str]]]
    """Label and members of each patch that stands."""


NOTHING_LIVE = Live(selected={}, why={}, patches=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """When objects were last heard, and from when on the call log knows."""

    last: Mapping[tuple[str, str], int]
    log_from_utc: int | None


def removed_of(changes: Iterable[Change]) -> Removed:
    """Return the talkgroups and units among what is taken out."""
    wanted = (TALKGROUP, UNIT)
    return [(one.kind, one.id) for one in changes if one.what == REMOVED and one.kind in wanted]


def heard(db: Session, removed: Removed) -> Heard:
    """Return when each was last heard; a seek in an index for each."""
    last: dict[tuple[str, str], int] = {}
    asked = removed[:MAX_LOOKED_UP]
    groups = [key for kind, key in asked if kind == TALKGROUP]
    units = [key for kind, key in asked if kind == UNIT]
    for key, t_utc in _last_of(db, Call.talkgroup, Call.started_utc, groups):
        last[TALKGROUP, key] = t_utc
    for key, t_utc in _last_of(db, Transmission.talker, Transmission.started_utc, units):
        last[UNIT, key] = t_utc
    for key, t_utc in _last_of(db, UnitState.unit, UnitState.last_heard_utc, units):
        last[UNIT, key] = max(t_utc, last.get((UNIT, key), 0))
    for key in units:
        if (UNIT, key) in last:
            last[UNIT, key] -= last[UNIT, key] % US_PER_DAY
    began = db.connection().execute(select(func.min(Call.started_utc))).scalar()
    return Heard(last=last, log_from_utc=began)


def _last_of(
    db: Session,
    of: Any,  # columns of a query: sqlmodel's fields are typed as their values
    time: Any,
    keys: Sequence[str],
) -> Iterator[tuple[str, int]]:
    """Give the newest time of each key that has one: the end of its part of an index of both."""
    for at in range(0, len(keys), CHUNK):
        rows = [(key,) for key in keys[at : at + CHUNK]]
        asked = values(column("id", String), name="asked").data(rows).cte("asked")
        newest = (
            select(col(time))
            .where(col(of) == asked.c.id, col(time).is_not(None))
            .order_by(col(time).desc())
            .limit(1)
            .correlate(asked)
            .scalar_subquery()
        )
        for key, t_utc in db.connection().execute(select(asked.c.id, newest)):
            if t_utc is not None:
                yield key, t_utc


def uses_of(before: Plan, removed: Removed, live: Live, known: Heard) -> list[Use]:
    """Return who uses each object of a plan now; ``before`` is the plan that has them."""
    asked = removed[:MAX_LOOKED_UP]
    wanted = {key for kind, key in asked if kind == TALKGROUP}
    layouts = _by_member(_placed(before), wanted)
    patches = _by_member(((one.id, one.members) for one in before.patches), wanted)
    for label, members in live.patches:
        for key in wanted.intersection(members):
            patches.setdefault(key, {})[label] = None
    links = _by_member(_carried(before), wanted)
    homes: dict[str, int] = {}
    for unit in before.units:
        if unit.talkgroup in wanted:
            homes[unit.talkgroup] = homes.get(unit.talkgroup, 0) + 1
    selected = _by_member(((place, (group,)) for place, group in live.selected.items()), wanted)
    return [
        Use(
            kind=kind,
            id=key,
            last_heard_utc=known.last.get((kind, key)),
            layouts=tuple(layouts.get(key, ())),
            patches=tuple(sorted(patches.get(key, ()), key=lambda one: (len(one), one))),
            links=tuple(links.get(key, ())),
            positions=tuple(sorted(selected.get(key, ()))),
            units=homes.get(key, 0),
            now=live.why.get(key, ()) if kind == TALKGROUP else (),
        )
        for kind, key in asked
    ]


def with_uses(found: Comparison, uses: Iterable[Use], log_from_utc: int | None) -> Comparison:
    """Return a comparison whose removals say who still uses what goes."""
    words = {(use.kind, use.id): use.words(log_from_utc) for use in uses}
    changes = tuple(
        replace(one, words=words[one.kind, one.id])
        if one.what == REMOVED and (one.kind, one.id) in words
        else one
        for one in found.changes
    )
    return Comparison(changes)


def _placed(plan: Plan) -> Iterator[tuple[str, Iterable[str]]]:
    for one in plan.layouts:
        cells = {cell.talkgroup for page in one.pages for cell in page.cells}
        yield one.name, cells.union(one.emergency)


def _carried(plan: Plan) -> Iterator[tuple[str, Iterable[str]]]:
    for link in plan.links:
        yield link.name, {f"{link.system}/{number}" for number in link.talkgroups}


def _by_member(
    sets: Iterable[tuple[str, Iterable[str]]], wanted: set[str]
) -> dict[str, dict[str, None]]:
    """Return for each member the names of the sets that it is in, in their order."""
    found: dict[str, dict[str, None]] = {}
    for name, members in sets:
        for key in wanted.intersection(members):
            found.setdefault(key, {})[name] = None
    return found


def _counted(count: int, word: str, before: str) -> str:
    return f"{before} {count or 'no'} {word}{'' if count == 1 else 's'}"


def _day(t_utc: int) -> str:
    return datetime.fromtimestamp(UtcUs(t_utc) / 1_000_000, UTC).strftime("%Y-%m-%d")
