"""What an activation would do to patches, told beforehand."""

from dataclasses import replace

from dispatch.plans.simulate import simulate
from dispatch.plans.usage import Usage
from gateway.model.patch_plan import PlanPatch
from tests.dispatch.plans.plans import FIRE, PATROL, PLAN, REMOTE

P1 = PlanPatch(id="P1", name="Fire and county", members=(FIRE, REMOTE), active=True)
P2 = PlanPatch(id="P2", name="Patrol", members=(PATROL, REMOTE))


def test_patches_that_are_made_changed_and_ended_are_told() -> None:
    def told(before: tuple[PlanPatch, ...], after: tuple[PlanPatch, ...]) -> list[str]:
        old, new = replace(PLAN, patches=before), replace(PLAN, patches=after)
        return [f"{one.label} {one.what}" for one in simulate(old, new, Usage()).patches]

    assert told((), (P1, P2)) == ["P1 is made: BRAND 1 + COUNTY 1"]  # P2 is only prepared
    assert told((P1,), ()) == ["P1 ends, after the over that runs"]
    assert told((P1,), (replace(P1, active=False),)) == ["P1 ends, after the over that runs"]
    changed = replace(P1, members=(FIRE, PATROL))
    assert told((P1,), (changed,)) == ["P1 goes on, with NORRVIK PATRULL 1 and without COUNTY 1"]
    assert told((P1,), (replace(P1, name="Another name"),)) == []
