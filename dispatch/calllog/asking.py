"""Turns a question into groups of facets. What is not granted becomes no group at all."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import select as core_select
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from dispatch.auth.access import EVERYTHING, PRIVATE_PERMISSIONS, Access
from dispatch.auth.permissions import Action
from dispatch.calllog import facets, marks
from dispatch.calllog.facets import Pair, ScopeNumbers
from dispatch.calllog.index import length_of
from dispatch.calllog.query import CallQuery, Group, Place
from dispatch.calllog.tables import call_key
from dispatch.calllog.words import MAX_WORDS, fold, words_of
from dispatch.cameras.tables import Camera
from dispatch.errors import ServiceError
from dispatch.incidents.geo import EARTH_RADIUS_M
from dispatch.incidents.tables import Incident
from dispatch.incidents.views import assignments, sees
from dispatch.store.tables import CELLS_AROUND, cell_of
from gateway.model.ids import split_address

MAX_RADIUS_M = 20_000
MAX_CELLS = 4000
FLAG_OUTCOMES = frozenset({"interrupted", "open", "not_recorded", "queued", "refused", "exercise"})
MAX_INCIDENTS = 200
DEGREE_M = math.pi * EARTH_RADIUS_M / 180


@dataclass(frozen=True, slots=True)
class Rights:
    """The scopes that may be searched; ``all`` when nothing in the index is left out."""

    allowed: frozenset[int]
    everything: bool
    hidden: frozenset[int]


class NothingFits(Exception):
    """No call can be found: a part of the question stands for nothing that may be known."""


def rights(db: Session, access: Access, scopes: ScopeNumbers) -> Rights:
    """Return which scopes a person may search: talkgroups, and radios for private calls."""
    numbers = scopes.read(db)
    granted = access.talkgroups(Action.SEARCH)
    links = access.individual_links(Action.SEARCH, PRIVATE_PERMISSIONS[Action.SEARCH])
    allowed = {number for value, number in numbers.items() if value in granted}
    if links:
        allowed |= {
            number
            for value, number in numbers.items()
            if value.startswith("@") and (EVERYTHING in links or value[1:] in links)
        }
    every = frozenset(numbers.values())
    return Rights(frozenset(allowed), len(allowed) == len(every), every - allowed)


class Questions:
    """Looks the parts of one question up, inside a read of the store."""

    def __init__(self, db: Session, access: Access, allowed: Rights) -> None:
        """Take the session, and what may be known."""
        self._db = db
        self._access = access
        self._rights = allowed

    def groups(self, query: CallQuery) -> list[Group]:
        """Return the groups of a question; raises NothingFits."""
        groups: list[Group] = []
        if query.talkgroups:
            groups.append(self._talkgroups(query.talkgroups))
        if query.units:
            groups.append(self._units(query.units))
        groups += self._plain(query)
        groups += self._flags(query)
        groups += self._length(query)
        if query.incident:
            groups.append(self._incident(query.incident))
        if query.operator:
            groups.append(self._named("operator", query.operator))
        if query.place is not None:
            groups.append(self._place(query.place))
        return groups + self._words(query.q)

    # ---- parts ---------------------------------------------------------------------------------

    def _known(self, pairs: list[Pair]) -> Group:
        found = facets.known(self._db, pairs)
        if not found:
            raise NothingFits
        return Group(facets=frozenset(found.values()))

    def _plain(self, query: CallQuery) -> list[Group]:
        # Emergencies at a site have a list of their own; the site's would be a look-up a call more.
        site = "site.emergency" if query.emergency else "site"
        asked: list[tuple[str, tuple[str, ...]]] = [
            (site, query.sites),
            ("system", (query.system,) if query.system else ()),
            ("position", (query.position,) if query.position else ()),
            ("plan", (str(query.plan),) if query.plan is not None else ()),
            ("patch", (query.patch,) if query.patch else ()),
            ("tag", (fold(query.tag.lstrip("#")),) if query.tag else ()),
        ]
        return [
            self._known([(kind, value) for value in values]) for kind, values in asked if values
        ]

    def _flags(self, query: CallQuery) -> list[Group]:
        asked = [
            ("emergency", query.emergency),
            ("encrypted", query.encrypted),
            ("held", query.held),
        ]
        if query.direction:
            if query.direction not in ("in", "out"):
                raise ServiceError(f"direction: expected in or out, got {query.direction!r}")
            asked.append((query.direction, True))
        groups = [self._flag(flag, wanted) for flag, wanted in asked if wanted is not None]
        if query.outcome:
            kind = "flag" if query.outcome in FLAG_OUTCOMES else "cause"
            groups.append(self._known([(kind, query.outcome)]))
        return groups

    def _flag(self, flag: str, wanted: bool) -> Group:
        """Match by the marks; postings drive where the flag has some and is asked for."""
        numbers = frozenset(facets.known(self._db, [("flag", flag)]).values())
        if wanted and flag not in marks.PLAIN and not numbers:
            raise NothingFits
        return Group(drives=numbers if wanted else frozenset(), also=marks.sql_flag(flag, wanted))

    def _length(self, query: CallQuery) -> list[Group]:
        if query.min_ms is None and query.max_ms is None:
            return []
        least = max(0, query.min_ms or 0)
        most = min(query.max_ms, marks.MAX_DURATION_MS) if query.max_ms is not None else None
        top = marks.MAX_DURATION_MS if most is None else most
        if least > top:
            raise NothingFits
        drives: frozenset[int] = frozenset()
        if length_of(least) >= marks.SHORT_LENGTHS:
            lengths = range(length_of(least), length_of(top) + 1)
            pairs = [("length", str(length)) for length in lengths]
            drives = frozenset(facets.known(self._db, pairs).values())
            if not drives:
                raise NothingFits
        return [Group(drives=drives, also=marks.sql_duration(least, top))]

    def _talkgroups(self, talkgroups: tuple[str, ...]) -> Group:
        found = facets.known(self._db, [("scope", one) for one in talkgroups])
        allowed = frozenset(found.values()) & self._rights.allowed
        if not allowed:
            raise NothingFits
        return Group(scopes=allowed)

    def _units(self, units: tuple[str, ...]) -> Group:
        """Match ids, numbers and aliases (all words of one, each to its end)."""
        numbers: set[int] = set()
        for unit in units:
            pairs = [("unit", unit), ("unit", f"tel/{unit}")]
            numbers |= set(facets.known(self._db, pairs).values())
            if not _is_address(unit):
                numbers |= self._all_words(words_of(unit), "unit", whole=True)
        if not numbers:
            raise NothingFits
        return Group(facets=frozenset(numbers))

    def _all_words(self, words: list[str], kind: str, *, whole: bool) -> set[int]:
        found: set[int] | None = None
        for word in words:
            ids = set(facets.by_word(self._db, word, [kind], whole=whole))
            found = ids if found is None else found & ids
        return found or set()

    def _named(self, kind: str, text: str) -> Group:
        numbers = set(facets.known(self._db, [(kind, fold(text))]).values())
        numbers |= self._all_words(words_of(text), kind, whole=False)
        if not numbers:
            raise NothingFits
        return Group(facets=frozenset(numbers))

    def _incident(self, incident: str) -> Group:
        row = self._db.exec(
            select(Incident).where(
                (col(Incident.id) == incident) | (col(Incident.label) == incident)
            )
        ).first()
        if row is None or not self._seen([row]):
            raise NothingFits
        return self._known([("incident", row.id)])

    def _seen(self, incidents: Collection[Incident]) -> set[str]:
        """Return the ids of those of these incidents that may be known."""
        if not incidents or not self._access.may("incident.see"):
            return set()
        assigned = assignments(self._db, [row.id for row in incidents])
        return {row.id for row in incidents if sees(self._access, row, assigned.get(row.id, []))}

    def _place(self, place: Place) -> Group:
        """Match calls of units that were there, and of incidents whose place is there."""
        cells = cells_of(place)
        numbers: set[int] = set()
        numbers |= set(facets.known(self._db, [("cell", str(cell)) for cell in cells]).values())
        near = _near(place, "c.latitude_deg", "c.longitude_deg")
        also = f"EXISTS (SELECT 1 FROM call_place c WHERE c.no = p.no AND {near})"
        linked = self._incidents_at(place)
        if linked:
            ids = _list(linked)
            also = (
                f"({also} OR EXISTS (SELECT 1 FROM call_posting i"
                f" WHERE i.facet IN ({ids}) AND i.no = p.no))"
            )
        if not numbers | linked:
            raise NothingFits
        return Group(facets=frozenset(numbers | linked), also=also)

    def _incidents_at(self, place: Place) -> frozenset[int]:
        """Return the incidents that lie in the circle, or whose camera stands there."""
        high, wide = _sides(place)
        south, north = place.latitude_deg - high, place.latitude_deg + high
        west, east = place.longitude_deg - wide, place.longitude_deg + wide
        cameras = select(Camera.id).where(
            col(Camera.latitude_deg).between(south, north),
            col(Camera.longitude_deg).between(west, east),
        )
        here = select(Incident).where(
            col(Incident.latitude_deg).between(south, north),
            col(Incident.longitude_deg).between(west, east),
        )
        seen_by = select(Incident).where(col(Incident.camera).in_(cameras))
        found = {row.id: row for query in (here, seen_by) for row in self._newest(query)}
        seen = [("incident", one) for one in self._seen(found.values())]
        return frozenset(facets.known(self._db, seen).values())

    def _newest(self, query: SelectOfScalar[Incident]) -> Iterator[Incident]:
        newest = query.order_by(col(Incident.opened_utc).desc()).limit(MAX_INCIDENTS)
        yield from self._db.exec(newest)

    def _words(self, q: str) -> list[Group]:
        if q.strip() and not words_of(q):
            raise NothingFits
        parts = q.split()
        calls = [part for part in parts if part.startswith("c-") and len(part) == 28]
        groups = [self._call(call) for call in calls]
        rest = " ".join(part for part in parts if part not in calls)
        return groups + [self._word(word) for word in words_of(rest)[:MAX_WORDS]]

    def _call(self, call: str) -> Group:
        number = (
            self._db.connection()
            .execute(core_select(call_key.c.no).where(call_key.c.call == call))
            .scalar()
        )
        if number is None:
            raise NothingFits
        return Group(also=f"p.no = {int(number)}")

    def _word(self, word: str) -> Group:
        found = facets.by_word(self._db, word)
        incidents = {number for number, kind in found.items() if kind == "incident"}
        if incidents:
            incidents -= self._seen_incidents(incidents)
        scopes = {number for number, kind in found.items() if kind == "scope"}
        rest = found.keys() - scopes - incidents
        scopes &= self._rights.allowed
        if not rest and not scopes:
            raise NothingFits
        return Group(facets=frozenset(rest), scopes=frozenset(scopes))

    def _seen_incidents(self, numbers: set[int]) -> set[int]:
        """Return those of these facets whose incident may be known."""
        ids = facets.values(self._db, numbers)
        rows = self._db.exec(select(Incident).where(col(Incident.id).in_(ids.values())))
        seen = self._seen(rows.all())
        return {number for number, value in ids.items() if value in seen}


def _is_address(unit: str) -> bool:
    try:
        split_address(unit)
    except ValueError:
        return False
    return True


def _list(numbers: frozenset[int]) -> str:
    return ",".join(str(number) for number in sorted(numbers))


def _sides(place: Place) -> tuple[float, float]:
    """Return half the height and half the width of the circle, in degrees."""
    narrow = max(0.01, math.cos(math.radians(place.latitude_deg)))
    high = place.radius_m / DEGREE_M
    return high, high / narrow


def cells_of(place: Place) -> list[int]:
    """Return the cells of 0.01 degrees that a circle touches."""
    if not 0 < place.radius_m <= MAX_RADIUS_M:
        raise ServiceError(f"place: expected a radius of at most {MAX_RADIUS_M} m")
    if abs(place.latitude_deg) > 90 or abs(place.longitude_deg) > 180:
        raise ServiceError("place: expected latitude,longitude in degrees")
    high, wide = _sides(place)
    south, west = place.latitude_deg - high, place.longitude_deg - wide
    first = cell_of(south, west)
    last = cell_of(place.latitude_deg + high, place.longitude_deg + wide)
    rows = range(first // CELLS_AROUND, last // CELLS_AROUND + 1)
    columns = range(first % CELLS_AROUND, last % CELLS_AROUND + 1)
    cells = [row * CELLS_AROUND + column for row in rows for column in columns]
    if len(cells) > MAX_CELLS:
        raise ServiceError(
            f"place: a circle of {place.radius_m:.0f} m is too wide so far north",
            hint="Choose a smaller radius.",
        )
    return cells


def _near(place: Place, latitude: str, longitude: str) -> str:
    """Return SQL for a place within the circle, on a flat map: good to a metre over 20 km."""
    narrow = math.cos(math.radians(place.latitude_deg))
    down = f"({latitude} - ({place.latitude_deg!r}))"
    across = f"({longitude} - ({place.longitude_deg!r})) * {narrow!r}"
    limit = (place.radius_m / DEGREE_M) ** 2
    return f"({down} * {down} + {across} * {across}) <= {limit!r}"
