"""Answers of a terminal that a person asks for: identity, lists of numbers and cells, a place.

Answers of several lines name themselves once: ``+CNUMS: 1,<number>,<name>`` and then
``1,<number>,<name>``, with blank lines between or none. A lone number in the first line counts the
lines that follow. A name may hold commas, so a line is cut at most twice.
"""

import re
from collections.abc import Callable

from gateway.tetra import tables
from gateway.tetra.addressing import parse_address
from samband.decode_rows import Row, printable

_NAMED = re.compile(r"\+([A-Z]{2,8}):\s*(.*)", re.DOTALL)
_LAT_LON = re.compile(
    r"(\d\d:\d\d:\d\d),\s*([NS]):\s*(\d{1,2})_(\d{1,2}\.\d+),"
    r"\s*([EW]):\s*(\d{1,3})_(\d{1,2}\.\d+),\s*(\d{1,2})"
)
_IDENTITY = {"GMI": "maker", "GMR": "firmware", "GSN": "serial"}
_MODEL_PARTS = ("model", "hardware", "revision")
_GROUPS = {"CNUMS": "static_group", "CNUMD": "dynamic_group"}


class AnswerLines:
    """Takes lines in order; gives the row of those it knows, None for all others."""

    def __init__(self) -> None:
        """Begin outside of any answer."""
        self._open = ""

    def feed(self, text: str) -> Row | None:
        """Return the row of one line without blanks around it."""
        named = _NAMED.match(text)
        if named is None:
            reader = _FURTHER.get(self._open)
            row = reader(self._open, text) if reader is not None else None
            self._open = self._open if row is not None else ""
            return row
        name, rest = named[1], named[2].strip()
        self._open = name if name in _FURTHER else ""
        if rest.startswith("(") and name != "CMGS":
            return {"event": "test_form", "name": name, "fields": rest}
        reader = _READERS.get(name)
        return None if reader is None else reader(name, rest)


def info_row(text: str) -> Row | None:
    """Return the row of a named line that nothing else reads; None where there is no name."""
    named = _NAMED.match(text)
    if named is None:
        return None
    fields = [printable(field.strip().strip('"')) for field in named[2].split(",")]
    return {"event": "info", "name": named[1], "fields": fields}


def _identity(name: str, rest: str) -> Row:
    return {"event": "identity", _IDENTITY[name]: printable(rest)}


def _model(_name: str, rest: str) -> Row:
    """Read ``product number,hardware,revision``, or one free text."""
    parts = [printable(part.strip()) for part in rest.split(",")]
    if len(parts) != len(_MODEL_PARTS):
        parts = [printable(rest)]
    return {"event": "identity", **dict(zip(_MODEL_PARTS, parts, strict=False))}


def _group(name: str, rest: str) -> Row | None:
    kind = _GROUPS[name]
    if rest.isascii() and rest.isdecimal():
        return {"event": f"{kind}s", "count": int(rest[:9])}
    cut = [part.strip() for part in rest.split(",", 2)]
    number = _listed(cut)
    if number is None:
        return None
    label = cut[2] if len(cut) > len(number) else ""
    return {
        "event": kind,
        "number_type": number["number_type"],
        "group": number["number"],
        "name": printable(label),
    }


def _further_own_number(_name: str, rest: str) -> Row | None:
    number = _listed([part.strip() for part in rest.split(",", 1)])
    return None if number is None else {"event": "own_number", **number}


def _listed(cut: list[str]) -> Row | None:
    """Read ``type,address``."""
    if len(cut) < 2 or not cut[0].isascii() or not cut[0].isdecimal():
        return None
    try:
        return {"number_type": int(cut[0][:9]), "number": parse_address(cut[1]).as_dict()}
    except ValueError:
        return None


def _cell(_name: str, rest: str) -> Row | None:
    """Read a count, or ``location area,carrier in hex,level,C value``."""
    if rest.isascii() and rest.isdecimal():
        return {"event": "cells", "count": int(rest[:9])}
    parts = [part.strip() for part in rest.split(",")]
    if len(parts) < 3 or not all(part.isascii() for part in parts):
        return None
    if not (parts[0].isdecimal() and parts[2].isdecimal()):
        return None
    level = int(parts[2][:9])
    dbm = tables.RSSI_BASE_DBM + tables.RSSI_STEP_DBM * level
    return {
        "event": "cell",
        "location_area": int(parts[0][:9]),
        "carrier": printable(parts[1]),
        "rssi_dbm": dbm if level <= tables.RSSI_LAST else None,
        "fields": parts,
    }


def _channel(_name: str, rest: str) -> Row | None:
    """Read ``index,?,name,flag,flag``; what the second field means is not documented."""
    parts = [part.strip() for part in rest.split(",")]
    if len(parts) < 5 or not parts[0].isascii() or not parts[0].isdecimal():
        return None
    return {
        "event": "dmo_channel",
        "index": int(parts[0][:9]),
        "name": printable(",".join(parts[2:-2])),
        "fields": [printable(part) for part in parts],
    }


def _place(_name: str, rest: str) -> Row | None:
    """Read ``time,N: dd_mm.mmmm,E: ddd_mm.mmmm,satellites``; the other form is left as it is."""
    found = _LAT_LON.match(rest)
    if found is None:
        return None
    latitude = int(found[3]) + float(found[4]) / 60
    longitude = int(found[6]) + float(found[7]) / 60
    return {
        "event": "gps_position",
        "time": found[1],
        "latitude_deg": round(-latitude if found[2] == "S" else latitude, 6),
        "longitude_deg": round(-longitude if found[5] == "W" else longitude, 6),
        "satellites": int(found[8]),
    }


def _communication_type(_name: str, rest: str) -> Row | None:
    if not rest.isascii() or not rest.isdecimal():
        return None
    return {"event": "communication_type", "value": int(rest[:9])}


_READERS: dict[str, Callable[[str, str], Row | None]] = {
    "GMI": _identity,
    "GMR": _identity,
    "GSN": _identity,
    "GMM": _model,
    "CNUMS": _group,
    "CNUMD": _group,
    "GCLI": _cell,
    "CXDCL": _channel,
    "GPSPOS": _place,
    "CTTCT": _communication_type,
}
_FURTHER: dict[str, Callable[[str, str], Row | None]] = {
    "CNUMS": _group,
    "CNUMD": _group,
    "CNUMF": _further_own_number,
    "GCLI": _cell,
}
