"""What the index needs to know of some calls, read in few queries."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, or_, select
from sqlmodel import Session, SQLModel

from dispatch.calllog import marks
from dispatch.calllog.tables import UnitStatus
from dispatch.calllog.text_windows import Window, in_windows
from dispatch.incidents.tables import Incident, IncidentSuggestion
from dispatch.store.individual import IndividualCall
from dispatch.store.patches import PatchCall
from dispatch.store.tables import Call, Message, Note, Press, Transmission, UnitPosition
from gateway.model.private_line import is_private

CHUNK = 500
AROUND_US = 120 * 1_000_000
"""A text belongs to a call from two minutes before its start to two minutes after its end."""
FIX_AGE_US = 300 * 1_000_000
"""A place this old says nothing of where a unit was when it called."""
CLUSTER_US = 600 * 1_000_000
NOT_HEARD = ("refused", "not_sent")
"""Outcomes of a press that gave no over."""
Fact = Any
"""A row of a table, by column: not the mapped object, which a session may hold outdated."""


@dataclass(slots=True)
class CallFacts:
    """One call and all that hangs on it."""

    call: Fact
    overs: list[Fact] = field(default_factory=list)
    copies: list[Fact] = field(default_factory=list)
    """What further links heard of the overs."""
    notes: list[Fact] = field(default_factory=list)
    texts: list[Fact] = field(default_factory=list)
    statuses: list[Fact] = field(default_factory=list)
    incidents: list[Fact] = field(default_factory=list)
    patches: list[Fact] = field(default_factory=list)
    presses: list[Fact] = field(default_factory=list)
    """Those that waited or were refused: a call in which much is said has hundreds of others."""
    fixes: dict[str, Fact] = field(default_factory=dict)
    individual: Fact | None = None
    _end_utc: int | None = None

    @property
    def units(self) -> list[str]:
        """Units that talked."""
        return list(dict.fromkeys(over.talker for over in self.overs if over.talker))

    @property
    def end_utc(self) -> int:
        """The end; of a call that runs, what is known of it. Asked when all overs are there."""
        if self._end_utc is None:
            ends = [over.ended_utc or over.started_utc for over in self.overs]
            self._end_utc = int(self.call.ended_utc or max([self.call.started_utc, *ends]))
        return self._end_utc


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]  # made by the metaclass
    return table


CALL, OVER, NOTE = _table(Call), _table(Transmission), _table(Note)
MESSAGE, STATUS, FIX = _table(Message), _table(UnitStatus), _table(UnitPosition)
LINKED, INCIDENT = _table(IncidentSuggestion), _table(Incident)
PATCHED = _table(PatchCall)
PRIVATE, PRESS = _table(IndividualCall), _table(Press)


def gather(db: Session, ids: Iterable[str]) -> list[CallFacts]:
    """Return the facts of calls that exist, in order of time: many of them, close in time."""
    facts = sorted(_named(db, ids).values(), key=lambda one: one.call.started_utc)
    for cluster in _clusters(facts):
        _around(db, cluster)
    return facts


def gather_page(db: Session, ids: Iterable[str], known: Mapping[str, int]) -> dict[str, CallFacts]:
    """Return the facts of few calls, far apart in time, by id; without places and presses.

    ``known`` has the marks of calls that are in the index: what they say is not there is not
    looked for.
    """
    found = _named(db, ids, known)
    written = _marked(found, known, "written")
    texts_of(db, [found[one] for one in written if not is_private(found[one].call.talkgroup)])
    return found


def _named(
    db: Session, ids: Iterable[str], known: Mapping[str, int] | None = None
) -> dict[str, CallFacts]:
    wanted = sorted(set(ids))
    found: dict[str, CallFacts] = {}
    for part in _parts(wanted):
        for row in db.connection().execute(select(CALL).where(CALL.c.id.in_(part))):
            found[row.id] = CallFacts(row)
        _overs(db, part, found)
        for row in db.connection().execute(select(PATCHED).where(PATCHED.c.call.in_(part))):
            if row.call in found:
                found[row.call].patches.append(row)
        _notes(db, _marked(part, known, "written"), found)
        _incidents(db, _marked(part, known, "linked"), found)
        private = _marked(part, known, "private")
        for one in db.connection().execute(select(PRIVATE).where(PRIVATE.c.id.in_(private))):
            if one.id in found:
                found[one.id].individual = one
    return found


def _marked(ids: Iterable[str], known: Mapping[str, int] | None, flag: str) -> list[str]:
    """Return the calls that have a flag, or of which that is not known."""
    marked = known or {}
    return [one for one in ids if one not in marked or marks.has(marked[one], flag)]


def _overs(db: Session, part: Sequence[str], found: dict[str, CallFacts]) -> None:
    overs = select(OVER).where(OVER.c.call.in_(part)).order_by(OVER.c.started_utc)
    for over in db.connection().execute(overs):
        if over.call in found:
            of = found[over.call]
            (of.overs if over.copy_of is None else of.copies).append(over)


def _notes(db: Session, part: Sequence[str], found: dict[str, CallFacts]) -> None:
    notes = select(NOTE).where(NOTE.c.call.in_(part)).order_by(NOTE.c.t_utc)
    for note in db.connection().execute(notes):
        if note.call in found:
            found[note.call].notes.append(note)


def _incidents(db: Session, part: Sequence[str], found: dict[str, CallFacts]) -> None:
    linked = (
        select(LINKED.c.call, INCIDENT.c.id, INCIDENT.c.label, INCIDENT.c.title)
        .join(INCIDENT, INCIDENT.c.id == LINKED.c.incident)
        .where(LINKED.c.call.in_(part), LINKED.c.state == "confirmed")
    )
    for row in db.connection().execute(linked):
        if row.call in found:
            found[row.call].incidents.append(row)


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _clusters(facts: list[CallFacts]) -> Iterator[list[CallFacts]]:
    """Split calls into groups that lie close in time: what is around them is read at once."""
    cluster: list[CallFacts] = []
    end = 0
    for one in facts:
        if cluster and one.call.started_utc > end + CLUSTER_US:
            yield cluster
            cluster = []
        cluster.append(one)
        end = max(end, one.end_utc) if len(cluster) > 1 else one.end_utc
    if cluster:
        yield cluster


def _around(db: Session, cluster: list[CallFacts]) -> None:
    """Add the texts, statuses, presses and places that lie around these calls."""
    groups = [one for one in cluster if not is_private(one.call.talkgroup)]
    if not groups:
        return
    first = min(one.call.started_utc for one in groups) - AROUND_US
    last = max(one.end_utc for one in groups) + AROUND_US
    by_group: dict[str, list[CallFacts]] = defaultdict(list)
    by_unit: dict[str, list[CallFacts]] = defaultdict(list)
    for one in groups:
        by_group[one.call.talkgroup].append(one)
        for unit in one.units:
            by_unit[unit].append(one)
    texts = select(MESSAGE).where(
        MESSAGE.c.t_utc.between(first, last),
        or_(MESSAGE.c.talkgroup.in_(by_group), MESSAGE.c.talkgroup.is_(None)),
    )
    for text in db.connection().execute(texts):
        for one in _calls_of(text, by_group, by_unit):
            if _touches(one, text.t_utc):
                one.texts.append(text)
    presses = select(PRESS).where(
        PRESS.c.requested_utc.between(first, last),
        or_(PRESS.c.queued_utc.is_not(None), PRESS.c.outcome.in_(NOT_HEARD)),
    )
    for press in db.connection().execute(presses):
        for one in by_group.get(press.talkgroup, ()):
            if one.call.started_utc - AROUND_US <= press.requested_utc <= one.end_utc:
                one.presses.append(press)
    _of_units(db, by_unit, first, last)


def texts_of(db: Session, facts: list[CallFacts]) -> None:
    """Add texts and statuses to calls that lie far apart: a window of time for each of them."""
    groups, units = [], []
    for number, one in enumerate(facts):
        first, last = one.call.started_utc - AROUND_US, one.end_utc + AROUND_US
        groups.append(Window(number, one.call.talkgroup, first, last))
        units += [Window(number, unit, first, last) for unit in one.units]
    for number, text in in_windows(db, MESSAGE.c.talkgroup, MESSAGE.c.t_utc, groups):
        facts[number].texts.append(text)
    seen: set[tuple[int, str]] = set()
    for end in (MESSAGE.c.sender, MESSAGE.c.recipient):
        for number, text in in_windows(db, end, MESSAGE.c.t_utc, units):
            if text.talkgroup is None and (number, text.id) not in seen:
                seen.add((number, text.id))
                facts[number].texts.append(text)
    for number, status in in_windows(db, STATUS.c.unit, STATUS.c.t_utc, units):
        facts[number].statuses.append(status)


def _of_units(db: Session, by_unit: dict[str, list[CallFacts]], first: int, last: int) -> None:
    for part in _parts(sorted(by_unit)):
        for status in db.connection().execute(
            select(STATUS).where(STATUS.c.unit.in_(part), STATUS.c.t_utc.between(first, last))
        ):
            for one in by_unit[status.unit]:
                if _touches(one, status.t_utc):
                    one.statuses.append(status)
        fixes = (
            select(FIX)
            .where(FIX.c.unit.in_(part), FIX.c.t_utc.between(first - FIX_AGE_US, last))
            .order_by(FIX.c.unit, FIX.c.t_utc)
        )
        for fix in db.connection().execute(fixes):
            taken = fix.t_utc - (fix.age_s or 0) * 1_000_000
            for one in by_unit[fix.unit]:
                if one.call.started_utc - FIX_AGE_US <= taken <= one.call.started_utc:
                    one.fixes[fix.unit] = fix


def _calls_of(
    text: Fact, by_group: dict[str, list[CallFacts]], by_unit: dict[str, list[CallFacts]]
) -> list[CallFacts]:
    """Return the calls that a text may belong to: its talkgroup's, else its unit's.

    A text of another talkgroup never hangs on a call, whoever talked in it: who may search the one
    need not know of the other.
    """
    if text.talkgroup is not None:
        return by_group.get(text.talkgroup, [])
    return by_unit.get(text.sender or text.recipient or "", [])


def _touches(one: CallFacts, at: int) -> bool:
    return bool(one.call.started_utc - AROUND_US <= at <= one.end_utc + AROUND_US)
