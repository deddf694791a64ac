"""What modem firmware hands over beside calls (MMDVM 20211220): twice, and noise at the end."""

import pytest

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MonoMs
from gateway.model.radio import RadioEvent, StatusReceived
from gateway.p25.air.frame import encode_frame
from gateway.p25.air.units import Tsdu
from gateway.p25.modem import wire
from gateway.p25.modem.hearing import Hearing
from gateway.p25.modem.replies import AirData
from gateway.p25.talk.repeats import MOST, REPEAT_MS, Repeats
from gateway.p25.talk.signalling import UnitActBook
from gateway.p25.talk.talk_in import TalkIn
from gateway.p25.words.tsbk_units import StatusUpdate

NAC = 0x293
LDU_OCTETS = 216
STATUS = StatusUpdate(unit_status=0, user_status=0x12, target=3000002, source=3000001, inbound=True)


def hearing(nac: int = NAC) -> Hearing:
    return Hearing(TalkIn(), UnitActBook(3000002), nac=nac)


def as_firmware_gives(frame: bytes) -> list[AirData]:
    """A short frame alone, again at the head of an LDU's length, then noise until sync is lost."""
    head = AirData(kind=wire.P25_HDR, control=1, data=frame)
    long = AirData(kind=wire.P25_LDU, control=1, data=frame.ljust(LDU_OCTETS, b"\0"))
    noise = AirData(kind=wire.P25_LDU, control=0, data=b"\xaa" * LDU_OCTETS)
    zeros = AirData(kind=wire.P25_LDU, control=0, data=bytes(LDU_OCTETS))
    return [head, long, noise, zeros, zeros]


def told(one: Hearing, frame: bytes, start: int) -> list[RadioEvent]:
    events: list[RadioEvent] = []
    for number, data in enumerate(as_firmware_gives(frame)):
        events += one.frame(data, MonoMs(start + 100 * number))
    return events


@pytest.mark.parametrize("nac", [NAC, 0xF7E])
def test_a_status_that_is_handed_over_twice_is_told_once(nac: int) -> None:
    one = hearing(nac)
    frame = encode_frame(Tsdu(nac=NAC, blocks=(STATUS.encode(),)))
    assert [type(event) for event in told(one, frame, 0)] == [StatusReceived]
    assert [type(event) for event in told(one, frame, 5_000)] == [StatusReceived]


def test_noise_behind_a_sync_is_still_a_fault() -> None:
    noise = AirData(kind=wire.P25_LDU, control=1, data=bytes(LDU_OCTETS))
    with pytest.raises(ProtocolViolation):
        hearing().frame(noise, MonoMs(0))


def test_repeats_are_known_for_a_second_and_bounded() -> None:
    repeats = Repeats()
    assert repeats.is_new(b"a", MonoMs(0))
    assert not repeats.is_new(b"a", MonoMs(REPEAT_MS - 1))
    assert repeats.is_new(b"a", MonoMs(REPEAT_MS))
    for number in range(MOST):
        assert repeats.is_new(bytes([number]), MonoMs(REPEAT_MS))
    assert repeats.is_new(b"a", MonoMs(REPEAT_MS))
