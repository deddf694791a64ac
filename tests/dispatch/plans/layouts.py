"""A small board that tests change, beside the plan of ``plans.py``."""

from dataclasses import replace
from typing import Any

from gateway.model.ids import TalkgroupId
from gateway.model.layouts import Cell, Layout, LayoutId, LayoutPage
from gateway.model.plan import Plan
from tests.dispatch.plans.plans import FIRE, PATROL, PLAN, REMOTE


def page(name: str, cells: dict[int, TalkgroupId]) -> LayoutPage:
    return LayoutPage(
        name=name, cells=tuple(Cell(place=at, talkgroup=group) for at, group in cells.items())
    )


BOARD = Layout(
    id=LayoutId("norrvik"),
    name="Norrvik",
    columns=4,
    rows=3,
    positions=("1", "2", "3", "4"),
    emergency=(PATROL,),
    pages=(page("Norrvik", {1: PATROL, 12: FIRE}), page("County", {1: REMOTE})),
)
SMALL = replace(
    BOARD, id=LayoutId("small"), name="Small", positions=("5",), pages=(page("All", {2: PATROL}),)
)
BOARDS = replace(PLAN, layouts=(BOARD, SMALL))


def with_board(plan: Plan, layout: str, **values: Any) -> Plan:
    """Return the plan with one layout's fields changed."""
    rows = tuple(replace(one, **values) if one.id == layout else one for one in plan.layouts)
    return replace(plan, layouts=rows)
