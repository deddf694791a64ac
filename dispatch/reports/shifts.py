"""Days and shifts of a site, in its own time zone; a clock change makes a shift longer or shorter.

A shift is named by when it begins (``07:00``). A day is a calendar day; the night shift that began
the evening before counts to the day on which its hours lie.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.model.errors import ConfigError

DEFAULT_SHIFTS = ("07:00", "15:00", "23:00")
_CLOCK = re.compile(r"([01]\d|2[0-3]):(00|15|30|45)")
QUARTER_US = 900_000_000
"""Figures are gathered by quarters of an hour: every zone and shift begins on one."""
MOST_DAYS = 400
TWO_DAYS_US = 2 * 86_400_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """A time from (in) to (out), UTC microseconds."""

    from_utc: int
    to_utc: int


@dataclass(frozen=True, slots=True)
class Shifts:
    """The shifts of a day, earliest first, and the site's zone."""

    starts: tuple[str, ...]
    zone: tzinfo

    def of(self, t_utc: int) -> str:
        """Return the shift in which a moment lies."""
        local = datetime.fromtimestamp(t_utc / 1_000_000, UTC).astimezone(self.zone)
        clock = f"{local:%H:%M}"
        begun = [start for start in self.starts if start <= clock]
        return begun[-1] if begun else self.starts[-1]

    def day_of(self, t_utc: int) -> str:
        """Return the local day of a moment, ``2026-11-24``."""
        return f"{datetime.fromtimestamp(t_utc / 1_000_000, UTC).astimezone(self.zone):%Y-%m-%d}"

    def days(self, first: str, last: str) -> Span:
        """Return the time of whole days; raises ConfigError on days that are none, or too many."""
        try:
            start, end = date.fromisoformat(first), date.fromisoformat(last)
        except ValueError as error:
            raise ConfigError(f"expected days as 2026-11-24, got {first!r} to {last!r}") from error
        if end < start or (end - start).days >= MOST_DAYS:
            raise ConfigError(f"expected 1 to {MOST_DAYS} days, got {first} to {last}")
        return Span(self._midnight(start), self._midnight(end + timedelta(days=1)))

    def words(self, start: str) -> str:
        """Return ``07:00 to 15:00``."""
        at = self.starts.index(start)
        return f"{start} to {self.starts[(at + 1) % len(self.starts)]}"

    def spans(self, span: Span) -> list[tuple[str, Span]]:
        """Return the shifts of a time with their parts in it, in order."""
        found: list[tuple[str, Span]] = []
        begin = span.from_utc
        for edge in [*self._edges(span), span.to_utc]:
            if begin < edge:
                found.append((self.of(begin), Span(begin, edge)))
            begin = edge
        return found

    def ends(self, t_utc: int) -> int:
        """Return when the shift in which a moment lies ends, UTC microseconds."""
        return self._edges(Span(t_utc, t_utc + TWO_DAYS_US))[0]

    def _edges(self, span: Span) -> list[int]:
        day = datetime.fromtimestamp(span.from_utc / 1_000_000, UTC).astimezone(self.zone).date()
        last = datetime.fromtimestamp(span.to_utc / 1_000_000, UTC).astimezone(self.zone).date()
        edges = []
        while day <= last:
            for start in self.starts:
                clock = time.fromisoformat(start)
                edges.append(_us(datetime.combine(day, clock, self.zone)))
            day += timedelta(days=1)
        return sorted(edge for edge in edges if span.from_utc < edge < span.to_utc)

    def _midnight(self, day: date) -> int:
        return _us(datetime.combine(day, time(), self.zone))


def _us(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def shifts_of(starts: tuple[str, ...], zone: str) -> Shifts:
    """Return the shifts of a configuration; raises ConfigError."""
    names = starts or DEFAULT_SHIFTS
    for start in names:
        if not _CLOCK.fullmatch(start):
            raise ConfigError(
                f"reports.shifts: expected a time on a quarter of an hour as 07:00, got {start!r}"
            )
    if len(set(names)) != len(names):
        raise ConfigError("reports.shifts: a time stands there twice")
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(
            f"reports.zone: expected a time zone as Europe/Stockholm, got {zone!r}"
        ) from error
    return Shifts(tuple(sorted(names)), place)
