"""Packets and what is inside them: captured bytes, every truncation, every flipped bit."""

import json
import random

import pytest

from gateway.model.errors import ProtocolViolation
from gateway.p25.fne import login
from gateway.p25.fne.lists import (
    ListedGroup,
    groups_payload,
    read_groups,
    read_units,
    units_payload,
)
from gateway.p25.fne.numbers import Announcement, Function
from gateway.p25.fne.packet import HEADER_OCTETS, FnePacket, crc16
from gateway.p25.fne.requests import Announced, GrantRequest, InCallControl
from gateway.p25.fne.wrapper import MARK, Wrapper
from tests.gateway.p25.fne.wire import entries

CAPTURED = [
    pytest.param(bytes.fromhex(row["udp"]), id=f"{name}-{place}")
    for name in ("fne_login", "fne_p25_voice", "fne_dvmfne")
    for place, row in enumerate(entries(name))
]


@pytest.mark.parametrize("data", CAPTURED)
def test_captured_packets_are_read_and_written_alike(data: bytes) -> None:
    packet = FnePacket.decode(data)
    assert packet.encode() == data
    assert len(packet.payload) == len(data) - HEADER_OCTETS
    assert packet.trailer == packet.extension == b""


@pytest.mark.parametrize(
    "row",
    [row for row in entries("crc") if row["crc"].startswith("FNE")],
    ids=lambda row: row["id"],
)
def test_checksums(row: dict[str, str]) -> None:
    assert f"{crc16(bytes.fromhex(row['data'])):04x}" == row["value"]


@pytest.mark.parametrize("data", CAPTURED[:3])
def test_every_truncation_is_refused_with_its_place(data: bytes) -> None:
    for length in range(len(data)):
        with pytest.raises(ProtocolViolation) as caught:
            FnePacket.decode(data[:length])
        assert caught.value.offset <= length


