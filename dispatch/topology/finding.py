"""What a look at the topology can find, and how it is told."""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NAMED_AT_MOST = 3


class What(enum.Enum):
    """Kinds of findings, the gravest first."""

    LOOP = "loop"
    """What is said comes back, or is heard twice."""
    BLOCKED = "blocked"
    """Something cannot work as it is joined."""
    NOW = "now"
    """Not reachable at this moment, because links are down."""
    SINGLE = "single"
    """Hangs on one thing."""


@dataclass(frozen=True, slots=True)
class Place:
    """An object that a finding is about: kind (talkgroup, link, site, folder, patch …) and id."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: its rule, in words, and the objects to look at, the main one first."""

    rule: str
    what: What
    words: str
    places: tuple[Place, ...]


def listed(names: Sequence[str]) -> str:
    """Return names for a sentence, at most three of them: ``A, B, C and 9 more``."""
    shown = ", ".join(names[:NAMED_AT_MOST])
    more = len(names) - NAMED_AT_MOST
    return f"{shown} and {more} more" if more > 0 else shown


def joined_by_and(names: Sequence[str]) -> str:
    """Return names for a sentence: ``A, B and C``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def places(kind: str, ids: Iterable[str]) -> tuple[Place, ...]:
    """Return a place for each id of a kind."""
    return tuple(Place(kind, one) for one in ids)
