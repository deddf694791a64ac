"""``samband doctor``: looks at ports, sound, rights and clock, and says in words what to do."""

import argparse
import ctypes
import ctypes.util
import datetime as dt
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from gateway.model.errors import ConfigError
from gateway.model.plan import Plan
from samband.config import Config, load_config
from samband.doctor_ambe import look_for_dongle
from samband.doctor_radio import (
    find_plan,
    group_of,
    look_at_plan,
    look_for_radio,
    ports_of,
    unplanned_ports,
)
from samband.findings import Finding
from samband.state import FOLDERS, LOCK_FILE

PYTHON_NEEDED = (3, 11)
LOW_DISK_SHARE = 0.10
"""Below this share of free disk the server warns."""
FULL_DISK_SHARE = 0.02
"""Below this share it stops keeping camera media."""
CERTIFICATE_WARN_DAYS = 30
TIMESYNC = Path("/run/systemd/timesync/synchronized")
ADJTIMEX_BYTES = 512
"""More than the 208 bytes of Linux's struct timex; zeroed, so that nothing is set."""
CLOCK_UNSYNCHRONISED = 5
TOOLS = {
    "ffmpeg": "only needed to make files of other kinds from recordings",
    "mosquitto": "only needed when cameras talk MQTT and no broker runs elsewhere",
}
MARKS = {"ok": "ok  ", "info": "info", "warn": "WARN", "fail": "FAIL"}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband doctor``."""
    parser = subparsers.add_parser(
        "doctor",
        help="looks at ports, sound, rights and clock",
        epilog="example: samband doctor -c /etc/samband/samband.toml --find",
    )
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", help="samband.toml")
    parser.add_argument("--json", action="store_true", help="findings as a JSON list")
    parser.add_argument(
        "--port",
        action="append",
        default=[],
        metavar="DEV",
        help="also open this port and look for a radio (it moves the port's lines: "
        "never name a port that keys a transmitter); may be given several times",
    )
    parser.add_argument(
        "--ambe",
        action="append",
        default=[],
        metavar="DEV",
        help="also open this port and send a tone through the vocoder dongle on it and back",
    )
    parser.add_argument(
        "--plan",
        type=Path,
        metavar="FILE",
        help="look at the links of this plan (else: the live one)",
    )
    parser.add_argument(
        "--find",
        action="store_true",
        help="also open every serial port that the plan does not name (never a PTT line of it)",
    )


def run(args: argparse.Namespace) -> int:
    """Look at everything; returns 0 when nothing failed, 1 otherwise."""
    findings = examine(args.config, args.port, args.plan, find=args.find, dongles=args.ambe)
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            print(f"{MARKS[finding.state]}  {finding.subject}: {finding.words}")
            if finding.remedy:
                print(f"      {finding.remedy}")
    return 1 if any(finding.state == "fail" for finding in findings) else 0


def examine(
    config_file: Path | None,
    ports: Iterable[str],
    plan_file: Path | None = None,
    *,
    find: bool = False,
    dongles: Iterable[str] = (),
) -> list[Finding]:
    """Run every check that can be run; one that breaks is a finding itself."""
    config, findings = look_at_config(config_file)
    plan, plan_findings = look_for_plan(config, plan_file)
    findings += plan_findings
    checks: list[Callable[[], list[Finding]]] = [look_at_python, look_at_opus, look_at_libraries]
    checks.append(look_at_guard)
    if config is not None:
        checks.append(lambda: look_at_state(config.state))
        checks.append(lambda: look_at_web(config))
        checks.append(lambda: look_at_certificate(config.web.certificate))
    checks += [look_at_clock, look_at_tools, look_at_ports, look_at_sound]
    known = ports_of(plan, _running_server(config.state) if config is not None else None)
    if plan is not None:
        checks.append(lambda: look_at_plan(plan, known))
    if find:
        ports = [*ports, *unplanned_ports(known)]
    for check in checks:
        try:
            findings += check()
        except OSError as error:
            findings.append(Finding("check", "warn", f"could not be carried out: {error}"))
    findings += [look_for_radio(port, known) for port in ports]
    findings += [look_for_dongle(port, known) for port in dongles]
    return findings


def look_for_plan(
    config: Config | None, plan_file: Path | None
) -> tuple[Plan | None, list[Finding]]:
    """Read the plan that is to be looked at."""
    try:
        plan = find_plan(plan_file, config.store_url if config is not None else None)
    except ConfigError as error:
        words = "; ".join((str(error), *error.faults))
        return None, [Finding("plan", "fail", words, "Mend the plan; links are not looked at.")]
    if plan is None:
        words = "none: links are not looked at, and PTT lines are not known"
        return None, [Finding("plan", "info", words, "Give it with --plan plan.toml.")]
    return plan, [Finding("plan", "ok", f"{plan.name}: {len(plan.links)} links")]


def look_at_libraries() -> list[Finding]:
    """Check what serial ports and sound cards need."""
    from gateway.model.errors import LinkError
    from hardware.sound_devices import load_portaudio

    findings = []
    try:
        import serial

        findings.append(Finding("pyserial", "ok", str(serial.__version__)))
    except ImportError:
        words = "not installed: no serial port can be opened"
        findings.append(Finding("pyserial", "fail", words, "Install Samband again."))
    try:
        load_portaudio()
        findings.append(Finding("PortAudio", "ok", "found"))
    except LinkError as error:
        findings.append(Finding("PortAudio", "info", f"no sound cards: {error}", error.hint))
    return findings


def look_at_config(file: Path | None) -> tuple[Config | None, list[Finding]]:
    """Read the configuration; without one the checks that need it are left out."""
    if file is None:
        words = "none given: state folder, web port and certificate are not looked at"
        return None, [Finding("configuration", "info", words, "Give it with -c samband.toml.")]
    try:
        config = load_config(file)
    except ConfigError as error:
        words = "; ".join((str(error), *error.faults))
        remedy = f"Mend {file}; samband check-config names every mistake."
        return None, [Finding("configuration", "fail", words, remedy)]
    return config, [Finding("configuration", "ok", f"{file} has no mistakes")]


def look_at_python() -> list[Finding]:
    """Check the version of Python."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < PYTHON_NEEDED:
        return [Finding("Python", "fail", f"{version} is too old", "Install Python 3.11 or newer.")]
    return [Finding("Python", "ok", version)]


