"""Differences of two plans in words, by object and field."""

from dataclasses import replace

from dispatch.plans.canonical import plan_hash, plan_of, plan_text
from dispatch.plans.compare import compare
from dispatch.plans.toml import plan_toml, read_plan_text
from gateway.model.p25_settings import P25Settings
from gateway.model.patch_plan import PlanPatch
from tests.dispatch.plans.plans import (
    FIRE,
    NORRVIK,
    PLAN,
    REMOTE,
    talkgroup,
    with_link,
    with_talkgroup,
    without_talkgroup,
)


def test_the_same_plan_has_no_difference_whatever_its_order() -> None:
    turned = replace(PLAN, talkgroups=PLAN.talkgroups[::-1], units=PLAN.units[::-1])
    assert compare(PLAN, PLAN).empty
    assert compare(PLAN, turned).empty


def test_fields_are_told_in_words() -> None:
    after = with_talkgroup(PLAN, FIRE, name="BRAND 2", encrypted=True, recorded=False)
    after = with_link(after, "dfsi-1", p25=P25Settings(nac=0xF7E))
    assert compare(PLAN, after).sentences() == [
        "Talkgroup BRAND 2 (310201, 4BBB9h): Name: BRAND 1 -> BRAND 2",
        "Talkgroup BRAND 2 (310201, 4BBB9h): Recording: recorded -> Recording off",
        "Talkgroup BRAND 2 (310201, 4BBB9h): Encryption: unencrypted -> encrypted",
        "Link Station 1: NAC: 293h -> F7Eh",
    ]


def test_added_and_removed_objects() -> None:
    after = without_talkgroup(PLAN, FIRE)
    after = replace(after, talkgroups=(*after.talkgroups, talkgroup(NORRVIK, 310131, "PATRULL 11")))
    found = compare(PLAN, after)
    assert found.counts() == {"added": 1, "changed": 1, "removed": 1}
    lines = found.sentences()
    assert (
        "Talkgroup PATRULL 11 (310131, 4BB73h) added: recorded, unencrypted, "
        "retention class call, priority 0" in lines
    )
    assert "Link Terminal 1: Talkgroups: 310112, 310201 -> 310112" in lines
    assert any(line.startswith("Talkgroup BRAND 1 (310201, 4BBB9h) removed") for line in lines)


def test_of_a_long_list_only_what_differs_is_told() -> None:
    many = tuple(range(1, 30))
    before = with_link(PLAN, "pei-1", talkgroups=many)
    after = with_link(PLAN, "pei-1", talkgroups=(*many[1:], 77))
    (line,) = compare(before, after).sentences()
    assert line == "Link Terminal 1: Talkgroups: 29, without 1 -> 29, with 77"


def test_an_order_that_counts_is_a_difference() -> None:
    rules = (*PLAN.unit_rules, replace(PLAN.unit_rules[0], name="other"))
    before, after = replace(PLAN, unit_rules=rules), replace(PLAN, unit_rules=rules[::-1])
    assert [c.fields[0].field for c in compare(before, after).of("unit_rule")] == ["place", "place"]


def test_one_plan_has_one_hash() -> None:
    assert plan_of(plan_text(PLAN)) == PLAN
    assert plan_hash(plan_of(plan_text(PLAN))) == plan_hash(PLAN)
    assert plan_hash(with_talkgroup(PLAN, FIRE, name="X")) != plan_hash(PLAN)


def test_a_patch_is_told_by_the_names_of_its_members_and_by_what_they_come_to() -> None:
    patch = PlanPatch(id="P3", name="Fire and county", members=(FIRE, REMOTE), active=True)
    before = replace(PLAN, patches=(patch,))
    (added,) = compare(PLAN, before).sentences()
    assert added.startswith("Patch P3 Fire and county added: members COUNTY 1, BRAND 1, made by de")
    turned = replace(before, patches=(replace(patch, members=(REMOTE, FIRE)),))
    assert compare(before, turned).empty  # the order of members is no difference
    encrypted = with_talkgroup(before, FIRE, encrypted=True)
    assert "Patch P3 Fire and county: Encryption: unencrypted -> mixed" in (
        compare(before, encrypted).sentences()
    )
    assert read_plan_text(plan_toml(before)) == before == plan_of(plan_text(before))
