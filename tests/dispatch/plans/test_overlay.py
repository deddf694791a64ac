"""What runs while somebody still uses what a plan changes."""

from dataclasses import replace

from dispatch.plans.check import Checker
from dispatch.plans.overlay import overlay, reopens
from gateway.model.ids import LinkId
from gateway.model.plan import Plan
from tests.dispatch.plans.plans import (
    FIRE,
    NORRVIK,
    PATROL,
    PLAN,
    REMOTE,
    talkgroup,
    with_link,
    with_talkgroup,
    without_talkgroup,
)

POSITION = {FIRE: "Position 3 has selected it"}


def words_of(before: Plan, target: Plan) -> dict[str, str]:
    return {one.id: one.words for one in overlay(before, target, POSITION).kept}


def test_nothing_in_use_nothing_kept() -> None:
    target = without_talkgroup(PLAN, FIRE)
    assert overlay(PLAN, target, {}).plan == target
    assert overlay(PLAN, target, {REMOTE: "a call"}).kept == ()


def test_a_selected_talkgroup_keeps_cell_and_name_and_takes_the_rest() -> None:
    target = with_talkgroup(PLAN, FIRE, name="FIRE X", address=7, priority=9, recorded=False)
    plan = overlay(PLAN, target, POSITION).plan
    row = next(group for group in plan.talkgroups if group.id == FIRE)
    assert (row.name, row.address) == ("BRAND 1", 1)
    assert (row.priority, row.recorded) == (9, False)
    assert words_of(PLAN, target)[FIRE].startswith("keeps its cell and its name")
    assert overlay(plan, target, {}).plan == target


def test_a_removed_talkgroup_stays_with_its_link_until_released() -> None:
    target = replace(without_talkgroup(PLAN, FIRE), links=())
    found = overlay(PLAN, target, POSITION)
    assert FIRE in {group.id for group in found.plan.talkgroups}
    assert [link.id for link in found.plan.links] == [LinkId("pei-1")]
    assert words_of(PLAN, target)["pei-1"].startswith("is closed when it is released")
    assert overlay(found.plan, target, {}).plan == target


def test_what_runs_has_no_errors_of_its_own() -> None:
    """Cells and ports that are still in use are not given away twice."""
    newcomer = talkgroup(NORRVIK, 310299, "BRAND 9", folder="Fire", address=1)
    target = without_talkgroup(PLAN, FIRE)
    moved = replace(PLAN.links[0], id=LinkId("pei-9"), talkgroups=(310112, 310299))
    target = replace(
        target, talkgroups=(*target.talkgroups, newcomer), links=(moved, target.links[1])
    )
    found = overlay(PLAN, target, POSITION)
    assert Checker().check(found.plan).ok
    assert {one.id for one in found.kept} == {FIRE, newcomer.id, "pei-1", "pei-9"}
    assert overlay(found.plan, target, {}).plan == target


def test_a_soft_change_goes_through_with_what_is_in_use() -> None:
    target = with_link(PLAN, "pei-1", name="Terminal A", talkgroups=(310112,))
    link = overlay(PLAN, target, POSITION).plan.links[0]
    assert (link.name, link.talkgroups) == ("Terminal A", (310112, 310201))
    other = with_link(PLAN, "pei-1", talkgroups=(310201,), group=310201)
    assert overlay(PLAN, other, POSITION).plan.links[0] == other.links[0]


def test_a_changed_port_waits() -> None:
    target = with_link(PLAN, "pei-1", port="/dev/ttyUSB5")
    assert reopens(PLAN.links[0], target.links[0])
    assert not reopens(PLAN.links[0], with_link(PLAN, "pei-1", name="x", group=310201).links[0])
    assert overlay(PLAN, target, POSITION).plan.links[0] == PLAN.links[0]
    assert overlay(PLAN, target, {PATROL: "a call", REMOTE: "a call"}).plan.links[0].port == (
        "/dev/ttyUSB0"
    )
    assert overlay(PLAN, target, {REMOTE: "a call"}).plan.links[0].port == "/dev/ttyUSB5"


def test_the_system_and_site_of_what_stays_stay() -> None:
    target = Plan(name="empty")
    found = overlay(PLAN, target, POSITION)
    assert [system.id for system in found.plan.systems] == [NORRVIK]
    assert [site.id for site in found.plan.sites] == ["hamnen"]
