"""Single fields of uploads, read the way their senders mean them. Nothing here raises.

Senders write numbers as JSON numbers, as texts, with decimals, and ``0`` or ``-`` for nothing.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dispatch.uploads.received import MAX_OVERS, Source

MAX_JSON_CHARACTERS = 1 << 20
MAX_TEXT_CHARACTERS = 200
MAX_NUMBER = (1 << 53) - 1
MAX_ADDRESS = (1 << 32) - 1
US_PER_S, US_PER_MS = 1_000_000, 1000
OVER_THE_AIR = "tag_ota"
"""Name that a radio tells of itself (trunk-recorder 5): where the recorder's list has none."""
MILLISECONDS_FROM = 100_000_000_000
"""A Unix time from here on is in milliseconds: as seconds it would be the year 5138."""
_NUMBER = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,9})?")
_DIGITS = re.compile(r"[0-9]{1,16}(\.[0-9]{1,9})?")
NOTHING = frozenset({"-", "null"})
"""Texts that mean none: of lists of talkgroups, and of SDRTrunk for a group that is not set."""
_SOURCE = re.compile(r'\{ ?"pos": ?([0-9.]{1,16}), ?"src": ?(-?[0-9.]{1,20})')


def number(value: Any) -> int:
    """Return a whole number not below 0, 0 for anything else."""
    found = decimal(value)
    return int(found) if found is not None and 0 <= found <= MAX_NUMBER else 0


def decimal(value: Any) -> float | None:
    """Return a number, None when there is none."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        return float(value) if abs(value) <= MAX_NUMBER else None  # also without nan
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    return None


def words(value: Any) -> str:
    """Return a text without control characters, empty for ``-``, ``null`` and what is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    plain = "".join(" " if ord(one) < 32 or ord(one) == 127 else one for one in value)
    plain = plain.strip()[:MAX_TEXT_CHARACTERS]
    return "" if plain in NOTHING else plain


def flag(value: Any) -> bool:
    """Return whether a value means yes: 1, true."""
    return value is True or words(value).lower() in ("1", "1.0", "true", "yes")


def json_of(value: str | bytes | None) -> Any:
    """Return the JSON value of a text, None when it is none."""
    if not value or len(value) > MAX_JSON_CHARACTERS:
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def rows(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a JSON list, at most 500."""
    found = value if isinstance(value, list) else []
    return [one for one in found if isinstance(one, dict)][:MAX_OVERS]


def sources(text: str | None) -> list[dict[str, Any]]:
    """Return the objects of a list of sources, also where a name in it breaks the JSON.

    trunk-recorder writes the units' names into the list as they are: a quotation mark in one name
    would lose all units. Positions and numbers are taken then, the names are not.
    """
    found = json_of(text)
    if found is not None or not text or len(text) > MAX_JSON_CHARACTERS:
        return rows(found)
    return [{"pos": pos, "src": src} for pos, src in _SOURCE.findall(text)[:MAX_OVERS]]


def numbers(value: Any) -> list[int]:
    """Return the whole numbers above 0 of a list, each once, at most 500."""
    found = value if isinstance(value, list) else []
    return list(dict.fromkeys(n for n in map(address, found) if n))[:MAX_OVERS]


def unix_us(value: Any) -> int:
    """Return microseconds of Unix seconds or, when it is that large, milliseconds; else 0."""
    text = words(value)
    if not _DIGITS.fullmatch(text):
        return 0
    whole, _, part = text.partition(".")
    fraction = int(part.ljust(6, "0")[:6]) if part else 0
    if int(whole) >= MILLISECONDS_FROM:
        return int(whole) * US_PER_MS + fraction // US_PER_MS
    return int(whole) * US_PER_S + fraction


def milliseconds_us(value: Any) -> int:
    """Return microseconds of Unix milliseconds; 0 when it is no number."""
    found = decimal(words(value))
    return int(found) * US_PER_MS if found is not None and found > 0 else 0


def time_us(value: Any) -> int:
    """Return microseconds of digits (Unix seconds) or RFC 3339, UTC where no zone is told."""
    found = unix_us(value)
    if found:
        return found
    try:
        moment = datetime.fromisoformat(words(value))
    except ValueError:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    return round(seconds * US_PER_S) if seconds > 0 else 0


def length_ms(value: Any) -> int | None:
    """Return milliseconds of a length in seconds, up to a day; None for what is none."""
    found = decimal(value)
    return round(found * 1000) if found is not None and 0 < found <= 86_400 else None


def plain(one: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of an object, at most 20, by the names that they came with."""
    found = {name: decimal(value) for name, value in list(one.items())[:20]}
    return {name[:40]: value for name, value in found.items() if value is not None}


def address(value: Any) -> int:
    """Return the number of a talkgroup or a unit: 1 to 2^32 - 1, 0 for what is none."""
    found = number(value)
    return found if found <= MAX_ADDRESS else 0


def position_ms(value: Any) -> int:
    """Return milliseconds of a position in seconds; 0 for what is none."""
    found = decimal(value)
    return round(found * 1000) if found is not None and 0 < found < 1e6 else 0


def overs(found: Sequence[dict[str, Any]], unit: str, position: str, tag: str) -> list[Source]:
    """Return the overs of a list, in order of their positions; ``unit`` names the number's key."""
    told = [
        Source(
            unit=address(one.get(unit)),
            from_ms=position_ms(one.get(position)),
            tag=words(one.get(tag)) or words(one.get(OVER_THE_AIR)),
            emergency=flag(one.get("emergency")),
        )
        for one in found
    ]
    return sorted(told, key=lambda one: one.from_ms)


def faults(found: Sequence[dict[str, Any]], names: Sequence[str]) -> int:
    """Return the sum of error counts of a list of frequencies."""
    return min(sum(number(one.get(name)) for one in found for name in names), 1_000_000_000)
