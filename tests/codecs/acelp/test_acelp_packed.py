import numpy as np
import pytest

from tests.codecs.acelp.vectors import random_frames, read_json
from voicecodecs.acelp import packed
from voicecodecs.acelp.channel import decode_slot, encode_slot
from voicecodecs.acelp.frame import Frames, from_hex
from voicecodecs.errors import VoiceError

ROWS = read_json("packed.json")["rows"]
PAIR = random_frames(2, seed=11)


def pair(row: dict[str, str]) -> Frames:
    return from_hex([row["codec18_1"], row["codec18_2"]])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["packed35"][:8])
def test_every_packed_form_is_that_of_the_vectors(row: dict[str, str]) -> None:
    assert packed.to_slot(pair(row)).hex() == row["packed35"]
    assert packed.to_voice(pair(row)).hex() == row["brew_ste36"]
    np.testing.assert_array_equal(packed.from_slot(bytes.fromhex(row["packed35"])), pair(row))
    control, frames = packed.from_voice(bytes.fromhex(row["brew_ste36"]))
    assert control == packed.NORMAL_SPEECH
    np.testing.assert_array_equal(frames, pair(row))


def test_serial_words_carry_a_flag_before_each_frame() -> None:
    words = packed.to_serial(PAIR, np.array([False, True]))
    assert (words.shape, words[0], words[138]) == ((276,), 0, 1)
    frames, bad = packed.from_serial(words)
    np.testing.assert_array_equal(frames, PAIR)
    assert bad.tolist() == [False, True]
    assert packed.to_serial(PAIR)[[0, 138]].tolist() == [0, 0]


def test_a_block_holds_the_channel_bits_between_its_markers() -> None:
    bits = encode_slot(PAIR)
    data = packed.to_block(bits)
    words = np.frombuffer(data, dtype="<u2")
    assert words[[0, 115, 230, 345, 460, 575]].tolist() == list(range(0x6B21, 0x6B27))
    assert words[1].astype(np.int16) == (-127 if bits[0] else 127)
    assert not words[436:460].any()
    np.testing.assert_array_equal(decode_slot(packed.from_block(data)).frames, PAIR)


def test_wrong_sizes_and_markers_are_refused() -> None:
    with pytest.raises(VoiceError, match="TETRA slot: expected 35 bytes, got 36"):
        packed.from_slot(bytes(36))
    with pytest.raises(VoiceError, match="TETRA voice: expected 36 bytes, got 35"):
        packed.from_voice(bytes(35))
    with pytest.raises(VoiceError, match=r"expected frames \(2, 18\), got \(3, 18\)"):
        packed.to_slot(random_frames(3, seed=1))
    with pytest.raises(VoiceError, match="expected 276 words"):
        packed.from_serial(np.zeros(138, dtype=np.int16))
    with pytest.raises(VoiceError, match="expected 432 bits"):
        packed.to_block(np.zeros(216, dtype=np.uint8))
    with pytest.raises(VoiceError, match="expected the markers 0x6b21 and up"):
        packed.from_block(bytes(1380))
