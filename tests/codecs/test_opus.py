import subprocess
import sys

import numpy as np
import pytest

from tests.codecs.speech import blocks, syllables
from voicecodecs.errors import VoiceError
from voicecodecs.opus import (
    OpusDecoder,
    OpusEncoder,
    bundled_libopus,
    packet_samples,
    silence_packets,
)
from voicecodecs.pcm import from_bytes, level_dbfs
from voicecodecs.tones import sine


def test_a_tone_comes_back_at_its_level() -> None:
    encoder, decoder = OpusEncoder(), OpusDecoder()
    tone = sine(700, 400, level_dbfs=-20)
    sound = from_bytes(b"".join(decoder.decode(encoder.encode(b)) for b in blocks(tone)))
    assert len(sound) == len(tone)
    assert level_dbfs(sound[800:]) == pytest.approx(-20, abs=1)


def test_speech_stays_near_its_bit_rate_and_silence_is_small() -> None:
    encoder = OpusEncoder()
    packets = [encoder.encode(b) for b in blocks(syllables(12))]
    assert 20 < np.mean([len(p) for p in packets]) < 75  # 24 kbit/s is 60 bytes per 20 ms
    assert all(len(p) < 20 for p in silence_packets(3))


def test_packet_samples_reads_durations_and_refuses_rubbish() -> None:
    assert packet_samples(OpusEncoder().encode(bytes(320))) == 160
    assert packet_samples(b"\x18\x00") == 480  # SILK 60 ms (RFC 6716 table 2, config 3)
    for rubbish in (b"", b"\x03"):
        with pytest.raises(VoiceError, match="no Opus packet"):
            packet_samples(rubbish)


def test_wrong_sizes_are_named() -> None:
    with pytest.raises(VoiceError, match="expected 320 bytes, got 318"):
        OpusEncoder().encode(bytes(318))
    with pytest.raises(VoiceError, match="got 0 bytes"):
        OpusDecoder().decode(b"")


def test_random_bytes_never_break_the_decoder() -> None:
    random = np.random.default_rng(11)
    decoder = OpusDecoder()
    for _ in range(10_000):
        packet = random.bytes(int(random.integers(1, 80)))
        try:
            assert len(decoder.decode(packet)) % 2 == 0
        except VoiceError as error:
            assert "no Opus packet" in str(error)  # noqa: PT017  # both ways are right


def test_a_lost_packet_is_taken_from_the_next_one() -> None:
    sound = syllables(6, pause_ms=20)
    encoder = OpusEncoder(expected_loss_percent=20)
    packets = [encoder.encode(b) for b in blocks(sound)]
    whole, with_fec, concealed = OpusDecoder(), OpusDecoder(), OpusDecoder()
    error_fec = error_concealed = 0.0
    for n, packet in enumerate(packets):
        wanted = from_bytes(whole.decode(packet)).astype(float)
        if n % 5 == 3 and n + 1 < len(packets):
            repaired = from_bytes(with_fec.decode_fec(packets[n + 1])).astype(float)
            made_up = from_bytes(concealed.conceal()).astype(float)
            error_fec += float(((repaired - wanted) ** 2).sum())
            error_concealed += float(((made_up - wanted) ** 2).sum())
        else:
            with_fec.decode(packet)
            concealed.decode(packet)
    assert error_fec < 0.7 * error_concealed


def test_the_copy_in_the_pyav_wheel_serves_where_the_system_has_none() -> None:
    assert bundled_libopus() is not None
    code = (
        "import ctypes.util; find = ctypes.util.find_library\n"
        "ctypes.util.find_library = lambda name: None if name == 'opus' else find(name)\n"
        "from voicecodecs.opus import LIBRARY, OpusDecoder, OpusEncoder\n"
        "assert len(OpusDecoder().decode(OpusEncoder().encode(bytes(320)))) == 320\n"
        "print(LIBRARY)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(bundled_libopus())
