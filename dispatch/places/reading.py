"""Reads a site's places from GeoJSON (RFC 7946) or CSV; every bad row is named. Pure.

GeoJSON: points and polygons with a ``name`` are places; lines and unnamed polygons are drawn on
the map alone. CSV: a header with name, lat, lon, and optionally id, kind, address, polygon
(``lat,lon lat,lon ...``); comma, semicolon or tab. Longitude comes first in GeoJSON, as it asks.
"""

import csv
import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.model.errors import ConfigError

MAX_PLACES = 500_000
MAX_BYTES = 200 * 1024 * 1024
MAX_CORNERS = 10_000
FAULTS_NAMED = 10
NAMES = ("name", "namn", "label", "title")
LATITUDES = ("lat", "latitude", "latitude_deg", "y")
LONGITUDES = ("lon", "lng", "long", "longitude", "longitude_deg", "x")
Point = tuple[float, float]
"""Latitude and longitude in degrees (WGS 84)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A named place. ``polygon`` is its outline, empty for a point."""

    id: str
    name: str
    latitude_deg: float
    longitude_deg: float
    kind: str = ""
    address: str = ""
    polygon: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A line or area of the map's background. ``kind``: road, water, building and so on."""

    kind: str
    name: str
    closed: bool
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class PlaceFile:
    """What a file holds."""

    places: tuple[Place, ...] = ()
    shapes: tuple[Shape, ...] = ()


class BadPlaces(ConfigError):
    """A file of places that cannot be used; the message names the rows."""


