import dataclasses
from pathlib import Path

import pytest

from gateway.model.errors import ConfigError
from hardware.sim.actions import ACTIONS, Action, check_action
from hardware.sim.scenario import Timetable, load_scenario, names, parse_scenario
from hardware.sim.speech import clip_index

RADIO = '[[radio]]\nname = "a"\nissi = 1\ngroup = 2\n'

WRONG = """
title = 7
speed = "fast"

[[radio]]
name = "a"
issi = 99999999
group = 310201

[[radio]]
name = "b"
group = 310201

[[unit]]
issi = 5
latitude_deg = 120.0

[[step]]
at_s = -1
do = "talk"
group = 310201

[[step]]
at_s = 2
do = "sing"

[[step]]
at_s = 3
do = "status"
unit = 5
"""

EXPECTED = (
    "top.speed: unknown key",
    "top.title: expected a text in quotes, got 7",
    "radio[1].issi: expected 1 to 1.67772e+07, got 99999999",
    "radio[2].issi: missing; expected a whole number",
    "unit[1].latitude_deg: expected -90 to 90, got 120.0",
    "step[1].at_s: expected 0 to 86400, got -1",
    "step[2].do: expected one of",
    "step[3].value: missing; expected a whole number",
)


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        parse_scenario(WRONG, "wrong.toml")
    assert str(error.value) == "wrong.toml: 8 mistakes"
    for expected, fault in zip(EXPECTED, error.value.faults, strict=True):
        assert fault.startswith(expected)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('title = "x"\n', "radio: expected at least one"),
        (f'title = "x"\n{RADIO}{RADIO}', "radio: name a is given twice"),
        (
            f'title = "x"\n{RADIO}[[step]]\nat_s = 1\ndo = "cut"\nradio = "z"\n',
            "step[1].radio: no radio named 'z'",
        ),
        (
            f'title = "x"\n{RADIO}[[step]]\nat_s = 1\ndo = "talk"\ngroup = 2\nsay = "nope"\n',
            "step[1].say: no clip 'nope'",
        ),
        (f'title = "x"\nstep = 3\n{RADIO}', "step: expected tables [[step]]"),
        (f'title = "x"\nbase = "nothing"\n{RADIO}', "base:"),
    ],
)
def test_relations_between_tables(text: str, fault: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_scenario(text)
    assert any(one.startswith(fault) for one in error.value.faults)


def test_text_that_is_no_toml_and_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="not TOML"):
        parse_scenario("title = ")
    with pytest.raises(ConfigError, match="cannot be read") as error:
        load_scenario("/nowhere.toml")
    assert "demo" in error.value.hint


@pytest.mark.parametrize("name", names())
def test_shipped_scenarios_are_right_and_have_the_three_radios(name: str) -> None:
    scenario = load_scenario(name)
    assert [(one.name, one.issi, one.group) for one in scenario.radios] == [
        ("norrvik-c", 1299001, 310201),
        ("hamnen", 1299002, 310301),
        ("fyrberget", 1299003, 310401),
    ]
    assert scenario.radios[0].scan == (310202,)
    assert scenario.radios[0].mcc == 901
    assert len(scenario.places) == 7


def test_the_demo_is_lively_in_three_languages_with_one_emergency() -> None:
    scenario = load_scenario("demo")
    emergencies = [one for one in scenario.steps if one.action.do == "emergency"]
    assert [(one.at_ms, one.action.whole("group", 0)) for one in emergencies] == [(90_000, 310301)]
    assert emergencies[0].every_ms is not None
    assert emergencies[0].every_ms >= 600_000
    index = clip_index()
    said = [name for step in scenario.steps for name in step.action.texts("say")]
    assert {index[name].language for name in said} == {"en", "sv", "uk"}
    assert {step.action.do for step in scenario.steps} >= {"talk", "text", "status", "position"}


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(f'title = "x"\n{RADIO}pin = "1"\n[[step]]\nat_s = 1\ndo = "cut"\n', "utf-8")
    scenario = load_scenario(str(file))
    assert scenario.radios[0].pin == "1"
    assert scenario.folder == tmp_path
    assert scenario.steps[0].every_ms is None


def test_timetable_repeats_each_step_by_its_own_period() -> None:
    text = (
        f'title = "x"\ncycle_s = 10\n{RADIO}'
        '[[step]]\nat_s = 1\ndo = "cut"\n'
        '[[step]]\nat_s = 2\ndo = "release"\nevery_s = 25\n'
        '[[step]]\nat_s = 3\ndo = "power"\nonce = true\n'
    )
    table = Timetable(parse_scenario(text), 0.0, 1, loop=True)
    seen = [(at, one.do) for at in range(0, 32_000, 500) for one in table.take(at)]
    assert seen == [
        (1_000, "cut"),
        (2_000, "release"),
        (3_000, "power"),
        (11_000, "cut"),
        (21_000, "cut"),
        (27_000, "release"),
        (31_000, "cut"),
    ]
    once = Timetable(parse_scenario(text), 0.0, 1, loop=False)
    assert len(once.take(1e9)) == 3
    assert once.deadline() is None


def test_jitter_never_adds_up() -> None:
    text = f'title = "x"\ncycle_s = 10\njitter_s = 2\n{RADIO}[[step]]\nat_s = 1\ndo = "cut"\n'
    table = Timetable(parse_scenario(text), 0.0, 1, loop=True)
    for turn in range(50):
        due = table.deadline()
        assert due is not None
        assert 0 <= due - (1_000 + turn * 10_000) <= 2_000
        table.take(due)


@pytest.mark.parametrize("do", sorted(ACTIONS))
def test_every_action_names_what_it_misses(do: str) -> None:
    needs = [name for name, one in ACTIONS[do].items() if one.need]
    action, faults = check_action({"do": do}, "a")
    assert len(faults) == len(needs)
    assert (action is None) == bool(needs)


def test_actions_that_are_none() -> None:
    assert check_action("talk", "a")[0] is None
    assert check_action({"do": ["talk"]}, "a")[0] is None
    assert check_action({"do": "bytes", "hex": "XY"}, "a")[1] == [
        "a.hex: expected hexadecimal digits in quotes, got 'XY'"
    ]
    assert check_action({"do": "scan", "groups": [1, -1]}, "a")[1] == [
        "a.groups: expected numbers 0 to 1.67772e+07, got -1"
    ]


def test_values_of_an_action() -> None:
    action = Action("x", {"a": 1, "b": "t", "c": ["u", "v"], "d": True, "e": 2.5})
    assert action.number("a", 0.0) == 1.0
    assert action.maybe_number("z") is None
    assert action.texts("b") == ("t",)
    assert action.texts("c") == ("u", "v")
    assert action.flag("d")
    assert not action.flag("z")
    assert dataclasses.replace(action, do="y").do == "y"
