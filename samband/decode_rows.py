"""Payloads as JSON keys: SDS, LIP and status."""

from typing import Any

from gateway.tetra import lip, sds, sds_tl, status, tables
from gateway.tetra.addressing import parse_address
from gateway.tetra.bits import Payload
from gateway.tetra.bos import identities
from gateway.tetra.lip_long import SHAPES
from gateway.tetra.lip_requests import result_words
from gateway.tetra.message_words import pid_words

Row = dict[str, Any]  # JSON object: values of every JSON kind
NOT_HEX = "expected hex digits"
"""Reason of a line that no kind of hex can read: the command ends with 2."""
_REPORT_ON = {0: None, 1: "received", 2: "consumed", 3: "both"}


def malformed(offset: int, reason: str, raw: str) -> Row:
    """Return the row of a line that cannot be read; ``offset`` counts its characters."""
    return {"malformed": {"offset": offset, "reason": reason}, "raw": printable(raw)}


def printable(raw: str) -> str:
    """Return text with the bytes that are no UTF-8 written as escapes."""
    return raw.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="backslashreplace")


def sds_row(payload: Payload, raw_hex: str) -> Row:
    """Return an SDS type 4 payload as JSON keys."""
    message = sds.decode(payload)
    row: Row = {
        "pid": message.pid,
        "kind": "unknown",
        "message_reference": None,
        "report_requested": False,
        "coding": None,
        "text": None,
        "raw_hex": raw_hex,
    }
    match message:
        case sds.TextMessage():
            row |= _text_keys(message) | _store_forward_keys(payload)
        case sds.LocationMessage():
            row |= {"kind": "location"} | lip_keys(message.location)
        case sds.DeliveryReport(report=report):
            row |= _report_keys(report)
        case sds.OtherSds():
            if message.transfer is not None:
                row |= {"kind": "transfer"} | _transfer_keys(
                    message.transfer.reference, message.transfer.report_request
                )
        case sds.MalformedSds():
            return malformed(2 * message.offset, message.reason, raw_hex)
    row["pid_words"] = pid_words(row["pid"]) or None
    return row


def _text_keys(message: sds.TextMessage) -> Row:
    text = message.text
    found = identities(text.text)
    keys: Row = {"kind": "simple_text", "coding": text.coding_name, "text": found.text}
    keys |= {name: said for name, said in (("opta", found.opta), ("itsi", found.itsi)) if said}
    if message.reference is not None:
        keys |= {"kind": "transfer"} | _transfer_keys(message.reference, message.report_request)
    keys |= {"coding_number": text.coding, "guessed": text.guessed, "immediate": message.immediate}
    if text.time_stamp is not None:
        keys["time_stamp"] = text.time_stamp.words()
    if text.part is not None:
        keys["part"] = {
            "reference": text.part.reference,
            "total": text.part.total,
            "sequence": text.part.sequence,
        }
    return keys


def _store_forward_keys(payload: Payload) -> Row:
    """Return how long, and to whom, the network is to keep a transfer; nothing if not asked."""
    if not payload.value >> (payload.length_bits - 8) & tables.TL_BIT:
        return {}
    transfer = sds_tl.decode(payload)
    if not isinstance(transfer, sds_tl.Transfer) or transfer.store_forward is None:
        return {}
    asked = transfer.store_forward
    keys: Row = {"store_forward": {"validity_s": asked.validity_s, "forward_to": asked.forward_to}}
    if asked.address_type in (sds_tl.ForwardAddress.SSI, sds_tl.ForwardAddress.TSI):
        keys["forward_address"] = parse_address(asked.forward_to).as_dict()
    return keys


def _transfer_keys(reference: int, asked: sds_tl.ReportRequest) -> Row:
    return {
        "message_reference": reference,
        "report_requested": bool(asked),
        "report_on": _REPORT_ON[int(asked)],
    }


