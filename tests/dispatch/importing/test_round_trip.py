"""Export, import: an empty difference, for every format, whatever the lists hold."""

import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import ServiceError
from dispatch.importing.merge_list import merge_list
from dispatch.importing.recognise import FORMATS, Wish, read_list
from dispatch.importing.writing import LOSSES, formats_out, safe, write_list
from gateway.model.ids import SiteId, SystemId
from gateway.model.plan import Plan, Site, System, Talkgroup, Unit
from gateway.model.unit_rules import UnitRule

COUNTY = SystemId("county")
SIGNS = string.ascii_letters + string.digits + "åäöÅÄÖіїєґ '\"&<>;,:#/\\=+@-$%\t"
TEXTS = st.text(SIGNS, max_size=24).map(lambda text: " ".join(text.split()).lstrip("'"))
NAMES = TEXTS.filter(
    lambda name: name.strip(" -',") and name.casefold() not in ("none", "null", "n/a")
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    numbers = draw(st.lists(st.integers(1, 65_535), unique=True, max_size=8))
    groups = tuple(
        Talkgroup(
            system=COUNTY,
            number=number,
            name=draw(NAMES),
            folder=draw(NAMES),
            description=draw(TEXTS),
            agency=draw(TEXTS),
            priority=draw(st.integers(0, 99)),
            recorded=draw(st.booleans()),
            encrypted=draw(st.booleans()),
        )
        for number in numbers
    )
    units = tuple(
        Unit(system=COUNTY, number=number, alias=draw(NAMES))
        for number in draw(st.lists(st.integers(1, 9_999_999), unique=True, max_size=8))
    )
    system = System(id=COUNTY, name="C", technology="p25", handle=1)
    return Plan(name="p", systems=(system,), talkgroups=groups, units=units)


@pytest.mark.parametrize("name", formats_out("talkgroups"))
@settings(max_examples=25, deadline=None)
@given(plan=plans())
def test_talkgroups_come_back(name: str, plan: Plan) -> None:
    data = write_list(plan, "county", "talkgroups", name)
    assert write_list(plan, "county", "talkgroups", name) == data
    if not plan.talkgroups:
        return
    reading = read_list(data, Wish(format=name))
    assert {row.state for row in reading.rows} <= {"ok", "repaired"}
    diff = merge_list(plan, "county", reading, "keep")
    assert (diff.added, diff.removed) == ((), ())
    told = {change.field for change in diff.changed}
    assert told <= {"agency_kind", "priority"} | (
        {"encrypted", "recorded"} if name in LOSSES else set()
    )
    assert {tg.number for tg in reading.talkgroups} == {tg.number for tg in plan.talkgroups}
    by_number = {tg.number: tg for tg in plan.talkgroups}
    for found in reading.talkgroups:
        assert _shown(found.name, name) == _shown(by_number[found.number].name, name)


def _shown(text: str, name: str) -> str:
    """What a name is worth in a format: one without quoting shows blanks for its separators."""
    plain = " ".join(text.split())
    return plain.replace('"', "") if name == "op25" else plain


@pytest.mark.parametrize("name", formats_out("units"))
@settings(max_examples=25, deadline=None)
@given(plan=plans())
def test_units_come_back(name: str, plan: Plan) -> None:
    data = write_list(plan, "county", "units", name)
    if not plan.units:
        return
    reading = read_list(data, Wish(kind="units", format=name))
    assert {unit.number for unit in reading.units} == {unit.number for unit in plan.units}
    by_number = {unit.number: unit for unit in plan.units}
    for found in reading.units:
        mine = by_number[found.number].alias
        if name == "dvm-rid-acl":
            mine = " ".join(mine.replace(",", " ").split())
        assert _shown(found.alias, name) == _shown(mine, name)


def test_the_main_formats_give_an_empty_difference() -> None:
    plan = Plan(
        name="p",
        systems=(System(id=COUNTY, name="C", technology="p25", handle=1),),
        talkgroups=(
            Talkgroup(
                system=COUNTY,
                number=101,
                name="DCFD 01",
                folder="Fire",
                agency="Fire Dispatch",
                agency_kind="fire",
                description='West "2500", main',
                priority=3,
                encrypted=True,
            ),
        ),
        unit_rules=(UnitRule(system=COUNTY, name="1(.)", alias="Car $1", pattern="1(.)"),),
    )
    for name in ("trunk-recorder", "radioreference", "rdio-scanner", "tetra-talkgroups"):
        reading = read_list(write_list(plan, "county", "talkgroups", name), Wish(format=name))
        assert merge_list(plan, "county", reading, "update").empty, name
    tags = read_list(
        write_list(plan, "county", "units", "trunk-recorder-units"), Wish(kind="units")
    )
    assert merge_list(plan, "county", tags, "update").empty


@st.composite
def site_plans(draw: st.DrawFn) -> Plan:
    numbers = st.tuples(st.integers(0, 255), st.integers(1, 255))
    sent = st.lists(st.integers(13_600_000, 480_000_000).map(lambda n: n * 2), unique=True)
    sites = []
    for rfss, number in draw(st.lists(numbers, unique=True, max_size=6)):
        frequencies = tuple(draw(sent.filter(lambda found: len(found) < 6)))
        placed = draw(st.booleans())
        sites.append(
            Site(
                id=SiteId(f"site-{rfss}-{number}"),
                name=draw(NAMES),
                system=COUNTY,
                rfss=rfss,
                number=number,
                nac=draw(st.none() | st.integers(1, 0xFFF)),
                county=draw(NAMES),
                latitude=draw(st.floats(-90, 90).map(lambda d: round(d, 7) + 0.0))
                if placed
                else None,
                longitude=draw(st.integers(-179, 179)) + 0.5 if placed else None,
                frequencies_hz=frequencies,
                control_hz=frequencies[:1],
            )
        )
    system = System(id=COUNTY, name="C", technology="p25", handle=1)
    return Plan(name="p", systems=(system,), sites=tuple(sites))


@settings(max_examples=40, deadline=None)
@given(plan=site_plans())
def test_sites_come_back_whole(plan: Plan) -> None:
    data = write_list(plan, "county", "sites", "radioreference-sites")
    assert write_list(plan, "county", "sites", "radioreference-sites") == data
    reading = read_list(data, Wish())
    if not plan.sites:
        assert reading.rows == []
        return
    assert {row.state for row in reading.rows} == {"ok"}
    assert merge_list(plan, "county", reading, "update").empty
    fresh = merge_list(replace(plan, sites=()), "county", reading, "keep").plan
    order = sorted(plan.sites, key=lambda site: (site.rfss or 0, site.number or 0))
    assert fresh.sites == tuple(order)


def test_a_site_is_known_by_its_numbers_and_edits_by_hand_stay() -> None:
    site = Site(id=SiteId("north"), name="North", system=COUNTY, rfss=1, number=2, nac=0x293)
    other = Site(id=SiteId("site-1-1"), name="Of another system")
    system = System(id=COUNTY, name="C", technology="p25", handle=1)
    plan = Plan(name="p", systems=(system,), sites=(site, other))
    head = "RFSS,Site Dec,Site Hex,Site NAC,Description,County Name,Lat,Lon,Range,Frequencies"
    reading = read_list(f"{head}\n1,2,2,294,Nord,K,,,,\n1,1,1,,New,,,,,\n".encode(), Wish())
    kept = merge_list(plan, "county", reading, "keep")
    assert [(c.talkgroup, c.field) for c in kept.changed] == [("north", "county")]
    assert [c.field for c in kept.kept] == ["name", "nac"]
    assert kept.added == ("county-site-1-1",)
    assert merge_list(plan, "county", reading, "update").plan.sites[0].nac == 0x294


def test_replace_lists_what_it_removes() -> None:
    group = Talkgroup(system=COUNTY, number=1, name="ONE", folder="F")
    system = System(id=COUNTY, name="C", technology="p25", handle=1)
    plan = Plan(
        name="p", systems=(system,), talkgroups=(group, replace(group, number=2, name="TWO"))
    )
    reading = read_list(b"Decimal,Mode,Alpha Tag\n2,D,TWO\n3,D,THREE\n", Wish())
    kept = merge_list(plan, "county", reading, "update")
    assert (kept.added, kept.removed) == (("county/3",), ())
    replaced = merge_list(plan, "county", reading, "replace")
    assert replaced.removed == ("county/1",)
    assert [g.number for g in replaced.plan.talkgroups] == [2, 3]


def test_no_spreadsheet_runs_what_we_write() -> None:
    assert [safe(t) for t in ("=1+1", "+46", "-", "@a", "A=1")] == [
        "'=1+1",
        "'+46",
        "'-",
        "'@a",
        "A=1",
    ]


def test_every_format_that_is_written_is_read_and_its_losses_are_named() -> None:
    written = {n for kind in ("talkgroups", "units", "sites") for n in formats_out(kind)}
    assert written <= set(FORMATS)
    assert written == set(LOSSES)
    plan = Plan(name="p")
    with pytest.raises(ServiceError, match="not in the plan"):
        write_list(plan, "county", "talkgroups", "op25")
