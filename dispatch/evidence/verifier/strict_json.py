"""JSON as a package may hold it: no key twice, whole numbers, UTF-8; and checks of its form."""

import json
import re
from datetime import date, datetime
from typing import Any

SHA256 = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BadForm(Exception):
    """A value that has not the form it must have; the text names the place."""


def load(raw: bytes, name: str) -> dict[str, Any]:
    """Return the object that a JSON file holds; raises BadForm."""
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_once,
            parse_float=_whole,
            parse_constant=_whole,
        )
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadForm(f"{name}: it is not JSON as it must be ({error})") from error
    if not isinstance(value, dict):
        raise BadForm(f"{name}: expected an object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _whole(text: str) -> None:
    raise ValueError(f"the number {text} is not whole")


def fields(value: Any, place: str, names: str, *, more: bool = False) -> dict[str, Any]:
    """Return an object that has the fields ``names`` and, unless ``more``, no others."""
    if not isinstance(value, dict):
        raise BadForm(f"{place}: expected an object")
    wanted = set(names.split())
    missing = sorted(wanted - value.keys())
    if missing:
        raise BadForm(f"{place}: {missing[0]} is missing")
    unknown = sorted(value.keys() - wanted)
    if unknown and not more:
        raise BadForm(f"{place}: {unknown[0]!r} is no field of it")
    return value


def text(value: Any, place: str) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise BadForm(f"{place}: expected a text")
    return value


def listed(value: Any, place: str) -> list[Any]:
    """Return a list."""
    if not isinstance(value, list):
        raise BadForm(f"{place}: expected a list")
    return value


def texts(value: Any, place: str) -> list[str]:
    """Return a list of texts, none twice."""
    found = [text(item, place) for item in listed(value, place)]
    if len(set(found)) != len(found):
        raise BadForm(f"{place}: something stands there twice")
    return found


def number(value: Any, place: str) -> int:
    """Return a whole number from 0 on."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadForm(f"{place}: expected a whole number from 0 on")
    return value


def sha256(value: Any, place: str) -> str:
    """Return 64 lower-case hex digits."""
    if not isinstance(value, str) or not SHA256.fullmatch(value):
        raise BadForm(f"{place}: expected a SHA-256 in lower-case hex")
    return value


def moment(value: Any, place: str) -> datetime:
    """Return a UTC time ``YYYY-MM-DDThh:mm:ss[.f]Z``."""
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise BadForm(f"{place}: expected a time as 2026-11-24T22:40:00Z")


def day(value: Any, place: str) -> date:
    """Return a day ``YYYY-MM-DD``."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise BadForm(f"{place}: expected a day as 2027-11-24")
