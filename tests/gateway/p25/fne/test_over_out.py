"""Our own overs: what leaves, when, and everything that ends them."""

import pytest

from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import (
    CallDown,
    CallUp,
    KeyDemand,
    LinkChanged,
    LinkState,
    TalkStarted,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)
from gateway.p25.fne import login
from gateway.p25.fne.lists import ListedGroup, groups_payload, units_payload
from gateway.p25.fne.message import LDU1, LDU2, TDU, read_voice
from gateway.p25.fne.numbers import Announcement, Function, MasterList, NakReason, Protocol
from gateway.p25.fne.packet import FnePacket
from gateway.p25.fne.requests import Announced, GrantRequest, InCallControl
from gateway.p25.talk.talk_out import SILENCE
from tests.gateway.p25.fne.wire import OWN, PEER, Sender, Wire, from_master, messages

DEMAND = RequestId("r-1")


def press(wire: Wire, group: int = 10001, priority: int = 0, demand: RequestId = DEMAND) -> None:
    wanted = KeyDemand(demand=demand, group=group, priority=priority)
    wire.take(wire.core.demand(wanted, MonoMs(wire.now)))


def talk(wire: Wire, frames: int, first: int = 0) -> list[bytes]:
    """Give a frame each 20 ms."""
    said = [bytes([1, number % 256]) + bytes(9) for number in range(first, first + frames)]
    for frame in said:
        wire.core.send_voice(DEMAND, frame, MonoMs(wire.now))
        wire.run(20)
    return said


def let_go(wire: Wire, cause: str = "released") -> None:
    wire.take(wire.core.end(DEMAND, cause, MonoMs(wire.now)))


def test_an_over() -> None:
    wire = Wire(system_id=1, wacn=0xBB800).log_in((10001,))
    press(wire)
    assert wire.core.keyed
    (asked,) = wire.of(Function.GRANT_REQUEST)
    request = GrantRequest.decode(asked.payload)
    assert (request.source, request.destination) == (OWN, 10001)
    wire.run(100)
    (granted,) = wire.told(TxGranted)
    (up,) = wire.told(CallUp)
    assert (up.group, up.outgoing, up.instance) == (10001, True, granted.instance)
    assert wire.core.on_air == DEMAND
    said = talk(wire, 40)
    unkey = wire.core.unkey()
    assert unkey is not None
    let_go(wire)
    assert wire.core.on_air is None
    wire.run(400)
    (ended,) = wire.told(TxEnded)
    assert ended.cause == "released"
    assert not wire.core.keyed
    sent = messages(wire)
    assert [message.duid for _, message in sent] == [LDU1, LDU2, LDU1, LDU2, LDU1, TDU]
    assert [packet.sequence for packet, _ in sent] == [0, 1, 2, 3, 4, 0xFFFF]
    assert len({packet.stream for packet, _ in sent} | {asked.stream}) == 1
    voice = [frame for _, message in sent[:-1] for frame in read_voice(message).voice]
    assert voice == said + [SILENCE] * 5
    for packet, message in sent:
        assert (packet.peer, packet.ssrc, packet.sub_function) == (PEER, PEER, Protocol.P25)
        assert (message.source, message.destination) == (OWN, 10001)
        assert (message.system, message.wacn) == (1, 0xBB800)
    assert sent[0][1].grant_demand
    assert not any(message.grant_demand for _, message in sent[1:])
    header = read_voice(sent[0][1]).header
    assert header is not None
    assert header.clear
    assert read_voice(sent[2][1]).header is None
    assert len(sent[0][0].payload) == 201
    assert len(sent[1][0].payload) == 189
    assert len(sent[-1][0].payload) == 32
    # the guard's datagram is the end that we send ourselves
    assert FnePacket.decode(unkey.data).payload == sent[-1][0].payload
    assert wire.core.unkey() is None
    wire.run(4_000)
    assert len(wire.told(CallDown)) == 1


def test_voice_leaves_no_faster_than_it_is_spoken() -> None:
    wire = Wire().log_in()
    press(wire)
    wire.run(100)
    for _ in range(27):
        wire.core.send_voice(DEMAND, bytes(11), MonoMs(wire.now))
    wire.take([])
    assert len(messages(wire)) == 1
    wire.run(179)
    assert len(messages(wire)) == 1
    wire.run(1)
    assert len(messages(wire)) == 2
    wire.run(180)
    assert len(messages(wire)) == 3


