"""A plan's text is the same however it is written, and read the same row by row."""

import json
from dataclasses import replace

import pytest

from dispatch.plans import canonical
from dispatch.plans.canonical import PlanShelf, plan_hash, plan_of, plan_text
from gateway.model.errors import InvalidCommand
from gateway.model.ids import SystemId
from gateway.model.plan import Plan, System, Unit
from gateway.model.wire import to_json

NET = SystemId("net")


def big() -> Plan:
    units = tuple(
        Unit(system=NET, number=n, alias=f'Bil "{n}" ], {{ å', owner="Norrvik")
        for n in range(1, 3000)
    )
    system = System(id=NET, name="N", technology="tetra", handle=1)
    return Plan(name="Big", systems=(system,), units=units, predefined_texts=("a", "b"))


def test_the_text_is_sorted_json_without_blanks() -> None:
    plan = big()
    plain = json.dumps(to_json(plan), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert plan_text(plan) == plain


def test_one_row_of_a_long_table_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonical, "LONG_TABLE", 100)
    plan = big()
    first = plan_text(plan)
    edited = (replace(plan.units[5], alias="NEW"), *plan.units[7:], plan.units[1])
    for units in (edited, plan.units[:50], edited, plan.units):
        after = replace(plan, units=units)
        plain = json.dumps(
            to_json(after), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )
        assert plan_text(after) == plain
    assert plan_text(plan) == first


@pytest.mark.parametrize("indent", [None, 1])
def test_a_long_text_is_read_row_by_row_with_or_without_blanks(indent: int | None) -> None:
    plan = big()
    text = json.dumps(json.loads(plan_text(plan)), ensure_ascii=False, indent=indent)
    assert len(text) > canonical.ROWS_FROM_CHARACTERS
    assert plan_of(text) == plan
    assert plan_hash(plan_of(text)) == plan_hash(plan)


@pytest.mark.parametrize(
    "broken", [lambda t: t[:-1], lambda t: t.replace("]", "", 1), lambda t: ""]
)
def test_a_broken_long_text_is_refused_as_json(broken: object) -> None:
    assert callable(broken)
    with pytest.raises(json.JSONDecodeError):
        plan_of(broken(plan_text(big())))


def test_a_wrong_value_in_a_long_text_is_named() -> None:
    text = plan_text(big()).replace('"number":17,', '"number":"17",', 1)
    with pytest.raises(InvalidCommand, match=r"plan\.units\[16\]\.number: expected int"):
        plan_of(text)


def test_the_shelf_keeps_what_was_asked_for_last() -> None:
    shelf = PlanShelf(2)
    one, two, three = (replace(big(), name=name, units=()) for name in "abc")
    for plan in (one, two):
        shelf.keep(plan.name, plan)
    assert shelf.read("a", "no plan at all") is one
    shelf.keep("c", three)
    with pytest.raises(json.JSONDecodeError):
        shelf.read("b", "it was put away")
