"""What can be asked of the call log, and how the parts of a question are looked up in the index."""

from dataclasses import dataclass

MAX_LIMIT = 500
DEFAULT_LIMIT = 50
EXACT = 10_000
"""A total is exact up to this many calls; above it says ``more``."""
NEWEST, OLDEST = "newest", "oldest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A circle on the map: degrees and metres."""

    latitude_deg: float
    longitude_deg: float
    radius_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQuery:
    """What is looked for; times are UTC microseconds, None or empty means any.

    All parts must hold. Of several talkgroups, units or sites any one is enough.
    """

    q: str = ""
    from_utc: int | None = None
    to_utc: int | None = None
    talkgroups: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    system: str | None = None
    incident: str | None = None
    position: str | None = None
    operator: str | None = None
    direction: str | None = None
    """``in``: a unit talked; ``out``: a desk talked."""
    emergency: bool | None = None
    encrypted: bool | None = None
    held: bool | None = None
    outcome: str | None = None
    """interrupted, open, not_recorded, queued, refused, exercise, or the cause of the end."""
    min_ms: int | None = None
    max_ms: int | None = None
    place: Place | None = None
    plan: int | None = None
    patch: str | None = None
    """A patch's id, or its label: calls on its members while it stood."""
    tag: str | None = None
    order: str = NEWEST
    before: int | None = None
    """Cursor: the number of the last call of the page before."""
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One part of a question: any of these facets, and what must hold besides."""

    facets: frozenset[int] = frozenset()
    scopes: frozenset[int] = frozenset()
    """Facets that are scopes: tested on the posting itself."""
    drives: frozenset[int] = frozenset()
    """Facets whose lists may be walked for this part; ``also`` is then what decides."""
    also: str = ""
    """SQL on the posting ``p``, made of numbers only."""

    @property
    def all(self) -> frozenset[int]:
        """All facets whose lists may be walked."""
        return self.facets | self.scopes | self.drives
