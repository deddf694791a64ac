"""Which calls belong to an incident: a score of named terms, and the reason made of the same terms.

Pure. The table of points is the project's own (docs/cameras-and-incidents.md); every term carries
its words, so what a person reads is what was counted. Only a person confirms.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.cameras.clock_skew import in_words
from dispatch.incidents.geo import area_km2, contains, distance_m, length_words
from gateway.model.ids import CallId, TalkgroupId, UnitId, UtcUs

BEFORE_US, AFTER_US = 120_000_000, 300_000_000
"""A call is a candidate from 120 s before the incident to 300 s after it."""
SUGGEST, FOLDED = 60, 35
"""At least 60: suggested at the top; 35 to 59: folded; less: only found by search."""
NATIONAL_KM2 = 2000
INTERPOLATE_US = 60_000_000
FRESH_S, RECENT_S, OLD_S = 30, 120, 300
NEAR_M, AREA_M = 500, 1500
UPLOADED = "uploaded"
SITE_M = 15_000
"""A site this near may well carry a call from the place."""
UNKNOWN_ERROR_M = 0.0
"""An error that the radio does not tell widens nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A position: when it was taken, where, and how wrong it may be in metres."""

    t_utc: UtcUs
    latitude_deg: float
    longitude_deg: float
    error_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """A unit of a call: its name, its fixes in order of time, whether its status is on scene."""

    unit: UnitId
    name: str
    fixes: tuple[Fix, ...] = ()
    on_scene: bool = False
    clock_skew_ms: int | None = None
    """Offset of the clock that stamped its fixes; None when nothing is known to be wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """The site that a recorder listens to, as the plan has it."""

    name: str
    latitude_deg: float
    longitude_deg: float
    frequency_hz: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """A call as the score needs it. ``end_utc`` None while it goes on."""

    call: CallId
    talkgroup: TalkgroupId
    talkgroup_name: str
    start_utc: UtcUs
    end_utc: UtcUs | None
    units: tuple[UnitFacts, ...] = ()
    area: tuple[tuple[float, ...], ...] = ()
    national: bool = False
    emergency: bool = False
    texts: tuple[str, ...] = ()
    """Call notes and texts typed by a person."""
    recorder: str = ""
    """Who uploaded it; empty for a call of our own radio."""
    recorder_clock_ms: int | None = None
    """How far the recorder's clock is ahead; what is beyond 2 s is taken off the times."""
    site: SiteFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFacts:
    """An incident as the score needs it. Times are corrected for the source's clock."""

    start_utc: UtcUs
    end_utc: UtcUs
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    range_m: float = 50.0
    talkgroups: frozenset[TalkgroupId] = frozenset()
    words: tuple[str, ...] = ()
    """Plates and place names that would tie a typed text to the incident."""
    skew_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One reason: its name, points and words."""

    name: str
    points: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Sum of the terms, 0 to 100."""

    points: int
    terms: tuple[Term, ...]

    @property
    def why(self) -> str:
        """The reason in words, strongest first; before all that a recorder tells it, not we."""
        order = sorted(self.terms, key=lambda term: (term.name != UPLOADED, -abs(term.points)))
        return "; ".join(term.words for term in order)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a unit was at a call's start, as far as it is known."""

    distance_m: float
    error_m: float
    age_s: int
    error_known: bool
    between: bool = False


def is_candidate(call: CallFacts, incident: IncidentFacts) -> bool:
    """Whether a call is near enough in time; an unsure clock widens the window by its skew."""
    slack = _slack_us(incident)
    end = call.end_utc if call.end_utc is not None else max(call.start_utc, incident.end_utc)
    return (
        call.start_utc <= incident.end_utc + AFTER_US + slack
        and end >= incident.start_utc - BEFORE_US - slack
    )


def score(call: CallFacts, incident: IncidentFacts) -> Score | None:
    """Return the score of a call, None when it is no candidate."""
    if not is_candidate(call, incident):
        return None
    terms = [
        *_position_terms(call, incident),
        *_talkgroup_terms(call, incident),
        *_time_terms(call, incident),
        *_text_terms(call, incident),
        *_recorder_terms(call, incident),
    ]
    total = sum(term.points for term in terms)
    return Score(points=max(0, min(100, total)), terms=tuple(terms))


def _slack_us(incident: IncidentFacts) -> int:
    return abs(incident.skew_ms) * 1000 if in_words(incident.skew_ms) else 0  # type: ignore[arg-type]  # words only for a known skew


def place_of(unit: UnitFacts, at: UtcUs, lat: float, lon: float) -> _Place | None:
    """Return where a unit was at a moment: its last fix before, or between two close ones."""
    shift = (unit.clock_skew_ms or 0) * 1000
    before: Fix | None = None
    after: Fix | None = None
    for fix in unit.fixes:
        if fix.t_utc - shift <= at:
            before = fix
        else:
            after = fix
            break
    if before is None:
        return None
    age_us = at - (before.t_utc - shift)
    error = before.error_m if before.error_m is not None else UNKNOWN_ERROR_M
    where = (before.latitude_deg, before.longitude_deg)
    between = after is not None and after.t_utc - before.t_utc <= INTERPOLATE_US
    if between and after is not None:
        share = age_us / max(1, after.t_utc - before.t_utc)
        where = (
            where[0] + (after.latitude_deg - where[0]) * share,
            where[1] + (after.longitude_deg - where[1]) * share,
        )
        error = max(error, after.error_m or 0.0)
    return _Place(
        distance_m=distance_m(where[0], where[1], lat, lon),
        error_m=error,
        age_s=age_us // 1_000_000,
        error_known=before.error_m is not None,
        between=between,
    )