def test_an_emergency_is_in_the_service_options() -> None:
    wire = Wire().log_in()
    press(wire, priority=3)
    wire.run(100)
    talk(wire, 10)
    let_go(wire)
    wire.run(400)
    (up,) = wire.told(CallUp)
    assert up.emergency
    assert read_voice(messages(wire)[0][1]).word[2] & 0x80


@pytest.mark.parametrize("cause", ["withdrawn", "link_lost", "preempted"])
def test_any_other_end_drops_what_waits(cause: str) -> None:
    wire = Wire().log_in()
    press(wire)
    wire.run(100)
    talk(wire, 14)
    let_go(wire, cause)
    assert [message.duid for _, message in messages(wire)] == [LDU1, TDU]
    assert wire.told(TxEnded)[-1].cause == cause
    assert not wire.core.keyed


def test_a_press_let_go_before_the_answer_gives_the_channel_back() -> None:
    wire = Wire().log_in()
    press(wire)
    let_go(wire)
    assert [message.duid for _, message in messages(wire)] == [TDU]
    wire.run(1_000)
    assert wire.told(TxGranted) == []
    assert wire.told(CallUp) == []
    assert not wire.core.keyed


def test_a_press_without_a_word() -> None:
    wire = Wire().log_in()
    press(wire)
    wire.run(100)
    let_go(wire)
    wire.run(500)
    assert [message.duid for _, message in messages(wire)] == [TDU]
    assert [one.cause for one in wire.told(TxEnded)] == ["released"]


def test_nothing_is_said_while_somebody_talks() -> None:
    wire = Wire().log_in()
    wire.give(Sender(source=77).ldu())
    press(wire)
    (refused,) = wire.told(TxRefused)
    assert refused.reason == "unit 77 is talking"
    assert not wire.core.keyed
    assert wire.of(Function.GRANT_REQUEST) == []
    press(wire, group=10002, demand=RequestId("r-2"))
    wire.run(100)
    assert [one.demand for one in wire.told(TxGranted)] == ["r-2"]


def test_who_begins_before_our_grant_is_first() -> None:
    wire = Wire().log_in()
    press(wire)
    wire.run(50)
    wire.give(Sender(source=77).ldu())
    wire.run(500)
    (refused,) = wire.told(TxRefused)
    assert "unit 77 was first" in refused.reason
    assert [one.talker for one in wire.told(TalkStarted)] == [77]


def test_the_master_keeps_somebody_else() -> None:
    wire = Wire().log_in()
    press(wire)
    wire.run(100)
    talk(wire, 5)
    sender = Sender(source=77)
    wire.give(sender.ldu())
    assert wire.core.keyed
    wire.run(180)
    wire.give(sender.ldu())
    (ended,) = wire.told(TxEnded)
    assert (ended.cause, ended.talker) == ("preempted", 77)
    wire.run(180)
    wire.give(sender.ldu())
    wire.run(1_000)
    assert [one.talker for one in wire.told(TalkStarted)] == [77]
    assert not wire.core.keyed


def test_stragglers_of_the_last_over_do_not_cost_ours() -> None:
    wire = Wire().log_in()
    sender = Sender(source=77)
    wire.give(sender.ldu())
    wire.run(180)
    wire.give(sender.end())
    wire.run(150)
    press(wire)
    wire.give(sender.ldu())
    wire.give(sender.ldu())
    wire.run(100)
    assert len(wire.told(TxGranted)) == 1


def test_our_over_joins_the_call_that_is_up() -> None:
    wire = Wire().log_in()
    sender = Sender(source=77)
    wire.give(sender.ldu())
    wire.run(180)
    wire.give(sender.end())
    wire.run(500)
    press(wire)
    wire.run(100)
    (up,) = wire.told(CallUp)
    assert wire.told(TxGranted)[0].instance == up.instance
    talk(wire, 300)
    assert wire.told(CallDown) == []


@pytest.mark.parametrize("after_ms", [20, 300])
def test_in_call_control_is_a_no(after_ms: int) -> None:
    wire = Wire().log_in()
    press(wire)
    wire.run(after_ms)
    control = InCallControl(command=1, destination=10001)
    other = InCallControl(command=1, destination=10002)
    none = InCallControl(command=0xFF, destination=10001)
    wire.give(from_master(Function.IN_CALL_CONTROL, other.encode()))
    wire.give(from_master(Function.IN_CALL_CONTROL, none.encode()))
    assert wire.core.keyed
    wire.give(from_master(Function.IN_CALL_CONTROL, control.encode()))
    if after_ms < 100:
        (refused,) = wire.told(TxRefused)
        assert "in-call control 01" in refused.reason
    else:
        (ended,) = wire.told(TxEnded)
        assert ended.cause == "withdrawn"
        assert "in-call control 01" in ended.reason
    assert not wire.core.keyed


