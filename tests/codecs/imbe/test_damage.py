"""Nothing that can be received makes the decoder fail, and its sound stays within bounds."""

import numpy as np
import pytest

from tests.codecs.imbe import vectors
from voicecodecs.errors import VoiceError
from voicecodecs.imbe import (
    SILENCE,
    BatchDecoder,
    ImbeDecoder,
    corrected_frames,
    decode_frames,
    frame_statistics,
)
from voicecodecs.pcm import Samples

LOUDEST_RMS = 2**0.5 * 20480
"""The decoder bounds the sum of amplitudes to 20480; one sine of it has this level."""


def loudest(sound: Samples) -> float:
    blocks = sound.astype(float).reshape(-1, 160)
    return float(np.sqrt((blocks**2).mean(axis=1)).max())


@pytest.mark.parametrize("name", ["sp_f_slow.encA", "sp_m_es.encB"])
def test_every_single_bit_flip_of_a_hundred_frames(name: str) -> None:
    frames = np.array([list(frame) for frame in vectors.frames(name)[50:150]], np.uint8)
    flips = np.packbits(np.eye(88, dtype=np.uint8), axis=1)
    damaged = frames[None, :, :] ^ flips[:, None, :]
    sound = BatchDecoder(88).decode(np.ascontiguousarray(damaged))
    assert np.abs(sound.astype(int)).max() > 0
    assert loudest(sound) < LOUDEST_RMS
    alternating = np.array([frames] * 88)
    alternating[:, ::2] = damaged[:, ::2]
    assert loudest(BatchDecoder(88).decode(alternating)) < LOUDEST_RMS


@pytest.mark.parametrize("width", [11, 18, 144])
def test_twenty_thousand_random_frames(width: int) -> None:
    random = np.random.default_rng(width)
    frames = random.integers(0, 256, (20, 1000, width)).astype(np.uint8)
    decoder = BatchDecoder(20)
    sound = decoder.decode(frames if width < 144 else frames.view(np.int8))
    assert np.isfinite(decoder.statistics).all()
    assert loudest(sound) < LOUDEST_RMS


@pytest.mark.parametrize("octet", [0x00, 0xFF, 0xAA])
@pytest.mark.parametrize("width", [11, 18])
def test_constant_frames(octet: int, width: int) -> None:
    assert loudest(decode_frames([bytes([octet]) * width] * 500)) < LOUDEST_RMS


def test_reserved_pitch_repeats_and_never_reads_beyond_the_tables() -> None:
    frames = [bytes([0b1101_0000 | step]) + bytes(10) for step in range(16)]
    assert all(stats.repeated for stats in frame_statistics(frames))


def test_lost_frames_are_bridged_then_fall_silent_and_speech_comes_back() -> None:
    frames = vectors.frames("sp_m_gb.encA")
    decoder = ImbeDecoder()
    for frame in frames[:60]:
        before = decoder.decode(frame)
    level = np.abs(before.astype(float)).mean()
    bridged = [decoder.erasure() for _ in range(8)]
    assert np.abs(bridged[0].astype(float)).mean() > 0.5 * level
    assert decoder.statistics.silenced
    assert np.abs(bridged[-1]).max() <= 6
    after = np.concatenate([decoder.decode(frame) for frame in frames[60:100]])
    assert not decoder.statistics.repeated
    assert np.abs(after).max() > 1000


def test_silence_frame_is_silent() -> None:
    assert np.abs(decode_frames([SILENCE] * 50)[-1600:]).max() <= 3


def test_soft_decisions_correct_more_than_hard_ones() -> None:
    rows = vectors.rows("fec_frames")
    clean = np.array([list(bytes.fromhex(row["tx"])) for row in rows], np.uint8)
    right = corrected_frames([bytes(row) for row in clean])
    random = np.random.default_rng(5)
    received = 1.0 - 2.0 * np.unpackbits(clean, axis=1) + random.normal(0.0, 0.65, (len(rows), 144))
    soft = np.clip(np.round(received * 30), -127, 127).astype(np.int8)
    hard = [bytes(row) for row in np.packbits(received < 0, axis=1)]

    def wrong(found: list[bytes]) -> int:
        return sum(a[:6] != b[:6] for a, b in zip(found, right, strict=True))  # Golay words

    assert wrong(corrected_frames(list(soft))) < 0.4 * wrong(corrected_frames(hard))


def test_what_is_no_frame_is_refused_with_words() -> None:
    decoder = ImbeDecoder()
    with pytest.raises(VoiceError, match="11 bytes, or 18"):
        decoder.decode(bytes(12))
    with pytest.raises(VoiceError, match="int8"):
        decoder.decode(np.zeros(143, np.int8))
    with pytest.raises(VoiceError, match="cannot be mixed"):
        decode_frames([bytes(11), bytes(18)])
    with pytest.raises(VoiceError, match="expected"):
        BatchDecoder(2).decode(np.zeros((1, 5, 11), np.uint8))
    with pytest.raises(VoiceError, match="one flag a frame"):
        BatchDecoder(1).decode(np.zeros((1, 5, 11), np.uint8), np.zeros((1, 4), np.bool_))
