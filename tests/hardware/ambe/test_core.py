"""The core, alone and against the simulated chip: start, order, loss, damage, giving up."""

import random
from array import array
from functools import lru_cache
from itertools import pairwise

import pytest

from gateway.model.errors import InvalidCommand
from gateway.model.ids import MonoMs
from hardware.ambe.core import (
    ANSWER_MS,
    DRAIN_FRAMES,
    FLUSH,
    READY_MS,
    RESETS,
    SILENT_RESETS,
    WAITING_FRAMES,
    DongleCore,
    Stage,
)
from hardware.ambe.numbers import (
    FULL_RATE,
    HALF_RATE,
    HALF_RATE_BARE,
    PCM_BYTES,
    RATES,
    Field,
    Rate,
)
from hardware.ambe.packets import Channel, Control, Packet, PacketReader, Speech, to_bytes
from hardware.sim import ambe_stand_in
from tests.hardware.ambe.pair import Pair


@lru_cache
def sound(number: int) -> bytes:
    return array("h", (random.Random(number).randint(-9000, 9000) for _ in range(160))).tobytes()


@lru_cache
def coded(number: int, bits: int = 72) -> bytes:
    return ambe_stand_in.encode(array("h", sound(number)), bits)


def asked(core: DongleCore, now: int) -> list[Packet]:
    """What the core wants written, as packets."""
    data = b""
    while piece := core.outgoing(64, MonoMs(now)):
        data += piece
    reader = PacketReader()
    return [item for item in reader.receive(data) if isinstance(item, Control | Channel | Speech)]


def say(core: DongleCore, now: int, *packets: Packet) -> list[bytes | None]:
    raw = b"".join(to_bytes(packet, parity=True) for packet in packets)
    return [answer.data for answer in core.receive(raw, MonoMs(now))]


def started(core: DongleCore | None = None) -> DongleCore:
    core = core or DongleCore()
    core.opened(MonoMs(0))
    asked(core, 0)
    say(core, 1, Control(field=Field.READY))
    while core.stage is Stage.SETTING:
        (request,) = asked(core, 2)
        assert isinstance(request, Control)
        text = request.field in (Field.PRODUCT, Field.VERSION)
        say(core, 3, Control(field=request.field, data=b"X\0" if text else b"\0"))
    return core


# ---- start


def test_start_asks_in_the_order_of_the_notes() -> None:
    core = DongleCore()
    core.opened(MonoMs(0))
    first = core.outgoing(1000, MonoMs(0))
    assert first == FLUSH + bytes.fromhex("61000300332f1f")
    said = []
    say(core, 20, Control(field=Field.READY))
    for number in range(4):
        (request,) = asked(core, 21 + number)
        said.append(request)
        assert isinstance(request, Control)
        answers = {Field.PRODUCT: b"AMBE3000R\0", Field.VERSION: b"V1\0\xff"}
        data = answers.get(Field(request.field), b"\0")
        say(core, 22 + number, Control(field=request.field, data=data))
    assert said == [
        Control(field=0x30),
        Control(field=0x31),
        Control(field=0x0B, data=b"\x03"),
        Control(field=0x09, data=b"\x21"),
    ]
    assert (core.stage, core.product, core.version) == (Stage.UP, "AMBE3000R", "V1")
    assert core.trouble == ""
    assert core.deadline() is None