def read(data: bytes, name: str) -> PlaceFile:
    """Read a file by its content; ``name`` stands in errors. Raises BadPlaces."""
    if len(data) > MAX_BYTES:
        raise BadPlaces(f"places.file: {name}: {len(data)} bytes, expected up to {MAX_BYTES}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPlaces(f"places.file: {name}: not UTF-8 at byte {error.start}") from error
    faults: list[str] = []
    found = _geojson(text, faults) if text.lstrip().startswith("{") else _csv(text, faults)
    doubled = _doubled(found.places)
    faults += [f"id {one!r} stands twice" for one in doubled]
    if len(found.places) > MAX_PLACES:
        faults.append(f"{len(found.places)} places, expected up to {MAX_PLACES}")
    if faults:
        more = len(faults) - FAULTS_NAMED
        told = "; ".join(faults[:FAULTS_NAMED]) + (f"; and {more} more" if more > 0 else "")
        raise BadPlaces(f"places.file: {name}: {told}")
    return found


def _doubled(places: Sequence[Place]) -> list[str]:
    seen: set[str] = set()
    twice = []
    for place in places:
        if place.id in seen:
            twice.append(place.id)
        seen.add(place.id)
    return twice


def _id_of(given: object, name: str, at: Point) -> str:
    """Return the id that the file gives, else one that stays while name and place do."""
    if isinstance(given, str | int) and not isinstance(given, bool) and str(given).strip():
        return str(given).strip()[:64]
    digest = hashlib.sha256(f"{name}|{at[0]:.6f}|{at[1]:.6f}".encode()).hexdigest()
    return f"pl-{digest[:12]}"


def _degrees(value: object, most: float) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(str(value).strip().replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) <= most else None


def middle(points: Sequence[Point]) -> Point:
    """Return the middle of a polygon's corners."""
    return (
        sum(lat for lat, _ in points) / len(points),
        sum(lon for _, lon in points) / len(points),
    )


# ---- CSV ---------------------------------------------------------------------------------------


def _csv(text: str, faults: list[str]) -> PlaceFile:
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    header = [cell.strip().casefold() for cell in next(reader, [])]
    columns = {
        "name": _column(header, NAMES),
        "lat": _column(header, LATITUDES),
        "lon": _column(header, LONGITUDES),
    }
    missing = [key for key, column in columns.items() if column is None]
    if missing:
        faults.append(
            f"line 1: no column {' or '.join(missing)}; expected a header with name, lat, lon"
        )
        return PlaceFile()
    places = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        row = {key: cells[at].strip() for at, key in enumerate(header) if at < len(cells)}
        place = _csv_place(row, (header, columns), reader.line_num, faults)
        if place is not None:
            places.append(place)
    return PlaceFile(places=tuple(places))


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _csv_place(
    row: Mapping[str, str],
    where: tuple[Sequence[str], Mapping[str, int | None]],
    number: int,
    faults: list[str],
) -> Place | None:
    header, columns = where
    name, lat_text, lon_text = (row.get(header[columns[key] or 0], "") for key in columns)
    lat, lon = _degrees(lat_text, 90), _degrees(lon_text, 180)
    if not name:
        faults.append(f"line {number}: name is empty")
    elif lat is None:
        faults.append(f"line {number}: lat: expected -90 to 90, got {lat_text!r}")
    elif lon is None:
        faults.append(f"line {number}: lon: expected -180 to 180, got {lon_text!r}")
    else:
        polygon = _csv_polygon(row.get("polygon", ""), number, faults)
        return Place(
            id=_id_of(row.get("id"), name, (lat, lon)),
            name=name[:120],
            latitude_deg=lat,
            longitude_deg=lon,
            kind=row.get("kind", "")[:40],
            address=row.get("address", "")[:200],
            polygon=polygon,
        )
    return None


def _csv_polygon(text: str, number: int, faults: list[str]) -> tuple[Point, ...]:
    corners = []
    for pair in text.split():
        lat_text, _, lon_text = pair.partition(",")
        lat, lon = _degrees(lat_text, 90), _degrees(lon_text, 180)
        if lat is None or lon is None:
            faults.append(f"line {number}: polygon: expected lat,lon pairs, got {pair!r}")
            return ()
        corners.append((lat, lon))
    if corners and len(corners) < 3:
        faults.append(f"line {number}: polygon: expected at least 3 corners, got {len(corners)}")
        return ()
    return tuple(corners)


# ---- GeoJSON -----------------------------------------------------------------------------------


def _geojson(text: str, faults: list[str]) -> PlaceFile:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        faults.append(f"no JSON ({error})")
        return PlaceFile()
    features = values.get("features") if isinstance(values, dict) else None
    if not isinstance(features, list) or values.get("type") != "FeatureCollection":
        faults.append("expected a GeoJSON FeatureCollection")
        return PlaceFile()
    places: list[Place] = []
    shapes: list[Shape] = []
    for number, feature in enumerate(features, start=1):
        _feature(feature, number, (places, shapes), faults)
    return PlaceFile(places=tuple(places), shapes=tuple(shapes))


def _feature(
    feature: Any, number: int, into: tuple[list[Place], list[Shape]], faults: list[str]
) -> None:
    where = f"feature {number}"
    if not isinstance(feature, dict) or not isinstance(feature.get("geometry"), dict):
        faults.append(f"{where}: no geometry")
        return
    geometry = feature["geometry"]
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    given = feature.get("properties")
    words = given if isinstance(given, dict) else {}
    name = str(words.get("name") or "").strip()[:120]
    sort = str(words.get("kind") or "").strip()[:40]
    if kind == "Point":
        point = _point(coordinates)
        if point is None:
            faults.append(f"{where}: expected [longitude, latitude], got {coordinates!r:.60}")
        elif not name:
            faults.append(f"{where}: a point without a name")
        else:
            into[0].append(_place(feature.get("id"), words, (name, sort), point, ()))
        return
    rings = _rings(str(kind), coordinates)
    if rings is None:
        faults.append(f"{where}: expected Point, LineString or Polygon with positions, got {kind}")
        return
    closed = str(kind).endswith("Polygon")
    for ring in rings:
        into[1].append(Shape(kind=sort, name=name, closed=closed, points=ring))
    if closed and name and rings:
        corners = rings[0][:-1] if rings[0][0] == rings[0][-1] else rings[0]
        into[0].append(
            _place(feature.get("id"), words, (name, sort), middle(corners), tuple(corners))
        )


def _place(
    given: object,
    words: Mapping[str, Any],
    named: tuple[str, str],
    at: Point,
    polygon: tuple[Point, ...],
) -> Place:
    return Place(
        id=_id_of(given if given is not None else words.get("id"), named[0], at),
        name=named[0],
        latitude_deg=at[0],
        longitude_deg=at[1],
        kind=named[1],
        address=str(words.get("address") or "").strip()[:200],
        polygon=polygon,
    )


def _point(value: Any) -> Point | None:
    if not isinstance(value, list) or len(value) < 2:
        return None
    lon, lat = _degrees(value[0], 180), _degrees(value[1], 90)
    return None if lat is None or lon is None else (lat, lon)


def _rings(kind: str, value: Any) -> list[tuple[Point, ...]] | None:
    """Return outlines and lines; of a polygon the outer ring alone. None when malformed."""
    if not isinstance(value, list):
        return None
    lines: list[Any]
    match kind:
        case "LineString":
            lines = [value]
        case "MultiLineString":
            lines = value
        case "Polygon":
            lines = value[:1]
        case "MultiPolygon":
            lines = [one[0] for one in value if isinstance(one, list) and one]
        case _:
            return None
    rings = []
    for one in lines:
        if not isinstance(one, list) or not 2 <= len(one) <= MAX_CORNERS:
            return None
        points = [_point(position) for position in one]
        if any(point is None for point in points):
            return None
        rings.append(tuple(point for point in points if point is not None))
    return rings
