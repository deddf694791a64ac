"""Boards while people still use what a new plan moves on them.

Theory of operation. A board is what one position sees: pages of cells, from its layout or, without
one, from folders and tile numbers. A talkgroup that is selected, has a call or an open alarm keeps
its page, row and column on each board on which it stood; who was to have that cell waits for it.
A page that goes stays with the cells that are still in use. Of two boards with another number of
columns a cell is kept by row and column, as people see it. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dispatch.plans.compare_layouts import FOLDERS, page_before
from gateway.model.ids import TalkgroupId
from gateway.model.layouts import MAX_ROWS, Cell, Layout, LayoutPage, layout_of
from gateway.model.plan import Plan

COLUMNS = 6
"""Columns of a board of folders at its full width."""


@dataclass(frozen=True, slots=True)
class KeptCell:
    """One talkgroup that keeps a cell, or waits for one (``owner`` still has it)."""

    talkgroup: TalkgroupId
    layout: str
    owner: TalkgroupId | None = None


def overlay_layouts(
    before: Plan, target: Plan, busy: Mapping[TalkgroupId, str]
) -> tuple[tuple[Layout, ...], tuple[KeptCell, ...]]:
    """Return the boards that may run now of ``target`` while ``before`` runs, and what waits."""
    if before.layouts == target.layouts or not busy:
        return target.layouts, ()
    kept: dict[KeptCell, None] = {}
    rows: list[Layout] = []
    for layout in target.layouts:
        rows += _of_layout(before, layout, busy, kept)
    for position in target.positions:
        former = layout_of(before.layouts, position)
        if former is not None and layout_of(target.layouts, position) is None:
            folders = folder_layout(target, (position,))
            merged = _merged(former, folders, busy, kept)
            if merged is not folders:
                rows.append(merged)
    return tuple(rows), tuple(kept)


def _of_layout(
    before: Plan, layout: Layout, busy: Mapping[TalkgroupId, str], kept: dict[KeptCell, None]
) -> list[Layout]:
    """Return a layout as its positions see it now; more than one when they came from others."""
    by_former: dict[str, tuple[Layout, list[str]]] = {}
    for position in layout.positions:
        former = layout_of(before.layouts, position)
        if former is None:
            former = folder_layout(before, (position,))
        by_former.setdefault(former.id, (former, []))[1].append(position)
    merged: dict[Layout, list[str]] = {}
    for former, positions in by_former.values():
        row = replace(_merged(former, layout, busy, kept), positions=())
        merged.setdefault(row, []).extend(positions)
    if not merged:
        return [layout]
    order = {position: place for place, position in enumerate(layout.positions)}
    return [
        replace(row, positions=tuple(sorted(positions, key=order.__getitem__)))
        for row, positions in merged.items()
    ]


def folder_layout(plan: Plan, positions: tuple[str, ...]) -> Layout:
    """Return the board of folders as a layout: tile numbers are cells, the rest follows them."""
    pages = []
    for folder in dict.fromkeys(group.folder for group in plan.talkgroups):
        cells: dict[int, TalkgroupId] = {}
        rest: list[TalkgroupId] = []
        mine = [group for group in plan.talkgroups if group.folder == folder]
        for group in sorted(mine, key=lambda group: group.number):
            if group.address is None or group.address < 1 or group.address in cells:
                rest.append(group.id)
            else:
                cells[group.address] = group.id
        first = max(cells, default=0) + 1
        cells |= {place: group for place, group in enumerate(rest, start=first)}
        page = LayoutPage(name=folder, cells=tuple(_cells(cells)))
        pages.append(page)
    last = max((cell.place for page in pages for cell in page.cells), default=1)
    rows = min(MAX_ROWS, max(5, -(-last // COLUMNS)))
    return Layout(
        id=FOLDERS,
        name="folders",
        columns=COLUMNS,
        rows=rows,
        positions=positions,
        others="",
        pages=tuple(pages),
    )


def _cells(cells: Mapping[int, TalkgroupId]) -> list[Cell]:
    return [Cell(place=place, talkgroup=cells[place]) for place in sorted(cells)]


def _merged(
    former: Layout,
    layout: Layout,
    busy: Mapping[TalkgroupId, str],
    kept: dict[KeptCell, None],
) -> Layout:
    """Return ``layout`` with the cells of ``former`` that are in use; itself when none differs."""
    merge = _Merge(former, layout, busy, kept)
    pages: list[LayoutPage] = []
    taken: set[str] = set()
    for at, page in enumerate(layout.pages):
        old = page_before(former, layout, at)
        if old is not None:
            taken.add(old.name)
        pages.append(merge.page(old, page))
    for at, page in enumerate(former.pages):
        if page.name not in taken and any(cell.talkgroup in busy for cell in page.cells):
            pages.insert(min(at, len(pages)), merge.page(page, replace(page, cells=())))
    if tuple(pages) == layout.pages:
        return layout
    last = max((cell.place for page in pages for cell in page.cells), default=1)
    rows = max(layout.rows, -(-last // merge.columns))
    return replace(layout, pages=tuple(pages), rows=rows, columns=merge.columns)


class _Merge:
    """Two boards, and who is in use; cells are the same where row and column are."""

    def __init__(
        self,
        former: Layout,
        layout: Layout,
        busy: Mapping[TalkgroupId, str],
        kept: dict[KeptCell, None],
    ) -> None:
        """Note what is kept into ``kept``. A column that is still in use stays there."""
        self._former, self._layout, self._busy, self._kept = former, layout, busy, kept
        held = [
            (cell.place - 1) % former.columns + 1
            for page in former.pages
            for cell in page.cells
            if cell.talkgroup in busy
        ]
        self.columns = max(layout.columns, *held, 0)

    def page(self, old: LayoutPage | None, page: LayoutPage) -> LayoutPage:
        """Return a page on which whoever is in use stands where it stood."""
        held = self._held(old)
        if not held and self.columns == self._layout.columns:
            return page
        stays = {cell.talkgroup for cell in held.values()}
        cells = dict(held)
        for one in page.cells:
            cell = self._moved(one, self._layout.columns)
            owner = held.get(cell.place)
            if owner is not None and owner.talkgroup == cell.talkgroup:
                cells[cell.place] = cell  # it stays; how loud it is at first is the new plan's
            elif cell.talkgroup in stays:
                self._keep(cell.talkgroup)
            elif owner is not None:
                self._keep(cell.talkgroup, owner.talkgroup)
            else:
                cells[cell.place] = cell
        for talkgroup in sorted(stays - {cell.talkgroup for cell in page.cells}):
            self._keep(talkgroup)
        return replace(page, cells=tuple(cells[place] for place in sorted(cells)))

    def _held(self, old: LayoutPage | None) -> dict[int, Cell]:
        cells = [cell for cell in (old.cells if old else ()) if cell.talkgroup in self._busy]
        moved = [self._moved(cell, self._former.columns) for cell in cells]
        return {cell.place: cell for cell in moved}

    def _moved(self, cell: Cell, columns: int) -> Cell:
        """Return a cell of a board with so many columns at the same row and column here."""
        row, column = divmod(cell.place - 1, columns)
        return replace(cell, place=row * self.columns + column + 1)

    def _keep(self, talkgroup: TalkgroupId, owner: TalkgroupId | None = None) -> None:
        self._kept[KeptCell(talkgroup, self._layout.name, owner)] = None
