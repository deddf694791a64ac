"""Figures by the minute and by the hour."""

from dispatch.audiopath.tally import Tally, Windows
from gateway.model.ids import MonoMs
from gateway.model.sound_events import SoundLevel
from gateway.model.spread import Spread

HOUR_MS = 3_600_000


def tally(ms: float, times: int = 1) -> Tally:
    found = Tally()
    for _ in range(times):
        found.stage("link").add(int(ms * 1000))
    return found


def test_a_spread_keeps_tenths_below_20_ms_and_milliseconds_above() -> None:
    spread = Spread()
    for us in (-5, 149, 19_990, 20_950, 99_000_000):
        spread.add(us)
    assert spread.to_json() == {"0": 1, "1": 1, "199": 1, "200": 1, "100000": 1}
    assert Spread.of_json(spread.to_json()).bins == spread.bins
    assert [spread.share_ms(share) for share in (0.2, 0.5, 1.0)] == [0.0, 19.9, 10_000.0]
    assert Spread().share_ms(0.5) is None


def test_the_median_and_the_95th_are_those_of_all_that_was_joined() -> None:
    one, other = Spread(), Spread()
    for n in range(95):
        one.add(10_000 + n % 2)
    for _ in range(5):
        other.add(80_000)
    one.join(other)
    assert (one.share_ms(0.5), one.share_ms(0.95), one.share_ms(0.96)) == (10.0, 10.0, 80.0)


def test_a_minute_forgets_what_the_hour_still_knows() -> None:
    windows = Windows()
    windows.add(tally(10, 3), MonoMs(0))
    windows.add(tally(40), MonoMs(50_000))
    assert windows.read("minute", MonoMs(55_000)).stage("link").count == 4
    assert windows.read("minute", MonoMs(80_000)).stage("link").count == 1
    assert windows.read("hour", MonoMs(80_000)).stage("link").count == 4
    assert windows.read("hour", MonoMs(HOUR_MS + 120_000)).stage("link").count == 0
    assert not windows.idle(MonoMs(80_000))
    assert windows.idle(MonoMs(HOUR_MS + 120_000))


def test_an_hour_of_talk_keeps_its_slots_bounded() -> None:
    windows = Windows()
    for second in range(0, 7200, 2):
        windows.add(tally(second % 50), MonoMs(second * 1000))
    whole = windows.read("hour", MonoMs(7_200_000))
    assert 59 * 30 <= whole.stage("link").count <= 61 * 30
    assert len(windows._slots["hour"]) == 61
    assert len(windows._slots["minute"]) == 13


def test_levels_are_joined_by_power_and_shares_are_of_both_sums() -> None:
    quiet, loud = Tally(), Tally()
    quiet.level("in").add(SoundLevel(blocks=1, rms_dbfs=-30.0, peak_dbfs=-20.0))
    loud.level("in").add(SoundLevel(blocks=1, rms_dbfs=-20.0, peak_dbfs=-9.0))
    quiet.join(loud)
    assert quiet.level("in").to_json() == {"rms_dbfs": -22.6, "peak_dbfs": -9.0}
    assert Tally().level("in").to_json() is None
    quiet.count("lost", 1)
    quiet.count("frames", 3)
    assert quiet.share("lost", "frames") == 0.25
    assert quiet.share("late", "nothing") is None