def look_at_opus() -> list[Finding]:
    """Check that libopus can be used: the system's, or the copy that comes with PyAV."""
    from voicecodecs.opus import bundled_libopus

    system = ctypes.util.find_library("opus")
    if system:
        return [Finding("libopus", "ok", f"the system's {system}")]
    copy = bundled_libopus()
    if copy is not None:
        return [Finding("libopus", "ok", f"the copy in PyAV, {copy.name}")]
    return [
        Finding("libopus", "fail", "not found: no sound", "Install it: sudo apt install libopus0")
    ]


def look_at_guard() -> list[Finding]:
    """Check that the un-key guard's script can be started."""
    from hardware.guard_nursery import SCRIPT

    if not SCRIPT.is_file() or not os.access(sys.executable, os.X_OK):
        words = f"{SCRIPT} cannot be started by {sys.executable}: nothing would be keyed"
        return [Finding("un-key guard", "fail", words, "Install Samband again.")]
    return [Finding("un-key guard", "ok", "its script is there")]


def look_at_state(state: Path) -> list[Finding]:
    """Check that the state folder can be written, hides its keys and has room."""
    if not state.is_dir():
        words = f"{state} does not exist yet"
        return [Finding("state folder", "warn", words, 'Run "samband setup" to make it.')]
    findings = []
    closed = [name for name in ("", *FOLDERS) if not _writable(state / name)]
    if closed:
        names = ", ".join(str(state / name) for name in closed)
        remedy = f"Give them to this user: sudo chown -R $(id -un) {state}"
        findings.append(Finding("state folder", "fail", f"cannot be written: {names}", remedy))
    else:
        findings.append(Finding("state folder", "ok", f"{state} can be written"))
    keys = state / "keys"
    if keys.is_dir() and keys.stat().st_mode & 0o077:
        words = f"others may read {keys}"
        findings.append(Finding("keys", "fail", words, f"Close it: chmod 700 {keys}"))
    return [*findings, look_at_disk(state)]


def look_at_disk(state: Path) -> Finding:
    """Check the free share of the disk that holds the state folder."""
    usage = shutil.disk_usage(state)
    share = usage.free / usage.total
    words = f"{usage.free / 1e9:.1f} GB free ({share:.0%})"
    if share < FULL_DISK_SHARE:
        remedy = "Free space now: camera media are not kept; radio and audit go on till the end."
        return Finding("disk", "fail", words, remedy)
    if share < LOW_DISK_SHARE:
        return Finding("disk", "warn", words, "Free space, or move the recordings.")
    return Finding("disk", "ok", words)


