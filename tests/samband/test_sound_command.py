"""``samband sound``: cards listed, gains found by a tone over a real sound server, and saved."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.model.errors import ConfigError
from samband.bench_pulse import PulseServer, missing, pulse_server
from samband.cli import main
from samband.plan_file import load_plan
from samband.plan_gains import save_gain

needs_pulse = pytest.mark.skipif(bool(missing()), reason=f"not installed: {missing()}")
PLAN = """name = "Levels"
[[systems]]
id = "norrvik"
name = "N"
technology = "tetra"
handle = 1
mcc = 901
mnc = 1001
[[sites]]
id = "here"
name = "Here"
[[talkgroups]]
system = "norrvik"
number = 310201
name = "PATRULL"
folder = "F"
[[links]]
id = "north"  # the roof
name = "North"
kind = "tetra-pei"
system = "norrvik"
site = "here"
port = "/dev/north"
sound = "device:?in=loop_hear&out=loop_play&latency_ms=200&queue_ms=120"
talkgroups = [310201]
sound_out_gain_db = -6.0
[[links]]
id = "south"
name = "South"
kind = "tetra-pei"
system = "norrvik"
site = "here"
port = "/dev/south"
sound = "udp:127.0.0.1:9"
talkgroups = [310201]
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    file = tmp_path / "plan.toml"
    file.write_text(PLAN)
    return file


@pytest.fixture
def pulse(tmp_path: Path) -> Iterator[PulseServer]:
    with pulse_server(tmp_path / "pulse", "loop") as server:
        yield server


@needs_pulse
def test_cards_are_listed(pulse: PulseServer, capsys: pytest.CaptureFixture[str]) -> None:
    # The list of this process may be older than the server: doctor and list start afresh.
    assert main(["sound", "list", "--json"]) == 0
    names = [row["name"] for row in json.loads(capsys.readouterr().out)]
    assert {"loop_hear", "loop_play"} <= set(names)
    assert main(["sound", "list"]) == 0
    assert "loop_hear (ALSA): " in capsys.readouterr().out


@needs_pulse
def test_loop_finds_the_gain_that_is_missing(
    pulse: PulseServer, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan has -6 dB on the way out, and a loop through a null sink loses nothing."""
    words = ["sound", "calibrate", "loop", "--plan", str(plan), "--link", "north"]
    assert main([*words, "--seconds", "1", "--json", "--save"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["measured"]["level_dbfs"] == pytest.approx(-26.0, abs=0.3)
    assert answer["gain_db"] == pytest.approx(0.0, abs=0.3)
    saved = load_plan(plan).links[0]
    assert saved.sound_out_gain_db == answer["gain_db"]
    assert "# the roof" in plan.read_text()


@needs_pulse
def test_no_tone_is_no_level(
    pulse: PulseServer, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = plan.read_text()
    words = ["sound", "calibrate", "in", "--plan", str(plan), "--link", "north"]
    assert main([*words, "--seconds", "1", "--save"]) == 1
    assert "expected a tone of 1000 Hz" in capsys.readouterr().err
    assert plan.read_text() == before


@needs_pulse
def test_meter_reading_becomes_a_gain(
    pulse: PulseServer, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sound", "calibrate", "out", "--plan", str(plan), "--link", "north", "--seconds", "1"]
    assert main(words) == 0
    assert "read the deviation meter" in capsys.readouterr().out
    assert main([*words, "--reads-hz", "3000", "--nominal-hz", "1500", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["gain_db"] == pytest.approx(-12.0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["in", "--link", "west"], "there is: north, south"),
        (["in", "--link", "south"], "not a sound card"),
        (["in", "--link", "north", "--level", "3"], "expected -60 to -3"),
        (["in", "--link", "north", "--seconds", "900"], "expected 0.5 to 60"),
        (["out", "--link", "north", "--reads-hz", "3"], "belong together"),
        (["out", "--link", "north", "--reads-hz", "0", "--nominal-hz", "1"], "more than 0"),
    ],
)
def test_wrong_use_is_said(
    words: list[str], said: str, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sound", "calibrate", words[0], "--plan", str(plan), *words[1:]]) == 1
    assert said in capsys.readouterr().err


def test_gain_goes_into_the_right_table(plan: Path) -> None:
    with pytest.raises(ConfigError):  # its sound is not a card
        save_gain(plan, "south", "sound_in_gain_db", 3.5)
    plan.write_text(plan.read_text().replace('"udp:127.0.0.1:9"', '"device:?in=other&out=other"'))
    save_gain(plan, "south", "sound_in_gain_db", 3.5)
    save_gain(plan, "north", "sound_out_gain_db", 1.0)
    north, south = load_plan(plan).links
    assert (north.sound_in_gain_db, north.sound_out_gain_db) == (0.0, 1.0)
    assert (south.sound_in_gain_db, south.sound_out_gain_db) == (3.5, 0.0)
    assert plan.read_text().count("sound_out_gain_db") == 1
    with pytest.raises(ConfigError, match="west"):
        save_gain(plan, "west", "sound_in_gain_db", 1.0)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"udp:127.0.0.1:9"', '"device:x?speed=1"', "link south: sound: "),
        ('"udp:127.0.0.1:9"', '"device:?in=loop_hear&out=none"', "used by 2 links"),
        ("sound_out_gain_db = -6.0", "sound_out_gain_db = 90.0", "expected -40 to 40, got 90.0"),
        ('"udp:127.0.0.1:9"', '"udp:127.0.0.1:9"\nsound_in_gain_db = 1.0', "gains are for sound"),
    ],
)
def test_a_plan_names_what_is_wrong_with_its_cards(
    old: str, new: str, said: str, plan: Path
) -> None:
    plan.write_text(plan.read_text().replace(old, new))
    with pytest.raises(ConfigError) as caught:
        load_plan(plan)
    assert any(said in fault for fault in caught.value.faults), caught.value.faults


def test_two_links_share_a_card_by_its_channels(plan: Path) -> None:
    left = '"device:?in=loop_hear&out=loop_play&channel=left"'
    right = '"device:?in=loop_hear&out=loop_play&channel=right"'
    text = plan.read_text().replace('"udp:127.0.0.1:9"', right)
    start = text.index('"device:?in=loop_hear&out=loop_play&latency')
    end = text.index("\n", start)
    plan.write_text(text[:start] + left + text[end:])
    assert len(load_plan(plan).links) == 2
