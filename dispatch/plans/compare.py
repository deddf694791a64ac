"""What differs between two plans, by object and field, in words. Order of rows is no difference."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dispatch.plans.compare_layouts import CELL, cell_rows
from dispatch.plans.objects import KINDS, PlanObject, objects_of, same_in
from dispatch.plans.words import change_words, field_words, value_words
from gateway.model.ids import TalkgroupId
from gateway.model.plan import Plan

ADDED, CHANGED, REMOVED = "added", "changed", "removed"
Names = Mapping[TalkgroupId, str]
"""Talkgroups and their names, in either plan."""
_SHOWN_WHEN_ADDED = {
    "talkgroup": ("recorded", "encrypted", "retention", "priority"),
    "unit": ("owner", "kind"),
    "link": ("kind", "site", "port"),
    "unit_rule": ("pattern", "first", "last", "alias"),
    "patch": ("members", "active", "encryption"),
    "layout": ("size", "positions", "emergency", "pages"),
}
_LISTS = ("members", "emergency")
"""Fields that hold talkgroups."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one object, before and after in words."""

    field: str
    words: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One object that differs."""

    what: str
    kind: str
    id: str
    name: str
    folder: str
    number: int | None
    fields: tuple[FieldChange, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences, in the order of kinds, folders and numbers."""

    changes: tuple[Change, ...]

    @property
    def empty(self) -> bool:
        """Whether the plans are the same."""
        return not self.changes

    def counts(self) -> dict[str, int]:
        """Return how many objects were added, changed and removed."""
        found = Counter(change.what for change in self.changes)
        return {what: found[what] for what in (ADDED, CHANGED, REMOVED)}

    def of(self, kind: str) -> tuple[Change, ...]:
        """Return the changes of one kind of objects."""
        return tuple(change for change in self.changes if change.kind == kind)

    def sentences(self) -> list[str]:
        """Return a line for each difference."""
        return [line for change in self.changes for line in _sentences(change)]


def compare(before: Plan, after: Plan) -> Comparison:
    """Return what ``after`` has otherwise than ``before``."""
    same = same_in(before, after)
    old, new = objects_of(before, same), objects_of(after, same)
    names = {group.id: group.name for group in (*before.talkgroups, *after.talkgroups)}
    changes = [_whole(ADDED, new[key], names) for key in new.keys() - old.keys()]
    changes += [_gone(old[key], names, before) for key in old.keys() - new.keys()]
    for key in old.keys() & new.keys():
        changed = _changed(old[key], new[key], names)
        if changed is not None:
            changes.append(changed)
    order = {kind: place for place, kind in enumerate(KINDS)}
    changes.sort(key=lambda c: (order[c.kind], c.folder, c.number or 0, c.id))
    return Comparison(tuple(changes))


def _change(what: str, one: PlanObject, fields: Iterable[FieldChange], words: str) -> Change:
    return Change(what, one.kind, one.id, one.name, one.folder, one.number, tuple(fields), words)


def _whole(what: str, one: PlanObject, names: Names) -> Change:
    return _change(what, one, (), _summary(one, names))


def _gone(one: PlanObject, names: Names, before: Plan) -> Change:
    """Return a removal; of a talkgroup with how many boards had it."""
    change = _whole(REMOVED, one, names)
    if one.kind != "talkgroup" or not before.layouts:
        return change
    had = sum(
        any(cell.talkgroup == one.id for page in layout.pages for cell in page.cells)
        for layout in before.layouts
    )
    boards = f"in {had or 'no'} layout{'s' if had > 1 else ''}"
    return replace(change, words=f"{boards}, {change.words}" if change.words else boards)


def _summary(one: PlanObject, names: Names) -> str:
    fields = _SHOWN_WHEN_ADDED.get(one.kind, ())
    values = ((name, _named(name, one.fields.get(name), names)) for name in fields)
    return ", ".join(_told(name, value) for name, value in values if value not in (None, "", ()))


def _told(name: str, value: Any) -> str:  # any value of the model
    words = value_words(name, value)
    return words if isinstance(value, bool) else f"{field_words(name).lower()} {words}"


def _named(field: str, value: Any, names: Names) -> Any:  # values of the model
    """Return lists of talkgroups by their names; other values as they are."""
    return tuple(names.get(item, item) for item in value) if field in _LISTS and value else value


def _changed(old: PlanObject, new: PlanObject, names: Names) -> Change | None:
    found = []
    for name in dict.fromkeys((*old.fields, *new.fields)):
        before, after = old.fields.get(name), new.fields.get(name)
        if before == after:
            continue
        was, now = change_words(name, *(_named(name, value, names) for value in (before, after)))
        found.append(FieldChange(name, field_words(name), was, now))
    if old.layout and new.layout:
        found += [FieldChange(*row) for row in cell_rows(old.layout, new.layout, names)]
    return _change(CHANGED, new, found, "") if found else None


def _sentences(change: Change) -> list[str]:
    number = f" ({change.number}, {change.number:X}h)" if change.number is not None else ""
    who = f"{KINDS[change.kind]} {change.name}{number}"
    if change.what == CHANGED:
        return [f"{who}{_place(f)}: {f.before} -> {f.after}" for f in change.fields]
    tail = f": {change.words}" if change.words else ""
    return [f"{who} {change.what}{tail}"]


def _place(field: FieldChange) -> str:
    """Return a field behind its object: a cell is a place on it."""
    if field.field.startswith(CELL):
        return f", {field.words[0].lower()}{field.words[1:]}"
    return f": {field.words}"
