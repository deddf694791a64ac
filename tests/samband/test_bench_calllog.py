"""The bench's call log: filled in columns as the index itself fills it; each search is indexed."""

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlmodel import Session

from dispatch.calllog.asking import Questions, rights
from dispatch.calllog.facets import ScopeNumbers
from dispatch.calllog.index import CallIndex
from dispatch.calllog.query import CallQuery
from dispatch.calllog.rows import CallRows
from dispatch.calllog.search import calls_of, find
from dispatch.calllog.tables import call_facet, call_key, call_name, call_place, call_posting
from dispatch.calllog.words import words_of
from dispatch.store.engine import Store
from dispatch.store.upgrade import upgrade
from gateway.model.ids import LinkId, SiteId, SystemId
from gateway.model.plan import Link, Plan, Site, System, Talkgroup
from samband import bench_calllog_world as world
from samband.bench_calllog import NAMED, person, plan_of
from samband.bench_calllog_facets import call_id, link_id
from samband.bench_calllog_fill import Filler
from samband.bench_calllog_sink import PostgresqlSink, SqliteSink
from samband.bench_calllog_world import World

ROWS, SMALL = 200_000, 900
BIG = ("call", "transmission", "call_posting", "call_key", "note", "message", "recording_file")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A call log of 200,000 calls on SQLite."""
    path = tmp_path_factory.mktemp("calllog") / "calllog.db"
    upgrade(f"sqlite:///{path}")
    Filler(World(ROWS), SqliteSink(str(path))).fill(2000)
    store = Store(f"sqlite:///{path}")
    yield store
    store.close()


def small(url: str, sink: Any) -> Store:
    Filler(World(SMALL), sink).fill(50)
    return Store(url)


def plan() -> Plan:
    """The plan that the bench's world would have."""
    net = SystemId("net")
    return Plan(
        name="bench",
        systems=(System(id=net, name="Net", technology="tetra", handle=1),),
        sites=tuple(Site(id=SiteId(f"site-{n}"), name=str(n)) for n in range(world.SITES)),
        talkgroups=tuple(
            Talkgroup(
                system=net,
                number=100_000 + n,
                name=world.talkgroup_name(n),
                folder="x",
                address=n + 1,
            )
            for n in range(world.TALKGROUPS)
        ),
        units=(),
        links=tuple(
            Link(
                id=LinkId(link_id(n)),
                name=str(n),
                kind="pei",
                system=net,
                site=SiteId(f"site-{n % world.SITES}"),
                port="/dev/null",
                sound="udp:127.0.0.1:0",
                talkgroups=(100_000,),
            )
            for n in range(world.LINKS)
        ),
    )


def index_of(store: Store) -> dict[str, set[tuple[Any, ...]]]:
    """Everything of the index, by what it means."""

    def work(db: Session) -> dict[str, set[tuple[Any, ...]]]:
        run = db.connection().execute
        scope = call_facet.alias()
        facet = call_facet.c
        postings = (
            select(facet.kind, facet.value, scope.c.value, call_posting.c.no, call_posting.c.marks)
            .join(call_posting, call_posting.c.facet == facet.id)
            .join(scope, scope.c.id == call_posting.c.scope)
        )
        names = select(facet.kind, facet.value, call_name.c.word).join(
            call_name, call_name.c.facet == facet.id
        )
        keys = select(call_key.c.no, call_key.c.call, call_key.c.marks)
        counts = {
            (no, len(facets.split()))
            for no, facets in run(select(call_key.c.no, call_key.c.facets))
        }
        return {
            "postings": {tuple(row) for row in run(postings)},
            "names": {tuple(row) for row in run(names)},
            "keys": {tuple(row) for row in run(keys)},
            "places": {tuple(row) for row in run(select(call_place))},
            "counts": counts,
        }

    return store.read_now(work)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_index_filled_in_columns_is_the_one_that_the_service_makes(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if database == "sqlite":
        url = f"sqlite:///{tmp_path / 'x.db'}"
        upgrade(url)
        store = small(url, SqliteSink(str(tmp_path / "x.db")))
    else:
        url = request.getfixturevalue("postgres").new()
        name, folder = re.fullmatch(r".*@/(\w+)\?host=(.*)", url).groups()  # type: ignore[union-attr]  # our own address
        store = small(url, PostgresqlSink(f"host={folder} user=samband dbname={name}"))
    try:
        before = index_of(store)
        live = plan()
        index = CallIndex(lambda: live)
        store.write_now(lambda db: index.reindex(db, [call_id(n) for n in range(SMALL)]))
        assert index_of(store) == before
        assert len(before["places"]) > 5
        store.write_now(index.clear)
        while store.write_now(index.catch_up):
            pass
        assert index_of(store) == before
    finally:
        store.close()


def ask(store: Store, query: CallQuery, *, few: bool = False) -> tuple[int, list[str]]:
    access = person([901, 1203, 1777] if few else [n for n in range(2000) if n % 10 != 7])
    rows = CallRows(plan_of(store))

    def work(db: Session) -> tuple[int, list[str]]:
        allowed = rights(db, access, ScopeNumbers())
        found = find(db, query, allowed, Questions(db, access, allowed))
        calls = calls_of(db, found.page)
        page = rows.rows(db, calls, access, words_of(query.q), calls)
        return found.total, [row["id"] for row in page]

    return store.read_now(work)


@pytest.mark.parametrize("named", NAMED, ids=lambda named: named.name)
def test_each_named_search_walks_indexes_and_scans_no_large_table(
    filled: Store, named: Any
) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _u: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    rng = Random(named.name)
    event.listen(filled._reader, "before_cursor_execute", note)
    try:
        totals = [ask(filled, named.make(rng), few=named.few)[0] for _ in range(3)]
    finally:
        event.remove(filled._reader, "before_cursor_execute", note)
    assert max(totals) > 0 or named.name in ("words", "place", "long-desk")
    plans: list[str] = []
    with filled._reader.connect() as connection:
        for statement, parameters in asked:
            if statement.lstrip().upper().startswith(("SELECT", "WITH")):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans += [f"{row[3]} <- {statement[:200]}" for row in rows]
    assert len(plans) > 5
    # ``p``, ``g``, ``k``, ``d``, ``c``, ``m`` are what the search calls the large tables.
    full = re.compile(rf"^SCAN ({'|'.join(BIG)}|[pgkdcm])\b(?!.*USING)")
    assert [plan for plan in plans if full.match(plan)] == []


def test_a_search_finds_what_the_tables_say(filled: Store) -> None:
    rng = Random(3)
    for _ in range(3):
        group = world.talkgroup(rng.randrange(40))
        start = world.FIRST_UTC + rng.randrange(900) * world.DAY_US
        query = CallQuery(
            talkgroups=(group,), from_utc=start, to_utc=start + 60 * world.DAY_US, limit=500
        )
        sql = text(
            "SELECT id FROM call WHERE talkgroup = :g AND started_utc BETWEEN :a AND :b"
            " ORDER BY started_utc DESC"
        )
        given = {"g": group, "a": query.from_utc, "b": query.to_utc}
        told = filled.read_now(
            lambda db, given=given, sql=sql: [
                call for (call,) in db.connection().execute(sql, given)
            ]  # type: ignore[misc]  # bound in the loop
        )
        total, page = ask(filled, query)
        allowed = int(group.partition("/")[2]) % 10 != 7
        assert (total, page) == ((len(told), told[:500]) if allowed else (0, []))
