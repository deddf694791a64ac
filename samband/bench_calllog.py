"""``samband bench calllog``: twelve searches of a long call log, cold and warm, on either database.

Each search is what the desk waits for: the page of 50 calls with overs, notes and texts, and the
total up to 10,000. The person has a grant on nine talkgroups of ten, so that rights are looked at.
Cold: the connection is new and the database's pages are dropped from the kernel's cache (and, for
PostgreSQL, from its own: the server is started anew).
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from dispatch.auth.access import Access, UserInfo
from dispatch.auth.permissions import Action, Role, permissions_of
from dispatch.calllog.asking import Questions, rights
from dispatch.calllog.facets import ScopeNumbers
from dispatch.calllog.places import units_at
from dispatch.calllog.query import CallQuery, Place
from dispatch.calllog.rows import CallRows
from dispatch.calllog.search import calls_of, find
from dispatch.calllog.words import words_of
from dispatch.services.plans import LivePlan
from dispatch.store.engine import Store
from dispatch.store.upgrade import upgrade
from gateway.bus import InProcessBus
from gateway.model.ids import GatewayId, TalkgroupId
from samband import bench_calllog_world as world
from samband.bench_calllog_fill import Filler
from samband.bench_calllog_sink import PostgresqlSink, SqliteSink
from samband.bench_calllog_world import World
from samband.bench_postgres import OWNER, QUICK, Cluster
from webrtc.collector import calm_collector

DEFAULT_ROWS = 1_000_000
LIMIT_MS = 150.0
NEAR_LIMIT_MS = 5.0
DATABASE = "calllog"
SERVER = (*QUICK, "shared_buffers=256MB", "max_wal_size=4GB", "random_page_cost=1.1")
WARM, COLD, NEAR = 15, 4, 500


@dataclass(frozen=True, slots=True)
class Named:
    """A search by name: what it is, and how one is made of chance."""

    name: str
    words: str
    make: Callable[[Random], CallQuery]
    few: bool = False
    """Asked by a person with grants on three quiet talkgroups."""


def _at(rng: Random) -> int:
    return world.FIRST_UTC + rng.randrange(world.DAYS - 60) * world.DAY_US


def _busy(rng: Random) -> str:
    return world.talkgroup(rng.randrange(12))


def _unit_of(group: int, rng: Random) -> str:
    member = rng.randrange(world.UNITS_OF_GROUP)
    return world.unit((group * 37 + member * member) % world.UNITS)


def _unit_in_group(rng: Random) -> CallQuery:
    group = rng.randrange(40)
    start = _at(rng)
    return CallQuery(
        units=(_unit_of(group, rng),),
        talkgroups=(world.talkgroup(group),),
        from_utc=start,
        to_utc=start + 365 * world.DAY_US,
    )


def _circle(rng: Random) -> CallQuery:
    place = Place(
        latitude_deg=57.5 + rng.random() * 0.4,
        longitude_deg=11.6 + rng.random() * 0.8,
        radius_m=1000.0,
    )
    end = world.FIRST_UTC + world.DAYS * world.DAY_US
    return CallQuery(place=place, from_utc=end - 7 * world.DAY_US)


NAMED = (
    Named("newest", "the newest calls, nothing asked", lambda rng: CallQuery()),
    Named(
        "few-grants",
        "the newest calls of a person with three quiet talkgroups",
        lambda rng: CallQuery(),
        few=True,
    ),
    Named(
        "talkgroup",
        "one of the twelve busiest talkgroups",
        lambda rng: CallQuery(talkgroups=(_busy(rng),)),
    ),
    Named(
        "unit",
        "a unit by its number",
        lambda rng: CallQuery(units=(str(1_200_000 + rng.randrange(world.UNITS)),)),
    ),
    Named("unit-talkgroup", "a unit on a talkgroup within a year", _unit_in_group),
    Named("word", "a word of many notes", lambda rng: CallQuery(q=world.word(rng.randrange(8)))),
    Named(
        "beginning",
        "the beginning of a street within a month",
        lambda rng: CallQuery(
            q=world.street(rng.randrange(world.STREETS))[:4],
            from_utc=(start := _at(rng)),
            to_utc=start + 30 * world.DAY_US,
        ),
    ),
    Named(
        "words",
        "a street and a kind of talkgroup by name",
        lambda rng: CallQuery(
            q=f"{world.street(rng.randrange(world.STREETS))} {rng.choice(world.KINDS_OF_GROUP)}"
        ),
    ),
    Named(
        "emergency-site",
        "emergencies at a site",
        lambda rng: CallQuery(emergency=True, sites=(f"site-{rng.randrange(world.SITES)}",)),
    ),
    Named(
        "long-desk",
        "calls over half a minute in which an operator talked",
        lambda rng: CallQuery(
            min_ms=30_000, direction="out", operator=world.operator(rng.randrange(60))
        ),
    ),
    Named(
        "incident",
        "an incident by its label",
        lambda rng: CallQuery(incident=world.label(rng.randrange(100))),
    ),
    Named("place", "a circle of 1 km in the last week", _circle),
)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser("calllog", help="searches of a long call log")
    parser.add_argument("--rows", type=int, default=DEFAULT_ROWS, help="calls (default 1 million)")
    parser.add_argument("--cameras", type=int, default=60_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="fill DIR and keep it")
    parser.add_argument("--use", type=Path, metavar="DIR", help="measure what --keep filled")


def record_name(args: argparse.Namespace) -> str:
    """Return the name of the file that figures of this database are kept in."""
    return "calllog" if args.database == "sqlite" else f"calllog-{args.database}"


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Fill a database, or use a filled one, and measure."""
    folder = args.use or args.keep
    if folder is not None:
        return _measure_in(folder, args)
    with tempfile.TemporaryDirectory(prefix="samband-calllog-") as made:
        os.chmod(made, 0o755)  # noqa: S103  # the account of PostgreSQL must pass
        return _measure_in(Path(made), args)


