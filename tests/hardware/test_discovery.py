"""Looking for radios, on real pseudo-terminals."""

from pathlib import Path

from hardware.discovery import is_ptt_line, probe, serial_ports
from tests.hardware.pty_wire import Wire


def test_radio_is_found_at_its_first_answer(wire: Wire) -> None:
    wire.answer = lambda line: b"\r\nOK\r\n" if line == b"AT" else b""
    found = probe(str(wire.path))
    assert found.speed_bps == 115200
    assert found.answer == "OK"
    assert wire.received == b"\rAT\r"


def test_an_error_is_a_radio_too_and_junk_is_not(wire: Wire) -> None:
    answers = iter([b"\xff\x00zz OKAY\r\n", b"\r\n+CME ERROR: 35\r\n"])
    wire.answer = lambda line: next(answers) if line == b"AT" else b"\x80\x80"
    found = probe(str(wire.path), speeds_bps=(9600, 38400))
    assert found.speed_bps == 38400
    assert found.answer == "+CME ERROR: 35"


def test_silent_port(wire: Wire) -> None:
    found = probe(str(wire.path), speeds_bps=(9600,))
    assert found.speed_bps is None
    assert "no radio answered" in found.reason


def test_ptt_line_is_never_opened(wire: Wire, tmp_path: Path) -> None:
    other_name = tmp_path / "by-id"
    other_name.symlink_to(wire.slave_name)
    found = probe(str(wire.path), ptt_lines=[str(other_name)])
    assert "PTT line" in found.reason
    assert wire.received == b""
    assert is_ptt_line(wire.slave_name, [str(wire.path)])
    assert not is_ptt_line("/dev/null", [str(wire.path)])


def test_absent_port_has_a_reason() -> None:
    assert "is not there" in probe("/dev/no-such-radio").reason


def test_ports_are_listed_with_their_stable_names(tmp_path: Path) -> None:
    for port in serial_ports():
        (tmp_path / "usb-radio").symlink_to(port.device)
        named = {found.device: found.stable for found in serial_ports(tmp_path)}
        assert named[port.device] == str(tmp_path / "usb-radio")
        break
    assert serial_ports(tmp_path / "absent") == serial_ports(tmp_path / "absent")
