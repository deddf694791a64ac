"""What the modem answers: version, status, acknowledgements, frames received on air.

Layouts: reference p25, part 3 (MMDVM firmware and MMDVMHost; both versions captured). Each class
has ``decode`` and ``encode``; octets that say nothing to us are kept: passing on is lossless.
"""

import enum
from dataclasses import dataclass

from gateway.model.errors import ProtocolViolation
from gateway.p25.modem import wire
from gateway.p25.modem.wire import Frame

UDID_OCTETS = 16
CPUS = {0: "Atmel ARM", 1: "NXP ARM", 2: "ST-Micro ARM"}


class Mode(enum.IntFlag):
    """Modes as the bits of GET_VERSION, GET_STATUS and SET_CONFIG (not all have all)."""

    DSTAR = 0x01
    DMR = 0x02
    YSF = 0x04
    P25 = 0x08
    NXDN = 0x10


MODES = {0: "idle", 1: "D-Star", 2: "DMR", 3: "YSF", 4: "P25", 5: "NXDN", 6: "POCSAG", 10: "FM"}
"""Modes by the number of SET_MODE and GET_STATUS."""
IDLE_MODE, P25_MODE = 0, 4


class Flag(enum.IntFlag):
    """State of the modem in GET_STATUS."""

    TX = 0x01
    ADC_OVERFLOW = 0x02
    RX_OVERFLOW = 0x04
    TX_OVERFLOW = 0x08
    LOCKOUT = 0x10
    DAC_OVERFLOW = 0x20
    CARRIER = 0x40


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """GET_VERSION's answer. Capabilities, CPU and UDID are of version 2 alone."""

    protocol: int
    text: str
    capabilities: int | None = None
    capabilities_2: int | None = None
    cpu: int | None = None
    udid: bytes = b""

    @property
    def p25(self) -> bool:
        """Whether the firmware can do P25, as far as it says so."""
        return self.capabilities is None or bool(self.capabilities & Mode.P25)

    def encode(self) -> Frame:
        """Return the frame."""
        head = bytes([self.protocol])
        if self.capabilities is not None:
            numbers = (self.capabilities, self.capabilities_2 or 0, self.cpu or 0)
            head += bytes(numbers) + self.udid
        return Frame(kind=wire.GET_VERSION, payload=head + self.text.encode("latin-1"))

    @classmethod
    def decode(cls, frame: Frame) -> "Version":
        """Read the frame; raises ProtocolViolation when it is too short for its version."""
        _need(frame, 1)
        payload = frame.payload
        protocol = payload[0]
        if protocol < 2:
            return cls(protocol=protocol, text=payload[1:].decode("latin-1"))
        text_at = 4 + UDID_OCTETS
        _need(frame, text_at)
        return cls(
            protocol=protocol,
            capabilities=payload[1],
            capabilities_2=payload[2],
            cpu=payload[3],
            udid=payload[4:text_at],
            text=payload[text_at:].decode("latin-1"),
        )


_V1_SPACES = ("dstar", "dmr_1", "dmr_2", "ysf", "p25", "nxdn", "pocsag", "m17")
_V2_SPACES = ("dstar", "dmr_1", "dmr_2", "ysf", "p25", "nxdn", "m17", "fm", "pocsag")
_V2_FEWEST = 14
"""Payload octets from which a status is read as version 2 (it has 17; version 1 has 11)."""
_V1_FEWEST, _P25_SPACE_V1 = 8, 7
_P25_SPACE_V2 = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """GET_STATUS's answer, whole, with what concerns us read."""

    protocol: int
    payload: bytes

    @property
    def mode(self) -> int:
        """Number of the present mode."""
        return self.payload[1 if self.protocol == 1 else 0]

    @property
    def modes(self) -> int | None:
        """Enabled modes; version 1 alone says them."""
        return self.payload[0] if self.protocol == 1 else None

    @property
    def flags(self) -> Flag:
        """State of the modem."""
        return Flag(self.payload[2 if self.protocol == 1 else 1] & 0x7F)

    @property
    def p25_space(self) -> int:
        """How many P25 frames the transmit buffer takes."""
        return self.payload[_P25_SPACE_V1 if self.protocol == 1 else _P25_SPACE_V2]

    @property
    def spaces(self) -> dict[str, int]:
        """Free frames by mode, as far as the answer goes."""
        names = _V1_SPACES if self.protocol == 1 else _V2_SPACES
        return dict(zip(names, self.payload[3:], strict=False))

    def encode(self) -> Frame:
        """Return the frame."""
        return Frame(kind=wire.GET_STATUS, payload=self.payload)

    @classmethod
    def decode(cls, frame: Frame, protocol: int | None = None) -> "Status":
        """Read the frame; the protocol is told by its length where it is not known."""
        told = protocol or (2 if len(frame.payload) >= _V2_FEWEST else 1)
        _need(frame, _V1_FEWEST)
        return cls(protocol=1 if told < 2 else 2, payload=frame.payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """The modem took a command."""

    command: int

    def encode(self) -> Frame:
        """Return the frame."""
        return Frame(kind=wire.ACK, payload=bytes([self.command]))

    @classmethod
    def decode(cls, frame: Frame) -> "Ack":
        """Read the frame."""
        _need(frame, 1)
        return cls(command=frame.payload[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Nak:
    """The modem refused a command."""

    command: int
    reason: int

    def encode(self) -> Frame:
        """Return the frame."""
        return Frame(kind=wire.NAK, payload=bytes([self.command, self.reason]))

    @classmethod
    def decode(cls, frame: Frame) -> "Nak":
        """Read the frame."""
        _need(frame, 2)
        return cls(command=frame.payload[0], reason=frame.payload[1])


AIR_UNITS = {216: "LDU", 99: "HDU", 90: "TSDU", 72: "TSDU", 54: "TDULC", 45: "TSDU", 18: "TDU"}
"""Frames on air by their octets (reference p25, 1.4); packets have other lengths."""
RSSI_OCTETS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AirData:
    """P25_HDR or P25_LDU, either way: a frame as on air.

    ``rssi``: what the board measured beside an LDU, without unit: boards differ.
    """

    kind: int
    control: int
    data: bytes
    rssi: int | None = None

    @property
    def sync_seen(self) -> bool:
        """Whether the modem found the frame's sync, or only counted on."""
        return bool(self.control & 1)

    def encode(self) -> Frame:
        """Return the frame."""
        tail = b"" if self.rssi is None else self.rssi.to_bytes(RSSI_OCTETS, "big")
        return Frame(kind=self.kind, payload=bytes([self.control]) + self.data + tail)

    @classmethod
    def decode(cls, frame: Frame) -> "AirData":
        """Read the frame; what is longer by two than a frame on air carries RSSI."""
        _need(frame, 2)
        control, data = frame.payload[0], frame.payload[1:]
        rssi = None
        if len(data) - RSSI_OCTETS in AIR_UNITS and len(data) not in AIR_UNITS:
            data, tail = data[:-RSSI_OCTETS], data[-RSSI_OCTETS:]
            rssi = int.from_bytes(tail, "big")
        return cls(kind=frame.kind, control=control, data=data, rssi=rssi)


def _need(frame: Frame, octets: int) -> None:
    if len(frame.payload) < octets:
        raise ProtocolViolation(
            f"{wire.name_of(frame.kind)}: expected at least {octets} octets of payload, "
            f"got {len(frame.payload)}",
            raw=frame.encode(),
            offset=len(frame.encode()),
        )
