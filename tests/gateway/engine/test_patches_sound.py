"""What a patch passes on is the speech that was heard: whole, in order, as intelligible."""

from pathlib import Path

import numpy as np
import pytest

from samband.bench_signal import RATE_HZ, Sound, follow, from_pcm, read_wav, stoi
from samband.bench_sound import demo_speech
from tests.gateway.engine.patch_room import SEA, PatchRoom
from tests.gateway.engine.peer import PATROL

BLOCK = RATE_HZ // 50
LIMIT = 0.9
"""STOI against the original: level control and press buffer, no vocoder."""


def passed_on(room: PatchRoom, speech: Sound, *, grant_after_ms: int, late: bool) -> Sound:
    """Let a unit say it on 101, and return what the coast's radio was given."""
    room.join(PATROL, SEA)
    room.coast.grants = grant_after_ms == 0
    room.radio_talks(room.north, 101)
    samples = (speech * 32767).astype("<i2")
    blocks = [samples[at : at + BLOCK].tobytes() for at in range(0, len(samples) - BLOCK, BLOCK)]
    waiting: list[bytes] = []
    for number, block in enumerate(blocks):
        waiting.append(block)
        if not late or number % 7 != 0:  # each seventh block comes 20 ms late, with the next one
            for one in waiting:
                room.engine.on_sound(room.north.id, one, room.clock.utc_us())
            waiting.clear()
        room.wait(20)
        if not room.coast.grants and number * 20 >= grant_after_ms and room.coast.keyed is None:
            room.coast.grant(room.coast.demanded()[-1])
            room.coast.grants = True
    room.radio_ends(room.north)
    room.wait(1_000)
    assert room.coast.keyed is None
    return from_pcm(b"".join(pcm for _, pcm in room.coast.sound))


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("grant_after_ms", [0, 400])
def test_speech_is_passed_on_whole(tmp_path: Path, grant_after_ms: int, late: bool) -> None:
    original = read_wav(demo_speech(tmp_path / "speech.wav"))
    heard = passed_on(PatchRoom(), original, grant_after_ms=grant_after_ms, late=late)
    assert abs(len(heard) - len(original)) < RATE_HZ
    laid, _ = follow(original, np.concatenate([heard, np.zeros(RATE_HZ)]))
    assert stoi(original, laid) >= LIMIT
