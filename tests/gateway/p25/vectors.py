"""Rows of the P25 vectors."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "vectors" / "p25"
Row = dict[str, Any]


def rows(name: str) -> list[Row]:
    """Return the entries of a file; each has an id."""
    entries: list[Row] = json.loads((FOLDER / f"{name}.json").read_text())["entries"]
    for number, entry in enumerate(entries):
        entry.setdefault("id", f"{name}-{number:02}")
    return entries


def octets(text: str) -> bytes:
    """Return hex as octets."""
    return bytes.fromhex(text)


def with_wrong_bits(data: bytes, places: list[int]) -> bytes:
    """Flip bits; place 0 is the first one sent."""
    number = int.from_bytes(data, "big")
    for place in places:
        number ^= 1 << 8 * len(data) - 1 - place
    return number.to_bytes(len(data), "big")
