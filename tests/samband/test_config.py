"""Configuration and plan files: every mistake named, and nothing started."""

from pathlib import Path

import pytest

from gateway.model.errors import ConfigError
from gateway.model.p25_settings import P25_KINDS
from hardware.p25_addresses import read_key, read_password
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
    terminals, coast = {"norrvik-c", "hamnen", "fyrberget"}, {"vinga", "sjonet"}
    assert {link.id for link in plan.links} == terminals | coast
    assert {link.id for link in plan.links if link.kind in P25_KINDS} == coast


def test_a_p25_link_names_every_mistake(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        """
name = "Coast"
[[systems]]
id = "coast"
name = "Coast"
technology = "p25"
handle = 1
[[sites]]
id = "s"
name = "S"
[[talkgroups]]
system = "coast"
number = 70000
name = "TOO HIGH"
folder = "F"
[[links]]
id = "fne"
name = "FNE"
kind = "p25-fne"
system = "coast"
site = "s"
port = "/dev/ttyUSB0"
sound = "udp:127.0.0.1:5000"
talkgroups = [70000]
[links.p25]
nac = 0x1000
dialect = "quantar"
callsign = ""
[[links]]
id = "modem"
name = "Modem"
kind = "p25-modem"
system = "coast"
site = "s"
port = "/dev/serial/by-id/modem"
speed_bps = 9600
sound = ""
talkgroups = []
"""
    )
    with pytest.raises(ConfigError) as caught:
        load_plan(path)
    found = "\n".join(caught.value.faults)
    for word in (
        "talkgroup coast/70000: expected 1 to 65535",
        "p25.nac: expected 1 to 4095, got 4096",
        "p25.dialect",
        "p25.callsign",
        "p25.peer_id: missing",
        "port: expected udp:HOST:PORT, got '/dev/ttyUSB0'",
        "sound: a P25 link carries its own voice",
        "link modem: speed_bps: a modem board has one of 115200",
    ):
        assert word in found, word


def test_an_unknown_p25_setting_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        """
name = "Coast"
[[links]]
id = "x"
name = "X"
kind = "p25-dfsi"
system = "coast"
site = "s"
port = "udp:127.0.0.1:1"
sound = ""
talkgroups = []
[links.p25]
colour = "red"
"""
    )
    with pytest.raises(ConfigError) as caught:
        load_plan(path)
    assert any("links[0].p25.colour: unknown" in fault for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (b"secret\n", 0o644, "can be read by others"),
        (b"", 0o600, "expected a first line"),
        (None, 0o600, "cannot be read"),
    ],
)
def test_a_password_that_is_not_kept_well_is_refused(
    tmp_path: Path, content: bytes | None, mode: int, words: str
) -> None:
    path = tmp_path / "fne.password"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(ConfigError, match=words) as caught:
        read_password(str(path))
    assert "secret" not in str(caught.value)


def test_a_password_and_a_key_are_read(tmp_path: Path) -> None:
    path = tmp_path / "fne"
    path.write_bytes(b"pass word\nsecond line\n")
    path.chmod(0o600)
    assert read_password(str(path)) == b"pass word"
    path.write_bytes(b"00" * 31 + b"ff\n")
    assert read_key(str(path)) == bytes(31) + b"\xff"
    path.write_bytes(b"00\n")
    with pytest.raises(ConfigError, match="64 hex digits"):
        read_key(str(path))


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


def test_witnesses_and_time_stamps_are_checked(tmp_path: Path) -> None:
    file = tmp_path / "samband.toml"
    file.write_text(
        '[audit]\nstamp_url = "http://tsa.test/"\n'
        '[[audit.witness]]\nkey = "nonsense"\nurl = "http://127.0.0.1"\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    words = "\n".join(caught.value.faults)
    assert "audit.stamp_url, audit.stamp_roots: give both or none" in words
    assert "audit.witness.key" in words
