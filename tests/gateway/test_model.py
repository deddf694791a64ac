"""The shared kernel: everything on the bus goes through JSON; VoiceFrame byte for byte; ids."""

import dataclasses
import enum
import json
import random
import types
from typing import Any, Union, get_args, get_origin

import pytest

import gateway.model.commands  # noqa: F401 - all commands register themselves
from gateway.model.command import COMMAND_TYPES, Command
from gateway.model.errors import InvalidCommand, ProtocolViolation
from gateway.model.events import EVENT_TYPES, Envelope, Event
from gateway.model.ids import (
    GatewayId,
    UtcUs,
    parse_system,
    split_address,
    talkgroup_id,
    ulid,
    ulid_bytes,
    ulid_text,
    unit_id,
)
from gateway.model.recording import RecordingEnd, RecordingMeta
from gateway.model.voice import (
    FRAME_MS,
    HEADER_BYTES,
    SAMPLE_RATE_HZ,
    SAMPLES_PER_FRAME,
    TIMESTAMP_HZ,
    TIMESTAMP_STEP,
    VoiceFlag,
    VoiceFrame,
)
from gateway.model.wire import from_json, to_json, type_hints

EVENTS = sorted((k, v) for k, v in EVENT_TYPES.items() if v.__module__.startswith("gateway.model."))
COMMANDS = sorted(COMMAND_TYPES.items())


def plain(hint: Any) -> Any:  # type hints have no common type
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    return hint


def value_of(hint: Any, seed: int) -> object:
    """Return a value of a type hint that is not its default."""
    hint = plain(hint)
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return value_of(next(a for a in get_args(hint) if a is not type(None)), seed)
    if origin is tuple:
        return tuple(value_of(get_args(hint)[0], seed + n) for n in range(2))
    if origin is dict:
        return {value_of(get_args(hint)[0], seed): value_of(get_args(hint)[1], seed)}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return filled(hint, seed)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return list(hint)[-1]
    plains = {str: f"text {seed} åЖ\u2028", int: seed + 7, bool: True, float: seed + 0.25}
    return plains[hint]


def filled(kind: type, seed: int = 1) -> Any:  # any dataclass
    hints = type_hints(kind)
    fields = dataclasses.fields(kind)
    values = {field.name: value_of(hints[field.name], seed + n) for n, field in enumerate(fields)}
    return kind(**values)


def emptied(kind: type) -> Any:  # any dataclass, its optional fields None
    hints = type_hints(kind)
    instance = filled(kind)
    nones = {
        field.name: None
        for field in dataclasses.fields(kind)
        if type(None) in get_args(hints[field.name])
    }
    return dataclasses.replace(instance, **nones)


def test_the_registries_hold_what_the_house_speaks() -> None:
    assert {kind for kind, _ in EVENTS} >= {
        "call.started",
        "transmission.ended",
        "floor.lost",
        "alarm.raised",
        "recording.closed",
        "link.changed",
    }
    assert len(EVENTS) >= 29
    assert {kind for kind, _ in COMMANDS} >= {"floor.request", "alarm.acknowledge"}
    for kind, event in EVENT_TYPES.items():
        assert event.type == kind
        thing, _, verb = kind.partition(".")
        assert thing
        assert verb


@pytest.mark.parametrize(("kind", "event"), EVENTS, ids=[kind for kind, _ in EVENTS])
def test_every_event_round_trips_through_json(kind: str, event: type[Event]) -> None:
    for instance in (filled(event), emptied(event)):
        envelope = Envelope(
            id="01jdgx",
            seq=5,
            t_utc=UtcUs(1_790_000_000_000_000),
            gateway=GatewayId("g"),
            event=instance,
            trace="r-1",
        )
        text = json.dumps(envelope.to_json(), ensure_ascii=False)
        assert Envelope.from_json(json.loads(text)) == envelope
        assert json.loads(text)["type"] == kind


@pytest.mark.parametrize(("kind", "command"), COMMANDS, ids=[kind for kind, _ in COMMANDS])
def test_every_command_round_trips_through_json(kind: str, command: type[Command]) -> None:
    for instance in (filled(command), emptied(command)):
        text = json.dumps(instance.to_json())
        assert Command.from_json(json.loads(text)) == instance
        assert json.loads(text)["type"] == kind


@pytest.mark.parametrize("kind", [RecordingMeta, RecordingEnd])
def test_what_a_recording_is_of_round_trips(kind: type) -> None:
    for instance in (filled(kind), emptied(kind)):
        assert from_json(kind, json.loads(json.dumps(to_json(instance)))) == instance


@pytest.mark.parametrize(("kind", "event"), EVENTS, ids=[kind for kind, _ in EVENTS])
def test_a_missing_field_is_named_and_an_unknown_one_ignored(kind: str, event: type[Event]) -> None:
    data = to_json(filled(event))
    assert from_json(event, {**data, "later": 1}, kind) == filled(event)
    for field in dataclasses.fields(event):
        defaults = (field.default, field.default_factory)
        if any(default is not dataclasses.MISSING for default in defaults):
            continue
        with pytest.raises(InvalidCommand, match=rf"{kind}\.{field.name}: missing"):
            from_json(event, {k: v for k, v in data.items() if k != field.name}, kind)
        with pytest.raises(InvalidCommand, match=field.name):
            from_json(event, {**data, field.name: {"not": "this"}}, kind)


