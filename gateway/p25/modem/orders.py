"""What we ask of the modem: configuration, frequency, mode (reference p25, part 3).

Levels are percent of full scale. The two versions of SET_CONFIG carry the same in another order.
Version 2 equals a capture octet by octet; version 1 stands on the layout alone.
"""

from dataclasses import dataclass, replace

from gateway.model.errors import ProtocolViolation
from gateway.p25.modem import wire
from gateway.p25.modem.replies import Mode
from gateway.p25.modem.wire import Frame

RX_INVERT, TX_INVERT, PTT_INVERT, YSF_LOW, DEBUG, COS_LOCKOUT, SIMPLEX = 1, 2, 4, 8, 16, 32, 128
V1_OCTETS, V2_OCTETS = 23, 37
"""Payload of SET_CONFIG: the firmware refuses less."""
_CENTRE = 128
_DMR_JITTER = 0x80
"""Octet that MMDVMHost leaves at this value for a mode that is not used [V by capture]."""
_DELAY_UNIT_MS = 10
MAX_DELAY_MS = 255 * _DELAY_UNIT_MS
_POCSAG_HZ = 433_000_000
"""Frequency for a mode that is off; it must be in a range that firmware takes."""
FREQ_OCTETS, FREQ_FEWEST = 14, 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a modem is set to for P25 alone. Percent, milliseconds, seconds."""

    rx_level: float = 50.0
    tx_level: float = 50.0
    rx_invert: bool = False
    tx_invert: bool = False
    ptt_invert: bool = False
    cos_lockout: bool = False
    duplex: bool = False
    tx_delay_ms: int = 100
    hang_s: int = 5
    rx_offset: int = 0
    tx_offset: int = 0
    mode: int = 0

    def __post_init__(self) -> None:
        """Refuse what no modem takes; raises ValueError."""
        if not 0 <= self.tx_delay_ms <= MAX_DELAY_MS:
            raise ValueError(f"tx_delay_ms: expected 0 to {MAX_DELAY_MS}, got {self.tx_delay_ms}")
        if not (0 <= self.rx_level <= 100 and 0 <= self.tx_level <= 100):
            raise ValueError(f"level: expected 0 to 100 %, got {self.rx_level}, {self.tx_level}")
        if not (-128 <= self.rx_offset <= 127 and -128 <= self.tx_offset <= 127):
            raise ValueError(
                f"offset: expected -128 to 127, got {self.rx_offset}, {self.tx_offset}"
            )
        if not 0 <= self.hang_s <= 255:
            raise ValueError(f"hang_s: expected 0 to 255, got {self.hang_s}")

    @property
    def flags(self) -> int:
        """The octet of flags."""
        return (
            self.rx_invert * RX_INVERT
            | self.tx_invert * TX_INVERT
            | self.ptt_invert * PTT_INVERT
            | self.cos_lockout * COS_LOCKOUT
            | (not self.duplex) * SIMPLEX
        )


def level_octet(percent: float) -> int:
    """Return a level as the modem counts: percent times 2.55, rounded half up."""
    return int(percent * 255 / 100 + 0.5)


_UNUSED = level_octet(50.0)
"""Transmit level of a mode that is off (as MMDVMHost sends it)."""


def set_config(setup: Setup, protocol: int) -> Frame:
    """Return SET_CONFIG in the modem's version."""
    return Frame(
        kind=wire.SET_CONFIG, payload=_config_v2(setup) if protocol >= 2 else _config_v1(setup)
    )


