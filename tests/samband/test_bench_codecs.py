"""What the benchmarks of the vocoders measure with, and what they call a miss."""

import numpy as np
import pytest

from samband import bench_codec_quality as quality
from samband import bench_codecs as speed
from voicecodecs.imbe import FRAME_SAMPLES, decode_frames, frame_parameters


@pytest.mark.parametrize("pattern", speed.WORST.values(), ids=speed.WORST)
def test_the_worst_frames_are_what_they_say(pattern: tuple[tuple[int, int], ...]) -> None:
    made = frame_parameters(speed.made_frame(*each) for each in pattern)
    for found, (pitch, bands) in zip(made, pattern, strict=True):
        assert found is not None
        assert found.values[:2] == (pitch, bands)
        assert found.harmonics == (56 if pitch == 207 else 49)
        assert sum(found.voiced[:33:3]) == (bands >> 1).bit_count()
    sound = decode_frames([speed.made_frame(*each) for each in pattern] * 10)
    assert np.abs(sound).max() > 300, "loud enough that every path has something to add"


def test_spoken_messages_fill_the_time_asked_for() -> None:
    speech = speed.spoken(20)
    assert speech.shape == (160_000,)
    assert np.abs(speech[-8000:]).max() > 500


def test_64_channels_share_the_frames() -> None:
    frames = np.arange(200 * 11, dtype=np.uint32).astype(np.uint8).reshape(200, 11)
    many, sound = speed.banks(frames, np.zeros(200 * FRAME_SAMPLES, np.int16), FRAME_SAMPLES)
    assert many.shape == (64, 3, 11)
    assert np.array_equal(many.reshape(-1, 11), frames[:192])
    assert sound.shape == (64, 3 * FRAME_SAMPLES)


def test_a_missed_speed_is_named() -> None:
    figures = dict.fromkeys(speed.LIMITS, 10**6) | {"warm_s": 1.0}
    assert speed.missed(figures) == []
    late = figures | {"imbe_decode_worst": 19_999, "warm_s": 1.6}
    assert speed.missed(late) == [
        "imbe_decode_worst: 19999 of 20000 frames/s",
        "warm_s: 1.6 of 1.5 s",
    ]


def codec(pesq: float, stoi: float, level_db: float = 0.0) -> dict[str, float]:
    return {"pesq": pesq, "stoi": stoi, "level_db": level_db}


def good_figures() -> dict[str, dict[str, dict[str, float]]]:
    pair = {"samband": codec(2.5, 0.88), "blip25": codec(2.5, 0.87)}
    conditions = (
        "encode_and_decode",
        "decode_op25_frames",
        "decode_blip25_frames",
        "at_minus_55_dbfs",
        "noise_10_db",
    )
    return {name: dict(pair) for name in conditions}


def test_good_quality_misses_nothing() -> None:
    assert quality.missed(good_figures()) == []


@pytest.mark.parametrize(
    ("condition", "mine", "words"),
    [
        ("encode_and_decode", codec(2.37, 0.88), "encode and decode: PESQ 2.37"),
        ("encode_and_decode", codec(2.5, 0.859), "STOI 0.859"),
        ("encode_and_decode", codec(2.5, 0.88, -1.2), "level off by -1.2 dB"),
        ("decode_op25_frames", codec(2.46, 0.88), "decode_op25_frames: PESQ 2.46"),
        ("decode_blip25_frames", codec(2.5, 0.87), "decode_blip25_frames: STOI 0.87"),
        ("at_minus_55_dbfs", codec(2.49, 0.88), "at_minus_55_dbfs: pesq 2.49"),
        ("noise_10_db", codec(2.5, 0.86), "noise_10_db: stoi 0.86"),
    ],
)
def test_missed_quality_is_named(condition: str, mine: dict[str, float], words: str) -> None:
    figures = good_figures()
    figures[condition]["samband"] = mine
    found = quality.missed(figures)
    assert len(found) == 1
    assert words in found[0]


def test_the_delay_found_is_the_delay_made() -> None:
    speech = {"one": speed.spoken(4)}
    late = {"one": np.concatenate((np.zeros(437, np.int16), speech["one"]))}
    assert quality._delay(speech, late) == 437
