"""Tones: measured within a tenth of a dB, DTMF keys found, speech not taken for one."""

import numpy as np
import pytest

from tests.codecs.speech import NAMES, clip
from voicecodecs.errors import VoiceError
from voicecodecs.tones import (
    DTMF_KEYS,
    DtmfDetector,
    dtmf,
    goertzel,
    measure_tone,
    silence,
    sine,
)

KEYS = "".join(DTMF_KEYS)


@pytest.mark.parametrize("level_dbfs", [-6.0, -20.0, -40.0, -60.0])
@pytest.mark.parametrize("off", [0.98, 1.0, 1.013])
def test_level_and_frequency_of_a_tone(level_dbfs: float, off: float) -> None:
    tone = measure_tone(sine(1000.0 * off, 1000.0, level_dbfs=level_dbfs), 1000.0)
    assert tone.level_dbfs == pytest.approx(level_dbfs, abs=0.3)
    assert tone.frequency_hz == pytest.approx(1000.0 * off, abs=0.5)
    assert tone.rest_dbfs < max(-80.0, level_dbfs - 15)


def test_noise_is_told_from_the_tone() -> None:
    noise = np.random.default_rng(1).normal(0, 32768 * 10 ** (-40 / 20), 16_000)
    sound = (sine(1000.0, 2000.0, level_dbfs=-20.0) + noise).astype(np.int16)
    tone = measure_tone(sound, 1000.0)
    assert tone.level_dbfs == pytest.approx(-20.0, abs=0.1)
    assert tone.rest_dbfs == pytest.approx(-40.0, abs=0.5)


def test_silence_and_too_little() -> None:
    assert measure_tone(silence(200.0), 1000.0).level_dbfs == -96.0
    with pytest.raises(VoiceError, match="at least 800"):
        measure_tone(silence(50.0), 1000.0)


def test_goertzel_is_a_bank_that_does_not_leak() -> None:
    bank = goertzel(sine(1000.0, 100.0, level_dbfs=-10.0), [900.0, 1000.0, 1100.0, 2000.0], 8000)
    assert 20 * np.log10(bank[1] / 32768) == pytest.approx(-10.0, abs=0.05)
    assert (bank[[0, 2, 3]] < bank[1] * 0.002).all()


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("chunk", [37, 160, 4000])
def test_every_key_is_found_once(key: str, chunk: int) -> None:
    sound = np.concatenate((silence(60.0), dtmf(key, 100.0), silence(60.0), dtmf(key, 80.0)))
    detector = DtmfDetector()
    found = "".join(detector.feed(sound[at : at + chunk]) for at in range(0, len(sound), chunk))
    found += detector.feed(silence(100.0))
    assert found == key * 2


def test_keys_in_noise_and_in_a_row() -> None:
    chance = np.random.default_rng(2)
    parts = [np.concatenate((dtmf(key, 90.0, level_dbfs=-25.0), silence(70.0))) for key in KEYS]
    sound = np.concatenate(parts).astype(float)
    noisy = (sound + chance.normal(0, 200, len(sound))).astype(np.int16)
    assert DtmfDetector().feed(noisy) == KEYS


def test_speech_is_no_key() -> None:
    for name in NAMES:
        assert DtmfDetector().feed(clip(name)) == ""


def test_keys_that_are_none() -> None:
    for key in ("", "E", "12"):
        with pytest.raises(VoiceError, match="DTMF"):
            dtmf(key, 50.0)
