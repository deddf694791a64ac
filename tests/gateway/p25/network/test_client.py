"""A client of a MMDVM network: polls, overs both ways, a bad network."""

import random

import pytest

from gateway.model.ids import MessageId, MonoMs
from gateway.model.radio import (
    CallUp,
    GroupChanged,
    KeyDemand,
    LineSeen,
    LinkChanged,
    LinkState,
    Malformed,
    SendProgress,
    TalkEnded,
    TxEnded,
    TxNotSent,
    TxRefused,
)
from gateway.model.unit_acts import CallAlert
from gateway.p25.network.client import GATEWAY
from gateway.p25.talk.port import Datagram, VoiceHeard
from hardware.sim.p25 import reflector_records as wire
from hardware.sim.p25.stage_voice import SimOver
from tests.gateway.p25.network.bench import (
    DESK,
    GROUP,
    POLL,
    PRESS,
    UNIT,
    client,
    records,
)


def test_polls_each_five_seconds_and_is_up_by_their_echo() -> None:
    bench = client()
    assert bench.state is LinkState.UP
    bench.run(20_000)
    times = [at for at, one in bench.sent if one.data == POLL]
    assert times == [1_000, 6_000, 11_000, 16_000, 21_000]


def test_a_reflector_that_never_answers_is_told_and_asked_on() -> None:
    bench = client()
    bench.echo = False
    bench.run(12_000)
    assert bench.state is LinkState.DOWN
    assert "polls" in bench.reason
    bench.press()
    assert "does not answer" in bench.of(TxNotSent)[0].reason
    bench.echo = True
    bench.run(2_000)
    states = [event.state for event in bench.of(LinkChanged)]
    assert states[-2:] == [LinkState.DOWN, LinkState.UP]


def test_a_reflector_that_dies_while_another_talks_is_told_within_two_seconds() -> None:
    bench = client()
    bench.hear(6, end=False)
    assert bench.talkers()[-1] == UNIT
    bench.echo = False
    bench.run(2_000)
    assert len(bench.of(TalkEnded)) == 1
    assert bench.state is LinkState.DOWN
    assert "polls" in bench.reason


def test_leaving_says_so_three_times() -> None:
    bench = client()
    bench.sent.clear()
    bench._took(bench.core.lost(MonoMs(bench.now), "closed"))
    assert bench.data() == [wire.unlink("T3STGW")] * 3
    assert bench.state is LinkState.DOWN
    assert bench.core.deadline() is None


def test_a_burst_is_played_one_frame_each_20_ms() -> None:
    bench = client()
    bench.give(*records())
    bench.run(95)
    assert bench.of(VoiceHeard) == []
    counts = []
    for _ in range(9):
        bench.run(20)
        counts.append(len(bench.of(VoiceHeard)))
    assert counts == list(range(1, 10))
    assert bench.talkers() == [UNIT]
    assert bench.of(CallUp)[0].group == GROUP


def test_records_of_ours_are_those_of_the_capture() -> None:
    bench = client()
    bench.press()
    bench.talk(18)
    bench.let_go()
    bench.run(500)
    said = [one for one in bench.data() if one[0] != wire.POLL]
    assert len(said) == 19
    over = SimOver(group=GROUP, unit=DESK)
    frames = [bytes([number]) * 11 for number in range(18)]
    assert said[:9] == wire.burst(over, frames[:9], second=False)
    assert said[9:18] == wire.burst(over, frames[9:], second=True)
    assert said[18] == wire.end()
    times = [at for at, one in bench.sent if one.data[0] in (wire.FIRST, wire.SECOND)]
    assert times[1] - times[0] == 180
    assert not bench.core.keyed
    assert [e.cause for e in bench.of(TxEnded)] == ["released"]


def test_an_over_that_is_not_released_drops_what_waits() -> None:
    bench = client()
    bench.press()
    bench.talk(14)
    assert bench.core.keyed
    assert bench.core.unkey() == Datagram(channel="p25net", data=wire.end())
    bench.let_go("lease_expired")
    assert bench.data()[-1] == wire.end()
    assert len([one for one in bench.data() if wire.FIRST <= one[0] <= 0x73]) == 9
    assert bench.core.unkey() is None


