import numpy as np
import pytest

from tests.codecs.acelp.vectors import cases, random_frames, read_frames
from voicecodecs.acelp import frame
from voicecodecs.acelp.tables import read_tables
from voicecodecs.errors import VoiceError


def test_parameters_lie_where_the_standard_puts_them() -> None:
    bits = np.zeros((23, 137), dtype=np.uint8)
    first = (1, 9, 18, 27, 35, 49, 50, 51, 57, 62, 76, 77, 78, 84, 89, 103, 104, 105, 111, 116)
    for p, number in enumerate((*first, 130, 131, 132)):
        bits[p, number - 1] = 1
    tops = frame.parameters_of(frame.frames_of(bits))
    expected = np.diag([1 << (width - 1) for width in frame.PARAMETER_BITS])
    np.testing.assert_array_equal(tops, expected)
    assert sum(frame.PARAMETER_BITS) == frame.FRAME_BITS
    assert len(frame.PARAMETER_NAMES) == frame.PARAMETERS == 23


def test_every_form_goes_there_and_back() -> None:
    frames = random_frames(500, seed=5)
    np.testing.assert_array_equal(frame.frames_of(frame.bits_of(frames)), frames)
    np.testing.assert_array_equal(frame.frames_of_parameters(frame.parameters_of(frames)), frames)
    np.testing.assert_array_equal(frame.from_hex(frame.to_hex(frames)), frames)


def test_hex_is_that_of_the_bits_files() -> None:
    case = cases()[0]
    lines = frame.to_hex(read_frames(case.bits))
    assert all(len(line) == 36 for line in lines)
    assert "".join(lines) == read_frames(case.bits).tobytes().hex()


@pytest.mark.parametrize(
    "line", ["", "00", "0" * 35 + "g", "0" * 34 + "01", "0" * 38, "00 " * 12, "0x" + "0" * 34]
)
def test_wrong_hex_names_its_line(line: str) -> None:
    with pytest.raises(VoiceError, match="line 2: expected 36 digits"):
        frame.from_hex(["0" * 36, line])


def test_wrong_shapes_and_values_are_refused() -> None:
    with pytest.raises(VoiceError, match=r"expected \(\.\.\., 137\), got \(2, 136\)"):
        frame.frames_of(np.zeros((2, 136), dtype=np.uint8))
    with pytest.raises(VoiceError, match=r"expected \(\.\.\., 23\), got \(22,\)"):
        frame.frames_of_parameters(np.zeros(22, dtype=np.int32))
    with pytest.raises(VoiceError, match=r"pitch_2 must lie in 0\.\.31"):
        frame.frames_of_parameters(np.eye(1, 23, 8, dtype=np.int32) * 32)


def test_a_short_table_is_named() -> None:
    with pytest.raises(VoiceError, match=r"\[small\] should hold 2 x 3 numbers, found 5"):
        read_tables("\n[small] 2 x 3: Q0\n1 2 3\n4 5\n")
