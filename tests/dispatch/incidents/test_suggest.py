"""The score: each row of the table, and words made of the same terms."""

from typing import Any

import pytest

from dispatch.incidents.geo import Grid, area_km2, contains, distance_m
from dispatch.incidents.suggest import CallFacts, Fix, IncidentFacts, Score, UnitFacts
from dispatch.incidents.suggest import score as score_or_none
from gateway.model.ids import UnitId
from samband.bench_suggestions import PRECISION, RECALL, evaluate

T = 1_764_000_000_000_000
S = 1_000_000
LAT, LON = 59.33, 18.06
METRE_LAT = 1 / 111_196
SQUARE = ((59.3, 18.0), (59.3, 18.1), (59.36, 18.1), (59.36, 18.0))


def score(call: CallFacts, facts: IncidentFacts) -> Score:
    scored = score_or_none(call, facts)
    assert scored is not None
    return scored


def incident(**changes: Any) -> Any:
    values = {
        "start_utc": T,
        "end_utc": T + 10 * S,
        "latitude_deg": LAT,
        "longitude_deg": LON,
        "range_m": 50.0,
    }
    return IncidentFacts(**{**values, **changes})


def fix(metres: Any, age_s: Any = 12, error_m: Any = 30.0, at: Any = T) -> Any:
    return Fix(
        t_utc=at - age_s * S,
        latitude_deg=LAT + metres * METRE_LAT,
        longitude_deg=LON,
        error_m=error_m,
    )


def unit(*fixes: Any, **changes: Any) -> Any:
    return UnitFacts(unit=UnitId("norrvik/1"), name="2101-14", fixes=fixes, **changes)


def call(*units: Any, **changes: Any) -> Any:
    values = {
        "call": "c-1",
        "talkgroup": "norrvik/310201",
        "talkgroup_name": "PATRULL 1",
        "start_utc": T,
        "end_utc": T + 5 * S,
        "units": units,
    }
    return CallFacts(**{**values, **changes})


def terms(scored: Any) -> Any:
    return {term.name: term.points for term in scored.terms}


def test_the_words_of_a_near_unit() -> None:
    scored = score(call(unit(fix(180)), area=SQUARE), incident(range_m=160))
    assert scored.points == 45 + 20 + 20
    assert "unit 2101-14, 180 m ± 30 m, fix 12 s old" in scored.why
    assert "area of PATRULL 1 covers the camera" in scored.why
    assert "during the event" in scored.why


@pytest.mark.parametrize(
    ("metres", "age_s", "error_m", "points"),
    [
        (50, 30, 0, 45),
        (80, 30, 30, 45),
        (81, 30, 30, 25),
        (50, 31, 0, 25),
        (550, 120, 0, 25),
        (552, 120, 0, 10),
        (50, 121, 0, 10),
        (1498, 300, 0, 10),
        (1502, 10, 0, 0),
    ],
)
def test_points_of_a_position(metres: Any, age_s: Any, error_m: Any, points: Any) -> None:
    scored = score(call(unit(fix(metres, age_s, error_m))), incident())
    assert terms(scored).get("position", 0) == points


def test_a_stale_position_counts_nothing_and_says_so() -> None:
    scored = score(call(unit(fix(50, 301))), incident())
    assert terms(scored)["stale position"] == 0
    assert "position" not in terms(scored)
    assert "stale position" in scored.why


def test_a_fix_after_the_call_s_start_is_not_used_alone() -> None:
    assert "position" not in terms(score(call(unit(fix(50, -5))), incident()))


def test_between_two_close_fixes_the_place_is_interpolated() -> None:
    scored = score(call(unit(fix(1000, 20), fix(0, -20))), incident())
    assert "500 m ± 30 m, fix 20 s old (between two fixes)" in scored.why
    apart = score(call(unit(fix(1000, 40), fix(0, -40))), incident())
    assert "1000 m" in apart.why


def test_an_unknown_error_is_told() -> None:
    assert "error not told" in score(call(unit(fix(10, 5, None))), incident()).why


@pytest.mark.parametrize(
    ("start_s", "length_s", "points"),
    [(0, 5, 20), (-30, 60, 20), (10, 5, 20), (160, 5, 10), (-65, 5, 10), (309, 1, 0)],
)
def test_time(start_s: Any, length_s: Any, points: Any) -> None:
    begin = T + start_s * S
    scored = score(call(start_utc=begin, end_utc=begin + length_s * S), incident())
    assert terms(scored)["time"] == points


