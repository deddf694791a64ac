"""What ``samband doctor`` says of radios, on real ports: pseudo-terminals, TCP, the simulator."""

import asyncio
import dataclasses
import json
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.model.plan import Link, Plan
from gateway.model.wire import to_json
from samband import doctor, doctor_radio
from samband.cli import main
from samband.doctor_radio import Ports, consoles, hindrance, look_at_link, look_for_radio, ports_of
from samband.findings import Finding
from samband.state import StateLock, make_state
from tests.hardware.pty_wire import Wire
from tests.hardware.simulation import Simulation, simulate
from tests.hardware.test_analogue_radio import donor
from tests.hardware.test_rfc2217 import share

ISSI = 1299001


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    opened = Wire(tmp_path / "radio")
    yield opened
    opened.close()


@pytest.fixture
def simulation(tmp_path: Path) -> Iterator[Simulation]:
    yield from simulate(tmp_path)


def terminal(port: str, **more: object) -> Link:
    link = dataclasses.replace(
        donor(port), kind="tetra-pei", ptt="pei", sound="udp:127.0.0.1:9", group=7
    )
    return dataclasses.replace(link, **more)  # type: ignore[arg-type]  # a test's own fields


def plan_of(*links: Link) -> Plan:
    return Plan(name="a plan", links=links)


def only(findings: list[Finding], state: str) -> Finding:
    (found,) = [finding for finding in findings if finding.state == state]
    return found


def scripted(wire: Wire, **answers: str) -> None:
    """Answer OK to everything, or what is given for the beginning of a command."""

    def answer(line: bytes) -> bytes:
        text = line.decode("latin-1")
        for name, words in answers.items():
            if text.startswith(f"AT+{name}"):
                return f"\r\n{words}\r\n".encode()
        return b"\r\nOK\r\n" if line else b""

    wire.answer = answer


def test_radio_in_order(simulation: Simulation) -> None:
    link = dataclasses.replace(simulation.planned(), own_number=ISSI)
    findings = look_at_link(link, ports_of(plan_of(link), None))
    assert [finding.state for finding in findings] == ["ok", "ok"], findings
    assert f"own number {ISSI}" in findings[1].words
    assert findings[1].words.endswith("ready")
    assert simulation.violations() == []
    assert simulation.state["keyed"] is False


def test_wrong_radio_on_the_port(simulation: Simulation) -> None:
    link = dataclasses.replace(simulation.planned(), own_number=4711)
    finding = only(look_at_link(link, Ports()), "fail")
    assert "4711" in finding.words
    assert str(ISSI) in finding.words
    assert "own_number" in finding.remedy


def test_radio_without_a_network(simulation: Simulation) -> None:
    simulation.ask("registration", stat=0)
    finding = only(look_at_link(simulation.planned(), Ports()), "warn")
    assert "not registered" in finding.words
    assert "coverage" in finding.remedy


def test_radio_that_asks_for_a_pin(wire: Wire) -> None:
    scripted(wire, **{"CPIN?": "+CPIN: MT PIN\r\n\r\nOK"})
    finding = only(look_at_link(terminal(str(wire.path)), Ports()), "fail")
    assert "PIN" in finding.words
    assert "never tries one" in finding.remedy
    assert b"AT+CPIN=" not in wire.received


def test_services_that_are_refused(wire: Wire) -> None:
    scripted(wire, **{"CTSP=": "+CME ERROR: 33", "CPIN?": "+CPIN: READY\r\n\r\nOK"})
    findings = look_at_link(terminal(str(wire.path)), Ports())
    (refused,) = [one for one in findings if "services refused" in one.words]
    assert "AT+CTSP=2,0,0: +CME ERROR: 33" in refused.words


def test_wrong_speed_in_the_plan(wire: Wire) -> None:
    def answer(line: bytes) -> bytes:
        right = termios.tcgetattr(wire.master)[4] == termios.B9600
        return b"\r\nOK\r\n" if right and line else b""

    wire.answer = answer
    finding = look_at_link(terminal(str(wire.path)), Ports())[0]
    assert finding.state == "fail"
    assert finding.words == "a radio answers at 9600 bit/s, the plan says 38400"
    assert "speed_bps = 9600" in finding.remedy


def test_silence_and_junk_have_different_remedies(wire: Wire) -> None:
    silent = only(look_at_link(terminal(str(wire.path)), Ports()), "fail")
    assert "not one byte came" in silent.words
    assert "data cable" in silent.remedy
    wire.answer = lambda line: b"\xf8\x80"
    noisy = only(look_at_link(terminal(str(wire.path)), Ports()), "fail")
    assert "something came" in noisy.words
    assert "another speed" in noisy.remedy


