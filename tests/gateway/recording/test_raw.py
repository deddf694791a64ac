"""The unlevelled sound of analogue sources: kept beside the recording, packet by packet."""

from dataclasses import replace
from pathlib import Path

from gateway.model.events import RecordingClosed
from gateway.model.recording import FrameLevel
from gateway.recording.files import Folder, read_final
from gateway.recording.recovery import recover
from gateway.recording.track import Track
from tests.gateway.recording.sound import frames, meta, tone
from tests.gateway.recording.test_recorder import END, loudest, recording, until
from voicecodecs import ogg
from voicecodecs.opus import OpusEncoder

QUIET = 8
"""The raw sound is this many times quieter, so that it is told from the levelled one."""


def quiet(number: int) -> bytes:
    samples = memoryview(tone(number)).cast("h")
    return b"".join((value // QUIET).to_bytes(2, "little", signed=True) for value in samples)


async def test_raw_sound_is_kept_and_hashed(tmp_path: Path) -> None:
    about, encoder = meta(), OpusEncoder()
    async with recording(tmp_path) as (recorder, told):
        recorder.open(about)
        for number, (frame, level) in enumerate(frames(about, 120)):
            raw = encoder.encode(quiet(number)) if number < 117 else b""
            if number != 50:  # one block did not come
                recorder.write(about.transmission, frame, replace(level, raw=raw))
        recorder.close(about.transmission, END)
        await until(lambda: not recorder.busy)
    (closed,) = told
    assert isinstance(closed, RecordingClosed)
    opus, gain, raw_file = closed.files
    assert [file.kind for file in closed.files] == ["opus", "gain", "raw"]
    assert raw_file.name == f"{raw_file.sha256}.raw.opus"
    levelled = ogg.read((tmp_path / opus.name).read_bytes())
    kept = ogg.read((tmp_path / raw_file.name).read_bytes())
    assert (kept.ended, kept.duration_ms) == (True, levelled.duration_ms)
    assert len(kept.packets) == len(levelled.packets)
    assert loudest(kept.packets) < 0.4 * loudest(levelled.packets)
    assert loudest(kept.packets) > 500
    assert gain.kind == "gain"


async def test_other_sources_have_no_raw_file(tmp_path: Path) -> None:
    about = meta()
    async with recording(tmp_path) as (recorder, told):
        recorder.open(about)
        for frame, level in frames(about, 60):
            recorder.write(about.transmission, frame, level)
        recorder.close(about.transmission, END)
        await until(lambda: not recorder.busy)
    (closed,) = told
    assert isinstance(closed, RecordingClosed)
    assert [file.kind for file in closed.files] == ["opus", "gain"]


def test_what_a_crash_left_is_mended(tmp_path: Path) -> None:
    about, encoder, folder = meta(), OpusEncoder(), Folder(tmp_path)
    folder.make()
    track = Track(folder, about)
    for number, (frame, level) in enumerate(frames(about, 110)):
        track.write(frame, replace(level, raw=encoder.encode(quiet(number))))
    track.abandon()
    (found,) = recover(folder)
    assert found.event is not None
    assert [file.kind for file in found.event.files] == ["opus", "gain", "raw"]
    closed = read_final(tmp_path / f"{about.transmission}.json")
    raw = ogg.read((tmp_path / closed.files[2].name).read_bytes())
    assert raw.ended
    assert raw.duration_ms == found.duration_ms


def test_a_level_without_raw_is_as_before() -> None:
    assert FrameLevel().raw == b""
