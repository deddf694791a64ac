"""Lines of a terminal as JSON keys: one row a line, one for the two lines of a message."""

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
from samband.decode_pei_answers import AnswerLines, info_row
from samband.decode_rows import Row, malformed, printable, sds_row, status_keys

_NOTICES = {"CTXD": "tx_demand", "CTXI": "tx_interrupt", "CTXW": "tx_wait", "CTXN": "tx_continue"}
_PRIORITY_FIELD = 12
"""Place of the priority in ``+CTICN``, the last one of 13."""


def decode_pei(lines: Iterable[str]) -> Iterator[Row]:
    """Decode lines of a terminal; the two lines of a message give one row."""
    joiner, answers = SdsLineJoiner(), AnswerLines()
    for line in lines:
        text = line.strip(" \t\r\n\x00")
        for heard in joiner.feed(text) if text else ():
            if not heard.held:
                yield _row(heard, answers)
    for heard in joiner.finish():
        yield pei_row(heard)


def _row(heard: Heard, answers: AnswerLines) -> Row:
    """Return the row of a line, which may be one of an answer of several lines."""
    answer = None if isinstance(heard.said, ReceivedSds) else answers.feed(heard.text)
    return pei_row(heard) if answer is None else {**answer, "raw": printable(heard.text)}


def pei_row(heard: Heard) -> Row:
    """Return one line (or the two of a message) as JSON keys."""
    said = heard.said
    if isinstance(said, Bad):
        return {"event": "malformed", **malformed(said.offset, said.reason, said.text)}
    if isinstance(said, ReceivedSds):
        return _message_row(said, heard.text)
    if isinstance(said, Unknown):
        return _unknown_row(said.text)
    keys = _line_keys(said, heard.text)
    return keys | {"words": line_words(said), "raw": printable(heard.text)}


def _unknown_row(text: str) -> Row:
    """Return our own line that the radio repeats, a named line, or a line kept as it is."""
    raw = printable(text)
    if text[:2].upper() == "AT":
        return {"event": "echo", "text": raw, "raw": raw}
    return (info_row(text) or {"event": "unknown"}) | {"raw": raw}


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
            fault = f"status: expected 16 bits, got {header.bits}"
            return {"event": "malformed", **malformed(len(text), fault, text)}
        return row | status_keys(received.payload.value) | {"event": "status"}
    if header.service != tables.AiService.SDS_4:
        return row | {"raw_hex": received.raw_hex}
    keys = sds_row(received.payload, received.raw_hex)
    if "malformed" in keys:
        return {"event": "malformed", **keys, "raw": printable(text)}
    return row | keys


def _address(address: Address | None) -> dict[str, int | None] | None:
    return None if address is None else address.as_dict()


def _network(network: tuple[int, int] | None) -> dict[str, int] | None:
    return None if network is None else {"mcc": network[0], "mnc": network[1]}


def _line_keys(said: PeiLine, text: str) -> Row:
    match said:
        case IncomingCall():
            return _incoming_keys(said, text)
        case CallProgress() | CallConnected() | CallReleased():
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
            kind = f"{said.kind} ERROR" if said.kind in ("CME", "CMS") else said.kind
            return {"event": "ok" if said.ok else "error", "kind": kind, "code": said.code}
        case Info():
            return {"event": "info", "name": said.name, "fields": list(said.fields)}
        case _:
            return {"event": "unknown"}


def _incoming_keys(said: IncomingCall, text: str) -> Row:
    stated = text.split(",")[_PRIORITY_FIELD:]
    return {
        "event": "incoming_call",
        "call_id": said.instance,
        "call_status": said.status,
        "service": said.service,
        "calling": _address(said.calling),
        "called": _address(said.called),
        "priority": said.priority if stated and stated[0].strip() else None,
        "hook": said.hook,
        "simplex": said.simplex,
        "comms_type": said.comms_type,
        "encrypted": said.encrypted,
    }


def _call_keys(said: CallProgress | CallConnected | CallReleased) -> Row:
    match said:
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
            return {"event": _NOTICES[said.name], "call_id": said.instance}


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
                "network": _network(said.network),
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
            mcc, mnc = said.network or (said.address.mcc, said.address.mnc)
            return {
                "event": "repeater",
                "comm_type": said.comms_type,
                "address": {"ssi": said.address.ssi, "mcc": mcc, "mnc": mnc},
            }


def _send_keys(said: SendResult | SendLimits) -> Row:
    if isinstance(said, SendLimits):
        return {"event": "send_limits", "max_bits": said.max_bits}
    return {
        "event": "send_result",
        "instance": said.instance,
        "status": said.status,
        "message_reference": said.reference,
    }
