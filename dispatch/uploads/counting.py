"""Counts what became of uploads, for the page and, in bulk, for the audit log."""

from collections import Counter, deque
from dataclasses import dataclass

from sqlmodel import Session, select

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.services.rows import Row
from dispatch.uploads.tables import UploadCount

RECENT = 50
LOGGED_EVERY_US = 60_000_000
NEW, JOINED, DUPLICATE, METADATA = "new", "joined", "duplicate", "metadata"
TAKEN = (NEW, JOINED, DUPLICATE, METADATA)
"""Outcomes of uploads that were taken; every other one is the reason of a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refused upload, for the engineer: never the key that was sent."""

    t_utc: int
    key: str
    recorder: str
    reason: str
    talkgroup: int
    address: str


class UploadCounts:
    """Used on the event loop; ``flush`` runs in the database's thread with what was drained."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._new: Counter[tuple[str, str]] = Counter()
        self._for_log: Counter[tuple[str, str]] = Counter()
        self._last: dict[tuple[str, str], int] = {}
        self._logged_utc = 0
        self.recent: deque[Refusal] = deque(maxlen=RECENT)

    def __bool__(self) -> bool:
        """Whether something waits to be stored."""
        return bool(self._new)

    def count(self, key: str, outcome: str, now: int) -> None:
        """Count one upload."""
        self._new[key, outcome] += 1
        self._for_log[key, outcome] += 1
        self._last[key, outcome] = now

    def refuse(self, refusal: Refusal) -> None:
        """Count a refused one and keep it for the page."""
        self.count(refusal.key, refusal.reason, refusal.t_utc)
        self.recent.appendleft(refusal)

    def drain(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return (number, last time) of what is new, and begin anew."""
        drained = {pair: (number, self._last[pair]) for pair, number in self._new.items()}
        self._new.clear()
        return drained

    def put_back(self, drained: dict[tuple[str, str], tuple[int, int]]) -> None:
        """Take back what could not be stored."""
        for pair, (number, _) in drained.items():
            self._new[pair] += number

    def acts(self, now: int) -> list[Act]:
        """Return the entries of the last minute, one a key, once it is over."""
        if now - self._logged_utc < LOGGED_EVERY_US or not self._for_log:
            return []
        self._logged_utc = now
        by_key: dict[str, dict[str, int]] = {}
        for (key, outcome), number in self._for_log.items():
            by_key.setdefault(key, {})[outcome.replace(" ", "_")] = number
        self._for_log.clear()
        return [
            Act(
                op="system",
                verb="uploads.counted",
                actor=SYSTEM,
                obj=Obj(type="upload_key", id=key or "unknown"),
                result="ok" if set(counts) & set(TAKEN) else "denied",
                detail=counts,
            )
            for key, counts in sorted(by_key.items())
        ]


def store_counts(db: Session, drained: dict[tuple[str, str], tuple[int, int]]) -> None:
    """Add counts to those that are stored."""
    for (key, outcome), (number, last) in drained.items():
        row = db.get(UploadCount, (key, outcome))
        if row is None:
            row = UploadCount(key=key, outcome=outcome, number=0, last_utc=last)
        row.number += number
        row.last_utc = max(row.last_utc, last)
        db.add(row)


def stored_counts(db: Session) -> dict[str, Row]:
    """Return what is stored, by key: outcome to number and last time."""
    found: dict[str, Row] = {}
    for row in db.exec(select(UploadCount)):
        found.setdefault(row.key, {})[row.outcome] = {
            "number": row.number,
            "last_utc": row.last_utc,
        }
    return found
