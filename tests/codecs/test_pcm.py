import subprocess
import sys

import numpy as np
import pytest

from voicecodecs.errors import VoiceError
from voicecodecs.pcm import (
    FRAME_BYTES,
    FRAME_MS,
    FRAME_SAMPLES,
    SAMPLE_RATE_HZ,
    PcmFrame,
    frame_from_bytes,
    from_bytes,
    level_dbfs,
)
from voicecodecs.tones import silence, sine
from voicecodecs.warm import warm


def test_a_frame_is_a_whole_number_of_samples() -> None:
    assert SAMPLE_RATE_HZ * FRAME_MS % 1000 == 0
    assert FRAME_BYTES == FRAME_SAMPLES * 2 == 320


def test_bytes_and_samples_are_the_same_sound() -> None:
    tone = sine(440, 20)
    frame = PcmFrame(tone)
    assert (from_bytes(frame.tobytes()) == tone).all()
    assert frame.duration_ms == 20


def test_levels() -> None:
    assert level_dbfs(silence(20)) == -96
    assert level_dbfs(sine(1000, 1000, level_dbfs=-23)) == pytest.approx(-23, abs=0.05)
    assert level_dbfs(np.zeros(0, dtype=np.int16)) == -96


def test_wrong_lengths_are_named() -> None:
    with pytest.raises(VoiceError, match="got 3 bytes"):
        from_bytes(b"abc")
    with pytest.raises(VoiceError, match=r"expected 320 bytes .* got 318"):
        frame_from_bytes(bytes(318))


def test_warm_runs_every_stage() -> None:
    assert len(warm()) == 5


def test_the_voice_path_is_light() -> None:
    # numba and what it loads would cost every server 125 MB, PyAV another 30.
    code = (
        "import sys; from voicecodecs import ogg, warm; warm.warm()\n"
        "print([m for m in ('scipy', 'numba', 'av', 'asyncio', 'logging') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("[]", "['logging']")  # numpy may load logging itself
