"""Packets in words, for the engineer's page. Nothing secret is ever in them."""

from collections.abc import Callable

from gateway.model.errors import ProtocolViolation
from gateway.model.radio import LineSeen
from gateway.p25.fne import login, message
from gateway.p25.fne.lists import read_groups, read_units
from gateway.p25.fne.numbers import (
    Announcement,
    Function,
    MasterList,
    Protocol,
    function_words,
    nak_words,
)
from gateway.p25.fne.packet import HEADER_OCTETS, FnePacket
from gateway.p25.fne.requests import OF_ONE_UNIT, Announced, GrantRequest, InCallControl

_MAX_SHOWN_OCTETS = 120
_MAX_LISTED = 8
_SECRET = frozenset({Function.AUTHORISE, Function.CONFIGURE, Function.KEY_RESPONSE})
"""Their payloads are not shown: a hash that can be guessed at, a remote password, key material."""
_UNIT_NAMES = {
    message.TDU: "end of over",
    message.LDU1: "voice (LDU1)",
    message.LDU2: "voice (LDU2)",
    message.TSDU: "signalling",
    message.TDULC: "end of over with link control",
    message.PDU: "packet data",
}
_OF_CALLS = frozenset({message.TDU, message.LDU1, message.LDU2, message.TDULC})


def line_seen(packet: FnePacket, *, outgoing: bool) -> LineSeen:
    """Return a packet as a line: in hex as far as it may be shown, so not even a secret's CRC."""
    raw = packet.encode()
    if packet.function in _SECRET:
        head = f"{raw[:16].hex()}xxxx{raw[18:HEADER_OCTETS].hex()}"
        shown = f"{head} ({len(packet.payload)} octets not shown)"
    else:
        shown = raw[:_MAX_SHOWN_OCTETS].hex() + ("…" if len(raw) > _MAX_SHOWN_OCTETS else "")
    return LineSeen(outgoing=outgoing, raw=shown, words=packet_words(packet))


def packet_words(packet: FnePacket) -> str:
    """Return what a packet says; what cannot be read is said as such."""
    words = function_words(packet.function, packet.sub_function)
    try:
        detail = _detail(packet)
    except ProtocolViolation as fault:
        detail = str(fault)
    return f"{words}: {detail}" if detail else words


def _detail(packet: FnePacket) -> str:
    reader = _READERS.get(packet.function)
    return reader(packet) if reader is not None else ""


def _grant_words(packet: FnePacket) -> str:
    asked = GrantRequest.decode(packet.payload)
    return f"unit {asked.source} to {asked.destination}"


def _control_words(packet: FnePacket) -> str:
    said = InCallControl.decode(packet.payload)
    return f"command {said.command:02X} for {said.destination}"


def _traffic_words(packet: FnePacket) -> str:
    if packet.sub_function != Protocol.P25:
        return ""
    return message_words(message.P25Message.decode(packet.payload))


def message_words(said: message.P25Message) -> str:
    """Return P25 traffic in words."""
    name = _UNIT_NAMES.get(said.duid, f"unknown data unit {said.duid:02X}")
    if said.grant_demand:
        name += ", asks for a channel"
    kind = "unit " if said.unit_to_unit else "group "
    if said.duid not in _OF_CALLS:
        kind = ""  # the header does not say what it is
    return f"{name}, unit {said.source} to {kind}{said.destination}"


def _list_words(packet: FnePacket) -> str:
    payload = packet.payload
    if packet.sub_function in (MasterList.ACTIVE_GROUPS, MasterList.DEACTIVATED_GROUPS):
        return _listed([one.number for one in read_groups(payload)])
    if packet.sub_function in (MasterList.WHITELIST, MasterList.BLACKLIST):
        return _listed(list(read_units(payload)))
    return ""


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_MAX_LISTED]))
    more = f" and {len(numbers) - _MAX_LISTED} more" if len(numbers) > _MAX_LISTED else ""
    return shown + more if numbers else "none"


def _announced_words(packet: FnePacket) -> str:
    if packet.sub_function not in OF_ONE_UNIT:
        return ""
    said = Announced.decode(packet.payload, packet.sub_function)
    if packet.sub_function == Announcement.AFFILIATION:
        return f"unit {said.unit} to group {said.group}"
    return f"unit {said.unit}"


_READERS: dict[int, Callable[[FnePacket], str]] = {
    Function.NAK: lambda packet: nak_words(login.read_nak(packet.payload).reason),
    Function.ACK: lambda packet: f"answer to {login.read_ack(packet.payload).step}",
    Function.GRANT_REQUEST: _grant_words,
    Function.IN_CALL_CONTROL: _control_words,
    Function.MASTER: _list_words,
    Function.ANNOUNCE: _announced_words,
    Function.PROTOCOL: _traffic_words,
}
"""What is said of a packet beside what it is for."""
