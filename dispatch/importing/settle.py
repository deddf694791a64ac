"""Which value of a field stands where plan and file differ: a three-way merge. Pure.

The third way is what earlier imports said of the object (``dispatch.importing.earlier``): whatever
differs from that was edited here. Where no import is known, whatever is not empty counts as edited.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from dispatch.importing.earlier import NOTHING, Earlier, as_said

KEEP, MERGE, UPDATE, ADD, REPLACE = "keep", "merge", "update", "add", "replace"
POLICIES: Mapping[str, str] = {
    KEEP: "Local edits win: the file's values are taken, but what was edited here stays",
    MERGE: "Merge: what was edited here stays unless the file has changed it too since its last "
    "import; then the file's value is taken",
    UPDATE: "File wins: every value that the file has is taken, over edits made here too",
    ADD: "Only new: what the plan lacks is added, nothing that is there changes",
    REPLACE: "Replace all: the file wins, and what it lacks is removed; each one is listed first",
}
"""Policies in words, the default first. Each but REPLACE leaves what the file lacks."""
GONE = "removed"
"""The field of an object that somebody took out here and the file still has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field in which plan and file differ, of a talkgroup, unit, rule or site."""

    talkgroup: str
    field: str
    before: str
    after: str


@dataclass(slots=True)
class Settling:
    """Settles fields by one policy, and keeps what came of each."""

    policy: str = KEEP
    earlier: Earlier = NOTHING
    changed: list[Change] = field(default_factory=list)
    kept: list[Change] = field(default_factory=list)
    """Differences in which the plan's value stands."""
    lost: list[Change] = field(default_factory=list)
    """Those of ``changed`` that go over an edit made here."""

    def takes(
        self,
        thing: tuple[str, str],
        name: str,
        values: tuple[Any, Any],  # of the model: the plan's and the file's
        *,
        empty: Collection[object] = ("", None),
        shown: Callable[[Any], str] = str,
        known_as: str = "",
    ) -> bool:
        """Return whether the file's value of a field is taken, and note the difference.

        ``thing`` is kind and id, ``empty`` are the values that count as none, ``known_as`` is what
        imports call it where that is not its id.
        """
        old, new = values
        said = self.earlier.of(thing[0], known_as or thing[1])
        known = name in said
        here = as_said(old) != said[name] if known else old not in empty
        """Edited here."""
        change = Change(talkgroup=thing[1], field=name, before=shown(old), after=shown(new))
        stays = here and not (known and said[name] != as_said(new))
        """Edited here, and the file says what it said before, as far as anybody knows."""
        if self.policy == ADD or (self.policy == KEEP and here) or (self.policy == MERGE and stays):
            self.kept.append(change)
            return False
        self.changed.append(change)
        if here:
            self.lost.append(change)
        return True

    def stays_away(self, kind: str, key: str, name: str) -> bool:
        """Return whether an object that the plan lacks was taken out here and stays out."""
        if self.policy not in (KEEP, MERGE) or not self.earlier.knows(kind, key):
            return False
        self.kept.append(Change(talkgroup=key, field=GONE, before="removed here", after=name))
        return True
