"""Look-alike transcripts with the events that they must give, in every chunking."""

import random
import tomllib
from pathlib import Path

import pytest

from gateway.model.ids import MonoMs
from gateway.model.radio import GroupChanged, LineSeen, LinkChanged, RadioEvent
from tests.gateway.tetra.script import play
from tests.gateway.tetra.scripted_radio import OWN, Wire, opened

VECTORS = sorted((Path(__file__).parents[2] / "vectors" / "pei").glob("*.toml"))
SCRIPTS = {path.stem: tomllib.loads(path.read_text()) for path in VECTORS}
PROBE = b"\r\n\r\n+CTGS: 1,310777\r\n"


def _radio_bytes(script: str) -> bytes:
    lines = [line[2:] for line in script.splitlines() if line.startswith("< ")]
    return b"".join(b"\r\n" + line.encode("latin-1") + b"\r\n" for line in lines)


STREAMS = {name: _radio_bytes(vector["script"]) for name, vector in SCRIPTS.items()}
EVERYTHING = b"".join(STREAMS.values())


def _hears(wire: Wire, *pieces: bytes) -> list[RadioEvent]:
    """Feed without letting the core write, so that only what is heard matters."""
    events: list[RadioEvent] = []
    for piece in pieces:
        events += wire.core.receive(piece, MonoMs(wire.now))
    return [event for event in events if not isinstance(event, LineSeen | LinkChanged)]


def _still_reads(wire: Wire) -> None:
    events = _hears(wire, PROBE)
    assert any(isinstance(e, GroupChanged) and e.number == 310777 for e in events)
    assert wire.core.on_air is None
    assert not wire.core.keyed


def test_every_vector_names_its_source_and_rule() -> None:
    assert len(SCRIPTS) >= 25
    for name, vector in SCRIPTS.items():
        assert vector["source"] == "self", name
        assert vector["rule"], name


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("piece_bytes", [64, 1])
def test_events_and_host_lines(name: str, piece_bytes: int) -> None:
    wire = opened(own_number=OWN)
    wire.piece_bytes = piece_bytes
    play(wire, SCRIPTS[name]["script"])


@pytest.mark.parametrize("name", SCRIPTS)
def test_split_at_every_byte(name: str) -> None:
    stream = STREAMS[name]
    whole = _hears(opened(own_number=OWN), stream)
    assert _hears(opened(own_number=OWN), *(bytes([b]) for b in stream)) == whole
    for cut in range(0, len(stream), max(1, len(stream) // 40)):
        assert _hears(opened(own_number=OWN), stream[:cut], stream[cut:]) == whole


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_truncation_leaves_the_line_in_step(name: str) -> None:
    stream = STREAMS[name]
    for cut in range(0, len(stream), 3):
        wire = opened(own_number=OWN)
        _hears(wire, stream[:cut])
        _still_reads(wire)


def test_single_bit_flips_do_no_harm() -> None:
    wire = opened(own_number=OWN)
    for name, stream in STREAMS.items():
        for bit in range(0, 8 * len(stream), 5):
            flipped = bytearray(stream)
            flipped[bit // 8] ^= 1 << bit % 8
            _hears(wire, bytes(flipped), b"\r\n,\r\n")
            assert wire.core.on_air is None, name


def test_seeded_random_inputs() -> None:
    """20,000 inputs: noise, shuffled lines, damaged lines; nothing raises, nothing is keyed."""
    rng = random.Random(300392)
    wire = opened(own_number=OWN)
    lines = EVERYTHING.split(b"\r\n")
    for number in range(20_000):
        kind = number % 3
        if kind == 0:
            data = rng.randbytes(rng.randrange(1, 48))
        elif kind == 1:
            data = rng.choice(lines) + b"\r\n"
        else:
            damaged = bytearray(rng.choice(lines) + b"\r\n")
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            data = bytes(damaged)
        wire.core.receive(data, MonoMs(wire.now + number))
        assert wire.core.on_air is None
    assert len(wire.core.state.calls) <= 32


def test_a_line_of_ten_megabytes_is_dropped() -> None:
    wire = opened(own_number=OWN)
    for _ in range(160):
        assert _hears(wire, b"A" * 65_536) == []
    events = _hears(wire, b"\r\n")
    assert len(events) == 1
    assert "10485760 bytes dropped" in str(events[0])
    _still_reads(wire)
