"""The control service: one message a datagram (reference p25, 2.2).

Octet 0 is the message's number, octet 1 the version, octet 2 a tag that its answer repeats (not in
heartbeats and acknowledgements).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol

from gateway.model.errors import ProtocolViolation

VERSION: Final = 1
CONNECT_OCTETS: Final = 11
TAGGED_OCTETS: Final = 3
ACK_OCTETS: Final = 7
"""Octets of an acknowledgement before its data."""
MAX_DATA: Final = 255


class MessageId(IntEnum):
    """Numbers of the messages."""

    CONNECT = 0x00
    HEARTBEAT = 0x01
    ACK = 0x02
    SELECT_CHANNEL = 0x05
    REPORT_MODES = 0x08
    DISCONNECT = 0x09


NAMES: Final = {
    MessageId.CONNECT: "CONNECT",
    MessageId.HEARTBEAT: "HEARTBEAT",
    MessageId.ACK: "ACK",
    MessageId.SELECT_CHANNEL: "SEL_CHAN",
    MessageId.REPORT_MODES: "REPORT_SEL_MODES",
    MessageId.DISCONNECT: "DISCONNECT",
}


class AckCode(IntEnum):
    """What an acknowledgement says."""

    ACK = 0
    NAK = 1
    CONNECTED = 2
    MANUFACTURER = 3
    VERSION = 4
    FUNCTION = 5
    PARAMETERS = 6
    BUSY = 7


CODE_WORDS: Final = {
    AckCode.ACK: "done",
    AckCode.NAK: "refused without a reason",
    AckCode.CONNECTED: "it is connected to another host already",
    AckCode.MANUFACTURER: "it does not know this manufacturer's message",
    AckCode.VERSION: "it does not speak this version of the control service",
    AckCode.FUNCTION: "it does not have this function",
    AckCode.PARAMETERS: "it does not take these parameters",
    AckCode.BUSY: "it is busy",
}


def code_words(code: int) -> str:
    """Return what an acknowledgement's code means."""
    return CODE_WORDS[AckCode(code)] if code in CODE_WORDS else f"code {code}, unknown to us"


class ControlMessage(Protocol):
    """A message of the control service."""

    def encode(self) -> bytes:
        """Return its octets."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """The host asks for the station; voice goes to ``voice_port`` of the host."""

    tag: int
    voice_port: int
    ssrc: int
    station_heartbeat_s: int
    host_heartbeat_s: int
    version: int = VERSION

    def encode(self) -> bytes:
        """Return 11 octets."""
        return (
            bytes([MessageId.CONNECT, self.version, self.tag])
            + self.voice_port.to_bytes(2, "big")
            + self.ssrc.to_bytes(4, "big")
            + bytes([self.station_heartbeat_s, self.host_heartbeat_s])
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Either side lives. Two octets by the standard; some send a third one, which is kept."""

    version: int = VERSION
    extra: bytes = b""

    def encode(self) -> bytes:
        """Return 2 octets and what followed them."""
        return bytes([MessageId.HEARTBEAT, self.version]) + self.extra


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedModes:
    """How a station is set, as it answers ``ReportModes``."""

    repeat_inbound: bool
    receive_channel: int
    transmit_channel: int
    monitor: bool
    version: int = VERSION

    def encode(self) -> bytes:
        """Return the 5 octets of an acknowledgement's data."""
        channels = [self.receive_channel, self.transmit_channel]
        return bytes([self.version, self.repeat_inbound, *channels, self.monitor])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """The answer to a message: ``code`` says whether it was done, ``data`` depends on it."""

    message: int
    tag: int
    code: int = AckCode.ACK
    data: bytes = b""
    message_version: int = VERSION
    version: int = VERSION

    @property
    def voice_port(self) -> int | None:
        """The station's voice port, where this answers ``Connect``."""
        if self.message != MessageId.CONNECT or self.code != AckCode.ACK or len(self.data) < 3:
            return None
        return int.from_bytes(self.data[1:3], "big")

    @property
    def modes(self) -> SelectedModes | None:
        """How the station is set, where this answers ``ReportModes``."""
        if self.message != MessageId.REPORT_MODES or len(self.data) < 5:
            return None
        version, repeat, receive, transmit, monitor = self.data[:5]
        return SelectedModes(
            repeat_inbound=bool(repeat),
            receive_channel=receive,
            transmit_channel=transmit,
            monitor=bool(monitor),
            version=version,
        )

    def encode(self) -> bytes:
        """Return 7 octets and the data."""
        head = [MessageId.ACK, self.version, self.message, self.message_version, self.tag]
        return bytes([*head, self.code, len(self.data)]) + self.data


