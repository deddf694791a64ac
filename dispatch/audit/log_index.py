"""An index over the audit log: who, what, on which object, when. Never the proof itself.

It lies in a file of its own (``audit/index.db``), so that filling it never holds the lock of the
log's database, and it may be deleted at any time: it is filled again from the log. The work is one
SQL statement over the attached log, done by SQLite outside Python, so that the server's threads go
on meanwhile. An entry that is no JSON any more is passed over: ``samband audit verify`` names it.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.model.errors import LinkError

INDEX_VERSION = 1
BATCH = 5000
MOST_COUNTED = 10_000
"""A total is exact up to here; above it is "more than"."""
BUSY_TIMEOUT_MS = 5000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (
  seq INTEGER PRIMARY KEY, t_utc INTEGER NOT NULL, op TEXT NOT NULL, verb TEXT NOT NULL,
  result TEXT NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL, unit TEXT NOT NULL,
  node TEXT NOT NULL, ip TEXT NOT NULL, obj_type TEXT NOT NULL, obj_id TEXT NOT NULL,
  cat TEXT NOT NULL, code TEXT NOT NULL, ref TEXT NOT NULL, texted INTEGER NOT NULL,
  late INTEGER NOT NULL, told INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS entry_actor ON entry(actor, seq);
CREATE INDEX IF NOT EXISTS entry_time ON entry(t_utc);
CREATE INDEX IF NOT EXISTS entry_ref ON entry(ref, seq) WHERE ref <> '';
CREATE INDEX IF NOT EXISTS entry_verb ON entry(verb, seq);
CREATE TABLE IF NOT EXISTS object (id TEXT NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (id, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subject (sub TEXT NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (sub, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (id INTEGER PRIMARY KEY CHECK (id = 1), next INTEGER NOT NULL,
  leaf BLOB, version INTEGER NOT NULL);
"""
_TABLES = ("entry", "object", "subject", "mark")

_ROWS = (
    "SELECT seq, CAST(entry AS TEXT) AS j FROM log.audit_log "
    "WHERE seq >= ?1 AND seq < ?2 AND json_valid(CAST(entry AS TEXT))"
)
_ENTRIES = f"""
INSERT OR REPLACE INTO entry SELECT seq,
  COALESCE(CAST(strftime('%s', substr(j ->> '$.ts', 1, 19)) AS INTEGER), 0) * 1000000
    + COALESCE(CAST(substr(j ->> '$.ts', 21, 6) AS INTEGER), 0),
  COALESCE(j ->> '$.op', ''), COALESCE(j ->> '$.verb', ''), COALESCE(j ->> '$.result', ''),
  COALESCE(j ->> '$.actor.id', ''), COALESCE(j ->> '$.actor.role', ''),
  COALESCE(j ->> '$.actor.unit', ''), COALESCE(j ->> '$.via.node', ''),
  COALESCE(j ->> '$.via.ip', ''), COALESCE(j ->> '$.obj.type', ''),
  COALESCE(j ->> '$.obj.id', ''), COALESCE(j ->> '$.obj.cat', ''),
  COALESCE(j ->> '$.purpose.code', ''), COALESCE(j ->> '$.purpose.ref', ''),
  COALESCE(j ->> '$.purpose.text', '') <> '', COALESCE(j ->> '$.late', 0) = 1,
  j -> '$.recipient' IS NOT NULL AND j -> '$.recipient' <> 'null'
FROM ({_ROWS})
"""  # noqa: S608 - no value of anybody stands in it
_OBJECTS = f"""
INSERT OR IGNORE INTO object
SELECT j ->> '$.obj.id', seq FROM ({_ROWS}) WHERE COALESCE(j ->> '$.obj.id', '') <> ''
"""  # noqa: S608 - no value of anybody stands in it
_NAMED = f"""
INSERT OR IGNORE INTO object
SELECT t.value, r.seq FROM ({_ROWS}) AS r, json_tree(r.j, '$.detail') AS t
WHERE instr(r.j, '-0') > 0 AND t.type = 'text' AND length(t.value) = 28
  AND t.value GLOB '[a-z]-[0-9a-z]*'
"""  # noqa: S608 - no value of anybody stands in it
"""Ids in the detail (a recording's call, the calls of a merge): a letter and a ULID of this age."""
_SUBJECTS = f"""
INSERT OR IGNORE INTO subject
SELECT t.value, r.seq FROM ({_ROWS}) AS r, json_tree(r.j) AS t
WHERE instr(r.j, '"hmac:') > 0 AND t.type = 'text' AND t.value GLOB 'hmac:*'
"""  # noqa: S608 - no value of anybody stands in it


