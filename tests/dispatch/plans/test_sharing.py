"""Rows that two plans have alike are one object; nothing else about a plan changes."""

from dataclasses import replace

from dispatch.plans.canonical import PlanShelf, plan_of, plan_text, text_hash
from dispatch.plans.sharing import shared
from tests.dispatch.plans.plans import FIRE, PATROL, PLAN, with_talkgroup, without_talkgroup


def test_equal_rows_become_one_and_the_plan_stays_what_it_is() -> None:
    read = plan_of(plan_text(with_talkgroup(PLAN, FIRE, name="BRAND 9")))
    joined = shared(read, PLAN)
    assert joined == read
    assert joined.units is PLAN.units
    assert [a is b for a, b in zip(joined.talkgroups, PLAN.talkgroups, strict=True)] == [
        True,
        False,
        True,
    ]


def test_removed_added_and_moved_rows() -> None:
    fewer = plan_of(plan_text(without_talkgroup(PLAN, PATROL)))
    assert shared(fewer, PLAN) == fewer
    turned = replace(PLAN, talkgroups=PLAN.talkgroups[::-1])
    joined = shared(plan_of(plan_text(turned)), PLAN)
    assert joined == turned
    assert joined.talkgroups[0] is PLAN.talkgroups[-1]
    assert shared(PLAN, None) is shared(PLAN, PLAN) is PLAN


def test_a_shelf_shares_with_what_it_has() -> None:
    shelf, text = PlanShelf(most=2), plan_text(PLAN)
    first = shelf.read(text_hash(text), text)
    assert shelf.read(text_hash(text), text) is first
    other = plan_text(with_talkgroup(PLAN, FIRE, name="BRAND 9"))
    assert shelf.read(text_hash(other), other).units is first.units
