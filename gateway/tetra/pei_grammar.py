"""One line of a terminal to its meaning.

Lenient where real radios are: a space after the colon or none, fields empty or missing at the
end (fields count by position), trailing blanks, two lines glued by a lost line end, finals in odd
case or without their plus sign. A line with a known name that cannot be read is ``Bad``, any other
is ``Unknown``; nothing raises.
"""

import re
from collections.abc import Callable

from gateway.tetra import tables
from gateway.tetra.addressing import Address, parse_address, parse_mni
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
_MAX_NUMBER_DIGITS = 9
_EXTERNAL_CHARACTERS = frozenset("0123456789*#+")


class _Fields:
    """The comma-separated fields of one line, by position, with their offsets."""

    def __init__(self, text: str, start: int) -> None:
        self.values: list[str] = []
        self.offsets: list[int] = []
        position = start
        for piece in text[start:].split(","):
            self.values.append(piece.strip().strip('"'))
            self.offsets.append(position)
            position += len(piece) + 1

    def __len__(self) -> int:
        return len(self.values)

    def text(self, index: int) -> str:
        """Return a field, empty where it is missing."""
        return self.values[index] if index < len(self.values) else ""

    def optional(self, index: int) -> int | None:
        """Return a number, None where the field is empty or missing."""
        value = self.text(index)
        if not value:
            return None
        if not value.isascii() or not value.isdecimal() or len(value) > _MAX_NUMBER_DIGITS:
            raise _Unreadable(self.offsets[index], f"field {index + 1}: expected a number")
        return int(value)

    def lenient(self, index: int) -> int | None:
        """Return a number, None where the field is missing or no number."""
        try:
            return self.optional(index)
        except _Unreadable:
            return None

    def number(self, index: int) -> int:
        """Return a number that must be there."""
        value = self.optional(index)
        if value is None:
            offset = self.offsets[min(index, len(self.offsets) - 1)]
            raise _Unreadable(offset, f"field {index + 1}: expected a number, got nothing")
        return value

    def address(self, index: int) -> Address | None:
        """Return an address, None where empty or missing."""
        value = self.text(index)
        if not value:
            return None
        try:
            return parse_address(value)
        except ValueError as error:
            raise _Unreadable(self.offsets[index], f"field {index + 1}: {error}") from error

    def network(self, index: int) -> tuple[int, int] | None:
        """Return (MCC, MNC), None where the field is not one."""
        try:
            return parse_mni(self.text(index))
        except ValueError:
            return None


class _Unreadable(Exception):
    """A field that cannot be read; never leaves this module."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason


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
            return Info(name=named[1], fields=tuple(_Fields(text, named.start(2)).values))
        return Unknown(text=text)
    try:
        return reader(named[1], _Fields(text, named.start(2)))
    except _Unreadable as fault:
        return Bad(text=text, offset=fault.offset, reason=f"+{named[1]}: {fault.reason}")


def parse_own_number(text: str) -> OwnNumber | None:
    """Return a further line of an own-number answer, which has no name: ``type,address``."""
    fields = _Fields(text, 0)
    try:
        address = fields.address(1)
        return None if address is None else OwnNumber(number_type=fields.number(0), address=address)
    except _Unreadable:
        return None


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


def _incoming(_name: str, fields: _Fields) -> PeiLine:
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


def _caller(fields: _Fields, calling_type: int | None) -> tuple[Address | None, str]:
    """Return the caller's address, or an external number as it stands."""
    text = fields.text(4)
    external = calling_type in (tables.IdentityType.PABX, tables.IdentityType.PSTN)
    if external and text and set(text) <= _EXTERNAL_CHARACTERS:
        return None, text[: tables.MAX_DIAL_DIGITS]
    return fields.address(4), ""


def _progress(_name: str, fields: _Fields) -> PeiLine:
    return CallProgress(
        instance=fields.number(0),
        status=fields.optional(1),
        service=fields.lenient(2),
        simplex=fields.lenient(4),
        comms_type=fields.lenient(6),
    )


def _connected(_name: str, fields: _Fields) -> PeiLine:
    return CallConnected(
        instance=fields.number(0),
        simplex=fields.optional(2),
        encrypted=bool(fields.optional(4)),
        comms_type=fields.optional(5),
    )


