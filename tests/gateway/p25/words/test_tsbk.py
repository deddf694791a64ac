"""Signalling blocks: vectors, both directions, what is unknown, and where a peer is wrong."""

import random

import pytest

from gateway.model.errors import InvalidCommand, ProtocolViolation
from gateway.p25.words import motorola, tables, tsbk_site, tsbk_units, tsbk_voice
from gateway.p25.words.crc import ccitt_holds, with_ccitt
from gateway.p25.words.layout import Channel
from gateway.p25.words.service_options import ServiceOptions
from gateway.p25.words.tsbk import KINDS, KnownTsbk, UnknownTsbk, decode_tsbk
from tests.gateway.p25.vectors import Row, octets, rows

EVERY = [(key, kind) for key, kinds in KINDS.items() for kind in kinds]


@pytest.mark.parametrize("row", rows("tsbk"), ids=lambda row: row["name"])
def test_vectors_there_and_back(row: Row) -> None:
    said = row["fields"]
    block = decode_tsbk(octets(row["tsbk"]), inbound=said["direction"] == "isp")
    assert block.direction == said["direction"]
    assert block.opcode == int(said["opcode"], 16)
    assert block.mfid == int(said["mfid"], 16)
    assert block.last_block == said["last_block"]
    assert isinstance(block, KnownTsbk)
    assert block.spare == 0
    assert block.encode().hex() == row["tsbk"]


def test_blocks_made_from_values_are_those_of_the_vectors() -> None:
    made = {
        "GRP_VCH_GRANT": tsbk_voice.GroupVoiceGrant(
            service=ServiceOptions(),
            channel=Channel(identifier=1, number=291),
            group=10001,
            source=1234567,
        ),
        "EMERG_ALRM_REQ": tsbk_units.EmergencyAlarmRequest(group=10001, source=1234567),
        "GRP_VCH_REQ_EMERG": tsbk_voice.GroupVoiceRequest(
            service=ServiceOptions(emergency=True, priority=7), group=911, source=99
        ),
        "CALL_ALERT": tsbk_units.CallAlert(inbound=False, target=7654321, source=1234567),
        "STS_UPDT": tsbk_units.StatusUpdate(
            inbound=False, unit_status=0, user_status=66, target=2000, source=1000
        ),
        "ACK_RSP_FNE": tsbk_units.Acknowledge(service=0x1F, source=7654321, target=1234567),
        "RADIO_UNINHIBIT": tsbk_units.ExtendedFunction(
            function=tables.UNINHIBIT, argument=tables.UNIT_CONSOLE, target=1234567
        ),
        "DENY_RSP": tsbk_units.Denied(
            info_valid=True, service=0, reason=0x31, info=10001, target=1234567
        ),
        "MOT_GRG_ADD": motorola.RegroupAdd(
            patch_group=65281, group_1=10001, group_2=10002, group_3=10003
        ),
        "IDEN_UP_VU_450": tsbk_site.IdentifierVhfUhf(
            identifier=2, bandwidth_code=5, positive=True, offset=400, spacing=100, base=90_000_000
        ),
    }
    wanted = {row["name"]: row["tsbk"] for row in rows("tsbk") if row["name"] in made}
    assert {name: block.encode().hex() for name, block in made.items()} == wanted


@pytest.mark.parametrize(("key", "kind"), EVERY, ids=str)
def test_any_bits_of_every_kind_are_written_again_as_they_came(
    key: tuple[int, int, bool], kind: type[KnownTsbk]
) -> None:
    mfid, opcode, inbound = key
    numbers = random.Random(str(key))
    seen = set()
    for _ in range(40):
        head = bytes([opcode | 0x80 * numbers.randrange(2), mfid])
        came = with_ccitt(head + numbers.randbytes(8))
        block = decode_tsbk(came, inbound=inbound)
        assert block.encode() == came
        assert (block.mfid, block.opcode, block.inbound) == key
        seen.add(type(block))
    assert kind in seen


def test_every_kind_has_a_name() -> None:
    for mfid, opcode, inbound in KINDS:
        words = tables.block_words(mfid, opcode, inbound=inbound)
        assert not words.startswith(("block", "Motorola block", "manufacturer"))


def test_an_emergency_is_one_whatever_stands_in_the_reserved_bits() -> None:
    for special in ("0000", "8000", "0031", "ffff"):
        came = with_ccitt(octets(f"a700{special}00271112d687"))
        block = decode_tsbk(came, inbound=True)
        assert isinstance(block, tsbk_units.EmergencyAlarmRequest)
        assert (block.group, block.source) == (10001, 1234567)
        assert block.encode() == came
        assert isinstance(decode_tsbk(came, inbound=False), tsbk_units.Denied)


