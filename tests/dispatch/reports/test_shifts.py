"""Days and shifts over clock changes, and the folding of small groups."""

import pytest

from dispatch.reports.shifts import Span, shifts_of
from dispatch.reports.staffing import TOGETHER, fold
from gateway.model.errors import ConfigError

HOUR_US = 3_600_000_000
SHIFTS = shifts_of(("07:00", "15:00", "23:00"), "Europe/Stockholm")


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-24", 24)]
)
def test_a_day_is_as_long_as_its_clock_says(day: str, hours: int) -> None:
    span = SHIFTS.days(day, day)
    assert span.to_utc - span.from_utc == hours * HOUR_US
    parts = SHIFTS.spans(span)
    assert [shift for shift, _ in parts] == ["23:00", "07:00", "15:00", "23:00"]
    assert sum(part.to_utc - part.from_utc for _, part in parts) == hours * HOUR_US
    assert all(SHIFTS.of(part.from_utc) == shift for shift, part in parts)
    assert {SHIFTS.day_of(part.from_utc) for _, part in parts} == {day}


def test_shifts_have_names_in_words() -> None:
    assert SHIFTS.words("23:00") == "23:00 to 07:00"


@pytest.mark.parametrize(
    ("starts", "zone"),
    [
        (("7:00",), "UTC"),
        (("07:10",), "UTC"),
        (("07:00", "07:00"), "UTC"),
        (("07:00",), "Mars/Base"),
    ],
)
def test_settings_that_cannot_be_are_refused(starts: tuple[str, ...], zone: str) -> None:
    with pytest.raises(ConfigError):
        shifts_of(starts, zone)


@pytest.mark.parametrize(("first", "last"), [("2026-11-24", "2026-11-23"), ("x", "2026-01-01")])
def test_days_that_are_none_are_refused(first: str, last: str) -> None:
    with pytest.raises(ConfigError):
        SHIFTS.days(first, last)


def test_a_span_without_time_has_no_shifts() -> None:
    assert SHIFTS.spans(Span(5, 5)) == []


def test_a_shift_of_one_person_is_folded_with_a_neighbour() -> None:
    told = fold({"day": "abcd", "evening": "abe", "night": "z"})
    assert told.group_of["night"] == told.group_of["evening"] == TOGETHER
    assert told.group_of["day"] == "day"
    assert told.people_of == {"day": 4, TOGETHER: 4}


def test_two_small_shifts_stand_together_when_they_are_enough() -> None:
    told = fold({"day": "abc", "evening": "de", "night": "ef"})
    assert told.people_of == {"day": 3, TOGETHER: 3}


def test_too_few_people_are_no_group_at_all() -> None:
    assert not fold({"day": "a", "evening": "b", "night": ""}).enough


def test_a_person_with_two_shifts_counts_once() -> None:
    told = fold({"day": "ab", "evening": "ab", "night": "ab"})
    assert told.people == 2
    assert not told.enough