def _released(_name: str, fields: _Fields) -> PeiLine:
    return CallReleased(instance=fields.number(0), cause=fields.optional(1))


def _grant(_name: str, fields: _Fields) -> PeiLine:
    grant = fields.number(1)
    if grant > max(tables.Grant):
        raise _Unreadable(fields.offsets[1], f"grant: expected 0 to 3, got {grant}")
    return TxGrant(
        instance=fields.number(0),
        grant=grant,
        may_ask=_may_ask(fields.optional(2)),
        encrypted=bool(fields.optional(3)),
        talker=fields.address(5),
    )


def _ceased(_name: str, fields: _Fields) -> PeiLine:
    return TxCeased(instance=fields.number(0), may_ask=_may_ask(fields.optional(1)))


def _notice(name: str, fields: _Fields) -> PeiLine:
    flag = fields.lenient(1) if name == "CTXN" else None
    return TxNotice(
        name=name, instance=fields.optional(0), continues=None if flag is None else bool(flag)
    )


def _groups(_name: str, fields: _Fields) -> PeiLine:
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


def _group_pair(fields: _Fields, index: int) -> tuple[int, Address | None, int]:
    first = fields.text(index)
    untyped = len(first) > 1 or len(fields) == 1
    if untyped and first != "0":
        return tables.GroupType.SELECTED, fields.address(index), 1
    group_type = fields.optional(index)
    selected = int(tables.GroupType.SELECTED)
    return selected if group_type is None else group_type, fields.address(index + 1), 2


def _mode(_name: str, fields: _Fields) -> PeiLine:
    return Mode(mode=fields.number(0))


def _registration(_name: str, fields: _Fields) -> PeiLine:
    """Read ``stat``, ``stat,LA,MNI`` or ``n,stat,LA,MNI``."""
    first = 1 if len(fields) >= 4 else 0
    return RegistrationLine(
        stat=fields.number(first),
        location_area=fields.optional(first + 1),
        network=fields.network(first + 2),
    )


def _signal(_name: str, fields: _Fields) -> PeiLine:
    rssi = fields.number(0)
    if rssi > tables.RSSI_LAST:
        return Signal(rssi_dbm=None)
    return Signal(rssi_dbm=tables.RSSI_BASE_DBM + tables.RSSI_STEP_DBM * rssi)


def _sds_header(_name: str, fields: _Fields) -> PeiLine:
    """Read six or seven fields, or the short forms of three and four without a caller."""
    count = len(fields)
    if count in (3, 4):
        return SdsHeader(
            service=fields.number(0), called=fields.address(1), bits=fields.number(count - 1)
        )
    if count < 6:
        raise _Unreadable(fields.offsets[-1], f"expected 6 fields, got {count}")
    return SdsHeader(
        service=fields.number(0),
        calling=fields.address(1),
        called=fields.address(3),
        bits=fields.number(5),
        encrypted=bool(fields.optional(6)),
    )


def _send_result(_name: str, fields: _Fields) -> PeiLine:
    if fields.text(0).startswith("("):
        return _send_limits(fields)
    return SendResult(
        instance=fields.number(0), status=fields.optional(1), reference=fields.optional(2)
    )


def _send_limits(fields: _Fields) -> PeiLine:
    limit = _RANGE_END.search(",".join(fields.values))
    if limit is None:
        raise _Unreadable(fields.offsets[-1], "expected a range of lengths like (8-1184)")
    if len(limit[1]) > _MAX_NUMBER_DIGITS:
        raise _Unreadable(fields.offsets[-1], "range of lengths: number too long")
    return SendLimits(max_bits=int(limit[1]))


def _own_number(_name: str, fields: _Fields) -> PeiLine:
    address = fields.address(1)
    if address is None:
        return Info(name="CNUMF", fields=tuple(fields.values))
    return OwnNumber(number_type=fields.number(0), address=address)


def _repeater(_name: str, fields: _Fields) -> PeiLine:
    address = fields.address(1)
    if address is None:
        raise _Unreadable(fields.offsets[-1], "field 2: expected an address, got nothing")
    return Repeater(
        comms_type=fields.number(0),
        address=address,
        network=fields.network(2),
        presence=fields.lenient(3),
    )


_READERS: dict[str, Callable[[str, _Fields], PeiLine]] = {
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
