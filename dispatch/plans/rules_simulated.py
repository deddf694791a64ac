"""Rules about simulated links: what is played there never stands beside what is real."""

from dispatch.plans.finding import Broken, Rule, Severity
from gateway.model.ids import talkgroup_id
from gateway.model.plan import Plan

PSEUDO_TERMINALS = ("/dev/pts/", "/dev/ttyp")
"""Ports that are no device: a program is at the other end."""


def _beyond(plan: Plan) -> Broken:
    live = {group.id: group.name for group in plan.talkgroups if not group.test}
    for link in (one for one in plan.links if one.simulated):
        carried = [talkgroup_id(link.system, number) for number in link.talkgroups]
        others = [live[group] for group in carried if group in live]
        if others:
            words = (
                f"{link.name} is simulated and carries {', '.join(others)}: "
                "mark them as test talkgroups, or take them from this link"
            )
            yield "link", link.id, "talkgroups", words


def _unmarked(plan: Plan) -> Broken:
    for link in plan.links:
        if link.port.startswith(PSEUDO_TERMINALS) and not link.simulated:
            words = (
                f"{link.name}: {link.port} is no device but a program's end; say simulated = true "
                "if a simulated terminal is there"
            )
            yield "link", link.id, "simulated", words


def _same_system(plan: Plan) -> Broken:
    real = {link.system: link for link in reversed(plan.links) if not link.simulated}
    for link in (one for one in plan.links if one.simulated):
        other = real.get(link.system)
        if other is not None:
            words = (
                f"{link.name} is simulated and {other.name} is not, and both are in system "
                f"{link.system}: a simulated unit may bear the number of a real one"
            )
            yield "link", link.id, "system", words


def simulated_rules(*, anywhere: bool) -> tuple[Rule, ...]:
    """Return the rules; ``anywhere``: the whole server is a demonstration, and none holds."""
    if anywhere:
        return ()
    return (
        Rule("SIM-1", Severity.ERROR, "a simulated link carries only test talkgroups", _beyond),
        Rule("SIM-2", Severity.WARNING, "a port without a device is marked simulated", _unmarked),
        Rule("SIM-3", Severity.WARNING, "simulated units have a system of their own", _same_system),
    )
