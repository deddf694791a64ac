"""The decoder against what other implementations made of the same frames."""

import numpy as np
import pytest

from tests.codecs.imbe import vectors
from voicecodecs.imbe import (
    BatchDecoder,
    ImbeDecoder,
    corrected_frames,
    decode_frames,
    frame_parameters,
    frame_statistics,
)

PARAMETERS = (
    "sp_m_gb.encA.params",
    "sp_f_us.encB.params",
    "nsp_pitch_glide.encA.params",
    "nsp_white.encA.params",
)
LOG2_TOLERANCE = 1e-3
"""The vectors are rounded to four places and come from a program of single precision."""


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_equal_those_of_other_programs(name: str) -> None:
    rows = vectors.rows(name)
    parameters = frame_parameters(bytes.fromhex(row["frame"]) for row in rows)
    for row, found in zip(rows, parameters, strict=True):
        assert found is not None
        assert found.harmonics == row["L"]
        assert list(found.values) == row["b"]
        assert "".join("01"[flag] for flag in found.voiced) == row["v"]
        assert found.log2_amplitudes == pytest.approx(row["log2M"], abs=LOG2_TOLERANCE)


@pytest.mark.parametrize("name", ["fec_frames", "fec_burst"])
def test_damaged_frames_are_corrected_counted_and_judged_alike(name: str) -> None:
    rows = vectors.rows(name)
    received = [bytes.fromhex(row["rx"]) for row in rows]
    for row, info in zip(rows, corrected_frames(received), strict=True):
        words = np.unpackbits(np.frombuffer(info, np.uint8))
        widths = (12, 12, 12, 12, 11, 11, 11, 7)
        ends = np.cumsum(widths)
        found = [
            int("".join(map(str, words[end - width : end])), 2)
            for end, width in zip(ends, widths, strict=True)
        ]
        assert found == row["u"]
    for row, stats in zip(rows, frame_statistics(received), strict=True):
        assert list(stats.errors) == row["eps"]
        assert stats.total_errors == row["eps_T"]
        assert stats.error_rate == pytest.approx(row["eps_R"], abs=1e-6)
        assert stats.repeated == bool(row["repeat"])
        assert stats.muted == bool(row["mute"])


def test_undamaged_protected_frames_decode_as_their_information() -> None:
    rows = [row for row in vectors.rows("fec_frames") if row["tx"] == row["rx"]]
    assert len(rows) > 20
    assert corrected_frames(bytes.fromhex(row["tx"]) for row in rows) == [
        bytes.fromhex(row["info"]) for row in rows
    ]


def test_stream_batch_and_whole_transmission_are_the_same_sound() -> None:
    frames = vectors.frames("sp_m_de.encA")
    whole = decode_frames(frames)
    decoder = ImbeDecoder()
    assert np.array_equal(np.concatenate([decoder.decode(frame) for frame in frames]), whole)
    other = vectors.frames("sp_f_us.encA")[: len(frames)]
    grid = np.array([list(b"".join(frames)), list(b"".join(other))], np.uint8)
    batch = BatchDecoder(2)
    halves = np.split(grid.reshape(2, len(frames), 11), [len(frames) // 3], axis=1)
    sound = np.concatenate([batch.decode(half) for half in halves], axis=1)
    assert np.array_equal(sound[0], whole)
    assert np.array_equal(sound[1], decode_frames(other))


def test_reset_makes_a_decoder_as_new() -> None:
    frames = vectors.frames("sp_m_de.encA")[40:80]
    decoder, batch = ImbeDecoder(), BatchDecoder(1)
    grid = np.array(list(b"".join(frames)), np.uint8).reshape(1, len(frames), 11)
    first = np.concatenate([decoder.decode(frame) for frame in frames])
    batch.decode(grid)
    decoder.reset()
    batch.reset(0)
    assert np.array_equal(np.concatenate([decoder.decode(frame) for frame in frames]), first)
    assert np.array_equal(batch.decode(grid)[0], first)


@pytest.mark.parametrize("name", vectors.SPEECH)
def test_level_follows_the_other_decoders(name: str) -> None:
    own = decode_frames(vectors.frames(f"{name}.encA")).astype(float)
    for peer in ("decA", "decC"):
        theirs = vectors.sound(f"{name}.encA.{peer}").astype(float)
        assert abs(10 * np.log10(np.mean(own**2) / np.mean(theirs**2))) < 1.0
