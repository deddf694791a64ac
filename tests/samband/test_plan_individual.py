"""Rules of private calls in a plan file: read, and every mistake named."""

from pathlib import Path

import pytest

from gateway.model.errors import ConfigError
from samband.plan_file import load_plan

HEAD = """
name = "P"
[[systems]]
id = "net"
name = "Net"
technology = "tetra"
handle = 1
"""


def test_rules_and_the_list_are_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        HEAD
        + """
[[individual_rules]]
name = "phone"
kind = "telephone"
positions = ["1"]
next_positions = ["2", "3"]
next_after_s = 10
[[never_recorded]]
number = "+49 30 1234*"
reason = "lawyer"
"""
    )
    plan = load_plan(path)
    (rule,) = plan.individual_rules
    assert (rule.positions, rule.next_positions, rule.ring_s) == (("1",), ("2", "3"), 60)
    assert rule.retention == "private_call"
    assert plan.never_recorded[0].reason == "lawyer"


def test_every_mistake_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        HEAD.replace('id = "net"', 'id = "private"')
        + """
[[individual_rules]]
name = "a"
kind = "fax"
links = ["nowhere"]
positions = ["99"]
callers = ["*"]
ring_s = 1
[[individual_rules]]
name = "a"
next_positions = ["1"]
[[never_recorded]]
number = "*"
reason = "everybody"
"""
    )
    with pytest.raises(ConfigError) as raised:
        load_plan(path)
    words = "\n".join(raised.value.faults)
    for part in (
        "individual rule a: named 2 times",
        "kind: expected private, telephone or nothing",
        "link 'nowhere' is not in the plan",
        "position '99' is not in the plan",
        "callers: '*' is no number",
        "ring_s 5 to 600",
        "next_positions need positions",
        "never_recorded '*'",
        "stands for private calls",
    ):
        assert part in words, part


def test_an_unknown_key_of_a_rule_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(HEAD + '[[never_recorded]]\nnumber = "1"\nreason = "x"\nwhy = "y"\n')
    with pytest.raises(ConfigError) as raised:
        load_plan(path)
    assert "never_recorded[0].why: unknown" in raised.value.faults[0]
