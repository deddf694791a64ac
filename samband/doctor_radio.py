"""``samband doctor``, the radio side: each link of the plan, its port, lines and sound.

A port is opened only where that can key nothing and disturb nobody: never one whose DTR or RTS is a
PTT line of the plan, never one that another process has open, none at all of a server that runs.
"""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from gateway.model.errors import ConfigError, LinkError
from gateway.model.plan import Link, Plan
from gateway.model.radio import LinkState
from samband.findings import Finding, State

CONSOLES = Path("/sys/class/tty/console/active")
WRONG_CABLE = (
    "Is the radio on, its data port switched to AT commands in the codeplug, and the cable a "
    "data cable (a programming cable gives no AT commands)?"
)
WRONG_SPEED = (
    "A device talks, but not as a radio does: is the data port set to another speed, to another "
    "kind of data (a positioning module, a programming mode), or is the cable of the wrong level?"
)


@dataclass(frozen=True, slots=True)
class Ports:
    """What must be known before any port is opened."""

    keys: tuple[str, ...] = ()
    """Ports with a PTT line."""
    planned: tuple[str, ...] = ()
    server: int | None = None
    """Process id of the running server that holds the planned ports."""


def ports_of(plan: Plan | None, server: int | None) -> Ports:
    """Return what the plan says of ports."""
    from hardware.ptt_address import ptt_ports

    links = plan.links if plan else ()
    return Ports(ptt_ports(links), tuple(link.port for link in links if link.port), server)


def hindrance(port: str, ports: Ports) -> Finding | None:
    """Return why a port is not opened, None when it may be."""
    from hardware.discovery import is_ptt_line, same_port
    from hardware.port_names import is_local

    if is_ptt_line(port, ports.keys):
        words = "it keys a transmitter (a PTT line of the plan): not opened"
        return Finding(port, "info", words, "Look at the radio's own display while you press.")
    if ports.server and any(same_port(port, planned) for planned in ports.planned):
        words = f"in use by the running server (process {ports.server}): not opened"
        return Finding(port, "info", words, "Its state is on the engineer's page.")
    if not is_local(port):
        return None
    return _local_hindrance(port)


def _local_hindrance(port: str) -> Finding | None:
    from hardware.port_names import device_of
    from hardware.port_users import port_users

    try:
        device = device_of(port)
    except LinkError as error:
        return Finding(port, "fail", str(error), error.hint)
    if not os.path.exists(device):
        return Finding(port, "fail", "it is not there", "Is the cable plugged in?")
    if not os.access(device, os.R_OK | os.W_OK):
        remedy = f"sudo usermod -aG {group_of(device)} $(id -un), then sign in again."
        return Finding(port, "fail", "this user may not open it", remedy)
    if os.path.basename(os.path.realpath(device)) in consoles():
        words = "it is the console of this machine: not opened"
        return Finding(port, "info", words, "Take it from the kernel (console=) to use it.")
    if found := port_users(device):
        who = ", ".join(f"{one.name} (process {one.pid})" for one in found)
        remedy = "One program a port: end that one, or leave the port to it."
        return Finding(port, "fail", f"in use by {who}: not opened", remedy)
    return None


def look_at_plan(plan: Plan, ports: Ports) -> list[Finding]:
    """Look at every link of the plan."""
    findings = []
    for link in plan.links:
        findings += look_at_link(link, ports)
    return findings


def look_at_link(link: Link, ports: Ports) -> list[Finding]:
    """Look at port, radio, PTT line and sound of one link."""
    from hardware.ptt_address import link_faults

    subject = f"link {link.id}"
    if faults := link_faults(link):
        return [Finding(subject, "fail", fault, "Mend the plan.") for fault in faults]
    findings = []
    if link.kind == "tetra-pei":
        findings += look_at_terminal(link, ports)
    elif link.port and (blocked := hindrance(link.port, ports)):
        findings.append(_named(blocked, subject))
    return [*findings, *look_at_key(link), *look_at_sound(link)]


