"""What the engine tells of sound on its way: by link, by position, only while there is some."""

from gateway.model import radio
from gateway.model.events import SoundMeasured
from gateway.model.sound_port import SoundPortFigures
from gateway.model.spread import Spread
from tests.gateway.engine.peer import NORTH, Room, on_air

WINDOW_MS = 2000


def test_received_sound_is_told_two_seconds_later_and_silence_never() -> None:
    room = Room()
    room.talk(3204)
    room.hear(NORTH, 10)
    assert room.told(SoundMeasured) == []
    room.wait(WINDOW_MS)
    (told,) = room.told(SoundMeasured)
    assert (told.link, told.way, told.position, told.frames) == (NORTH, "receive", None, 10)
    assert {"held", "level", "opus", "gateway"} <= set(told.stages)
    assert sum(told.stages["opus"].values()) == 10
    assert told.level_in is not None
    assert told.level_out is not None
    assert told.level_in.blocks == 10
    assert told.level_in.peak_dbfs >= told.level_in.rms_dbfs
    assert told.gain_db is not None
    room.wait(3 * WINDOW_MS)
    assert room.told(SoundMeasured) == []


def test_each_window_counts_anew() -> None:
    room = Room()
    room.talk(3204)
    room.hear(NORTH, 5)
    room.wait(WINDOW_MS)
    room.hear(NORTH, 7)
    room.wait(WINDOW_MS)
    assert [told.frames for told in room.told(SoundMeasured)] == [5, 7]


def test_what_nobody_hears_is_not_measured() -> None:
    room = Room()
    room.hear(NORTH, 5)
    room.wait(2 * WINDOW_MS)
    assert room.told(SoundMeasured) == []


def test_a_microphone_is_told_by_link_and_position_with_what_waited() -> None:
    room = Room()
    on_air(room)
    room.speak("1", 10)
    room.wait(WINDOW_MS + 100, hold=("r-1",))
    told = [one for one in room.told(SoundMeasured) if one.way == "transmit"]
    assert {(one.link, one.position) for one in told} == {(NORTH, "1")}
    whole = told[0]
    assert whole.frames > 0
    assert whole.dry > 0  # ten blocks do not fill two seconds
    assert {"order", "press", "level", "gateway"} <= set(whole.stages)
    assert whole.level_out is not None


def test_a_port_that_counts_is_asked_when_figures_are_told() -> None:
    room = Room()
    asked = 0

    def figures() -> SoundPortFigures:
        nonlocal asked
        asked += 1
        return SoundPortFigures(
            kind="device", transit=Spread({420: 5}), held=Spread({0: 5}), lost=2
        )

    room.north.sound_figures = figures  # type: ignore[attr-defined]  # the protocol is looked for
    room.talk(3204)
    room.hear(NORTH, 5)
    room.north.say(radio.TalkEnded(instance=1))
    room.wait(WINDOW_MS)
    (told,) = room.told(SoundMeasured)
    assert (told.port, told.lost, asked) == ("device", 2, 1)
    assert told.stages["link"] == {"420": 5}
    assert told.stages["held"] == {"0": 5}
