import wave
from pathlib import Path

import numpy as np
import pytest

from gateway.model.errors import ConfigError
from hardware.sim.speech import (
    BLOCK_BYTES,
    FOLDER,
    SILENT_BLOCK,
    Sound,
    clip,
    clip_index,
    mulaw_value,
    pcm_bytes,
)

MAX_TOTAL_BYTES = 1_500_000


def samples(sound: Sound) -> np.ndarray:
    data = b"".join(sound.block(index) for index in range(sound.blocks))
    return np.frombuffer(data, dtype="<i2").astype(float)


def test_mulaw_of_known_octets() -> None:
    # ITU-T G.711 table 2a: the ends of the scale, both zeros, and the first segment's step of 8.
    assert mulaw_value(0x80) == 32124
    assert mulaw_value(0x00) == -32124
    assert mulaw_value(0xFF) == mulaw_value(0x7F) == 0
    assert mulaw_value(0xFE) == 8
    assert mulaw_value(0x7E) == -8


def test_every_clip_of_the_index_is_there_and_as_long_as_it_says() -> None:
    index = clip_index()
    assert {file.stem for file in FOLDER.glob("*.ul")} == set(index)
    assert sum(file.stat().st_size for file in FOLDER.glob("*.ul")) < MAX_TOTAL_BYTES
    for name, info in index.items():
        assert (FOLDER / f"{name}.ul").stat().st_size / 8_000 == pytest.approx(
            info.seconds, abs=0.01
        )
    assert len({info.voice for info in index.values()}) >= 8
    assert {info.language for info in index.values()} == {"en", "sv", "uk"}


@pytest.mark.parametrize("name", sorted(clip_index()))
def test_clips_are_speech_in_the_band_of_a_radio_and_not_clipped(name: str) -> None:
    voice = samples(clip(name))
    assert np.abs(voice).max() < 32_000
    power = np.abs(np.fft.rfft(voice)) ** 2
    hz = np.fft.rfftfreq(len(voice), 1 / 8_000)
    inside = power[(hz > 250) & (hz < 3_500)].sum()
    assert inside / power.sum() > 0.9
    assert 20 * np.log10(np.sqrt(np.mean(voice**2)) / 32768) > -40


def test_clip_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="no clip 'nope'"):
        clip("nope")


def test_tone_silence_and_joined() -> None:
    tone = Sound.tone(1_000, 100, level_dbfs=-6.0)
    assert tone.blocks == 5
    assert np.abs(samples(tone)).max() == pytest.approx(32767 * 10 ** (-6 / 20), rel=0.001)
    both = Sound.joined([Sound.silence(40), tone])
    assert both.blocks == 7
    assert both.block(1) == SILENT_BLOCK
    assert both.block(2) == tone.block(0)
    assert both.block(99) == SILENT_BLOCK


def test_wav_and_what_is_refused(tmp_path: Path) -> None:
    def write(rate_hz: int) -> Path:
        path = tmp_path / f"{rate_hz}.wav"
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(rate_hz)
            out.writeframes(pcm_bytes(range(200)))
        return path

    sound = Sound.wav(write(8_000))
    assert sound.blocks == 2
    assert sound.block(0) == pcm_bytes(range(160))
    assert sound.block(1) == pcm_bytes(range(160, 200)).ljust(BLOCK_BYTES, b"\0")
    with pytest.raises(ConfigError, match="8000 Hz"):
        Sound.wav(write(16_000))
    with pytest.raises(ConfigError, match="expected a WAV file"):
        Sound.wav(tmp_path / "none.wav")
