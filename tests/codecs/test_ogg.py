import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.codecs.speech import blocks, syllables
from voicecodecs import ogg
from voicecodecs.errors import VoiceError
from voicecodecs.opus import OpusEncoder


def plain_crc(data: bytes) -> int:
    """The CRC of RFC 3533 bit by bit."""
    crc = 0
    for octet in data:
        crc ^= octet << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc


@given(st.binary(max_size=300))
def test_crc_is_the_one_of_the_standard(data: bytes) -> None:
    assert ogg.crc32(data) == plain_crc(data)


def written(packets: list[bytes], *, every: int = 50) -> bytes:
    writer = ogg.OggOpusWriter(0x5A5A, tags={"TRANSMISSION": "t-1", "TITLE": "Grind sju åäö"})
    out = writer.header()
    for n, packet in enumerate(packets):
        out += writer.write(packet)
        if n % every == every - 1:
            out += writer.flush()
    return out + writer.finish()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=1275), max_size=300), st.integers(1, 120))
def test_what_was_written_is_read(packets: list[bytes], every: int) -> None:
    found = ogg.read(written(packets, every=every))
    assert list(found.packets) == packets
    assert found.granule == len(packets) * ogg.FRAME_GRANULES
    assert found.tags["TITLE"] == "Grind sju åäö"
    assert found.ended


def test_every_cut_gives_the_whole_pages_before_it_and_can_be_closed() -> None:
    packets = [bytes([n]) * 40 for n in range(40)]
    data = written(packets, every=10)
    start = len(ogg.OggOpusWriter(0x5A5A, tags={"TRANSMISSION": "t-1"}).header()) + 30
    for cut in range(start, len(data), 7):
        found = ogg.read(data[:cut])
        assert list(found.packets) == packets[: len(found.packets)]
        assert found.whole_bytes <= cut
        closed = data[: found.whole_bytes] + ogg.end_page(found)
        again = ogg.read(closed)
        assert again.ended
        assert again.packets == found.packets
        assert again.duration_ms == len(found.packets) * 20


def test_every_flipped_bit_is_found() -> None:
    packets = [bytes([n]) * 20 for n in range(6)]
    data = written(packets, every=2)
    for bit in range(0, len(data) * 8, 3):
        broken = bytearray(data)
        broken[bit // 8] ^= 1 << bit % 8
        try:
            found = ogg.read(bytes(broken))
        except VoiceError:
            continue
        assert len(found.packets) < len(packets) or not found.ended


def test_rubbish_is_refused_in_words() -> None:
    random = np.random.default_rng(3)
    for size in (0, 1, 27, 500, 70_000):
        with pytest.raises(VoiceError, match="OpusHead"):
            ogg.read(random.bytes(size))
    with pytest.raises(VoiceError, match="at most"):
        ogg.read(bytes(ogg.MAX_FILE_BYTES + 1))


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_ffmpeg_plays_it_to_its_full_length(tmp_path: Path) -> None:
    encoder = OpusEncoder()
    sound = syllables(10)
    path = tmp_path / "call.opus"
    path.write_bytes(written([encoder.encode(b) for b in blocks(sound)]))
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-f", "wav", "-ar", "8000", "-ac", "1", "-"],
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    skipped = ogg.PRE_SKIP * 8000 // 48_000
    assert abs((len(done.stdout) - 78) // 2 - (len(sound) - skipped)) <= 16
