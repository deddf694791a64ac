"""Packets of a DVM FNE as JSON keys: header, login, lists, P25 traffic, the records of an LDU."""

from collections.abc import Callable
from typing import Final

from gateway.model.errors import ProtocolViolation
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
from gateway.p25.fne.packet import HEADER_OCTETS, FnePacket, crc16
from gateway.p25.fne.requests import OF_ONE_UNIT, Announced, GrantRequest, InCallControl
from gateway.p25.fne.wrapper import is_wrapped
from gateway.p25.talk.records import FIRST_ID, FRAMES_PER_LDU, PLACES, SIZES, read_record
from samband.decode_p25_frames import tsbk_rows, unit_row
from samband.decode_rows import Row

_NAMES: Final = {
    (Function.LOGIN, None): "RPTL",
    (Function.AUTHORISE, None): "RPTK",
    (Function.CONFIGURE, None): "RPTC",
    (Function.PEER_DISCONNECT, None): "PEER_DISC",
    (Function.MASTER_DISCONNECT, None): "MASTER_DISC",
    (Function.PING, None): "PING",
    (Function.PONG, None): "pong",
    (Function.NAK, None): "nak",
    (Function.GRANT_REQUEST, None): "GRANT_REQ",
    (Function.IN_CALL_CONTROL, None): "INCALL_CTRL",
    (Function.KEY_REQUEST, None): "KEY_REQ",
    (Function.KEY_RESPONSE, None): "KEY_RSP",
    (Function.MASTER, MasterList.WHITELIST): "WHITELIST_RIDS",
    (Function.MASTER, MasterList.BLACKLIST): "BLACKLIST_RIDS",
    (Function.MASTER, MasterList.ACTIVE_GROUPS): "ACTIVE_TGS",
    (Function.MASTER, MasterList.DEACTIVATED_GROUPS): "DEACTIVE_TGS",
    (Function.ANNOUNCE, Announcement.AFFILIATION): "GRP_AFFIL",
    (Function.ANNOUNCE, Announcement.REGISTRATION): "UNIT_REG",
    (Function.ANNOUNCE, Announcement.DEREGISTRATION): "UNIT_DEREG",
    (Function.ANNOUNCE, Announcement.UNAFFILIATION): "GRP_UNAFFIL",
}
_UNITS: Final = {
    message.TDU: "TDU",
    message.LDU1: "LDU1",
    message.LDU2: "LDU2",
    message.TSDU: "TSDU",
    message.TDULC: "TDULC",
    message.PDU: "PDU",
}


def packet_row(octets: bytes) -> Row:
    """Return a datagram between peer and master; raises ProtocolViolation.

    Only frames on air inside have error correction; all else has a checksum: ``errors`` is then 0.
    """
    if is_wrapped(octets):
        reason = "wrapped with AES-256-ECB (C0FE): not readable without the key"
        raise ProtocolViolation(f"FNE packet: {reason}", raw=octets, offset=0)
    packet = FnePacket.decode(octets)
    row: Row = {
        "name": _name(packet),
        "function": f"{packet.function:02x}",
        "sub_function": f"{packet.sub_function:02x}",
        "words": function_words(packet.function, packet.sub_function),
        "sequence": packet.sequence,
        "timestamp": packet.timestamp,
        "ssrc": packet.ssrc,
        "stream_id": packet.stream,
        "peer_id": packet.peer,
        "crc": f"{crc16(packet.payload):04x}",
        "length": len(packet.payload),
        "errors": 0,
    }
    for name, more in (("extension", packet.extension), ("trailer", packet.trailer)):
        if more:
            row[name] = more.hex()
    reader = _READERS.get(packet.function)
    if reader is None:
        return row | {"payload": packet.payload.hex()}
    try:
        return row | reader(packet)
    except ProtocolViolation as fault:
        inside = HEADER_OCTETS + len(packet.extension) + fault.offset
        raise ProtocolViolation(str(fault), raw=octets, offset=inside) from None


