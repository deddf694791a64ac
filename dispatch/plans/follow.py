"""What follows when an object gets another id or goes: boards follow their talkgroups. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from gateway.model.ids import TalkgroupId
from gateway.model.layouts import Cell, Layout
from gateway.model.plan import Plan

Moved = Mapping[str, str | None]
"""Former id -> id it has now, None when the object went."""


def follow_talkgroups(plan: Plan, moved: Moved) -> Plan:
    """Return the plan with boards after their talkgroups: a cell of one that went stays empty."""
    if not moved or not plan.layouts:
        return plan
    return replace(plan, layouts=tuple(_layout(one, moved) for one in plan.layouts))


def without_missing(plan: Plan) -> Plan:
    """Return the plan with empty cells where a talkgroup is not in the plan (an import took it)."""
    known = {group.id for group in plan.talkgroups}
    placed = {
        group
        for one in plan.layouts
        for group in (*one.emergency, *(cell.talkgroup for p in one.pages for cell in p.cells))
    }
    return follow_talkgroups(plan, dict.fromkeys(placed - known))


def follow_positions(plan: Plan, moved: Moved) -> Plan:
    """Return the plan with the positions of its boards after those of the plan."""
    if not moved or not plan.layouts:
        return plan
    layouts = tuple(
        replace(
            one, positions=tuple(_now(name, moved) for name in one.positions if _stays(name, moved))
        )
        for one in plan.layouts
    )
    return replace(plan, layouts=layouts)


def _stays(name: str, moved: Moved) -> bool:
    return moved.get(name, name) is not None


def _now(name: str, moved: Moved) -> str:
    return moved.get(name) or name


def _layout(layout: Layout, moved: Moved) -> Layout:
    pages = tuple(
        replace(
            page, cells=tuple(_cell(c, moved) for c in page.cells if _stays(c.talkgroup, moved))
        )
        for page in layout.pages
    )
    emergency = tuple(
        TalkgroupId(_now(group, moved)) for group in layout.emergency if _stays(group, moved)
    )
    return replace(layout, pages=pages, emergency=emergency)


def _cell(cell: Cell, moved: Moved) -> Cell:
    return replace(cell, talkgroup=TalkgroupId(_now(cell.talkgroup, moved)))
