"""A small plan that tests change."""

from dataclasses import replace
from typing import Any

from gateway.model.ids import LinkId, SiteId, SystemId, TalkgroupId
from gateway.model.p25_settings import P25Settings
from gateway.model.plan import Link, Plan, Site, StatusText, System, Talkgroup, Unit
from gateway.model.unit_rules import UnitRule

NORRVIK, COUNTY = SystemId("norrvik"), SystemId("county")
PATROL, FIRE, REMOTE = (
    TalkgroupId("norrvik/310112"),
    TalkgroupId("norrvik/310201"),
    TalkgroupId("county/501"),
)


def talkgroup(system: SystemId, number: int, name: str, **more: Any) -> Talkgroup:
    return Talkgroup(system=system, number=number, name=name, **({"folder": "Police"} | more))


PLAN = Plan(
    name="Norrvik",
    systems=(
        System(id=NORRVIK, name="Norrvik", technology="tetra", handle=1, mcc=901, mnc=1001),
        System(id=COUNTY, name="County", technology="p25", handle=2, wacn=0xBEE00),
    ),
    sites=(Site(id=SiteId("hamnen"), name="Hamnen"),),
    talkgroups=(
        talkgroup(NORRVIK, 310112, "NORRVIK PATRULL 1", address=1, encrypted=True),
        talkgroup(NORRVIK, 310201, "BRAND 1", folder="Fire", address=1),
        talkgroup(COUNTY, 501, "COUNTY 1", address=2),
    ),
    units=(
        Unit(system=NORRVIK, number=1210207, alias="3120", owner="Police", talkgroup=PATROL),
        Unit(system=COUNTY, number=911, alias="Boat 9"),
    ),
    unit_rules=(UnitRule(system=COUNTY, name="boats", alias="Boat {number}", first=900, last=999),),
    links=(
        Link(
            id=LinkId("pei-1"),
            name="Terminal 1",
            kind="tetra-pei",
            system=NORRVIK,
            site=SiteId("hamnen"),
            port="/dev/ttyUSB0",
            sound="",
            talkgroups=(310112, 310201),
            group=310112,
        ),
        Link(
            id=LinkId("dfsi-1"),
            name="Station 1",
            kind="p25-dfsi",
            system=COUNTY,
            site=SiteId("hamnen"),
            port="udp:127.0.0.1:41000",
            sound="",
            talkgroups=(501,),
            p25=P25Settings(nac=0x293),
        ),
    ),
    statuses=(StatusText(value=0, digit="0", words="Emergency", kind="emergency"),),
    predefined_texts=("Call back",),
)


def with_talkgroup(plan: Plan, talkgroup_id: str, **values: Any) -> Plan:
    """Return the plan with one talkgroup's fields changed."""
    rows = tuple(replace(t, **values) if t.id == talkgroup_id else t for t in plan.talkgroups)
    return replace(plan, talkgroups=rows)


def with_link(plan: Plan, link: str, **values: Any) -> Plan:
    """Return the plan with one link's fields changed."""
    rows = tuple(replace(k, **values) if k.id == link else k for k in plan.links)
    return replace(plan, links=rows)


def without_talkgroup(plan: Plan, talkgroup_id: str) -> Plan:
    """Return the plan without a talkgroup, and its links without its number."""
    number = int(talkgroup_id.partition("/")[2])
    links = tuple(
        replace(k, talkgroups=tuple(n for n in k.talkgroups if n != number), group=None)
        for k in plan.links
    )
    units = tuple(
        replace(u, talkgroup=None) if u.talkgroup == talkgroup_id else u for u in plan.units
    )
    rows = tuple(t for t in plan.talkgroups if t.id != talkgroup_id)
    return replace(plan, talkgroups=rows, links=links, units=units)
