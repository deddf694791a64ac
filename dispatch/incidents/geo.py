"""Distances and areas on the earth, good to a few metres over some kilometres."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius (IUGG)."""
CELL_DEG = 0.01

T = TypeVar("T")


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the great-circle distance in metres (haversine)."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((p2 - p1) / 2) ** 2 + (
        math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, half)))


def bearing_deg(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the direction from one point to another, degrees clockwise from north."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    step = math.radians(lon2 - lon1)
    east = math.sin(step) * math.cos(p2)
    north = math.cos(p1) * math.sin(p2) - math.sin(p1) * math.cos(p2) * math.cos(step)
    return math.degrees(math.atan2(east, north)) % 360


def length_words(metres: float) -> str:
    """Return ``180 m`` or ``1.2 km``."""
    return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.1f} km"


def contains(area: Sequence[Sequence[float]], lat: float, lon: float) -> bool:
    """Whether a point lies in a polygon of (latitude, longitude); False for fewer than three."""
    inside = False
    for number, (lat1, lon1) in enumerate(area):
        lat2, lon2 = area[number - 1]
        if (lat1 > lat) != (lat2 > lat):
            crossing = (lon2 - lon1) * (lat - lat1) / (lat2 - lat1) + lon1
            inside ^= lon < crossing
    return inside and len(area) >= 3


def area_km2(area: Sequence[Sequence[float]]) -> float:
    """Return the size of a polygon of (latitude, longitude), on a flat map at its middle."""
    if len(area) < 3:
        return 0.0
    middle = math.radians(sum(lat for lat, _ in area) / len(area))
    degree_km = math.pi * EARTH_RADIUS_M / 180 / 1000
    total = 0.0
    for number, (lat1, lon1) in enumerate(area):
        lat2, lon2 = area[number - 1]
        total += lon2 * lat1 - lon1 * lat2
    return abs(total) / 2 * degree_km**2 * math.cos(middle)


class Grid(Generic[T]):
    """Things at places, found by distance through cells of 0.01 degrees."""

    def __init__(self) -> None:
        """Begin empty."""
        self._cells: dict[tuple[int, int], dict[str, tuple[float, float, T]]] = defaultdict(dict)
        self._where: dict[str, tuple[int, int]] = {}

    def put(self, key: str, lat: float, lon: float, thing: T) -> None:
        """Place or move a thing."""
        self.remove(key)
        cell = (math.floor(lat / CELL_DEG), math.floor(lon / CELL_DEG))
        self._cells[cell][key] = (lat, lon, thing)
        self._where[key] = cell

    def remove(self, key: str) -> None:
        """Take a thing away, if it is there."""
        cell = self._where.pop(key, None)
        if cell is not None:
            del self._cells[cell][key]
            if not self._cells[cell]:
                del self._cells[cell]

    def near(self, lat: float, lon: float, radius_m: float) -> Iterator[tuple[str, float, T]]:
        """Yield (key, distance in metres, thing) of everything within ``radius_m``."""
        degree_m = math.pi * EARTH_RADIUS_M / 180
        rows = math.ceil(radius_m / (degree_m * CELL_DEG))
        narrow = max(0.01, math.cos(math.radians(lat)))
        columns = math.ceil(radius_m / (degree_m * narrow * CELL_DEG))
        row, column = math.floor(lat / CELL_DEG), math.floor(lon / CELL_DEG)
        for r in range(row - rows, row + rows + 1):
            for c in range(column - columns, column + columns + 1):
                for key, (a, b, thing) in self._cells.get((r, c), {}).items():
                    apart = distance_m(lat, lon, a, b)
                    if apart <= radius_m:
                        yield key, apart, thing
