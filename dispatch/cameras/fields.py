"""Careful reading of other people's JSON: values checked before use, oddities told, none fatal.

Sources have added, renamed and moved fields in every release. A value is looked for under all names
it was seen with and in all places; where it was not where it is expected, a note says so, and the
note is kept with the event.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from dispatch.cameras.event import MAX_LIST_ITEMS, MAX_NAME_CHARACTERS
from gateway.model.ids import UtcUs

Json = dict[str, Any]
"""A decoded JSON object; every value is looked at before it is used."""
LARGEST_SECONDS = 4e9
"""Later than any time that is meant: what is larger is in milliseconds."""
MAX_NOTES = 8
MAX_NOTE_CHARACTERS = 120


def inner(values: Json, *names: str) -> Json:
    """Return the first object found under one of the names, else an empty one."""
    for name in names:
        found = values.get(name)
        if isinstance(found, dict):
            return found
    return {}


def find_text(places: Sequence[Json], names: Sequence[str], notes: list[str] | None = None) -> str:
    """Return the first text or number under one of the names, places in order; empty if none."""
    for place_number, place in enumerate(places):
        for name in names:
            text = as_text(place.get(name))
            if not text:
                continue
            if notes is not None and (place_number or name != names[0]):
                where = "elsewhere" if name == names[0] else f"as {name}"
                note(notes, f"{names[0]} found {where}")
            return text
    return ""


def as_text(value: Any) -> str:
    """Return a text or whole number as a text of at most 200 characters, else an empty one."""
    if isinstance(value, str):
        return value[:MAX_NAME_CHARACTERS]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)[:MAX_NAME_CHARACTERS]
    return ""


def names(value: Any) -> tuple[str, ...]:
    """Return a list of names: of a list of texts or of objects with a name, or of one text."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return ()
    found = (_name(item) for item in value[:MAX_LIST_ITEMS])
    return tuple(item for item in found if item)


def _name(item: Any) -> str:
    if isinstance(item, dict):
        item = item.get("name") or item.get("label") or item.get("id")
    return item.strip()[:MAX_NAME_CHARACTERS] if isinstance(item, str) else ""


def score(value: Any) -> float | None:
    """Return a score of 0 to 1; a percentage above 1 is divided by 100, the rest is None."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        return None
    return float(value) if value <= 1 else value / 100


def seconds(value: Any) -> UtcUs | None:
    """Return the microseconds of Unix seconds, milliseconds, or an ISO text; None if none."""
    if isinstance(value, str):
        return iso_time(value) or _number_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 4e12:
        return None
    return UtcUs(round(value * (1_000_000 if value < LARGEST_SECONDS else 1000)))


def _number_text(text: str) -> UtcUs | None:
    try:
        return seconds(float(text)) if len(text) < 32 else None
    except ValueError:
        return None


def iso_time(text: str) -> UtcUs | None:
    """Return the microseconds of an ISO 8601 time; without a zone it is UTC, None if it is none.

    More than six decimals (.NET sends seven) are cut off, not rounded.
    """
    words = text.strip()
    if len(words) < 10 or len(words) > 40 or words[4:5] != "-":
        return None
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    whole = aware.replace(microsecond=0)
    try:
        return UtcUs(round(whole.timestamp()) * 1_000_000 + aware.microsecond)
    except (OverflowError, ValueError):
        return None


def note(notes: list[str], words: str) -> None:
    """Add a note, at most eight of 120 characters, each once."""
    words = words[:MAX_NOTE_CHARACTERS]
    if len(notes) < MAX_NOTES and words not in notes:
        notes.append(words)


def first_time(values: Iterable[Any]) -> UtcUs | None:
    """Return the first value that is a time."""
    return next((found for value in values if (found := seconds(value))), None)
