"""The page about the simulator names everything there is."""

import argparse
from pathlib import Path

import pytest

from hardware.sim.actions import ACTIONS
from hardware.sim.command import add_pei_options
from hardware.sim.control import QUERIES
from hardware.sim.scenario import GROUP, RADIO, STEP, TOP, UNIT, names

PAGE = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text("utf-8")


def options() -> list[str]:
    parser = argparse.ArgumentParser(add_help=False)
    add_pei_options(parser)
    return [option for action in parser._actions for option in action.option_strings]


@pytest.mark.parametrize("name", [*ACTIONS, *TOP, *RADIO, *GROUP, *UNIT, *STEP, *names()])
def test_actions_keys_and_scenarios_are_on_the_page(name: str) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("query", QUERIES)
def test_queries_are_on_the_page(query: str) -> None:
    assert f'{{"do":"{query}"' in PAGE


@pytest.mark.parametrize("option", options())
def test_options_are_on_the_page(option: str) -> None:
    assert f"`{option}" in PAGE


def test_values_of_actions_are_on_the_page() -> None:
    missing = {name for fields in ACTIONS.values() for name in fields if f"`{name}`" not in PAGE}
    assert missing == set()