def connect_ack(tag: int, voice_port: int) -> Ack:
    """Return a station's consent to ``Connect``."""
    data = bytes([VERSION]) + voice_port.to_bytes(2, "big")
    return Ack(message=MessageId.CONNECT, tag=tag, data=data)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectChannel:
    """Change the station's channel. Both channels are None in the short form (3 octets).

    The standard has 5 octets; one station takes only 3 (reference p25, 2.2, open doubt).
    """

    tag: int
    receive_channel: int | None = None
    transmit_channel: int | None = None
    version: int = VERSION

    def encode(self) -> bytes:
        """Return 5 octets, or 3 without channels."""
        head = bytes([MessageId.SELECT_CHANNEL, self.version, self.tag])
        if self.receive_channel is None or self.transmit_channel is None:
            return head
        return head + bytes([self.receive_channel, self.transmit_channel])


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportModes:
    """Ask how the station is set."""

    tag: int
    version: int = VERSION

    def encode(self) -> bytes:
        """Return 3 octets."""
        return bytes([MessageId.REPORT_MODES, self.version, self.tag])


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnect:
    """Give the station free."""

    tag: int
    version: int = VERSION

    def encode(self) -> bytes:
        """Return 3 octets."""
        return bytes([MessageId.DISCONNECT, self.version, self.tag])


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownControl:
    """A message that none of our sources lays out, kept whole."""

    octets: bytes

    @property
    def message(self) -> int:
        """Its number."""
        return self.octets[0]

    @property
    def tag(self) -> int:
        """Its tag, 0 where it has none."""
        return self.octets[2] if len(self.octets) > 2 else 0

    def encode(self) -> bytes:
        """Return it as it came."""
        return self.octets


Message = Connect | Heartbeat | Ack | SelectChannel | ReportModes | Disconnect | UnknownControl


def decode_control(octets: bytes) -> Message:
    """Read one datagram; octets behind a message are ignored. Raises ProtocolViolation."""
    _need(octets, 2, "control message")
    number, version = octets[:2]
    match number:
        case MessageId.CONNECT:
            return _connect(octets)
        case MessageId.HEARTBEAT:
            return Heartbeat(version=version, extra=octets[2:3])
        case MessageId.ACK:
            return _ack(octets)
        case MessageId.SELECT_CHANNEL:
            return _select(octets)
        case MessageId.REPORT_MODES | MessageId.DISCONNECT:
            _need(octets, TAGGED_OCTETS, NAMES[MessageId(number)])
            kind = ReportModes if number == MessageId.REPORT_MODES else Disconnect
            return kind(tag=octets[2], version=version)
        case _:
            return UnknownControl(octets=octets)


def _need(octets: bytes, count: int, what: str) -> None:
    if len(octets) < count:
        raise ProtocolViolation(
            f"{what}: expected {count} octets, got {len(octets)}", raw=octets, offset=len(octets)
        )


def _connect(octets: bytes) -> Connect:
    _need(octets, CONNECT_OCTETS, "CONNECT")
    return Connect(
        version=octets[1],
        tag=octets[2],
        voice_port=int.from_bytes(octets[3:5], "big"),
        ssrc=int.from_bytes(octets[5:9], "big"),
        station_heartbeat_s=octets[9],
        host_heartbeat_s=octets[10],
    )


def _ack(octets: bytes) -> Ack:
    _need(octets, ACK_OCTETS, "ACK")
    end = ACK_OCTETS + octets[6]
    if len(octets) < end:
        raise ProtocolViolation(
            f"ACK: its data should have {octets[6]} octets, got {len(octets) - ACK_OCTETS}",
            raw=octets,
            offset=len(octets),
        )
    return Ack(
        version=octets[1],
        message=octets[2],
        message_version=octets[3],
        tag=octets[4],
        code=octets[5],
        data=octets[ACK_OCTETS:end],
    )


def _select(octets: bytes) -> SelectChannel:
    _need(octets, TAGGED_OCTETS, "SEL_CHAN")
    if len(octets) < TAGGED_OCTETS + 2:
        return SelectChannel(tag=octets[2], version=octets[1])
    return SelectChannel(
        tag=octets[2],
        version=octets[1],
        receive_channel=octets[3],
        transmit_channel=octets[4],
    )
