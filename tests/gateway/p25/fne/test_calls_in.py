"""Voice from a master: captured, many calls at once, damaged by the network."""

import random
from typing import Any

import pytest

from gateway.model.radio import (
    CallDown,
    CallUp,
    LinkChanged,
    Malformed,
    TalkEnded,
    TalkStarted,
)
from gateway.p25.air.frame import encode_frame
from gateway.p25.air.units import Tdulc
from gateway.p25.fne.message import (
    HEADER_VALID,
    LDU1,
    LDU2,
    LENGTHS,
    TDULC,
    P25Message,
    VoiceUnit,
    link_control_of,
    read_voice,
    write_voice,
)
from gateway.p25.fne.packet import FnePacket
from gateway.p25.talk.port import VoiceHeard
from gateway.p25.talk.records import FNE, write_record
from gateway.p25.words.encryption import EncryptionSync
from gateway.p25.words.link_control import CallTermination
from tests.gateway.p25.fne.wire import Sender, Wire, entries
from voicecodecs.fec.reed_solomon import RS_24_12, RS_24_16, hexbits, octets_of

AES = EncryptionSync(message_indicator=bytes(range(1, 9)) + b"\0", algorithm=0x84, key_id=0x1234)


def frames(wire: Wire, instance: int | None = None) -> list[bytes | None]:
    return [
        one.frame for one in wire.told(VoiceHeard) if instance is None or one.instance == instance
    ]


def numbered(ldu: int) -> tuple[bytes, ...]:
    """Return nine frames that can be told apart."""
    return tuple(bytes([ldu, place]) + bytes(9) for place in range(9))


@pytest.mark.parametrize("row", entries("fne_dfsi_records"), ids=lambda row: row["id"])
def test_records_are_written_as_by_the_other_side(row: dict[str, Any]) -> None:
    fields = row["fields"]
    place = int(fields["frame_type"], 16) - 0x62
    if place < 9:
        word = bytes([0, 0, int(fields["service_options"], 16)]) + int(fields["group"]).to_bytes(3)
        code = RS_24_12.encode(hexbits(word + int(fields["source"]).to_bytes(3)))
    else:
        word = bytes.fromhex(fields["mi"] + fields["algid"] + fields["kid"])
        code = RS_24_16.encode(hexbits(word))
    octets = octets_of(code)
    frame = place % 9
    piece = octets[3 * (frame - 2) :][:3] if 2 <= frame <= 7 else bytes.fromhex(fields["lsd"])
    written = write_record(place, bytes.fromhex(fields["imbe"]), piece, FNE)
    assert written.hex() == row["record"]


def test_the_captured_messages_are_made_of_their_fields_again() -> None:
    for row in entries("fne_p25_voice"):
        packet = FnePacket.decode(bytes.fromhex(row["udp"]))
        message = P25Message.decode(packet.payload)
        unit = read_voice(message)
        second = message.duid == LDU2
        assert write_voice(unit, second=second) == message.body
        assert message.encode() == packet.payload
        made = P25Message(
            duid=message.duid,
            source=1234567,
            destination=1,
            system=1,
            wacn=0xBB800,
            length=LENGTHS[message.duid],
            body=write_voice(unit, second=second),
        )
        assert made.encode() == packet.payload


def test_the_captured_call() -> None:
    wire = Wire().log_in()
    for row in entries("fne_p25_voice"):
        wire.raw(bytes.fromhex(row["udp"]))
        wire.run(180)
    wire.run(10_000)
    (up,) = wire.told(CallUp)
    assert (up.group, up.emergency, up.encrypted, up.late_entry) == (1, False, False, False)
    (started,) = wire.told(TalkStarted)
    assert started.talker == 1234567
    heard = frames(wire)
    assert len(heard) == 36
    assert None not in heard
    assert heard[1] == bytes.fromhex("103a5c7e91b2c3d4e5f607")
    assert len(wire.told(TalkEnded)) == len(wire.told(CallDown)) == 1


def test_an_over_with_its_end_is_one_transmission() -> None:
    wire = Wire().log_in()
    sender = Sender(service=0x84)
    sent: list[bytes] = []
    for number in range(5):
        sent += numbered(number)
        wire.give(sender.ldu(numbered(number)))
        wire.run(180)
    wire.give(sender.end())
    wire.give(sender.end())
    wire.run(1_000)
    assert frames(wire) == sent
    assert len(wire.told(TalkStarted)) == len(wire.told(TalkEnded)) == 1
    assert wire.told(CallUp)[0].emergency
    assert wire.told(CallDown) == []
    wire.run(3_000)
    assert len(wire.told(CallDown)) == 1


