"""The pair of plans that was compared last is at hand, and no other is taken for it."""

from dataclasses import replace

from dispatch.plans.compare import compare
from dispatch.plans.compared import compared
from dispatch.plans.position_changes import PositionChanges
from tests.dispatch.plans.layouts import BOARDS
from tests.dispatch.plans.plans import FIRE, with_talkgroup


def test_the_last_pair_is_compared_once() -> None:
    after = with_talkgroup(BOARDS, FIRE, name="BRAND 9")
    first = compared(BOARDS, after)
    assert compared(BOARDS, after) is first
    assert first.differences == compare(BOARDS, after)
    changes = PositionChanges(BOARDS, after, first.differences)
    assert [first.lines(one) for one in after.positions] == [
        changes.of(one) for one in after.positions
    ]
    assert any(first.lines(one) for one in after.positions)


def test_another_pair_is_compared_anew_also_the_other_way_round() -> None:
    after = with_talkgroup(BOARDS, FIRE, name="BRAND 9")
    compared(BOARDS, after)
    back = compared(after, BOARDS).differences
    assert [line for line in back.sentences() if "BRAND 9 -> BRAND 1" in line]
    assert compared(BOARDS, replace(after)).differences == compare(BOARDS, after)
    assert compared(BOARDS, BOARDS).differences.empty
