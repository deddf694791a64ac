"""P25's words as JSON keys: link control, signalling blocks, packet headers."""

from typing import Any

from gateway.p25.words import tables, tsbk_units
from gateway.p25.words.layout import Bits, Channel, Field, FieldValue, Form, Layout
from gateway.p25.words.link_control import (
    LinkControl,
    LinkControlWord,
    UnknownLinkControl,
    decode_link_control,
)
from gateway.p25.words.packet import Header, PacketHeader
from gateway.p25.words.service_options import ServiceOptions
from gateway.p25.words.tsbk import KnownTsbk, Tsbk, UnknownTsbk
from samband.decode_rows import Row


def link_control_row(word: bytes) -> Row:
    """Return a link control word of nine octets; raises ProtocolViolation at another length."""
    said = decode_link_control(word)
    row: Row = {"lco": f"{said.opcode:02x}"}
    row |= {"implicit_mfid": True} if said.implicit else {"mfid": f"{said.mfid:02x}"}
    row |= {"lc": word.hex(), "words": tables.link_control_words(said.mfid, said.opcode)}
    return row | _said(said)


def _said(said: LinkControl) -> Row:
    match said:
        case LinkControlWord():
            return _fields(said, said.layout(), said.SHOWN)
        case UnknownLinkControl():
            return {"unknown": said.reason, "protected": said.protected}
    return {}


def tsbk_row(block: Tsbk, octets: bytes) -> Row:
    """Return a signalling block that was read from ``octets``."""
    row: Row = {
        "tsbk": octets.hex(),
        "last_block": block.last_block,
        "protected": block.protected,
        "opcode": f"{block.opcode:02x}",
        "mfid": f"{block.mfid:02x}",
        "direction": block.direction,
        "words": tables.block_words(block.mfid, block.opcode, inbound=block.inbound),
    }
    match block:
        case KnownTsbk():
            row |= _fields(block, block.layout(), block.SHOWN)
        case UnknownTsbk():
            row["unknown"] = block.reason
    return row | _meanings(block)


def _meanings(block: Tsbk) -> Row:
    """Return what numbers mean that only this block's kind tells."""
    match block:
        case tsbk_units.Denied():
            return {"reason_words": tables.deny_words(block.reason)}
        case tsbk_units.Queued():
            return {"reason_words": tables.queue_words(block.reason)}
        case tsbk_units.ExtendedFunction() | tsbk_units.ExtendedFunctionResponse():
            return {"function_words": tables.function_words(block.function)}
        case tsbk_units.Acknowledge():
            return {"extended": False}
        case tsbk_units.AcknowledgeAbroad():
            return {"extended": True}
    return {}


def _fields(word: object, layout: Layout, shown: tuple[str, ...]) -> Row:
    row: Row = {}
    for field in layout.fields:
        row |= _field(field, getattr(word, field.name))
    for name in shown:
        value = getattr(word, name)
        row[name] = list(value) if isinstance(value, tuple) else value
    return row


def _field(field: Field, value: FieldValue) -> Row:
    bits: Bits = field.bits
    key = bits.key or field.name
    if isinstance(value, ServiceOptions):
        return {
            key: f"{value.encode():02x}",
            "emergency": value.emergency,
            "encrypted": value.protected,
            "priority": value.priority,
        }
    if isinstance(value, Channel):
        return {key: {"id": value.identifier, "number": value.number}}
    if isinstance(value, bytes):
        return {key: value.hex()}
    if bits.form is Form.HEX:
        return {key: f"{value:0{-(-bits.width // 4)}x}"}
    return {key: int(value) if key == "tx_offset_sign" else value}


_KINDS = {
    tables.CONFIRMED: "PDUHDR CONF",
    tables.UNCONFIRMED: "PDUHDR UNCONF",
    tables.RESPONSE: "PDUHDR RSP",
    tables.ALTERNATE_MBT: "PDUHDR AMBT",
}


def packet_header_row(header: Header, octets: bytes) -> Row:
    """Return a packet header that was read from ``octets``."""
    row: dict[str, Any] = {  # JSON object
        "kind": _KINDS.get(header.format, "PDUHDR"),
        "raw": octets.hex(),
        "format": f"{header.format:02x}",
        "outbound": header.outbound,
        "mfid": f"{header.mfid:02x}",
        "llid": header.llid,
        "blocks": header.blocks,
    }
    if not isinstance(header, PacketHeader):
        return row | {
            "response_class": header.response_class,
            "response_type": header.response_type,
            "response_status": header.response_status,
            "rest": header.rest.hex(),
        }
    row |= {
        "ack_wanted": header.ack_wanted,
        "sap": f"{header.sap:02x}",
        "sap_words": tables.access_point_words(header.sap),
        "full_message": header.full_message,
        "pad_octets": header.padding,
        "synchronise": header.synchronise,
        "send_sequence": header.send_sequence,
        "last_fragment": header.last_fragment,
        "fragment": header.fragment,
        "offset": header.offset,
    }
    return row | ({} if header.opcode is None else {"opcode": f"{header.opcode:02x}"})
