"""One line of a terminal to its meaning.

Lenient where real radios are: a space after the colon or none, fields empty or missing at the
end (fields count by position), trailing blanks, two lines glued by a lost line end, finals in odd
case or without their plus sign. A line with a known name that cannot be read is ``Bad``, any other
is ``Unknown``; nothing raises.
"""

import re
from collections.abc import Callable

from gateway.tetra import tables
from gateway.tetra.addressing import Address
from gateway.tetra.pei_fields import MAX_NUMBER_DIGITS, Fields, Unreadable
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

_NAMED = re.compile(r"\+([A-Z]{2,8}):\s*(.*)", re.DOTALL)
_ERROR_CODE = re.compile(r"\+?(CME|CMS) ERROR:?\s*(\d{0,5})", re.IGNORECASE)
_GLUE = re.compile(
    r"(?=\+(?:CTICN|CTOCP|CTCC|CTCR|CTXG|CDTXC|CTXD|CTXI|CTXW|CTXN|CTGS|CTOM|CREG|CSQ|CTSDSR|CMGS"
    r"|CTDGR|CME ERROR|CMS ERROR):)"
)
_GLUED_FINAL = re.compile(r"(\+C[A-Z]{1,5}:[ 0-9,]*[0-9,])(OK|ERROR)")
_RANGE_END = re.compile(r"\)\s*,\s*\(\s*\d+\s*-\s*(\d+)\s*\)\s*$")
_WORD_FINALS = ("NO CARRIER", "NO ANSWER", "BUSY")
_EXTERNAL_CHARACTERS = frozenset("0123456789*#+")


def split_glued(text: str) -> list[str]:
    """Return the lines inside ``text``: more than one where a line end was lost."""
    if text.count("+") > 1 or not text.startswith("+"):
        pieces = [piece.strip() for piece in _GLUE.split(text)]
    else:
        pieces = [text]
    lines: list[str] = []
    for piece in pieces:
        glued = _GLUED_FINAL.fullmatch(piece)
        lines += [glued[1], glued[2]] if glued else [piece]
    return [line for line in lines if line]


def parse_line(text: str) -> PeiLine:
    """Return what one line says."""
    text = text.strip()
    final = _final(text)
    if final is not None:
        return final
    named = _NAMED.match(text)
    if named is None:
        return Unknown(text=text)
    reader = _READERS.get(named[1])
    if reader is None:
        if named[1] in _INFO_NAMES or named[2].startswith("("):
            fields = tuple(Fields(text, named.start(2)).values)
            return Info(name=named[1], fields=fields, rest=named[2])
        return Unknown(text=text)
    try:
        return reader(named[1], Fields(text, named.start(2)))
    except Unreadable as fault:
        return Bad(text=text, offset=fault.offset, reason=f"+{named[1]}: {fault.reason}")


def _final(text: str) -> Final | None:
    upper = text.upper()
    if upper == "OK":
        return Final(kind="OK")
    coded = _ERROR_CODE.match(text)
    if coded is not None:
        return Final(kind=coded[1].upper(), code=int(coded[2]) if coded[2] else None)
    if upper == "ERROR" or upper.startswith(("ERROR ", "ERROR:")):
        return Final(kind="ERROR")
    return Final(kind=upper) if upper in _WORD_FINALS else None


def _may_ask(value: int | None) -> bool:
    return value != tables.RequestPermission.FORBIDDEN


def _incoming(_name: str, fields: Fields) -> PeiLine:
    calling_type = fields.lenient(3)
    calling, digits = _caller(fields, calling_type)
    return IncomingCall(
        instance=fields.number(0),
        status=fields.optional(1),
        service=fields.optional(2),
        calling=calling,
        calling_type=calling_type,
        calling_digits=digits,
        hook=fields.optional(5),
        simplex=fields.optional(6),
        encrypted=bool(fields.optional(7)),
        comms_type=fields.optional(8),
        called=fields.address(11),
        priority=fields.optional(12) or 0,
    )


def _caller(fields: Fields, calling_type: int | None) -> tuple[Address | None, str]:
    """Return the caller's address, or an external number as it stands."""
    text = fields.text(4)
    external = calling_type in (tables.IdentityType.PABX, tables.IdentityType.PSTN)
    if external and text and set(text) <= _EXTERNAL_CHARACTERS:
        return None, text[: tables.MAX_DIAL_DIGITS]
    return fields.address(4), ""


def _progress(_name: str, fields: Fields) -> PeiLine:
    return CallProgress(
        instance=fields.number(0),
        status=fields.optional(1),
        service=fields.lenient(2),
        simplex=fields.lenient(4),
        comms_type=fields.lenient(6),
    )


def _connected(_name: str, fields: Fields) -> PeiLine:
    return CallConnected(
        instance=fields.number(0),
        simplex=fields.optional(2),
        encrypted=bool(fields.optional(4)),
        comms_type=fields.optional(5),
    )


def _released(_name: str, fields: Fields) -> PeiLine:
    return CallReleased(instance=fields.number(0), cause=fields.optional(1))


def _grant(_name: str, fields: Fields) -> PeiLine:
    grant = fields.number(1)
    if grant > max(tables.Grant):
        raise Unreadable(fields.offsets[1], f"grant: expected 0 to 3, got {grant}")
    return TxGrant(
        instance=fields.number(0),
        grant=grant,
        may_ask=_may_ask(fields.optional(2)),
        encrypted=bool(fields.optional(3)),
        talker=fields.address(5),
    )


