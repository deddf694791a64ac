"""Frames of the modem protocol: both forms, limits, damage."""

import dataclasses
import random

import pytest

from gateway.model.errors import ProtocolViolation
from gateway.p25.modem import wire
from gateway.p25.modem.orders import Frequencies, Setup, level_octet, read_config, set_config
from gateway.p25.modem.replies import AirData, Flag, Mode, Nak, Status, Version
from gateway.p25.modem.wire import Frame, FrameReader, Rubbish
from gateway.p25.modem.words import REASONS, debug_text, flag_words, frame_words, nak_words
from tests.gateway.p25.vectors import rows

ALL = [bytes.fromhex(row["frame"]) for name in ("mmdvm_frames", "mmdvm_serial_v2")
       for row in rows(name)]  # fmt: skip


def only(data: bytes) -> Frame:
    (found,) = FrameReader().feed(data)
    assert isinstance(found, Frame)
    return found


@pytest.mark.parametrize("octets", [0, 1, 251, 252, 253, 300, 506])
def test_both_forms(octets: int) -> None:
    frame = Frame(kind=wire.SERIAL_DATA, payload=bytes(octets))
    data = frame.encode()
    assert only(data) == frame
    assert (data[1] == 0) == (octets > 252)
    assert len(data) == octets + (4 if octets > 252 else 3)


def test_a_short_frame_in_the_long_form_is_written_so_again() -> None:
    data = bytes([0xE0, 0, 0, 0x80]) + bytes(251)
    frame = only(data)
    assert frame.long_form
    assert frame.encode() == data


def test_too_long_a_payload_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Frame(kind=wire.SERIAL_DATA, payload=bytes(507)).encode()


@pytest.mark.parametrize("size", [1, 2, 5, 64, 1000])
def test_any_chunking_of_a_whole_session(size: int) -> None:
    stream = b"".join(ALL)
    reader = FrameReader()
    found = [one for at in range(0, len(stream), size) for one in reader.feed(stream[at:][:size])]
    assert [one.encode() for one in found if isinstance(one, Frame)] == ALL
    assert not reader.begun


def test_every_truncation_is_waited_for_and_given_up() -> None:
    for data in ALL:
        for cut in range(len(data)):
            reader = FrameReader()
            assert reader.feed(data[:cut]) == []
            rest = reader.give_up()
            octets = sum(o.octets if isinstance(o, Rubbish) else len(o.encode()) for o in rest)
            assert octets == cut
            assert not reader.begun


def test_rubbish_is_told_with_its_length_and_beginning() -> None:
    found = FrameReader().feed(bytes(100) + bytes.fromhex("e0047002"))
    assert found == [Rubbish(100, bytes(64)), Frame(kind=wire.ACK, payload=b"\2")]


@pytest.mark.parametrize("head", ["e0", "e001", "e002", "e0e0", "e0ff00", "e05099", "e0057f"])
def test_what_only_looks_like_a_start_costs_no_frame(head: str) -> None:
    good = bytes.fromhex("e0047003")
    reader = FrameReader()
    found = reader.feed(bytes.fromhex(head) + good * 3) + reader.give_up()
    frames = [one for one in found if isinstance(one, Frame)]
    assert len(frames) >= 2
    assert set(frames) <= {Frame(kind=wire.ACK, payload=b"\3"), *frames[:1]}


def test_memory_stays_flat_under_noise() -> None:
    reader = FrameReader()
    chance = random.Random(3)
    for _ in range(2_000):
        reader.feed(chance.randbytes(100))
        assert len(reader._buffer) <= wire.MAX_OCTETS + 100
    assert len(reader._head) <= wire.MAX_RUBBISH_KEPT


# ---- replies and orders


def test_a_status_of_each_version() -> None:
    second = Status.decode(only(bytes.fromhex("e014010401000000000009000000000000000000")))
    assert (second.protocol, second.mode, second.p25_space) == (2, 4, 9)
    assert second.flags == Flag.TX
    assert second.modes is None
    first = Status.decode(only(bytes.fromhex("e00e010804100000000005000000")))
    assert (first.protocol, first.mode, first.p25_space) == (1, 4, 5)
    assert (first.flags, first.modes) == (Flag.LOCKOUT, Mode.P25)
    assert first.spaces["p25"] == 5