def look_at_terminal(link: Link, ports: Ports) -> list[Finding]:
    """Open a terminal's port where that is allowed, start the terminal, and say what is wrong."""
    from hardware.link import LinkSettings
    from hardware.ptt_address import idle_lines
    from hardware.terminal_check import check_terminal

    subject = f"link {link.id}"
    if blocked := hindrance(link.port, ports):
        return [_named(blocked, subject)]
    settings = LinkSettings(speed_bps=link.speed_bps, rtscts=link.rtscts, active=idle_lines(link))
    try:
        report = asyncio.run(
            check_terminal(link.port, settings, own_number=link.own_number, profile=link.profile)
        )
    except (LinkError, ConfigError) as error:
        return [Finding(subject, "fail", str(error), error.hint)]
    found = report.search.found
    if found is None:
        junk = any(heard.junk for heard in report.search.tried)
        remedy = WRONG_SPEED if junk else WRONG_CABLE
        return [Finding(subject, "fail", report.search.words, remedy)]
    findings = [_speed(link, found.speed_bps)]
    if report.told is None:
        words = "it answers AT, but its start did not come to an end"
        return [*findings, Finding(subject, "fail", words, WRONG_CABLE)]
    told = report.told
    who = " ".join(word for word in (told.model, told.firmware) if word) or "model not told"
    number = f", own number {told.own_number}" if told.own_number is not None else ""
    findings.append(_state(subject, told.state, f"{who}{number}", told.reason))
    if report.refused:
        words = "; ".join(f"{command}: {answer}" for command, answer in report.refused)
        remedy = "What the radio does not report cannot be shown: check its codeplug (PEI)."
        findings.append(Finding(subject, "warn", f"services refused: {words}", remedy))
    return findings


def _speed(link: Link, speed_bps: int) -> Finding:
    subject = f"link {link.id}"
    if link.port.startswith("socket://") or link.speed_bps in (0, speed_bps):
        return Finding(subject, "ok", f"a radio answers on {link.port} at {speed_bps} bit/s")
    words = f"a radio answers at {speed_bps} bit/s, the plan says {link.speed_bps}"
    return Finding(subject, "fail", words, f"In the plan: speed_bps = {speed_bps} (or 0: find out)")


STATES: dict[LinkState, tuple[State, str]] = {
    LinkState.UP: ("ok", "ready"),
    LinkState.UNREGISTERED: ("warn", "not registered with a network"),
    LinkState.STARTING: ("fail", "its start did not come to an end"),
    LinkState.DOWN: ("fail", "cannot be used"),
    LinkState.CLOSED: ("fail", "closed"),
}
REMEDIES = {
    "PIN": "Enter the PIN at the radio: Samband never tries one.",
    "number": "Another radio is on this port: put the right one on, or change own_number.",
    "registered": "Is there coverage, and is the radio enabled in the network?",
}


def _state(subject: str, state: LinkState, who: str, reason: str) -> Finding:
    mark, words = STATES[state]
    text = f"{who}: {words}" + (f" ({reason})" if reason else "")
    if mark == "ok":
        return Finding(subject, "ok", text)
    remedy = next((what for word, what in REMEDIES.items() if word in f"{words} {reason}"), "")
    return Finding(subject, mark, text, remedy)


def look_at_key(link: Link) -> list[Finding]:
    """Look at a PTT line by its name and rights; it is never opened."""
    from hardware.gpio_link import parse_gpio
    from hardware.port_names import GPIO, device_of, is_local
    from hardware.ptt_address import parse_ptt

    ptt = parse_ptt(link.ptt)
    if ptt is None or not ptt.port or not is_local(ptt.port):
        return []
    subject = f"link {link.id} PTT"
    try:
        device = parse_gpio(ptt.port)[0] if ptt.port.startswith(GPIO) else device_of(ptt.port)
    except LinkError as error:
        return [Finding(subject, "fail", str(error), error.hint)]
    if not os.path.exists(device):
        return [Finding(subject, "fail", f"{device} is not there", "Is it plugged in?")]
    if not os.access(device, os.R_OK | os.W_OK):
        remedy = f"sudo usermod -aG {group_of(device)} $(id -un), then sign in again."
        return [Finding(subject, "fail", f"this user may not use {device}", remedy)]
    return [Finding(subject, "ok", f"{ptt.words} is there (not opened: it keys)")]


