"""The long tables of a snapshot, row by row as text: talkgroups, and units that were heard.

A plan may have ten thousand talkgroups and a hundred thousand units, and an activation gives each
page a new snapshot. So the tables are told in parts between which the event loop does other
things; what the plan alone says of units is asked for apart (``planned_units``). A row that is
written after the snapshot's moment may have in it what an event of later tells again: telling it
twice changes nothing.
"""

import time
from collections.abc import Iterable, Iterator

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.compact import compact
from dispatch.services.board import Board
from dispatch.services.plans import LivePlan
from dispatch.services.sight import Sight

ROWS_AT_ONCE = 300
"""Rows of the long tables that a snapshot still has in itself."""
PART_MS = 1.0
"""How long the loop works on one part."""
PART_CHARACTERS = 64_000
"""Longer messages would take the loop's time when they are compressed."""
LOOKED_AT = 16
"""Rows of units between two looks at the clock, also those that nobody may see."""


class LongTables:
    """Says what is long, and writes it in parts."""

    def __init__(self, plan: LivePlan, board: Board, sight: Sight) -> None:
        """Take where rows come from."""
        self._plan = plan
        self._board = board
        self._sight = sight

    def short(self, access: Access) -> bool:
        """Whether everything this person might see fits into one message."""
        return len(access.talkgroup_actions) + len(self._plan.units) <= ROWS_AT_ONCE

    def parts(self, access: Access, talkgroups: Iterable[str]) -> Iterator[str]:
        """Give the messages that bring the tables; each row is made when its part is taken.

        ``talkgroups`` gives some rows in one text. Of units only those come of which more is known
        than the plan says.
        """
        yield from _parts("talkgroups", talkgroups, looked_at=1)
        if access.may("board.see"):
            yield from _parts("units", self._heard(access), looked_at=LOOKED_AT)
        yield compact({"kind": "rows", "data": {}, "more": False})

    def _heard(self, access: Access) -> Iterator[str]:
        units, visible = self._board.units, access.talkgroups(Action.SEE)
        for unit in units.heard():
            yield compact(units.row(unit, visible)) if self._sight.sees_unit(access, unit) else ""


def _parts(table: str, rows: Iterable[str], looked_at: int) -> Iterator[str]:
    waiting: list[str] = []
    size, began = 0, time.perf_counter()
    for number, row in enumerate(rows):
        if row:
            waiting.append(row)
            size += len(row)
        late = number % looked_at == 0 and (time.perf_counter() - began) * 1000 > PART_MS
        if late or size > PART_CHARACTERS:
            yield _part(table, waiting)
            waiting, size, began = [], 0, time.perf_counter()
    yield _part(table, waiting)


def _part(table: str, rows: list[str]) -> str:
    """Return a message with rows; empty without any: the loop may do something else."""
    if not rows:
        return ""
    return f'{{"kind":"rows","data":{{"{table}":[{",".join(rows)}]}},"more":true}}'