def test_reset_is_tried_with_and_without_parity_then_given_up() -> None:
    core = DongleCore()
    core.opened(MonoMs(0))
    now, resets = 0, []
    while not core.needs_reopen:
        resets.append(core.outgoing(1000, MonoMs(now)).removeprefix(FLUSH).hex())
        now += READY_MS
        core.tick(MonoMs(now - 1))
        core.tick(MonoMs(now))
    assert resets == ["61000300332f1f", "6100010033"] * (RESETS // 2)
    assert "does not answer a reset" in core.trouble
    assert core.deadline() is None


def test_chip_without_parity_is_told_to_use_it() -> None:
    pair = Pair.up(parity=False)
    pair.take(pair.core.encode(1, sound(1)))
    pair.run(60)
    assert pair.results == {1: coded(1)}
    assert pair.violations == []


def test_words_of_six_numbers_set_the_full_rate() -> None:
    core = DongleCore(FULL_RATE)
    pair = Pair.up(core)
    assert pair.core.up
    pair.take(core.encode(1, sound(1)))
    pair.run(60)
    assert pair.results == {1: coded(1, 144)}


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: rate.name)
def test_every_rate_both_ways(rate: Rate) -> None:
    pair = Pair.up(DongleCore(rate))
    frame = coded(5, rate.bits)
    pair.take(pair.core.encode(1, sound(5)))
    pair.take(pair.core.decode(2, frame))
    pair.run(80)
    assert pair.results[1] == frame
    assert pair.results[2] == ambe_stand_in.buzz(ambe_stand_in.levels(frame) or ()).tobytes()
    assert pair.violations == []


def test_old_firmware_keeps_its_rate_and_soft_config_wakes_a_board() -> None:
    assert Pair.up(forgets_rate=True).core.up
    six = bytes.fromhex("05000f000000")
    assert Pair.up(DongleCore(soft_config=six), packet_mode=False).core.up
    deaf = Pair(DongleCore())
    deaf.chip._listens = False
    deaf.chip.settings = Pair.up(DongleCore(soft_config=six), packet_mode=False).chip.settings
    deaf.open()
    deaf.until(Stage.GIVEN_UP)


def test_setting_without_an_answer_is_asked_again_then_all_begins_anew() -> None:
    core = DongleCore()
    core.opened(MonoMs(0))
    asked(core, 0)
    say(core, 20, Control(field=Field.READY))
    assert asked(core, 20) == [Control(field=Field.PRODUCT)]
    core.tick(MonoMs(20 + ANSWER_MS))
    assert asked(core, 120) == [Control(field=Field.PRODUCT)]
    core.tick(MonoMs(120 + ANSWER_MS))
    assert core.stage is Stage.RESETTING
    assert core.trouble == "it does not answer request 0x30"


def test_refused_rate_is_given_up_in_words() -> None:
    pair = Pair(DongleCore(Rate(name="none", bits=80, index=62)))
    pair.open()
    pair.until(Stage.GIVEN_UP)
    assert pair.core.trouble == "it refuses request 0x09 with status 01"


def test_restart_by_itself_is_noticed_and_settled() -> None:
    pair = Pair.up()
    pair.take(pair.core.encode(1, sound(1)))
    pair.run(3)
    pair.chip.restart()
    pair.run(200)
    assert pair.core.up
    assert pair.results == {1: None}
    pair.take(pair.core.encode(2, sound(2)))
    pair.run(60)
    assert pair.results[2] == coded(2)
    assert pair.core.trouble == ""


# ---- frames


@pytest.mark.parametrize("piece", [1, 2, 7, 62, 1000])
def test_frames_keep_their_order_in_any_chunking(piece: int) -> None:
    pair = Pair.up()
    pair.piece = piece
    for number in range(30):
        pair.take(pair.core.encode(number, sound(number)))
        pair.take(pair.core.decode(100 + number, coded(number)))
        pair.run(20)
    pair.run(100)
    for number in range(30):
        assert pair.results[number] == coded(number)
        levels = ambe_stand_in.levels(coded(number))
        assert levels is not None
        assert pair.results[100 + number] == ambe_stand_in.buzz(levels).tobytes()
    assert pair.violations == []
    assert pair.core.counts.lost == 0


def test_no_more_than_one_frame_ahead_in_each_direction() -> None:
    core = started()
    for number in range(6):
        core.encode(number, sound(number))
        core.decode(100 + number, coded(number))
    under_way = asked(core, 10)
    assert [type(packet) for packet in under_way] == [Channel, Speech, Channel, Speech]
    assert asked(core, 11) == []
    say(core, 12, Channel(bits=72, data=bytes(9)))
    assert [type(packet) for packet in asked(core, 12)] == [Speech]


