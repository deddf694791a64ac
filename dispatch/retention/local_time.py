"""Local times of orders: with their zone, the doubled hour asked for, the skipped one refused.

Where the clock goes back an hour comes twice. An order that names a time in it is not guessed at:
the person says ``first``, ``second`` or ``both``. Both is the wider reading: for a beginning the
first, for an end the second.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from dispatch.errors import ServiceError

ANSWERS = ("first", "second", "both")
FORM = "2026-10-25T02:30"


class DoubledHour(ServiceError):
    """A local time that there was twice, and nobody said which."""

    status = 409


class SkippedHour(ServiceError):
    """A local time that there was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One moment that a local time can mean."""

    answer: str
    utc_us: int
    offset: str
    """Distance from UTC, as ``+02:00``."""


@lru_cache(maxsize=32)
def zone_of(name: str) -> ZoneInfo:
    """Return a zone of the tz database; raises ServiceError for an unknown one."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ServiceError(
            f"zone: {name!r} is unknown", hint="Give a name as Europe/Stockholm or Europe/Kyiv."
        ) from error


def readings(local: str, zone: str) -> tuple[Reading, ...]:
    """Return what a local time can mean: one moment, two, or none where the clock skipped it."""
    moment = _parse(local)
    place = zone_of(zone)
    found: list[Reading] = []
    for fold, answer in ((0, "first"), (1, "second")):
        there = moment.replace(tzinfo=place, fold=fold)
        back = there.astimezone(UTC).astimezone(place)
        if back.replace(tzinfo=None) != moment:
            continue
        utc_us = round(there.timestamp() * 1_000_000)
        if all(one.utc_us != utc_us for one in found):
            found.append(Reading(answer=answer, utc_us=utc_us, offset=_offset(there)))
    return tuple(found)


def utc_of(local: str, zone: str, answer: str, *, end: bool) -> int:
    """Return a local time as UTC microseconds.

    ``answer`` counts only in the doubled hour. Raises DoubledHour when it is needed and missing,
    SkippedHour, ServiceError.
    """
    found = readings(local, zone)
    if not found:
        raise SkippedHour(
            f"{local} does not exist in {zone}: the clock went forward over it",
            hint="Ask the authority, or take the time before or after the gap.",
        )
    if len(found) == 1:
        return found[0].utc_us
    if answer not in ANSWERS:
        first, second = found
        raise DoubledHour(
            f"{local} was there twice in {zone}: first at UTC{first.offset}, "
            f"then at UTC{second.offset}",
            hint="Say which one the order means: first, second or both.",
        )
    later = answer == "second" or (answer == "both" and end)
    return found[1 if later else 0].utc_us


def start_of_day(day: str, zone: str) -> int:
    """Return when a date begins in a zone, as UTC microseconds; raises ServiceError."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError as error:
        raise ServiceError(f"date: expected 2027-01-31, got {day!r}") from error
    there = datetime.combine(wanted, time(), tzinfo=zone_of(zone))
    return round(there.timestamp() * 1_000_000)


def _offset(moment: datetime) -> str:
    text = f"{moment:%z}"
    return f"{text[:3]}:{text[3:5]}"


def _parse(local: str) -> datetime:
    try:
        moment = datetime.fromisoformat(local)
    except ValueError as error:
        raise ServiceError(f"local time: expected {FORM}, got {local!r}") from error
    if moment.tzinfo is not None:
        raise ServiceError(
            f"local time: expected {FORM} without an offset, got {local!r}",
            hint="The zone is given beside it.",
        )
    return moment