async def test_radio_behind_an_rfc2217_server() -> None:
    async with share() as shared:

        def hear(data: bytes) -> None:
            if shared.port.speed_bps == 19200 and data.strip():
                shared.port.say(b"\r\nOK\r\n")

        shared.port._heard = hear
        link = terminal(shared.url, speed_bps=0)
        findings = await asyncio.to_thread(look_at_link, link, Ports())
        assert "at 19200 bit/s" in findings[0].words
        assert shared.moves == [], "no line moved"


def test_port_that_keys_is_never_opened(wire: Wire) -> None:
    asked: list[bytes] = []
    wire.answer = lambda line: asked.append(line) or b""  # type: ignore[func-returns-value]
    keyed = dataclasses.replace(donor(str(wire.path)), carrier="vox", port="", ptt="")
    keyed = dataclasses.replace(keyed, ptt=f"rts:{wire.path}")
    ports = ports_of(plan_of(keyed), None)
    assert ports.keys == (str(wire.path),)
    for name in (str(wire.path), wire.slave_name):
        found = look_for_radio(name, ports)
        assert "keys a transmitter" in found.words
    findings = look_at_link(keyed, ports)
    assert "is there (not opened: it keys)" in findings[0].words
    own = donor(str(wire.path))
    assert "keys a transmitter" in look_at_link(own, ports_of(plan_of(own), None))[0].words
    assert asked == []
    assert wire.received == b""


def test_port_of_a_running_server_is_never_opened(wire: Wire, tmp_path: Path) -> None:
    make_state(tmp_path / "state")
    file = tmp_path / "samband.toml"
    file.write_text(f'[store]\nstate = "{tmp_path / "state"}"\n')
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(port=wire.path))
    lock = StateLock(tmp_path / "state")
    try:
        findings = doctor.examine(file, [wire.slave_name], plan)
    finally:
        lock.release()
    told = [one for one in findings if "running server" in one.words]
    assert len(told) == 2, findings
    assert wire.received == b""


def test_busy_port_names_who_has_it(wire: Wire) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", f"port = open({wire.slave_name!r}); print(1, flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    found = hindrance(str(wire.path), Ports())
    holder.communicate(b"\n")
    assert found is not None
    assert f"process {holder.pid}" in found.words
    assert "python" in found.words
    assert hindrance(str(wire.path), Ports()) is None


def test_console_of_the_machine_is_left_alone() -> None:
    for name in consoles():
        if Path(f"/dev/{name}").exists():
            found = hindrance(f"/dev/{name}", Ports())
            assert found is not None
            assert found.state in ("info", "fail")


def test_absent_port_and_missing_sound_card() -> None:
    link = terminal("/dev/no-such-radio", sound="device:No Such Card Anywhere")
    absent, sound = look_at_link(link, Ports())
    assert "is not there" in absent.words
    assert sound.state == "fail"
    assert sound.remedy


def test_gpio_key_is_looked_at_by_name() -> None:
    link = donor("", port="", carrier="vox", ptt="gpio:gpiochip99/4")
    (key, _) = look_at_link(link, Ports())
    assert key.words == "/dev/gpiochip99 is not there"


PLAN = """
name = "One terminal"
[[systems]]
id = "norrvik"
name = "N"
technology = "tetra"
handle = 1
[[sites]]
id = "s"
name = "S"
[[talkgroups]]
system = "norrvik"
number = 7
name = "SEVEN"
folder = "N"
[[links]]
id = "a"
name = "A"
kind = "tetra-pei"
system = "norrvik"
site = "s"
port = "{port}"
sound = ""
talkgroups = [7]
group = 7
speed_bps = 0
"""


def test_the_command_speaks_json(
    wire: Wire, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scripted(wire, **{"CPIN?": "+CPIN: MT PIN\r\n\r\nOK"})
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(port=wire.path))
    assert main(["doctor", "--plan", str(plan), "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    states = {(row["subject"], row["state"]) for row in rows}
    assert ("plan", "ok") in states
    assert ("link a", "fail") in states
    assert ("link a sound", "info") in states


def test_the_live_plan_is_read_from_the_store(tmp_path: Path) -> None:
    from dispatch.store.engine import Store
    from dispatch.store.tables import PlanRow
    from dispatch.store.upgrade import upgrade

    url = f"sqlite:///{tmp_path}/samband.db"
    upgrade(url)
    store = Store(url)
    for number, name, active in ((1, "old", 5), (2, "live", 9), (3, "draft", None)):
        body = json.dumps(to_json(Plan(name=name)))
        row = PlanRow(number=number, name=name, body=body, created_utc=1, activated_utc=active)
        store.write_now(lambda db, row=row: db.add(row))  # type: ignore[misc]  # bound now
    store.close()
    found = doctor_radio.find_plan(None, url)
    assert found is not None
    assert found.name == "live"
    assert doctor_radio.find_plan(None, f"sqlite:///{tmp_path}/none.db") is None