def test_strict_pace_has_one_frame_under_way() -> None:
    core = started(DongleCore(ahead=0))
    for number in range(3):
        core.encode(number, sound(number))
    assert len(asked(core, 10)) == 1


def test_oldest_that_waits_is_given_up_and_no_answer_goes_astray() -> None:
    core = started()
    told = []
    for number in range(WAITING_FRAMES + 2 + 3):
        told += core.encode(number, sound(number))
        if number < 2:
            asked(core, 10)
    assert [(answer.token, answer.data) for answer in told] == [(2, None), (3, None), (4, None)]
    assert core.counts.overrun == 3
    answers = core.receive(to_bytes(Channel(bits=72, data=bytes(9)), parity=True), MonoMs(20))
    assert [answer.token for answer in answers] == [0]


def test_lost_frames_are_flagged_and_the_flag_is_taken_back_once() -> None:
    core = started()
    seen = []
    for number, frame in enumerate([coded(1), None, None, coded(2), coded(3)]):
        core.decode(number, frame)
        (packet,) = asked(core, 10)
        assert isinstance(packet, Channel)
        seen.append(packet.flags)
        say(core, 11, Speech(pcm=bytes(PCM_BYTES)))
    assert seen == [None, 4, 4, 0, None]


def test_lost_frame_is_repeated_softer_by_the_stand_in() -> None:
    pair = Pair.up()
    pair.take(pair.core.decode(1, coded(1)))
    pair.take(pair.core.decode(2, None))
    pair.run(80)
    first, second = (array("h", pair.results[token] or b"") for token in (1, 2))
    assert max(first) > max(second) > 0


def test_wrong_lengths_are_refused() -> None:
    core = started()
    with pytest.raises(InvalidCommand, match="expected 320 bytes"):
        core.encode(1, bytes(319))
    with pytest.raises(InvalidCommand, match="expected 9 bytes"):
        core.decode(1, bytes(11))
    with pytest.raises(InvalidCommand, match="soft_config"):
        DongleCore(soft_config=b"\x00")
    with pytest.raises(InvalidCommand, match="ahead"):
        DongleCore(ahead=2)


def test_frames_for_a_port_that_is_closed_are_lost_at_once() -> None:
    core = DongleCore()
    assert [answer.data for answer in core.encode(1, sound(1))] == [None]
    core = started()
    core.encode(2, sound(1))
    core.decode(3, coded(1))
    asked(core, 5)
    core.encode(4, sound(1))
    assert sorted(answer.token for answer in core.lost()) == [2, 3, 4]
    assert core.deadline() is None


# ---- loss and damage


def test_lost_answer_costs_what_is_under_way_and_a_reset() -> None:
    pair = Pair.up()
    pair.chip.faults.lose = 1
    pair.take(pair.core.encode(1, sound(1)))
    pair.run(ANSWER_MS + 2)
    assert pair.results == {1: None}
    assert "no answer to a frame within 100 ms" in pair.core.trouble
    pair.until(Stage.UP)
    pair.take(pair.core.encode(2, sound(2)))
    pair.run(60)
    assert pair.results[2] == coded(2)
    assert pair.core.trouble == ""


@pytest.mark.parametrize(("ahead", "most"), [(1, DRAIN_FRAMES), (0, 0)])
def test_vanished_answer_misleads_for_a_few_frames_and_at_strict_pace_never(
    ahead: int, most: int
) -> None:
    for pace_ms in (5, 14, 20):
        pair = Pair.up(DongleCore(ahead=ahead))
        for number in range(60):
            if number == 4:
                pair.chip.faults.lose = 1
            pair.take(pair.core.encode(number, sound(number)))
            pair.run(pace_ms)
        pair.run(1500)
        assert sorted(pair.results) == list(range(60))
        mistaken = [n for n, data in pair.results.items() if data not in (None, coded(n))]
        assert len(mistaken) <= most
        assert pair.results[59] == coded(59)


