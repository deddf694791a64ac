import numpy as np
import pytest

from tests.codecs.acelp.vectors import Case, cases, random_frames, read_wav
from voicecodecs.acelp.decoder import AcelpDecoder, AcelpDecoderBank, decode_frames
from voicecodecs.acelp.frame import FRAME_SAMPLES, Frames
from voicecodecs.errors import VoiceError
from voicecodecs.pcm import Samples

BAD_CASES = [case for case in cases() if case.bfi is not None]
SPEECH = next(case for case in cases() if case.bfi is not None)


def named(case: Case) -> str:
    return case.name


def fits(sound: Samples, frames: int) -> bool:
    return sound.dtype == np.int16 and sound.shape == (frames * FRAME_SAMPLES,)


@pytest.mark.parametrize("case", cases(), ids=named)
def test_every_sample_is_that_of_the_published_decoder(case: Case) -> None:
    np.testing.assert_array_equal(decode_frames(case.frames), read_wav(case.output))


@pytest.mark.parametrize("case", BAD_CASES, ids=named)
def test_every_concealed_sample_is_that_of_the_published_decoder(case: Case) -> None:
    assert case.bfi_output is not None
    assert case.bad.any()
    np.testing.assert_array_equal(decode_frames(case.frames, case.bad), read_wav(case.bfi_output))


def test_the_vectors_are_all_there() -> None:
    assert (len(cases()), len(BAD_CASES)) == (31, 8)


def test_a_concealed_frame_ignores_its_bits() -> None:
    damaged = SPEECH.frames.copy()
    damaged[SPEECH.bad != 0] ^= 0xA5
    np.testing.assert_array_equal(
        decode_frames(damaged, SPEECH.bad), decode_frames(SPEECH.frames, SPEECH.bad)
    )


@pytest.mark.parametrize("size", [1, 5, 18, 19, 35, 36, 500])
def test_bytes_may_come_in_any_pieces(size: int) -> None:
    data = SPEECH.frames[:40].tobytes()
    decoder = AcelpDecoder()
    parts = [decoder.feed(data[at : at + size]) for at in range(0, len(data), size)]
    np.testing.assert_array_equal(np.concatenate(parts), decode_frames(SPEECH.frames[:40]))


def test_frames_one_by_one_with_erasures_are_the_same_as_all_at_once() -> None:
    decoder = AcelpDecoder()
    parts = [
        decoder.erasure() if bad else decoder.decode(bytes(frame))
        for frame, bad in zip(SPEECH.frames, SPEECH.bad, strict=True)
    ]
    np.testing.assert_array_equal(np.concatenate(parts), decode_frames(SPEECH.frames, SPEECH.bad))


def test_after_reset_a_stream_starts_anew() -> None:
    decoder = AcelpDecoder()
    first = decoder.decode(SPEECH.frames[:30])
    decoder.feed(b"half a frame"[:7])
    assert not np.array_equal(decoder.decode(SPEECH.frames[:30]), first)
    decoder.reset()
    np.testing.assert_array_equal(decoder.feed(SPEECH.frames[:30].tobytes()), first)


def test_erasures_fade_about_6_db_each() -> None:
    decoder = AcelpDecoder()
    heard = decoder.decode(SPEECH.frames[:60])[-FRAME_SAMPLES:]
    lost = [decoder.erasure() for _ in range(12)]
    levels = [np.square(sound.astype(float)).mean() for sound in (heard, *lost)]
    assert levels[8] < levels[0] / 1000
    assert max(levels[9:]) < levels[0] / 3000


def test_channels_of_a_bank_do_not_hear_each_other() -> None:
    streams = [case for case in cases() if len(case.frames) >= 100][:6]
    frames = np.stack([case.frames[:100] for case in streams])
    bad = np.zeros(frames.shape[:2], dtype=bool)
    bad[1, 20:23] = True
    bank = AcelpDecoderBank(len(streams))
    halves = [bank.decode(frames[:, part], bad[:, part]) for part in (slice(0, 37), slice(37, 100))]
    together = np.concatenate(halves, axis=1)
    for channel in range(len(streams)):
        np.testing.assert_array_equal(
            together[channel], decode_frames(frames[channel], bad[channel])
        )


def test_one_channel_of_a_bank_is_reset_alone() -> None:
    frames = np.stack([SPEECH.frames[:20], SPEECH.frames[:20]])
    bank = AcelpDecoderBank(2)
    first = bank.decode(frames)
    bank.reset(1)
    again = bank.decode(frames)
    np.testing.assert_array_equal(again[1], first[1])
    assert not np.array_equal(again[0], first[0])
    bank.reset()
    np.testing.assert_array_equal(bank.decode(frames), first)


def test_every_single_bit_flip_of_200_frames_is_decoded() -> None:
    frames = np.concatenate([case.frames[10:35] for case in cases()[:8]])
    assert len(frames) == 200
    flipped = np.repeat(frames[np.newaxis], 137, axis=0)
    for bit in range(137):
        flipped[bit, :, bit // 8] ^= np.uint8(0x80 >> bit % 8)
    sound = AcelpDecoderBank(137).decode(flipped)
    assert sound.dtype == np.int16
    assert not (sound == decode_frames(frames)).all(axis=1).any()


@pytest.mark.parametrize("octet", [0x00, 0xFF, 0x55, 0xAA])
def test_constant_frames_are_decoded(octet: int) -> None:
    assert fits(decode_frames(np.full((400, 18), octet, dtype=np.uint8)), 400)


def noisy(frames: Frames, seed: int) -> Samples:
    bad = np.random.default_rng(seed).random(len(frames)) < 0.1
    return decode_frames(frames, bad)


def test_20000_random_frames_are_decoded_and_leave_no_trace() -> None:
    decoder = AcelpDecoder()
    assert fits(decoder.decode(random_frames(20_000, seed=1)), 20_000)
    assert fits(noisy(random_frames(2_000, seed=2), seed=3), 2_000)
    for _ in range(30):
        faded = decoder.erasure()
    assert np.abs(faded.astype(int)).max() <= 64, "energy of rubbish must die away"


def test_what_is_no_frame_is_refused() -> None:
    decoder = AcelpDecoder()
    with pytest.raises(VoiceError, match="multiple of 18 bytes, got 19"):
        decoder.decode(bytes(19))
    with pytest.raises(VoiceError, match=r"expected uint8 \(\.\.\., 18\), got int64"):
        decoder.decode(np.zeros((2, 18), dtype=np.int64))
    with pytest.raises(VoiceError, match=r"one bad-frame flag a frame \(1, 2\), got \(3,\)"):
        decoder.decode(bytes(36), np.zeros(3, dtype=bool))
    with pytest.raises(VoiceError, match=r"expected frames \(3, n, 18\)"):
        AcelpDecoderBank(3).decode(np.zeros((2, 1, 18), dtype=np.uint8))
