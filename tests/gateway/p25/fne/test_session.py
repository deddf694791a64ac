"""Login, every way in which it fails, and what silence means."""

import hashlib
import itertools

import pytest

from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import (
    CallDown,
    KeyDemand,
    LineSeen,
    LinkChanged,
    LinkState,
    Malformed,
    TxEnded,
    TxNotSent,
)
from gateway.p25.fne import login
from gateway.p25.fne.numbers import NAK_WORDS, Function, NakReason
from gateway.p25.fne.packet import FnePacket
from gateway.p25.fne.session import Secret
from tests.gateway.p25.fne.wire import (
    PASSWORD,
    PEER,
    SALT,
    Sender,
    Wire,
    entries,
    from_master,
    new_core,
)

HOUR = 3_600_000


def test_the_captured_login_ends_in_the_same_authorisation() -> None:
    wire = Wire()
    wire.take(wire.core.opened(MonoMs(wire.now)))
    for row in entries("fne_login"):
        if row["dir"] == "master->peer":
            wire.raw(bytes.fromhex(row["udp"]))
    captured = {
        row["name"]: FnePacket.decode(bytes.fromhex(row["udp"])).payload
        for row in entries("fne_login")
    }
    asked, proved, said = wire.sent[:3]
    assert (asked.function, asked.sequence, asked.payload) == (0x60, 0, captured["RPTL"])
    assert (proved.function, proved.sequence, proved.payload) == (0x61, 1, captured["RPTK"])
    assert (said.function, said.sequence) == (0x62, 0xFFFF)
    assert asked.stream == proved.stream == said.stream
    assert [one.state for one in wire.told(LinkChanged)] == [LinkState.STARTING, LinkState.UP]
    assert wire.told(Malformed) == []
    assert wire.core._access.active.keys() == {1, 9990, 5, 65535}


def test_what_we_sent_to_a_real_master_is_what_we_send() -> None:
    rows = [row for row in entries("fne_dvmfne") if row["dir"] == "peer->master"]
    sent = [FnePacket.decode(bytes.fromhex(row["udp"])) for row in rows]
    wire = Wire(peer_id=100300, own_id=3000001, identity="T100300")
    wire.take(wire.core.opened(MonoMs(wire.now)))
    for row in entries("fne_dvmfne"):
        if row["dir"] == "master->peer":
            wire.raw(bytes.fromhex(row["udp"]))
    assert [one.payload for one in wire.sent[:3]] == [one.payload for one in sent[:3]]
    assert [one.sequence for one in wire.sent[:3]] == [one.sequence for one in sent[:3]]


def test_pings_and_stays_up() -> None:
    wire = Wire().log_in()
    wire.events.clear()
    wire.run(60_000)
    assert 11 <= len(wire.of(Function.PING)) <= 12
    ping = wire.of(Function.PING)[0]
    assert (ping.payload, ping.sequence) == (b"\0", 0xFFFF)
    assert wire.told(LinkChanged) == []


@pytest.mark.parametrize("stage", ["RPTL", "RPTK", "RPTC", "running"])
@pytest.mark.parametrize("reason", list(NakReason))
def test_each_no_is_said_in_words_within_a_moment(stage: str, reason: NakReason) -> None:
    wire = Wire()
    wire.take(wire.core.opened(MonoMs(wire.now)))
    if stage != "RPTL":
        wire.give(from_master(Function.ACK, login.ack_payload(PEER, salt=SALT)))
    if stage in ("RPTC", "running"):
        wire.give(from_master(Function.ACK, login.ack_payload(PEER)))
    if stage == "running":
        wire.give(from_master(Function.ACK, login.ack_payload(PEER, flags=0)))
    wire.give(from_master(Function.NAK, login.nak_payload(PEER, reason)))
    last = wire.told(LinkChanged)[-1]
    assert last.reason.startswith(NAK_WORDS[reason])
    if stage != "running" or reason in (3, 4, 6, 7, 8, 9):
        assert last.state is LinkState.DOWN
        wire.take(wire.core.demand(KeyDemand(demand=RequestId("r"), group=1), MonoMs(wire.now)))
        (answer,) = wire.told(TxNotSent)
        assert answer.reason == last.reason


