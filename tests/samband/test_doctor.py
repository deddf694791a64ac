"""``samband doctor``: every finding is in plain words and says what to do."""

import datetime as dt
import json
import os
import socket
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from samband import doctor
from samband.cli import main
from samband.config import Config, StorePart, Web
from samband.doctor_radio import Ports, look_for_radio
from samband.state import StateLock, make_state
from tests.hardware.pty_wire import Wire


def certificate(file: Path, days: float) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "room")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=400))
        .not_valid_after(now + dt.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    return file


def test_a_machine_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    make_state(tmp_path / "state")
    file = tmp_path / "samband.toml"
    file.write_text(f'[web]\nport = {port}\n[store]\nstate = "{tmp_path / "state"}"\n')
    main(["doctor", "-c", str(file), "--json"])
    findings = {entry["subject"]: entry for entry in json.loads(capsys.readouterr().out)}
    for subject in ("configuration", "Python", "libopus", "un-key guard", "state folder", "web"):
        assert findings[subject]["state"] == "ok", findings[subject]
    assert findings["certificate"]["state"] == "info"
    assert findings["ffmpeg"]["state"] in ("ok", "info")


def test_mistakes_of_the_file_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "samband.toml"
    file.write_text("[web]\nport = 0\nprot = 1\n")
    assert main(["doctor", "-c", str(file)]) == 1
    out = capsys.readouterr().out
    assert "FAIL  configuration" in out
    assert "web.port" in out
    assert "web.prot" in out


def test_web_port_of_another_program_and_of_ourselves(tmp_path: Path) -> None:
    make_state(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        config = Config(web=Web(port=other.getsockname()[1]), store=StorePart(state=tmp_path))
        (finding,) = doctor.look_at_web(config)
        assert finding.state == "fail"
        assert "web.port" in finding.remedy
        lock = StateLock(tmp_path)
        (finding,) = doctor.look_at_web(config)
        assert finding.state == "ok"
        assert str(os.getpid()) in finding.words
        lock.release()


def test_state_folder(tmp_path: Path) -> None:
    (missing,) = doctor.look_at_state(tmp_path / "none")
    assert missing.state == "warn"
    make_state(tmp_path)
    (tmp_path / "keys").chmod(0o755)
    findings = {finding.subject: finding for finding in doctor.look_at_state(tmp_path)}
    assert findings["keys"].state == "fail"
    assert "chmod 700" in findings["keys"].remedy
    assert findings["disk"].words.endswith("%)")


@pytest.mark.parametrize(
    ("total", "free", "state"), [(100, 50, "ok"), (100, 5, "warn"), (100, 1, "fail")]
)
def test_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total: int, free: int, state: str
) -> None:
    usage = type("Usage", (), {"total": total, "free": free})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    assert doctor.look_at_disk(tmp_path).state == state


@pytest.mark.parametrize(("days", "state"), [(300, "ok"), (10, "warn"), (-2, "fail")])
def test_certificate(tmp_path: Path, days: float, state: str) -> None:
    (finding,) = doctor.look_at_certificate(certificate(tmp_path / "cert.pem", days))
    assert finding.state == state


def test_certificate_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("hello")
    (finding,) = doctor.look_at_certificate(tmp_path / "cert.pem")
    assert finding.state == "fail"
    assert "PEM" in finding.remedy


def test_clock_has_an_opinion() -> None:
    (finding,) = doctor.look_at_clock()
    assert finding.state in ("ok", "warn", "info")
    assert finding.state != "warn" or finding.remedy


def test_radio_is_looked_for_only_where_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wire = Wire(tmp_path / "radio")
    wire.answer = lambda line: b"\r\nOK\r\n" if line == b"AT" else b""
    finding = look_for_radio(str(wire.path), Ports())
    wire.close()
    assert finding.state == "ok"
    assert finding.remedy == "In the plan: speed_bps = 115200"
    assert main(["doctor", "--port", str(wire.path)]) == 1
    assert "is not there" in capsys.readouterr().out