def _name(packet: FnePacket) -> str:
    if packet.function == Function.ACK:
        try:
            return f"{login.read_ack(packet.payload).step.lower()}-ack"
        except ProtocolViolation:
            return "ack"
    if packet.function == Function.PROTOCOL and packet.sub_function == Protocol.P25:
        duid = packet.payload[22] if len(packet.payload) > 22 else None
        return _UNITS.get(duid, "P25") if duid is not None else "P25"
    for sub in (packet.sub_function, None):
        for (function, wanted), name in _NAMES.items():
            if function == packet.function and wanted == sub:
                return name
    return "unknown"


def _login_row(packet: FnePacket) -> Row:
    return {"peer": login.read_login(packet.payload, b"RPTL")}


def _authorise_row(packet: FnePacket) -> Row:
    return {
        "peer": login.read_login(packet.payload, b"RPTK"),
        "sha256": login.read_authorise(packet.payload).hex(),
    }


def _configure_row(packet: FnePacket) -> Row:
    return {"configuration": login.read_configuration(packet.payload)}


def _ack_row(packet: FnePacket) -> Row:
    ack = login.read_ack(packet.payload)
    row: Row = {"peer": ack.peer}
    if ack.salt is not None:
        row["salt"] = ack.salt.hex()
    if ack.metadata_port is not None:
        row["metadata_port"] = ack.metadata_port
    return row


def _nak_row(packet: FnePacket) -> Row:
    nak = login.read_nak(packet.payload)
    return {"peer": nak.peer, "reason": nak.reason, "reason_words": nak_words(nak.reason)}


def _pong_row(packet: FnePacket) -> Row:
    return {"time_ms": login.read_pong(packet.payload)}


def _list_row(packet: FnePacket) -> Row:
    if packet.sub_function in (MasterList.WHITELIST, MasterList.BLACKLIST):
        return {"units": list(read_units(packet.payload))}
    if packet.sub_function not in (MasterList.ACTIVE_GROUPS, MasterList.DEACTIVATED_GROUPS):
        return {"payload": packet.payload.hex()}
    return {
        "talkgroups": [
            {
                "group": one.number,
                "slot": one.slot,
                "preferred": one.preferred,
                "affiliation_required": one.needs_affiliation,
            }
            for one in read_groups(packet.payload)
        ]
    }


def _grant_row(packet: FnePacket) -> Row:
    asked = GrantRequest.decode(packet.payload)
    name = "target" if asked.unit_to_unit else "group"
    return {"source": asked.source, name: asked.destination, "mode": asked.mode}


def _control_row(packet: FnePacket) -> Row:
    said = InCallControl.decode(packet.payload)
    return {"command": f"{said.command:02x}", "destination": said.destination}


def _announce_row(packet: FnePacket) -> Row:
    if packet.sub_function not in OF_ONE_UNIT:
        return {"payload": packet.payload.hex()}
    said = Announced.decode(packet.payload, packet.sub_function)
    return {"source": said.unit} | ({} if said.group is None else {"group": said.group})


def _traffic_row(packet: FnePacket) -> Row:
    if packet.sub_function != Protocol.P25:
        return {"payload": packet.payload.hex()}
    said = message.P25Message.decode(packet.payload)
    if said.duid == message.PDU:
        return _data_row(said)
    row: Row = {
        "duid": said.duid,
        "lco": f"{said.lco:02x}",
        "source": said.source,
        "target" if said.unit_to_unit else "group": said.destination,
        "system_id": f"{said.system:03x}",
        "wacn": f"{said.wacn:05x}",
        "control": f"{said.control:02x}",
        "grant_demand": said.grant_demand,
        "encrypted": said.encrypted,
        "mfid": f"{said.mfid:02x}",
        "lsd": said.low_speed.hex(),
        "stated_length": said.length,
    }
    return row | _body_row(said)


