"""The one record that every camera source is mapped to, and what may be said in it.

What a source claims about identity (a plate, a face, a name) is a ``Claim``: unreviewed until a
person has looked, and never part of labels or of an incident's title.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from gateway.model.ids import UtcUs

KINDS = frozenset(
    {
        "review", "object", "plate", "face", "line", "zone", "loiter", "motion", "tamper",
        "health", "manual", "cap",
    }
)  # fmt: skip
PHASES = frozenset({"new", "update", "end"})
SEVERITIES = ("info", "detection", "alert")
"""From quiet to loud; only ``alert`` makes a noise."""
NEVER_LIMITED = frozenset({"tamper", "health", "manual"})
MAX_LIST_ITEMS = 64
MAX_NAME_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a machine believes of somebody or something; ``score`` 0 to 1."""

    type: str
    """plate, face, name, attribute or description."""
    value: str
    score: float | None = None
    status: str = "unreviewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraEvent:
    """One message of a source. ``camera`` is the source's own name for it."""

    source: str
    src_event_id: str
    kind: str
    phase: str
    camera: str
    t_event_utc: UtcUs
    """As the source claims it."""
    t_recv_utc: UtcUs
    severity: str
    raw_sha256: str
    raw: bytes = field(repr=False)
    labels: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    score: float | None = None
    claims: tuple[Claim, ...] = ()
    media: dict[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    """Ids of the objects that a review is made of: their messages belong to it."""
    notes: tuple[str, ...] = ()
    """What was unusual about the message, and flags such as ``verified``; kept and shown."""
    picture: bytes = field(default=b"", repr=False)
    """A still that came inside the message."""
    t_fresh_utc: UtcUs | None = None
    """A time that the source took just before sending, for its clock; None when it has none."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it the same message when it comes twice."""
        return (self.source, self.src_event_id, self.phase, self.raw_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Read, understood and not used; ``reason`` is counted."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Not understood: kept as it came and shown, with the reason."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """The source said that it is there, or its last will was sent."""

    online: bool
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraHealth:
    """A role of a camera went on or off line."""

    camera: str
    role: str
    online: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A state that was there before we listened: shown as already active, no alarm."""

    camera: str
    kind: str
    topic: str
    active: bool
    since_utc: UtcUs


Meaning = CameraEvent | Standing | SourceHealth | CameraHealth | Passed | Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Scores below which a recognition is noise: sources publish every attempt."""

    face: float = 0.9
    plate: float = 0.85

    def of(self, claim_type: str) -> float | None:
        """Return the threshold of a type of claim, None when it has none."""
        return {"face": self.face, "plate": self.plate}.get(claim_type)


DEFAULT_THRESHOLDS = Thresholds()
IDENTITY = frozenset({"plate", "face", "name"})
"""Claims that say who or whose: behind the review step."""


def louder(first: str, second: str) -> str:
    """Return the louder of two severities."""
    return max(first, second, key=SEVERITIES.index)


def read_json(payload: bytes) -> Any:
    """Return the JSON value of UTF-8 bytes; raises ValueError or RecursionError when it is none.

    Half a surrogate pair, written as an escape, is refused too: no database takes it.
    """
    value = json.loads(payload.decode("utf-8-sig"))
    if b"\\ud" in payload.lower():
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value
