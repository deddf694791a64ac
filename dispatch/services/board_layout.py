"""The board of a position as a person there may see it: what they may not know leaves its cell."""

from dispatch.auth.access import Access
from dispatch.services.rows import Row
from gateway.model.layouts import Cell, Layout, layout_of
from gateway.model.plan import Plan


def board_layout(plan: Plan, position: str | None, access: Access) -> Row | None:
    """Return the layout of a position, None where it has none: then folders are shown."""
    layout = layout_of(plan.layouts, position) if position else None
    return layout_row(layout, access) if layout else None


def layout_row(layout: Layout, access: Access) -> Row:
    """Return a layout with an empty cell for each talkgroup that this person does not see."""
    return {
        "id": layout.id,
        "name": layout.name,
        "columns": layout.columns,
        "rows": layout.rows,
        "others": layout.others,
        "emergency": [group for group in layout.emergency if access.sees(group)],
        "pages": [
            {
                "name": page.name,
                "screen": page.screen,
                "cells": [_cell(cell) for cell in page.cells if access.sees(cell.talkgroup)],
            }
            for page in layout.pages
        ],
    }


def _cell(cell: Cell) -> Row:
    return {
        "place": cell.place,
        "talkgroup": cell.talkgroup,
        "volume_percent": cell.volume_percent,
        "muted": cell.muted,
    }
