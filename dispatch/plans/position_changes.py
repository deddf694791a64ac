"""What a new plan is to one position, in words: cells, names, links, patches, statuses. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dispatch.plans.compare import ADDED, CHANGED, REMOVED, Change, Comparison
from dispatch.plans.compare_layouts import EMPTY, FOLDERS, CellChange, cell_changes, cell_content
from dispatch.plans.overlay import reopens
from dispatch.plans.overlay_layouts import folder_layout
from gateway.model.ids import TalkgroupId
from gateway.model.layouts import Layout, layout_of
from gateway.model.plan import Plan

MAX_LINES = 200
"""Lines that one position is told; the rest is counted."""
TALKGROUP_FIELDS = (
    "name",
    "agency",
    "encrypted",
    "recorded",
    "transmit_limit_s",
    "test",
    "national",
)
"""Fields of a talkgroup that a person at a desk sees or has to know."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that changed, and whom it is told.

    Told to whoever sees all of ``every``, saw all of ``former`` in the plan before, sees one of
    ``some`` if there are any, and does not see all of ``without`` if there are any.
    """

    words: str
    every: tuple[TalkgroupId, ...] = ()
    former: tuple[TalkgroupId, ...] = ()
    some: tuple[TalkgroupId, ...] = ()
    without: tuple[TalkgroupId, ...] = ()


class PositionChanges:
    """Two plans, asked position by position."""

    def __init__(self, before: Plan, after: Plan, found: Comparison) -> None:
        """Take the plans and what differs; rooms of many talkgroups are indexed once."""
        self._before, self._after, self._found = before, after, found
        self._names = {group.id: group.name for group in (*before.talkgroups, *after.talkgroups)}
        self._former = {group.id: group.name for group in before.talkgroups}
        self._through = _carriers(before), _carriers(after)

    def of(self, position: str) -> tuple[Line, ...]:
        """Return what changes for a position, the board first; empty when nothing does."""
        was, now = _board(self._before, position), _board(self._after, position)
        shown = _shown(was) | _shown(now)
        everything = not (_placed(was) and _placed(now))
        lines = [*self._of_board(was, now)]
        lines += self._of_talkgroups(_shown(was), _shown(now), everything)
        lines += self._of_links(shown)
        lines += self._of_patches(shown)
        lines += self._of_words()
        lines += self._of_calls(position)
        if len(lines) > MAX_LINES:
            more = len(lines) - MAX_LINES + 1
            lines = [*lines[: MAX_LINES - 1], Line(f"and {more} more changes")]
        return tuple(lines)

    # ---- the board -----------------------------------------------------------------------------

    def _of_board(self, was: Layout, now: Layout) -> Iterator[Line]:
        if was.id != now.id:
            yield Line(f"Board: {_board_words(was)} -> {_board_words(now)}")
            return
        yield from _pages(was, now)
        yield from self._of_cells(was, now)
        if was.emergency != now.emergency:
            words = [
                ", ".join(self._name(group) for group in board.emergency) or "the selected one"
                for board in (was, now)
            ]
            yield Line(f"Emergency call: {words[0]} -> {words[1]}", now.emergency, was.emergency)

    def _of_cells(self, was: Layout, now: Layout) -> Iterator[Line]:
        """Tell of each cell; a talkgroup that has another one is told where it stood."""
        paged = max(len(was.pages), len(now.pages)) > 1
        changes = list(cell_changes(was, now))
        there = {one.after.talkgroup: one for one in changes if one.after and not _same(one)}
        moved: dict[TalkgroupId, None] = {}
        for one in changes:
            if not _same(one) and one.before and one.before.talkgroup in there:
                moved[one.before.talkgroup] = None
        for one in changes:
            gone = one.before.talkgroup if one.before else None
            new = one.after.talkgroup if one.after else None
            where = _where(one, paged)
            if gone in moved and not _same(one):
                now_at = _where(there[gone], paged)
                yield Line(f"{self._name(gone)}: {_small(where)} -> {_small(now_at)}", (gone,))
            if (
                _same(one)
                or not (gone is None or gone in moved)
                or not (new is None or new in moved)
            ):
                yield from self._of_cell(where, one)

    def _of_cell(self, where: str, one: CellChange) -> Iterator[Line]:
        was, now = cell_content(one.before, self._names), cell_content(one.after, self._names)
        before = (one.before.talkgroup,) if one.before else ()
        after = (one.after.talkgroup,) if one.after else ()
        yield Line(f"{where}: {was} -> {now}", after, before)
        if before and after and before != after:
            yield Line(f"{where}: {was} -> {EMPTY}", (), before, without=after)
            yield Line(f"{where}: {EMPTY} -> {now}", after, without=before)

    # ---- what stands on it ---------------------------------------------------------------------

    def _of_talkgroups(
        self, was: frozenset[TalkgroupId], now: frozenset[TalkgroupId], everything: bool
    ) -> Iterator[Line]:
        """Tell of talkgroups; one that came to a cell or left one was told there."""
        for change in self._found.of("talkgroup"):
            group = TalkgroupId(change.id)
            if change.what == ADDED and everything and group not in now:
                yield Line(f"{change.name} is new in {change.folder}", (group,))
            elif change.what == REMOVED and everything and group not in was:
                yield Line(f"{change.name} goes from {change.folder}", former=(group,))
            elif change.what == CHANGED and (everything or group in was | now):
                for field in change.fields:
                    if field.field == "folder":
                        words = f"{self._former[group]} goes from {field.before}"
                        yield Line(words, former=(group,), without=(group,))
                    if field.field in TALKGROUP_FIELDS:
                        words = f"{change.name}: {field.words} {field.before} -> {field.after}"
                        yield Line(words, (group,))

    def _of_links(self, shown: frozenset[TalkgroupId]) -> Iterator[Line]:
        was, now = self._through
        for group in sorted(shown, key=self._name):
            before, after = was.get(group, ()), now.get(group, ())
            if before == after or group not in self._names:
                continue
            if not after:
                yield Line(f"{self._name(group)}: no link carries it any more", (group,))
            else:
                words = f"{', '.join(before) or 'none'} -> {', '.join(after)}"
                yield Line(f"{self._name(group)}: link {words}", (group,))
        old = {link.id: link for link in self._before.links}
        for link in self._after.links:
            carried = tuple(
                group
                for number in link.talkgroups
                if (group := TalkgroupId(f"{link.system}/{number}")) in shown
            )
            former = old.get(link.id)
            if former is not None and former != link and carried and reopens(former, link):
                yield Line(f"Link {link.name} is opened anew", some=carried)

    def _of_patches(self, shown: frozenset[TalkgroupId]) -> Iterator[Line]:
        was = {patch.id: patch.members for patch in self._before.patches}
        now = {patch.id: patch.members for patch in self._after.patches}
        for change in self._found.of("patch"):
            former, every = was.get(change.id, ()), now.get(change.id, ())
            if frozenset((*former, *every)) & shown:
                yield from (Line(f"Patch {words}", every, former) for words in _words(change))

    # ---- what every desk has -------------------------------------------------------------------

    def _of_words(self) -> Iterator[Line]:
        for kind, word in (("status", "Status"), ("text", "Text")):
            for change in self._found.of(kind):
                yield from (Line(f"{word} {words}") for words in _words(change))
        changed = len(self._found.of("unit")) + len(self._found.of("unit_rule"))
        if changed:
            yield Line(f"Names of units: {changed} {'change' if changed == 1 else 'changes'}")

    def _of_calls(self, position: str) -> Iterator[Line]:
        rules = [*self._before.individual_rules, *self._after.individual_rules]
        mine = {
            rule.name
            for rule in rules
            if not rule.positions or position in (*rule.positions, *rule.next_positions)
        }
        for change in self._found.of("individual_rule"):
            if change.id in mine:
                yield from (Line(f"Private calls, rule {words}") for words in _words(change))

    def _name(self, talkgroup: TalkgroupId) -> str:
        return self._names.get(talkgroup, talkgroup)


def _board(plan: Plan, position: str) -> Layout:
    """Return a position's board; of folders what has a cell of its own, the rest just follows."""
    layout = layout_of(plan.layouts, position)
    if layout is not None:
        return layout
    placed = tuple(group for group in plan.talkgroups if group.address is not None)
    return folder_layout(replace(plan, talkgroups=placed), (position,))


