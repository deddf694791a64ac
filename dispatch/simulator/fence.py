"""The fence round exercises: where a simulated terminal may stand, who speaks through it. Pure."""

from dataclasses import replace

from dispatch.errors import ServiceError
from dispatch.plans.guests import EXERCISE_SITE
from dispatch.plans.overlay import LOOSE_KINDS
from dispatch.simulator.ports import EMERGENCY, OF_UNITS, TALK, TEXT, Act, Step
from gateway.model.ids import LinkId, TalkgroupId
from gateway.model.link_kinds import TETRA_PEI
from gateway.model.plan import Link, Plan, Talkgroup, Unit

EXERCISE = "EXERCISE"
UNITS = 8
FIRST_UNIT = 16_700_001
"""Numbers of the exercise units, at the end of what TETRA and P25 can address."""
OWN_NUMBERS = FIRST_UNIT + 100


def hindrance(plan: Plan, talkgroup: Talkgroup) -> str:
    """Say why no simulated terminal may stand on a talkgroup, in words; empty when one may."""
    if not talkgroup.test:
        return f"{talkgroup.name} is not a test talkgroup: simulated terminals attach to no other"
    patch = next((p for p in plan.patches if p.active and talkgroup.id in p.members), None)
    if patch is not None:
        return patched(talkgroup.name, patch.id)
    for link in plan.links:
        carries = link.system == talkgroup.system and talkgroup.number in link.talkgroups
        if carries and link.kind not in LOOSE_KINDS:
            return (
                f"{link.name} would have to be opened anew to give {talkgroup.name} up for an"
                " exercise; take a test talkgroup that no link carries"
            )
    numbers = range(FIRST_UNIT, FIRST_UNIT + UNITS)
    for unit in plan.units:
        if unit.system == talkgroup.system and unit.number in numbers:
            return f"unit {unit.number} ({unit.alias}) of the plan has an exercise unit's number"
    return ""


def patched(name: str, label: str) -> str:
    """Return why a talkgroup in a patch that stands takes no simulated terminal."""
    return f"{name} is in patch {label}: an exercise would go on the air by it"


def exercise_link(number: int, kind: str, group: Talkgroup) -> Link:
    """Return the link of exercise terminal ``number`` on a test talkgroup, not yet led anywhere."""
    return Link(
        id=LinkId(f"exercise-{number}"),
        name=f"{EXERCISE} terminal {number}",
        kind=kind,
        system=group.system,
        site=EXERCISE_SITE.id,
        port="",
        sound="",
        talkgroups=(group.number,),
        group=group.number,
        own_number=OWN_NUMBERS + number if kind == TETRA_PEI else None,
        simulated=True,
    )


def exercise_units(link: Link) -> tuple[Unit, ...]:
    """Return the units that an exercise has in a link's system."""
    return tuple(
        Unit(
            system=link.system,
            number=FIRST_UNIT + n,
            alias=f"{EXERCISE} {n + 1}",
            owner=EXERCISE,
            kind="exercise",
        )
        for n in range(UNITS)
    )


def marked(act: Act) -> Act:
    """Return an act whose words say that it is an exercise."""
    return replace(act, text=f"{EXERCISE}: {act.text}") if act.do == TEXT else act


def on_link(act: Act, name: str, talkgroups: tuple[TalkgroupId, ...]) -> Act:
    """Return an act with its group; raises ServiceError for a group that the link is not on."""
    if act.do not in (TALK, EMERGENCY):
        return act
    numbers = [int(group.partition("/")[2]) for group in talkgroups]
    if not numbers:
        raise ServiceError(f"{name} is on no talkgroup")
    if act.group and act.group not in numbers:
        raise ServiceError(f"group: {name} is not on group {act.group}")
    return act if act.group else replace(act, group=numbers[0])


def by_exercise_unit(act: Act) -> Act:
    """Return an act of exercise unit 1 to 8 by its number; raises ServiceError for another."""
    if act.do not in OF_UNITS:
        return act
    if not 1 <= act.unit <= UNITS:
        raise ServiceError(f"unit: expected 1 to {UNITS}, an exercise unit; got {act.unit}")
    return replace(act, unit=FIRST_UNIT + act.unit - 1)


def fenced(steps: tuple[Step, ...], talkgroup: TalkgroupId) -> tuple[Step, ...]:
    """Return a scenario's steps on one talkgroup, by exercise units in the order they come."""
    number = int(talkgroup.partition("/")[2])
    units: dict[int, int] = {}
    made = []
    for step in steps:
        act = replace(step.act, group=number if step.act.group else 0)
        if act.unit:
            act = replace(act, unit=units.setdefault(act.unit, len(units) % UNITS + 1))
        made.append(Step(step.at_ms, act))
    return tuple(made)
