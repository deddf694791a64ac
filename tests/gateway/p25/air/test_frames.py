"""Frames under damage, every length and every status symbol; what cannot be sent is refused."""

import random
from dataclasses import replace

import pytest

from gateway.model.errors import InvalidCommand, ProtocolViolation
from gateway.p25.air.frame import (
    AirFrame,
    Hdu,
    Ldu1,
    Ldu2,
    Pdu,
    Tdu,
    Tdulc,
    Tsdu,
    UnknownUnit,
    decode_frame,
    encode_frame,
)
from gateway.p25.air.places import MAX_SYNC_ERRORS
from gateway.p25.air.status_symbols import (
    ALL_BUSY,
    ALL_IDLE,
    ALL_TALK_AROUND,
    ALL_UNKNOWN,
    BUSY_IN_TURN,
    FIRST_IDLE,
    IDLE_IN_TURN,
    Status,
    fill,
    strip,
)
from gateway.p25.air.voice import SILENCE
from gateway.p25.words.encryption import EncryptionSync
from gateway.p25.words.packet import pack
from gateway.p25.words.tsbk_units import CallAlert
from tests.gateway.p25.vectors import octets, rows, with_wrong_bits

WORD = bytes.fromhex("00000400271112d687")
SYNC = EncryptionSync(message_indicator=bytes(range(8)) + b"\0", algorithm=0x84, key_id=0x1234)
BLOCKS = tuple(
    CallAlert(inbound=False, last_block=last, target=n, source=9).encode()
    for n, last in ((1, False), (2, False), (3, True))
)
PACKET, PACKET_BLOCKS = pack(b"position report", llid=1234567, sap=4)
FRAMES: dict[str, AirFrame] = {
    "hdu": Hdu(nac=0x293, sync=SYNC, group=10001, mfid=0x90),
    "ldu1": Ldu1(nac=0x293, voice=(SILENCE,) * 9, link_control=WORD, low_speed=b"\x12\x34"),
    "ldu2": Ldu2(nac=0x293, voice=(SILENCE,) * 9, sync=SYNC),
    "tdu": Tdu(nac=0x293),
    "tdulc": Tdulc(nac=0x293, link_control=WORD),
    "tsdu": Tsdu(nac=0x293, blocks=BLOCKS[2:]),
    "tsdu of three": Tsdu(nac=0x293, blocks=BLOCKS),
    "pdu": Pdu(nac=0x293, header=PACKET.encode(), blocks=PACKET_BLOCKS),
    "vselp": UnknownUnit(nac=0x293, unit=6, content=bytes(range(80))),
}
SIZES = {
    "hdu": 99,
    "ldu1": 216,
    "ldu2": 216,
    "tdu": 18,
    "tdulc": 54,
    "tsdu": 45,
    "tsdu of three": 90,
}
CONVENTIONS: dict[str, tuple[Status, str]] = {
    "busy": (ALL_BUSY, "11111"),
    "idle": (ALL_IDLE, "33333"),
    "unknown": (ALL_UNKNOWN, "22222"),
    "talk-around": (ALL_TALK_AROUND, "00000"),
    "busy in turn": (BUSY_IN_TURN, "12121"),
    "idle in turn": (IDLE_IN_TURN, "32323"),
    "first idle": (FIRST_IDLE, "32222"),
    "spelt out": ((0, 1, 2, 3, 0), "01230"),
    "none given": ((), "22222"),
}


def same(one: AirFrame, other: AirFrame) -> bool:
    """Whether two frames say the same; how they came does not count."""
    return encode_frame(one) == encode_frame(other)


@pytest.mark.parametrize("name", FRAMES)
def test_there_and_back(name: str) -> None:
    sent = encode_frame(FRAMES[name])
    found = decode_frame(sent)
    assert type(found) is type(FRAMES[name])
    assert found.duid == FRAMES[name].duid
    assert found.errors == 0
    assert same(found, FRAMES[name])
    assert len(sent) == SIZES.get(name, len(sent))
    assert len(sent) % 9 == 0


@pytest.mark.parametrize("name", CONVENTIONS)
def test_status_symbols_follow_the_chosen_convention(name: str) -> None:
    status, symbols = CONVENTIONS[name]
    sent = encode_frame(FRAMES["tsdu"], status)
    assert "".join(map(str, decode_frame(sent).status_symbols)) == symbols


