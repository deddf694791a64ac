"""The encoder: what it measures, how it streams, and how speech sounds after a round trip."""

import numpy as np
import pytest
from pystoi import stoi

from tests.codecs.imbe import vectors
from voicecodecs.errors import VoiceError
from voicecodecs.imbe import (
    DELAY_SAMPLES,
    BatchEncoder,
    ImbeEncoder,
    decode_frames,
    encode_pcm,
    frame_parameters,
    protect_frame,
)
from voicecodecs.imbe.encoder_kernel import LOG
from voicecodecs.pcm import Samples

RATE_HZ = 8000
STEADY = 20
"""Frames after which a steady sound has filled every memory."""


def pulses(frequency_hz: float, frames: int = 60) -> Samples:
    """Return a pulse train with a vowel-like spectrum."""
    n = np.arange(160 * frames)
    sound = np.zeros(n.size)
    for harmonic in range(1, int(3600 / frequency_hz) + 1):
        weight = 1.0 / (1.0 + (harmonic * frequency_hz / 700.0) ** 2)
        sound += weight * np.cos(2 * np.pi * frequency_hz * harmonic * n / RATE_HZ)
    train: Samples = np.round(sound * (6000.0 / np.abs(sound).max())).astype(np.int16)
    return train


def level_db(after: Samples, before: Samples) -> float:
    power = np.mean(after.astype(float) ** 2) / np.mean(before.astype(float) ** 2)
    return float(10 * np.log10(power))


