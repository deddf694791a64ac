"""Vendor profiles: chosen by what the radio says of itself, or by the plan; values, no branches."""

import ast
from pathlib import Path

import pytest

import gateway.tetra
from gateway.model.ids import MonoMs
from gateway.tetra.profiles import GENERIC, PROFILES, Padding, choose
from gateway.tetra.terminal import TerminalCore
from tests.gateway.tetra.scripted_radio import Wire

CORE = Path(gateway.tetra.__file__).parent


def _started(maker: str, profile: str = "auto") -> Wire:
    wire = Wire(core=TerminalCore(profile=profile))
    wire.answers["AT+GMI?"] = [f"+GMI: {maker}", "OK"]
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(6_000)
    return wire


@pytest.mark.parametrize(
    ("maker", "name"),
    [("MOTOROLA", "motorola"), ("Sepura plc", "sepura"), ("HYTERA", "generic"), ("", "generic")],
)
def test_the_maker_chooses(maker: str, name: str) -> None:
    wire = _started(maker)
    assert wire.core.state.profile.name == name
    assert not any(line.startswith(("ATZ", "AT&F", "ATR")) for line in wire.host)


def test_the_plan_overrides_the_maker() -> None:
    wire = _started("MOTOROLA", profile="sepura")
    assert wire.core.state.profile is PROFILES["sepura"]
    assert "AT+CTSP=1,2,20" in wire.host
    assert "AT+CTSP=2,2,20" not in wire.host


def test_status_services_by_profile() -> None:
    assert "AT+CTSP=2,2,20" in _started("MOTOROLA").host
    assert "AT+CTSP=1,2,20" in _started("SEPURA").host
    unknown = _started("NOBODY")
    assert "AT+CTSP=2,2,20" in unknown.host
    assert "AT+CTSP=1,2,20" not in unknown.host, "the first that is taken serves"


def test_character_set_only_where_it_is_known() -> None:
    assert 'AT+CSCS="8859-1"' in _started("MOTOROLA").host
    assert not any("CSCS" in line for line in _started("SEPURA").host)


def test_no_reset_where_it_restarts_the_radio() -> None:
    assert PROFILES["motorola"].reset == "ATZ"
    assert PROFILES["sepura"].reset == ""
    assert GENERIC.reset == ""


def test_paddings() -> None:
    assert PROFILES["motorola"].padding is Padding.OCTET
    assert PROFILES["sepura"].padding is Padding.NIBBLE
    assert GENERIC.padding is Padding.EITHER


def test_profiles_and_modes_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match="expected auto or one of generic, motorola, sepura"):
        choose("nokia")
    with pytest.raises(ValueError, match="expected one of tmo, dmo"):
        TerminalCore(mode="V+D")


def test_no_maker_is_named_outside_of_the_profiles() -> None:
    """Common code asks the profile's values; it never branches on who made the radio."""
    for path in CORE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.If | ast.IfExp | ast.Match):
                head = node.subject if isinstance(node, ast.Match) else node.test
                text = ast.dump(head).lower()
                for maker in ("motorola", "sepura", "airbus", "hytera", "profile.name"):
                    assert maker not in text, f"{path.name}:{node.lineno}"
