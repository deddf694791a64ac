"""What a P25 link needs to be told, beside what every link has: one table ``[links.p25]``."""

from dataclasses import dataclass

DFSI, NETWORK, FNE, MODEM = "p25-dfsi", "p25-network", "p25-fne", "p25-modem"
P25_KINDS = (DFSI, NETWORK, FNE, MODEM)
"""Kinds of links that are P25."""
MAX_NAC = 0xFFF
MAX_TGID = 0xFFFF
MAX_UNIT = 0xFFFFFF
CONSOLE_UNIT = 0xFFFFFC
"""Unit id of a console or network controller (reference p25, 1.12)."""
DEFAULT_NAC = 0x293


@dataclass(frozen=True, slots=True, kw_only=True)
class P25Settings:
    """Settings of one P25 link; each kind of link reads those that it names in its page."""

    nac: int = DEFAULT_NAC
    """Network access code, 12 bits: what a base station sends and opens its receiver on."""
    own_id: int = CONSOLE_UNIT
    """Unit id that what a desk says carries as its source."""
    dialect: str = "tia"
    """Of a fixed station: tia (TIA-102.BAHA blocks) or v24 (Motorola records)."""
    listen: str = "0.0.0.0:0"
    """Where we take datagrams, HOST:PORT; port 0 is any. The voice channel takes the next port."""
    voice_port: int = 0
    """UDP port of a fixed station's voice; 0: the one after its control port."""
    control: bool = True
    """Whether a fixed station has a control service; without one, voice is sent unasked."""
    host: bool = False
    """MMDVM network: we are the reflector that gateways and hotspots connect to."""
    gateway: bool = False
    """MMDVM network: the peer is a hotspot's gateway, which answers no polls, and no reflector."""
    callsign: str = "SAMBAND"
    """How we name ourselves to a MMDVM network, 10 characters at most."""
    wacn: int = 0xBEE00
    system_id: int = 0x001
    """Of the network, for messages that carry them."""
    peer_id: int = 0
    """Our number at a FNE master."""
    password_file: str = ""
    """File that holds the FNE master's password, readable by the server alone."""
    key_file: str = ""
    """File that holds 64 hex digits: the FNE's optional AES-256 wrapping of packets."""
    rx_hz: int = 0
    tx_hz: int = 0
    """Frequencies of a modem with a radio of its own; 0 where the radio is set by hand."""
    duplex: bool = True
    """Modem: receiver and transmitter on two frequencies at once."""
    rx_level: int = 50
    tx_level: int = 50
    """Modem: levels in percent."""
    rx_invert: bool = False
    tx_invert: bool = False
    ptt_invert: bool = False
    rf_level: int = 100
    """Modem: transmit power in percent, where it can be set."""
    tx_delay_ms: int = 100
    """Modem: preamble before the first frame, in steps of 10 ms."""


def p25_faults(settings: P25Settings) -> list[str]:
    """Return what cannot be used, a phrase each."""
    ranges = (
        ("nac", settings.nac, 1, MAX_NAC),
        ("own_id", settings.own_id, 1, MAX_UNIT),
        ("voice_port", settings.voice_port, 0, 65_535),
        ("wacn", settings.wacn, 0, 0xFFFFF),
        ("system_id", settings.system_id, 0, 0xFFF),
        ("peer_id", settings.peer_id, 0, 0xFFFFFFFF),
        ("rx_level", settings.rx_level, 0, 100),
        ("tx_level", settings.tx_level, 0, 100),
        ("rf_level", settings.rf_level, 0, 100),
        ("tx_delay_ms", settings.tx_delay_ms, 0, 500),
    )
    faults = [
        f"p25.{name}: expected {low} to {high}, got {value}"
        for name, value, low, high in ranges
        if not low <= value <= high
    ]
    if settings.dialect not in ("tia", "v24"):
        faults.append(f"p25.dialect: expected tia or v24, got {settings.dialect!r}")
    callsign = settings.callsign
    if not 1 <= len(callsign) <= 10 or not callsign.isascii() or not callsign.isprintable():
        faults.append(f"p25.callsign: expected 1 to 10 plain characters, got {callsign!r}")
    return faults