def test_a_sender_that_marks_every_ldu1_as_headed_has_one_over() -> None:
    wire = Wire().log_in()
    sender = Sender()  # dvmbridge does so
    sent: list[bytes] = []
    for number in range(8):
        sent += numbered(number)
        wire.give(sender.ldu(numbered(number), header=True))
        wire.run(180)
    wire.give(sender.end())
    wire.run(1_000)
    assert frames(wire) == sent
    assert len(wire.told(TalkStarted)) == len(wire.told(TalkEnded)) == 1


def test_an_end_that_overtakes_the_last_voice_costs_nothing() -> None:
    wire = Wire().log_in()
    sender = Sender()
    wire.give(sender.ldu(numbered(0)))
    wire.run(180)
    last = sender.ldu(numbered(1))
    wire.give(sender.end())
    wire.run(50)
    wire.give(last)
    wire.run(1_000)
    assert frames(wire) == [*numbered(0), *numbered(1)]
    assert len(wire.told(TalkEnded)) == len(wire.told(TalkStarted)) == 1


def test_stragglers_after_the_end_begin_nothing() -> None:
    wire = Wire().log_in()
    sender = Sender()
    first = sender.ldu()
    wire.give(first)
    wire.run(180)
    wire.give(sender.end())
    wire.run(300)
    wire.give(first)
    wire.give(sender.ldu())
    wire.run(1_000)
    assert len(wire.told(TalkStarted)) == 1
    assert wire.core.calls.count.late == 2


def test_the_next_over_follows_at_once() -> None:
    wire = Wire().log_in()
    for source, stream in ((11, 1), (22, 2), (33, 3)):
        sender = Sender(source=source, stream=stream)
        wire.give(sender.ldu())
        wire.run(180)
        wire.give(sender.end())
        wire.run(20)
    wire.run(1_500)
    assert [one.talker for one in wire.told(TalkStarted)] == [11, 22, 33]
    assert len(wire.told(TalkEnded)) == 3
    assert len(wire.told(CallUp)) == 1
    assert len(frames(wire)) == 27


def test_an_over_whose_end_was_lost_ends_with_the_next_one() -> None:
    wire = Wire().log_in()
    wire.give(Sender(source=11, stream=1).ldu())
    wire.run(1_010)
    wire.give(Sender(source=22, stream=2).ldu())
    wire.run(1_500)
    assert [one.talker for one in wire.told(TalkStarted)] == [11, 22]
    assert len(wire.told(TalkEnded)) == 2


def test_two_calls_at_once_are_kept_apart() -> None:
    wire = Wire().log_in()
    one = Sender(group=10001, source=11, stream=1)
    two = Sender(group=10002, source=22, stream=2)
    for number in range(4):
        wire.give(one.ldu(numbered(number)))
        wire.run(70)
        wire.give(two.ldu(numbered(100 + number)))
        wire.run(110)
    wire.give(one.end())
    wire.give(two.end())
    wire.run(5_000)
    ups = {up.group: up.instance for up in wire.told(CallUp)}
    assert set(ups) == {10001, 10002}
    assert ups[10001] != ups[10002]
    for group, base, talker in ((10001, 0, 11), (10002, 100, 22)):
        wanted = [frame for n in range(4) for frame in numbered(base + n)]
        assert frames(wire, ups[group]) == wanted
        talkers = [s.talker for s in wire.told(TalkStarted) if s.instance == ups[group]]
        assert talkers == [talker]
    assert len(wire.told(CallDown)) == 2


def test_a_collision_keeps_the_first() -> None:
    wire = Wire().log_in()
    one, two = Sender(source=11, stream=1), Sender(source=22, stream=2)
    for number in range(3):
        wire.give(one.ldu(numbered(number)))
        wire.give(two.ldu(numbered(100 + number)))
        wire.run(180)
    wire.give(one.end())
    wire.run(1_000)
    assert [s.talker for s in wire.told(TalkStarted)] == [11]
    assert wire.core.calls.count.collided == 3
    assert frames(wire) == [frame for n in range(3) for frame in numbered(n)]


