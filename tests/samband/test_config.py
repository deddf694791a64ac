"""Configuration and plan files: every mistake named, and nothing started."""

from pathlib import Path

import pytest

from gateway.model.errors import ConfigError
from samband.cli import main
from samband.config import load_config
from samband.plan_file import load_plan

DEMO_PLAN = Path(__file__).parents[2] / "samband/demo_data/plan.toml"

FIVE_MISTAKES = """
[web]
port = 99999
colour = "red"

[sound]
press_buffer_ms = 900

[log]
level = "loud"

[[cameras.camera]]
name = "no id"
"""


def test_all_five_mistakes_are_named(tmp_path: Path) -> None:
    path = tmp_path / "samband.toml"
    path.write_text(FIVE_MISTAKES)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    text = "\n".join(caught.value.faults)
    assert len(caught.value.faults) == 5
    for key in ("web.port", "web.colour", "sound.press_buffer_ms", "log.level", "camera.0.id"):
        assert key in text
    assert "99999" in text
    assert "65535" in text
    assert "example: port = 8443" in text


def test_check_config_prints_them_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "samband.toml"
    path.write_text(FIVE_MISTAKES)
    assert main(["check-config", str(path)]) == 1
    assert capsys.readouterr().out.count("\n  ") == 5
    path.write_text('[site]\nname = "Room"\n')
    assert main(["check-config", str(path), "--plan", str(DEMO_PLAN)]) == 0


def test_no_https_beyond_this_machine_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "samband.toml"
    path.write_text('[web]\nhost = "0.0.0.0"\n')
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert "no microphone" in caught.value.faults[0]


def test_a_file_that_is_not_toml_says_where(tmp_path: Path) -> None:
    path = tmp_path / "samband.toml"
    path.write_text("[web\n")
    with pytest.raises(ConfigError, match="line 1"):
        load_config(path)


def test_the_demo_plan_is_sound() -> None:
    plan = load_plan(DEMO_PLAN)
    assert {link.id for link in plan.links} == {"norrvik-c", "hamnen", "fyrberget"}


def test_a_plan_names_every_contradiction(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        """
name = "Broken"
[[systems]]
id = "a"
name = "A"
technology = "tetra"
handle = 1
[[talkgroups]]
system = "a"
number = 99999999
name = "ONE"
folder = "F"
[[talkgroups]]
system = "b"
number = 5
name = "A NAME THAT NO TILE CAN EVER HOLD"
folder = "F"
[[links]]
id = "l"
name = "L"
kind = "tetra-pei"
system = "a"
site = "nowhere"
port = "/dev/null"
sound = "udp:127.0.0.1:1"
talkgroups = [7]
"""
    )
    with pytest.raises(ConfigError) as caught:
        load_plan(path)
    text = "\n".join(caught.value.faults)
    for part in ("16777215", "system 'b'", "site 'nowhere'", "talkgroup 7", "24 characters"):
        assert part in text
