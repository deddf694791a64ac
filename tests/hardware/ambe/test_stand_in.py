"""What stands in for coded speech: reversible as far as it goes, and honest about the rest."""

import ast
from array import array
from pathlib import Path

import pytest

from hardware.ambe.numbers import RATES
from hardware.sim import ambe_stand_in as stand_in

SIM = Path(stand_in.__file__).parent


@pytest.mark.parametrize("bits", [rate.bits for rate in RATES])
def test_every_level_comes_back(bits: int) -> None:
    for first in range(0, 32, 8):
        loudness = tuple(range(first, first + 8))
        frame = stand_in.encode(stand_in.buzz(loudness), bits)
        assert len(frame) == (bits + 7) // 8
        assert stand_in.levels(frame) == loudness


def test_bits_that_fill_the_last_byte_are_zero() -> None:
    assert stand_in.encode(array("h", [32767] * 160), 49)[-1] & 0x7F == 0


def test_check_tells_one_sample_from_another() -> None:
    one = array("h", [100] * 160)
    other = array("h", [100] * 159 + [101])
    assert stand_in.levels(stand_in.encode(one, 72)) == stand_in.levels(stand_in.encode(other, 72))
    assert stand_in.encode(one, 72) != stand_in.encode(other, 72)
    assert stand_in.checksum(array("h", b"123456789\0"[:0])) == 0xFFFF
    assert stand_in.checksum(array("h", [0x3132, 0x3334, 0x3536, 0x3738])) == 0xA12B


def test_extremes_and_silence() -> None:
    assert stand_in.levels(stand_in.encode(array("h", [-32768] * 160), 72)) == (31,) * 8
    assert stand_in.levels(stand_in.encode(array("h", [1] * 160), 72)) == (0,) * 8
    assert set(stand_in.buzz((0,) * 8)) == {0}


def test_frames_of_a_real_chip_are_not_understood() -> None:
    assert stand_in.levels(bytes(9)) is None
    assert stand_in.softer((0, 1, 2, 31)) == (0, 0, 0, 29)


def test_dongle_and_driver_share_numbers_only() -> None:
    for path in SIM.glob("ambe_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hardware.ambe"):
                assert node.module == "hardware.ambe.numbers", path.name
