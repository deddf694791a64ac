"""A reflector of our own: clients, one talker at a time, floods; damaged datagrams."""

import pytest

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MonoMs
from gateway.model.radio import (
    CallUp,
    LineSeen,
    LinkState,
    TalkEnded,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)
from gateway.p25.network.datagrams import decode_datagram
from gateway.p25.network.host import MAX_CLIENTS
from gateway.p25.talk.port import VoiceHeard
from hardware.sim.p25 import reflector_records as wire
from hardware.sim.p25.stage_voice import SimOver
from tests.gateway.p25.network.bench import GROUP, POLL, UNIT, client, host, records


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


@pytest.mark.parametrize("late", [0, 1, 8])
def test_a_record_that_its_end_has_overtaken_makes_no_talker(late: int) -> None:
    bench = host(1, 2)
    first, second = records(second=True), records()
    bench.give(*first, *[one for one in second if one is not second[late]], port=1)
    bench.give(wire.end(), port=1)
    bench.run(40)
    bench.give(second[late], port=1)
    assert bench.data(2)[-1] == wire.end()
    bench.run(500)
    assert len([event for event in bench.of(VoiceHeard) if event.frame]) == 18
    bench.press()
    assert bench.of(TxGranted)
    assert len(bench.of(TalkEnded)) == 1


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