def _config_v1(setup: Setup) -> bytes:
    level = level_octet(setup.tx_level)
    head = [setup.flags, Mode.P25, setup.tx_delay_ms // _DELAY_UNIT_MS, setup.mode]
    head += [level_octet(setup.rx_level), _UNUSED, 1, 0, _DMR_JITTER]
    levels = [_UNUSED, _UNUSED, _UNUSED, level]
    offsets = [setup.tx_offset + _CENTRE, setup.rx_offset + _CENTRE]
    tail = [_UNUSED, 4, _UNUSED, _UNUSED, setup.hang_s, 5, 0, 0]
    return bytes(head + levels + offsets + tail)


def _config_v2(setup: Setup) -> bytes:
    level = level_octet(setup.tx_level)
    head = [setup.flags, Mode.P25, 0, setup.tx_delay_ms // _DELAY_UNIT_MS, setup.mode]
    head += [setup.tx_offset + _CENTRE, setup.rx_offset + _CENTRE, level_octet(setup.rx_level)]
    levels = [_UNUSED, _UNUSED, _UNUSED, _UNUSED, level, _UNUSED, 0, _UNUSED, _UNUSED]
    hangs = [0, 0, 0, 4, setup.hang_s, 5, 0, 0, 0]
    return bytes(head + levels + hangs + [1, 0, _DMR_JITTER]).ljust(V2_OCTETS, b"\0")


def read_config(frame: Frame) -> tuple[int, int, Setup]:
    """Return version, enabled modes and set-up of a SET_CONFIG; raises ProtocolViolation."""
    octets = frame.payload
    if len(octets) < V1_OCTETS:
        raise ProtocolViolation(
            f"SET_CONFIG: expected {V1_OCTETS} octets of payload (version 1) or {V2_OCTETS} "
            f"(version 2), got {len(octets)}",
            raw=frame.encode(),
            offset=len(frame.encode()),
        )
    flags, modes = octets[0], octets[1]
    setup = Setup(
        rx_invert=bool(flags & RX_INVERT),
        tx_invert=bool(flags & TX_INVERT),
        ptt_invert=bool(flags & PTT_INVERT),
        cos_lockout=bool(flags & COS_LOCKOUT),
        duplex=not flags & SIMPLEX,
    )
    version = 2 if len(octets) >= V2_OCTETS else 1
    places = _V2_PLACES if version == 2 else _V1_PLACES
    delay, mode, rx, tx, tx_dc, rx_dc, hang = (octets[place] for place in places)
    return (
        version,
        modes,
        replace(
            setup,
            tx_delay_ms=delay * _DELAY_UNIT_MS,
            mode=mode,
            rx_level=rx / 2.55,
            tx_level=tx / 2.55,
            tx_offset=tx_dc - _CENTRE,
            rx_offset=rx_dc - _CENTRE,
            hang_s=hang,
        ),
    )


_V1_PLACES = (2, 3, 4, 12, 13, 14, 19)
_V2_PLACES = (3, 4, 7, 12, 5, 6, 21)
"""Delay, mode, receive level, P25 level, transmit and receive offset, P25 hang time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequencies:
    """SET_FREQ: hertz; ``power`` 0 to 255."""

    rx_hz: int
    tx_hz: int
    power: int = 255
    pocsag_hz: int = _POCSAG_HZ

    def encode(self) -> Frame:
        """Return the frame."""
        hertz = self.rx_hz.to_bytes(4, "little") + self.tx_hz.to_bytes(4, "little")
        tail = bytes([self.power]) + self.pocsag_hz.to_bytes(4, "little")
        return Frame(kind=wire.SET_FREQ, payload=b"\0" + hertz + tail)

    @classmethod
    def decode(cls, frame: Frame) -> "Frequencies":
        """Read the frame; raises ProtocolViolation when it is too short."""
        octets = frame.payload
        if len(octets) < FREQ_FEWEST:
            raise ProtocolViolation(
                f"SET_FREQ: expected at least {FREQ_FEWEST} octets of payload, got {len(octets)}",
                raw=frame.encode(),
                offset=len(frame.encode()),
            )
        return cls(
            rx_hz=int.from_bytes(octets[1:5], "little"),
            tx_hz=int.from_bytes(octets[5:9], "little"),
            power=octets[9] if len(octets) > 9 else 0,
            pocsag_hz=int.from_bytes(octets[10:14], "little"),
        )


def set_mode(mode: int) -> Frame:
    """Return SET_MODE."""
    return Frame(kind=wire.SET_MODE, payload=bytes([mode]))