def position_points(place: _Place, range_m: float) -> int:
    """Return the points of a position by distance beyond the camera's view, and age."""
    beyond = place.distance_m - range_m - place.error_m
    if beyond <= 0 and place.age_s <= FRESH_S:
        return 45
    if beyond <= NEAR_M and place.age_s <= RECENT_S:
        return 25
    if place.distance_m <= AREA_M and place.age_s <= OLD_S:
        return 10
    return 0


def _position_terms(call: CallFacts, incident: IncidentFacts) -> list[Term]:
    lat, lon = incident.latitude_deg, incident.longitude_deg
    if lat is None or lon is None:
        return []
    best: tuple[int, float, UnitFacts, _Place] | None = None
    stale: list[Term] = []
    presence: Term | None = None
    for unit in call.units:
        place = place_of(unit, call.start_utc, lat, lon)
        if place is None:
            continue
        if place.age_s > OLD_S:
            if place.distance_m <= AREA_M:
                stale.append(_stale(unit, place))
            continue
        points = position_points(place, incident.range_m)
        if points and (best is None or (points, -place.distance_m) > (best[0], best[1])):
            best = (points, -place.distance_m, unit, place)
        presence = presence or _presence(call, unit, place)
    terms = [_where(best[2], best[3], best[0])] if best else stale[:1]
    return [*terms, *([presence] if presence else [])]


def _where(unit: UnitFacts, place: _Place, points: int) -> Term:
    error = f" ± {place.error_m:.0f} m" if place.error_known else ", error not told"
    age = f"fix {place.age_s} s old" + (" (between two fixes)" if place.between else "")
    words = f"unit {unit.name}, {place.distance_m:.0f} m{error}, {age}"
    skew = in_words(unit.clock_skew_ms)
    return Term(name="position", points=points, words=f"{words}, {skew}" if skew else words)


def _stale(unit: UnitFacts, place: _Place) -> Term:
    words = f"unit {unit.name}: stale position, {place.distance_m:.0f} m, {place.age_s} s old"
    return Term(name="stale position", points=0, words=words)


def _presence(call: CallFacts, unit: UnitFacts, place: _Place) -> Term | None:
    if place.distance_m > AREA_M:
        return None
    if call.emergency:
        told = ", as the recorder tells" if call.recorder else ""
        words = f"emergency call from a unit within {AREA_M} m{told}"
        return Term(name="emergency", points=15, words=words)
    if unit.on_scene:
        return Term(name="on scene", points=15, words=f"unit {unit.name} has the status On scene")
    return None


def _talkgroup_terms(call: CallFacts, incident: IncidentFacts) -> list[Term]:
    terms = []
    name = call.talkgroup_name
    national = call.national or area_km2(call.area) > NATIONAL_KM2
    lat, lon = incident.latitude_deg, incident.longitude_deg
    if lat is not None and lon is not None and contains(call.area, lat, lon):
        terms.append(Term(name="area", points=20, words=f"area of {name} covers the camera"))
    if call.talkgroup in incident.talkgroups:
        words = f"{name} was assigned by a dispatcher"
        terms.append(Term(name="assigned", points=40, words=words))
    if national:
        terms.append(Term(name="national", points=-20, words=f"{name} is used everywhere"))
    return terms


def _time_terms(call: CallFacts, incident: IncidentFacts) -> list[Term]:
    slack = _slack_us(incident)
    late = call.start_utc - incident.end_utc
    early = incident.start_utc - (call.end_utc if call.end_utc is not None else call.start_utc)
    if late <= 0 and early <= 0:
        points, words = 20, "during the event"
    elif late > 0:
        points = round(20 * max(0.0, 1 - max(0, late - slack) / AFTER_US))
        words = f"{late // 1_000_000} s after the event"
    else:
        points = round(20 * max(0.0, 1 - max(0, early - slack) / BEFORE_US))
        words = f"{early // 1_000_000} s before the event"
    terms = [Term(name="time", points=points, words=words)]
    skew = in_words(incident.skew_ms)
    if skew:
        seconds = slack // 1_000_000
        words = f"camera {skew}; window widened by {seconds} s"
        terms.append(Term(name="camera clock", points=0, words=words))
    return terms


def _text_terms(call: CallFacts, incident: IncidentFacts) -> list[Term]:
    for text in call.texts:
        found = _spoken(text, incident.words)
        if found:
            return [Term(name="text", points=15, words=f'"{found}" stands in a typed text')]
    return []


def _recorder_terms(call: CallFacts, incident: IncidentFacts) -> list[Term]:
    """Say of an uploaded call that it is one: it stands beside calls that we heard ourselves."""
    if not call.recorder:
        return []
    words = f"uploaded by {call.recorder}, not heard by our own radio"
    terms = [*_site_terms(call, incident), Term(name=UPLOADED, points=0, words=words)]
    skew = in_words(call.recorder_clock_ms)
    if skew:
        words = f"recorder {skew}; its times are shifted by that"
        terms.append(Term(name="recorder clock", points=0, words=words))
    return terms


def _site_terms(call: CallFacts, incident: IncidentFacts) -> list[Term]:
    lat, lon = incident.latitude_deg, incident.longitude_deg
    if call.site is None or lat is None or lon is None:
        return []
    far = distance_m(call.site.latitude_deg, call.site.longitude_deg, lat, lon)
    if far > SITE_M:
        return []
    heard = f"{call.site.frequency_hz / 1e6:.4f} MHz of " if call.site.frequency_hz else ""
    words = f"the recorder heard it from {heard}the site {call.site.name}, {length_words(far)} away"
    return [Term(name="site", points=10, words=words)]


def _spoken(text: str, words: Sequence[str]) -> str:
    plain = _squeezed(text)
    return next((word for word in words if len(word) >= 3 and _squeezed(word) in plain), "")


def _squeezed(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