def look_at_sound(link: Link) -> list[Finding]:
    """Look for the sound card of a link."""
    subject = f"link {link.id} sound"
    if not link.sound:
        return [Finding(subject, "info", "none: this link carries data only")]
    if not link.sound.startswith("device:"):
        return []
    from hardware.sound_address import parse_device
    from hardware.sound_devices import find_device, list_devices

    findings = []
    try:
        address, devices = parse_device(link.sound), list_devices()
        for name, capture in ((address.capture, True), (address.playback, False)):
            if name:
                card = find_device(devices, name, capture=capture)
                what = "captures" if capture else "plays"
                findings.append(Finding(subject, "ok", f"{card.name} ({card.host_api}) {what}"))
    except (LinkError, ConfigError) as error:
        findings.append(Finding(subject, "fail", str(error), error.hint))
    return findings


def look_for_radio(port: str, ports: Ports) -> Finding:
    """Open one port, where that is allowed, and try the usual speeds."""
    from hardware.discovery import probe

    try:
        blocked = hindrance(port, ports)
    except ConfigError as error:
        return Finding(port, "fail", str(error), error.hint)
    if blocked is not None:
        return blocked
    found = probe(port, ptt_lines=ports.keys)
    if found.speed_bps is not None:
        words = f"a radio answers {found.answer} at {found.speed_bps} bit/s"
        return Finding(port, "ok", words, f"In the plan: speed_bps = {found.speed_bps}")
    junk = any(heard.junk for heard in found.tried)
    return Finding(port, "fail", found.reason, WRONG_SPEED if junk else WRONG_CABLE)


def unplanned_ports(ports: Ports) -> list[str]:
    """Return the serial ports of this machine that the plan does not name."""
    from hardware.discovery import same_port, serial_ports

    named = (*ports.planned, *ports.keys)
    return [
        port.device
        for port in serial_ports()
        if not any(same_port(port.device, name) for name in named)
    ]


def consoles() -> tuple[str, ...]:
    """Return the terminals that the kernel writes its messages to."""
    try:
        return tuple(CONSOLES.read_text(encoding="ascii").split())
    except OSError:
        return ()


def group_of(device: str) -> str:
    """Return the group that may use a device."""
    import grp

    try:
        return grp.getgrgid(os.stat(device).st_gid).gr_name
    except (OSError, KeyError):
        return "dialout"


def find_plan(file: Path | None, store_url: str | None) -> Plan | None:
    """Return the plan of a file, else the active one of the store; None when there is none."""
    if file is not None:
        from samband.plan_file import load_plan

        return load_plan(file)
    path = Path((store_url or "").removeprefix("sqlite:///"))
    if store_url is None or not store_url.startswith("sqlite:///") or not path.is_file():
        return None
    return _stored_plan(path)


def _stored_plan(path: Path) -> Plan | None:
    import json
    import sqlite3

    from gateway.model.wire import from_json

    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=2)
    try:
        row = store.execute(
            "SELECT body FROM plan WHERE activated_utc IS NOT NULL "
            "ORDER BY activated_utc DESC, number DESC LIMIT 1"
        ).fetchone()
    except sqlite3.Error:
        return None
    finally:
        store.close()
    return from_json(Plan, json.loads(row[0]), "plan") if row else None


def _named(finding: Finding, subject: str) -> Finding:
    return Finding(subject, finding.state, f"{finding.subject}: {finding.words}", finding.remedy)
