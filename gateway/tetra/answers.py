"""Answers of several shapes and lines, to values: group lists, cells, channels, places, limits.

They make sense only behind the command that asked for them, so they are read from the lines that
were collected for it. What cannot be read is left out; nothing raises.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.model.radio import KnownGroup
from gateway.tetra import tables
from gateway.tetra.addressing import Address, parse_address, parse_mni
from gateway.tetra.pei_lines import Info, OwnNumber, PeiLine, Unknown

MAX_GROUPS = 10_000
"""Most groups that are kept of one list."""
_PERCENT = 100
_RANGES = re.compile(r"\(([^()]*)\)")
_LAT_LON = re.compile(
    r"(\d\d:\d\d:\d\d),\s*([NS]):\s*(\d{1,2})_(\d{1,2}\.\d+),"
    r"\s*([EW]):\s*(\d{1,3})_(\d{1,2}\.\d+),\s*(\d{1,2})"
)
_UTM = re.compile(r"(\d\d:\d\d:\d\d),\s*(\d{1,2}[A-Z]),\s*(\d{1,7}),\s*(\d{1,8}),\s*(\d{1,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One line of ``+GCLI``: a cell in sight. The last field is kept as it came."""

    location_area: int
    carrier: str
    rssi_dbm: int | None
    rest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DmoChannel:
    """One line of ``+CXDCL``; only index and name are understood, all fields are kept."""

    index: int
    name: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPlace:
    """``+GPSPOS``: the terminal's own place, in degrees or, where programmed so, in UTM."""

    time: str
    satellites: int
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    utm_zone: str = ""
    easting_m: int | None = None
    northing_m: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """``+CBC``: status as the terminal gave it, and the level in percent."""

    status: int | None
    percent: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioClock:
    """``+CCLK``: the terminal's clock. The unit of ``zone`` is not settled: kept as it came."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """``+CTBCT``: what the cell broadcasts; values as the terminal gave them."""

    location_area: int | None
    service: int | None
    security: int | None
    sds_tl: int | None


def ranges(answers: Iterable[PeiLine], name: str) -> tuple[str, ...]:
    """Return the bracketed ranges of a test form: ``(0),(1-2000)`` gives ``0`` and ``1-2000``."""
    info = _info(answers, name)
    return () if info is None else tuple(_RANGES.findall(",".join(info.fields)))


def known_groups(answers: Iterable[PeiLine], name: str) -> tuple[KnownGroup, ...]:
    """Return the groups of a ``+CNUMS`` or ``+CNUMD`` answer, in all shapes that were seen.

    The name stands before the first line or before each; a lone number counts the lines that
    follow; names may hold commas.
    """
    groups: dict[int, KnownGroup] = {}
    for text in _rows(answers, name):
        cut = [part.strip() for part in text.split(",", 2)]
        number_type = _number(cut[0])
        address = _address(cut[1]) if len(cut) > 1 else None
        if number_type not in tables.NUMBER_GROUPS or address is None or len(groups) >= MAX_GROUPS:
            continue
        label = cut[2].strip('"') if len(cut) > 2 else ""
        groups[address.ssi] = KnownGroup(number=address.ssi, name=label)
    return tuple(groups.values())


def own_numbers(answers: Iterable[PeiLine]) -> tuple[OwnNumber, ...]:
    """Return the numbers of a ``+CNUMF`` answer: with its name, or in further lines without."""
    numbers: list[OwnNumber] = []
    for line in answers:
        if isinstance(line, OwnNumber):
            numbers.append(line)
        elif isinstance(line, Unknown):
            cut = [part.strip() for part in line.text.split(",")]
            number_type = _number(cut[0])
            address = _address(cut[1]) if len(cut) > 1 else None
            if number_type is not None and address is not None:
                numbers.append(OwnNumber(number_type=number_type, address=address))
    return tuple(numbers)


def cells(answers: Iterable[PeiLine]) -> tuple[Cell, ...]:
    """Return the cells of a ``+GCLI`` answer: a count, then so many lines."""
    found: list[Cell] = []
    for text in _rows(answers, "GCLI"):
        parts = [part.strip() for part in text.split(",")]
        area, level = _number(parts[0]), _number(parts[2]) if len(parts) > 2 else None
        if area is None or level is None:
            continue
        known = level <= tables.RSSI_LAST
        dbm = tables.RSSI_BASE_DBM + tables.RSSI_STEP_DBM * level if known else None
        rest = ",".join(parts[3:])
        found.append(Cell(location_area=area, carrier=parts[1], rssi_dbm=dbm, rest=rest))
    return tuple(found)


def dmo_channels(answers: Iterable[PeiLine]) -> tuple[DmoChannel, ...]:
    """Return the channels of a ``+CXDCL`` answer; names may be empty or hold any character."""
    found: list[DmoChannel] = []
    for text in _rows(answers, "CXDCL"):
        parts = [part.strip() for part in text.split(",")]
        index = _number(parts[0])
        if index is not None and len(parts) >= 5:
            name = ",".join(parts[2:-2])
            found.append(DmoChannel(index=index, name=name, fields=tuple(parts)))
    return tuple(found)


def own_place(answers: Iterable[PeiLine]) -> OwnPlace | None:
    """Return the place of a ``+GPSPOS`` answer in either form; None where it is in neither."""
    info = _info(answers, "GPSPOS")
    text = "" if info is None else ",".join(info.fields)
    if (found := _LAT_LON.match(text)) is not None:
        latitude = int(found[3]) + float(found[4]) / 60
        longitude = int(found[6]) + float(found[7]) / 60
        return OwnPlace(
            time=found[1],
            satellites=int(found[8]),
            latitude_deg=round(-latitude if found[2] == "S" else latitude, 6),
            longitude_deg=round(-longitude if found[5] == "W" else longitude, 6),
        )
    if (found := _UTM.match(text)) is None:
        return None
    return OwnPlace(
        time=found[1],
        satellites=int(found[5]),
        utm_zone=found[2],
        easting_m=int(found[3]),
        northing_m=int(found[4]),
    )


def battery(answers: Iterable[PeiLine]) -> Battery | None:
    """Return the answer to ``AT+CBC?``."""
    info = _info(answers, "CBC")
    if info is None:
        return None
    level = _at(info, 1)
    return Battery(
        status=_at(info, 0), percent=level if level is not None and level <= 100 else None
    )


def radio_clock(answers: Iterable[PeiLine]) -> RadioClock | None:
    """Return the answer to ``AT+CCLK?``; None where it is no date."""
    info = _info(answers, "CCLK")
    text = "" if info is None else ",".join(info.fields).strip('"')
    found = re.match(r"(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d{1,2})?$", text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[place]) for place in range(1, 7))
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 61):
        return None
    return RadioClock(
        year=2000 + year,
        month=month,
        day=day,
        hour=hour,
        minute=minute,
        second=second,
        zone=found[7] or "",
    )


def volume(answers: Iterable[PeiLine]) -> int | None:
    """Return the answer to ``AT+CLVL?``."""
    info = _info(answers, "CLVL")
    return None if info is None else _at(info, 0)


def broadcast(answers: Iterable[PeiLine]) -> Broadcast | None:
    """Return the answer to ``AT+CTBCT?``: location area, service, security, SDS-TL support."""
    info = _info(answers, "CTBCT")
    if info is None:
        return None
    return Broadcast(
        location_area=_at(info, 0),
        service=_at(info, 1),
        security=_at(info, 2),
        sds_tl=_at(info, 3),
    )


def network_of(text: str) -> tuple[int, int] | None:
    """Return (MCC, MNC) of a network identity, None where it is none."""
    try:
        return parse_mni(text)
    except ValueError:
        return None


def _rows(answers: Iterable[PeiLine], name: str) -> Iterable[str]:
    """Return the lines of one answer without its name."""
    for line in answers:
        if isinstance(line, Info) and line.name == name:
            yield line.rest
        elif isinstance(line, Unknown):
            yield line.text


def _info(answers: Iterable[PeiLine], name: str) -> Info | None:
    found = (line for line in answers if isinstance(line, Info) and line.name == name)
    return next(found, None)


def _at(info: Info, index: int) -> int | None:
    return _number(info.fields[index]) if index < len(info.fields) else None


def _number(text: str) -> int | None:
    text = text.strip()
    plain = text.isascii() and text.isdecimal() and len(text) <= 9
    return int(text) if plain else None


def _address(text: str) -> Address | None:
    try:
        return parse_address(text)
    except ValueError:
        return None
