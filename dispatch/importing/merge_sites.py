"""Compares a file's sites with the plan. A site is the same by its system, subsystem and number."""

from dataclasses import replace

from dispatch.importing.earlier import SITE_FIELDS, site_key
from dispatch.importing.reading import ImportedSite
from dispatch.importing.settle import Settling
from gateway.model.ids import SiteId, SystemId
from gateway.model.plan import Plan, Site

KIND = "site"
NONE = (None, "", ())


def merge_sites(
    plan: Plan, system: SystemId, sites: list[ImportedSite], settling: Settling
) -> tuple[Plan, list[str]]:
    """Return the plan with these sites, and the ids of the new ones."""
    if not sites:
        return plan, []
    mine = {
        (site.rfss, site.number): site
        for site in plan.sites
        if site.system == system and site.rfss is not None
    }
    taken = {site.id for site in plan.sites}
    result: dict[SiteId, Site] = {}
    added: list[Site] = []
    for item in sites:
        before, key = mine.get((item.rfss, item.number)), site_key(system, item)
        if before is not None:
            result[before.id] = _merged(before, item, settling, key)
        elif not settling.stays_away(KIND, key, item.name):
            added.append(_new(system, item, taken))
            taken.add(added[-1].id)
    rows = tuple(result.get(site.id, site) for site in plan.sites)
    return replace(plan, sites=(*rows, *added)), [site.id for site in added]


def _merged(before: Site, item: ImportedSite, settling: Settling, key: str) -> Site:
    """Return a site with what is taken from the file; itself when nothing is."""
    values = {}
    for name in SITE_FIELDS:
        old, new = getattr(before, name), getattr(item, name)
        if new in NONE or new == old:
            continue
        # Known by its numbers, shown by its id: that may have been changed here.
        thing = (KIND, before.id)
        if settling.takes(thing, name, (old, new), empty=NONE, shown=_shown, known_as=key):
            values[name] = new
    return replace(before, **values) if values else before


def _new(system: SystemId, item: ImportedSite, taken: set[SiteId]) -> Site:
    plain = SiteId(f"site-{item.rfss}-{item.number}")
    values = {name: getattr(item, name) for name in SITE_FIELDS}
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
