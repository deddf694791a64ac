"""Where a simulated terminal may stand, and who speaks through it."""

from dataclasses import replace

import pytest

from dispatch.errors import ServiceError
from dispatch.plans.guests import Guests, beside
from dispatch.simulator.fence import (
    FIRST_UNIT,
    UNITS,
    by_exercise_unit,
    exercise_link,
    exercise_units,
    fenced,
    hindrance,
    marked,
    on_link,
)
from dispatch.simulator.ports import Act, Step
from gateway.model.ids import TalkgroupId
from gateway.model.patch_plan import PlanPatch
from gateway.model.plan import Unit
from tests.dispatch.plans.plans import FIRE, PATROL, PLAN, with_link, with_talkgroup

TESTED = with_talkgroup(PLAN, PATROL, test=True)
GROUP = TESTED.talkgroups[0]


def test_only_a_test_talkgroup_takes_a_simulated_terminal() -> None:
    assert "is not a test talkgroup" in hindrance(PLAN, PLAN.talkgroups[0])
    assert hindrance(TESTED, GROUP) == ""


def test_a_patch_would_carry_an_exercise_on_the_air() -> None:
    patch = PlanPatch(id="P1", name="joined", members=(PATROL, FIRE), active=True)
    assert "patch P1" in hindrance(replace(TESTED, patches=(patch,)), GROUP)


def test_a_link_that_cannot_give_the_talkgroup_up_without_a_gap() -> None:
    plan = with_link(TESTED, "pei-1", kind="analogue")
    assert hindrance(plan, GROUP).startswith("Terminal 1 would have to be opened anew")


def test_a_real_unit_with_an_exercise_units_number() -> None:
    unit = Unit(system=GROUP.system, number=FIRST_UNIT + 2, alias="A real one")
    assert "A real one" in hindrance(replace(TESTED, units=(*TESTED.units, unit)), GROUP)


def test_while_an_exercise_link_carries_a_talkgroup_no_other_link_sends_on_it() -> None:
    link = exercise_link(1, "tetra-pei", GROUP)
    assert link.simulated
    plan = beside(TESTED, Guests((link,), exercise_units(link)))
    carrying = [one.id for one in plan.links if GROUP.number in one.talkgroups]
    assert carrying == ["exercise-1"]
    assert plan.links[0].talkgroups == (310201,)
    assert [unit.alias for unit in plan.units[-UNITS:]][:2] == ["EXERCISE 1", "EXERCISE 2"]
    assert beside(TESTED, Guests()) is TESTED


def test_units_of_an_exercise_are_no_others() -> None:
    assert by_exercise_unit(Act(do="talk", unit=3)).unit == FIRST_UNIT + 2
    for unit in (0, UNITS + 1, 1_210_207):
        with pytest.raises(ServiceError, match="exercise unit"):
            by_exercise_unit(Act(do="emergency", unit=unit))
    assert by_exercise_unit(Act(do="outage")).unit == 0


def test_acts_stay_on_the_talkgroups_of_the_link() -> None:
    groups = (PATROL,)
    assert on_link(Act(do="talk"), "T", groups).group == 310112
    with pytest.raises(ServiceError, match="not on group 310201"):
        on_link(Act(do="talk", group=310201), "T", groups)
    with pytest.raises(ServiceError, match="on no talkgroup"):
        on_link(Act(do="talk"), "T", ())
    assert on_link(Act(do="status", value=1), "T", groups).group == 0


def test_words_say_exercise() -> None:
    assert marked(Act(do="text", text="come back")).text == "EXERCISE: come back"


def test_a_scenario_is_brought_inside_the_fence() -> None:
    steps = (
        Step(0, Act(do="talk", group=310201, unit=1_210_207)),
        Step(1, Act(do="talk", group=310301, unit=1_220_101)),
        Step(2, Act(do="status", unit=1_210_207, value=2)),
    )
    inside = fenced(steps, TalkgroupId(PATROL))
    assert [step.act.unit for step in inside] == [1, 2, 1]
    assert [step.act.group for step in inside] == [310112, 310112, 0]
