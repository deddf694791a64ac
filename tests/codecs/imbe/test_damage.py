"""Nothing that can be received makes the decoder fail, and its sound stays within bounds."""

import numpy as np
import numpy.typing as npt
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
    protect_frame,
)
from voicecodecs.imbe.decoder_kernel import STAT_TOTAL
from voicecodecs.pcm import Samples

LOUDEST_RMS = 2**0.5 * 20480
"""The decoder bounds the sum of amplitudes to 20480; one sine of it has this level."""
UNPROTECTED = 7
"""Bits of c_7, which carries u_7 as it is."""


def loudest(sound: Samples) -> float:
    blocks = sound.astype(float).reshape(-1, 160)
    return float(np.sqrt((blocks**2).mean(axis=1)).max())


HUNDREDS = pytest.mark.parametrize("name", ["sp_f_slow.encA", "sp_m_es.encB"])
"""Two times a hundred frames of speech."""


def hundred(name: str) -> list[bytes]:
    return vectors.frames(name)[50:150]


def packed(frames: list[bytes]) -> npt.NDArray[np.uint8]:
    """Return uint8 (1, frames, bytes)."""
    return np.frombuffer(b"".join(frames), np.uint8).reshape(1, len(frames), -1)


def flipped(frames: list[bytes]) -> npt.NDArray[np.uint8]:
    """Return uint8 (bits, frames, bytes): in row i bit i of every frame is wrong."""
    bits = 8 * len(frames[0])
    flips = np.packbits(np.eye(bits, dtype=np.uint8), axis=1)
    return np.ascontiguousarray(packed(frames) ^ flips[:, None, :])


def sane(decoder: BatchDecoder) -> bool:
    """Nothing in the state or the statistics is NaN or infinite."""
    return bool(np.isfinite(decoder.statistics).all() and np.isfinite(decoder._state).all())


@HUNDREDS
def test_every_single_bit_flip_of_a_hundred_frames(name: str) -> None:
    damaged = flipped(hundred(name))
    alternating = damaged.copy()
    alternating[:, 1::2] = packed(hundred(name))[0, 1::2]
    for frames in (damaged, alternating):
        decoder = BatchDecoder(88)
        sound = decoder.decode(frames)
        assert sane(decoder)
        assert np.abs(sound.astype(int)).max() > 0
        assert loudest(sound) < LOUDEST_RMS


@HUNDREDS
def test_every_single_bit_flip_of_a_hundred_protected_frames_is_mended(name: str) -> None:
    plain = hundred(name)
    damaged = flipped([protect_frame(frame) for frame in plain])
    decoder = BatchDecoder(144)
    sound = decoder.decode(damaged)
    assert sane(decoder)
    assert loudest(sound) < LOUDEST_RMS
    changed = decoder.statistics[:, :, STAT_TOTAL]
    mended = changed.max(axis=1) == 1
    assert mended.sum() == 144 - UNPROTECTED
    whole = decode_frames(plain)
    assert all(np.array_equal(row, whole) for row in sound[mended])


@HUNDREDS
def test_every_single_soft_bit_that_is_wrong_or_unknown_is_mended(name: str) -> None:
    sent = np.unpackbits(packed([protect_frame(frame) for frame in hundred(name)])[0], axis=1)
    sure = (64 - 128 * sent.astype(np.int16)).astype(np.int8)
    whole = decode_frames(hundred(name))
    for factor in (-1, 0):
        soft = np.repeat(sure[None], 144, axis=0)
        for bit in range(144):
            soft[bit, :, bit] *= factor
        decoder = BatchDecoder(144)
        sound = decoder.decode(soft)
        assert sane(decoder)
        assert loudest(sound) < LOUDEST_RMS
        assert sum(np.array_equal(row, whole) for row in sound) >= 144 - UNPROTECTED


@pytest.mark.parametrize("width", [11, 18, 144])
def test_twenty_thousand_random_frames(width: int) -> None:
    random = np.random.default_rng(width)
    frames = random.integers(0, 256, (20, 1000, width)).astype(np.uint8)
    decoder = BatchDecoder(20)
    sound = decoder.decode(frames if width < 144 else frames.view(np.int8))
    assert sane(decoder)
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
