"""What a control message says, in words, for the engineer's page."""

from typing import Final

from gateway.p25.dfsi.control import (
    Ack,
    Connect,
    Disconnect,
    Heartbeat,
    Message,
    MessageId,
    ReportModes,
    SelectChannel,
    UnknownControl,
    code_words,
)

_NAMES: Final[dict[int, str]] = {
    MessageId.CONNECT: "connect",
    MessageId.HEARTBEAT: "heartbeat",
    MessageId.ACK: "acknowledge",
    MessageId.SELECT_CHANNEL: "select channel",
    MessageId.REPORT_MODES: "report selected modes",
    MessageId.DISCONNECT: "disconnect",
}


def words_of(message: Message) -> str:
    """Return one line."""
    match message:
        case Connect():
            words = f"connect; voice to port {message.voice_port}"
        case Ack():
            words = f"answer to {_name(message.message)}: {code_words(message.code)}"
            if message.voice_port is not None:
                words += f"; voice to port {message.voice_port}"
        case SelectChannel(receive_channel=None):
            words = "select channel (short form)"
        case SelectChannel():
            words = f"select channel {message.receive_channel}, {message.transmit_channel}"
        case UnknownControl():
            words = f"message {message.message:02X}, unknown to us"
        case Heartbeat() | ReportModes() | Disconnect():
            words = _name(message.encode()[0])
    return words


def _name(number: int) -> str:
    return _NAMES.get(number, f"message {number:02X}")