def _report_keys(report: sds_tl.Report | sds_tl.Ack) -> Row:
    return {
        "kind": "report" if isinstance(report, sds_tl.Report) else "ack",
        "message_reference": report.reference,
        "delivery_status": report.status,
        "delivery_class": sds_tl.CLASS_WORDS[sds_tl.delivery_class(report.status)],
        "delivery": sds_tl.report_words(report.status),
    }


def lip_row(payload: Payload, digits: str) -> Row:
    """Return a LIP message, identifier first, as JSON keys."""
    if payload.length_bits < lip.PID_BITS:
        reason = f"expected a protocol identifier of 8 bits, got {payload.length_bits} bits"
        return malformed(len(digits), reason, digits)
    pid = payload.value >> payload.length_bits - lip.PID_BITS
    if pid != tables.PID_LIP:
        return malformed(0, f"expected protocol identifier 0A, got {pid:02X}", digits)
    try:
        return lip_keys(lip.decode(payload.after(lip.PID_BITS)))
    except ValueError as fault:
        offset_bits = getattr(fault, "offset", 0)
        return malformed((lip.PID_BITS + offset_bits) // 4, str(fault), digits)


_LIP_KEYS = (
    "latitude_deg",
    "longitude_deg",
    "position_error_m",
    "speed_kmh",
    "direction_deg",
    "altitude_m",
    "time_elapsed",
    "reason",
)


def lip_keys(location: lip.Report | lip.OtherPdu) -> Row:
    """Return a location message as JSON keys; a request has the keys of a report, all empty."""
    if isinstance(location, lip.OtherPdu):
        return {"type": location.words, **dict.fromkeys(_LIP_KEYS)} | _other_keys(location)
    keys: Row = {
        "type": "long" if location.long else "short",
        "latitude_deg": _rounded(location.latitude_deg, 6),
        "longitude_deg": _rounded(location.longitude_deg, 6),
        "position_error_m": location.position_error_m,
        "speed_kmh": _rounded(location.speed_kmh, 1),
        "direction_deg": location.direction_deg,
        "altitude_m": location.altitude_m,
        "time_elapsed": location.time_elapsed,
        "reason": location.reason,
        "has_position": location.has_position,
    }
    if location.time_elapsed is not None:
        keys["time_elapsed_words"] = tables.LIP_TIME_ELAPSED_WORDS[location.time_elapsed]
    if location.reason is not None:
        keys["reason_words"] = tables.LIP_REASON_WORDS.get(location.reason)
    if location.user_data is not None:
        keys["user_data"] = location.user_data
    if location.time_of_position is not None:
        taken = location.time_of_position
        keys["time_of_position"] = {
            "day": taken.day,
            "hour": taken.hour,
            "minute": taken.minute,
            "second": taken.second,
        }
    return keys | (_long_keys(location) if location.long else {})


def _long_keys(location: lip.Report) -> Row:
    return {
        "shape": location.shape,
        "shape_words": SHAPES[location.shape or 0][0],
        "velocity_type": location.velocity_type,
        "raw_fields": location.raw,
        "ack_requested": location.ack_requested,
    }


def _other_keys(other: lip.OtherPdu) -> Row:
    keys: Row = {"extension": other.extension}
    if other.response is not None:
        keys["response"] = other.response
    if other.result is not None:
        keys |= {"result": other.result, "result_words": result_words(other.result)}
    return keys


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def status_row(digits: str) -> Row:
    """Return a status of four hex digits as JSON keys."""
    if len(digits) != 4:
        return malformed(
            min(len(digits), 4), f"expected 4 hex digits (16 bits), got {len(digits)}", digits
        )
    return status_keys(int(digits, 16))


def status_keys(value: int) -> Row:
    """Return a status as JSON keys."""
    keys: Row = {"value": value, "raw_hex": f"{value:04X}", "kind": status.kind_of(value).value}
    short = status.ShortReport.decode(value)
    if short is not None:
        keys["message_reference"] = short.reference
        keys["delivery"] = tables.SHORT_REPORT_WORDS[short.report]
    return keys