def test_damage_while_two_are_under_way_loses_both_and_never_shifts() -> None:
    rng = random.Random(3)
    for _ in range(40):
        pair = Pair.up()
        pair.chip._rng = rng
        pair.chip.faults.spoil = 1
        for number in range(4):
            pair.take(pair.core.encode(number, sound(number)))
        pair.run(1500)
        assert sorted(pair.results) == [0, 1, 2, 3]
        assert all(data in (None, coded(n)) for n, data in pair.results.items())
        assert pair.core.counts.malformed >= 1
        assert pair.core.up


def test_slow_answers_are_waited_for_up_to_the_limit() -> None:
    pair = Pair.up()
    pair.chip.faults.slow, pair.chip.faults.slow_ms = 1, 60
    pair.take(pair.core.encode(1, sound(1)))
    pair.run(90)
    assert pair.results == {1: coded(1)}
    assert pair.core.counts.slowest_ms > 60
    pair.chip.faults.slow, pair.chip.faults.slow_ms = 1, 150
    pair.take(pair.core.encode(2, sound(2)))
    pair.run(600)
    assert pair.results[2] is None
    assert pair.core.up


def test_chip_that_sets_but_codes_nothing_is_given_up() -> None:
    pair = Pair.up()
    pair.chip.faults.lose = 1000
    for number in range(20):
        pair.take(pair.core.encode(number, sound(number)))
        pair.run(300)
    assert pair.core.needs_reopen
    assert "codes nothing" in pair.core.trouble
    assert pair.core.counts.resets == 1 + SILENT_RESETS
    assert set(pair.results.values()) == {None}
    assert len(pair.results) == 20


def test_frames_of_another_length_are_no_answers() -> None:
    core = started()
    core.encode(1, sound(1))
    asked(core, 10)
    assert say(core, 11, Channel(bits=88, data=bytes(11))) == [None]
    assert core.stage is Stage.RESETTING


def test_frames_that_nobody_asked_for_are_counted_and_told() -> None:
    core = started()
    assert say(core, 11, Channel(bits=72, data=bytes(9))) == []
    assert core.counts.unexpected == 1
    assert "soft_config" in core.trouble


def test_noise_at_any_time_never_raises_and_every_frame_has_one_answer() -> None:
    rng = random.Random(11)
    for _ in range(60):
        pair = Pair.up()
        given = 0
        for _ in range(40):
            match rng.randrange(6):
                case 0:
                    pair.chip.junk(rng.randrange(1, 200))
                case 1:
                    pair.take(pair.core.receive(rng.randbytes(rng.randrange(80)), pair.mono))
                case 2:
                    pair.chip.faults.spoil += 1
                case _:
                    given += 1
                    pair.take(pair.core.encode(given, sound(given)))
            pair.run(rng.randrange(40))
        pair.run(3000)
        assert pair.core.stage in (Stage.UP, Stage.GIVEN_UP)
        assert sorted(pair.results) == list(range(1, given + 1))


def test_random_bytes_as_answers_never_raise() -> None:
    rng = random.Random(5)
    kinds = [Field.READY, Field.PRODUCT, Field.INIT, 0x09, 0x3F, 0x77]
    for _ in range(300):
        core, now = DongleCore(), 0
        core.opened(MonoMs(0))
        for token in range(60):
            now += rng.randrange(60)
            packet: Packet = Control(field=rng.choice(kinds), data=rng.randbytes(rng.randrange(3)))
            if rng.random() < 0.3:
                packet = Channel(bits=72, data=bytes(9))
            core.receive(to_bytes(packet, parity=rng.random() < 0.8), MonoMs(now))
            core.encode(token, sound(1))
            core.outgoing(rng.randrange(1, 400), MonoMs(now))
            core.tick(MonoMs(now))
            assert len(core._out) <= 800


def test_rates_stand_in_order() -> None:
    assert (HALF_RATE.index, HALF_RATE_BARE.index) == (33, 34)
    assert all(one.index is not None or len(one.words) == 6 for one in RATES)
    assert all(one.bits > two.bits for one, two in pairwise((HALF_RATE, HALF_RATE_BARE)))
