"""Protocol lines in words, for the engineer's page."""

from gateway.tetra import tables
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
    SdsHeader,
    SendLimits,
    SendResult,
    Signal,
    TxCeased,
    TxGrant,
    TxNotice,
    Unknown,
)

_CALL_STATUS_WORDS = {
    0: "in progress",
    1: "queued",
    2: "ringing",
    3: "continues",
    4: "hang time over",
}
_SEND_WORDS = {
    0: "received, unread",
    1: "received, read",
    2: "stored, not sent",
    3: "stored, sent",
    4: "sent over the air",
    5: "not sent",
}
_COMMAND_WORDS = {
    "AT": "are you there",
    "ATE0": "echo off",
    "ATA": "answer the call",
    "ATH": "hang up",
    "AT+GMI?": "who made you",
    "AT+GMM?": "which model",
    "AT+GMR?": "which firmware",
    "AT+CMEE=1": "tell errors by number",
    "AT+CPIN?": "is a PIN needed",
    "AT+CTOM?": "which mode",
    "AT+CNUMF?": "which number is yours",
    "AT+CTGS?": "which group is selected",
    "AT+CREG?": "are you registered",
    "AT+CREG=2": "report registration",
    "AT+CSQ?": "how strong is the signal",
    "AT+CMGS=?": "how long may a message be",
    "AT+CNUMS=?": "how many groups may be listed",
    "AT+CNUMS?": "which groups are programmed",
    "AT+CNUMD?": "which groups did the network give",
    "AT+CTSCAN=1": "scan",
    "AT+CTSCAN=0": "do not scan",
}
_COMMAND_STARTS = (
    ("AT+CTXD=", "ask to talk"),
    ("AT+CUTXC=", "stop talking"),
    ("AT+CTSDC=", "set up the next call"),
    ("AT+CTSDS=", "set up the next message"),
    ("AT+CTSP=", "send this service to the host"),
    ("AT+CTCR=", "end call"),
    ("AT+CTOM=", "change to mode"),
    ("AT+CNUMS=", "list groups in the range"),
    ("AT+CTGS=1,", "select group"),
    ("AT+CTGS=0,", "detach group"),
    ("AT+CTGS=", "scan group, by priority"),
    ("AT+CMGS=", "send message"),
    ("ATD", "call"),
)


def final_words(final: Final) -> str:
    """Return a final result that is no ``OK``, in words."""
    if final.kind not in ("CME", "CMS", "ERROR"):
        return final.kind.lower()
    if final.kind == "CMS" and final.code is not None:
        return f"the radio's message error {final.code}"
    return error_words(final.code)


def error_words(code: int | None) -> str:
    """Return a ``+CME ERROR`` number in words."""
    if code is None:
        return "the radio refused"
    known = tables.CME_ERRORS.get(code)
    return known[0] if known else f"radio's error {code}"


def command_words(text: str) -> str:
    """Return what a command of ours asks for."""
    known = _COMMAND_WORDS.get(text)
    if known is not None:
        return known
    for start, words in _COMMAND_STARTS:
        if text.startswith(start):
            return f"{words} {text[len(start) :]}"
    return ""


def line_words(line: PeiLine) -> str:
    """Return what a line of the radio says."""
    match line:
        case Final() | Info() | Unknown() | Bad():
            return _plain_words(line)
        case IncomingCall() | CallProgress() | CallConnected() | CallReleased():
            return _call_words(line)
        case TxGrant() | TxCeased() | TxNotice():
            return _transmission_words(line)
        case SdsHeader() | SendResult() | SendLimits():
            return _message_words(line)
        case _:
            return _radio_words(line)


def _name(address: Address | None) -> str:
    return "unknown" if address is None else str(address.ssi)


def _plain_words(line: Final | Info | Unknown | Bad) -> str:
    match line:
        case Final():
            if line.ok:
                return "done"
            return "refused" if line.kind == "ERROR" else final_words(line)
        case Info():
            return f"{line.name} {', '.join(line.fields)}".rstrip()
        case Unknown():
            return "unknown line"
        case Bad():
            return f"cannot be read: {line.reason}"


def _call_words(line: IncomingCall | CallProgress | CallConnected | CallReleased) -> str:
    match line:
        case IncomingCall():
            private = line.comms_type == tables.CommsType.POINT_TO_POINT
            caller = line.calling_digits or _name(line.calling)
            place = f"{'to' if private else 'on'} {_name(line.called)} from {caller}"
            kind = "private call" if private else "call"
            emergency = line.priority == tables.CALL_PRIORITY_EMERGENCY
            return f"{kind} {line.instance} {place}{', EMERGENCY' if emergency else ''}"
        case CallProgress():
            status = _CALL_STATUS_WORDS.get(-1 if line.status is None else line.status, "")
            return f"our call {line.instance} {status}".rstrip()
        case CallConnected():
            return f"call {line.instance} connected"
        case CallReleased():
            return f"call {line.instance} over: {cause_words(line.cause)}"


def _transmission_words(line: TxGrant | TxCeased | TxNotice) -> str:
    match line:
        case TxGrant():
            words = f"call {line.instance}: {tables.GRANT_WORDS[line.grant]}"
            return words if line.talker is None else f"{words} {line.talker.ssi}"
        case TxCeased():
            return f"call {line.instance}: talker stopped"
        case TxNotice():
            return f"{line.name} of call {line.instance}"


def _message_words(line: SdsHeader | SendResult | SendLimits) -> str:
    match line:
        case SdsHeader():
            return f"message from {_name(line.calling)} to {_name(line.called)}, {line.bits} bits"
        case SendResult():
            if line.status is None:
                return f"message {line.instance} taken by the radio"
            status = _SEND_WORDS.get(line.status, f"status {line.status}")
            return f"message {line.instance} {status}"
        case SendLimits():
            return f"at most {line.max_bits} bits a message"


def _radio_words(
    line: Groups | Mode | RegistrationLine | Signal | OwnNumber | Repeater,
) -> str:
    match line:
        case Groups():
            return _group_words(line)
        case Mode():
            return f"mode {tables.AI_MODE_WORDS.get(line.mode, str(line.mode))}"
        case RegistrationLine():
            return tables.REGISTRATION_WORDS.get(line.stat, f"registration {line.stat}")
        case Signal():
            return "no signal level" if line.rssi_dbm is None else f"signal {line.rssi_dbm} dBm"
        case OwnNumber():
            kind = tables.NUMBER_TYPE_WORDS.get(line.number_type, "number")
            return f"{kind} {line.address.ssi}"
        case Repeater():
            return f"repeater or gateway {line.address.ssi} in sight"


def _group_words(line: Groups) -> str:
    if line.selected is None and not line.scanned:
        return "no group selected"
    scanned = ", ".join(str(group.ssi) for group in line.scanned)
    words = f"group {_name(line.selected)}"
    return f"{words}, scans {scanned}" if scanned else words
