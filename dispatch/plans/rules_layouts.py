"""Rules about boards of positions: what stands in a cell, whose board it is, where alarms go."""

from collections import Counter
from collections.abc import Iterator

from dispatch.plans.compare_layouts import cell_field
from dispatch.plans.finding import Broken, Rule, Severity
from gateway.model.ids import TalkgroupId
from gateway.model.layouts import (
    MAX_COLUMNS,
    MAX_PAGE_NAME,
    MAX_PAGES,
    MAX_ROWS,
    MAX_SCREENS,
    MAX_VOLUME_PERCENT,
    Cell,
    Layout,
    LayoutPage,
    layout_of,
)
from gateway.model.link_kinds import WITHOUT_EMERGENCY
from gateway.model.plan import Plan

TAB_CHARACTERS = 14
"""Characters of a page's name that fit on its tab beside seven others."""


def cell_words(layout: Layout, page: LayoutPage, place: int) -> str:
    """Return where a cell is; the page is named when there are several."""
    where = f"page {page.name}, " if len(layout.pages) > 1 else ""
    return f"layout {layout.name}, {where}cell {place}"


def _cells(plan: Plan) -> Iterator[tuple[Layout, LayoutPage, Cell]]:
    for layout in plan.layouts:
        for page in layout.pages:
            for cell in page.cells:
                yield layout, page, cell


def _names(plan: Plan) -> dict[TalkgroupId, str]:
    return {group.id: group.name for group in plan.talkgroups}


def _shape(plan: Plan) -> Broken:
    for layout in plan.layouts:
        where = f"layout {layout.id}"
        for field, words in _faults(layout):
            yield "layout", layout.id, field, f"{where}: {words}"
    for layout_id, count in Counter(layout.id for layout in plan.layouts).items():
        if count > 1:
            yield "layout", layout_id, "id", f"layout {layout_id}: named {count} times"
    for layout, page, cell in _cells(plan):
        field = cell_field(page.name, cell.place)
        where = cell_words(layout, page, cell.place)
        if not 1 <= cell.place <= layout.places:
            yield "layout", layout.id, field, f"{where}: expected 1 to {layout.places}"
        if not 0 <= cell.volume_percent <= MAX_VOLUME_PERCENT:
            words = f"{where}: volume_percent: expected 0 to {MAX_VOLUME_PERCENT}"
            yield "layout", layout.id, field, words


def _faults(layout: Layout) -> Iterator[tuple[str, str]]:
    if not layout.id.strip():
        yield "id", "id: expected a text"
    if not layout.name.strip():
        yield "name", "name: expected a text"
    if not 1 <= layout.columns <= MAX_COLUMNS:
        yield "columns", f"columns: expected 1 to {MAX_COLUMNS}, got {layout.columns}"
    if not 1 <= layout.rows <= MAX_ROWS:
        yield "rows", f"rows: expected 1 to {MAX_ROWS}, got {layout.rows}"
    if len(layout.pages) > MAX_PAGES:
        yield "pages", f"expected at most {MAX_PAGES} pages, got {len(layout.pages)}"
    names = Counter(page.name for page in layout.pages)
    for name, count in names.items():
        if not 1 <= len(name.strip()) <= MAX_PAGE_NAME:
            yield "pages", f"name of a page: expected 1 to {MAX_PAGE_NAME} characters, got {name!r}"
        if count > 1:
            yield "pages", f"page {name}: named {count} times"
    yield from _screen_faults(layout)
    if layout.others and layout.others in names:
        yield "others", f"others: there is a page {layout.others} already"


def _screen_faults(layout: Layout) -> Iterator[tuple[str, str]]:
    for page in layout.pages:
        if not 1 <= page.screen <= MAX_SCREENS:
            words = f"page {page.name}: screen: expected 1 to {MAX_SCREENS}, got {page.screen}"
            yield "pages", words
    used = {page.screen for page in layout.pages}
    for screen in range(1, min(max(used, default=1), MAX_SCREENS)):
        if screen not in used:
            yield "pages", f"screen {screen} has no page, and screen {max(used)} has one"


def _twice(plan: Plan) -> Broken:
    names = _names(plan)
    for layout in plan.layouts:
        for page in layout.pages:
            for place, count in Counter(cell.place for cell in page.cells).items():
                if count > 1:
                    words = f"{cell_words(layout, page, place)}: {count} talkgroups in one cell"
                    yield "layout", layout.id, cell_field(page.name, place), words
            first: dict[TalkgroupId, int] = {}
            for cell in page.cells:
                place = first.setdefault(cell.talkgroup, cell.place)
                if place != cell.place:
                    name = names.get(cell.talkgroup, cell.talkgroup)
                    words = f"{cell_words(layout, page, cell.place)}: {name} is in cell {place} too"
                    yield "layout", layout.id, cell_field(page.name, cell.place), words