def test_a_version_of_each_protocol() -> None:
    old = Version.decode(Frame(kind=0, payload=b"\1MMDVM 2019"))
    assert (old.protocol, old.text, old.p25) == (1, "MMDVM 2019", True)
    with pytest.raises(ProtocolViolation, match="at least 20 octets"):
        Version.decode(Frame(kind=0, payload=b"\2\x08\0\2"))


@pytest.mark.parametrize("protocol", [1, 2])
def test_a_configuration_says_what_it_was_made_of(protocol: int) -> None:
    setup = Setup(
        rx_level=80,
        tx_level=33,
        rx_invert=True,
        ptt_invert=True,
        cos_lockout=True,
        duplex=True,
        tx_delay_ms=250,
        hang_s=7,
        rx_offset=-3,
        tx_offset=4,
    )
    frame = set_config(setup, protocol)
    assert len(frame.encode()) == (40 if protocol == 2 else 26)
    version, modes, again = read_config(frame)
    assert (version, modes) == (protocol, Mode.P25)
    assert level_octet(again.rx_level) == level_octet(80)
    assert level_octet(again.tx_level) == level_octet(33)
    assert (again.flags, again.tx_delay_ms, again.hang_s) == (setup.flags, 250, 7)
    assert (again.rx_offset, again.tx_offset) == (-3, 4)


@pytest.mark.parametrize(
    ("name", "value"),
    [("tx_delay_ms", 3000), ("rx_level", 101), ("tx_level", -1), ("rx_offset", 200),
     ("hang_s", 300)],
)  # fmt: skip
def test_what_no_modem_takes_is_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=name.removeprefix("rx_").removeprefix("tx_")):
        dataclasses.replace(Setup(), **{name: value})  # type: ignore[arg-type]  # by name


def test_frequencies_both_ways() -> None:
    data = bytes.fromhex("e0110400c092ed19c092ed19ff400ecf19")
    hertz = Frequencies.decode(only(data))
    assert (hertz.rx_hz, hertz.tx_hz, hertz.power) == (435_000_000, 435_000_000, 255)
    assert hertz.encode().encode() == data
    with pytest.raises(ProtocolViolation, match="at least 9"):
        Frequencies.decode(Frame(kind=wire.SET_FREQ, payload=bytes(4)))


@pytest.mark.parametrize("octets", [216, 99, 90, 72, 54, 45, 18])
def test_rssi_is_told_apart_from_a_frame(octets: int) -> None:
    bare = AirData.decode(Frame(kind=wire.P25_LDU, payload=b"\1" + bytes(octets)))
    assert (len(bare.data), bare.rssi, bare.sync_seen) == (octets, None, True)
    more = AirData.decode(Frame(kind=wire.P25_LDU, payload=b"\0" + bytes(octets) + b"\0\x5a"))
    assert (len(more.data), more.rssi, more.sync_seen) == (octets, 0x5A, False)


@pytest.mark.parametrize("reason", [*REASONS, 99])
@pytest.mark.parametrize("command", [0x00, 0x02, 0x03, 0x04, 0x30, 0x31, 0xAB])
def test_every_refusal_has_its_words(command: int, reason: int) -> None:
    words = nak_words(Nak(command=command, reason=reason), "MMDVM 2026")
    assert wire.name_of(command) in words
    assert f"reason {reason}" in words
    assert "MMDVM 2026" in words


def test_words_of_flags_and_frames() -> None:
    assert flag_words(Flag(0)) == ""
    assert flag_words(Flag.TX | Flag.CARRIER) == ""
    assert ";" in flag_words(Flag.ADC_OVERFLOW | Flag.LOCKOUT)
    for data in ALL:
        assert frame_words(only(data)).startswith(wire.name_of(only(data).kind))
    assert debug_text(Frame(kind=0xF3, payload=b"dc \0\5\xff\xff")) == "dc 5 -1"
    assert debug_text(Frame(kind=0xF5, payload=b"ab")) == "ab"
