"""Finds calls by their groups of facets: newest first, a page at a time, counted up to 10,000.

One group drives: the one with the fewest calls (counted up to a bound). Its postings are walked in
the order of time; the others are looked up for each call. A driver of one facet is walked as it
lies. One of many facets (all units of a name, all cells of a circle) is walked in windows of time,
each wider than the one before, so that no list is ever sorted as a whole.

The SQL here is made of numbers that the index gave out, never of what a person typed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import select, text
from sqlmodel import Session

from dispatch.calllog.asking import NothingFits, Questions, Rights
from dispatch.calllog.query import EXACT, OLDEST, CallQuery, Group
from dispatch.calllog.tables import call_key

COUNT_BOUND = 20_000
"""A group with more calls than this is counted as one with this many."""
SAMPLE = 2000
THIN = 0.02
"""Below this share of the traffic, talkgroups are walked one by one instead of all calls."""
MAX_DRIVING = 3000
FEW_FACETS = 8
"""A group of more facets is compared in memory, not looked up one facet after the other."""
FIRST_WINDOW_US = 86_400 * 1_000_000
WIDER = 6
BATCH = 4000
FOREVER = 1 << 62


@dataclass(slots=True)
class Found:
    """Numbers of calls, in the asked order; ``more`` when there are more than 10,000 in all."""

    page: list[int]
    total: int
    more: bool
    cursor: int | None


@dataclass(slots=True)
class _Way:
    """How the index is walked: driver, bounds, order, and what else must hold."""

    driver: Group | None
    rest: list[Group]
    low: int
    high: int
    """The first number behind the range."""
    oldest: bool = False
    scopes: str = ""
    """SQL condition of the rights."""
    in_memory: list[Group] = field(default_factory=list)


def find(db: Session, query: CallQuery, rights: Rights, asked: Questions) -> Found:
    """Return a page and the total of what a question finds, within the rights."""
    try:
        groups = asked.groups(query)
    except NothingFits:
        return Found([], 0, False, None)
    if not rights.allowed:
        return Found([], 0, False, None)
    prepare(db)
    way = _way(db, query, rights, groups)
    first = query.limit + 1 if query.before is None else 0
    page, total = _tally(db, way, EXACT + 1, first)
    if query.before is not None:
        page = _behind(db, way, query.before, query.limit + 1)
    more_pages = len(page) > query.limit
    page = page[: query.limit]
    return Found(
        page=page,
        total=min(total, EXACT),
        more=total > EXACT,
        cursor=page[-1] if more_pages else None,
    )


def calls_of(db: Session, page: list[int]) -> dict[str, int]:
    """Return the ids of calls with their marks, in the order of their numbers."""
    rows = db.connection().execute(
        select(call_key.c.no, call_key.c.call, call_key.c.marks).where(call_key.c.no.in_(page))
    )
    known = {number: (call, marks) for number, call, marks in rows}
    return dict(known[number] for number in page if number in known)


def prepare(db: Session) -> None:
    """Keep PostgreSQL on the way that this module knows to be short."""
    if db.get_bind().dialect.name == "postgresql":
        for name in ("hashjoin", "mergejoin", "seqscan", "bitmapscan", "material"):
            db.execute(text(f"SET LOCAL enable_{name} = off"))
        db.execute(text("SET LOCAL jit = off"))


def _behind(db: Session, way: _Way, before: int, limit: int) -> list[int]:
    """Return the numbers that follow ``before`` in the asked order."""
    if way.oldest:
        way.low = max(way.low, before + 1)
    else:
        way.high = min(way.high, before)
    return _tally(db, way, limit, limit)[0]


# ---- choosing ----------------------------------------------------------------------------------


def _way(db: Session, query: CallQuery, rights: Rights, groups: list[Group]) -> _Way:
    low = query.from_utc if query.from_utc is not None else 0
    high = min(query.to_utc + 1 if query.to_utc is not None else FOREVER, FOREVER)
    way = _Way(None, groups, low, high, query.order == OLDEST, _scopes(rights))
    driving = [group for group in groups if group.all]
    if not rights.everything and not any(group.scopes for group in driving):
        mine = Group(scopes=rights.allowed)
        if len(mine.all) <= FEW_FACETS or (not driving and _thin(db, way, rights)):
            driving.append(mine)
    if driving:
        way.driver = min(driving, key=lambda group: _count(db, group, way))
        way.rest = [group for group in groups if group is not way.driver]
    for group in way.rest:
        if len(group.facets) > FEW_FACETS:
            way.in_memory.append(group)
    return way


def _scopes(rights: Rights) -> str:
    if rights.everything:
        return ""
    if len(rights.hidden) < len(rights.allowed):
        return f"p.scope NOT IN ({numbers_of(rights.hidden)})"
    return f"p.scope IN ({numbers_of(rights.allowed)})"


def _thin(db: Session, way: _Way, rights: Rights) -> bool:
    """Whether the granted talkgroups have so little traffic that they are better walked."""
    if len(rights.allowed) > MAX_DRIVING:
        return False
    order = "ASC" if way.oldest else "DESC"
    sql = (
        f"SELECT p.scope FROM call_key p WHERE p.no >= {way.low} AND p.no < {way.high}"
        f" ORDER BY p.no {order} LIMIT {SAMPLE}"
    )
    scopes = [scope for (scope,) in _run(db, sql)]
    if len(scopes) < SAMPLE:
        return False
    return sum(scope in rights.allowed for scope in scopes) < SAMPLE * THIN


def _count(db: Session, group: Group, way: _Way) -> int:
    """Return how many postings a group has in the time, at most the bound."""
    sql = (
        "SELECT count(*) FROM (SELECT 1 FROM call_posting p"
        f" WHERE p.facet IN ({numbers_of(group.all)})"
        f" AND p.no >= {way.low} AND p.no < {way.high} LIMIT {COUNT_BOUND}) q"
    )
    return int(_run(db, sql)[0][0])


# ---- walking -----------------------------------------------------------------------------------


def _tally(db: Session, way: _Way, limit: int, first: int) -> tuple[list[int], int]:
    """Return the first numbers in order, and how many there are, at most ``limit``."""
    numbers: list[int] = []
    total = 0
    for low, high in _windows(db, way):
        if way.in_memory:
            found = list(islice(_compared(db, way, low, high), limit - total))
            total += len(found)
        else:
            found, count = _counted(db, way, (low, high), limit - total, first - len(numbers))
            total += count
        numbers += found[: first - len(numbers)]
        if total == limit:
            break
    return numbers, total


def _windows(db: Session, way: _Way) -> Iterator[tuple[int, int]]:
    """Yield parts of the time, in the asked order; a plain driver needs one only."""
    if way.driver is None or len(way.driver.all) == 1:
        yield way.low, way.high
        return
    first, last = _ends(db)
    low, high = max(way.low, first), min(way.high, last + 1)
    width = FIRST_WINDOW_US
    while low < high:
        if way.oldest:
            yield low, min(high, low + width)
            low += width
        else:
            yield max(low, high - width), high
            high -= width
        width *= WIDER


def _ends(db: Session) -> tuple[int, int]:
    first = _run(db, "SELECT min(no) FROM call_key")[0][0]
    last = _run(db, "SELECT max(no) FROM call_key")[0][0]
    return (first, last) if first is not None else (0, -1)


def _counted(
    db: Session, way: _Way, window: tuple[int, int], limit: int, first: int
) -> tuple[list[int], int]:
    """Return the first numbers of one window and its count: the others never leave the database."""
    found = select_sql(way, *window, limit)
    if first <= 0:
        return [], int(_run(db, f"SELECT count(*) FROM ({found}) q")[0][0])
    order = "ASC" if way.oldest else "DESC"
    rows = _run(
        db, f"SELECT q.no, count(*) OVER () FROM ({found}) q ORDER BY q.no {order} LIMIT {first}"
    )
    return [number for number, _ in rows], int(rows[0][1]) if rows else 0


def _compared(db: Session, way: _Way, low: int, high: int) -> Iterator[int]:
    """Yield the numbers of one window, in batches: some groups are compared in memory."""
    while low < high:
        rows = _run(db, select_sql(way, low, high, BATCH))
        for number, facets in rows:
            own = {int(word) for word in facets.split()}
            if all(not group.all.isdisjoint(own) for group in way.in_memory):
                yield number
        if len(rows) < BATCH:
            return
        if way.oldest:
            low = rows[-1][0] + 1
        else:
            high = rows[-1][0]


def select_sql(way: _Way, low: int, high: int, limit: int) -> str:
    """Return the statement of one window."""
    driver = way.driver
    many = driver is not None and len(driver.all) > 1
    conditions = [f"p.no >= {low}", f"p.no < {high}"]
    table = "call_key"
    if driver is not None:
        table = "call_posting"
        conditions.insert(0, f"p.facet IN ({numbers_of(driver.all)})")
        if driver.also:
            conditions.append(driver.also)
    if way.scopes:
        conditions.append(way.scopes)
    for group in way.rest:
        conditions += _conditions(group, in_memory=group in way.in_memory)
    what, joined = "p.no", ""
    if way.in_memory:
        what, joined = "p.no, k.facets", " JOIN call_key k ON k.no = p.no"
    order = "ASC" if way.oldest else "DESC"
    return (
        f"SELECT {'DISTINCT ' if many else ''}{what} FROM {table} p{joined}"
        f" WHERE {' AND '.join(conditions)} ORDER BY p.no {order} LIMIT {limit}"
    )


def _conditions(group: Group, *, in_memory: bool) -> list[str]:
    conditions = [group.also] if group.also else []
    if in_memory or not group.facets | group.scopes:
        return conditions
    tests = []
    if group.scopes:
        tests.append(f"p.scope IN ({numbers_of(group.scopes)})")
    if group.facets:
        tests.append(
            "EXISTS (SELECT 1 FROM call_posting g"
            f" WHERE g.facet IN ({numbers_of(group.facets)}) AND g.no = p.no)"
        )
    return [*conditions, f"({' OR '.join(tests)})"]


def numbers_of(numbers: frozenset[int]) -> str:
    """Return numbers for a list in SQL."""
    return ",".join(str(int(number)) for number in sorted(numbers))


def _run(db: Session, sql: str) -> list[tuple[Any, ...]]:
    rows = db.connection().exec_driver_sql(sql).fetchall()
    return [tuple(row) for row in rows]
