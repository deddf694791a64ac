"""Rows of a table in many windows of time at once: one statement, one index seek a window."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, text
from sqlmodel import Session

CHUNK = 100
"""Windows of one statement where each is written out."""


@dataclass(frozen=True, slots=True)
class Window:
    """A time (UTC microseconds, both ends in it) in which one key is looked for."""

    number: int
    key: str
    first: int
    last: int


def in_windows(
    db: Session, key: Column[Any], at: Column[Any], windows: Sequence[Window]
) -> Iterator[tuple[int, Any]]:
    """Yield (number of the window, row) of every row whose key and time fit a window.

    ``(key, at)`` is an index of their table. ``CROSS JOIN`` keeps SQLite from turning the join
    round: the windows are walked from outside, the index from inside.
    """
    if db.get_bind().dialect.name == "postgresql":
        yield from _unnested(db, key, at, windows)
        return
    for start in range(0, len(windows), CHUNK):
        part = windows[start : start + CHUNK]
        given: dict[str, int | str] = {}
        for i, window in enumerate(part):
            given |= {
                f"n{i}": window.number,
                f"k{i}": window.key,
                f"a{i}": window.first,
                f"b{i}": window.last,
            }
        for row in db.connection().execute(text(_statement(key, at, len(part))), given):
            yield row.n, row


def _unnested(
    db: Session, key: Column[Any], at: Column[Any], windows: Sequence[Window]
) -> Iterator[tuple[int, Any]]:
    """Do it with four arrays: one short text for any number of windows, prepared once."""
    arrays = "CAST(:n AS BIGINT[]), CAST(:k AS TEXT[]), CAST(:a AS BIGINT[]), CAST(:b AS BIGINT[])"
    given = {
        "n": [window.number for window in windows],
        "k": [window.key for window in windows],
        "a": [window.first for window in windows],
        "b": [window.last for window in windows],
    }
    sql = f"WITH w (n, k, a, b) AS (SELECT * FROM unnest({arrays})) {_joined(key, at)}"
    for row in db.connection().execute(text(sql), given):
        yield row.n, row


def _statement(key: Column[Any], at: Column[Any], count: int) -> str:
    rows = [f"(:n{i}, :k{i}, :a{i}, :b{i})" for i in range(count)]
    return f"WITH w (n, k, a, b) AS (VALUES {', '.join(rows)}) {_joined(key, at)}"


def _joined(key: Column[Any], at: Column[Any]) -> str:
    return (
        f"SELECT w.n, m.* FROM w CROSS JOIN {key.table} m"
        f" WHERE m.{key.name} = w.k AND m.{at.name} BETWEEN w.a AND w.b ORDER BY m.{at.name}"
    )
