"""A breach notice within 72 hours (LED Art. 30): which records were touched, by whom, when.

For a time, and where it is known the account, the session or the address that was misused. The list
names objects and keyed hashes; how many people are concerned is counted over the hashes.
"""

import csv
import io
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from dispatch.audit.log_index import LogIndex
from dispatch.reports.words import object_words, operation_words, verb_words

HOURS = 72
US_PER_HOUR = 3_600_000_000
MOST_ROWS = 500
TOUCHING = ("collect", "alter", "consult", "disclose", "combine", "erase")
COLUMNS = (
    "entry",
    "time_utc",
    "operation",
    "verb",
    "account",
    "address",
    "kind",
    "object",
    "result",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachQuery:
    """What was misused; an empty text means any."""

    from_utc: int
    to_utc: int
    actor: str = ""
    address: str = ""
    noticed_utc: int | None = None


def _clause(query: BreachQuery) -> tuple[str, tuple[object, ...]]:
    marks = ",".join("?" * len(TOUCHING))
    sql = f"WHERE e.t_utc >= ? AND e.t_utc < ? AND e.op IN ({marks}) AND e.role <> 'system'"
    values: list[object] = [query.from_utc, query.to_utc, *TOUCHING]
    for column, wanted in (("actor", query.actor), ("ip", query.address)):
        if wanted:
            sql += f" AND e.{column} = ?"
            values.append(wanted)
    return sql, tuple(values)


def summary(index: LogIndex, query: BreachQuery) -> dict[str, Any]:
    """Return the figures that a notice asks for, and the first rows."""
    where, values = _clause(query)
    rows: list[tuple[Any, ...]] = index.rows(
        f"SELECT e.op, e.obj_type, e.obj_id, e.actor, e.ip FROM entry e {where}",  # noqa: S608
        values,
    )
    people = index.rows(
        f"SELECT count(DISTINCT s.sub) FROM entry e JOIN subject s ON s.seq = e.seq {where}",  # noqa: S608
        values,
    )
    objects = {(kind, thing) for _, kind, thing, _, _ in rows if thing}
    kinds = Counter(kind for kind, _ in objects)
    return {
        "operations": len(rows),
        "by_operation": [
            {"op": op, "words": operation_words(op), "count": count}
            for op, count in sorted(Counter(row[0] for row in rows).items())
        ],
        "objects": len(objects),
        "by_kind": [
            {"kind": kind, "words": object_words(kind), "count": count}
            for kind, count in sorted(kinds.items())
        ],
        "subjects": int(str(people[0][0])),
        "accounts": len({row[3] for row in rows}),
        "addresses": sorted({row[4] for row in rows if row[4]}),
        "deadline_utc": query.noticed_utc + HOURS * US_PER_HOUR if query.noticed_utc else None,
        "rows": listed(index, query, MOST_ROWS),
    }


def listed(index: LogIndex, query: BreachQuery, most: int) -> list[dict[str, Any]]:
    """Return the touched records in order of time."""
    where, values = _clause(query)
    columns = "e.seq, e.t_utc, e.op, e.verb, e.actor, e.ip, e.obj_type, e.obj_id, e.result"
    sql = f"SELECT {columns} FROM entry e {where} ORDER BY e.seq LIMIT ?"  # noqa: S608
    rows: list[tuple[Any, ...]] = index.rows(sql, (*values, most))
    keys = ("seq", "t_utc", "op", "verb", "actor", "ip", "kind", "object", "result")
    return [dict(zip(keys, row, strict=True)) | {"words": verb_words(row[3])} for row in rows]


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Return the list as CSV for the notice."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        keys = ("seq", "t_utc", "op", "verb", "actor", "ip", "kind", "object", "result")
        writer.writerow([row[key] for key in keys])
    return out.getvalue()


def as_json(found: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """Return figures and the whole list as JSON."""
    return json.dumps({**found, "rows": rows}, ensure_ascii=False, indent=1)