def test_twice_and_out_of_order_changes_nothing() -> None:
    wire = Wire().log_in()
    sender = Sender()
    packets = [sender.ldu(numbered(number)) for number in range(6)]
    for place in (0, 1, 3, 2, 4, 5):
        wire.give(packets[place])
        wire.give(packets[place])
        wire.run(30 if place == 3 else 180)
    wire.give(packets[1])
    wire.give(sender.end())
    wire.run(1_000)
    assert frames(wire) == [frame for n in range(6) for frame in numbered(n)]
    assert wire.core.calls.count.twice == 7
    assert len(wire.told(TalkStarted)) == 1


def test_one_in_ten_lost_is_one_over_with_all_that_came() -> None:
    rng = random.Random(10)
    given: list[int] = []
    wire = Wire().log_in()
    sender = Sender()
    for number in range(100):
        packet = sender.ldu(numbered(number))
        if number in (0, 99) or rng.random() >= 0.1:
            wire.give(packet)
            given.append(number)
        wire.run(180)
    wire.give(sender.end())
    wire.run(1_000)
    kept = [frame for frame in frames(wire) if frame is not None]
    assert kept == [frame for number in given for frame in numbered(number)]
    assert 80 <= len(given) < 97
    assert len(wire.told(TalkStarted)) == len(wire.told(TalkEnded)) == 1


def test_a_sender_that_counts_nothing_is_understood() -> None:
    wire = Wire().log_in()
    sender = Sender()
    for number in range(6):
        voice = numbered(number) if number < 2 else (bytes(11),) * 9
        packet = sender.ldu(voice, header=number == 0)
        sender.sequence = 0
        wire.give(packet)
        wire.give(packet)
        wire.run(180)
    wire.give(sender.end())
    wire.run(1_000)
    assert len(frames(wire)) == 54
    assert len(wire.told(TalkStarted)) == 1


def test_encrypted_calls_are_named_and_never_readable() -> None:
    wire = Wire().log_in()
    sender = Sender(service=0x44, sync=AES, control=0x08)
    for _ in range(4):
        wire.give(sender.ldu())
        wire.run(180)
    wire.give(sender.end())
    wire.run(1_000)
    (up,) = wire.told(CallUp)
    assert (up.encrypted, up.readable, up.algorithm, up.key_id) == (True, False, 0x84, 0x1234)
    assert wire.told(VoiceHeard)
    assert not any(one.readable for one in wire.told(VoiceHeard))


def test_late_entry() -> None:
    wire = Wire().log_in()
    sender = Sender(sync=AES, service=0x44, control=8)
    sender.sequence = 8
    for number in range(4):
        wire.give(sender.ldu(numbered(number), header=False))
        wire.run(180)
    wire.give(sender.end())
    wire.run(1_000)
    (up,) = wire.told(CallUp)
    assert (up.late_entry, up.encrypted, up.algorithm) == (True, True, 0x84)
    assert len(frames(wire)) == 36


def test_zeros_in_the_second_unit_of_a_clear_call_say_nothing() -> None:
    wire = Wire().log_in()
    quiet = EncryptionSync(algorithm=0)
    for _ in range(3):
        sender = Sender()
        first = sender.ldu()
        sender.sync = quiet
        wire.give(first)
        wire.run(180)
        wire.give(sender.ldu())
        wire.run(180)
    assert not any(one.encrypted for one in wire.told(TalkStarted))


def test_a_grant_demand_is_no_end() -> None:
    wire = Wire().log_in()
    sender = Sender()
    wire.give(sender.end(control=0x80))
    for _ in range(2):
        wire.give(sender.ldu())
        wire.run(180)
        wire.give(sender.end(control=0x80))
    wire.run(100)
    assert wire.told(TalkEnded) == []


def test_a_terminator_with_link_control_ends_the_call_too() -> None:
    wire = Wire().log_in()
    sender = Sender()
    wire.give(sender.ldu())
    wire.run(180)
    word = CallTermination(unit=0xFFFFFD).encode()
    frame = encode_frame(Tdulc(nac=0x293, link_control=word))
    wire.give(sender.end(duid=TDULC, body=frame + bytes(8)))
    wire.run(400)
    assert len(wire.told(CallDown)) == 1
    assert wire.told(Malformed) == []


