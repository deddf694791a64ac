"""One plan, one hash: what was checked, compared, approved and activated is the same thing.

A plan may name a hundred thousand radios, so its text is written and read row by row: a thread
that does so lets the event loop run between two rows.
"""

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import nullcontext
from threading import Lock
from typing import Any

from dispatch.plans.sharing import shared
from gateway.model.plan import Plan
from gateway.model.wire import from_json, to_json
from webrtc.collector import set_apart

ROWS_FROM_CHARACTERS = 200_000
"""A longer text is read row by row."""
LONG_TABLE = 5_000
"""Rows from which a table's texts are kept for the next time."""
APART_FROM_CHARACTERS = 4_000_000
"""A longer text has so many rows that the collector of garbage must not walk over them."""
MAX_KEPT = 3
"""Plans that are kept as they were read: the live one, and drafts that are worked on."""
_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_DECODE = json.JSONDecoder().raw_decode
_BLANKS = re.compile(r"[ \t\r\n]*")


def plan_text(plan: Plan) -> str:
    """Return a plan as JSON with sorted keys and no blanks: the same plan, the same text."""
    names = sorted(plan.__dataclass_fields__)
    parts = (f"{_ENCODE(name)}:{_value_text(name, getattr(plan, name))}" for name in names)
    return "{" + ",".join(parts) + "}"


def _value_text(name: str, value: object) -> str:
    if not isinstance(value, tuple):
        return _ENCODE(to_json(value))
    texts = (
        [_ENCODE(to_json(row)) for row in value]
        if len(value) < LONG_TABLE
        else _LAST.of(name, value)
    )
    return "[" + ",".join(texts) + "]"


class _LastWritten:
    """Texts of the rows of the long tables that were written last: an edit changes one of them."""

    def __init__(self) -> None:
        self._tables: dict[str, tuple[tuple[object, ...], list[str]]] = {}

    def of(self, name: str, rows: tuple[object, ...]) -> list[str]:
        before, texts = self._tables.get(name, ((), []))
        if rows is before:
            return texts
        # The former rows are held here, so that an id is the id of one of them or of none.
        known = dict(zip(map(id, before), texts, strict=True))
        found = [known.get(id(row)) or _ENCODE(to_json(row)) for row in rows]
        self._tables[name] = (rows, found)
        return found


_LAST = _LastWritten()


def text_hash(text: str) -> str:
    """Return the SHA-256 of a plan's text, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def plan_hash(plan: Plan) -> str:
    """Return the SHA-256 of a plan, 64 hex digits."""
    return text_hash(plan_text(plan))


def plan_of(text: str) -> Plan:
    """Return the plan of a text; raises InvalidCommand that names the field."""
    values: Any = None  # JSON: from_json checks each value
    if len(text) >= ROWS_FROM_CHARACTERS:
        try:
            values = dict(_pairs(text))
        except (ValueError, IndexError):  # not ours after all: the plain way says what is wrong
            values = None
    return from_json(Plan, json.loads(text) if values is None else values, "plan")


def _pairs(text: str) -> Iterator[tuple[str, Any]]:  # JSON values
    at = _after(text, 0, "{")
    while True:
        name, at = _DECODE(text, at)
        at = _after(text, at, ":")
        if text[at] == "[":
            value, at = _list(text, at)
        else:
            value, at = _DECODE(text, at)
        yield name, value
        at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # it fits nothing too
        if text[at] == "}":
            return
        at = _after(text, at, ",")


def _list(text: str, at: int) -> tuple[list[Any], int]:  # JSON values
    items: list[Any] = []
    at = _after(text, at, "[")
    while text[at] != "]":
        item, at = _DECODE(text, at)
        items.append(item)
        at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # it fits nothing too
        if text[at] == ",":
            at = _after(text, at, ",")
    return items, at + 1


def _after(text: str, at: int, sign: str) -> int:
    """Return the place behind a sign and the blanks around it; raises ValueError without it."""
    at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # it fits nothing too
    if text[at] != sign:
        raise ValueError(f"expected {sign} at {at}")
    return _BLANKS.match(text, at + 1).end()  # type: ignore[union-attr]  # it fits nothing too


class PlanShelf:
    """The plans that were read last, by their hash: reading a long one takes a second."""

    def __init__(self, most: int = MAX_KEPT) -> None:
        """Begin empty."""
        self._most = most
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._lock = Lock()

    def read(self, sha256: str, text: str) -> Plan:
        """Return the plan of a text whose hash is known."""
        with self._lock:
            found = self._plans.get(sha256)
            if found is not None:
                self._plans.move_to_end(sha256)
                return found
            newest = next(reversed(self._plans.values()), None)
        with set_apart() if len(text) >= APART_FROM_CHARACTERS else nullcontext():
            plan = shared(plan_of(text), newest)
        self.keep(sha256, plan)
        return plan

    def keep(self, sha256: str, plan: Plan) -> None:
        """Keep a plan; the one that nobody asked for longest goes."""
        with self._lock:
            self._plans[sha256] = plan
            self._plans.move_to_end(sha256)
            while len(self._plans) > self._most:
                self._plans.popitem(last=False)


SHELF = PlanShelf()
"""Plans as they were read last: the tables of an engineer ask for the same one again and again."""