def _unknown(plan: Plan) -> Broken:
    names = _names(plan)
    for layout, page, cell in _cells(plan):
        if cell.talkgroup not in names:
            words = (
                f"{cell_words(layout, page, cell.place)}: talkgroup {cell.talkgroup!r} "
                "is not in the plan"
            )
            yield "layout", layout.id, cell_field(page.name, cell.place), words
    for layout in plan.layouts:
        for group in layout.emergency:
            if group not in names:
                words = f"layout {layout.name}: emergency talkgroup {group!r} is not in the plan"
                yield "layout", layout.id, "emergency", words
        for position in layout.positions:
            if position not in plan.positions:
                words = f"layout {layout.name}: position {position!r} is not in the plan"
                yield "layout", layout.id, "positions", words


def _two_layouts(plan: Plan) -> Broken:
    first: dict[str, Layout] = {}
    for layout in plan.layouts:
        for position in dict.fromkeys(layout.positions):
            other = first.setdefault(position, layout)
            if other is not layout:
                words = f"position {position} has layout {other.name} and layout {layout.name}"
                yield "layout", layout.id, "positions", words


def _without_layout(plan: Plan) -> Broken:
    if not plan.layouts:
        return
    for position in plan.positions:
        if layout_of(plan.layouts, position) is None:
            yield "position", position, "", f"position {position} has no layout: it shows folders"


def takes_emergencies(plan: Plan) -> frozenset[TalkgroupId]:
    """Return the talkgroups on which an emergency can be sent: no test, a link that carries it."""
    able = {
        TalkgroupId(f"{link.system}/{number}")
        for link in plan.links
        if link.kind not in WITHOUT_EMERGENCY
        for number in link.talkgroups
    }
    return frozenset(group.id for group in plan.talkgroups if group.id in able and not group.test)


def placed_talkgroups(plan: Plan) -> frozenset[TalkgroupId]:
    """Return the talkgroups that stand in a cell of some layout."""
    return frozenset(cell.talkgroup for _, _, cell in _cells(plan))


def _emergency(plan: Plan) -> Broken:
    names, able = _names(plan), takes_emergencies(plan)
    for layout in plan.layouts:
        placed = {cell.talkgroup for page in layout.pages for cell in page.cells}
        for group in layout.emergency:
            where = f"layout {layout.name}: emergency talkgroup {names.get(group, group)}"
            if group in names and group not in able:
                yield "layout", layout.id, "emergency", f"{where} cannot take an emergency call"
            elif group in names and group not in placed:
                yield "layout", layout.id, "emergency", f"{where} is in none of its cells"


def _tabs(plan: Plan) -> Broken:
    for layout in plan.layouts:
        for page in layout.pages:
            if len(page.name) > TAB_CHARACTERS:
                words = (
                    f"layout {layout.name}, page {page.name}: {len(page.name)} characters, "
                    f"a tab shows {TAB_CHARACTERS}"
                )
                yield "layout", layout.id, "pages", words


def _idle(plan: Plan) -> Broken:
    for layout in plan.layouts:
        if not layout.positions:
            yield "layout", layout.id, "positions", f"layout {layout.name} is no position's"
        elif not any(page.cells for page in layout.pages):
            yield "layout", layout.id, "pages", f"layout {layout.name} has only empty cells"


def _unplaced(plan: Plan) -> Broken:
    if not plan.layouts:
        return
    placed = placed_talkgroups(plan)
    for group in plan.talkgroups:
        if group.id not in placed:
            yield "talkgroup", group.id, "", f"{group.name} is in no layout"


RULES = (
    Rule("LAY-1", Severity.ERROR, "a layout has a size, pages and cells that are there", _shape),
    Rule("LAY-2", Severity.ERROR, "a cell and a talkgroup are there once a page", _twice),
    Rule("LAY-3", Severity.ERROR, "what a layout names is in the plan", _unknown),
    Rule("LAY-4", Severity.ERROR, "a position has one layout", _two_layouts),
    Rule("LAY-5", Severity.WARNING, "a page's name fits on its tab", _tabs),
    Rule("LAY-6", Severity.NOTE, "a layout is somebody's and holds something", _idle),
    Rule("LAY-7", Severity.NOTE, "every talkgroup is in a layout", _unplaced),
    Rule("POS-2", Severity.WARNING, "every position has a layout", _without_layout),
    Rule("POS-3", Severity.WARNING, "emergency talkgroups can be used and are seen", _emergency),
)
