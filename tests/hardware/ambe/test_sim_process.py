"""The simulated dongle as others meet it: a process, a pseudo-terminal, a control port; doctor."""

import argparse
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import serial

from hardware.sim.ambe_dongle import DongleControl, DongleHost, add_ambe_options
from samband.cli import main
from samband.doctor_ambe import look_for_dongle
from samband.doctor_radio import Ports
from tests.hardware.pty_wire import Wire

PAGE = Path(__file__).parents[3] / "docs" / "hardware" / "ambe-dongle.md"
FLUSHED_RESET = bytes(351) + bytes.fromhex("61000300332f1f")
READY = bytes.fromhex("61000300392f15")


class Dongle:
    """A running simulator and its control port."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.first: dict[str, Any] = json.loads(process.stdout.readline())
        self._socket = socket.create_connection(("127.0.0.1", self.first["control"]), timeout=10)
        self._file = self._socket.makefile("rwb")

    def ask(self, **request: object) -> dict[str, Any]:
        self._file.write(json.dumps(request).encode() + b"\n")
        self._file.flush()
        answer: dict[str, Any] = json.loads(self._file.readline())
        return answer

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@contextmanager
def running(*options: str, module: str = "hardware.sim") -> Iterator[Dongle]:
    sim = [] if module == "hardware.sim" else ["sim"]
    process = subprocess.Popen(
        [sys.executable, "-m", module, *sim, "ambe", "--pty", "--control", "0", *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        dongle = Dongle(process)
        yield dongle
        dongle.close()
    finally:
        process.terminate()
        assert process.wait(10) == 0
        assert process.stdout is not None
        process.stdout.close()


def test_first_line_link_and_control(tmp_path: Path) -> None:
    with running("--link", str(tmp_path / "port"), "--speed", "230400") as dongle:
        assert dongle.first["kind"] == "ambe"
        assert dongle.first["speed_bps"] == 230400
        assert dongle.first["vocoder"] == "none: a stand-in"
        assert (tmp_path / "port").resolve() == Path(dongle.first["pty"])
        with serial.Serial(str(tmp_path / "port"), 230400, timeout=2) as port:
            port.write(FLUSHED_RESET)
            assert READY in port.read(24 + len(READY))  # behind the noise of the opening
        state = dongle.ask(do="state")
        assert state["violations"] == 0
        assert dongle.ask(do="dance")["ok"] is False
        assert dongle.ask(do="junk", bytes=0)["ok"] is False
        kinds = [entry["kind"] for entry in dongle.ask(do="log")["entries"]]
        assert kinds[:2] == ["port opened", "reset"]


def test_doctor_finds_it_and_says_what_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "port")
    with running("--link", path, module="samband"):
        main(["doctor", "--ambe", path])
    said = capsys.readouterr().out
    assert f"ok    {path}: vocoder AMBE3000R (simulated by Samband, no vocoder) at 460800" in said
    assert "a tone went there and back" in said


def test_doctor_tries_both_speeds_and_names_losses(tmp_path: Path) -> None:
    path = str(tmp_path / "port")
    with running("--link", path, "--speed", "230400", "--quiet-start") as dongle:
        finding = look_for_dongle(path, Ports())
        assert "at 230400 bit/s" in finding.words
        dongle.ask(do="lose")
        finding = look_for_dongle(path, Ports())
        assert finding.state == "warn"
        assert "frames lost" in finding.words
        assert finding.remedy


def test_doctor_of_what_is_no_dongle(wire: Wire) -> None:
    finding = look_for_dongle(str(wire.path), Ports())
    assert finding.state == "fail"
    assert "does not answer a reset" in finding.words
    assert "tried at 460800 and 230400 bit/s" in finding.words
    assert "packet mode" in finding.remedy


def test_doctor_opens_no_ptt_line_and_nothing_absent(wire: Wire, tmp_path: Path) -> None:
    finding = look_for_dongle(str(wire.path), Ports(keys=(str(wire.path),)))
    assert "it keys a transmitter" in finding.words
    assert wire.received == b""
    assert look_for_dongle(str(tmp_path / "none"), Ports()).words == "it is not there"
    assert look_for_dongle("dongle", Ports()).state == "fail"


def test_pages_name_every_option_and_action() -> None:
    text = PAGE.read_text("utf-8")
    parser = argparse.ArgumentParser(add_help=False)
    add_ambe_options(parser)
    options = [option for action in parser._actions for option in action.option_strings]
    assert [option for option in options if f"`{option}" not in text] == []
    control = DongleControl(DongleHost())
    assert [action for action in control._actions if f"`{action}`" not in text] == []
