"""Every rule of a plan: broken by one change, told with its object."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dispatch.plans.check import MAX_FINDINGS_OF_A_RULE, Checker
from gateway.model.ids import SiteId, SystemId, TalkgroupId
from gateway.model.individual_plan import IndividualRule, NeverRecorded
from gateway.model.patch_plan import PlanPatch
from gateway.model.plan import Plan, Site, StatusText, System, Talkgroup, Unit
from gateway.model.private_line import PRIVATE_SYSTEM
from gateway.model.unit_rules import UnitRule
from tests.dispatch.plans.plans import (
    COUNTY,
    FIRE,
    NORRVIK,
    PATROL,
    PLAN,
    REMOTE,
    talkgroup,
    with_link,
    with_talkgroup,
)
from tests.dispatch.plans.test_rules_layouts import CASES as LAYOUT_CASES
from tests.dispatch.plans.test_rules_simulated import CASES as SIMULATED_CASES

CHECKER = Checker()


def test_the_plan_of_these_tests_has_no_errors() -> None:
    report = CHECKER.check(PLAN)
    assert report.ok
    assert {finding.rule for finding in report.findings} == {"ENC-1", "UNIT-3"}


def _groups(plan: Plan, *more: Talkgroup) -> Plan:
    return replace(plan, talkgroups=(*plan.talkgroups, *more))


def _patched(plan: Plan, *members: TalkgroupId, label: str = "P1", **more: bool) -> Plan:
    one = PlanPatch(id=label, name="Fire and county", members=members, **more)
    return replace(plan, patches=(*plan.patches, one))


def _site(plan: Plan, **values: Any) -> Plan:
    return replace(plan, sites=(*plan.sites, Site(id=SiteId("x"), name="X", **values)))


Case = tuple[str, str, str, Callable[[Plan], Plan]]
CASES: list[Case] = [
    ("ID-1", "talkgroup", PATROL, lambda p: _groups(p, p.talkgroups[0])),
    ("ID-1", "unit", "county/911", lambda p: replace(p, units=(*p.units, p.units[1]))),
    (
        "ID-1",
        "system",
        "1",
        lambda p: replace(p, systems=(p.systems[0], replace(p.systems[1], handle=1))),
    ),
    ("ID-2", "link", "pei-1", lambda p: with_link(p, "dfsi-1", port="/dev/ttyUSB0")),
    ("ID-3", "talkgroup", REMOTE, lambda p: with_talkgroup(p, REMOTE, address=1)),
    (
        "ID-4",
        "system",
        PRIVATE_SYSTEM,
        lambda p: replace(
            p,
            systems=(
                *p.systems,
                System(id=SystemId(PRIVATE_SYSTEM), name="x", technology="tetra", handle=7),
            ),
        ),
    ),
    (
        "REF-1",
        "unit",
        "norrvik/1210207",
        lambda p: replace(p, units=(replace(p.units[0], talkgroup=TalkgroupId("norrvik/9")),)),
    ),
    ("REF-1", "talkgroup", "sea/1", lambda p: _groups(p, talkgroup(SystemId("sea"), 1, "SEA"))),
    ("REF-2", "link", "pei-1", lambda p: with_link(p, "pei-1", talkgroups=(310112, 5))),
    ("REF-2", "link", "pei-1", lambda p: with_link(p, "pei-1", group=7)),
    ("REF-2", "link", "dfsi-1", lambda p: with_link(p, "dfsi-1", site="nowhere")),
    (
        "REF-1",
        "status",
        "sea/5",
        lambda p: replace(
            p,
            statuses=(StatusText(value=5, digit="5", words="At sea", system=SystemId("sea")),),
        ),
    ),
    ("NUM-1", "talkgroup", "county/70000", lambda p: _groups(p, talkgroup(COUNTY, 70000, "FAR"))),
    (
        "NUM-1",
        "unit",
        "norrvik/0",
        lambda p: replace(p, units=(Unit(system=NORRVIK, number=0, alias="x"),)),
    ),
    ("REF-1", "site", "x", lambda p: _site(p, system=SystemId("sea"))),
    ("VAL-1", "site", "x", lambda p: _site(p, nac=0x1000)),
    ("VAL-1", "site", "x", lambda p: _site(p, latitude=91.0, longitude=0.5)),
    ("VAL-1", "site", "x", lambda p: _site(p, latitude=44.9)),
    ("VAL-1", "site", "x", lambda p: _site(p, frequencies_hz=(9_999_999,))),
    ("VAL-1", "site", "x", lambda p: _site(p, control_hz=(851_000_000,))),
    ("VAL-1", "talkgroup", FIRE, lambda p: with_talkgroup(p, FIRE, name="B" * 25)),
    ("VAL-1", "talkgroup", FIRE, lambda p: with_talkgroup(p, FIRE, area=((1.0, 2.0),))),
    (
        "VAL-1",
        "unit_rule",
        "county/bad",
        lambda p: replace(
            p, unit_rules=(UnitRule(system=COUNTY, name="bad", alias="x", pattern="("),)
        ),
    ),
    (
        "PRV-1",
        "individual_rule",
        "r",
        lambda p: replace(p, individual_rules=(IndividualRule(name="r", positions=("99",)),)),
    ),
    (
        "PRV-1",
        "never_recorded",
        "*",
        lambda p: replace(p, never_recorded=(NeverRecorded(number="*", reason="x"),)),
    ),
    (
        "TG-1",
        "talkgroup",
        PATROL,
        lambda p: with_link(p, "pei-1", talkgroups=(310201,), group=None),
    ),
    ("TG-2", "talkgroup", FIRE, lambda p: with_link(p, "pei-1", talkgroups=(310112,))),
    ("TG-3", "talkgroup", REMOTE, lambda p: with_link(p, "dfsi-1", kind="p25-network")),
    ("TG-4", "talkgroup", FIRE, lambda p: with_talkgroup(p, FIRE, name="B" * 21)),
    ("TG-5", "talkgroup", REMOTE, lambda p: with_talkgroup(p, REMOTE, name="norrvik patrull 1")),
    ("POS-1", "position", "1", lambda p: replace(p, links=())),
    ("RET-1", "talkgroup", FIRE, lambda p: with_talkgroup(p, FIRE, retention="for ever")),
    (
        "RET-1",
        "individual_rule",
        "r",
        lambda p: replace(p, individual_rules=(IndividualRule(name="r", retention="x"),)),
    ),
    (
        "UNIT-1",
        "unit",
        "county/911",
        lambda p: replace(p, units=(replace(p.units[1], alias="Boat nine one one"),)),
    ),
    (
        "UNIT-2",
        "unit_rule",
        "county/few",
        lambda p: replace(
            p,
            unit_rules=(
                *p.unit_rules,
                UnitRule(system=COUNTY, name="few", alias="x", first=910, last=920),
            ),
        ),
    ),
    ("UNIT-3", "unit_rule", "county/boats", lambda p: p),
    ("ENC-1", "link", "pei-1", lambda p: p),
    ("PAT-1", "patch", "P1", lambda p: _patched(p, FIRE)),
    ("PAT-1", "patch", "p1", lambda p: _patched(p, FIRE, REMOTE, label="p1")),
    ("PAT-1", "patch", "P1", lambda p: _patched(_patched(p, FIRE, REMOTE), FIRE, REMOTE)),
    ("PAT-1", "patch", "P1", lambda p: _patched(p, FIRE, FIRE)),
    ("PAT-2", "patch", "P1", lambda p: _patched(p, FIRE, TalkgroupId("sea/1"))),
    (
        "PAT-3",
        "patch",
        "P2",
        lambda p: _patched(
            _patched(p, FIRE, REMOTE, active=True), REMOTE, PATROL, label="P2", active=True
        ),
    ),
    (
        "PAT-4",
        "patch",
        "P1",
        lambda p: _patched(with_link(p, "dfsi-1", talkgroups=()), FIRE, REMOTE),
    ),
    ("PAT-5", "patch", "P1", lambda p: _patched(p, FIRE, PATROL)),
    ("PAT-6", "patch", "P1", lambda p: _patched(with_talkgroup(p, FIRE, test=True), FIRE, REMOTE)),
    (
        "PAT-7",
        "patch",
        "P2",
        lambda p: _patched(_patched(p, FIRE, REMOTE, active=True), REMOTE, PATROL, label="P2"),
    ),
    ("MIX-1", "patch", "P1", lambda p: _patched(p, PATROL, REMOTE)),
    ("MIX-2", "patch", "P1", lambda p: _patched(p, PATROL, REMOTE, mixed=True)),
]


@pytest.mark.parametrize(("rule", "kind", "thing", "change"), CASES)
def test_a_broken_rule_names_its_object(
    rule: str, kind: str, thing: str, change: Callable[[Plan], Plan]
) -> None:
    findings = CHECKER.check(change(PLAN)).findings
    mine = [finding for finding in findings if finding.rule == rule]
    assert (kind, thing) in {(finding.kind, finding.id) for finding in mine}
    assert all(finding.words for finding in mine)


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, *_ in (*CASES, *LAYOUT_CASES, *SIMULATED_CASES)} == {
        rule.id for rule in CHECKER.rules
    }


def test_a_patch_that_is_sound_breaks_no_rule() -> None:
    report = CHECKER.check(_patched(PLAN, FIRE, REMOTE, active=True))
    assert report.ok
    assert not [f for f in report.findings if f.rule.startswith(("PAT", "MIX"))]


def test_errors_come_first_and_keep_a_plan_from_being_activated() -> None:
    report = CHECKER.check(with_talkgroup(PLAN, FIRE, retention="for ever"))
    assert not report.ok
    assert report.findings[0].rule == "RET-1"
    assert report.counts()["error"] == 1


def test_many_findings_of_a_rule_are_counted() -> None:
    many = tuple(talkgroup(NORRVIK, n, f"SPARE {n}") for n in range(1, 801))
    found = [f for f in CHECKER.check(_groups(PLAN, *many)).findings if f.rule == "TG-2"]
    assert len(found) == MAX_FINDINGS_OF_A_RULE + 1
    assert found[-1].words == "and 300 more of this kind"


def test_what_a_driver_refuses_is_an_error() -> None:
    checker = Checker(lambda plan: [("pei-1", f"link pei-1: {plan.name} has no such port")])
    report = checker.check(PLAN)
    assert [(f.rule, f.id) for f in report.errors] == [("LNK-1", "pei-1")]


def test_a_drivers_refusal_names_the_setting() -> None:
    """Beside which field it stands: by how the driver's sentence begins."""
    said = (
        ("pei-1", "link pei-1: speed_bps: expected 0 or 300 to 4000000, got 7"),
        ("dfsi-1", "link dfsi-1: p25.nac: expected 1 to 4095, got 0"),
        ("pei-1", "link pei-1: port /dev/a keys link dfsi-1"),
    )
    found = [f for f in Checker(lambda _plan: said).check(PLAN).findings if f.rule == "LNK-1"]
    assert [f.field for f in found] == ["speed_bps", "p25.nac", ""]
