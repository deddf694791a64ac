"""By what a report is broken down: talkgroup, site or shift. There is no other dimension.

Nothing here knows a person, a position or a radio by name. People are counted while a report is
made, so that a group of fewer than three is folded into the others, and then forgotten.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from dispatch.reports.shifts import Shifts, Span
from dispatch.reports.staffing import FEWEST, TOGETHER, Staffing, fold
from gateway.model.plan import Plan
from gateway.model.private_line import is_private

DIMENSIONS = ("talkgroup", "site", "shift")
OTHERS = "others together"
NO_SITE = "no site known"
PRIVATE = "private calls"
NO_TALKGROUP = "no talkgroup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every report of one request shares."""

    span: Span
    shifts: Shifts
    by: str
    plan: Plan
    staffing: Staffing

    def group(self, talkgroup: str | None, link: str | None, t_utc: int) -> str:
        """Return the group of something that happened."""
        if self.by == "shift":
            return self.staffing.group_of[self.shifts.of(t_utc)]
        if self.by == "site":
            return self.site_of(link, talkgroup)
        if talkgroup is None:
            return NO_TALKGROUP
        return PRIVATE if is_private(talkgroup) else talkgroup

    def site_of(self, link: str | None, talkgroup: str | None = None) -> str:
        """Return the site of a link, or of the first link that carries a talkgroup."""
        for one in self.plan.links:
            if one.id == link:
                return str(one.site)
        number = (talkgroup or "").rpartition("/")[2]
        for one in self.plan.links:
            if (
                talkgroup
                and f"{one.system}/{number}" == talkgroup
                and int(number) in one.talkgroups
            ):
                return str(one.site)
        return NO_SITE

    def name(self, group: str) -> str:
        """Return a group as people read it."""
        if self.by == "shift":
            return self.shifts.words(group) if group in self.shifts.starts else TOGETHER
        if self.by == "site":
            return next((site.name for site in self.plan.sites if site.id == group), group)
        return next((tg.name for tg in self.plan.talkgroups if tg.id == group), group)

    def hours(self, group: str) -> float:
        """Return how many hours of the time a group covers."""
        if self.by != "shift":
            return (self.span.to_utc - self.span.from_utc) / 3_600_000_000
        parts = self.shifts.spans(self.span)
        mine = [p for shift, p in parts if self.staffing.group_of[shift] == group]
        return sum(part.to_utc - part.from_utc for part in mine) / 3_600_000_000


@dataclass(slots=True)
class Tally:
    """Figures of one group while they are gathered, and who they stand for, to be counted only."""

    counts: dict[str, int] = field(default_factory=dict)
    values: dict[str, list[int]] = field(default_factory=dict)
    hourly: dict[int, int] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)
    people: set[Hashable] = field(default_factory=set)

    def add(self, key: str, number: int = 1) -> None:
        """Count."""
        self.counts[key] = self.counts.get(key, 0) + number

    def value(self, key: str, number: int | None) -> None:
        """Keep a measured value."""
        if number is not None:
            self.values.setdefault(key, []).append(number)

    def say(self, words: str) -> None:
        """Count a reason."""
        if words:
            self.words[words] = self.words.get(words, 0) + 1

    def of(self, key: str) -> int:
        """Return a count."""
        return self.counts.get(key, 0)

    def take(self, other: "Tally") -> None:
        """Take another group's figures in."""
        for key, number in other.counts.items():
            self.add(key, number)
        for key, values in other.values.items():
            self.values.setdefault(key, []).extend(values)
        for hour, number in other.hourly.items():
            self.hourly[hour] = self.hourly.get(hour, 0) + number
        for words, number in other.words.items():
            self.words[words] = self.words.get(words, 0) + number
        self.people |= other.people


class Tallies:
    """The groups of a report."""

    def __init__(self, frame: Frame) -> None:
        """Begin with none."""
        self._frame = frame
        self._groups: dict[str, Tally] = {}

    def at(self, talkgroup: str | None, link: str | None, t_utc: int) -> Tally:
        """Return the group of something that happened."""
        group = self._frame.group(talkgroup, link, t_utc)
        return self._groups.setdefault(group, Tally())

    def folded(self) -> dict[str, Tally] | None:
        """Return the groups, small ones together; None when all together are too few people."""
        if self._frame.by == "shift":
            return dict(self._groups) if self._frame.staffing.enough else None
        if not self._groups:
            return {}
        told = fold({group: map(str, tally.people) for group, tally in self._groups.items()})
        if told.people < FEWEST:
            return None
        found: dict[str, Tally] = {}
        for group, tally in self._groups.items():
            place = OTHERS if told.group_of[group] == TOGETHER else group
            found.setdefault(place, Tally()).take(tally)
        return found

    def whole(self) -> dict[str, Tally]:
        """Return the groups as they are, for figures that stand for no one's work."""
        if self._frame.by == "shift" and not self._frame.staffing.enough:
            together = Tally()
            for tally in self._groups.values():
                together.take(tally)
            return {TOGETHER: together} if self._groups else {}
        return dict(self._groups)


Row = dict[str, str | int | float | None]


def rows(frame: Frame, groups: dict[str, Tally], make: Callable[[str, Tally], Row]) -> list[Row]:
    """Return one row a group, by name; shifts in the order of the day."""
    made = [{"group": frame.name(group), **make(group, tally)} for group, tally in groups.items()]
    last = (OTHERS, TOGETHER, NO_SITE, NO_TALKGROUP)
    return sorted(made, key=lambda row: (row["group"] in last, str(row["group"])))
