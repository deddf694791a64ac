"""Compares a file's sites with the plan. A site is the same by its system, subsystem and number."""

from dataclasses import replace

from dispatch.importing.merge import Change
from dispatch.importing.reading import ImportedSite
from gateway.model.ids import SiteId, SystemId
from gateway.model.plan import Plan, Site

FIELDS = (
    "name",
    "nac",
    "county",
    "latitude",
    "longitude",
    "frequencies_hz",
    "control_hz",
)
Merged = tuple[Plan, list[str], list[Change], list[Change]]


def merge_sites(plan: Plan, system: SystemId, sites: list[ImportedSite], policy: str) -> Merged:
    """Return the plan with these sites, what is new, what changes, and what is left alone."""
    if not sites:
        return plan, [], [], []
    mine = {
        (site.rfss, site.number): site
        for site in plan.sites
        if site.system == system and site.rfss is not None
    }
    taken = {site.id for site in plan.sites}
    result: dict[SiteId, Site] = {}
    added: list[Site] = []
    changed: list[Change] = []
    kept: list[Change] = []
    for item in sites:
        before = mine.get((item.rfss, item.number))
        if before is None:
            added.append(_new(system, item, taken))
            taken.add(added[-1].id)
            continue
        values = {}
        for name in FIELDS:
            old, new = getattr(before, name), getattr(item, name)
            if new in (None, "", ()) or new == old:
                continue
            by_hand = policy == "add" or (policy == "keep" and old not in (None, "", ()))
            change = Change(talkgroup=before.id, field=name, before=_shown(old), after=_shown(new))
            (kept if by_hand else changed).append(change)
            if not by_hand:
                values[name] = new
        if values:
            result[before.id] = replace(before, **values)
    rows = tuple(result.get(site.id, site) for site in plan.sites)
    return replace(plan, sites=(*rows, *added)), [site.id for site in added], changed, kept


def _new(system: SystemId, item: ImportedSite, taken: set[SiteId]) -> Site:
    plain = SiteId(f"site-{item.rfss}-{item.number}")
    values = {name: getattr(item, name) for name in FIELDS}
    return Site(
        id=SiteId(f"{system}-{plain}") if plain in taken else plain,
        system=system,
        rfss=item.rfss,
        number=item.number,
        **values,
    )


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"{hz / 1e6:.5f}" for hz in value)
    return "" if value is None else str(value)
