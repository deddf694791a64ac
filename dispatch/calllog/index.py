"""Keeps the index of calls: what a call can be found by, in the transaction that changed it."""

import logging
from collections.abc import Callable, Iterable

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from dispatch.calllog import facets, marks
from dispatch.calllog.facets import Pair
from dispatch.calllog.gathering import CALL, NOT_HEARD, CallFacts, gather
from dispatch.calllog.marks import BITS
from dispatch.calllog.tables import call_facet, call_key, call_name, call_place, call_posting
from dispatch.calllog.words import MAX_WORDS_OF_CALL, fold, tags_of, words_of
from dispatch.store.tables import cell_of
from gateway.model.ids import split_address
from gateway.model.plan import Plan
from gateway.model.private_line import is_private

logger = logging.getLogger(__name__)

NEAR_US = 1000
"""A number this far behind the start is still the start's, counted up."""
BATCH = 500
LAST_LENGTH = 12


def scope_of(talkgroup: str, link: str) -> str:
    """Return what rights on a call are given on: its talkgroup, or a private call's radio."""
    return f"@{link}" if is_private(talkgroup) else talkgroup


def length_of(duration_ms: int) -> int:
    """Return the class of a duration: 0 below 1 s, then doubling (1: 1 to 2 s, 2: 2 to 4 s …)."""
    return min((duration_ms // 1000).bit_length(), LAST_LENGTH)


class PlanFacts:
    """What the index takes from a plan: names of talkgroups, and the site of each link."""

    def __init__(self, plan: Plan) -> None:
        """Read a plan once."""
        self.plan = plan
        self.names = {str(group.id): group.name for group in plan.talkgroups}
        self.sites = {str(link.id): str(link.site) for link in plan.links}


class CallIndex:
    """Writes the index of one database; ``plan`` gives names and sites as they are now."""

    def __init__(self, plan: Callable[[], Plan]) -> None:
        """Take where the plan is asked for."""
        self._plan = plan
        self._facts = PlanFacts(plan())

    # ---- writing -------------------------------------------------------------------------------

    def reindex(self, db: Session, calls: Iterable[str]) -> dict[str, int]:
        """Bring the index of these calls in step with the tables.

        Returns how many overs each of them has that is in it.
        """
        wanted = set(calls)
        gathered = gather(db, wanted)
        gone = wanted - {one.call.id for one in gathered}
        if gone:
            self.forget(db, gone)
        if self._facts.plan is not self._plan():
            self._facts = PlanFacts(self._plan())
        pairs = {one.call.id: _pairs(one, self._facts.sites) for one in gathered}
        numbers = facets.made(db, {pair for own in pairs.values() for pair in own})
        for one in gathered:
            own = {numbers[pair] for pair in pairs[one.call.id]}
            self._put(db, one, own, numbers)
        return {one.call.id: len(one.overs) for one in gathered}

    def forget(self, db: Session, calls: Iterable[str]) -> None:
        """Take calls out of the index, with every word that no other call has."""
        wanted = sorted(set(calls))
        for start in range(0, len(wanted), BATCH):
            part = wanted[start : start + BATCH]
            rows = db.connection().execute(
                select(call_key.c.no, call_key.c.facets).where(call_key.c.call.in_(part))
            )
            for number, own in rows.all():
                self._take_out(db, number, _ids(own))
            db.connection().execute(update(CALL).where(CALL.c.id.in_(part)).values(search_no=None))

    def rename(self, db: Session, pair: Pair, text: str) -> None:
        """Give a facet another name; nothing happens to one that no call has."""
        number = facets.known(db, [pair]).get(pair)
        if number is not None:
            db.connection().execute(delete(call_name).where(call_name.c.facet == number))
            facets.name(db, {(word, number) for word in words_of(text)})

    def clear(self, db: Session) -> None:
        """Empty the whole index; every call is then without a number."""
        for table in (call_place, call_posting, call_key, call_name):
            db.connection().execute(delete(table))
        # Scopes keep their numbers: a running server holds them in memory, and rights hang on them.
        db.connection().execute(delete(call_facet).where(call_facet.c.kind != "scope"))
        db.connection().execute(update(CALL).values(search_no=None))

    def catch_up(self, db: Session, limit: int = BATCH) -> int:
        """Index the newest calls that are not in the index; returns how many were done."""
        rows = db.connection().execute(
            select(CALL.c.id)
            .where(CALL.c.search_no.is_(None))
            .order_by(CALL.c.started_utc.desc())
            .limit(limit)
        )
        found = [call for (call,) in rows]
        return len(self.reindex(db, found)) if found else 0

    def prune_places(self, db: Session, before_utc: int, limit: int = BATCH) -> int:
        """Forget where units were before a time, calls on hold apart; returns how many calls."""
        held = BITS["held"]
        rows = (
            db.connection()
            .execute(
                select(call_key.c.no, call_key.c.facets)
                .join(call_place, call_place.c.no == call_key.c.no)
                .where(call_place.c.no < before_utc, call_key.c.marks.op("&")(held) == 0)
                .distinct()
                .limit(limit)
            )
            .all()
        )
        for number, text in rows:
            own = _ids(text)
            cells = {n for n, kind in facets.kinds(db, own).items() if kind == "cell"}
            db.connection().execute(
                delete(call_posting).where(
                    call_posting.c.no == number, call_posting.c.facet.in_(cells)
                )
            )
            left = " ".join(str(facet) for facet in sorted(own - cells))
            change = update(call_key).where(call_key.c.no == number)
            db.connection().execute(change.values(facets=left))
            db.connection().execute(delete(call_place).where(call_place.c.no == number))
            facets.drop_unused(db, sorted(cells))
        return len(rows)

    # ---- inside --------------------------------------------------------------------------------

    def _put(self, db: Session, one: CallFacts, own: set[int], numbers: dict[Pair, int]) -> None:
        scope = numbers["scope", scope_of(one.call.talkgroup, one.call.link)]
        number, before, marked = self._number(db, one, scope)
        new = marks_of(one)
        removed, added, stay = before - own, own - before, own & before
        if removed:
            db.connection().execute(
                delete(call_posting).where(
                    call_posting.c.no == number, call_posting.c.facet.in_(removed)
                )
            )
        if added:
            db.connection().execute(
                insert(call_posting),
                [
                    {"facet": facet, "no": number, "scope": scope, "marks": new}
                    for facet in sorted(added)
                ],
            )
            facets.name(db, _names(one, self._facts.names, numbers, added))
        if stay and new != marked:
            db.connection().execute(
                update(call_posting)
                .where(call_posting.c.no == number, call_posting.c.facet.in_(stay))
                .values(marks=new)
            )
        values = {
            "scope": scope,
            "marks": new,
            "facets": " ".join(str(facet) for facet in sorted(own)),
        }
        db.connection().execute(update(call_key).where(call_key.c.no == number).values(**values))
        self._place(db, number, one)
        if removed:
            facets.drop_unused(db, sorted(removed))

    def _number(self, db: Session, one: CallFacts, scope: int) -> tuple[int, set[int], int]:
        """Return a call's number, the facets and marks it had; makes the row of ``call_key``."""
        started, number = one.call.started_utc, one.call.search_no
        if number is not None:
            row = db.connection().execute(select(call_key).where(call_key.c.no == number)).first()
            if row is not None and row.call == one.call.id:
                if row.scope == scope and started <= number < started + NEAR_US:
                    return number, _ids(row.facets), row.marks
                self._take_out(db, number, _ids(row.facets))
        number = self._free(db, started)
        db.connection().execute(
            insert(call_key).values(no=number, call=one.call.id, scope=scope, marks=0, facets="")
        )
        db.connection().execute(
            update(CALL).where(CALL.c.id == one.call.id).values(search_no=number)
        )
        return number, set(), 0

    def _free(self, db: Session, started: int) -> int:
        """Return the first number from a start on that no call has.

        Recorders tell whole seconds, so that many of their calls begin in one microsecond: what is
        taken behind the start is read at once, not number by number.
        """
        number = started
        while True:
            taken = set(
                db.connection().scalars(
                    select(call_key.c.no).where(
                        call_key.c.no >= number, call_key.c.no < number + NEAR_US
                    )
                )
            )
            for free in range(number, number + NEAR_US):
                if free not in taken:
                    return free
            number += NEAR_US

    def _take_out(self, db: Session, number: int, own: set[int]) -> None:
        db.connection().execute(
            delete(call_posting).where(call_posting.c.no == number, call_posting.c.facet.in_(own))
        )
        db.connection().execute(delete(call_place).where(call_place.c.no == number))
        db.connection().execute(delete(call_key).where(call_key.c.no == number))
        facets.drop_unused(db, sorted(own))

    def _place(self, db: Session, number: int, one: CallFacts) -> None:
        fixes = {} if one.call.erased_utc is not None else one.fixes
        db.connection().execute(delete(call_place).where(call_place.c.no == number))
        if fixes:
            rows = [
                {
                    "no": number,
                    "unit": unit,
                    "latitude_deg": fix.latitude_deg,
                    "longitude_deg": fix.longitude_deg,
                }
                for unit, fix in fixes.items()
            ]
            db.connection().execute(insert(call_place), rows)


def _ids(text: str) -> set[int]:
    return {int(word) for word in text.split()}


def _pairs(one: CallFacts, sites: dict[str, str]) -> set[Pair]:
    """Return what a call can be found by."""
    call, flags = one.call, _flags(one)
    pairs: set[Pair] = {
        ("scope", scope_of(call.talkgroup, call.link)),
        ("plan", str(call.plan)),
        *(("flag", flag) for flag in flags - marks.PLAIN),
    }
    if not is_private(call.talkgroup):
        pairs.add(("system", call.talkgroup.partition("/")[0]))
    places = {sites[link] for link in _links(one) if link in sites}
    pairs |= {("site", site) for site in places}
    if "emergency" in flags:
        pairs |= {("site.emergency", site) for site in places}
    if call.ended_utc is not None and call.cause:
        pairs.add(("cause", call.cause))
    if call.erased_utc is not None:
        return pairs | {("flag", "erased")}
    length = length_of(sum(over.duration_ms for over in one.overs))
    if length >= marks.SHORT_LENGTHS:
        pairs.add(("length", str(length)))
    pairs |= _people(one)
    pairs |= {("incident", row.id) for row in one.incidents}
    pairs |= {("patch", name) for row in one.patches for name in (row.patch, row.label)}
    pairs |= {
        ("cell", str(cell_of(fix.latitude_deg, fix.longitude_deg))) for fix in one.fixes.values()
    }
    texts = [row.text for row in (*one.notes, *one.texts)] + [row.words for row in one.statuses]
    words = [word for text in texts for word in words_of(text)]
    pairs |= {("word", word) for word in words[:MAX_WORDS_OF_CALL]}
    return pairs | {("tag", tag) for note in one.notes for tag in tags_of(note.text)}


def _links(one: CallFacts) -> set[str]:
    return {one.call.link, *(over.link for over in one.overs)}


def _flags(one: CallFacts) -> set[str]:
    call = one.call
    flags = {
        "emergency": call.emergency or any(over.emergency for over in one.overs),
        "encrypted": call.encrypted or any(over.encrypted for over in one.overs),
        "interrupted": call.interrupted,
        "exercise": call.exercise,
        "open": call.ended_utc is None,
        "late": call.late,
        "late_entry": call.late_entry,
        "held": call.held,
        "private": is_private(call.talkgroup),
        "not_recorded": any(over.not_recorded for over in one.overs),
        "out": any(over.position for over in one.overs),
        "in": any(over.talker and not over.position for over in one.overs),
        "queued": any(press.queued_utc is not None for press in one.presses),
        "written": bool(one.notes or one.texts or one.statuses),
        "linked": bool(one.incidents),
        "refused": any(press.outcome in NOT_HEARD for press in one.presses),
    }
    if one.individual is not None:
        flags["in"], flags["out"] = one.individual.incoming, not one.individual.incoming
    return {name for name, there in flags.items() if there}


def marks_of(one: CallFacts) -> int:
    """Return the marks of a call."""
    return marks.pack(_flags(one), sum(over.duration_ms for over in one.overs))


def _people(one: CallFacts) -> set[Pair]:
    pairs: set[Pair] = {("unit", unit) for unit in one.units}
    if one.call.caller:
        pairs.add(("unit", one.call.caller))
    for over in one.overs:
        if over.position:
            pairs.add(("position", over.position))
        if over.operator:
            pairs.add(("operator", fold(over.operator)))
    private = one.individual
    if private is not None:
        pairs |= {("unit", unit) for unit in (private.other, _line(private.digits)) if unit}
        if private.operator:
            pairs.add(("operator", fold(private.operator)))
        if private.position:
            pairs.add(("position", private.position))
    return pairs


def _line(digits: str) -> str:
    return f"tel/{digits}" if digits else ""


def _names(
    one: CallFacts, talkgroups: dict[str, str], numbers: dict[Pair, int], added: set[int]
) -> set[tuple[str, int]]:
    """Return the words of the names of what is new at a call."""
    names: list[tuple[Pair, str]] = []
    for over in one.overs:
        if over.talker:
            names.append((("unit", over.talker), f"{over.alias} {_number_of(over.talker)}"))
        if over.operator:
            names.append((("operator", fold(over.operator)), over.operator))
    if one.call.caller:
        names.append((("unit", one.call.caller), _number_of(one.call.caller)))
    private = one.individual
    if private is not None:
        if private.operator:
            names.append((("operator", fold(private.operator)), private.operator))
        for unit in filter(None, (private.other, _line(private.digits))):
            names.append((("unit", unit), f"{private.alias} {unit.partition('/')[2]}"))
    names += [(("incident", row.id), f"{row.label} {row.title}") for row in one.incidents]
    scope = ("scope", scope_of(one.call.talkgroup, one.call.link))
    if numbers[scope] in added:
        names.append((scope, talkgroups.get(one.call.talkgroup, "")))
    return {
        (word, numbers[pair])
        for pair, text in names
        if numbers.get(pair) in added
        for word in words_of(text)
    }


def _number_of(unit: str) -> str:
    try:
        return str(split_address(unit)[1])
    except ValueError:
        return unit.partition("/")[2]
