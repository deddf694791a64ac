"""What keys a radio, as the plan names it."""

from dataclasses import dataclass

from gateway.model.errors import ConfigError
from gateway.model.p25_settings import P25_KINDS
from gateway.model.plan import Link as PlannedLink
from hardware.gpio_link import parse_gpio
from hardware.line_state import INPUTS, Line
from hardware.port_names import GPIO, check_name

PEI = "pei"
VOX = "vox"
SIMULATED = "@"
"""A port that ``samband demo`` replaces by that of the simulated radio with this name."""


@dataclass(frozen=True, slots=True)
class PttLine:
    """A line that keys. ``port`` is empty for the link's own port."""

    line: Line
    port: str = ""

    @property
    def words(self) -> str:
        """The line for people."""
        where = self.port or "its own port"
        return where if self.port.startswith(GPIO) else f"{self.line.name} of {where}"


def parse_ptt(text: str) -> PttLine | None:
    """Return the line, None for ``pei``; raises ConfigError on another form."""
    if text == PEI:
        return None
    if text.startswith(GPIO):
        parse_gpio(text)
        return PttLine(Line.RTS, text)
    name, colon, port = text.partition(":")
    if name not in ("rts", "dtr") or (colon and not port):
        raise ConfigError(
            f"ptt: expected pei, rts, dtr, rts:PORT, dtr:PORT or gpio:CHIP/LINE, got {text!r}"
        )
    if port:
        check_name(port)
    return PttLine(Line(name), port)


def parse_carrier(text: str) -> Line | None:
    """Return the input that shows a carrier, None for ``vox``; raises ConfigError otherwise."""
    if text == VOX:
        return None
    known = {line.value: line for line in INPUTS}
    if text not in known:
        raise ConfigError(f"carrier: expected cts, dcd, dsr, ri or vox, got {text!r}")
    return known[text]


def idle_lines(link: PlannedLink) -> frozenset[Line]:
    """Return the outputs that are active while nothing is keyed; raises ConfigError."""
    active = set()
    for line, state in ((Line.DTR, link.dtr), (Line.RTS, link.rts)):
        if state not in ("active", "inactive"):
            raise ConfigError(f"{line.value}: expected active or inactive, got {state!r}")
        if state == "active":
            active.add(line)
    return frozenset(active)


def ptt_ports(links: tuple[PlannedLink, ...]) -> tuple[str, ...]:
    """Return every port whose DTR or RTS keys a transmitter; wrong entries are left out."""
    ports = []
    for link in links:
        try:
            ptt = parse_ptt(link.ptt)
        except ConfigError:
            continue
        if ptt is not None and not ptt.port.startswith(GPIO):
            ports.append(ptt.port or link.port)
    return tuple(ports)


def link_faults(link: PlannedLink) -> list[str]:
    """Return what cannot be in port, lines and keying of a link, a sentence each."""
    faults = []
    for check in (_port_fault, _line_fault, _donor_fault, _range_fault):
        try:
            fault = check(link)
        except ConfigError as error:
            fault = str(error)
        if fault:
            faults.append(fault)
    return faults


def _port_fault(link: PlannedLink) -> str:
    if link.port.startswith(SIMULATED) or link.kind in P25_KINDS:
        return ""  # P25 links have addresses of their own, checked by p25_addresses
    if link.port or link.kind != "analogue" or link.carrier != VOX:
        check_name(link.port)
    return ""


def _line_fault(link: PlannedLink) -> str:
    idle, ptt = idle_lines(link), parse_ptt(link.ptt)
    if link.ptt_active not in ("high", "low"):
        return f"ptt_active: expected high or low, got {link.ptt_active!r}"
    if ptt is None:
        return ""
    if link.ptt_active == "low" and not ptt.port.startswith(GPIO):
        return (
            "ptt_active: low is for GPIO only: an RTS or DTR that keys when it is inactive would "
            "key with the program stopped; invert it in the cable"
        )
    if not ptt.port and ptt.line in idle:
        return f"{ptt.line.value}: keys, so it cannot be active while nothing is keyed"
    if not ptt.port and ptt.line is Line.RTS and link.rtscts:
        return "rtscts: RTS keys, so it cannot be flow control as well"
    return ""


def _donor_fault(link: PlannedLink) -> str:
    if link.kind != "analogue":
        return ""
    parse_carrier(link.carrier)
    if parse_ptt(link.ptt) is None:
        return 'ptt: "pei" is for terminals; an analogue radio is keyed by rts, dtr or gpio'
    if link.carrier_active not in ("active", "inactive"):
        return f"carrier_active: expected active or inactive, got {link.carrier_active!r}"
    if len(link.talkgroups) != 1:
        return "talkgroups: an analogue radio has one channel, so exactly one talkgroup"
    return ""


def _range_fault(link: PlannedLink) -> str:
    for name, low, high in (
        ("ptt_lead_ms", 0, 1000),
        ("ptt_tail_ms", 0, 500),
        ("carrier_open_ms", 0, 1000),
        ("carrier_close_ms", 0, 5000),
        ("carrier_hang_ms", 0, 60_000),
        ("vox_open_dbfs", -70, -6),
        ("vox_close_dbfs", -80, -6),
    ):
        value = getattr(link, name)
        if not low <= value <= high:
            return f"{name}: expected {low} to {high}, got {value}"
    if link.vox_close_dbfs > link.vox_open_dbfs:
        return "vox_close_dbfs: expected at most vox_open_dbfs"
    if link.speed_bps and not 300 <= link.speed_bps <= 4_000_000:
        return f"speed_bps: expected 0 (find out) or 300 to 4000000, got {link.speed_bps}"
    return ""