def test_a_wrong_password_does_not_hammer() -> None:
    wire = Wire()
    wire.take(wire.core.opened(MonoMs(wire.now)))
    proofs: list[int] = []
    end = wire.now + 24 * HOUR
    while wire.now < end:
        wire.give(from_master(Function.ACK, login.ack_payload(PEER, salt=SALT)))
        if len(wire.of(Function.AUTHORISE)) > len(proofs):
            proofs.append(wire.now)
            wire.give(from_master(Function.NAK, login.nak_payload(PEER, NakReason.UNAUTHORISED)))
        wire.run(1_000)
    assert [b - a for a, b in itertools.pairwise(proofs)][:4] == [
        pytest.approx(ms, abs=1_000) for ms in (30_000, 60_000, 120_000, 240_000)
    ]
    assert len(proofs) <= 5 + 24 * 4
    assert all("wrong password" in one for one in wire.reasons() if one)


def test_reason_7_is_never_tried_again_but_by_hand() -> None:
    wire = Wire()
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.give(from_master(Function.NAK, login.nak_payload(PEER, NakReason.ACCESS_REFUSED)))
    asked = len(wire.sent)
    wire.run(24 * HOUR)
    wire.give(from_master(Function.ACK, login.ack_payload(PEER, salt=SALT)))
    assert len(wire.sent) == asked
    assert "not asked again" in wire.reasons()[-1]
    wire.take(wire.core.lost(MonoMs(wire.now), "restarted"))
    wire.take(wire.core.opened(MonoMs(wire.now)))
    assert len(wire.of(Function.LOGIN)) == 2


def test_a_success_makes_the_next_refusal_short_again() -> None:
    wire = Wire()
    wire.take(wire.core.opened(MonoMs(wire.now)))
    for _ in range(4):
        wire.give(from_master(Function.NAK, login.nak_payload(PEER, NakReason.BAD_STATE)))
        wire.run(60_000)
    wire.give(from_master(Function.ACK, login.ack_payload(PEER, salt=SALT)))
    wire.give(from_master(Function.ACK, login.ack_payload(PEER)))
    wire.give(from_master(Function.ACK, login.ack_payload(PEER, flags=0)))
    wire.give(from_master(Function.NAK, login.nak_payload(PEER, NakReason.BAD_STATE)))
    assert wire.reasons()[-1].endswith("tried again in 2 s")


def test_a_no_for_another_peer_is_not_ours() -> None:
    wire = Wire().log_in()
    wire.give(from_master(Function.NAK, login.nak_payload(PEER + 1, NakReason.UNAUTHORISED)))
    assert wire.told(LinkChanged)[-1].state is LinkState.UP


def test_an_unknown_reason_is_said_with_its_number() -> None:
    wire = Wire().log_in()
    wire.give(from_master(Function.NAK, login.nak_payload(PEER, 4711)))
    assert "4711" in wire.reasons()[-1]
    assert wire.told(LinkChanged)[-1].state is LinkState.UP


def test_a_silent_master_is_asked_ever_more_rarely_and_said_once() -> None:
    wire = Wire()
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(2_000)
    assert wire.reasons()[-1] == "the master does not answer"
    wire.run(HOUR)
    assert wire.reasons().count("the master does not answer") == 1
    assert 120 <= len(wire.of(Function.LOGIN)) <= 130
    wire.log_in()
    assert wire.told(LinkChanged)[-1].state is LinkState.UP


@pytest.mark.parametrize("times", [2, 3])
def test_answers_that_come_twice(times: int) -> None:
    wire = Wire()
    wire.take(wire.core.opened(MonoMs(wire.now)))
    for payload in (
        login.ack_payload(PEER, salt=SALT),
        login.ack_payload(PEER),
        login.ack_payload(PEER, flags=0),
    ):
        for _ in range(times):
            wire.give(from_master(Function.ACK, payload))
        wire.run(50)
    kinds = [one.function for one in wire.sent]
    assert kinds == [Function.LOGIN, Function.AUTHORISE, Function.CONFIGURE]
    assert wire.told(LinkChanged)[-1].state is LinkState.UP