def test_a_site_that_tells_of_an_alarm() -> None:
    came = with_ccitt(octets("8a90000000038f00a455"))
    block = decode_tsbk(came, inbound=False)
    assert block == motorola.EmergencyAlarmActivation(group=911, source=42069)
    assert isinstance(decode_tsbk(came, inbound=True), UnknownTsbk)


def test_what_the_peer_has_wrong_is_right_here() -> None:
    query = tsbk_units.StatusQuery(inbound=False, target=1, source=2)
    assert query.encode()[0] & 0x3F == 0x1A
    monitor = tsbk_units.RadioMonitorCommand(multiplier=3, source=0x111111, target=0x222222)
    assert monitor.encode()[2:10].hex() == "0003111111222222"
    asked = tsbk_units.RadioMonitorRequest(multiplier=1, target=0x111111, source=0x222222)
    assert asked.encode()[2:10].hex() == "0001111111222222"
    services = tsbk_site.SystemServices(available=0xC607, supported=0xCC67, request_priority=4)
    assert services.encode()[2:10].hex() == "0000c60700cc6704"
    located = tsbk_units.LocationRegistrationResponse(
        response=1, group=0x2711, rfss=2, site=3, target=0x12D687
    )
    assert located.encode()[2:10].hex() == "012711020312d687"
    message = tsbk_units.MessageUpdate(inbound=False, message=0x1234, target=1, source=2)
    assert message.encode()[2:4].hex() == "1234"
    status = tsbk_units.StatusUpdate(
        inbound=False, unit_status=0x12, user_status=0x34, target=1, source=2
    )
    assert status.encode()[2:4].hex() == "1234"
    band = tsbk_site.IdentifierUpdate(
        identifier=1, bandwidth=100, positive=True, offset=180, spacing=50, base=170_201_250
    )
    assert band.encode()[3] & 0x04
    assert decode_tsbk(band.encode(), inbound=False) == band
    assert (band.base_hz, band.spacing_hz, band.offset_hz) == (851_006_250, 6_250, 45_000_000)
    grant = tsbk_voice.UnitVoiceGrant(
        channel=Channel(identifier=1, number=546), target=0x222222, source=0x111111
    )
    assert decode_tsbk(grant.encode(), inbound=False) == grant


def test_acknowledgements_within_and_across_systems() -> None:
    home = tsbk_units.Acknowledge(service=0x27, source=1, target=2)
    abroad = tsbk_units.AcknowledgeAbroad(service=0x27, wacn=0xBB800, system=0x123, target=2)
    assert decode_tsbk(home.encode(), inbound=False) == home
    assert decode_tsbk(abroad.encode(), inbound=False) == abroad
    assert abroad.encode()[2] & 0x40
    assert not home.encode()[2] & 0x40


@pytest.mark.parametrize(("opcode", "mfid"), [(0x3F, 0), (0x00, 0xA4), (0x0B, 0x90), (0x35, 0)])
def test_unknown_blocks_are_kept_whole(opcode: int, mfid: int) -> None:
    came = with_ccitt(bytes([opcode, mfid]) + bytes(range(8)))
    block = decode_tsbk(came, inbound=False)
    assert isinstance(block, UnknownTsbk)
    assert (block.opcode, block.mfid, block.octets) == (opcode, mfid, came)
    assert block.encode() == came
    assert block.reason == "no layout known"


def test_encrypted_arguments_are_not_read() -> None:
    came = with_ccitt(octets("4000041123271112d687"))
    block = decode_tsbk(came, inbound=False)
    assert isinstance(block, UnknownTsbk)
    assert block.protected
    assert "encrypted" in block.reason
    assert block.encode() == came


def test_a_wrong_check_is_refused_unless_it_was_looked_at_before() -> None:
    came = octets("8000041123271112d687") + b"\0\0"
    with pytest.raises(ProtocolViolation, match="check is wrong") as fault:
        decode_tsbk(came, inbound=False)
    assert fault.value.offset == 10
    block = decode_tsbk(came, inbound=False, check=False)
    assert ccitt_holds(block.encode())
    for count in (0, 11, 13):
        with pytest.raises(ProtocolViolation, match="expected 12 octets"):
            decode_tsbk(bytes(count), inbound=False)


def test_values_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidCommand, match="group: expected 0 to 65535, got 65536"):
        tsbk_units.EmergencyAlarmRequest(group=65536, source=1).encode()
    with pytest.raises(InvalidCommand, match="source"):
        tsbk_units.EmergencyAlarmRequest(group=1, source=-1).encode()


def test_a_patch_names_its_groups_once() -> None:
    patch = motorola.RegroupAdd(patch_group=5, group_1=10001, group_2=10001, group_3=5)
    assert patch.groups == (10001,)
    assert motorola.RegroupDelete(patch_group=5, group_1=0, group_2=2, group_3=3).groups == (2, 3)
