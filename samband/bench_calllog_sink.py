"""Puts many rows into SQLite or PostgreSQL: indexes away, rows in, indexes back."""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import islice, repeat
from typing import Any, Protocol

from sqlalchemy import Table
from sqlmodel import SQLModel

from samband.bench_calllog_world import Columns

TABLES = (
    "call",
    "transmission",
    "recording_file",
    "note",
    "message",
    "press",
    "incident_suggestion",
    "unit_position",
    "call_key",
    "call_posting",
    "call_name",
    "call_place",
    "call_facet",
)
BATCH = 50_000


def table_of(model: type[SQLModel]) -> Table:
    """Return the table behind a model."""
    table: Table = model.__table__  # type: ignore[attr-defined]  # made by the metaclass
    return table


def columns_of(table: Table, given: Columns) -> tuple[list[str], list[Any]]:
    """Return names and values of all columns: given ones, else the default of the model."""
    names, values = [], []
    for column in table.columns:
        if column.name in given:
            names.append(column.name)
            values.append(given[column.name])
        elif column.default is not None and column.default.is_scalar:
            names.append(column.name)
            values.append(column.default.arg)  # type: ignore[attr-defined]  # a scalar one has it
        elif not column.nullable and not column.primary_key and column.server_default is None:
            names.append(column.name)
            values.append("" if column.type.python_type is str else 0)
    return names, values


def rows_of(values: Sequence[Any], count: int) -> Iterator[tuple[Any, ...]]:
    """Return rows of columns; what is no list stands in every row."""
    return zip(
        *(one if isinstance(one, list) else repeat(one, count) for one in values), strict=False
    )


class Sink(Protocol):
    """Where rows go."""

    def begin(self) -> None:
        """Take away what slows the filling."""

    def put(
        self, table: str, names: Sequence[str], rows: Iterator[tuple[Any, ...]], count: int
    ) -> None:
        """Add rows to a table."""

    def finish(self) -> None:
        """Put back what was taken away, and tell the database what it has."""


class SqliteSink:
    """A file that nobody else uses."""

    def __init__(self, path: str) -> None:
        """Open it."""
        self._db = sqlite3.connect(path, isolation_level=None)
        self._indexes: list[str] = []

    def begin(self) -> None:
        """Drop the indexes; a crash here loses the file."""
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("PRAGMA cache_size=-200000")
        self._db.execute("PRAGMA foreign_keys=OFF")
        found = self._db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            f" AND tbl_name IN ({','.join('?' * len(TABLES))})",
            TABLES,
        ).fetchall()
        for name, sql in found:
            self._indexes.append(sql)
            self._db.execute(f'DROP INDEX "{name}"')
        self._db.execute("BEGIN")

    def put(
        self, table: str, names: Sequence[str], rows: Iterator[tuple[Any, ...]], count: int
    ) -> None:
        """Add rows to a table."""
        quoted = ",".join(f'"{name}"' for name in names)
        statement = f'INSERT INTO "{table}" ({quoted}) VALUES ({",".join("?" * len(names))})'
        self._db.executemany(statement, rows)

    def finish(self) -> None:
        """Make the indexes."""
        self._db.execute("COMMIT")
        self._db.execute("PRAGMA threads=2")
        for sql in self._indexes:
            self._db.execute(sql)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.close()


class PostgresqlSink:
    """A database that nobody else uses."""

    def __init__(self, conninfo: str) -> None:
        """Connect."""
        import psycopg

        self._db = psycopg.connect(conninfo, autocommit=True)
        self._back: list[str] = []

    def begin(self) -> None:
        """Drop keys and indexes."""
        self._db.execute("SET maintenance_work_mem = '512MB'")
        tables = list(TABLES)
        keys = self._db.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype"
            " FROM pg_constraint WHERE contype IN ('p', 'u', 'f')"
            " AND conrelid::regclass::text IN (SELECT quote_ident(t) FROM unnest(%s::text[]) t)"
            " ORDER BY CASE contype WHEN 'f' THEN 0 ELSE 1 END",
            [tables],
        ).fetchall()
        for table, name, definition, kind in keys:
            add = f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'
            self._back = [*self._back, add] if _is(kind, "f") else [add, *self._back]
            self._db.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'.encode())
        indexes = self._db.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)", [tables]
        ).fetchall()
        for name, definition in indexes:
            self._back.insert(0, definition)
            self._db.execute(f'DROP INDEX "{name}"'.encode())

    def put(
        self, table: str, names: Sequence[str], rows: Iterator[tuple[Any, ...]], count: int
    ) -> None:
        """Add rows to a table by COPY."""
        quoted = ",".join(f'"{name}"' for name in names)
        copy = f'COPY "{table}" ({quoted}) FROM STDIN'
        with self._db.cursor() as cursor, cursor.copy(copy.encode()) as into:
            while batch := list(islice(rows, BATCH)):
                into.write("".join(map(_line, batch)))

    def finish(self) -> None:
        """Make keys and indexes; tell the planner."""
        for statement in self._back:
            self._db.execute(statement.encode())
        self._db.execute("SELECT setval('call_facet_id_seq', (SELECT max(id) FROM call_facet))")
        quoted = ", ".join(f'"{table}"' for table in TABLES)
        self._db.execute(f"VACUUM (ANALYZE) {quoted}".encode())
        self._db.close()


def _is(value: str | bytes, letter: str) -> bool:
    return value in (letter, letter.encode())


def _line(row: tuple[Any, ...]) -> str:
    return "\t".join(map(_field, row)) + "\n"


def _field(value: Any) -> str:
    if value is None:
        return "\\N"
    if value is True:
        return "t"
    return "f" if value is False else str(value)
