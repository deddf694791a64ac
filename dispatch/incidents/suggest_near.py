"""Which units and cameras may belong to an incident: scores of named terms, as for calls. Pure.

The words name no talkgroup and no other incident: not everybody who reads them may know of those.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.incidents.geo import bearing_deg, contains, distance_m, length_words
from dispatch.incidents.suggest import OLD_S, Score, Term
from gateway.model.ids import TalkgroupId, UtcUs

CLOSE_M, AREA_M, FAR_M = 500, 1500, 5000
BESIDE_RANGE_M = 100
NEAR_CAMERA_M = 300
HALF_VIEW_DEG = 35.0
"""Half of the angle that a camera is taken to see; registers tell only where it points."""
RANKS = ((25, "the nearest free unit"), (15, "the second nearest"), (10, "the third nearest"))
FREE = ("available", "at station", "clear")
ON_SCENE = "on scene"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitNear:
    """A unit with its last fix (``t_utc`` when it was taken), status and groups."""

    unit: str
    name: str
    latitude_deg: float
    longitude_deg: float
    error_m: float | None
    t_utc: UtcUs
    status: str = ""
    talkgroup: TalkgroupId | None = None
    area: tuple[tuple[float, ...], ...] = ()
    busy: bool = False
    """Whether another incident has it."""

    @property
    def free(self) -> bool:
        """Whether it is free by its status, as far as that is known, and by its incidents."""
        words = self.status.casefold()
        return not self.busy and (not words or words.startswith(FREE))


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraNear:
    """A camera with where it stands and what it sees."""

    camera: str
    name: str
    latitude_deg: float
    longitude_deg: float
    bearing_deg: float | None
    range_m: float
    group: str = ""
    offline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFacts:
    """Where an incident is, and what works on it."""

    latitude_deg: float
    longitude_deg: float
    talkgroups: frozenset[TalkgroupId] = frozenset()
    camera_group: str = ""


def score_units(
    units: Sequence[UnitNear], place: PlaceFacts, now: UtcUs
) -> list[tuple[UnitNear, Score]]:
    """Return the units within 5 km with their scores, nearest first."""
    apart = [
        (distance_m(unit.latitude_deg, unit.longitude_deg, *_at(place)), unit) for unit in units
    ]
    near = sorted(
        ((far, unit) for far, unit in apart if far <= FAR_M), key=lambda one: (one[0], one[1].unit)
    )
    ranks = iter(RANKS)
    scored = []
    for far, unit in near:
        fresh = _age_s(unit, now) <= OLD_S
        rank = next(ranks, None) if unit.free and fresh else None
        terms = [*_distance_terms(unit, far, now), *_unit_terms(unit, place, far)]
        if rank is not None:
            terms.append(Term(name="nearest", points=rank[0], words=rank[1]))
        scored.append((unit, _sum(terms)))
    return scored


def _at(place: PlaceFacts) -> tuple[float, float]:
    return place.latitude_deg, place.longitude_deg


def _age_s(unit: UnitNear, now: UtcUs) -> int:
    return max(0, (now - unit.t_utc) // 1_000_000)


def _distance_terms(unit: UnitNear, far: float, now: UtcUs) -> list[Term]:
    age = _age_s(unit, now)
    error = f" ± {unit.error_m:.0f} m" if unit.error_m is not None else ""
    words = f"{length_words(far)}{error} away, fix {age} s old"
    if age > OLD_S:
        return [Term(name="stale position", points=0, words=f"stale position: {words}")]
    reach = far - (unit.error_m or 0.0)
    points = 40 if reach <= CLOSE_M else 30 if reach <= AREA_M else 15
    return [Term(name="position", points=points, words=words)]


def _unit_terms(unit: UnitNear, place: PlaceFacts, far: float) -> list[Term]:
    terms = []
    status = unit.status.casefold()
    if unit.talkgroup in place.talkgroups and unit.talkgroup is not None:
        words = "its talkgroup works on the incident"
        terms.append(Term(name="assigned", points=25, words=words))
    if contains(unit.area, *_at(place)):
        words = "the area of its talkgroup covers the place"
        terms.append(Term(name="area", points=10, words=words))
    if status.startswith(ON_SCENE) and far <= AREA_M:
        terms.append(Term(name="status", points=30, words="has the status On scene"))
    elif status.startswith(FREE):
        terms.append(Term(name="status", points=10, words=f"status {unit.status}"))
    if unit.busy:
        terms.append(Term(name="busy", points=-30, words="assigned to another incident"))
    return terms


def score_camera(camera: CameraNear, place: PlaceFacts) -> Score:
    """Return the score of a camera near an incident."""
    here = (camera.latitude_deg, camera.longitude_deg)
    far = distance_m(*here, *_at(place))
    terms = []
    if far <= camera.range_m:
        words = f"the place lies {far:.0f} m away, within its range of {camera.range_m:.0f} m"
        terms.append(Term(name="range", points=45, words=words))
    elif far <= camera.range_m + BESIDE_RANGE_M:
        words = f"{far:.0f} m away, a little beyond its range of {camera.range_m:.0f} m"
        terms.append(Term(name="range", points=30, words=words))
    elif far <= NEAR_CAMERA_M:
        terms.append(Term(name="near", points=15, words=f"{far:.0f} m away"))
    if camera.bearing_deg is not None and far > 1:
        turn = abs((bearing_deg(*here, *_at(place)) - camera.bearing_deg + 180) % 360 - 180)
        if turn <= HALF_VIEW_DEG:
            terms.append(Term(name="view", points=25, words="it looks that way"))
        else:
            terms.append(Term(name="view", points=-15, words="it looks another way"))
    if place.camera_group and camera.group == place.camera_group:
        terms.append(Term(name="group", points=10, words=f"same camera group {camera.group}"))
    if camera.offline:
        terms.append(Term(name="offline", points=-20, words="offline now"))
    return _sum(terms)


def _sum(terms: list[Term]) -> Score:
    total = sum(term.points for term in terms)
    return Score(points=max(0, min(100, total)), terms=tuple(terms))
