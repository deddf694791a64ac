from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.codecs.acelp.vectors import flags, random_frames, read_json
from voicecodecs.acelp import channel
from voicecodecs.acelp.channel import decode_half_slot, decode_slot, encode_half_slot, encode_slot
from voicecodecs.acelp.frame import Bits, Frames, frames_of
from voicecodecs.errors import VoiceError

VECTORS = read_json("channel.json")
WITH_ERRORS = VECTORS["tch_s_errors"]
PAIR = random_frames(2, seed=21)


def soft(bits: Bits, sure: int = 127) -> npt.NDArray[np.int32]:
    return sure - 2 * sure * bits.astype(np.int32)


def frames(row: dict[str, Any], *names: str) -> Frames:
    return frames_of(np.stack([flags(row[name]) for name in names]))


@pytest.mark.parametrize("row", VECTORS["tch_s"])
def test_every_slot_is_coded_as_by_the_published_program(row: dict[str, Any]) -> None:
    pair = frames(row, "frame1", "frame2")
    np.testing.assert_array_equal(encode_slot(pair), flags(row["type4"]))
    found = decode_slot(soft(flags(row["type4"])))
    np.testing.assert_array_equal(found.frames, pair)
    assert found.bad.tolist() == [False, False]


@pytest.mark.parametrize("row", VECTORS["stolen"])
def test_every_half_slot_is_coded_as_by_the_published_program(row: dict[str, Any]) -> None:
    frame = frames(row, "frame2")
    np.testing.assert_array_equal(encode_half_slot(frame), flags(row["type4_half2"]))
    found = decode_half_slot(soft(flags(row["type4_half2"])))
    np.testing.assert_array_equal(found.frames[1], frame[0])
    assert found.bad.tolist() == [True, False]


def wrong_bits(row: dict[str, Any], decoded: Frames) -> int:
    """Wrong bits of classes 1 and 2; class 0 is sent as it is."""
    places = np.concatenate((channel.CLASS_1, channel.CLASS_2)) - 1
    bits = np.unpackbits(decoded, axis=1)
    sent = np.stack([flags(row["frame1"]), flags(row["frame2"])])
    return int((bits[:, places] != sent[:, places]).sum())


@pytest.mark.parametrize("limit", [0.005, 0.01])
def test_few_errors_are_decoded_as_by_the_published_program(limit: float) -> None:
    rows = [row for row in WITH_ERRORS if row["ber"] == limit]
    assert rows
    for row in rows:
        found = decode_slot(soft(flags(row["rx_type4"])))
        np.testing.assert_array_equal(found.frames, frames(row, "ref_frame1", "ref_frame2"))
        assert bool(found.bad[0]) == bool(row["ref_bfi"])


def test_many_errors_leave_no_more_wrong_bits_than_in_the_published_program() -> None:
    """It looks back 30 bits only, we look at the whole slot, so single slots may differ."""
    ours = theirs = 0
    for row in WITH_ERRORS:
        if row["ber"] < 0.5:
            ours += wrong_bits(row, decode_slot(soft(flags(row["rx_type4"]))).frames)
            theirs += wrong_bits(row, frames(row, "ref_frame1", "ref_frame2"))
    assert 0 < ours <= theirs


def test_a_frame_is_good_or_bad_as_in_the_published_program() -> None:
    said = [bool(decode_slot(soft(flags(row["rx_type4"]))).bad[0]) for row in WITH_ERRORS]
    differ = [row["ber"] for row, bad in zip(WITH_ERRORS, said, strict=True)
              if bad != bool(row["ref_bfi"])]  # fmt: skip
    assert len(differ) <= 2
    assert all(ber >= 0.1 for ber in differ)


def test_soft_values_help() -> None:
    random = np.random.default_rng(3)
    sent = soft(encode_slot(PAIR), 100)
    bad = {"hard": 0, "soft": 0}
    for _ in range(60):
        received = np.round(sent + random.normal(0, 68, sent.shape)).astype(np.int32)
        bad["soft"] += int(decode_slot(received).bad[0])
        bad["hard"] += int(decode_slot(np.sign(received) * 100).bad[0])
    assert bad["soft"] < bad["hard"] / 2


def test_noise_is_a_bad_slot_nearly_always() -> None:
    random = np.random.default_rng(4)
    noise = random.integers(-127, 128, (400, 432), dtype=np.int32)
    assert sum(int(not decode_slot(values).bad[0]) for values in noise) <= 8
    halves = random.integers(-127, 128, (160, 216), dtype=np.int32)
    assert sum(int(not decode_half_slot(values).bad[1]) for values in halves) <= 25


def test_frames_that_differ_in_one_class_2_bit_are_far_apart_on_air() -> None:
    for frame in range(2):
        for number in channel.CLASS_2:
            wrong = PAIR.copy()
            wrong[frame, (number - 1) // 8] ^= np.uint8(0x80 >> (number - 1) % 8)
            mixed = encode_slot(wrong)
            differs = mixed != encode_slot(PAIR)
            assert differs.sum() >= 8, "far enough apart to be told from one another"


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(VoiceError, match=r"expected 2 frames of 18 bytes, got \(1, 18\)"):
        encode_slot(PAIR[:1])
    with pytest.raises(VoiceError, match=r"expected 432 soft values, got \(216,\)"):
        decode_slot(np.zeros(216, dtype=np.int32))
    with pytest.raises(VoiceError, match=r"expected 216 soft values"):
        decode_half_slot(np.zeros(432, dtype=np.int32))