@pytest.mark.parametrize("name", FRAMES)
def test_receivers_do_not_look_at_status_symbols(name: str) -> None:
    numbers = random.Random(7)
    for _ in range(20):
        symbols = [numbers.randrange(4) for _ in range(200)]
        found = decode_frame(encode_frame(FRAMES[name], symbols))
        assert found.errors == 0
        assert same(found, FRAMES[name])


@pytest.mark.parametrize("name", FRAMES)
def test_every_single_wrong_bit_is_corrected(name: str) -> None:
    sent = encode_frame(FRAMES[name])
    beside_voice = name in ("ldu1", "ldu2")
    for place in range(0, 8 * len(sent)):
        found = decode_frame(with_wrong_bits(sent, [place]))
        assert found.errors <= 1
        if not beside_voice and name != "vselp":
            assert same(found, FRAMES[name])


def test_every_length_is_read_or_refused() -> None:
    for name, frame in FRAMES.items():
        sent = encode_frame(frame)
        for length in range(len(sent) + 20):
            data = (sent + b"\xff" * 20)[:length]
            found, fault = outcome(data)
            if fault is None:
                assert type(found) is type(frame), name
            else:
                assert fault.raw == data
                assert 0 <= fault.offset <= len(data)
                assert length < len(sent)


def outcome(data: bytes) -> tuple[AirFrame | None, ProtocolViolation | None]:
    """Read, or return why not."""
    try:
        return decode_frame(data), None
    except ProtocolViolation as fault:
        return None, fault


def test_a_damaged_sync_is_taken_up_to_its_bound() -> None:
    sent = encode_frame(FRAMES["tdu"])
    assert decode_frame(with_wrong_bits(sent, list(range(MAX_SYNC_ERRORS)))).errors == 6
    worse = with_wrong_bits(sent, list(range(MAX_SYNC_ERRORS + 1)))
    with pytest.raises(ProtocolViolation, match="expected sync"):
        decode_frame(worse)
    assert decode_frame(worse, max_sync_errors=48).errors == 7


def test_an_identifier_beyond_its_bound_is_refused() -> None:
    sent = with_wrong_bits(encode_frame(FRAMES["tdu"]), [*range(48, 68)])
    with pytest.raises(ProtocolViolation, match="uncorrectable"):
        decode_frame(sent)


def burst(name: str, start: int, length: int) -> AirFrame:
    """Invert bits of a frame, counted without status symbols."""
    air = strip(encode_frame(FRAMES[name]))
    wrong = ((1 << length) - 1) << air.length - start - length
    return decode_frame(fill(air.bits ^ wrong, air.length, ALL_UNKNOWN))


def test_link_control_beyond_correction_is_none_and_the_voice_stays() -> None:
    found = burst("ldu1", 400, 40)
    assert isinstance(found, Ldu1)
    assert found.link_control == WORD
    assert found.errors == 40
    air = strip(encode_frame(FRAMES["ldu1"]))
    noise = random.Random(3).getrandbits(240)
    bits = air.bits
    for index, at in enumerate((400, 584, 768, 952, 1136, 1320)):
        bits ^= (noise >> 40 * index & (1 << 40) - 1) << air.length - at - 40
    lost = decode_frame(fill(bits, air.length, ALL_UNKNOWN))
    assert isinstance(lost, Ldu1)
    assert lost.link_control is None
    assert len(lost.voice) == 9
    assert lost.low_speed == b"\x12\x34"


@pytest.mark.parametrize("name", ["hdu", "tdulc", "ldu2"])
def test_content_beyond_correction_is_none(name: str) -> None:
    numbers = random.Random(11)
    air = strip(encode_frame(FRAMES[name]))
    noise = numbers.getrandbits(air.length - 112)
    found = decode_frame(fill(air.bits ^ noise, air.length, ALL_UNKNOWN))
    match found:
        case Hdu() | Ldu2():
            assert found.sync is None
        case Tdulc():
            assert found.link_control is None
        case _:
            pytest.fail(f"not a {name}: {found}")