@pytest.mark.parametrize("frequency_hz", [66.0, 80.5, 101.3, 140.0, 199.7, 251.0, 313.0, 378.0])
def test_pitch_of_pulse_trains(frequency_hz: float) -> None:
    encoder = ImbeEncoder()
    encoder.encode(pulses(frequency_hz))
    for stats in encoder.statistics[STEADY:]:
        assert stats.pitch_hz == pytest.approx(frequency_hz, rel=0.01)
        assert stats.pitch_error < 0.35
        assert stats.voiced_bands >= 0.7 * min((stats.harmonics + 2) // 3, 12)


def test_noise_has_no_voiced_bands_to_speak_of() -> None:
    noise = np.random.default_rng(3).normal(0, 2000, 160 * 100).astype(np.int16)
    encoder = ImbeEncoder()
    encoder.encode(noise)
    voiced = [stats.voiced_bands for stats in encoder.statistics[STEADY:]]
    assert np.mean(voiced) < 1.5


@pytest.mark.parametrize("frequency_hz", [697.0, 1000.0, 1633.0])
def test_tones_keep_their_pitch_and_level(frequency_hz: float) -> None:
    n = np.arange(160 * 60)
    tone = np.round(8000 * np.sin(2 * np.pi * frequency_hz * n / RATE_HZ)).astype(np.int16)
    out = decode_frames(encode_pcm(tone))[STEADY * 160 :]
    spectrum = np.abs(np.fft.rfft(out * np.hanning(out.size)))
    found = np.argmax(spectrum) * RATE_HZ / out.size
    assert found == pytest.approx(frequency_hz, rel=0.01)
    assert level_db(out, tone[STEADY * 160 :]) == pytest.approx(0.0, abs=2.0)


def test_silence_stays_silent_and_speech_after_it_is_not_lost() -> None:
    speech = vectors.sound("sp_m_gb")
    quiet = np.zeros(160 * 50, np.int16)
    out = decode_frames(encode_pcm(np.concatenate((quiet, speech)), flush=True))
    assert np.abs(out[1600 : quiet.size]).max() <= 5
    assert level_db(out[quiet.size :], speech) == pytest.approx(0.0, abs=1.0)


def test_frames_do_not_depend_on_how_the_sound_is_cut() -> None:
    speech = vectors.sound("sp_m_de")
    whole = encode_pcm(speech, flush=True)
    assert len(whole) == speech.size // 160 + 3
    random = np.random.default_rng(11)
    encoder = ImbeEncoder()
    frames, start = [], 0
    while start < speech.size:
        length = int(random.choice([0, 1, 7, 79, 160, 161, 480, 1000]))
        frames += encoder.encode(speech[start : start + length])
        start += length
    assert frames + encoder.flush() == whole
    assert encoder.encode(speech) == whole[:-3]


def test_channels_of_a_batch_do_not_touch_each_other() -> None:
    names = ("sp_m_de", "sp_f_us", "sp_whisper")
    frames = min(vectors.sound(name).size for name in names) // 160
    sounds = np.array([vectors.sound(name)[: frames * 160] for name in names])
    batch = BatchEncoder(3)
    coded = np.concatenate(
        [batch.encode(part) for part in np.split(sounds, [160 * 33], axis=1)], axis=1
    )
    for channel, sound in enumerate(sounds):
        assert [row.tobytes() for row in coded[channel]] == encode_pcm(sound)
    batch.reset(1)
    again = batch.encode(np.repeat(sounds[1:2], 3, axis=0))
    assert [row.tobytes() for row in again[1]] == encode_pcm(sounds[1])
    assert [row.tobytes() for row in again[0]] != encode_pcm(sounds[1])


def test_protected_frames_are_those_of_other_programs() -> None:
    for row in vectors.rows("fec_frames"):
        assert protect_frame(bytes.fromhex(row["info"])).hex() == row["tx"]
    speech = vectors.sound("sp_m_de")
    assert encode_pcm(speech, coded=True) == [protect_frame(f) for f in encode_pcm(speech)]


def test_the_encoder_follows_its_decoder_exactly() -> None:
    batch = BatchEncoder(1)
    coded = batch.encode(vectors.sound("sp_f_slow")[np.newaxis])
    last = frame_parameters(row.tobytes() for row in coded[0])[-1]
    assert last is not None
    own = batch._state[0, LOG + 1 : LOG + 1 + last.harmonics]
    assert last.log2_amplitudes == pytest.approx(own.tolist(), abs=1e-5)


def test_the_sync_bit_alternates_from_0() -> None:
    frames = encode_pcm(vectors.sound("sp_m_de"))
    assert [frame[-1] & 1 for frame in frames] == [index & 1 for index in range(len(frames))]


def test_speech_keeps_its_level_and_stays_intelligible() -> None:
    scores = []
    for name in vectors.SPEECH:
        speech = vectors.sound(name)
        out = decode_frames(encode_pcm(speech, flush=True))[DELAY_SAMPLES:][: speech.size]
        assert level_db(out, speech) == pytest.approx(0.0, abs=1.0)
        scores.append(stoi(speech.astype(float), out.astype(float), RATE_HZ))
    assert np.mean(scores) >= 0.86


def test_weak_speech_keeps_its_level_and_its_pauses() -> None:
    scores = []
    for name in vectors.SPEECH:
        weak = np.round(vectors.sound(name) * 10**-1.5).astype(np.int16)  # -55 dBFS
        out = decode_frames(encode_pcm(weak, flush=True))[DELAY_SAMPLES:][: weak.size]
        assert level_db(out, weak) == pytest.approx(0.0, abs=1.0)
        scores.append(stoi(weak.astype(float), out.astype(float), RATE_HZ))
    assert np.mean(scores) >= 0.87
    pause = np.concatenate((weak, np.zeros(8000, np.int16)))
    assert np.abs(decode_frames(encode_pcm(pause))[-4000:]).max() <= 2


@pytest.mark.parametrize("sound", ["zeros", "lowest", "highest", "square", "noise", "impulse"])
def test_extreme_sound_gives_frames_and_bounded_speech(sound: str) -> None:
    size = 160 * 100
    made = {
        "zeros": np.zeros(size),
        "lowest": np.full(size, -32768),
        "highest": np.full(size, 32767),
        "square": np.where(np.arange(size) // 40 % 2, 32767, -32768),
        "noise": np.random.default_rng(1).integers(-32768, 32768, size),
        "impulse": np.where(np.arange(size) % 1600 == 0, 32767, 0),
    }[sound].astype(np.int16)
    out = decode_frames(encode_pcm(made))
    rms = np.sqrt((out.astype(float).reshape(-1, 160) ** 2).mean(axis=1)).max()
    assert rms < 2**0.5 * 20480


def test_wrong_sound_is_refused_with_words() -> None:
    with pytest.raises(VoiceError, match="int16"):
        ImbeEncoder().encode(np.zeros(160))  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(VoiceError, match="multiple of 160"):
        BatchEncoder(1).encode(np.zeros((1, 161), np.int16))
    with pytest.raises(VoiceError, match="only frames of 11"):
        protect_frame(bytes(18))
