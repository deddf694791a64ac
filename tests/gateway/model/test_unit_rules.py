"""Names from rules: order, spans, patterns, and what cannot be used."""

from gateway.engine.addresses import Addresses
from gateway.model.ids import SystemId, UnitId
from gateway.model.plan import Plan, System, Unit
from gateway.model.unit_rules import UnitNames, UnitRule, unit_rule_faults

COUNTY = SystemId("county")


def rule(name: str, alias: str, **values: object) -> UnitRule:
    return UnitRule(system=COUNTY, name=name, alias=alias, **values)  # type: ignore[arg-type]  # fields by name


RULES = (
    rule("engines", "Engine $1", pattern="1[1245]10([0-9]{2})[127]"),
    rule("boats", "Boat {number}", first=900, last=999),
    rule("rest of 9xx", "Nobody", first=950, last=960),
)


def test_the_first_rule_that_fits_holds() -> None:
    names = UnitNames(RULES)
    assert names.alias(UnitId("county/1210207")) == "Engine 20"
    assert names.alias(UnitId("county/955")) == "Boat 955"
    assert names.alias(UnitId("county/5")) == ""
    assert names.alias(UnitId("other/955")) == ""
    assert names.alias(UnitId("no number")) == ""
    found = names.find(UnitId("county/955"))
    assert found is not None
    assert found[0].name == "boats"


def test_a_row_of_the_plan_goes_before_rules() -> None:
    plan = Plan(
        name="county",
        systems=(System(id=COUNTY, name="County", technology="p25", handle=1),),
        units=(Unit(system=COUNTY, number=955, alias="Pilot"),),
        unit_rules=RULES,
    )
    addresses = Addresses(plan)
    assert addresses.alias(UnitId("county/955")) == "Pilot"
    assert addresses.unit_name(UnitId("county/956")) == "Boat 956"
    assert addresses.unit_name(UnitId("county/12")) == "12"


def test_what_cannot_be_used() -> None:
    assert unit_rule_faults(RULES[0]) == []
    assert "last" in unit_rule_faults(rule("a", "A", first=1))[0]
    assert "last" in unit_rule_faults(rule("a", "A", first=2, last=1))[0]
    assert "or a pattern" in unit_rule_faults(rule("a", "A"))[0]
    assert "or a pattern" in unit_rule_faults(rule("a", "A", first=1, last=2, pattern="1"))[0]
    assert "wants group 2" in unit_rule_faults(rule("a", "A $2", pattern="(1)"))[0]
    assert "not closed" in unit_rule_faults(rule("a", "A", pattern="(1"))[0]
    assert "a name" in unit_rule_faults(rule("a", " ", pattern="1"))[0]
    assert UnitNames([rule("a", "A", pattern="(1")]).alias(UnitId("county/1")) == ""
