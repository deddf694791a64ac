"""What is told of an over's encryption and of its reception."""

import pytest

from gateway.model import radio
from gateway.model.events import (
    TransmissionEnded,
    TransmissionMeasured,
    TransmissionStarted,
    TransmissionUpdated,
)
from gateway.model.radio import TalkStarted
from tests.gateway.engine.peer import Room

AES = 0x84
CLEAR = 0x80


def up(room: Room, **known: object) -> None:
    room.north.say(radio.CallUp(instance=1, group=101, **known))  # type: ignore[arg-type]  # by name


def talk(room: Room, talker: int = 3204, **known: object) -> None:
    event = TalkStarted(instance=1, talker=talker, **known)  # type: ignore[arg-type]  # by name
    room.north.say(event)


def test_algorithm_and_key_are_told_and_that_nobody_can_hear_it() -> None:
    room = Room()
    secret: dict[str, object] = {
        "encrypted": True,
        "readable": False,
        "algorithm": AES,
        "key_id": 0x1234,
    }
    up(room, **secret)
    talk(room, 3204, **secret)
    (over,) = room.told(TransmissionStarted)
    assert (over.encrypted, over.readable, over.algorithm, over.key_id) == (
        True,
        False,
        AES,
        0x1234,
    )


def test_a_clear_over_in_an_encrypted_call_is_clear() -> None:
    room = Room()
    up(room, encrypted=True, readable=False, algorithm=AES, key_id=1)
    talk(room, encrypted=True, readable=False, algorithm=AES, key_id=1)
    room.north.say(radio.TalkEnded(instance=1))
    talk(room, 3120, algorithm=CLEAR)
    first, second = room.told(TransmissionStarted)
    assert (first.encrypted, first.readable) == (True, False)
    assert (second.encrypted, second.readable) == (False, True)


def test_an_over_of_an_encrypted_call_is_encrypted_where_the_link_names_no_algorithm() -> None:
    room = Room()
    up(room, encrypted=True)
    talk(room)
    (over,) = room.told(TransmissionStarted)
    assert (over.encrypted, over.readable, over.algorithm) == (True, True, None)


def test_encryption_that_becomes_known_in_the_over_is_told() -> None:
    room = Room()
    up(room)
    talk(room)
    talk(room, encrypted=True, readable=False, algorithm=AES, key_id=2)
    talk(room, encrypted=True, readable=False, algorithm=AES, key_id=2)
    talk(room)
    talk(room, algorithm=CLEAR)
    told = room.told(TransmissionUpdated)
    assert [(e.encrypted, e.readable, e.algorithm) for e in told] == [
        (True, False, AES),
        (False, True, CLEAR),
    ]


def test_what_a_desk_says_is_readable_whatever_the_call_is() -> None:
    room = Room()
    room.north.grants = True
    up(room, encrypted=True, readable=False, algorithm=AES)
    room.press("f-1")
    room.wait(300, hold=("f-1",))
    (over,) = room.told(TransmissionStarted)
    assert over.position == "1"
    assert (over.encrypted, over.readable) == (False, True)


def test_the_reception_of_an_over_is_told_and_kept() -> None:
    room = Room()
    room.talk(3204)
    room.north.say(radio.SignalQuality(instance=1, bit_error_rate=0.25, frames=0))
    for rate in (0.04, 0.02):
        room.north.say(radio.SignalQuality(instance=1, bit_error_rate=rate, frames=50))
    room.south.say(radio.SignalQuality(instance=9, bit_error_rate=0.5, frames=50))
    events = room.all_told()
    measured = [e for e in events if isinstance(e, TransmissionMeasured)]
    assert [e.bit_error_rate for e in measured] == [0.04, 0.02]
    room.north.say(radio.TalkEnded(instance=1))
    (ended,) = room.told(TransmissionEnded)
    assert ended.bit_error_rate == pytest.approx(0.02)
    room.north.say(radio.SignalQuality(instance=1, bit_error_rate=0.5, frames=50))
    assert room.told(TransmissionMeasured) == []
