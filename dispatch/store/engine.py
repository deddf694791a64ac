"""The store: one writer thread named ``db``, readers beside it, never on the event loop.

SQLite runs in WAL mode with ``synchronous=FULL``: what was committed survives a power cut. That
costs a few milliseconds a commit, and the journal puts many events into one commit. Writers begin
with ``BEGIN IMMEDIATE``, so that a second connection (the audit log's) makes us wait, not fail; in
one process they queue (``turns``). The write-ahead log is carried into the file beside the commits
(``wal``).
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import event, inspect
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, OperationalError
from sqlmodel import Session, create_engine

from dispatch.store.turns import turns_of
from dispatch.store.wal import BOUND_PAGES, WalKeeper
from gateway.model.errors import ConfigError, LinkError

T = TypeVar("T")

BUSY_TIMEOUT_MS = 5000
TURN_S = 10.0
"""How long a writer waits for the others of this process."""
EMPTY_PATIENCE_S = 30.0
READ_THREADS = 2


class StoreUnavailable(LinkError):
    """The database cannot be reached or written now; it is tried again."""


TOUCHED = "touched"
"""Key of a writing session's ``info``: what its flushes made, changed or deleted."""
Touched = tuple[Any, frozenset[str]]
"""A row of any table that was written, and its attributes that were changed."""
Finish = Callable[[Session, list[Touched]], None]
"""Takes the session before its commit, and what it touched."""


class WriteSession(Session):
    """A session that remembers which rows it wrote, until its commit."""


def _remember(session: Session, _context: object) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        changed = frozenset(inspect(row).committed_state)
        session.info.setdefault(TOUCHED, []).append((row, changed))


event.listen(WriteSession, "after_flush", _remember)


def wrote(session: Session, rows: Iterable[Any]) -> None:
    """Count rows as written that a plain statement wrote past the mapped classes."""
    touched = session.info.setdefault(TOUCHED, [])
    touched.extend((row, frozenset()) for row in rows)


class Store:
    """Sessions of one database: ``write`` in the one writer thread, ``read`` beside it."""

    def __init__(self, url: str, audit_url: str | None = None) -> None:
        """Open the database at ``url`` (``sqlite:///…`` or ``postgresql+…``).

        ``audit_url`` is the SQLite database of the audit log where that is not the same file.
        """
        self.url = url
        self.audit_url = audit_url or url
        self.engine = open_engine(url)
        self._reader = open_engine(url, writes=False)
        apart = self.audit_url != url
        self._audit = open_engine(self.audit_url, writes=False) if apart else self._reader
        self._finish: list[Finish] = []
        file = sqlite_file(url)
        self._turns = turns_of(file) if file else None
        self._wal = WalKeeper(file, turns_of(file)) if file else None
        self._write_pool = ThreadPoolExecutor(1, thread_name_prefix="db")
        self._read_pool = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="db-read")

    def before_commit(self, finish: Finish) -> None:
        """Call ``finish`` in each transaction that wrote rows, before it is committed."""
        self._finish.append(finish)

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in one transaction on the thread ``db``; raises StoreUnavailable."""
        if self._wal is not None:
            self._wal.start()
        return await asyncio.get_running_loop().run_in_executor(
            self._write_pool, self.write_now, work
        )

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in a transaction that is rolled back; raises StoreUnavailable."""
        return await asyncio.get_running_loop().run_in_executor(
            self._read_pool, self.read_now, work
        )

    def write_now(self, work: Callable[[Session], T]) -> T:
        """Do the same as ``write`` in the calling thread (commands, start-up, tests)."""
        try:
            with self._turn(), WriteSession(self.engine, expire_on_commit=False) as session:
                result = work(session)
                session.flush()
                touched = session.info.pop(TOUCHED, [])
                for finish in self._finish if touched else ():
                    finish(session, touched)
                session.commit()
                return result
        except DBAPIError as error:
            raise _unavailable(error) from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._turns is None:
            yield
            return
        with self._turns.turn(TURN_S) as mine:
            if not mine:
                raise StoreUnavailable("the database is being written by somebody else")
            yield

    async def forget_erased(self) -> bool:
        """Do the same as ``forget_erased_now`` beside the event loop."""
        return await asyncio.to_thread(self.forget_erased_now)

    def forget_erased_now(self) -> bool:
        """Empty SQLite's write-ahead log: what was erased is then in no file of the database.

        Waits for who reads, up to 30 s; False when somebody read on: it is done within a minute
        of the last reader. True on PostgreSQL, which has its own ways. Raises StoreUnavailable.
        """
        if self._wal is None:
            return True
        try:
            return self._wal.empty(EMPTY_PATIENCE_S)
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"the database's log cannot be emptied: {error}") from error

    def read_now(self, work: Callable[[Session], T]) -> T:
        """Do the same as ``read`` in the calling thread."""
        return self._read_with(self._reader, work)

    async def read_audit(self, work: Callable[[Session], T]) -> T:
        """Do the same as ``read`` on the database that holds the audit log."""
        return await asyncio.get_running_loop().run_in_executor(
            self._read_pool, self.read_audit_now, work
        )

    def read_audit_now(self, work: Callable[[Session], T]) -> T:
        """Do the same as ``read_audit`` in the calling thread."""
        return self._read_with(self._audit, work)

    def _read_with(self, engine: Engine, work: Callable[[Session], T]) -> T:
        try:
            with Session(engine, expire_on_commit=False) as session:
                return work(session)
        except DBAPIError as error:
            raise _unavailable(error) from error

    def renew(self) -> None:
        """Close the connections that nobody uses; new ones are made when they are needed."""
        for engine in (self.engine, self._reader, self._audit):
            engine.dispose()

    def close(self) -> None:
        """Finish what waits, then close; safe twice."""
        self._write_pool.shutdown(wait=True)
        self._read_pool.shutdown(wait=True)
        if self._wal is not None:
            self._wal.close()
        self.engine.dispose()
        self._reader.dispose()
        self._audit.dispose()


def _unavailable(error: DBAPIError) -> Exception:
    """Return what to raise: a broken rule of the schema stays what it is, the rest is retried."""
    if isinstance(error, OperationalError) or error.connection_invalidated:
        return StoreUnavailable(
            f"the database does not answer: {error.orig}",
            hint="Is the disk full, or does another program hold the file?",
        )
    return error


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite database; None in memory and on PostgreSQL."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def open_engine(url: str, *, writes: bool = True) -> Engine:
    """Return an engine for ``url``; raises ConfigError unless it is SQLite or PostgreSQL."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        if writes:
            event.listen(engine, "begin", _begin_immediate)
        else:
            event.listen(engine, "begin", _begin_deferred)
        return engine
    if parsed.get_backend_name() == "postgresql":
        # A read sees one moment, as on SQLite: rights and rows of a search belong together.
        level = "READ COMMITTED" if writes else "REPEATABLE READ"
        return _postgresql(url, level)
    raise ConfigError(f"store.url: expected sqlite:/// or postgresql+…://, got {url!r}")


def _postgresql(url: str, isolation_level: str) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True, isolation_level=isolation_level)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise ConfigError(
            f"store.url: PostgreSQL needs the package psycopg, which is not installed: {error}",
            hint="pip install 'samband[postgresql]', and postgresql+psycopg:// in store.url",
        ) from error


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # _record is SQLAlchemy's pool record, which has no use here.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    # What is erased is overwritten in its page, not only forgotten (keys of sealed files, texts).
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute(f"PRAGMA wal_autocheckpoint={BOUND_PAGES}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