def test_every_flipped_bit_of_a_payload_and_its_crc_is_found() -> None:
    data = bytes.fromhex(entries("fne_login")[2]["udp"])
    for bit in [*range(16 * 8, 18 * 8), *range(HEADER_OCTETS * 8, len(data) * 8)]:
        damaged = bytearray(data)
        damaged[bit // 8] ^= 0x80 >> bit % 8
        with pytest.raises(ProtocolViolation, match="CRC"):
            FnePacket.decode(bytes(damaged))


def test_other_versions_are_read_whole() -> None:
    data = bytes.fromhex(entries("fne_login")[0]["udp"])
    longer = data[:14] + b"\0\6" + data[16:32] + b"\xde\xad\xbe\xef\0\1\2\3" + data[32:] + b"\0\0\0"
    packet = FnePacket.decode(longer)
    assert packet.payload == data[32:]
    assert packet.extension == b"\xde\xad\xbe\xef\0\1\2\3"
    assert packet.encode() == longer
    odd = FnePacket(function=0xEE, sub_function=0x55, ssrc=1, peer=2, payload=b"x", marker=True)
    assert FnePacket.decode(odd.encode()) == odd


def test_salted_hash() -> None:
    (row,) = entries("fne_auth")
    hashed = login.salted_hash(bytes.fromhex(row["salt"]), row["password"].encode())
    assert hashed.hex() == row["sha256"]


def test_login_payloads_are_those_of_the_capture() -> None:
    rows = {
        row["name"]: FnePacket.decode(bytes.fromhex(row["udp"])) for row in entries("fne_login")
    }
    assert login.login_payload(9000991) == rows["RPTL"].payload
    ack = login.read_ack(rows["rptl-ack"].payload)
    assert ack == login.Ack(peer=9000991, salt=bytes.fromhex("7159d811"))
    assert ack.salt is not None
    assert login.authorise_payload(9000991, ack.salt, b"RPT1234") == rows["RPTK"].payload
    assert login.ack_payload(9000991, salt=ack.salt) == rows["rptl-ack"].payload
    assert login.read_ack(rows["rptk-ack"].payload).step == "RPTK"
    assert login.ack_payload(9000991) == rows["rptk-ack"].payload
    last = login.read_ack(rows["rptc-ack"].payload)
    assert last.step == "RPTC"
    assert last.metadata_port is True
    assert login.ack_payload(9000991, flags=0x80) == rows["rptc-ack"].payload
    assert login.read_pong(rows["pong"].payload) == 0x01A20FBF1729
    assert login.pong_payload(0x01A20FBF1729) == rows["pong"].payload
    assert rows["PING"].payload == login.PING


def test_configuration_has_the_keys_of_the_capture() -> None:
    packet = FnePacket.decode(bytes.fromhex(entries("fne_login")[4]["udp"]))
    theirs = login.read_configuration(packet.payload)
    ours = login.read_configuration(login.PeerConfiguration(identity="SAMBAND").payload())
    assert list(ours) == list(theirs)
    for name in ("info", "channel", "rcon"):
        ours_in, theirs_in = ours[name], theirs[name]
        assert isinstance(ours_in, dict)
        assert isinstance(theirs_in, dict)
        assert list(ours_in) == list(theirs_in)
    # the same values in the same spelling give the same octets
    again = b"RPTC" + bytes(4) + json.dumps(theirs, separators=(",", ":")).encode()
    assert again == packet.payload
    assert theirs["identity"] == "T3STGW"


def test_lists_of_the_capture() -> None:
    active, none = (
        FnePacket.decode(bytes.fromhex(row["udp"])).payload
        for row in entries("fne_login")
        if row["name"] == "post"
    )
    groups = read_groups(active)
    assert [one.number for one in groups] == [1, 9990, 5, 65535, 16777215, 16777215]
    assert [one.slot for one in groups] == [1, 1, 1, 1, 1, 2]
    assert all(one.preferred and not one.needs_affiliation for one in groups)
    assert groups_payload(groups) == active
    assert read_groups(none) == ()
    assert groups_payload(()) == none
    flagged = ListedGroup(number=7, flags=0xC2)
    assert (flagged.slot, flagged.preferred, flagged.needs_affiliation) == (2, False, True)


def test_lists_of_units() -> None:
    assert read_units(units_payload((1, 1234567))) == (1, 1234567)
    assert read_units(units_payload(())) == ()
    # as dvmfne R05A04 pushed it
    pushed = bytes.fromhex("000000000000000000020074cbb10012d687")
    assert read_units(pushed) == (7654321, 1234567)
    assert units_payload((7654321, 1234567)) == pushed
    five = bytes(6) + b"\0\0\0\2" + b"\0\0\0\7\1" + b"\0\0\0\10\1"
    assert read_units(five) == (7, 8)
    for payload in (b"", bytes(9), bytes(6) + b"\xff\xff\xff\xff"):
        with pytest.raises(ProtocolViolation):
            read_units(payload)
        with pytest.raises(ProtocolViolation):
            read_groups(payload)


def test_requests_lie_where_the_reference_says() -> None:
    asked = GrantRequest(source=1234567, destination=10001, unit_to_unit=True)
    payload = asked.encode()
    assert len(payload) == 24
    assert payload[11:15] == (1234567).to_bytes(4, "big")
    assert payload[15:19] == (10001).to_bytes(4, "big")
    assert payload[19] == 0x80
    assert GrantRequest.decode(payload) == asked
    control = InCallControl(command=1, destination=10001)
    assert control.encode()[10:] == bytes.fromhex("01002711")
    assert InCallControl.decode(control.encode() + b"more") == control
    # as dvmfne R05A04 rejected a unit of its blacklist
    rejected = InCallControl.decode(bytes.fromhex("000000000000000187ce0100271100"))
    assert rejected == control
    joined = Announced(unit=1234567, group=10001)
    assert joined.encode() == bytes.fromhex("12d687002711")
    assert Announced.decode(joined.encode(), Announcement.AFFILIATION) == joined
    gone = Announced(unit=5)
    assert Announced.decode(gone.encode(), Announcement.DEREGISTRATION) == gone
    with pytest.raises(ProtocolViolation):
        Announced.decode(b"\0\0", Announcement.REGISTRATION)
    with pytest.raises(ProtocolViolation):
        GrantRequest.decode(bytes(20))
    with pytest.raises(ProtocolViolation):
        InCallControl.decode(bytes(13))


def test_nak_of_any_length() -> None:
    assert login.read_nak(login.nak_payload(5, 7)) == login.Nak(peer=5, reason=7)
    assert login.read_nak(login.nak_payload(5, 7)[:10]) == login.Nak(peer=5, reason=0)
    assert login.read_nak(b"") == login.Nak(peer=None, reason=0)


def test_wrapping() -> None:
    key = bytes(range(32))
    packet = FnePacket(function=Function.PING, ssrc=1, peer=1, payload=b"\0")
    wrapped = Wrapper(key).wrap(packet.encode())
    assert wrapped[:2] == MARK
    assert len(wrapped) == 2 + 48
    assert FnePacket.decode(Wrapper(key).unwrap(wrapped)).payload == b"\0"
    # FIPS 197, appendix C.3: the one block of a known key
    block = bytes.fromhex("00112233445566778899aabbccddeeff")
    assert Wrapper(key).wrap(block) == MARK + bytes.fromhex("8ea2b7ca516745bfeafc49904b496089")
    for bad in (b"", MARK, MARK + bytes(15), bytes(18)):
        with pytest.raises(ProtocolViolation):
            Wrapper(key).unwrap(bad)
    with pytest.raises(ValueError, match="32 octets"):
        Wrapper(bytes(16))
    assert key.hex() not in repr(Wrapper(key))


def test_20000_seeded_inputs() -> None:
    rng = random.Random(20_000)
    good = [bytes.fromhex(row["udp"]) for row in entries("fne_login") + entries("fne_p25_voice")]
    read = outside = 0
    for _ in range(20_000):
        data = bytearray(rng.choice(good))
        for _ in range(rng.randrange(4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        cut = bytes(data[: rng.randrange(len(data) + 1)] if rng.random() < 0.3 else data)
        try:
            packet = FnePacket.decode(cut)
        except ProtocolViolation as fault:
            outside += not 0 <= fault.offset <= len(cut)
        else:
            assert packet.encode() == cut
            read += 1
    assert outside == 0
    assert read > 1_000
