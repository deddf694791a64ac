"""Transcripts against the events that were written from the reference, edge lines included.

Recorded ones are read where ``SAMBAND_SAMPLES`` names a folder that holds ``pei/``; our own
look-alikes (``tests/vectors/pei/own``, invented numbers) hold every rule and are read always.
"""

import json
import os
from pathlib import Path

import pytest

from gateway.model.ids import MonoMs
from gateway.model.radio import LineSeen, LinkChanged, RadioEvent
from samband.decode_rows import Row
from samband.transcripts import EXPECTED, compare, differences, radio_lines, transcripts
from tests.gateway.tetra.scripted_radio import OWN, opened

VECTORS = Path(__file__).parents[2] / "vectors" / "pei"
RECORDED = Path(os.environ.get("SAMBAND_SAMPLES", "no-samples")) / "pei"
OWN_ONES = transcripts(VECTORS / "own")
EXPECTED_FILES = sorted(VECTORS.glob(f"*{EXPECTED}"))
"""One for each recorded transcript."""


def _named(path: Path) -> str:
    return path.name.removesuffix(EXPECTED)


def test_look_alikes_cover_what_a_terminal_says() -> None:
    told = {row["event"] for path in OWN_ONES for row in _expected(path)}
    recorded = {row["event"] for path in EXPECTED_FILES for row in json.loads(path.read_text())}
    assert recorded <= told
    assert len(OWN_ONES) >= 12
    assert sum(len(_expected(path)) for path in OWN_ONES) >= 250


def _expected(transcript: Path) -> list[Row]:
    rows: list[Row] = json.loads(
        transcript.with_name(f"{transcript.stem}{EXPECTED}").read_text(encoding="utf-8")
    )
    return rows


@pytest.mark.parametrize("path", OWN_ONES, ids=lambda path: path.stem)
def test_our_own_transcripts(path: Path) -> None:
    compared = compare(path, path.with_name(f"{path.stem}{EXPECTED}"))
    assert compared.faults == []
    assert compared.matched == compared.events > 0


@pytest.mark.parametrize("expected", EXPECTED_FILES, ids=_named)
def test_recorded_transcripts(expected: Path) -> None:
    transcript = RECORDED / f"{_named(expected)}.txt"
    if not transcript.exists():
        pytest.skip("SAMBAND_SAMPLES names no folder with this recorded transcript")
    compared = compare(transcript, expected)
    assert compared.faults == []
    assert compared.matched == compared.events > 0


@pytest.mark.skipif(not RECORDED.is_dir(), reason="SAMBAND_SAMPLES names no folder with pei/")
def test_every_recorded_transcript_has_its_expected_events() -> None:
    assert [path.stem for path in transcripts(RECORDED)] == [_named(p) for p in EXPECTED_FILES]


def test_a_difference_is_seen_and_named() -> None:
    rows: list[Row] = [{"event": "tx_grant", "grant": 3}, {"event": "ok"}]
    assert differences(rows, rows) == []
    other: list[Row] = [{"event": "tx_grant", "grant": 0}]
    assert differences(rows, other) == [
        "expected 2 events, got 1",
        "event 1: grant: expected 3, got 0",
    ]


@pytest.mark.parametrize("path", OWN_ONES, ids=lambda path: path.stem)
def test_the_core_hears_the_same_byte_by_byte_and_keys_nothing(path: Path) -> None:
    lines = radio_lines(path.read_text(encoding="utf-8"))
    data = b"".join(b"\r\n" + line.encode("latin-1", "replace") + b"\r\n" for line in lines)
    whole, cut = _heard(data, len(data)), _heard(data, 1)
    assert whole == cut


def _heard(data: bytes, piece: int) -> list[RadioEvent]:
    wire = opened(own_number=OWN)
    events: list[RadioEvent] = []
    for start in range(0, len(data), piece):
        events += wire.core.receive(data[start : start + piece], MonoMs(wire.now))
        assert wire.core.on_air is None
        assert not wire.core.keyed
    return [event for event in events if not isinstance(event, LineSeen | LinkChanged)]
