"""The P25 benchmark measures what it says: whole units, so many wrong bits, every way a figure."""

import argparse

from gateway.p25.air.frame import Ldu1, Ldu2, decode_frame
from gateway.p25.air.voice import correct
from samband import bench, bench_p25
from samband.bench_codecs import spoken


def test_units_hold_the_speech_and_noise_is_as_strong_as_said() -> None:
    voice = bench_p25.voice_frames(spoken(2))
    air = bench_p25.units(voice)
    assert len(air) * 9 == len(voice)
    found = [decode_frame(frame) for frame in air]
    assert [type(unit) for unit in found[:3]] == [Ldu1, Ldu2, Ldu1]
    heard = [
        correct(coded)[0] for unit in found if isinstance(unit, Ldu1 | Ldu2) for coded in unit.voice
    ]
    assert heard == voice
    for clean, bad in zip(air, bench_p25.noisy(air), strict=True):
        wrong = int.from_bytes(clean, "big") ^ int.from_bytes(bad, "big")
        assert wrong.bit_count() == round(0.01 * 8 * 216)


def test_it_is_registered_and_gives_every_figure() -> None:
    assert bench.BENCHES["p25"][0] == "samband.bench_p25"
    figures = bench_p25.measure(argparse.Namespace(repeat=1, calls=1))
    assert set(figures["calls_to_opus"]) == {
        "one_frame_at_a_time",
        "one_frame_at_a_time_1_percent_wrong",
        "all_calls_together",
        "with_level_control",
        "with_call_logic_and_level_control",
    }
    assert all(value > 0 for value in figures["units"].values())
    assert figures["calls_from_sound"] > 0
