"""Rules about simulated links; in a demonstration none of them holds."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dispatch.plans.check import Checker
from gateway.model.plan import Plan
from tests.dispatch.plans.plans import COUNTY, PLAN, REMOTE, with_link, with_talkgroup

CHECKER = Checker()
Case = tuple[str, str, str, Callable[[Plan], Plan]]


def _link(name: str, **values: Any) -> Callable[[Plan], Plan]:
    return lambda plan: with_link(plan, name, **values)


def _beside_a_real_one(plan: Plan) -> Plan:
    station = next(link for link in plan.links if link.id == "pei-1")
    other = replace(station, system=COUNTY, talkgroups=(), group=None)
    return with_link(replace(plan, links=(other, *plan.links[1:])), "dfsi-1", simulated=True)


CASES: list[Case] = [
    ("SIM-1", "link", "dfsi-1", _link("dfsi-1", simulated=True)),
    ("SIM-2", "link", "pei-1", _link("pei-1", port="/dev/pts/7")),
    ("SIM-3", "link", "dfsi-1", _beside_a_real_one),
]


@pytest.mark.parametrize(("rule", "kind", "thing", "change"), CASES, ids=[c[0] for c in CASES])
def test_a_broken_rule_is_told_with_its_object(
    rule: str, kind: str, thing: str, change: Callable[[Plan], Plan]
) -> None:
    found = [f for f in CHECKER.check(change(PLAN)).findings if f.rule == rule]
    assert [(f.kind, f.id) for f in found] == [(kind, thing)]
    shown = Checker(simulated_anywhere=True).check(change(PLAN)).findings
    assert not [f for f in shown if f.rule.startswith("SIM")], "the demo plays on every talkgroup"


def test_a_simulated_link_on_test_talkgroups_is_sound() -> None:
    plan = with_talkgroup(with_link(PLAN, "dfsi-1", simulated=True), REMOTE, test=True)
    assert not [f for f in CHECKER.check(plan).findings if f.rule.startswith("SIM")]
    words = CHECKER.check(with_link(PLAN, "dfsi-1", simulated=True)).errors[0].words
    assert words == (
        "Station 1 is simulated and carries COUNTY 1: "
        "mark them as test talkgroups, or take them from this link"
    )
