"""V.24 records over UDP travel in more than one RTP payload type (seen: dvmhost uses 64)."""

import pytest

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MonoMs
from gateway.p25.dfsi.rtp import TIA_VOICE, V24_DATA, V24_VOICE, RtpPacket, decode_rtp
from gateway.p25.dfsi.stream_out import StreamOut
from gateway.p25.dfsi.voice_in import Begin, read_voice
from gateway.p25.talk.talk_out import TalkOut

START = bytes.fromhex("0002020c0b00000000")


def packet(payload_type: int) -> bytes:
    return RtpPacket(
        payload_type=payload_type, sequence=0x20, timestamp=60, ssrc=1, payload=START
    ).encode()


@pytest.mark.parametrize("payload_type", [TIA_VOICE, V24_VOICE, V24_DATA])
def test_records_are_read_in_every_type(payload_type: int) -> None:
    assert read_voice(packet(payload_type), records=True) == [Begin()]


def test_records_and_blocks_are_told_apart_whatever_is_set() -> None:
    assert read_voice(packet(TIA_VOICE)) == [Begin()]
    blocks = packet(TIA_VOICE)[:12] + bytes.fromhex("4189293000")
    assert read_voice(blocks, records=True) == read_voice(blocks) == [Begin(0x293)]


def test_another_type_is_refused() -> None:
    with pytest.raises(ProtocolViolation, match="payload type"):
        read_voice(packet(0x60))


def sent_types(heard: int | None) -> set[int]:
    out = StreamOut(nac=0x293, ssrc=1, tia=False)
    if heard is not None:
        out.answer(packet(heard))
    out.begin(TalkOut(group=10001, source=1), MonoMs(0))
    out.signal(bytes(12))
    unkey = decode_rtp(out.unkey()).payload_type
    out.cut(MonoMs(0))
    return {unkey, *(decode_rtp(one).payload_type for one in out.outgoing())}


def test_records_are_answered_in_the_stations_types() -> None:
    assert sent_types(None) == {TIA_VOICE}
    assert sent_types(TIA_VOICE) == {TIA_VOICE}
    assert sent_types(V24_VOICE) == {V24_VOICE, V24_DATA}