def _ceased(_name: str, fields: Fields) -> PeiLine:
    return TxCeased(instance=fields.number(0), may_ask=_may_ask(fields.optional(1)))


def _notice(name: str, fields: Fields) -> PeiLine:
    flag = fields.lenient(1) if name == "CTXN" else None
    return TxNotice(
        name=name, instance=fields.optional(0), continues=None if flag is None else bool(flag)
    )


def _groups(_name: str, fields: Fields) -> PeiLine:
    """Read pairs of type and address; an address where a type should be has no type (DMO)."""
    selected: Address | None = None
    scanned: list[Address] = []
    index = 0
    while index < len(fields):
        group_type, address, used = _group_pair(fields, index)
        index += used
        if address is None or group_type == tables.GroupType.NONE:
            continue
        if group_type == tables.GroupType.SELECTED:
            selected = address
        else:
            scanned.append(address)
    return Groups(selected=selected, scanned=tuple(scanned))


def _group_pair(fields: Fields, index: int) -> tuple[int, Address | None, int]:
    first = fields.text(index)
    untyped = len(first) > 1 or len(fields) == 1
    if untyped and first != "0":
        return tables.GroupType.SELECTED, fields.address(index), 1
    group_type = fields.optional(index)
    selected = int(tables.GroupType.SELECTED)
    return selected if group_type is None else group_type, fields.address(index + 1), 2


def _mode(_name: str, fields: Fields) -> PeiLine:
    return Mode(mode=fields.number(0))


def _registration(_name: str, fields: Fields) -> PeiLine:
    """Read ``stat``, ``stat,LA,MNI`` or ``n,stat,LA,MNI``."""
    first = 1 if len(fields) >= 4 else 0
    return RegistrationLine(
        stat=fields.number(first),
        location_area=fields.optional(first + 1),
        network=fields.network(first + 2),
    )


def _signal(_name: str, fields: Fields) -> PeiLine:
    rssi = fields.number(0)
    if rssi > tables.RSSI_LAST:
        return Signal(rssi_dbm=None)
    return Signal(rssi_dbm=tables.RSSI_BASE_DBM + tables.RSSI_STEP_DBM * rssi)


def _sds_header(_name: str, fields: Fields) -> PeiLine:
    """Read six or seven fields, or the short forms of three and four without a caller."""
    count = len(fields)
    if count in (3, 4):
        return SdsHeader(
            service=fields.number(0), called=fields.address(1), bits=fields.number(count - 1)
        )
    if count < 6:
        raise Unreadable(fields.offsets[-1], f"expected 6 fields, got {count}")
    return SdsHeader(
        service=fields.number(0),
        calling=fields.address(1),
        called=fields.address(3),
        bits=fields.number(5),
        encrypted=bool(fields.optional(6)),
    )


def _send_result(_name: str, fields: Fields) -> PeiLine:
    if fields.text(0).startswith("("):
        return _send_limits(fields)
    return SendResult(
        instance=fields.number(0), status=fields.optional(1), reference=fields.optional(2)
    )


def _send_limits(fields: Fields) -> PeiLine:
    limit = _RANGE_END.search(",".join(fields.values))
    if limit is None:
        raise Unreadable(fields.offsets[-1], "expected a range of lengths like (8-1184)")
    if len(limit[1]) > MAX_NUMBER_DIGITS:
        raise Unreadable(fields.offsets[-1], "range of lengths: number too long")
    return SendLimits(max_bits=int(limit[1]))


def _own_number(_name: str, fields: Fields) -> PeiLine:
    address = fields.address(1)
    if address is None:
        return Info(name="CNUMF", fields=tuple(fields.values))
    return OwnNumber(number_type=fields.number(0), address=address)


def _repeater(_name: str, fields: Fields) -> PeiLine:
    address = fields.address(1)
    if address is None:
        raise Unreadable(fields.offsets[-1], "field 2: expected an address, got nothing")
    return Repeater(
        comms_type=fields.number(0),
        address=address,
        network=fields.network(2),
        presence=fields.lenient(3),
    )


_READERS: dict[str, Callable[[str, Fields], PeiLine]] = {
    "CTICN": _incoming,
    "CTOCP": _progress,
    "CTCC": _connected,
    "CTCR": _released,
    "CTXG": _grant,
    "CDTXC": _ceased,
    "CTXD": _notice,
    "CTXI": _notice,
    "CTXW": _notice,
    "CTXN": _notice,
    "CTGS": _groups,
    "CTOM": _mode,
    "CREG": _registration,
    "CSQ": _signal,
    "CTSDSR": _sds_header,
    "CMGS": _send_result,
    "CNUMF": _own_number,
    "CTDGR": _repeater,
}
_INFO_NAMES = frozenset(
    {
        "GMI",
        "GMM",
        "GMR",
        "GSN",
        "CPIN",
        "CTTCT",
        "CTSP",
        "CNUMS",
        "CNUMD",
        "CLVL",
        "CBC",
        "CCLK",
        "CMEE",
        "CSCS",
        "CTGL",
        "CTDCD",
        "CTBCT",
        "CXDCL",
        "GCLI",
        "GPSPOS",
        "ENCR",
        "CTSDC",
        "CTSDS",
        "CPBS",
        "CPBR",
        "CTSCAN",
        "MCDNTN",
    }
)
"""Answers that are read behind their command (see ``answers``), or only shown."""
