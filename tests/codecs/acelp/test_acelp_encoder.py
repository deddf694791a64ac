"""The encoder beside the published one: what is equal, and what any input may do to it."""

import numpy as np
import pytest

from tests.codecs.acelp.vectors import Case, cases, read_wav
from voicecodecs.acelp.decoder import decode_frames
from voicecodecs.acelp.encoder import AcelpEncoder, AcelpEncoderBank, encode_samples
from voicecodecs.acelp.frame import FRAME_BYTES, FRAME_SAMPLES, parameters_of
from voicecodecs.errors import VoiceError
from voicecodecs.pcm import Samples

CASES = [case for case in cases() if case.input is not None]
SPEECH = CASES[0]


def named(case: Case) -> str:
    return case.name


def sound_of(case: Case) -> Samples:
    assert case.input is not None
    return read_wav(case.input)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_every_lsp_index_is_that_of_the_published_encoder(case: Case) -> None:
    own = parameters_of(encode_samples(sound_of(case)))
    np.testing.assert_array_equal(own[:, :3], parameters_of(case.frames)[:, :3])


@pytest.mark.parametrize("case", CASES, ids=named)
def test_every_bit_is_that_of_the_published_encoder(case: Case) -> None:
    np.testing.assert_array_equal(encode_samples(sound_of(case)), case.frames)


@pytest.mark.parametrize("size", [1, 7, 80, 160, 239, 240, 241, 5000])
def test_sound_may_come_in_any_pieces(size: int) -> None:
    sound = sound_of(SPEECH)[: 30 * FRAME_SAMPLES + 100]
    encoder = AcelpEncoder()
    parts = [encoder.encode(sound[at : at + size]) for at in range(0, sound.size, size)]
    frames = np.concatenate([*parts, encoder.flush()])
    assert frames.shape == (31, FRAME_BYTES)
    np.testing.assert_array_equal(frames, encode_samples(sound))


def test_a_bank_encodes_each_channel_as_if_it_were_alone() -> None:
    length = 40 * FRAME_SAMPLES
    sound = np.stack([sound_of(case)[:length] for case in CASES[:3]])
    bank = AcelpEncoderBank(3)
    half = length // 2
    frames = np.concatenate((bank.encode(sound[:, :half]), bank.encode(sound[:, half:])), axis=1)
    for channel in range(3):
        np.testing.assert_array_equal(frames[channel], encode_samples(sound[channel]))


def test_a_reset_forgets_everything() -> None:
    sound = sound_of(SPEECH)[: 20 * FRAME_SAMPLES]
    encoder, bank = AcelpEncoder(), AcelpEncoderBank(2)
    first = encoder.encode(sound)
    both = bank.encode(np.stack([sound, sound]))
    assert not np.array_equal(encoder.encode(sound), first)
    encoder.encode(sound[:100])
    encoder.reset()
    np.testing.assert_array_equal(encoder.encode(sound), first)
    bank.reset(1)
    again = bank.encode(np.stack([sound, sound]))
    assert not np.array_equal(again[0], both[0])
    np.testing.assert_array_equal(again[1], both[1])


def test_a_flush_gives_nothing_for_whole_frames_and_one_frame_for_a_part() -> None:
    encoder = AcelpEncoder()
    assert encoder.encode(np.zeros(2 * FRAME_SAMPLES, np.int16)).shape == (2, FRAME_BYTES)
    assert encoder.flush().shape == (0, FRAME_BYTES)
    assert encoder.encode(np.zeros(1, np.int16)).shape == (0, FRAME_BYTES)
    assert encoder.flush().shape == (1, FRAME_BYTES)
    assert encode_samples(np.zeros(0, np.int16)).shape == (0, FRAME_BYTES)


@pytest.mark.parametrize("value", [0, 1, -1, 32767, -32768])
def test_a_constant_input_stays_quiet(value: int) -> None:
    frames = encode_samples(np.full(80 * FRAME_SAMPLES, value, np.int16))
    assert np.abs(decode_frames(frames)[70 * FRAME_SAMPLES :].astype(int)).max() < 100


def test_any_input_gives_frames_that_decode() -> None:
    rng = np.random.default_rng(4)
    for level in (1, 10, 300, 32767):
        noise = rng.integers(-level, level + 1, 100 * FRAME_SAMPLES).astype(np.int16)
        frames = encode_samples(noise)
        assert frames.shape == (100, FRAME_BYTES)
        assert not (frames[:, -1] & 0x7F).any(), "137 bits, then 7 zeros"
        sound = decode_frames(frames).astype(float)
        assert np.sqrt((sound**2).mean()) < 2 * level + 60
    square = np.where(np.arange(100 * FRAME_SAMPLES) // 23 % 2, 32767, -32768).astype(np.int16)
    assert encode_samples(square).shape == (100, FRAME_BYTES)


@pytest.mark.parametrize("case", CASES[:24], ids=named)
def test_speech_comes_back_as_well_as_from_the_published_encoder(case: Case) -> None:
    """Signal to noise by segments, of the whole chain, no more than half a decibel below."""
    sound = sound_of(case)
    theirs = segmental_db(sound, decode_frames(case.frames))
    assert segmental_db(sound, decode_frames(encode_samples(sound))) > theirs - 0.5


def segmental_db(sound: Samples, decoded: Samples, late: int = 40) -> float:
    """Mean over loud pieces of 20 ms of the ratio of signal and error, in dB."""
    count = (min(sound.size, decoded.size) - late) // 160
    clean = sound[: count * 160].reshape(count, 160).astype(float)
    error = clean - decoded[late : late + count * 160].reshape(count, 160)
    power, noise = (clean**2).sum(1), (error**2).sum(1) + 1
    loud = power > 0.01 * power.mean()
    return float((10 * np.log10(power[loud] / noise[loud])).mean())


def test_wrong_arrays_are_named() -> None:
    with pytest.raises(VoiceError, match="expected int16"):
        AcelpEncoder().encode(np.zeros(240))  # type: ignore[arg-type]
    with pytest.raises(VoiceError, match=r"expected \(2 channels"):
        AcelpEncoderBank(2).encode(np.zeros((3, 240), np.int16))
    with pytest.raises(VoiceError, match="multiple of 240"):
        AcelpEncoderBank(2).encode(np.zeros((2, 250), np.int16))
