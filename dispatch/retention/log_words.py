"""Free texts and subjects of the audit log: a month's are erased by destroying its two keys.

Entries, hashes and proofs stay as they are; what was encrypted can no longer be read by anybody.
A month is due when the policy's time of the class ``audit`` has passed since its end and no hold
that stands reaches into it.
"""

import calendar
import re
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from dispatch.audit.keys import KeyFolder
from dispatch.retention.tables import Hold
from dispatch.store.retention import days_of
from dispatch.store.tables import US_PER_DAY

_NAME = re.compile(r"[gs]-(\d{4}-\d{2})\.key")


class LogWords:
    """The months whose texts can still be read."""

    def __init__(self, keys: KeyFolder) -> None:
        """Take the folder of the keys."""
        self._keys = keys

    def months(self) -> list[str]:
        """Return the months that have keys, the oldest first."""
        found = (_NAME.fullmatch(name) for name in self._keys.names())
        return sorted({one[1] for one in found if one})

    def due(self, db: Session, now: int) -> list[str]:
        """Return the months whose texts may be erased now."""
        before = now - days_of("audit") * US_PER_DAY
        return [one for one in self.months() if _end(one) <= before and not _held(db, one)]

    def destroy(self, month: str) -> None:
        """Destroy the keys of a month; safe twice."""
        for letter in "gs":
            self._keys.destroy(f"{letter}-{month}.key")


def _start(month: str) -> int:
    year, number = (int(part) for part in month.split("-"))
    return calendar.timegm(datetime(year, number, 1, tzinfo=UTC).timetuple()) * 1_000_000


def _end(month: str) -> int:
    year, number = (int(part) for part in month.split("-"))
    return _start(f"{year + number // 12:04d}-{number % 12 + 1:02d}")


def _held(db: Session, month: str) -> bool:
    start, end = _start(month), _end(month)
    for hold in db.exec(select(Hold).where(col(Hold.lifted_utc).is_(None))):
        from_utc, to_utc = hold.from_utc or 0, hold.to_utc or hold.set_utc
        if from_utc < end and max(to_utc, hold.set_utc) >= start:
            return True
    return False