def _body_row(said: message.P25Message) -> Row:
    if said.duid in (message.LDU1, message.LDU2):
        return _voice_row(said)
    if said.duid in message.FRAME_OCTETS:
        usual = message.FRAME_OCTETS[said.duid]
        frame = said.frame()[: max(usual, len(said.body) - len(message.PADDING))]
        try:
            if said.duid == message.TSDU:
                (inside,) = tsbk_rows([frame.hex()])
            else:
                inside = unit_row(frame, "tdu")
        except ProtocolViolation as fault:
            offset = message.HEADER_OCTETS + fault.offset
            raise ProtocolViolation(str(fault), raw=frame, offset=offset) from None
        return {"frame": frame.hex(), "inside": inside, "errors": inside.get("errors", 0)}
    return {} if said.duid == message.TDU else {"body": said.body.hex()}


def _voice_row(said: message.P25Message) -> Row:
    unit = message.read_voice(said)
    row: Row = {"imbe": [frame.hex() for frame in unit.voice], "voice_lsd": unit.low_speed.hex()}
    if said.duid == message.LDU1:
        row |= {"lc": unit.word.hex(), "frame_type": unit.frame_type}
        if unit.word[0] & 0x3F in (message.GROUP_VOICE_LCO, message.UNIT_VOICE_LCO):
            row |= {"service_options": f"{unit.word[2]:02x}", "emergency": unit.word[2] >= 0x80}
    sync = unit.header if said.duid == message.LDU1 else unit.sync
    if sync is not None:
        row |= {
            "algid": f"{sync.algorithm:02x}",
            "kid": f"{sync.key_id:04x}",
            "mi": sync.message_indicator.hex(),
        }
    records = []
    at = 0
    for size in SIZES:
        records.append(said.body[at : at + size].hex())
        at += size
    return row | {"records": records}


def _data_row(said: message.P25Message) -> Row:
    data = message.read_data(said)
    return {
        "duid": said.duid,
        "sap": f"{data.service_point:02x}",
        "unit": data.unit,
        "octets": data.octets,
        "blocks": data.blocks,
        "block": data.block,
        "body": said.body.hex(),
    }


def record_row(octets: bytes) -> Row:
    """Return one voice record, 62 to 73; raises ProtocolViolation.

    A record carries three octets of its LDU's word, so talker, group, algorithm and key show in
    those that hold them whole.
    """
    record = read_record(octets)
    frame = record.place % FRAMES_PER_LDU
    if len(octets) > SIZES[frame]:
        reason = f"voice record: expected {SIZES[frame]} octets, got {len(octets)}"
        raise ProtocolViolation(reason, raw=octets, offset=SIZES[frame])
    row: Row = {
        "frame_type": f"{FIRST_ID + record.place:02x}",
        "ldu": 1 if record.place < PLACES // 2 else 2,
        "frame": frame + 1,
        "imbe": record.imbe.hex(),
        "errors": 0,
    }
    if record.piece:
        row["piece"] = record.piece.hex()
    reader = _PIECES.get(record.place)
    return row | (reader(record.piece) if reader is not None else {})


def _destination(piece: bytes) -> Row:
    number = int.from_bytes(piece[:3], "big")
    return {"group" if number <= 0xFFFF else "target": number}


_PIECES: dict[int, Callable[[bytes], Row]] = {
    2: lambda piece: {
        "lco": f"{piece[0]:02x}",
        "mfid": f"{piece[1]:02x}",
        "service_options": f"{piece[2]:02x}",
    },
    3: _destination,
    4: lambda piece: {"source": int.from_bytes(piece[:3], "big")},
    8: lambda piece: {"lsd": piece.hex()},
    14: lambda piece: {"algid": f"{piece[0]:02x}", "kid": piece[1:3].hex()},
    17: lambda piece: {"lsd": piece.hex()},
}
"""What the signalling of some records says by itself."""

_READERS: dict[int, Callable[[FnePacket], Row]] = {
    Function.LOGIN: _login_row,
    Function.AUTHORISE: _authorise_row,
    Function.CONFIGURE: _configure_row,
    Function.ACK: _ack_row,
    Function.NAK: _nak_row,
    Function.PONG: _pong_row,
    Function.PING: lambda _: {},
    Function.MASTER: _list_row,
    Function.GRANT_REQUEST: _grant_row,
    Function.IN_CALL_CONTROL: _control_row,
    Function.ANNOUNCE: _announce_row,
    Function.PROTOCOL: _traffic_row,
}
