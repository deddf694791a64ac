"""Looks at the form of one entry: canonical, complete, nothing of a person in clear.

The checking side; needs nothing but the standard library, so that the offline verifier carries
this very file.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

MAX_ENTRY_BYTES = 16 * 1024
REQUIRED_KEYS = frozenset(
    {
        "v", "id", "ts", "clock", "op", "verb", "actor", "via", "obj", "purpose", "result",
        "detail", "recipient", "approval", "prev_hint",
    }
)  # fmt: skip
SEALED_KEYS = ("text", "query", "diff", "reason", "note")
_SEALED = re.compile(r"enc:[a-z0-9-]{1,32}:[A-Za-z0-9+/]+={0,2}")
_KEYED = re.compile(r"hmac:[a-z0-9-]{1,32}:[0-9a-f]{64}")


@dataclass(slots=True)
class Looked:
    """What was found. ``entry`` is empty when the bytes are no entry."""

    entry: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def look_at_entry(raw: bytes) -> Looked:
    """Return what an entry holds and what is wrong with its form."""
    found = Looked()
    try:
        entry = json.loads(raw, parse_constant=_no_number, parse_float=_no_number)
        if not isinstance(entry, dict) or not entry.keys() >= REQUIRED_KEYS:
            found.faults.append("it lacks keys of an audit entry")
        else:
            _look(entry, raw, found)
    except (ValueError, RecursionError) as error:
        found.faults.append(f"it is not JSON of integers and texts ({error})")
    return found


def _look(entry: dict[str, Any], raw: bytes, found: Looked) -> None:
    if _has_big_number(entry):
        found.faults.append("a number in it is not below 2^53 in size")
    if len(raw) > MAX_ENTRY_BYTES or canonical_bytes(entry) != raw:
        found.faults.append("its bytes are not in the canonical form")
    obj = entry["obj"] if isinstance(entry["obj"], dict) else {}
    if obj.get("sub") is not None and not _KEYED.fullmatch(str(obj["sub"])):
        found.warnings.append("its subject stands in clear")
    purpose = entry["purpose"] if isinstance(entry["purpose"], dict) else {}
    _look_for_clear_text({"text": purpose.get("text")}, found)
    _look_for_clear_text(entry["detail"], found)
    found.entry = entry


def _no_number(text: str) -> None:
    raise ValueError(f"number {text}")


def _has_big_number(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_big_number, value.values()))
    if isinstance(value, list):
        return any(map(_has_big_number, value))
    return isinstance(value, int) and abs(value) >= 2**53


def _look_for_clear_text(value: Any, found: Looked) -> None:
    if isinstance(value, list):
        for item in value:
            _look_for_clear_text(item, found)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, dict | list):
                _look_for_clear_text(item, found)
            elif key in SEALED_KEYS and item is not None and not _SEALED.fullmatch(str(item)):
                found.warnings.append(f"free text in clear ({key})")


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r",
            "\t": "\\t"}  # fmt: skip


def canonical_bytes(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a JSON value of texts, integers, booleans and null."""
    if isinstance(value, dict):
        order = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return (
            b"{"
            + b",".join(canonical_bytes(k) + b":" + canonical_bytes(value[k]) for k in order)
            + b"}"
        )
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical_bytes, value)) + b"]"
    if isinstance(value, str):
        written = "".join(
            _ESCAPES.get(char) or (f"\\u{ord(char):04x}" if char < " " else char) for char in value
        )
        return f'"{written}"'.encode("utf-8", "surrogatepass")
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return b"null" if value is None else str(value).encode()