def test_units_that_call_each_other() -> None:
    wire = Wire().log_in()
    one = Sender(group=7654321, source=1234567, stream=1, control=0x01)
    wire.give(one.ldu())
    wire.run(180)
    wire.give(one.end())
    wire.run(200)
    two = Sender(group=1234567, source=7654321, stream=2, control=0x01)
    wire.give(two.ldu())
    wire.run(1_000)
    (up,) = wire.told(CallUp)
    assert up.group is None
    assert [s.talker for s in wire.told(TalkStarted)] == [1234567, 7654321]


def test_what_the_header_says_of_talker_and_group_holds() -> None:
    sender = Sender(group=500, source=77)
    packet = sender.ldu()
    message = P25Message.decode(packet.payload)
    moved = P25Message(
        duid=LDU1, source=77, destination=600, length=178, body=message.body, mfid=0x90
    )
    word = link_control_of(moved, read_voice(moved))
    assert word == bytes.fromhex("009004") + b"\0" + (600).to_bytes(2) + (77).to_bytes(3)
    nobody = P25Message(duid=LDU1, length=178, body=message.body)
    assert link_control_of(nobody, read_voice(nobody))[4:6] == (500).to_bytes(2)
    alias = VoiceUnit(voice=(bytes(11),) * 9, word=b"\x15\x90" + bytes(7), low_speed=bytes(2))
    body = write_voice(alias, second=False)
    named = P25Message(duid=LDU1, source=77, destination=600, control=8, length=178, body=body)
    assert link_control_of(named, read_voice(named))[2] == 0x44


def test_shorter_and_longer_voice_messages_are_read() -> None:
    wire = Wire().log_in()
    sender = Sender()
    packet = sender.ldu(numbered(0))
    message = P25Message.decode(packet.payload)
    for length in (154, 156, 157, 170, 177, 200):
        body = message.body[:length].ljust(length, b"\0")
        unit = read_voice(P25Message(duid=LDU1, body=body))
        assert unit.voice == numbered(0)
        assert (unit.header is not None) == (length >= 169)
        assert unit.frame_type == (HEADER_VALID if length >= 157 else 0)
    wire.give(packet)
    wire.run(500)
    assert len(frames(wire)) == 9


def test_damaged_voice_is_malformed_and_changes_nothing_else() -> None:
    wire = Wire().log_in()
    sender = Sender()
    wire.give(sender.ldu())
    wire.run(180)
    packet = sender.ldu()
    payload = bytearray(packet.payload)
    payload[24 + 22] = 0x62
    wire.give(
        FnePacket(
            function=0, sub_function=1, ssrc=1, peer=1, stream=packet.stream, sequence=1,
            payload=bytes(payload),
        )
    )  # fmt: skip
    wire.give(FnePacket(function=0, sub_function=1, ssrc=1, peer=1, payload=b"P25D"))
    wire.give(FnePacket(function=0, sub_function=1, ssrc=1, peer=1, payload=b"DMRD" + bytes(51)))
    wire.run(180)
    assert [one.offset for one in wire.told(Malformed)] == [46, 4, 0]
    wire.give(sender.ldu())
    wire.run(1_500)
    assert len(wire.told(TalkStarted)) == 1
    assert len(frames(wire)) == 18


def test_a_flood_of_overs_costs_little_and_is_said() -> None:
    wire = Wire().log_in()
    wire.events.clear()
    rng = random.Random(3)
    for _ in range(9_000):
        sender = Sender(group=rng.randrange(1, 65_000), source=9, stream=rng.randrange(1 << 32))
        wire.give(sender.ldu())
        if rng.random() < 0.5:
            wire.give(sender.end())
        wire.now += rng.random() < 0.3
    wire.run(1_100)
    words = [one.reason for one in wire.told(LinkChanged)]
    assert any("floods us" in one for one in words)
    assert len(wire.core.calls._channels) <= 48
    assert wire.core.reporter.dropped + wire.core.calls.count.too_many > 7_000
    wire.run(20_000)
    assert wire.core.calls._channels == {}
    assert wire.told(LinkChanged)[-1].reason == ""


def test_a_flood_on_one_group_does_not_pile_up_voice() -> None:
    wire = Wire().log_in()
    for stream in range(1, 2_000):
        sender = Sender(stream=stream)
        wire.give(sender.ldu())
        wire.give(sender.end())
        wire.run(1)
    began = wire.now
    while wire.core.calls._channels:
        wire.run(100)
        assert wire.now - began < 10_000
