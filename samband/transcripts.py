"""Transcripts of a terminal's serial line, and the events that they must give.

A transcript is a text file: ``<`` radio to host, ``>`` host to radio, ``#`` a comment. A lone
``<`` is an empty line; two spaces with ``;`` and a mark at a line's end are no part of it. Beside
it lies ``NAME.expected.json``: the events of its radio lines, in order, with the keys that matter.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from samband.decode_pei import decode_pei
from samband.decode_rows import Row

EXPECTED = ".expected.json"
README = "README"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came of one transcript. ``faults`` says in words what differs, and where."""

    name: str
    lines: int
    events: int
    matched: int
    faults: list[str] = field(default_factory=list)


def radio_lines(text: str) -> list[str]:
    """Return what the radio says in a transcript, line by line."""
    said = [line[2:] for line in text.splitlines() if line[:1] == "<"]
    return [line.rpartition("  ;")[0] if "  ;" in line else line for line in said]


def transcripts(folder: Path) -> list[Path]:
    """Return the transcripts of a folder, in order."""
    return sorted(path for path in folder.glob("*.txt") if path.stem != README)


def compare(transcript: Path, expected: Path) -> Comparison:
    """Decode a transcript and hold it against its expected events; raises OSError, ValueError."""
    lines = radio_lines(transcript.read_text(encoding="utf-8"))
    wanted: list[Row] = json.loads(expected.read_text(encoding="utf-8"))
    given = list(decode_pei(lines))
    faults = differences(wanted, given)
    matched = sum(not _differing(one, two) for one, two in zip(wanted, given, strict=False))
    return Comparison(
        name=transcript.stem, lines=len(lines), events=len(wanted), matched=matched, faults=faults
    )


def differences(wanted: Sequence[Row], given: Sequence[Row]) -> list[str]:
    """Return what differs, event by event; a key that is not expected may have any value."""
    faults = []
    if len(wanted) != len(given):
        faults.append(f"expected {len(wanted)} events, got {len(given)}")
    for number, (one, two) in enumerate(zip(wanted, given, strict=False), 1):
        for key in _differing(one, two):
            faults.append(f"event {number}: {key}: expected {one[key]!r}, got {two.get(key)!r}")
    return faults


def _differing(wanted: Row, given: Row) -> list[str]:
    return [key for key, value in wanted.items() if given.get(key) != value]
