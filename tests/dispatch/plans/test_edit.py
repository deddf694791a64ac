"""Edits of a draft, and a plan as a file."""

import json
from typing import Any

import pytest

from dispatch.errors import NotFound, ServiceError
from dispatch.plans.compare import compare
from dispatch.plans.edit import Edit, apply_edits
from dispatch.plans.toml import plan_toml, read_plan_text
from gateway.model.wire import to_json
from tests.dispatch.plans.plans import FIRE, PATROL, PLAN


def edited(*edits: Edit) -> list[str]:
    return compare(PLAN, apply_edits(PLAN, list(edits))).sentences()


def put(kind: str, thing: str = "", place: int | None = None, **value: Any) -> Edit:
    return Edit("put", kind, thing, value, place)


def test_objects_are_put_changed_and_removed() -> None:
    assert edited(put("talkgroup", FIRE, name="BRAND 7")) == [
        "Talkgroup BRAND 7 (310201, 4BBB9h): Name: BRAND 1 -> BRAND 7"
    ]
    assert edited(put("site", id="norra", name="Norra")) == ["Site Norra added"]
    assert edited(Edit("remove", "unit", "county/911")) == ["Unit Boat 9 (911, 38Fh) removed"]
    assert edited(put("text", "", text="Stand by")) == ["Predefined text Stand by added"]
    assert edited(put("plan", name="Winter")) == ["Plan Winter: Name: Norrvik -> Winter"]


def test_a_table_within_a_row_keeps_what_is_not_set() -> None:
    after = apply_edits(PLAN, [put("link", "dfsi-1", p25={"own_id": 7})])
    settings = after.links[1].p25
    assert settings is not None
    assert (settings.nac, settings.own_id) == (0x293, 7)
    assert apply_edits(after, [put("link", "dfsi-1", p25=None)]).links[1].p25 is None


def test_a_changed_number_keeps_the_place() -> None:
    after = apply_edits(PLAN, [put("talkgroup", PATROL, number=310113)])
    assert [group.number for group in after.talkgroups] == [310113, 310201, 501]


def test_a_row_is_moved() -> None:
    after = apply_edits(PLAN, [Edit("put", "talkgroup", FIRE, None, 0)])
    assert [group.number for group in after.talkgroups] == [310201, 310112, 501]
    texts = apply_edits(PLAN, [put("text", "", 0, text="First")])
    assert texts.predefined_texts == ("First", "Call back")


@pytest.mark.parametrize(
    ("edit", "error", "words"),
    [
        (put("colour", "x"), ServiceError, "kind: expected one of"),
        (put("talkgroup", FIRE, colour="red"), ServiceError, "talkgroup.colour: unknown"),
        (put("talkgroup", FIRE, priority="high"), ServiceError, "priority: expected int"),
        (put("talkgroup", "", name="X"), ServiceError, "missing"),
        (put("talkgroup", FIRE, number=310112), ServiceError, "is in the plan already"),
        (Edit("remove", "link", "pei-9"), NotFound, "there is no link pei-9"),
        (Edit("turn", "link", "pei-1"), ServiceError, "expected put or remove"),
        (put("text", "", text=" "), ServiceError, "expected a text"),
    ],
)
def test_what_an_edit_cannot_be(edit: Edit, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        apply_edits(PLAN, [put("plan", name="x"), edit])
    assert "edit 2" in str(caught.value)


def test_a_plan_as_a_file_is_the_same_plan() -> None:
    text = plan_toml(PLAN)
    assert read_plan_text(text) == PLAN
    assert plan_toml(read_plan_text(text)) == text
    assert read_plan_text(json.dumps(to_json(PLAN))) == PLAN
    odd = apply_edits(PLAN, [put("plan", name='a "b" \\ \n\t\x7f å \u2028')])
    assert read_plan_text(plan_toml(odd)) == odd


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "neither TOML nor JSON"),
        ("{", "neither TOML nor JSON"),
        ("[1]", "neither|not a key|missing"),
        ('name = "x"\ncolour = 1', "colour: not a key of a plan"),
        ('name = "x"\n[[systems]]\nid = 1', "systems\\[0\\].name: missing"),
        ('name = "x"\nsystems = 3', "expected \\[\\[systems\\]\\] tables"),
    ],
)
def test_mistakes_of_a_file_are_named(text: str, words: str) -> None:
    with pytest.raises(ServiceError, match=words):
        read_plan_text(text)
