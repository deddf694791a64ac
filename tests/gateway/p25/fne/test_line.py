"""A bad network is said in words, together with whatever else is wrong, and only while it lasts."""

import random

import pytest

from gateway.model.ids import MonoMs
from gateway.model.radio import LinkChanged, LinkState
from gateway.p25.fne.calls_in import CallCount
from gateway.p25.fne.line_watch import LineWatch
from gateway.p25.fne.lists import units_payload
from gateway.p25.fne.news import News
from gateway.p25.fne.numbers import Function, MasterList
from tests.gateway.p25.fne.wire import OWN, Sender, Wire, from_master


def call(wire: Wire, how: str, packets: int = 20) -> None:
    """Let a unit talk over a bad network."""
    rng = random.Random(2)
    sender = Sender()
    late = None
    for number in range(packets):
        packet = sender.ldu()
        if how == "lost" and number % 8 == 5:
            wire.run(180)
            continue
        if how == "disordered" and number % 8 == 5:
            late = packet
            wire.run(180)
            continue
        wire.give(packet)
        if how == "twice" and rng.random() < 0.3:
            wire.run(30)
            wire.give(packet)
        if late is not None:
            wire.run(40)
            wire.give(late)
            late = None
        wire.run(180)
    wire.give(sender.end())


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("lost", "got lost"),
        ("twice", "came twice"),
        ("disordered", "came out of order"),
    ],
)
def test_a_bad_network_is_said_and_forgotten(how: str, words: str) -> None:
    wire = Wire().log_in()
    call(wire, how, packets=8)
    said = [reason for reason in wire.reasons() if reason]
    assert said, "within eight packets"
    assert all(words in reason for reason in said)
    assert "of" in said[0]
    assert wire.told(LinkChanged)[-1].state is LinkState.UP
    wire.run(12_000)
    assert wire.reasons()[-1] == ""


def test_a_long_call_over_a_bad_network_is_no_flood_of_news() -> None:
    wire = Wire().log_in()
    wire.events.clear()
    call(wire, "twice", packets=300)
    wire.run(12_000)
    assert 3 <= len(wire.told(LinkChanged)) <= 15


def test_a_good_network_is_not_worth_a_word() -> None:
    wire = Wire().log_in()
    wire.events.clear()
    call(wire, "good", packets=60)
    wire.run(12_000)
    assert wire.told(LinkChanged) == []


def test_a_single_loss_in_a_long_call_is_not_worth_a_word() -> None:
    count = CallCount()
    watch = LineWatch(count)
    for number in range(100):
        count.fed += 1
        count.lost += number == 50
        words = watch.look(MonoMs(180 * number))
    assert words == ""


def test_several_things_are_said_at_once() -> None:
    wire = Wire().log_in()
    wire.give(from_master(Function.MASTER, units_payload((OWN,)), MasterList.BLACKLIST))
    call(wire, "lost")
    assert "blacklist" in wire.reasons()[-1]
    assert "got lost" in wire.reasons()[-1]
    wire.run(12_000)
    assert "blacklist" in wire.reasons()[-1]
    assert "lost" not in wire.reasons()[-1]


def test_the_same_words_are_told_once() -> None:
    news = News()
    assert len(news.say("a", "one")) == 1
    assert news.say("a", "one") == []
    (both,) = news.say("b", "two")
    assert isinstance(both, LinkChanged)
    assert both.reason == "one; two"
    news.forget()
    assert news.say("a", "") == []
