"""Layouts: the boards of positions, each with pages of cells. A talkgroup keeps its cell."""

from dataclasses import dataclass
from typing import NewType

from gateway.model.ids import TalkgroupId

LayoutId = NewType("LayoutId", str)
MAX_COLUMNS = 12
MAX_ROWS = 20
MAX_PAGES = 24
MAX_SCREENS = 4
"""Screens of a position: each shows the pages of its number."""
MAX_PAGE_NAME = 24
"""Characters of a page's name."""
MAX_VOLUME_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One place of a page and its talkgroup; a place without one stays empty.

    ``place`` counts from 1, row by row. ``volume_percent`` and ``muted`` are what an operator
    begins with who has not set anything else on this talkgroup.
    """

    place: int
    talkgroup: TalkgroupId
    volume_percent: int = MAX_VOLUME_PERCENT
    muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutPage:
    """One tab of a board."""

    name: str
    cells: tuple[Cell, ...] = ()
    screen: int = 1
    """On which screen of the position it is, where each has a window of its own."""

    @property
    def title(self) -> str:
        """The name, with the screen where it is not the first."""
        return self.name if self.screen == 1 else f"{self.name} (screen {self.screen})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The board of some positions. A position has one layout, or none: then it shows folders."""

    id: LayoutId
    name: str
    columns: int = 6
    rows: int = 5
    """Rows that every page has at least; cells are numbered from 1 to columns x rows."""
    positions: tuple[str, ...] = ()
    emergency: tuple[TalkgroupId, ...] = ()
    """Take the emergency call of these positions: the selected one of them, else the first."""
    others: str = "Other"
    """Last tab: talkgroups of the operator that no cell holds. Empty: only while one of them is
    selected or has an alarm."""
    pages: tuple[LayoutPage, ...] = ()

    @property
    def places(self) -> int:
        """How many cells a page has."""
        return self.columns * self.rows


def layout_of(layouts: tuple[Layout, ...], position: str) -> Layout | None:
    """Return the layout of a position, None when it has none."""
    return next((one for one in layouts if position in one.positions), None)