def test_a_no_to_the_mode_ends_the_over() -> None:
    wire = Wire().log_in()
    press(wire)
    wire.run(20)
    wire.give(from_master(Function.NAK, login.nak_payload(PEER, NakReason.MODE_NOT_ENABLED)))
    (refused,) = wire.told(TxRefused)
    assert refused.reason == "P25 is not enabled at the master"
    last = wire.told(LinkChanged)[-1]
    assert (last.state, last.reason) == (LinkState.UP, refused.reason)


def listed(which: MasterList, *groups: int, flags: int = 1) -> FnePacket:
    entries = tuple(ListedGroup(number=group, flags=flags) for group in groups)
    return from_master(Function.MASTER, groups_payload(entries), which)


def test_a_deactivated_talkgroup_is_refused_in_words() -> None:
    wire = Wire().log_in((10001, 10002))
    wire.give(listed(MasterList.DEACTIVATED_GROUPS, 10001))
    press(wire)
    assert wire.told(TxRefused)[0].reason == "talkgroup 10001 is deactivated at the master"
    wire.give(listed(MasterList.ACTIVE_GROUPS, 10001))
    press(wire, demand=RequestId("r-2"))
    assert wire.core.keyed


def test_a_talkgroup_that_is_deactivated_while_we_talk() -> None:
    wire = Wire().log_in((10001,))
    press(wire)
    wire.run(100)
    wire.give(listed(MasterList.DEACTIVATED_GROUPS, 10001))
    (ended,) = wire.told(TxEnded)
    assert "deactivated" in ended.reason


def test_a_talkgroup_that_the_master_does_not_know() -> None:
    wire = Wire().log_in((10001,))
    press(wire, group=4)
    assert "not among the active" in wire.told(TxRefused)[0].reason


def test_a_list_that_comes_again_takes_the_place_of_the_last_one() -> None:
    wire = Wire().log_in((10001, 10002))
    wire.give(listed(MasterList.ACTIVE_GROUPS, 10003))  # a second piece
    assert wire.core._access.active.keys() == {10001, 10002, 10003}
    wire.run(600_000)
    wire.give(listed(MasterList.ACTIVE_GROUPS, 10002))
    press(wire)
    assert "not among the active" in wire.told(TxRefused)[0].reason


def test_our_unit_on_the_blacklist() -> None:
    wire = Wire().log_in()
    black = units_payload((5, OWN))
    wire.give(from_master(Function.MASTER, black, MasterList.BLACKLIST))
    assert "blacklist" in wire.reasons()[-1]
    press(wire)
    assert "blacklist" in wire.told(TxRefused)[0].reason
    white = units_payload((OWN,))
    wire.give(from_master(Function.MASTER, white, MasterList.WHITELIST))
    assert wire.reasons()[-1] == ""
    press(wire, demand=RequestId("r-2"))
    assert wire.core.keyed


def test_lists_are_forgotten_at_a_new_login() -> None:
    wire = Wire().log_in((10001,))
    wire.give(listed(MasterList.DEACTIVATED_GROUPS, 10001))
    wire.give(from_master(Function.MASTER_DISCONNECT))
    wire.log_in()
    press(wire)
    assert wire.core.keyed


def test_we_affiliate_where_the_master_asks_for_it() -> None:
    wire = Wire(talkgroups=(10001, 10002)).log_in((10002,))
    assert wire.of(Function.ANNOUNCE) == []
    for _ in range(2):
        wire.give(listed(MasterList.ACTIVE_GROUPS, 10001, flags=0x41))
    (said,) = wire.of(Function.ANNOUNCE)
    assert said.sub_function == Announcement.AFFILIATION
    assert Announced.decode(said.payload, said.sub_function) == Announced(unit=OWN, group=10001)
    wire.take(wire.core.lost(MonoMs(wire.now), "closed"))
    assert wire.of(Function.ANNOUNCE)[-1].sub_function == Announcement.UNAFFILIATION


def test_one_desk_on_a_talkgroup_and_no_private_calls() -> None:
    wire = Wire().log_in()
    press(wire)
    press(wire, demand=RequestId("r-2"))
    private = KeyDemand(demand=RequestId("r-3"), group=0, individual=4)
    wire.take(wire.core.demand(private, MonoMs(wire.now)))
    assert [one.demand for one in wire.told(TxNotSent)] == ["r-2", "r-3"]
    assert wire.told(TxNotSent)[0].reason == "another desk talks on this talkgroup"


