"""Resamplers: purity of tones, exact counts, any chunking, no block delay."""

import numpy as np
import pytest

from tests.codecs.cards import snr_db, tone
from voicecodecs.errors import VoiceError
from voicecodecs.resample import MAX_PPM, DriftResampler, Resampler, gain_of, to_int16

PAIRS = [
    (8000, 16000), (16000, 8000), (8000, 48000), (48000, 8000),
    (16000, 48000), (48000, 16000), (8000, 44100), (44100, 8000),
]  # fmt: skip


def through(resampler: Resampler | DriftResampler, sound: np.ndarray, chunk: int) -> np.ndarray:
    parts = [resampler.process(sound[at : at + chunk]) for at in range(0, len(sound), chunk)]
    return np.concatenate(parts)


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
@pytest.mark.parametrize("kind", [Resampler, DriftResampler])
@pytest.mark.parametrize("frequency_hz", [300.0, 1000.0, 3400.0])
def test_tones_pass_pure_and_at_their_level(
    from_hz: int, to_hz: int, kind: type[Resampler | DriftResampler], frequency_hz: float
) -> None:
    out = through(kind(from_hz, to_hz), tone(2 * from_hz, from_hz, frequency_hz), from_hz // 50)
    second = out[to_hz // 2 : to_hz // 2 + to_hz]
    assert snr_db(second) > 75.0
    level_db = 20 * np.log10(np.sqrt(2 * np.mean(second**2)) / 16_384.0)
    assert abs(level_db) < 0.02


@pytest.mark.parametrize(("from_hz", "to_hz"), [(48000, 8000), (44100, 8000), (16000, 8000)])
def test_what_would_alias_is_stopped(from_hz: int, to_hz: int) -> None:
    for frequency_hz in (4700.0, 5000.0, 7000.0):
        out = through(Resampler(from_hz, to_hz), tone(from_hz, from_hz, frequency_hz), 960)
        level_db = 20 * np.log10(np.sqrt(2 * np.mean(out[to_hz // 4 :] ** 2)) / 16_384.0)
        assert level_db < -75.0


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_counts_are_exact(from_hz: int, to_hz: int) -> None:
    resampler = Resampler(from_hz, to_hz)
    block, wanted = from_hz // 50, to_hz // 50
    assert [len(resampler.process(np.zeros(block))) for _ in range(200)] == [wanted] * 200


@pytest.mark.parametrize("kind", [Resampler, DriftResampler])
@pytest.mark.parametrize(("from_hz", "to_hz"), [(8000, 48000), (48000, 8000), (44100, 8000)])
def test_chunking_does_not_matter(
    kind: type[Resampler | DriftResampler], from_hz: int, to_hz: int
) -> None:
    sound = np.random.default_rng(3).normal(0, 3000, from_hz // 4)
    whole = kind(from_hz, to_hz).process(sound)
    for chunk in (1, 7, 160, 441):
        out = through(kind(from_hz, to_hz), sound, chunk)
        assert len(out) == len(whole)
        np.testing.assert_allclose(out, whole, atol=1e-3)


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_only_the_filter_delays(from_hz: int, to_hz: int) -> None:
    """A pulse comes out ``delay_s`` later, in the very call that brings its last sample."""
    resampler = Resampler(from_hz, to_hz)
    sound = np.zeros(from_hz // 10)
    sound[from_hz // 50] = 10_000.0
    out = through(resampler, sound, 16)
    late_s = np.argmax(np.abs(out)) / to_hz - 1 / 50
    assert abs(late_s - resampler.delay_s) <= 1 / min(from_hz, to_hz)
    assert resampler.delay_s < 0.0024


def test_drift_changes_the_count_and_nothing_else() -> None:
    for ppm in (200.0, -200.0):
        resampler = DriftResampler(8000, 48000)
        resampler.ppm = ppm
        out = through(resampler, tone(80_000, 8000), 160)
        assert abs(len(out) - 480_000 * (1 + ppm * 1e-6)) <= 1
        assert snr_db(out[48_000:96_000]) > 75.0


def test_ratio_that_changes_all_the_time_makes_no_click() -> None:
    resampler = DriftResampler(8000, 48000)
    parts = []
    for number in range(500):
        resampler.ppm = 200.0 * np.sin(number / 40)
        parts.append(resampler.process(tone(160, 8000, first=160 * number)))
    sound = np.concatenate(parts)[48_000:]
    natural = 16_384.0 * (2 * np.pi * 1000 / 48_000) ** 2
    assert np.abs(np.diff(sound, 2)).max() < natural * 1.01


def test_position_says_where_the_next_sample_lies() -> None:
    resampler = DriftResampler(48000, 8000)
    resampler.ppm = 50.0
    made = 0
    for chunk in (100, 480, 3, 960):
        made += len(resampler.process(np.zeros(chunk)))
        assert resampler.position == pytest.approx(made * resampler.step, abs=1e-6)


def test_reset_forgets_the_sound() -> None:
    for resampler in (Resampler(8000, 48000), DriftResampler(8000, 48000)):
        resampler.process(np.full(160, 9000.0))
        resampler.reset()
        assert not resampler.process(np.zeros(160)).any()


def test_limits() -> None:
    resampler = DriftResampler(8000, 48000)
    resampler.ppm = 1e9
    assert resampler.ppm == MAX_PPM
    with pytest.raises(VoiceError, match="expected 4000"):
        Resampler(8000, 0)
    with pytest.raises(VoiceError, match="expected 4000"):
        DriftResampler(1_000_000, 8000)


def test_int16_is_rounded_and_clipped() -> None:
    samples, clipped = to_int16(np.array([0.4, 0.6, -40_000.0, 40_000.0, 32_767.0]))
    assert samples.tolist() == [0, 1, -32768, 32767, 32767]
    assert clipped == 2
    assert gain_of(6.0206) == pytest.approx(2.0, abs=1e-4)