def test_an_unknown_type_or_version_is_refused() -> None:
    envelope = {"v": 1, "id": "x", "seq": 1, "t_utc": 1, "gateway": "g", "data": {}}
    with pytest.raises(InvalidCommand, match=r"unknown event type 'no\.such'"):
        Envelope.from_json({**envelope, "type": "no.such"})
    with pytest.raises(InvalidCommand, match="expected v 1, got 2"):
        Envelope.from_json({**envelope, "v": 2, "type": "call.ended"})
    with pytest.raises(InvalidCommand, match="unknown type"):
        Command.from_json({"type": "no.such", "data": {}})
    with pytest.raises(InvalidCommand, match="expected an object"):
        Command.from_json({"type": "floor.renew", "data": []})


# ---- VoiceFrame

GOLDEN = VoiceFrame(
    flags=VoiceFlag.START | VoiceFlag.EMERGENCY,
    sequence=0x01020304,
    timestamp_48k=0xFFFFFC40,
    capture_utc_us=1_790_000_000_123_456,
    transmission=bytes(range(16)),
    system=1,
    talkgroup=310201,
    talker=1210204,
    opus=b"\xfc\xff\xfe",
)
GOLDEN_HEX = (
    "56"  # 'V'
    "01"  # version
    "09"  # START, EMERGENCY
    "14"  # 20 ms
    "01020304"  # sequence
    "fffffc40"  # timestamp at 48 kHz
    "00065bfeda27c240"  # capture time, microseconds since 1970
    "000102030405060708090a0b0c0d0e0f"  # ULID of the transmission
    "00000001"  # system handle
    "0004bbb9"  # talkgroup 310201
    "0012775c"  # talker 1210204
    "fcfffe"  # Opus
)


def test_the_frame_is_the_golden_bytes() -> None:
    assert GOLDEN.encode().hex() == GOLDEN_HEX
    assert VoiceFrame.decode(bytes.fromhex(GOLDEN_HEX)) == GOLDEN
    assert HEADER_BYTES == 48


@pytest.mark.parametrize("length", range(HEADER_BYTES))
def test_every_truncation_of_the_header_is_refused(length: int) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        VoiceFrame.decode(GOLDEN.encode()[:length])
    assert caught.value.offset == length
    assert "48 bytes" in str(caught.value)


@pytest.mark.parametrize(("at", "value"), [(0, 0x57), (1, 2), (2, 16), (3, 0), (3, 30), (3, 255)])
def test_foreign_headers_are_refused(at: int, value: int) -> None:
    data = bytearray(GOLDEN.encode())
    data[at] = value
    with pytest.raises(ProtocolViolation):
        VoiceFrame.decode(bytes(data))


def test_an_oversized_packet_is_refused() -> None:
    with pytest.raises(ProtocolViolation, match="Opus packet of 4000 bytes"):
        VoiceFrame.decode(GOLDEN.encode() + bytes(3997))


def test_frames_round_trip_and_random_bytes_never_raise_anything_else() -> None:
    numbers = random.Random(4)
    for _ in range(2000):
        data = numbers.randbytes(numbers.randrange(0, 200))
        if numbers.random() < 0.5:
            data = b"V\x01" + bytes([numbers.randrange(16), 20]) + data
        try:
            frame = VoiceFrame.decode(data)
        except ProtocolViolation:
            continue
        assert frame.encode() == data


def test_counters_wrap() -> None:
    frame = dataclasses.replace(GOLDEN, sequence=1 << 32, timestamp_48k=(1 << 32) + 960)
    assert VoiceFrame.decode(frame.encode()).timestamp_48k == 960


def test_rates_divide() -> None:
    assert SAMPLES_PER_FRAME * 1000 == SAMPLE_RATE_HZ * FRAME_MS
    assert TIMESTAMP_STEP * 1000 == TIMESTAMP_HZ * FRAME_MS
    assert TIMESTAMP_HZ % SAMPLE_RATE_HZ == 0


# ---- ids


def test_ids_have_their_text_forms() -> None:
    assert talkgroup_id("norrvik", 310112) == "norrvik/310112"
    assert unit_id("norrvik", 7) == "norrvik/7"
    assert split_address("norrvik/310112") == ("norrvik", 310112)


@pytest.mark.parametrize(
    "text", ["", "norrvik", "norrvik/", "norrvik/x", "/5", "N/5", "n/-5", "n/٣"]
)
def test_an_address_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        split_address(text)


@pytest.mark.parametrize("text", ["", "-a", "A", "a_b", "a" * 33, "a/b", "å"])
def test_a_system_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected 1 to 32"):
        parse_system(text)


def test_a_ulid_is_its_time_and_its_randomness() -> None:
    text = ulid(UtcUs(1_790_000_000_123_456), bytes(range(10)))
    assert (len(text), text.lower()) == (26, text)
    raw = ulid_bytes(f"t-{text}")
    assert int.from_bytes(raw[:6], "big") == 1_790_000_000_123
    assert raw[6:] == bytes(range(10))
    assert ulid_text(raw) == text
    assert ulid_bytes(text) == raw
    assert ulid(UtcUs(1_790_000_000_124_000), bytes(10)) > text


def test_the_known_ulid_of_the_specification_reads_the_same() -> None:
    assert ulid_bytes("01arz3ndektsv4rrffq69g5fav").hex() == "01563e3ab5d3d6764c61efb99302bd5b"


@pytest.mark.parametrize("text", ["", "t-", "t-short", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "u" * 26])
def test_what_is_no_ulid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="26 Crockford digits"):
        ulid_bytes(text)


def test_ulids_need_80_random_bits() -> None:
    with pytest.raises(ValueError, match="10 random bytes"):
        ulid(UtcUs(0), b"123")