def look_at_web(config: Config) -> list[Finding]:
    """Check that the web port can be taken."""
    host, port = config.web.host, config.web.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            holder = _running_server(config.state)
            if holder:
                words = f"port {port} is taken, Samband runs (process {holder})"
                return [Finding("web", "ok", words)]
            words = f"port {port} on {host} cannot be taken: {error.strerror}"
            remedy = "End the other program, or choose another with web.port."
            return [Finding("web", "fail", words, remedy)]
    return [Finding("web", "ok", f"port {port} on {host} is free")]


def look_at_certificate(file: Path | None) -> list[Finding]:
    """Check that the certificate can be read and is valid for a while."""
    if file is None:
        words = "none: browsers give a microphone only on this machine (localhost)"
        return [Finding("certificate", "info", words)]
    from cryptography import x509

    try:
        loaded = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        remedy = 'Give a PEM file with web.certificate, or run "samband setup".'
        return [Finding("certificate", "fail", f"{file} cannot be read: {error}", remedy)]
    until = loaded.not_valid_after_utc
    days = (until - dt.datetime.now(dt.UTC)).days
    words = f"valid until {until:%Y-%m-%d}"
    if days < 0:
        return [Finding("certificate", "fail", f"ended on {until:%Y-%m-%d}", "Renew it.")]
    if days < CERTIFICATE_WARN_DAYS:
        return [Finding("certificate", "warn", f"{words}: {days} days left", "Renew it.")]
    return [Finding("certificate", "ok", words)]


def look_at_clock() -> list[Finding]:
    """Check that the clock is set by the network: call times are evidence."""
    kept = TIMESYNC.exists() or _kernel_clock_kept()
    if kept is None:
        return [Finding("clock", "info", "this system does not say whether its clock is set")]
    if kept:
        return [Finding("clock", "ok", "set by network time")]
    words = "not set by network time: times in the call log may be wrong"
    remedy = "Turn it on: sudo timedatectl set-ntp true"
    return [Finding("clock", "warn", words, remedy)]


def look_at_sound() -> list[Finding]:
    """List the sound cards as the plan names them; opens none."""
    from hardware.sound_devices import sound_findings

    return [
        Finding("sound card", "ok" if state == "ok" else "info", words, remedy)
        for state, words, remedy in sound_findings()
    ]


def look_at_tools() -> list[Finding]:
    """Name the programs that are only needed for some things."""
    return [
        Finding(tool, "ok", "found")
        if shutil.which(tool)
        else Finding(tool, "info", f"absent: {why}")
        for tool, why in TOOLS.items()
    ]


def look_at_ports() -> list[Finding]:
    """List the serial ports and whether this user may open them; opens none."""
    from hardware.discovery import serial_ports

    ports = serial_ports()
    if not ports:
        return [Finding("serial ports", "info", "none found: no radio is plugged in")]
    findings = []
    for port in ports:
        if os.access(port.device, os.R_OK | os.W_OK):
            words = f"{port.words or 'serial port'}, name it {port.stable} in the plan"
            remedy = f"To look for a radio: samband doctor --port {port.stable}"
            findings.append(Finding(port.device, "ok", words, remedy))
        else:
            remedy = f"sudo usermod -aG {group_of(port.device)} $(id -un), then sign in again."
            findings.append(Finding(port.device, "fail", "this user may not open it", remedy))
    return findings


def _writable(path: Path) -> bool:
    return not path.exists() or os.access(path, os.R_OK | os.W_OK | os.X_OK)


def _running_server(state: Path) -> int | None:
    """Return the process id of a server that lives on this state folder."""
    try:
        pid = int((state / LOCK_FILE).read_text().strip())
    except (OSError, ValueError):
        return None
    return pid if Path(f"/proc/{pid}").exists() else None


def _kernel_clock_kept() -> bool | None:
    """Ask Linux whether something keeps its clock; None where it cannot say."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is None:
        return None
    state = adjtimex(ctypes.create_string_buffer(ADJTIMEX_BYTES))
    return None if state < 0 else bool(state != CLOCK_UNSYNCHRONISED)