def test_desks_talk_on_several_talkgroups_at_once() -> None:
    wire = Wire().log_in()
    demands = {RequestId(f"r-{group}"): group for group in (1, 2, 3, 4)}
    for demand, group in demands.items():
        press(wire, group=group, demand=demand)
        wire.run(30)
    press(wire, group=5, demand=RequestId("r-5"))
    assert [one.demand for one in wire.told(TxNotSent)] == ["r-5"]
    wire.run(100)
    assert len({one.instance for one in wire.told(TxGranted)}) == 4
    assert all(wire.core.talks(demand) for demand in demands)
    unkeys = {one.data for one in wire.core.unkeys()}
    for number in range(30):
        for demand, group in demands.items():
            wire.core.send_voice(demand, bytes([group, number]) + bytes(9), MonoMs(wire.now))
        wire.run(20)
    assert {one.data for one in wire.core.unkeys()} == unkeys
    wire.give(
        from_master(Function.IN_CALL_CONTROL, InCallControl(command=1, destination=2).encode())
    )
    assert [one.demand for one in wire.told(TxEnded)] == ["r-2"]
    for demand in demands:
        wire.take(wire.core.end(demand, "released", MonoMs(wire.now)))
    wire.run(500)
    assert len(wire.told(TxEnded)) == 4
    assert not wire.core.keyed
    for group in (1, 3, 4):
        said = [m for _, m in messages(wire) if m.destination == group]
        assert [m.duid for m in said] == [LDU1, LDU2, LDU1, LDU2, TDU]
        voice = [frame for m in said[:-1] for frame in read_voice(m).voice]
        assert voice[:30] == [bytes([group, number]) + bytes(9) for number in range(30)]


def test_an_echo_of_our_own_voice_is_nobodys_call() -> None:
    wire = Wire().log_in()
    press(wire)
    wire.run(100)
    talk(wire, 20)
    let_go(wire)
    wire.run(400)
    for packet, _ in messages(wire)[:2]:
        wire.give(packet)
    wire.run(1_000)
    assert wire.told(TalkStarted) == []


def test_a_parrot_plays_our_over_back_under_its_number() -> None:
    wire = Wire().log_in()
    press(wire)
    wire.run(100)
    talk(wire, 18)
    let_go(wire)
    wire.run(2_500)
    for packet, _ in messages(wire):
        wire.give(packet)
        wire.run(180)
    wire.run(500)
    assert [one.talker for one in wire.told(TalkStarted)] == [OWN]


def test_a_denial_of_the_channel() -> None:
    wire = Wire().log_in()
    press(wire)
    wire.run(20)
    wire.give(Sender(source=OWN).end(control=0x40))
    (refused,) = wire.told(TxRefused)
    assert refused.reason == "the master denies the channel"


def test_the_lists_outlive_a_silence() -> None:
    wire = Wire().log_in((10001,))
    wire.pongs = False
    wire.run(9_000)
    assert wire.told(LinkChanged)[-1].state is LinkState.DOWN
    wire.pongs = True
    wire.run(3_000)
    assert wire.told(LinkChanged)[-1].state is LinkState.UP
    press(wire, group=4)
    assert "not among the active" in wire.told(TxRefused)[0].reason


def test_the_wrapping_goes_both_ways() -> None:
    from gateway.p25.fne.wrapper import Wrapper
    from gateway.p25.talk.port import Datagram

    key = bytes(range(32))
    wire = Wire(key=key)
    wrapper = Wrapper(key)
    wire.core.opened(MonoMs(0))
    (first,) = wire.core.outgoing()
    assert FnePacket.decode(wrapper.unwrap(first.data)).function == Function.LOGIN
    ack = from_master(Function.ACK, login.ack_payload(PEER, salt=b"abcd")).encode()
    events = wire.core.receive(Datagram(channel="fne", data=ack), MonoMs(0))
    assert "expected C0FE" in repr(events)
    wire.core.receive(Datagram(channel="fne", data=wrapper.wrap(ack)), MonoMs(0))
    (second,) = wire.core.outgoing()
    assert FnePacket.decode(wrapper.unwrap(second.data)).function == Function.AUTHORISE
    plain = Wire()
    plain.take(plain.core.opened(MonoMs(0)))
    plain.raw(wrapper.wrap(ack))
    assert "this link has no key" in repr(plain.events)
