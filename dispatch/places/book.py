"""Words for a position, and search among the site's places. Pure; nothing is fetched."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dispatch.incidents.geo import Grid, bearing_deg, contains, distance_m, length_words
from dispatch.places.reading import Place, PlaceFile, Shape

AT_M = 15
"""Nearer than this one is at a place, not beside it."""
PLACE_WITHIN_M = 300
KNOWN_WITHIN_M = 20_000
RINGS_M = (PLACE_WITHIN_M, 1_000, 5_000, KNOWN_WITHIN_M)
"""A nearest point is looked for in growing circles: most lie close."""
COMPASS = (
    "north",
    "north-east",
    "east",
    "south-east",
    "south",
    "south-west",
    "west",
    "north-west",
)
MAX_FOUND = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A point with a name of its own: ``camera H-03``. ``group``: whose grant shows it."""

    words: str
    latitude_deg: float
    longitude_deg: float
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """An area with a name: ``the area of PATRULL 1``."""

    words: str
    polygon: tuple[tuple[float, ...], ...]
    talkgroup: str = ""


class PlaceBook:
    """The site's places and the points that are known anyway."""

    def __init__(self, file: PlaceFile = PlaceFile()) -> None:  # noqa: B008  # frozen
        """Take what the file holds."""
        self.shapes: tuple[Shape, ...] = file.shapes
        self._places = {place.id: place for place in file.places}
        self._points: Grid[Place] = Grid()
        self._areas = [place for place in file.places if place.polygon]
        for place in file.places:
            if not place.polygon:
                self._points.put(place.id, place.latitude_deg, place.longitude_deg, place)
        self._folded = [
            (place.name.casefold(), place.address.casefold(), place) for place in file.places
        ]
        self._known: Grid[Known] = Grid()
        self._known_areas: list[Area] = []

    def __len__(self) -> int:
        """Return how many places there are."""
        return len(self._places)

    def set_known(self, points: Iterable[Known], areas: Iterable[Area] = ()) -> None:
        """Take the points and areas that are known without a file: cameras, talkgroup areas."""
        self._known = Grid()
        for point in points:
            self._known.put(point.words, point.latitude_deg, point.longitude_deg, point)
        self._known_areas = list(areas)

    def place(self, place_id: str) -> Place | None:
        """Return a place by its id."""
        return self._places.get(place_id)

    def search(self, words: str, limit: int = 20) -> list[Place]:
        """Return places whose name or address has all the words; names that begin so first."""
        asked = words.casefold().split()
        if not asked:
            return []
        found = []
        for name, address, place in self._folded:
            whole = f"{name} {address}"
            if all(word in whole for word in asked):
                rank = 0 if name.startswith(asked[0]) else 1 if asked[0] in name else 2
                found.append((rank, name, place.id, place))
        found.sort(key=lambda one: one[:3])
        return [place for *_, place in found[: min(limit, MAX_FOUND)]]

    def labels(self, most: int) -> list[Place]:
        """Return places to name on a map: those with a kind other than address, in file order."""
        shown = [one for one in self._places.values() if one.kind and one.kind != "address"]
        return shown[:most]

    def words(
        self,
        lat: float,
        lon: float,
        error_m: float | None = None,
        *,
        groups: Sequence[str] | None = (),
        talkgroups: Iterable[str] = (),
    ) -> str:
        """Return a place in words, empty when nothing is known within 20 km.

        ``groups``: camera groups whose cameras may be named, None for all; ``talkgroups``: whose
        areas may be named. Cameras without a group may always be named.
        """
        return (
            self._at_place(lat, lon, error_m)
            or self._from_known(lat, lon, error_m, groups)
            or self._in_area(lat, lon, error_m, frozenset(talkgroups))
        )

    def _at_place(self, lat: float, lon: float, error_m: float | None) -> str:
        near = min(
            self._points.near(lat, lon, PLACE_WITHIN_M), key=lambda one: one[1], default=None
        )
        inside = [place for place in self._areas if contains(place.polygon, lat, lon)]
        smallest = min(inside, key=_size, default=None)
        if near is not None and (smallest is None or near[1] <= _size(smallest)):
            _, metres, place = near
            name = place.address or place.name if place.kind == "address" else place.name
            far = "" if metres <= AT_M else f", {length_words(metres)}"
            return f"{name}{far}{_error(error_m)}"
        return f"in {smallest.name}{_error(error_m)}" if smallest is not None else ""

    def _from_known(
        self, lat: float, lon: float, error_m: float | None, groups: Sequence[str] | None
    ) -> str:
        for radius in RINGS_M:
            allowed = [
                (metres, known)
                for _, metres, known in self._known.near(lat, lon, radius)
                if groups is None or not known.group or known.group in groups
            ]
            if allowed:
                metres, known = min(allowed, key=lambda one: one[0])
                if metres <= AT_M:
                    return f"at {known.words}{_error(error_m)}"
                turn = bearing_deg(known.latitude_deg, known.longitude_deg, lat, lon)
                point = COMPASS[round(turn / 45) % 8]
                return f"{length_words(metres)} {point} of {known.words}{_error(error_m)}"
        return ""

    def _in_area(
        self, lat: float, lon: float, error_m: float | None, talkgroups: frozenset[str]
    ) -> str:
        for area in self._known_areas:
            if area.talkgroup in talkgroups and contains(area.polygon, lat, lon):
                return f"in {area.words}{_error(error_m)}"
        return ""


def _error(error_m: float | None) -> str:
    return "" if error_m is None else f", ± {error_m:.0f} m"


def _size(place: Place) -> float:
    """Return how far a place's corners are from its middle, in metres: about its size."""
    here = (place.latitude_deg, place.longitude_deg)
    return max((distance_m(*here, lat, lon) for lat, lon in place.polygon), default=0.0)
