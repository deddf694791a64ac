"""Times as radios state them: without a year, or without a month. The clock is given."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.model.ids import UtcUs

MAX_FIX_AGE_S = 24 * 3600
"""An older fix cannot be told from one whose day is wrong: its age is then unknown."""
_FIX_AHEAD = timedelta(minutes=10)
"""How far ahead of our clock a radio's clock may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioTime:
    """When a text was written; ``frame`` is local (to its network), utc or unknown."""

    frame: str
    month: int
    day: int
    hour: int
    minute: int

    def words(self) -> str:
        """Return ``MM-DD hh:mm frame``."""
        clock = f"{self.hour:02d}:{self.minute:02d}"
        return f"{self.month:02d}-{self.day:02d} {clock} {self.frame}"

    def nearest(self, now: UtcUs) -> str:
        """Return ``YYYY-MM-DDThh:mm`` of the year that is nearest to now, with Z for UTC.

        Empty where the fields are no date.
        """
        today = datetime.fromtimestamp(now / 1_000_000, UTC)
        found = [
            moment
            for year in (today.year - 1, today.year, today.year + 1)
            if (moment := _moment((year, self.month, self.day), (self.hour, self.minute, 0)))
        ]
        if not found:
            return ""
        best = min(found, key=lambda moment: abs(moment - today))
        return f"{best:%Y-%m-%dT%H:%M}{'Z' if self.frame == 'utc' else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FixTime:
    """When a position was taken: day of the month and time of day, taken as UTC.

    That it is UTC stands in no document we have read.
    """

    day: int
    hour: int
    minute: int
    second: int

    def age_s(self, now: UtcUs) -> int | None:
        """Return the age in seconds; None for no date, or more than a day."""
        today = datetime.fromtimestamp(now / 1_000_000, UTC)
        months = {(day.year, day.month) for day in (today, today.replace(day=1) - timedelta(1))}
        clock = (self.hour, self.minute, self.second)
        ages = [
            (today - moment).total_seconds()
            for year, month in months
            if (moment := _moment((year, month, self.day), clock)) and moment - _FIX_AHEAD <= today
        ]
        age_s = min(ages, default=None)
        return None if age_s is None or age_s > MAX_FIX_AGE_S else max(0, int(age_s))


def _moment(date: tuple[int, int, int], clock: tuple[int, int, int]) -> datetime | None:
    try:
        return datetime(*date, *clock, tzinfo=UTC)
    except ValueError:
        return None
