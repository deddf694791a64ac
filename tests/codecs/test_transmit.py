import numpy as np
import pytest
from pystoi import stoi

from tests.codecs.speech import NAMES, active_level_dbfs, at_level, blocks, clip
from voicecodecs.level import TARGET_DBFS
from voicecodecs.opus import OpusEncoder
from voicecodecs.pcm import FRAME_BYTES, from_bytes
from voicecodecs.transmit import MAX_CONCEALED, TransmitChain

SOUND = at_level(clip(NAMES[1]), -30)


def packets(loss_percent: int = 0) -> list[bytes]:
    encoder = OpusEncoder(expected_loss_percent=loss_percent)
    return [encoder.encode(block) for block in blocks(SOUND)]


def run(pattern: list[bool], loss_percent: int = 0) -> tuple[TransmitChain, list[bytes]]:
    """Feed packets; ``pattern`` says which of each round arrive."""
    chain = TransmitChain()
    out: list[bytes] = []
    for n, packet in enumerate(packets(loss_percent)):
        if pattern[n % len(pattern)]:
            out += chain.decode((0xFFFFFFF0 + n) & 0xFFFFFFFF, packet)
    return chain, out


@pytest.mark.parametrize(
    ("pattern", "stoi_at_least"),
    [
        ([True], 0.95),
        ([True] * 4 + [False], 0.85),
        ([True] * 9 + [False, False], 0.85),
        ([True] * 25 + [False] * 3, 0.85),
    ],
)
def test_scripted_loss_stays_intelligible_and_in_time(
    pattern: list[bool], stoi_at_least: float
) -> None:
    chain, out = run(pattern, loss_percent=20)
    assert {len(block) for block in out} == {FRAME_BYTES}
    sound = from_bytes(b"".join(out))
    late = OpusEncoder().lookahead_samples
    size = min(len(sound) - late, len(SOUND))
    assert len(SOUND) - len(sound) <= len(pattern) * 160
    score = stoi(SOUND[:size].astype(float), sound[late : late + size].astype(float), 8000)
    assert score >= stoi_at_least
    assert active_level_dbfs(sound) == pytest.approx(TARGET_DBFS, abs=3)
    assert chain.lost == pytest.approx(
        len(packets()) * pattern.count(False) / len(pattern), abs=len(pattern)
    )


def test_late_and_double_packets_make_no_sound() -> None:
    chain = TransmitChain()
    some = packets()
    assert len(chain.decode(10, some[0])) == 1
    assert chain.decode(10, some[0]) == []
    assert chain.decode(9, some[0]) == []
    assert chain.lost == 0


def test_a_long_gap_is_a_cut_and_not_made_up() -> None:
    chain = TransmitChain()
    some = packets()
    chain.decode(0, some[0])
    assert len(chain.decode(MAX_CONCEALED + 1, some[6])) == MAX_CONCEALED + 1
    assert len(chain.decode(1000, some[7])) == 1


def test_rubbish_is_concealed_and_counted() -> None:
    chain = TransmitChain()
    chain.decode(0, packets()[0])
    assert len(chain.decode(1, b"\x03")) == 1
    assert chain.broken == 1


def test_packets_of_10_ms_are_put_together() -> None:
    # A 10 ms SILK packet of silence (RFC 6716 table 2: config 0, mono, one frame).
    chain = TransmitChain()
    blocks_out = [chain.decode(n, b"\x00\x00\x00") for n in range(3)]
    assert [len(found) for found in blocks_out] == [0, 1, 0]
    assert np.frombuffer(chain.finish()[0], dtype="<i2").shape == (160,)