def test_low_speed_data_beyond_correction_is_marked() -> None:
    found = burst("ldu1", 1504, 5)
    assert isinstance(found, Ldu1)
    assert not found.low_speed_readable
    assert found.link_control == WORD
    mended = burst("ldu1", 1504, 2)
    assert isinstance(mended, Ldu1)
    assert (mended.low_speed, mended.low_speed_readable) == (b"\x12\x34", True)


def test_one_unreadable_block_does_not_hide_those_behind_it() -> None:
    air = strip(encode_frame(FRAMES["tsdu of three"]))
    noise = random.Random(5).getrandbits(196) << air.length - 112 - 2 * 196
    found = decode_frame(fill(air.bits ^ noise, air.length, ALL_UNKNOWN))
    assert isinstance(found, Tsdu)
    assert found.blocks == (BLOCKS[0], None, BLOCKS[2])


def test_packets_with_missing_or_damaged_parts() -> None:
    header, blocks = pack(bytes(range(60)), llid=5, sap=0, confirmed=True)
    sent = encode_frame(Pdu(nac=0x293, header=header.encode(), blocks=blocks))
    short = decode_frame(sent[:-40])
    assert isinstance(short, Pdu)
    assert short.header == header.encode()
    assert short.blocks == (*blocks[:-2], None, None)
    air = strip(sent)
    noise = random.Random(6).getrandbits(196)
    second = decode_frame(fill(air.bits ^ noise << air.length - 308 - 392, air.length, ()))
    assert isinstance(second, Pdu)
    assert second.blocks == (blocks[0], None, *blocks[2:])
    headless = decode_frame(fill(air.bits ^ noise << air.length - 308, air.length, ()))
    assert isinstance(headless, Pdu)
    assert (headless.header, headless.blocks) == (None, ())


def test_frames_of_the_vectors_survive_one_wrong_bit_in_a_hundred() -> None:
    numbers = random.Random(1)
    for name in ("hdu", "ldu1", "ldu2", "tdu_tdulc"):
        for row in rows(name):
            clean = decode_frame(octets(row["frame"]))
            air = strip(octets(row["frame"]))
            places = numbers.sample(range(air.length), air.length // 100)
            wrong = sum(1 << place for place in places)
            found = decode_frame(fill(air.bits ^ wrong, air.length, ALL_UNKNOWN))
            if isinstance(found, Ldu1 | Ldu2) and isinstance(clean, Ldu1 | Ldu2):
                found, clean = replace(found, voice=()), replace(clean, voice=())
            assert replace(found, errors=0) == replace(
                clean, errors=0, status_symbols=found.status_symbols
            )


UNSENDABLE: tuple[AirFrame, ...] = (
    Tdu(nac=0x1000),
    Tdu(nac=-1),
    Hdu(nac=1, sync=None),
    Hdu(nac=1, group=0x10000),
    Hdu(nac=1, mfid=0x100),
    Ldu1(nac=1, voice=(SILENCE,) * 9, link_control=None),
    Ldu1(nac=1, voice=(SILENCE,) * 8, link_control=WORD),
    Ldu1(nac=1, voice=(b"",) * 9, link_control=WORD),
    Ldu1(nac=1, voice=(SILENCE,) * 9, link_control=WORD[:8]),
    Ldu1(nac=1, voice=(SILENCE,) * 9, link_control=WORD, low_speed=b"1"),
    Ldu2(nac=1, voice=(SILENCE,) * 9, sync=None),
    Tdulc(nac=1, link_control=None),
    Tsdu(nac=1, blocks=()),
    Tsdu(nac=1, blocks=(None,)),
    Tsdu(nac=1, blocks=BLOCKS * 2),
    Pdu(nac=1, header=None),
    Pdu(nac=1, header=PACKET.encode(), blocks=(None,)),
    Pdu(nac=1, header=PACKET.encode(), blocks=(bytes(12),) * 128),
    AirFrame(nac=1),
)


@pytest.mark.parametrize("frame", UNSENDABLE, ids=repr)
def test_what_cannot_be_sent_is_refused(frame: AirFrame) -> None:
    with pytest.raises((InvalidCommand, ProtocolViolation)):
        encode_frame(frame)