class IndexUnavailable(LinkError):
    """The index can't be read or written now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailQuery:
    """Which entries: each filter that is there must hold; lists mean any of them."""

    objects: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    """Keyed hashes ``hmac:<key id>:<hex>``; together with ``objects`` any of both."""
    actors: tuple[str, ...] = ()
    ops: tuple[str, ...] = ()
    verb: str = ""
    result: str = ""
    ref: str = ""
    from_utc: int | None = None
    to_utc: int | None = None
    before: int | None = None
    """Entries below this number, or above it when the oldest come first."""
    oldest_first: bool = False
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Found:
    """One page: numbers of entries in order, how many there are (at most 10,000), whether more."""

    seqs: tuple[int, ...]
    total: int
    more: bool


@dataclass(slots=True)
class LogIndex:
    """The index of one log; safe to use from several threads."""

    log: Path
    file: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def catch_up(self, most: int | None = None) -> int:
        """Index what was added since; returns how many entries are still to do.

        ``most`` bounds the entries of this turn. Raises IndexUnavailable.
        """
        with self._lock, self._open() as db:
            first = self._mark(db)
            ((last,),) = db.execute("SELECT max(seq) FROM log.audit_log")
            end = 0 if last is None else int(last) + 1
            stop = end if most is None else min(end, first + most)
            while first < stop:
                upto = min(first + BATCH, stop)
                self._batch(db, first, upto)
                first = upto
            return end - first

    def rebuild(self) -> int:
        """Forget everything and index the whole log; returns its size."""
        with self._lock:
            for suffix in ("", "-wal", "-shm"):
                self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        self.catch_up()
        return self.size

    @property
    def size(self) -> int:
        """Entries that are indexed."""
        with self._open() as db:
            return self._mark(db)

    def find(self, query: TrailQuery) -> Found:
        """Return one page of a query. Raises IndexUnavailable."""
        where, values = _where(query)
        page = list(where)
        bounds = list(values)
        if query.before is not None:
            page.append("e.seq > ?" if query.oldest_first else "e.seq < ?")
            bounds.append(query.before)
        order = "ASC" if query.oldest_first else "DESC"
        sql = (
            f"SELECT e.seq FROM entry e WHERE {' AND '.join(page) or '1'} "  # noqa: S608
            f"ORDER BY e.seq {order} LIMIT ?"
        )
        counted = (
            f"SELECT count(*) FROM (SELECT 1 FROM entry e WHERE "  # noqa: S608
            f"{' AND '.join(where) or '1'} LIMIT {MOST_COUNTED + 1})"
        )
        with self._open() as db:
            seqs = tuple(row[0] for row in db.execute(sql, [*bounds, query.limit]))
            ((total,),) = db.execute(counted, values)
        return Found(seqs, min(total, MOST_COUNTED), total > MOST_COUNTED)

    def rows(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Run a reading statement of this program's own; the log is attached as ``log``."""
        with self._open() as db:
            return db.execute(sql, values).fetchall()

    def entries(self, seqs: tuple[int, ...]) -> list[tuple[int, bytes]]:
        """Return (seq, canonical bytes) of entries, in the order asked."""
        if not seqs:
            return []
        marks = ",".join("?" * len(seqs))
        with self._open() as db:
            found = dict(
                db.execute(
                    f"SELECT seq, entry FROM log.audit_log WHERE seq IN ({marks})",  # noqa: S608
                    seqs,
                )
            )
        return [(seq, bytes(found[seq])) for seq in seqs if seq in found]

    # ---- inside --------------------------------------------------------------------------------

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self.file.absolute().as_uri(), uri=True, isolation_level=None)
        except (sqlite3.Error, OSError) as error:
            raise IndexUnavailable(f"index of the audit log: {error}") from error
        try:
            db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")  # what a power cut takes is indexed again
            db.execute("ATTACH DATABASE ? AS log", (f"{self.log.absolute().as_uri()}?mode=ro",))
            db.executescript(_SCHEMA)
            yield db
        except sqlite3.Error as error:
            raise IndexUnavailable(
                f"index of the audit log: {error}", hint="samband audit reindex makes it anew."
            ) from error
        finally:
            db.close()

    def _mark(self, db: sqlite3.Connection) -> int:
        """Return the first entry that is not indexed; begins anew over another log."""
        row = db.execute("SELECT next, leaf, version FROM mark").fetchone()
        if row is None:
            return 0
        size, leaf, version = row
        last = db.execute("SELECT leaf FROM log.audit_log WHERE seq=?", (size - 1,)).fetchone()
        if version == INDEX_VERSION and (size == 0 or (last is not None and last[0] == leaf)):
            return int(size)
        for table in _TABLES:
            db.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of this module
        return 0

    def _batch(self, db: sqlite3.Connection, first: int, upto: int) -> None:
        db.execute("BEGIN IMMEDIATE")
        try:
            for sql in (_ENTRIES, _OBJECTS, _NAMED, _SUBJECTS):
                db.execute(sql, (first, upto))
            db.execute(
                "INSERT OR REPLACE INTO mark "
                "SELECT 1, ?1, leaf, ?2 FROM log.audit_log WHERE seq=?3",
                (upto, INDEX_VERSION, upto - 1),
            )
            db.execute("COMMIT")
        except sqlite3.Error:
            db.execute("ROLLBACK")
            raise


def _where(query: TrailQuery) -> tuple[list[str], list[object]]:
    where: list[str] = []
    values: list[object] = []
    about = []
    for table, column, names in (
        ("object", "id", query.objects),
        ("subject", "sub", query.subjects),
    ):
        if names:
            listed = "(SELECT value FROM json_each(?))"  # a list may be longer than parameters go
            about.append(f"SELECT seq FROM {table} WHERE {column} IN {listed}")  # noqa: S608
            values.append(json.dumps(names))
    if about:
        where.append(f"e.seq IN ({' UNION '.join(about)})")
    for column, wanted in (("actor", query.actors), ("op", query.ops)):
        if wanted:
            where.append(f"e.{column} IN (SELECT value FROM json_each(?))")  # noqa: S608
            values.append(json.dumps(wanted))
    for column, one in (("verb", query.verb), ("result", query.result), ("ref", query.ref)):
        if one:
            where.append(f"e.{column} = ?")
            values.append(one)
    for sign, bound in ((">=", query.from_utc), ("<", query.to_utc)):
        if bound is not None:
            where.append(f"e.t_utc {sign} ?")
            values.append(bound)
    return where, values