def _measure_in(folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    bench = SqliteBench(folder) if args.database == "sqlite" else PostgresqlBench(folder)
    with bench.served():
        began = time.monotonic()
        if args.use:
            upgrade(bench.url)  # filled by an earlier Samband, perhaps
        else:
            bench.fill(World(args.rows), args.cameras)
        filled_s = time.monotonic() - began
        figures = Measuring(bench, args.rows).run()
    return {
        "database": args.database,
        "rows": args.rows,
        "cameras": args.cameras,
        "filled_s": round(filled_s, 1) if not args.use else None,
        "size_mb": round(bench.size_bytes() / 1e6),
        **figures,
    }


class SqliteBench:
    """A file."""

    def __init__(self, folder: Path) -> None:
        """Use a folder."""
        self._path = folder / "calllog.db"
        self.url = f"sqlite:///{self._path}"

    @contextmanager
    def served(self) -> Iterator[None]:
        """Make the folder; there is nothing to start."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        yield

    def fill(self, made: World, cameras: int) -> None:
        """Write a world."""
        self._path.unlink(missing_ok=True)
        upgrade(self.url)
        Filler(made, SqliteSink(str(self._path))).fill(cameras)

    def forget(self) -> None:
        """Drop the file's pages from the kernel's cache."""
        drop_pages([self._path])

    def size_bytes(self) -> int:
        """Return the size on disk."""
        return self._path.stat().st_size


class PostgresqlBench:
    """A server of its own."""

    def __init__(self, folder: Path) -> None:
        """Use a folder."""
        self._cluster = Cluster(folder, SERVER)
        self.url = self._cluster.url(DATABASE)

    @contextmanager
    def served(self) -> Iterator[None]:
        """Start the server, and end it."""
        try:
            self._cluster.start()
            yield
        finally:
            self._cluster.stop()

    def fill(self, made: World, cameras: int) -> None:
        """Write a world."""
        self._cluster.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        self._cluster.execute(f"CREATE DATABASE {DATABASE}")
        upgrade(self.url)
        conninfo = f"host={self._cluster.folder} user={OWNER} dbname={DATABASE}"
        Filler(made, PostgresqlSink(conninfo)).fill(cameras)

    def forget(self) -> None:
        """Start the server anew, its files dropped from the kernel's cache."""
        self._cluster.stop()
        drop_pages(path for path in (self._cluster.data / "base").rglob("*") if path.is_file())
        self._cluster.start()

    def size_bytes(self) -> int:
        """Return the size on disk."""
        return sum(p.stat().st_size for p in self._cluster.data.rglob("*") if p.is_file())


def drop_pages(paths: Any) -> None:
    """Ask the kernel to drop files from its cache: they must be on disk first."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)


class Measuring:
    """Asks the searches of a filled database."""

    def __init__(self, bench: SqliteBench | PostgresqlBench, rows: int) -> None:
        """Prepare the persons."""
        self._bench = bench
        self._rows = rows
        self._many = person([n for n in range(world.TALKGROUPS) if n % 10 != 7])
        self._few = person([n for n in (901, 1203, 1777)])

    def run(self) -> dict[str, Any]:
        """Return the figures of all searches."""
        calm_collector()  # as a server does when it has started
        figures: dict[str, Any] = {}
        worst = 0.0
        for named in NAMED:
            made = self._one(named)
            worst = max(worst, percentile(made.cold, 95), percentile(made.warm, 95))
            figures[named.name] = {
                "what": named.words,
                "total": f"{min(made.totals)} to {max(made.totals)}",
                "cold_p95_ms": round(percentile(made.cold, 95), 1),
                "warm_p50_ms": round(percentile(made.warm, 50), 1),
                "warm_p95_ms": round(percentile(made.warm, 95), 1),
                "warm_cpu_p95_ms": round(percentile(made.cpu, 95), 1),
            }
        near = self._near()
        return {
            "queries": figures,
            "worst_p95_ms": round(worst, 1),
            "limit_ms": LIMIT_MS,
            "near_camera_p95_ms": round(percentile(near, 95), 2),
            "near_limit_ms": NEAR_LIMIT_MS,
            "ok": worst <= LIMIT_MS and percentile(near, 95) <= NEAR_LIMIT_MS,
        }

    def _one(self, named: Named) -> "Timed":
        """Ask cold, then warm: the same questions in both rounds."""
        store = Store(self._bench.url)
        access = self._few if named.few else self._many
        scopes, rows = ScopeNumbers(), CallRows(plan_of(store))
        made = Timed()
        try:
            # A server knows its scopes and its statements from its first search on.
            store.read_now(scopes.read)
            timed(store, CallQuery(q="zzz", limit=1), access, scopes, rows)
            rng = Random(named.name)  # noqa: S311  # no secret
            for _ in range(COLD):
                store.renew()
                self._bench.forget()
                made.cold.append(timed(store, named.make(rng), access, scopes, rows)[0])
            for ask in range(2 * WARM):
                if ask % WARM == 0:
                    rng = Random(named.name)  # noqa: S311  # no secret
                ms, cpu_ms, total = timed(store, named.make(rng), access, scopes, rows)
                if ask >= WARM:
                    made.add(ms, cpu_ms, total)
        finally:
            store.close()
        return made

    def _near(self) -> list[float]:
        rng = Random(5)  # noqa: S311  # no secret
        store = Store(self._bench.url)
        times = []
        try:
            for _ in range(NEAR):
                place = Place(
                    latitude_deg=57.5 + rng.random() * 0.4,
                    longitude_deg=11.6 + rng.random() * 0.8,
                    radius_m=1500.0,
                )
                at = world.FIRST_UTC + world.DAYS * world.DAY_US - rng.randrange(world.DAY_US // 24)
                began = time.perf_counter()
                store.read_now(lambda db, p=place, t=at: units_at(db, p, t))  # type: ignore[misc]  # bound in the loop
                times.append((time.perf_counter() - began) * 1000)
        finally:
            store.close()
        return times


@dataclass(slots=True)
class Timed:
    """Times of one search, in milliseconds."""

    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """Of this process: with SQLite all there is, with PostgreSQL without the server's."""
    totals: list[int] = field(default_factory=list)

    def add(self, ms: float, cpu_ms: float, total: int) -> None:
        """Keep a warm answer."""
        self.warm.append(ms)
        self.cpu.append(cpu_ms)
        self.totals.append(total)


def timed(
    store: Store, query: CallQuery, access: Access, scopes: ScopeNumbers, rows: CallRows
) -> tuple[float, float, int]:
    """Ask once; returns milliseconds, milliseconds of processor time, and the total."""

    def work(db: Any) -> int:
        allowed = rights(db, access, scopes)
        found = find(db, query, allowed, Questions(db, access, allowed))
        calls = calls_of(db, found.page)
        rows.rows(db, calls, access, words_of(query.q), calls)
        return found.total

    began, cpu = time.perf_counter(), time.thread_time()
    total = store.read_now(work)
    return (time.perf_counter() - began) * 1000, (time.thread_time() - cpu) * 1000, total


def person(groups: list[int]) -> Access:
    """Return an auditor with grants on some talkgroups, by their rank in use."""
    every = frozenset(Action)
    return Access(
        user=UserInfo(
            id="u-bench", name="bench", display_name="Bench", role=Role.AUDITOR, organisation="P"
        ),
        permissions=permissions_of(Role.AUDITOR),
        talkgroup_actions={TalkgroupId(world.talkgroup(n)): every for n in groups},
    )


def plan_of(store: Store) -> LivePlan:
    """Return a live plan that is empty: names are then ids, which costs the same."""
    from dispatch.clock import SystemClock

    clock = SystemClock()
    return LivePlan(store, InProcessBus(GatewayId("gw-1"), clock, os.urandom), clock)


def percentile(values: list[float], percent: int) -> float:
    """Return the value that ``percent`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * percent // 100) - 1))]
