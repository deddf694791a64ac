"""The long tables of a snapshot, row by row as text: talkgroups and units.

A plan may have ten thousand talkgroups and a hundred thousand units, and an activation gives each
page a new snapshot. So the tables are told in parts between which the event loop does other
things, and what the plan alone says of a unit is written once for all pages. A row that is written
after the snapshot's moment may have in it what an event of later tells again: telling it twice
changes nothing.
"""

import json
import time
from collections.abc import Iterable, Iterator

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.services.board import Board
from dispatch.services.plans import LivePlan
from dispatch.services.rows import Row
from dispatch.services.sight import Sight
from gateway.model.ids import TalkgroupId, UnitId
from gateway.model.plan import Unit

ROWS_AT_ONCE = 300
"""Rows of the long tables that a snapshot still has in itself."""
PART_MS = 0.7
"""How long the loop works on one part."""
PART_CHARACTERS = 32_000
"""Longer messages would take the loop's time when they are compressed."""
KEPT_SHARED = 4
"""Sets of rights whose parts are kept."""
LOOKED_AT = 16
"""Rows between two looks at the clock, also those that nobody may see."""


class _Shared:
    """Parts that are the same for everybody with the same rights: made once, when first asked."""

    def __init__(self, source: Iterator[str], *of: object) -> None:
        """Take what makes the parts, and what they are made of."""
        self._source = source
        self._of = of
        self._parts: list[str] = []

    def fits(self, *of: object) -> bool:
        """Whether the parts are made of exactly these."""
        return all(mine is one for mine, one in zip(self._of, of, strict=True))

    def __iter__(self) -> Iterator[str]:
        """Give all parts; an empty one is where the loop may do something else."""
        at = 0
        while True:
            if at == len(self._parts):
                part = next(self._source, None)
                if part is None:
                    return
                if not part:
                    yield part
                    continue
                self._parts.append(part)
            yield self._parts[at]
            at += 1


class LongTables:
    """Writes rows; keeps the text of what does not change."""

    def __init__(self, plan: LivePlan, board: Board, sight: Sight) -> None:
        """Take where rows come from."""
        self._plan = plan
        self._board = board
        self._sight = sight
        self._texts: dict[UnitId, tuple[Unit, str]] = {}
        self._shared: list[_Shared] = []

    def short(self, access: Access) -> bool:
        """Whether everything this person might see fits into one message."""
        return len(access.talkgroup_actions) + len(self._plan.units) <= ROWS_AT_ONCE

    def parts(self, access: Access, talkgroups: Iterable[Row]) -> Iterator[str]:
        """Give the messages that bring the tables; each row is made when its part is taken.

        Units of which more is known than the plan says come a second time, as they are now.
        """
        yield from _parts("talkgroups", (_dumps(row) for row in talkgroups))
        if access.may("board.see"):
            yield from self._planned(access)
            yield from _parts("units", self._heard(access))
        yield _dumps({"kind": "rows", "data": {}, "more": False})

    def _planned(self, access: Access) -> _Shared:
        of = (self._plan.units, access.talkgroup_actions)
        found = next((shared for shared in self._shared if shared.fits(*of)), None)
        if found is None:
            found = _Shared(_parts("units", self._units(access.talkgroups(Action.SEE))), *of)
            self._shared = [found, *self._shared[: KEPT_SHARED - 1]]
        return found

    def _units(self, visible: frozenset[TalkgroupId]) -> Iterator[str]:
        """Give the plan's units on these talkgroups, an empty text for each of the others."""
        planned = self._plan.units
        for unit, row in planned.items():
            yield self._text(unit, row) if row.talkgroup in visible else ""
        if len(self._texts) > len(planned):
            self._texts = {unit: kept for unit, kept in self._texts.items() if unit in planned}

    def _heard(self, access: Access) -> Iterator[str]:
        units, visible = self._board.units, access.talkgroups(Action.SEE)
        for unit in units.heard():
            yield _dumps(units.row(unit, visible)) if self._sight.sees_unit(access, unit) else ""

    def _text(self, unit: UnitId, row: Unit) -> str:
        """Return the row of a unit as if nothing were known of it but the plan."""
        known = self._texts.get(unit)
        if known is None or known[0] is not row:
            known = self._texts[unit] = (row, _dumps(self._board.units.planned_row(row)))
        return known[1]


def _parts(table: str, rows: Iterable[str]) -> Iterator[str]:
    waiting: list[str] = []
    size, began = 0, time.perf_counter()
    for number, row in enumerate(rows):
        if row:
            waiting.append(row)
            size += len(row)
        late = number % LOOKED_AT == 0 and (time.perf_counter() - began) * 1000 > PART_MS
        if late or size > PART_CHARACTERS:
            yield _part(table, waiting)
            waiting, size, began = [], 0, time.perf_counter()
    yield _part(table, waiting)


def _part(table: str, rows: list[str]) -> str:
    """Return a message with rows; empty without any: the loop may do something else."""
    if not rows:
        return ""
    return f'{{"kind":"rows","data":{{"{table}":[{",".join(rows)}]}},"more":true}}'


def _dumps(value: Row) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
