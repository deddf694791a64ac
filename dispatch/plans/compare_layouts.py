"""What differs between two versions of a layout, cell by cell. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.model.ids import TalkgroupId
from gateway.model.layouts import MAX_VOLUME_PERCENT, Cell, Layout, LayoutId, LayoutPage

FOLDERS = LayoutId("folders")
"""Layout that stands for the folders of a position without one."""
EMPTY = "empty cell"
CELL = "cell "
"""Begins the field of a cell: ``cell Norrvik/12``."""


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell that differs; ``page`` is its name in the newer version, or the one that goes."""

    page: str
    place: int
    before: Cell | None
    after: Cell | None


def cell_field(page: str, place: int) -> str:
    """Return the field that stands for a cell in a finding or a difference."""
    return f"{CELL}{page}/{place}"


def page_before(before: Layout, after: Layout, at: int) -> LayoutPage | None:
    """Return what page ``at`` of ``after`` was: the one of its name, else the one renamed to it."""
    page = after.pages[at]
    old = {one.name: one for one in before.pages}
    if page.name in old:
        return old[page.name]
    same_board = before.id == after.id != FOLDERS and at < len(before.pages)
    if same_board and all(one.name != before.pages[at].name for one in after.pages):
        return before.pages[at]
    return None


def cell_changes(before: Layout, after: Layout) -> Iterator[CellChange]:
    """Give every cell that differs, page by page in the newer order, then of pages that go."""
    taken: set[str] = set()
    for at, page in enumerate(after.pages):
        old = page_before(before, after, at)
        if old is not None:
            taken.add(old.name)
        yield from _page_changes(page.name, old, page)
    for page in before.pages:
        if page.name not in taken:
            yield from _page_changes(page.name, page, None)


def _page_changes(
    name: str, before: LayoutPage | None, after: LayoutPage | None
) -> Iterator[CellChange]:
    old = {cell.place: cell for cell in before.cells} if before else {}
    new = {cell.place: cell for cell in after.cells} if after else {}
    for place in sorted(old.keys() | new.keys()):
        if old.get(place) != new.get(place):
            yield CellChange(name, place, old.get(place), new.get(place))


def cell_rows(
    before: Layout, after: Layout, names: Mapping[TalkgroupId, str]
) -> Iterator[tuple[str, str, str, str]]:
    """Give (field, its words, before, after) of every cell that differs."""
    paged = max(len(before.pages), len(after.pages)) > 1
    for one in cell_changes(before, after):
        words = f"Page {one.page}, cell {one.place}" if paged else f"Cell {one.place}"
        was, now = cell_content(one.before, names), cell_content(one.after, names)
        yield cell_field(one.page, one.place), words, was, now


def cell_content(cell: Cell | None, names: Mapping[TalkgroupId, str]) -> str:
    """Return what is in a cell, in words."""
    if cell is None:
        return EMPTY
    words = [names.get(cell.talkgroup, cell.talkgroup)]
    if cell.muted:
        words.append("muted at first")
    elif cell.volume_percent != MAX_VOLUME_PERCENT:
        words.append(f"at {cell.volume_percent} % at first")
    return ", ".join(words)
