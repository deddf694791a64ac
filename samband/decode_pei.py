"""Lines of a terminal as JSON keys."""

from collections.abc import Iterable, Iterator

from gateway.tetra import status, tables
from gateway.tetra.addressing import Address
from gateway.tetra.calls import cause_words
from gateway.tetra.pei_lines import (
    Bad,
    CallConnected,
    CallProgress,
    CallReleased,
    Final,
    Groups,
    IncomingCall,
    Info,
    Mode,
    OwnNumber,
    PeiLine,
    RegistrationLine,
    Repeater,
    SendLimits,
    SendResult,
    Signal,
    TxCeased,
    TxGrant,
    TxNotice,
    Unknown,
)
from gateway.tetra.sds_lines import Heard, ReceivedSds, SdsLineJoiner
from gateway.tetra.words import line_words
from samband.decode_rows import Row, malformed, printable, sds_row, status_keys


def decode_pei(lines: Iterable[str]) -> Iterator[Row]:
    """Decode lines of a terminal; the two lines of a message give one row."""
    joiner = SdsLineJoiner()
    for line in lines:
        text = line.strip(" \t\r\n\x00")
        for heard in joiner.feed(text) if text else ():
            if not heard.held:
                yield pei_row(heard)
    for heard in joiner.finish():
        yield pei_row(heard)


def pei_row(heard: Heard) -> Row:
    """Return one line (or the two of a message) as JSON keys."""
    said = heard.said
    if isinstance(said, Bad):
        return malformed(said.offset, said.reason, said.text)
    if isinstance(said, ReceivedSds):
        return _message_row(said, heard.text)
    if isinstance(said, Unknown):
        return {"event": "unknown", "raw": printable(said.text)}
    return _line_keys(said) | {"words": line_words(said), "raw": printable(heard.text)}


def _message_row(received: ReceivedSds, text: str) -> Row:
    header = received.header
    row: Row = {
        "event": "sds",
        "service": header.service,
        "calling": _address(header.calling),
        "called": _address(header.called),
        "bits": header.bits,
    }
    if header.service == tables.AiService.STATUS:
        if received.payload.length_bits != status.STATUS_BITS:
            return malformed(len(text), f"status: expected 16 bits, got {header.bits}", text)
        return row | status_keys(received.payload.value) | {"event": "status"}
    if header.service != tables.AiService.SDS_4:
        return row | {"raw_hex": received.raw_hex}
    keys = sds_row(received.payload, received.raw_hex)
    return {**keys, "raw": text} if "malformed" in keys else row | keys


def _address(address: Address | None) -> dict[str, int | None] | None:
    return None if address is None else address.as_dict()


def _line_keys(said: PeiLine) -> Row:
    match said:
        case IncomingCall() | CallProgress() | CallConnected() | CallReleased():
            return _call_keys(said)
        case TxGrant() | TxCeased() | TxNotice():
            return _transmission_keys(said)
        case Groups() | Mode() | RegistrationLine() | Signal() | OwnNumber() | Repeater():
            return _radio_keys(said)
        case SendResult() | SendLimits():
            return _send_keys(said)
        case _:
            return _answer_keys(said)


def _answer_keys(said: PeiLine) -> Row:
    match said:
        case Final():
            return {"event": "ok" if said.ok else "error", "kind": said.kind, "code": said.code}
        case Info():
            return {"event": said.name.lower(), "fields": list(said.fields)}
        case _:
            return {"event": "unknown"}


def _call_keys(said: IncomingCall | CallProgress | CallConnected | CallReleased) -> Row:
    match said:
        case IncomingCall():
            return {
                "event": "incoming_call",
                "call_id": said.instance,
                "call_status": said.status,
                "service": said.service,
                "calling": _address(said.calling),
                "called": _address(said.called),
                "priority": said.priority,
                "comms_type": said.comms_type,
                "encrypted": said.encrypted,
            }
        case CallProgress():
            return {
                "event": "call_progress",
                "call_id": said.instance,
                "call_status": said.status,
            }
        case CallConnected():
            return {"event": "call_connected", "call_id": said.instance}
        case CallReleased():
            return {
                "event": "call_released",
                "call_id": said.instance,
                "cause": said.cause,
                "cause_words": cause_words(said.cause),
            }


def _transmission_keys(said: TxGrant | TxCeased | TxNotice) -> Row:
    match said:
        case TxGrant():
            return {
                "event": "tx_grant",
                "call_id": said.instance,
                "grant": said.grant,
                "talker": _address(said.talker),
                "may_ask": said.may_ask,
                "encrypted": said.encrypted,
            }
        case TxCeased():
            return {"event": "tx_ceased", "call_id": said.instance, "may_ask": said.may_ask}
        case TxNotice():
            return {"event": said.name.lower(), "call_id": said.instance}


def _radio_keys(
    said: Groups | Mode | RegistrationLine | Signal | OwnNumber | Repeater,
) -> Row:
    match said:
        case Groups():
            return {
                "event": "groups",
                "selected": _address(said.selected),
                "scanned": [group.as_dict() for group in said.scanned],
            }
        case Mode():
            return {"event": "mode", "mode": said.mode}
        case RegistrationLine():
            return {
                "event": "registration",
                "stat": said.stat,
                "location_area": said.location_area,
                "network": None if said.network is None else list(said.network),
            }
        case Signal():
            return {"event": "signal", "rssi_dbm": said.rssi_dbm}
        case OwnNumber():
            return {
                "event": "own_number",
                "number_type": said.number_type,
                "number": said.address.as_dict(),
            }
        case Repeater():
            return {"event": "repeater", "address": said.address.as_dict()}


def _send_keys(said: SendResult | SendLimits) -> Row:
    if isinstance(said, SendLimits):
        return {"event": "send_limits", "max_bits": said.max_bits}
    return {
        "event": "send_result",
        "instance": said.instance,
        "status": said.status,
        "message_reference": said.reference,
    }
