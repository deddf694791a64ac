"""Single points of failure: what stops when one link, site, machine or far end stops."""

from collections.abc import Callable, Collection, Iterator

from dispatch.topology.finding import Finding, What, joined_by_and, listed, places
from dispatch.topology.graph import Graph, carries_emergencies
from gateway.model.ids import LinkId, SiteId, TalkgroupId
from gateway.model.plan import Link

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
HOST_AT = ("udp:", "tcp:", "rfc2217:", "ws:", "wss:")
Rule = Callable[[Graph], Iterator[Finding]]


def singles(graph: Graph) -> Iterator[Finding]:
    """Yield every single point, the emergencies first."""
    rules: tuple[Rule, ...] = (_no_emergencies, _emergencies, _talkgroups, _sites, _site_of_all)
    for rule in (*rules, _systems, _hosts, _gateway):
        yield from rule(graph)


def _able(graph: Graph, folder: str) -> dict[LinkId, Link]:
    """Return the links by which emergencies of a folder can reach a desk."""
    return {
        link.id: link
        for group in graph.folders[folder]
        for link in graph.links_of[group.id]
        if carries_emergencies(link)
    }


def _no_emergencies(graph: Graph) -> Iterator[Finding]:
    for folder, groups in graph.folders.items():
        if any(graph.links_of[g.id] for g in groups) and not _able(graph, folder):
            words = f"no emergency of folder {folder} can reach the desk: no link of it carries any"
            yield Finding("SPOF-1", What.BLOCKED, words, places("folder", [folder]))


def _emergencies(graph: Graph) -> Iterator[Finding]:
    for folder in graph.folders:
        links = list(_able(graph, folder).values())
        if len(links) == 1:
            words = (
                f"emergencies of folder {folder} reach the desk through one link: {links[0].name}"
            )
            where = places("folder", [folder]) + places("link", [links[0].id])
            yield Finding("SPOF-2", What.SINGLE, words, where)


def _talkgroups(graph: Graph) -> Iterator[Finding]:
    """Talkgroups that one link alone sends on, told once for each link."""
    by_link: dict[LinkId, list[TalkgroupId]] = {}
    for group, links in graph.links_of.items():
        if len(links) == 1:
            by_link.setdefault(links[0].id, []).append(group)
    for link, groups in by_link.items():
        names = [graph.name(group) for group in groups]
        words = f"{listed(names)} can be sent only through {graph.links[link].name}"
        where = places("link", [link]) + places("talkgroup", groups)
        yield Finding("SPOF-3", What.SINGLE, words, where)


def _sites(graph: Graph) -> Iterator[Finding]:
    for site, links in graph.links_at.items():
        if len(links) == 1:
            words = f"site {graph.site_names[site]} hangs on one link: {links[0].name}"
            where = places("site", [site]) + places("link", [links[0].id])
            yield Finding("SPOF-4", What.SINGLE, words, where)


def _site_of_all(graph: Graph) -> Iterator[Finding]:
    """Talkgroups with several links that all stand at one site: its power, its mast."""
    by_site: dict[SiteId, list[TalkgroupId]] = {}
    for group, links in graph.links_of.items():
        sites = {link.site for link in links}
        if len(links) > 1 and len(sites) == 1:
            by_site.setdefault(sites.pop(), []).append(group)
    for site, groups in by_site.items():
        names = sorted({k.name for g in groups for k in graph.links_of[g]})
        words = (
            f"{listed([graph.name(g) for g in groups])}: {joined_by_and(names)} all stand"
            f" at site {graph.site_names[site]}"
        )
        where = places("site", [site]) + places("talkgroup", groups)
        yield Finding("SPOF-5", What.SINGLE, words, where)


def _systems(graph: Graph) -> Iterator[Finding]:
    for system in graph.plan.systems:
        links = [link for link in graph.plan.links if link.system == system.id]
        if len(links) == 1:
            words = f"system {system.name} is reached through one link: {links[0].name}"
            where = places("system", [system.id]) + places("link", [links[0].id])
            yield Finding("SPOF-6", What.SINGLE, words, where)


def far_end(link: Link) -> str:
    """Return the host that a link leads to, empty for a port of this machine."""
    scheme = next((one for one in HOST_AT if link.port.startswith(one)), None)
    if scheme is None:
        return ""
    host = link.port[len(scheme) :].lstrip("/").partition("/")[0].rpartition(":")[0]
    return "" if host in LOOPBACK else host


def _hosts(graph: Graph) -> Iterator[Finding]:
    by_host: dict[str, list[Link]] = {}
    for link in graph.plan.links:
        if host := far_end(link):
            by_host.setdefault(host, []).append(link)
    for host, links in by_host.items():
        if len(links) > 1:
            names = joined_by_and([link.name for link in links])
            words = f"{names} lead to one machine, {host}"
            yield Finding("SPOF-7", What.SINGLE, words, places("link", (k.id for k in links)))


def _gateway(graph: Graph) -> Iterator[Finding]:
    count = len(graph.plan.links)
    if count > 1:
        words = f"all {count} links hang on one gateway, {graph.gateway}"
        yield Finding("SPOF-8", What.SINGLE, words, places("gateway", [graph.gateway]))


def at_this_moment(graph: Graph, up: Collection[str]) -> Iterator[Finding]:
    """Yield what the links that are not ``up`` take away now, told once for each set of links."""
    gone: dict[tuple[LinkId, ...], list[TalkgroupId]] = {}
    last: dict[LinkId, list[TalkgroupId]] = {}
    for group, links in graph.links_of.items():
        alive = [link for link in links if link.id in up]
        if links and not alive:
            gone.setdefault(tuple(link.id for link in links), []).append(group)
        elif len(links) > 1 and len(alive) == 1:
            last.setdefault(alive[0].id, []).append(group)
    for ids, groups in gone.items():
        are = "is" if len(ids) == 1 else "are"
        names = joined_by_and([graph.links[k].name for k in ids])
        words = f"{listed([graph.name(g) for g in groups])} cannot be sent now: {names} {are} down"
        where = places("link", ids) + places("talkgroup", groups)
        yield Finding("NOW-1", What.NOW, words, where)
    for link, groups in last.items():
        words = (
            f"{listed([graph.name(g) for g in groups])} can be sent now only through"
            f" {graph.links[link].name}, the others are down"
        )
        where = places("link", [link]) + places("talkgroup", groups)
        yield Finding("NOW-2", What.NOW, words, where)