def test_a_press_without_voice_sends_nothing() -> None:
    bench = client()
    bench.press()
    bench.let_go()
    assert all(one[0] == wire.POLL for one in bench.data())
    assert bench.of(TxEnded)


def test_a_talker_on_the_network_refuses_a_press() -> None:
    bench = client()
    bench.hear(1, end=False)
    bench.press(priority=3)
    assert "talks on the network" in bench.of(TxRefused)[0].reason


def test_groups_that_are_not_ours() -> None:
    bench = client(groups=(5,))
    bench.hear(4)
    bench.run(500)
    assert bench.of(CallUp) == []
    bench.press()
    assert "talkgroup 10001" in bench.of(TxNotSent)[0].reason
    ours = client(groups=(GROUP,))
    ours.hear(2)
    ours.run(500)
    assert len(ours.of(VoiceHeard)) == 18


def test_a_gateway_is_not_polled_and_names_its_talkgroup() -> None:
    bench = client(peer=GATEWAY)
    assert (bench.state, bench.sent) == (LinkState.UP, [])
    bench.give(wire.notice(GROUP), wire.notice(0))
    assert [event.number for event in bench.of(GroupChanged)] == [GROUP, None]
    bench.run(60_000)
    assert bench.sent == []
    with pytest.raises(ValueError, match="peer"):
        client(peer="other")


def test_calls_of_two_and_signalling_are_refused() -> None:
    bench = client()
    bench._took(
        bench.core.demand(KeyDemand(demand=PRESS, group=0, individual=1), MonoMs(bench.now))
    )
    assert "groups only" in bench.of(TxNotSent)[0].reason
    bench._took(bench.core.act(CallAlert(message=MessageId("m-1"), to=UNIT), MonoMs(bench.now)))
    assert "no signalling" in bench.of(SendProgress)[0].reason
    assert bench.core.info.capabilities == frozenset()


def test_unknown_and_short_datagrams_are_kept_and_told() -> None:
    bench = client()
    bench.give(b"\xa1\2", b"\x62\2", b"", wire.unlink("OTHER"))
    assert len(bench.of(Malformed)) == 2
    assert any("not known" in event.words for event in bench.of(LineSeen))


# ---- overs over a bad network


@pytest.mark.parametrize("seed", range(20))
def test_lost_doubled_and_overtaken_records_make_one_over(seed: int) -> None:
    bench = client()
    chance = random.Random(seed)
    waiting: list[tuple[int, bytes]] = []
    said: list[tuple[int, bytes]] = []
    for number in range(12):
        at = 180 * number
        said += [(at, record) for record in records(second=bool(number % 2))]
    said.append((180 * 12, wire.end()))
    for at, record in said:
        if chance.random() < 0.1 and record[0] != wire.END:
            continue
        late = chance.choice((10, 30, 50)) if chance.random() < 0.1 else 0
        waiting.append((at + late, record))
        if chance.random() < 0.1:
            waiting.append((at + late, record))
    waiting.sort(key=lambda one: one[0])
    begun = bench.now
    for at, record in waiting:
        bench.run(begun + at - bench.now)
        bench.give(record)
    bench.run(1_000)
    assert len(bench.of(TalkEnded)) == 1
    assert len(bench.of(CallUp)) == 1
    assert bench.talkers()[-1] == UNIT
    assert set(bench.talkers()) <= {None, UNIT}
    frames = [event.frame for event in bench.of(VoiceHeard)]
    assert 100 <= len(frames) <= 108
    assert sum(frame is not None for frame in frames) >= 80


def test_a_second_talker_right_behind_the_first_is_named() -> None:
    bench = client()
    bench.hear(2)
    bench.run(120)
    bench.hear(2, unit=UNIT + 1)
    bench.run(1_000)
    assert bench.talkers()[-1] == UNIT + 1
    assert len(bench.of(TalkEnded)) == 2


def test_a_stream_that_stops_has_ended() -> None:
    bench = client()
    bench.hear(2, end=False)
    bench.run(1_200)
    assert len(bench.of(TalkEnded)) == 1
