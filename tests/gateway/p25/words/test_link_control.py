"""Link control words: vectors, every kind, and that nothing received makes a reader fail."""

import random

import pytest

from gateway.model.errors import InvalidCommand, ProtocolViolation
from gateway.p25.words import harris, link_control_site, link_control_units, motorola, tables
from gateway.p25.words.layout import Channel
from gateway.p25.words.link_control import (
    KINDS,
    CallTermination,
    EmergencyAlarm,
    GroupVoice,
    GroupVoiceUpdate,
    LinkControlWord,
    UnitVoice,
    UnitVoiceExtended,
    UnitVoiceExtendedExplicit,
    UnknownLinkControl,
    decode_link_control,
)
from gateway.p25.words.service_options import ServiceOptions
from tests.gateway.p25.vectors import Row, octets, rows

ROWS = [row for row in rows("tdu_tdulc") if "lc" in row]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["kind"])
def test_vectors_there_and_back(row: Row) -> None:
    word = decode_link_control(octets(row["lc"]))
    assert isinstance(word, LinkControlWord)
    assert word.opcode == int(row["fields"]["lco"], 16)
    assert word.implicit == row["fields"].get("implicit_mfid", False)
    assert word.encode().hex() == row["lc"]


def test_words_made_from_values_are_those_of_the_vectors() -> None:
    channel = Channel(identifier=1, number=321)
    made = {
        "TDULC GROUP": GroupVoice(service=ServiceOptions(), group=10001, source=1234567),
        "TDULC GROUP_EMERG": GroupVoice(service=ServiceOptions(emergency=True), group=2, source=1),
        "TDULC CALL_TERM": CallTermination(unit=0xFFFFFF),
        "TDULC GROUP_UPDT": GroupVoiceUpdate(
            channel_a=channel, group_a=10001, channel_b=channel, group_b=10001
        ),
    }
    wanted = {row["kind"]: row["lc"] for row in ROWS if row["kind"] in made}
    assert {name: word.encode().hex() for name, word in made.items()} == wanted


def test_the_area_of_a_site_is_read_where_either_sender_puts_it() -> None:
    late = decode_link_control(octets("630031230102106420"))
    early = decode_link_control(octets("630301230102106420"))
    assert isinstance(late, link_control_site.RfssStatus)
    assert isinstance(early, link_control_site.RfssStatus)
    assert (late.lra, late.system) == (early.lra, early.system) == (3, 0x123)


@pytest.mark.parametrize(("key", "kind"), KINDS.items(), ids=str)
def test_any_bits_of_every_kind_are_written_again_as_they_came(
    key: tuple[int, int], kind: type[LinkControlWord]
) -> None:
    mfid, opcode = key
    numbers = random.Random(str(key))
    for _ in range(40):
        came = bytes([opcode, mfid]) + numbers.randbytes(7)
        implicit = bytes([opcode | 0x40]) + numbers.randbytes(8)
        for word in (came, implicit) if mfid == 0 else (came,):
            found = decode_link_control(word)
            assert found.encode() == word
            assert (found.mfid, found.opcode) == key
            assert isinstance(found, kind | UnitVoiceExtendedExplicit)


def test_every_kind_has_a_name() -> None:
    for mfid, opcode in KINDS:
        words = tables.link_control_words(mfid, opcode)
        assert not words.startswith(("link control", "manufacturer"))
        assert " link control " not in words


def test_unit_calls_and_alarms() -> None:
    call = UnitVoice(service=ServiceOptions(protected=True), target=7, source=8)
    assert decode_link_control(call.encode()) == call
    assert call.encode().hex() == "030044000007000008"
    alarm = decode_link_control(octets("0a9000000038f100a455"[:18]))
    assert isinstance(alarm, EmergencyAlarm)
    made = motorola.EmergencyAlarm(group=911, source=42069)
    assert made.encode().hex() == "0a900000038f00a455"
    assert decode_link_control(made.encode()) == made


def test_the_doubtful_place_of_service_options_is_read_both_ways() -> None:
    without = decode_link_control(octets("4a8400000007000008"))
    assert isinstance(without, UnitVoiceExtended)
    assert without.service.emergency
    with_mfid = decode_link_control(octets("0a0084000007000008"))
    assert isinstance(with_mfid, UnitVoiceExtendedExplicit)
    assert with_mfid.service.emergency
    assert (without.target, with_mfid.target) == (7, 7)


def test_words_that_use_the_second_octet_as_data_travel_without_manufacturer() -> None:
    status = link_control_units.StatusUpdate(unit_status=1, user_status=2, target=3, source=4)
    assert status.encode().hex() == "540102000003000004"
    assert decode_link_control(status.encode()) == status
    message = link_control_units.MessageUpdate(message=0x1234, target=3, source=4)
    assert message.encode().hex() == "551234000003000004"
    registration = link_control_units.UnitRegistrationCommand(
        wacn=0xBB800, system=0x123, target=0x12D687
    )
    assert registration.encode().hex() == "51bb80012312d68700"


@pytest.mark.parametrize("text", ["3f0000000000000000", "00c000000000000000", "0bff00000000000000"])
def test_unknown_words_are_kept_whole(text: str) -> None:
    word = decode_link_control(octets(text))
    assert isinstance(word, UnknownLinkControl)
    assert word.encode() == octets(text)
    assert not word.protected
    assert word.reason == "no layout known"


def test_an_encrypted_word_is_not_read() -> None:
    word = decode_link_control(octets("80000400271112d687"))
    assert isinstance(word, UnknownLinkControl)
    assert word.protected
    assert word.encode() == octets("80000400271112d687")


def test_nothing_but_the_length_is_ever_refused() -> None:
    numbers = random.Random(4)
    for _ in range(5_000):
        word = numbers.randbytes(9)
        assert decode_link_control(word).encode() == word
    for count in (0, 8, 10):
        with pytest.raises(ProtocolViolation, match="expected 9 octets"):
            decode_link_control(bytes(count))


def test_values_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidCommand, match="group"):
        GroupVoice(service=ServiceOptions(), group=1 << 16, source=1).encode()


def test_a_talkers_name_in_pieces() -> None:
    pieces = [
        harris.TalkerAlias2(text=b"n Lund\0"),
        harris.TalkerAlias1(text=b"K\xe4mpe E"[:7]),
        harris.TalkerAlias3(text=bytes(7)),
    ]
    assert harris.alias_text(pieces) == "Kämpe En Lund"
    read = [decode_link_control(piece.encode()) for piece in pieces]
    assert read == pieces
    assert [piece.block for piece in pieces] == [2, 1, 3]
    assert harris.alias_text([]) == ""
