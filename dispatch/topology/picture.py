"""The topology of a plan as rows: what the page draws, its table lists, and the command prints."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dispatch.topology.finding import Finding, What
from dispatch.topology.graph import NO_FOLDER, Graph, Joined, carried, carries_emergencies
from dispatch.topology.loops import loops
from dispatch.topology.singles import at_this_moment, far_end, singles
from gateway.model.plan import Link, Plan

UP = "up"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LinkNow:
    """State of one link at this moment: its id (``up``, ``down`` …), since when, and why."""

    state: str
    since_utc: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything on the page. ``rows`` are JSON values."""

    rows: dict[str, Any]  # JSON values
    findings: tuple[Finding, ...] = field(default=())

    def of(self, what: What) -> tuple[Finding, ...]:
        """Return the findings of one kind."""
        return tuple(finding for finding in self.findings if finding.what is what)


def picture(
    plan: Plan,
    gateway: str,
    *,
    now: Mapping[str, LinkNow] | None = None,
    patches: Iterable[Joined] | None = None,
) -> Picture:
    """Return the topology of ``plan``; ``now`` gives the live state of its links, where it has any.

    A draft has none: nothing of it runs.
    """
    graph = Graph(plan, gateway, patches)
    found = [*loops(graph), *singles(graph)]
    if now is not None:
        up = {link for link, one in now.items() if one.state == UP}
        found += at_this_moment(graph, up)
    order = list(What)
    found.sort(key=lambda finding: order.index(finding.what))
    rows = {
        "name": plan.name,
        "gateways": [{"id": gateway, "name": gateway, "links": [k.id for k in plan.links]}],
        "systems": [{"id": s.id, "name": s.name, "technology": s.technology} for s in plan.systems],
        "sites": [
            {"id": site, "name": graph.site_names[site], "links": [k.id for k in links]}
            for site, links in graph.links_at.items()
        ],
        "links": [_link(link, now) for link in plan.links],
        "folders": [
            {"name": folder, "talkgroups": [g.id for g in groups]}
            for folder, groups in graph.folders.items()
        ],
        "talkgroups": _talkgroups(graph),
        "patches": [
            {"id": p.id, "name": p.name, "members": list(p.members), "active": p.active}
            for p in graph.patches
        ],
        "findings": [_finding(one) for one in found],
    }
    return Picture(rows, tuple(found))


def _link(link: Link, now: Mapping[str, LinkNow] | None) -> dict[str, Any]:  # JSON values
    state = LinkNow(UNKNOWN) if now is None else now.get(link.id, LinkNow("closed"))
    return {
        "id": link.id,
        "name": link.name,
        "kind": link.kind,
        "system": link.system,
        "site": link.site,
        "leads_to": far_end(link),
        "emergencies": carries_emergencies(link),
        "talkgroups": list(dict.fromkeys(carried(link))),
        "state": state.state,
        "since_utc": state.since_utc,
        "reason": state.reason,
    }


def _talkgroups(graph: Graph) -> list[dict[str, Any]]:  # JSON values
    return [
        {
            "id": group.id,
            "name": group.name,
            "number": group.number,
            "system": group.system,
            "folder": group.folder or NO_FOLDER,
            "test": group.test,
            "encrypted": group.encrypted,
            "links": [link.id for link in graph.links_of[group.id]],
            "patches": [patch.id for patch in graph.patches_with.get(group.id, ())],
        }
        for group in graph.plan.talkgroups
    ]


def _finding(finding: Finding) -> dict[str, Any]:  # JSON values
    return {
        "rule": finding.rule,
        "what": finding.what.value,
        "words": finding.words,
        "places": [{"kind": place.kind, "id": place.id} for place in finding.places],
    }
