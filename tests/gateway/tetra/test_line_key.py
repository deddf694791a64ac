"""A terminal keyed by its PTT contact: what the line does and what the engine is told."""

import pytest

from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import (
    CallDown,
    CallUp,
    GroupChanged,
    KeyDemand,
    LinkChanged,
    LinkState,
    RadioEvent,
    TalkEnded,
    TalkStarted,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)
from gateway.tetra.line_key import ANSWER_MS, MAX_KEY_MS, NO_ANSWER, LineKey

PRESS = RequestId("r-1")
GROUP, OTHER, OWN, UNIT = 310201, 310202, 1299001, 1210204
NOW = MonoMs(1000)


def at(later_ms: int) -> MonoMs:
    return MonoMs(NOW + later_ms)


def ready(tail_ms: int = 0) -> LineKey:
    key = LineKey(tail_ms)
    up = LinkChanged(state=LinkState.UP, own_number=OWN)
    assert key.heard([up, GroupChanged(number=GROUP)]) == [up, GroupChanged(number=GROUP)]
    return key


def pressed(tail_ms: int = 0) -> LineKey:
    key = ready(tail_ms)
    assert key.demand(KeyDemand(demand=PRESS, group=GROUP), NOW) == []
    assert key.key_wanted
    return key


def on_air(tail_ms: int = 0) -> LineKey:
    key = pressed(tail_ms)
    up = CallUp(instance=1, group=GROUP, caller=OWN)
    told = key.heard([up, TalkStarted(instance=1, talker=OWN)])
    assert told == [up, TxGranted(demand=PRESS, instance=1)]
    assert key.on_air == PRESS
    return key


def test_grant_is_what_the_radio_says_of_itself() -> None:
    key = on_air()
    assert key.heard([TalkStarted(instance=1, talker=OWN)]) == []
    assert key.end(PRESS, "released", at(500)) == [TxEnded(demand=PRESS, cause="released")]
    assert not key.key_wanted
    assert key.heard([TalkEnded(instance=1)]) == [], "our own end was told already"


def test_tail_after_a_normal_release_only() -> None:
    key = on_air(tail_ms=40)
    assert key.end(PRESS, "released", at(500)) == []
    assert key.key_wanted
    assert key.on_air is None
    assert key.deadline() == at(540)
    assert key.tick(at(540)) == [TxEnded(demand=PRESS, cause="released")]
    key = on_air(tail_ms=40)
    assert key.end(PRESS, "lease", at(500)) == [TxEnded(demand=PRESS, cause="failed")]
    assert not key.key_wanted


def test_radio_that_says_nothing_is_unkeyed() -> None:
    key = pressed()
    assert key.tick(at(ANSWER_MS - 1)) == []
    assert key.tick(at(ANSWER_MS)) == [TxRefused(demand=PRESS, reason=NO_ANSWER)]
    assert not key.key_wanted


def test_key_time_out() -> None:
    key = on_air()
    assert key.tick(at(MAX_KEY_MS - 1)) == []
    (ended,) = key.tick(at(MAX_KEY_MS))
    assert isinstance(ended, TxEnded)
    assert not key.key_wanted


@pytest.mark.parametrize(
    ("event", "cause"),
    [
        (GroupChanged(number=OTHER), "moved"),
        (GroupChanged(number=None), "moved"),
        (CallUp(instance=2, group=OTHER), "moved"),
        (TalkStarted(instance=1, talker=UNIT), "preempted"),
        (CallDown(instance=1, cause="released"), "failed"),
        (LinkChanged(state=LinkState.DOWN, reason="cable"), "link_lost"),
        (LinkChanged(state=LinkState.UNREGISTERED), "link_lost"),
    ],
)
def test_what_takes_the_line_back(event: RadioEvent, cause: str) -> None:
    key = on_air()
    ended, told = key.heard([event])
    assert told == event
    assert isinstance(ended, TxEnded)
    assert ended.cause == cause
    assert not key.key_wanted


def test_radio_that_ends_by_itself() -> None:
    key = on_air()
    (ended,) = key.heard([TalkEnded(instance=1)])
    assert isinstance(ended, TxEnded)
    assert ended.cause == "failed"


def test_never_elsewhere() -> None:
    key = ready()
    wanted = KeyDemand(demand=PRESS, group=OTHER)
    assert key.demand(wanted, NOW) == [
        TxNotSent(demand=PRESS, reason=f"radio is on {GROUP}", radio_group=GROUP)
    ]
    key.heard([CallUp(instance=3, group=OTHER)])
    (refused,) = key.demand(KeyDemand(demand=PRESS, group=GROUP), NOW)
    assert refused == TxNotSent(demand=PRESS, reason=f"radio is on {OTHER}", radio_group=OTHER)
    assert not key.key_wanted


def test_not_ready_private_and_twice() -> None:
    (refused,) = LineKey().demand(KeyDemand(demand=PRESS, group=GROUP), NOW)
    assert isinstance(refused, TxNotSent)
    key = ready()
    (refused,) = key.demand(KeyDemand(demand=PRESS, group=GROUP, individual=1), NOW)
    assert isinstance(refused, TxNotSent)
    assert "group only" in refused.reason
    key = on_air()
    (refused,) = key.demand(KeyDemand(demand=RequestId("r-2"), group=GROUP), NOW)
    assert isinstance(refused, TxNotSent)
    assert key.on_air == PRESS
    assert key.end(RequestId("r-2"), "released", NOW) == []


def test_line_that_cannot_be_set() -> None:
    assert pressed().key_failed("no port") == [TxNotSent(demand=PRESS, reason="no port")]
    (ended,) = on_air().key_failed("the adapter is gone")
    assert isinstance(ended, TxEnded)
    assert ready().key_failed("nothing asked") == []


def test_others_and_the_radios_own_handset_are_heard() -> None:
    key = ready()
    heard = [
        CallUp(instance=1, group=GROUP, caller=UNIT),
        TalkStarted(instance=1, talker=UNIT),
        TalkEnded(instance=1),
        TalkStarted(instance=1, talker=OWN),
        TalkEnded(instance=1),
        CallDown(instance=1),
    ]
    assert key.heard(heard) == heard


def test_next_talker_after_ours_is_ended_as_usual() -> None:
    key = on_air()
    key.end(PRESS, "released", at(10))
    events = [TalkStarted(instance=1, talker=UNIT), TalkEnded(instance=1)]
    assert key.heard(events) == events
