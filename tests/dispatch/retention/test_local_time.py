"""Local times of orders: the doubled hour is asked, the skipped one refused."""

import pytest

from dispatch.errors import ServiceError
from dispatch.retention.local_time import (
    DoubledHour,
    SkippedHour,
    readings,
    start_of_day,
    utc_of,
)

HOUR = 3_600_000_000
CASES = [
    # The last Sunday of October 2026: 03:00 becomes 02:00 in Sweden, 04:00 becomes 03:00 in
    # Ukraine; both at 01:00 UTC.
    ("Europe/Stockholm", "2026-10-25T02:30", 1_792_888_200_000_000, "+02:00", "+01:00"),
    ("Europe/Kyiv", "2026-10-25T03:30", 1_792_888_200_000_000, "+03:00", "+02:00"),
]


@pytest.mark.parametrize(("zone", "local", "first", "before", "after"), CASES)
def test_the_doubled_hour_is_asked(
    zone: str, local: str, first: int, before: str, after: str
) -> None:
    found = readings(local, zone)
    assert [(one.answer, one.utc_us, one.offset) for one in found] == [
        ("first", first, before),
        ("second", first + HOUR, after),
    ]
    with pytest.raises(DoubledHour, match="was there twice"):
        utc_of(local, zone, "", end=False)
    with pytest.raises(DoubledHour):
        utc_of(local, zone, "maybe", end=True)
    for end in (False, True):
        assert utc_of(local, zone, "first", end=end) == first
        assert utc_of(local, zone, "second", end=end) == first + HOUR
    assert utc_of(local, zone, "both", end=False) == first
    assert utc_of(local, zone, "both", end=True) == first + HOUR


@pytest.mark.parametrize(
    ("zone", "local"),
    [("Europe/Stockholm", "2026-03-29T02:30"), ("Europe/Kyiv", "2026-03-29T03:30")],
)
def test_the_skipped_hour_is_refused_in_words(zone: str, local: str) -> None:
    assert readings(local, zone) == ()
    with pytest.raises(SkippedHour, match="the clock went forward over it"):
        utc_of(local, zone, "both", end=False)


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("Europe/Stockholm", "2026-10-25T01:59"),
        ("Europe/Stockholm", "2026-10-25T03:00"),
        ("Europe/Kyiv", "2026-10-25T02:59"),
        ("Europe/Kyiv", "2026-10-25T04:00"),
    ],
)
def test_the_edges_of_the_doubled_hour_are_there_once(zone: str, local: str) -> None:
    assert len(readings(local, zone)) == 1


def test_what_is_no_time_is_refused() -> None:
    for local, zone in (
        ("yesterday", "Europe/Kyiv"),
        ("2026-10-25T02:30+02:00", "Europe/Kyiv"),
        ("2026-10-25T02:30", "Europe/Norrvik"),
        ("2026-10-25T02:30", "../etc/passwd"),
    ):
        with pytest.raises(ServiceError):
            readings(local, zone)
    assert start_of_day("2027-01-31", "Europe/Stockholm") == 1_801_350_000_000_000
    with pytest.raises(ServiceError):
        start_of_day("31 January", "Europe/Stockholm")
