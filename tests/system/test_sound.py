"""Sound both ways through a real Chromium: the committed benchmark's limits, on one short run."""

from pathlib import Path

import pytest

from samband.bench_demo import RunningDemo
from samband.bench_sound import LIMITS, TARGET_DBFS, demo_speech, sound_in, sound_out
from tests.system.conftest import needs_chromium

pytestmark = [needs_chromium, pytest.mark.browser]


def test_speech_from_the_radio_is_heard_in_the_page(demo: RunningDemo, tmp_path: Path) -> None:
    figures = sound_in(demo, tmp_path, demo_speech(tmp_path / "speech.wav"))
    assert figures["stoi"] >= LIMITS["stoi_in"]
    assert abs(figures["active_dbfs"] - TARGET_DBFS) <= 3
    assert figures["clipped_share"] == 0


def test_speech_from_the_microphone_reaches_the_radio(demo: RunningDemo, tmp_path: Path) -> None:
    figures = sound_out(demo, tmp_path, demo_speech(tmp_path / "speech.wav"))
    assert figures["stoi"] >= LIMITS["stoi_out"]
    assert figures["key_ups"] == 1
    for edge in ("first_syllable_likeness", "last_syllable_likeness"):
        assert figures[edge] > 0.8
        assert figures[edge] > figures["another_syllable_likeness"] + 0.2
