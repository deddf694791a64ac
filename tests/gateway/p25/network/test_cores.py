"""Both roles on a MMDVM network; time is a number."""

import random
from typing import TypeVar

import pytest

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MessageId, MonoMs, RequestId
from gateway.model.radio import (
    CallUp,
    GroupChanged,
    KeyDemand,
    LineSeen,
    LinkChanged,
    LinkState,
    Malformed,
    RadioEvent,
    SendProgress,
    TalkEnded,
    TalkStarted,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)
from gateway.model.unit_acts import CallAlert
from gateway.p25.network.client import GATEWAY, NetworkClient
from gateway.p25.network.core import NetworkCore
from gateway.p25.network.datagrams import decode_datagram
from gateway.p25.network.host import MAX_CLIENTS, NetworkHost
from gateway.p25.talk.port import Datagram, VoiceHeard
from hardware.sim.p25 import reflector_records as wire
from hardware.sim.p25.stage_voice import SimOver

E = TypeVar("E", bound=RadioEvent)
PRESS = RequestId("r-1")
GROUP, UNIT, DESK = 10_001, 1_234_567, 0xFFFFFC
POLL = wire.poll("T3STGW")


class Bench:
    """One core and what came of it."""

    def __init__(self, core: NetworkCore) -> None:
        self.core, self.now = core, 1_000
        self.events: list[RadioEvent] = []
        self.sent: list[tuple[int, Datagram]] = []
        self.echo = isinstance(core, NetworkClient)
        self._took(core.opened(MonoMs(self.now)))

    def _took(self, events: list[RadioEvent]) -> None:
        self.events += events
        for datagram in self.core.outgoing():
            self.sent.append((self.now, datagram))
            if datagram.data[0] == wire.POLL and self.echo:
                self.give(datagram.data)

    def give(self, *data: bytes, port: int = 41_000) -> None:
        for one in data:
            datagram = Datagram(channel="p25net", data=one, port=port)
            self._took(self.core.receive(datagram, MonoMs(self.now)))

    def run(self, for_ms: int) -> None:
        end = self.now + for_ms
        while (due := self.core.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self._took(self.core.tick(MonoMs(self.now)))
        self.now = end

    def hear(
        self, ldus: int = 2, *, port: int = 41_000, unit: int = UNIT, end: bool = True
    ) -> None:
        over = SimOver(group=GROUP, unit=unit)
        for number in range(ldus):
            self.give(*records(over, second=bool(number % 2)), port=port)
            self.run(180)
        if end:
            self.give(wire.end(), port=port)

    def press(self, *, group: int = GROUP, priority: int = 0) -> None:
        wanted = KeyDemand(demand=PRESS, group=group, priority=priority)
        self._took(self.core.demand(wanted, MonoMs(self.now)))

    def talk(self, frames: int) -> None:
        for number in range(frames):
            self.core.send_voice(PRESS, bytes([number]) * 11, MonoMs(self.now))
            self._took([])
            self.run(20)

    def let_go(self, cause: str = "released") -> None:
        self._took(self.core.end(PRESS, cause, MonoMs(self.now)))

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def data(self, port: int | None = None) -> list[bytes]:
        return [one.data for _, one in self.sent if port in (None, one.port)]

    @property
    def state(self) -> LinkState:
        return self.of(LinkChanged)[-1].state

    @property
    def reason(self) -> str:
        return self.of(LinkChanged)[-1].reason

    def talkers(self) -> list[int | None]:
        return [event.talker for event in self.of(TalkStarted)]


def records(over: SimOver | None = None, *, second: bool = False) -> list[bytes]:
    said = over or SimOver(group=GROUP, unit=UNIT)
    return wire.burst(said, [wire.SILENCE] * 9, second=second)


def client(**more: object) -> Bench:
    return Bench(NetworkClient(callsign="T3STGW", own_id=DESK, **more))  # type: ignore[arg-type]  # names of the constructor


def host(*ports: int) -> Bench:
    bench = Bench(NetworkHost(own_id=DESK))
    for port in ports:
        bench.give(wire.poll(f"CALL{port}"), port=port)
    return bench


# ---- client


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


# ---- host


def test_a_client_is_taken_by_its_poll_and_dropped_after_a_minute() -> None:
    bench = host()
    assert bench.reason == "nobody is connected"
    bench.hear(1, port=7)
    bench.run(200)
    assert bench.of(CallUp) == []
    assert any("has not polled" in event.words for event in bench.of(LineSeen))
    bench.give(POLL, port=7)
    assert bench.data(7) == [POLL]
    assert bench.reason == "1 connected: T3STGW"
    bench.run(59_000)
    assert "T3STGW" in bench.reason
    bench.run(1_500)
    assert bench.reason == "nobody is connected"


def test_a_client_that_leaves_is_forgotten_at_once() -> None:
    bench = host(1, 2)
    assert "2 connected" in bench.reason
    bench.give(wire.unlink("CALL1"), port=1)
    assert "1 connected: CALL2" in bench.reason


def test_one_talker_at_a_time_goes_to_all_others_as_it_came() -> None:
    bench = host(1, 2, 3)
    bench.sent.clear()
    first = records()
    bench.give(*first, port=1)
    bench.give(*records(SimOver(group=GROUP, unit=9)), port=2)
    assert bench.data(2) == bench.data(3) == first
    assert bench.data(1) == []
    bench.give(wire.end(), port=1)
    bench.give(wire.end(), port=2)
    bench.run(400)
    assert bench.data(3) == [*first, wire.end()]
    bench.sent.clear()
    bench.give(*first, port=2)
    assert bench.data(1) == first


def test_a_talker_that_stops_is_ended_after_a_second_and_a_half() -> None:
    bench = host(1, 2)
    bench.give(*records(), port=1)
    begun = bench.now
    bench.run(3_000)
    ends = [at for at, one in bench.sent if one.data == wire.end()]
    assert ends == [begun + 1_500]  # to the one who listens
    assert len(bench.of(TalkEnded)) == 1
    bench.sent.clear()
    bench.give(*records(), port=2)
    assert len(bench.data(1)) == 9


def test_a_desk_goes_to_all_and_waits_for_a_talker_unless_it_matters() -> None:
    bench = host(1, 2)
    bench.give(*records(), port=1)
    bench.press()
    assert "CALL1 talks" in bench.of(TxRefused)[0].reason
    bench.sent.clear()
    bench.press(priority=2)
    assert bench.of(TxGranted)
    assert bench.data(2) == [wire.end()]
    bench.give(*records(second=True), port=1)  # it has not noticed yet: not passed on
    bench.talk(9)
    bench.let_go()
    bench.run(300)
    voice = [one for one in bench.data(1) if one[0] in range(wire.FIRST, 0x74)]
    assert len(voice) == 9
    assert bench.data(1)[-1] == bench.data(2)[-1] == wire.end()
    assert bench.core.unkey() is None


def test_nobody_to_talk_to() -> None:
    bench = host()
    bench.press()
    assert "nobody is connected" in bench.of(TxNotSent)[0].reason
    bench.give(POLL, port=1)
    bench.press()
    bench.talk(10)
    bench.give(wire.unlink("T3STGW"), port=1)
    assert [(e.cause) for e in bench.of(TxEnded)] == ["link_lost"]


def test_the_last_client_ends_with_its_own_over() -> None:
    bench = host(1)
    bench.give(*records(), port=1)
    bench.give(wire.unlink("CALL1"), port=1)
    bench.run(500)
    assert len(bench.of(TalkEnded)) == 1


def test_clients_are_bounded() -> None:
    bench = host()
    for port in range(1, MAX_CLIENTS + 50):
        bench.give(wire.poll(f"C{port}"), port=port)
        bench.run(25)
    assert f"{MAX_CLIENTS} connected" in bench.reason
    assert any("is not taken" in event.words for event in bench.of(LineSeen))


def test_one_loud_client_costs_the_others_nothing() -> None:
    bench = host(1, 2)
    for _ in range(300):
        bench.give(*records()[:2], port=1)
    assert "CALL1 sends more" in bench.reason
    bench.give(wire.end(), port=1)
    bench.run(3_200)
    assert "sends more" not in bench.reason
    bench.hear(2, port=2, unit=UNIT + 5)
    bench.run(500)
    assert bench.talkers()[-1] == UNIT + 5


def test_closing_ends_the_talker_for_everybody() -> None:
    bench = host(1, 2)
    bench.give(*records(), port=1)
    bench.run(120)
    bench.sent.clear()
    bench._took(bench.core.lost(MonoMs(bench.now), "closed"))
    assert bench.data(2) == [wire.end()]
    assert bench.state is LinkState.DOWN
    assert bench.of(TalkEnded)


@pytest.mark.parametrize("what", ["client", "host"])
def test_a_flood_is_told_and_forgotten(what: str) -> None:
    bench = client() if what == "client" else host(1)
    for _ in range(3_000):
        bench.give(b"\xa1", port=1)
    assert "dropped" in bench.reason
    assert len(bench.events) < 100
    bench.run(4_000)
    assert "dropped" not in bench.reason
    due = bench.core.deadline()
    assert due is not None
    assert due > bench.now


# ---- datagrams


def test_every_truncation_is_refused_or_read() -> None:
    for record in [*records(), *records(second=True), POLL, wire.unlink("X")]:
        for cut in range(len(record)):
            if record[0] == wire.FIRST + 3 and cut == 4:
                continue  # the short notice of a talkgroup
            with pytest.raises(ProtocolViolation) as fault:
                decode_datagram(record[:cut])
            assert fault.value.offset == cut