def _placed(board: Layout) -> bool:
    """Say whether a board is a layout whose other talkgroups have no tab of their own."""
    return board.id != FOLDERS and not board.others


def _shown(board: Layout) -> frozenset[TalkgroupId]:
    return frozenset(cell.talkgroup for page in board.pages for cell in page.cells)


def _board_words(board: Layout) -> str:
    return "folders" if board.id == FOLDERS else f"layout {board.name}"


def _pages(was: Layout, now: Layout) -> Iterator[Line]:
    before, after = [page.title for page in was.pages], [page.title for page in now.pages]
    if before != after and was.id != FOLDERS:
        yield Line(f"Pages: {', '.join(before) or 'none'} -> {', '.join(after) or 'none'}")
    if (was.columns, was.rows) != (now.columns, now.rows) and was.id != FOLDERS:
        words = f"{was.columns} x {was.rows} -> {now.columns} x {now.rows}"
        yield Line(f"Board, columns x rows: {words}")


def _same(one: CellChange) -> bool:
    """Say whether a cell has the same talkgroup as before, only otherwise set."""
    return (
        one.before is not None
        and one.after is not None
        and (one.before.talkgroup == one.after.talkgroup)
    )


def _where(one: CellChange, paged: bool) -> str:
    return f"Page {one.page}, cell {one.place}" if paged else f"Cell {one.place}"


def _small(words: str) -> str:
    return words[0].lower() + words[1:]


def _words(change: Change) -> Iterator[str]:
    """Give an object's name with what became of it."""
    if change.what != CHANGED:
        tail = f": {change.words}" if change.words else ""
        yield f"{change.name} {change.what}{tail}"
        return
    for field in change.fields:
        yield f"{change.name}: {field.words} {field.before} -> {field.after}"


def _carriers(plan: Plan) -> dict[TalkgroupId, tuple[str, ...]]:
    """Return the names of the links that carry each talkgroup, in the order of the plan."""
    found: dict[TalkgroupId, list[str]] = {}
    for link in plan.links:
        for number in link.talkgroups:
            found.setdefault(TalkgroupId(f"{link.system}/{number}"), []).append(link.name)
    return {group: tuple(names) for group, names in found.items()}


def is_told(line: Line, seen: frozenset[str], seen_before: frozenset[str]) -> bool:
    """Say whether somebody is told a line who sees, and saw before, these talkgroups."""
    if not seen.issuperset(line.every) or not seen_before.issuperset(line.former):
        return False
    if line.some and seen.isdisjoint(line.some):
        return False
    return not line.without or not seen.issuperset(line.without)
