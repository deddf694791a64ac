"""Vocoder frames beside a recording: as they were received, packet by packet, after a crash too."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.model.errors import RadioError
from gateway.model.events import Event, RecordingClosed
from gateway.model.recording import RecordingEnd
from gateway.recording.files import Folder, close_files, frames_record, read_frames, read_gain
from gateway.recording.recorder import Recorder
from gateway.recording.track import Track
from tests.gateway.recording.sound import frames, meta
from voicecodecs import ogg

END = RecordingEnd(duration_ms=1000, cause="ended")


def coded(number: int) -> bytes:
    """Return a frame that did not come now and then, and has two lengths."""
    return b"" if number % 7 in (0, 3) else bytes([number % 256]) * (11 if number % 2 else 18)


async def test_each_packet_has_its_vocoder_frame(tmp_path: Path) -> None:
    told: list[Event] = []
    about, recorder = meta(), Recorder(tmp_path, told.append)
    await recorder.start()
    recorder.open(about)
    for number, (frame, level) in enumerate(frames(about, 120)):
        recorder.write(about.transmission, frame, replace(level, coded=coded(number)))
    recorder.close(about.transmission, END)
    async with asyncio.timeout(20):
        while not told:
            await asyncio.sleep(0.005)
    await recorder.stop()
    (closed,) = told
    assert isinstance(closed, RecordingClosed)
    by_kind = {file.kind: tmp_path / file.name for file in closed.files}
    assert sorted(by_kind) == ["frames", "gain", "opus"]
    assert read_frames(by_kind["frames"].read_bytes()) == [coded(n) for n in range(120)]
    packets = ogg.read(by_kind["opus"].read_bytes()).packets
    assert len(packets) == len(read_gain(by_kind["gain"].read_bytes())) == 120


def test_a_source_without_a_vocoder_has_no_such_file(tmp_path: Path) -> None:
    about, folder = meta(), Folder(tmp_path)
    folder.make()
    track = Track(folder, about)
    for frame, level in frames(about, 60):
        track.write(frame, level)
    track.finish()
    assert [file.kind for file in close_files(folder, about, {}).files] == ["opus", "gain"]


@pytest.mark.parametrize("cut", [1, 5, 11])
def test_a_file_cut_by_a_crash_gives_its_whole_frames(tmp_path: Path, cut: int) -> None:
    about, folder = meta(), Folder(tmp_path)
    folder.make()
    track = Track(folder, about)
    for number, (frame, level) in enumerate(frames(about, 100)):
        track.write(frame, replace(level, coded=bytes([number]) * 11))
    track.abandon()
    path = folder.frames(about.transmission)
    path.write_bytes(path.read_bytes()[:-cut])
    closed = close_files(folder, about, {})
    name = next(file.name for file in closed.files if file.kind == "frames")
    assert read_frames((tmp_path / name).read_bytes()) == [bytes([n]) * 11 for n in range(99)]


def test_a_frames_file_of_another_kind_is_refused() -> None:
    with pytest.raises(RadioError, match="samband-frames 1"):
        read_frames(b"something else\n")
    with pytest.raises(RadioError, match="255"):
        frames_record(bytes(256))