@pytest.mark.parametrize(("start_s", "length_s"), [(311, 5), (-130, 5)])
def test_outside_the_window_is_no_candidate(start_s: Any, length_s: Any) -> None:
    begin = T + start_s * S
    assert score_or_none(call(start_utc=begin, end_utc=begin + length_s * S), incident()) is None


def test_an_unsure_clock_widens_the_window_and_says_so() -> None:
    begin = T + 320 * S
    late = call(start_utc=begin, end_utc=begin + S)
    scored = score(late, incident(skew_ms=-40_000))
    assert "camera clock 40 s behind; time not reliable; window widened by 40 s" in scored.why
    assert score_or_none(late, incident(skew_ms=-1_000)) is None


def test_talkgroups() -> None:
    assigned = incident(talkgroups=frozenset({"norrvik/310201"}))
    assert terms(score(call(), assigned))["assigned"] == 40
    assert terms(score(call(national=True), incident()))["national"] == -20
    huge = ((55.0, 12.0), (55.0, 20.0), (65.0, 20.0), (65.0, 12.0))
    assert terms(score(call(area=huge), incident()))["national"] == -20
    outside = tuple((lat + 1, lon) for lat, lon in SQUARE)
    assert "area" not in terms(score(call(area=outside), incident()))


def test_emergency_and_on_scene_only_near() -> None:
    near, far = fix(1400), fix(1600)
    assert terms(score(call(unit(near), emergency=True), incident()))["emergency"] == 15
    assert "emergency" not in terms(score(call(unit(far), emergency=True), incident()))
    assert terms(score(call(unit(near, on_scene=True)), incident()))["on scene"] == 15


def test_a_typed_text() -> None:
    facts = incident(words=("ABC 123",))
    assert terms(score(call(texts=("blue car abc123 seen",)), facts))["text"] == 15
    assert "text" not in terms(score(call(texts=("nothing",)), facts))


def test_an_incident_without_a_place() -> None:
    scored = score(call(unit(fix(0)), area=SQUARE), incident(latitude_deg=None))
    assert terms(scored) == {"time": 20}


def test_points_stay_between_0_and_100() -> None:
    low = score(call(national=True, start_utc=T + 300 * S, end_utc=T + 301 * S), incident())
    assert low.points == 0
    high = score(
        call(unit(fix(0), on_scene=True), area=SQUARE, texts=("abc123",)),
        incident(words=("ABC123",), talkgroups=frozenset({"norrvik/310201"})),
    )
    assert high.points == 100


def test_geometry() -> None:
    assert distance_m(59.33, 18.06, 59.34, 18.06) == pytest.approx(1112, abs=2)
    assert distance_m(0, 0, 0, 1) == pytest.approx(111_195, abs=50)
    assert contains(SQUARE, LAT, LON)
    assert not contains(SQUARE, 60, LON)
    assert not contains(SQUARE[:2], LAT, LON)
    assert area_km2(SQUARE) == pytest.approx(37.8, rel=0.02)
    assert area_km2(()) == 0


def test_the_grid_finds_what_brute_force_finds() -> None:
    grid: Grid[str | None] = Grid()
    places = {f"u{n}": (59.2 + n * 0.0007 % 0.3, 17.9 + n * 0.0013 % 0.4) for n in range(2000)}
    for key, (lat, lon) in places.items():
        grid.put(key, 0, 0, None)
        grid.put(key, lat, lon, key)
    found = {key for key, _, _ in grid.near(LAT, LON, 1500)}
    expected = {k for k, (a, b) in places.items() if distance_m(LAT, LON, a, b) <= 1500}
    assert found == expected
    assert len(found) > 20
    grid.remove("u0")
    assert "u0" not in {key for key, _, _ in grid.near(*places["u0"], 10)}


def test_precision_and_recall_on_an_invented_town() -> None:
    result = evaluate(200, 7)
    assert result.true_suggested / result.suggested >= PRECISION
    assert result.true_suggested / result.true_calls >= RECALL
    assert result.kinds["stale fix"].suggested == result.kinds["wrong clock"].suggested == 0
    assert evaluate(20, 7).kinds == evaluate(20, 7).kinds