def test_a_lost_answer_begins_again() -> None:
    wire = Wire()
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.give(from_master(Function.ACK, login.ack_payload(PEER, salt=SALT)))
    wire.run(2_000)
    assert len(wire.of(Function.LOGIN)) == 2
    wire.give(from_master(Function.ACK, login.ack_payload(PEER, salt=b"abcd")))
    proof = wire.of(Function.AUTHORISE)[-1].payload
    assert proof[8:] == hashlib.sha256(b"abcd" + PASSWORD).digest()


def test_four_fruitless_pings_begin_a_new_login() -> None:
    wire = Wire().log_in()
    wire.pongs = False
    wire.run(5_000 + 2_000)
    assert wire.told(LinkChanged)[-1].state is LinkState.DOWN
    assert wire.reasons()[-1] == "the master does not answer"
    assert len(wire.of(Function.LOGIN)) == 1
    wire.run(18_500)
    assert len(wire.of(Function.LOGIN)) == 2
    assert "4 pings" in wire.reasons()[-1]


def test_a_master_that_comes_back_in_time_keeps_the_session() -> None:
    wire = Wire().log_in()
    wire.pongs = False
    wire.run(12_000)
    wire.pongs = True
    wire.run(8_000)
    assert wire.told(LinkChanged)[-1].state is LinkState.UP
    assert len(wire.of(Function.LOGIN)) == 1


def test_one_lost_pong_is_no_news() -> None:
    wire = Wire().log_in()
    wire.events.clear()
    wire.pongs = False
    wire.run(5_100)
    wire.pongs = True
    wire.run(20_000)
    assert wire.told(LinkChanged) == []


def test_gone_in_mid_call_is_said_within_two_seconds() -> None:
    wire = Wire().log_in()
    sender = Sender()
    for _ in range(4):
        wire.give(sender.ldu())
        wire.run(180)
    wire.pongs = False
    wire.run(1_820)
    assert wire.told(LinkChanged)[-1].state is LinkState.DOWN
    assert wire.told(CallDown)[-1].cause == "the master does not answer"


def test_gone_while_we_talk_is_said_within_two_seconds_and_nothing_stays_keyed() -> None:
    wire = Wire().log_in()
    demand = RequestId("r-1")
    wire.take(wire.core.demand(KeyDemand(demand=demand, group=10001), MonoMs(wire.now)))
    wire.run(200)
    for _ in range(50):
        wire.core.send_voice(demand, bytes(11), MonoMs(wire.now))
        wire.run(20)
    wire.pongs = False
    for _ in range(90):
        wire.core.send_voice(demand, bytes(11), MonoMs(wire.now))
        wire.run(20)
    (ended,) = wire.told(TxEnded)
    assert (ended.cause, ended.reason) == ("link_lost", "the master does not answer")
    assert not wire.core.keyed
    assert wire.core.unkey() is None
    assert wire.sent[-1].function != Function.PROTOCOL or wire.sent[-1].sequence == 0xFFFF


def test_the_master_says_goodbye() -> None:
    wire = Wire().log_in()
    wire.give(from_master(Function.MASTER_DISCONNECT))
    assert wire.told(LinkChanged)[-1].state is LinkState.DOWN
    assert "ended the connection" in wire.reasons()[-1]
    wire.run(5_000)
    assert len(wire.of(Function.LOGIN)) == 2


def test_we_say_goodbye() -> None:
    wire = Wire().log_in()
    wire.take(wire.core.lost(MonoMs(wire.now), "closed"))
    assert len(wire.of(Function.PEER_DISCONNECT)) == 1
    assert wire.core.deadline() is None


def test_no_secret_is_shown_anywhere() -> None:
    wire = Wire().log_in()
    proof = wire.of(Function.AUTHORISE)[0].payload[8:].hex()
    shown = " ".join(f"{event!r}" for event in wire.events)
    for secret in (PASSWORD.decode(), PASSWORD.hex(), proof, proof[:8]):
        assert secret not in shown
    assert any("not shown" in line.raw for line in wire.told(LineSeen))
    assert PASSWORD.decode() not in repr(wire.core)
    assert PASSWORD.decode() not in repr(vars(wire.core._session))
    assert repr(Secret(b"x")) == "Secret(not shown)"


def test_settings_that_cannot_work_are_refused() -> None:
    for wrong in ({"peer_id": 0}, {"password": b""}, {"key": b"short"}):
        with pytest.raises(ValueError, match="expected"):
            new_core(**wrong)
