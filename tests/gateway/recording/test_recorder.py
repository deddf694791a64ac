"""Recordings on a real disk: whole, hashed, named; failing without taking the radio along."""

import asyncio
import errno
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.model.events import Event, RecordingClosed, RecordingFailed
from gateway.model.recording import RecordingEnd
from gateway.recording.files import GAIN_MISSING, GAIN_SILENCE, Folder, read_final, read_gain
from gateway.recording.recorder import Recorder
from gateway.recording.track import Track
from tests.gateway.recording.sound import START_UTC, frames, meta
from voicecodecs import ogg
from voicecodecs.opus import OpusDecoder

END = RecordingEnd(duration_ms=1000, cause="ended")


@asynccontextmanager
async def recording(
    folder: Path, *, capacity: int = 10_000
) -> AsyncIterator[tuple[Recorder, list[Event]]]:
    told: list[Event] = []
    recorder = Recorder(folder, told.append, capacity=capacity)
    await recorder.start()
    try:
        yield recorder, told
    finally:
        await recorder.stop()
        await recorder.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def loudest(packets: tuple[bytes, ...]) -> int:
    decoder = OpusDecoder()
    sound = b"".join(
        decoder.conceal() if len(packet) < 2 else decoder.decode(packet) for packet in packets
    )
    return max(abs(value) for value in memoryview(sound).cast("h"))


async def test_a_transmission_becomes_three_files(tmp_path: Path) -> None:
    about = meta()
    async with recording(tmp_path) as (recorder, told):
        recorder.open(about)
        for frame, level in frames(about, 120):
            recorder.write(about.transmission, frame, level)
        recorder.close(about.transmission, END)
    (closed,) = told
    assert isinstance(closed, RecordingClosed)
    assert (closed.transmission, closed.call, closed.talkgroup) == (
        about.transmission,
        about.call,
        "net/101",
    )
    assert (closed.duration_ms, closed.late, closed.interrupted) == (2400, False, False)
    assert closed.started_utc == START_UTC
    opus, gain = closed.files
    data = (tmp_path / opus.name).read_bytes()
    assert (opus.kind, opus.name) == ("opus", f"{opus.sha256}.opus")
    assert (opus.sha256, opus.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    found = ogg.read(data)
    assert (found.ended, len(found.packets), found.duration_ms) == (True, 120, 2400)
    assert found.tags["TRANSMISSION"] == about.transmission
    assert loudest(found.packets) > 1000
    gain_data = (tmp_path / gain.name).read_bytes()
    assert gain.name == f"{opus.sha256}.gain"
    assert gain.sha256 == hashlib.sha256(gain_data).hexdigest()
    records = read_gain(gain_data)
    assert len(records) == 120
    kept = read_final(tmp_path / f"{about.transmission}.json")
    assert kept.meta == about
    assert kept.event() == closed
    assert list((tmp_path / "open").iterdir()) == []


async def test_the_received_level_can_be_recomputed(tmp_path: Path) -> None:
    about = meta()
    levels = [level for _, level in frames(about, 100)]
    async with recording(tmp_path) as (recorder, told):
        recorder.open(about)
        for frame, level in frames(about, 100):
            recorder.write(about.transmission, frame, level)
        recorder.close(about.transmission, END)
    closed = told[0]
    assert isinstance(closed, RecordingClosed)
    records = read_gain((tmp_path / closed.files[1].name).read_bytes())
    for level, (gain_db, level_dbfs, _) in zip(levels, records, strict=True):
        assert abs(gain_db - level.gain_db) <= 0.005
        assert abs(level_dbfs - level.level_dbfs) <= 0.005
    # 9000 of 32768, a sine: -14.2 dBFS was received whatever level control made of it.
    received = [level_dbfs - gain_db for gain_db, level_dbfs, _ in records[50:]]
    assert all(abs(value + 14.2) < 1.0 for value in received)


async def test_the_description_is_on_disk_before_the_first_sound(tmp_path: Path) -> None:
    about = meta()
    async with recording(tmp_path) as (recorder, told):
        recorder.open(about)
        sidecar = tmp_path / "open" / f"{about.transmission}.json"
        await until(sidecar.exists)
        assert json.loads(sidecar.read_bytes())["meta"]["call"] == about.call
        recorder.close(about.transmission, END)
    assert told == []  # a transmission without sound leaves nothing
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_each_second_is_on_disk_while_it_runs(tmp_path: Path) -> None:
    about = meta()
    async with recording(tmp_path) as (recorder, _):
        recorder.open(about)
        for frame, level in frames(about, 110):
            recorder.write(about.transmission, frame, level)
        part = tmp_path / "open" / f"{about.transmission}.opus.part"
        await until(lambda: part.exists() and ogg.read(part.read_bytes()).duration_ms == 2000)
        recorder.close(about.transmission, END)


async def test_missing_sound_keeps_its_time(tmp_path: Path) -> None:
    about = meta()
    async with recording(tmp_path) as (recorder, told):
        recorder.open(about)
        for number, (frame, level) in enumerate(frames(about, 100)):
            if not 40 <= number < 60:
                recorder.write(about.transmission, frame, level)
        recorder.close(about.transmission, END)
    closed = told[0]
    assert isinstance(closed, RecordingClosed)
    assert closed.duration_ms == 2000
    found = ogg.read((tmp_path / closed.files[0].name).read_bytes())
    assert [len(packet) for packet in found.packets[40:60]] == [1] * 20
    assert loudest(found.packets) > 1000
    records = read_gain((tmp_path / closed.files[1].name).read_bytes())
    assert [flags & GAIN_MISSING for _, _, flags in records].count(GAIN_MISSING) == 20
    assert records[0][2] & GAIN_SILENCE == 0


async def test_several_transmissions_at_once(tmp_path: Path) -> None:
    abouts = [meta(number) for number in range(1, 9)]
    async with recording(tmp_path) as (recorder, told):
        for about in abouts:
            recorder.open(about)
        for about in abouts:
            for frame, level in frames(about, 60):
                recorder.write(about.transmission, frame, level)
        assert any(thread.name == "disk" for thread in threading.enumerate())
        for about in abouts:
            recorder.close(about.transmission, END)
    closed = [event for event in told if isinstance(event, RecordingClosed)]
    assert [event.transmission for event in closed] == [about.transmission for about in abouts]
    assert {event.duration_ms for event in closed} == {1200}
    assert not any(thread.name == "disk" for thread in threading.enumerate())


async def test_a_disk_that_is_behind_fails_the_recording_not_the_radio(tmp_path: Path) -> None:
    about = meta()
    told: list[Event] = []
    recorder = Recorder(tmp_path, told.append, capacity=60)
    recorder.open(about)  # the thread does not run yet: the disk is as slow as can be
    for frame, level in frames(about, 100):
        recorder.write(about.transmission, frame, level)
    recorder.close(about.transmission, END)
    assert [(type(e), getattr(e, "reason", "")) for e in told] == [
        (RecordingFailed, "disk too slow")
    ]
    await recorder.start()
    await recorder.stop()
    closed = told[-1]
    assert isinstance(closed, RecordingClosed)
    assert (closed.interrupted, closed.duration_ms) == (True, 1180)


FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from gateway.model.recording import RecordingEnd
from gateway.model.wire import to_json
from gateway.recording.recorder import Recorder
from tests.gateway.recording.sound import frames, meta
import json

async def run(folder):
    told = []
    recorder = Recorder(folder, told.append)
    await recorder.start()
    first, second = meta(1), meta(2)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8000, hard))
    recorder.open(first)
    for frame, level in frames(first, 400):
        recorder.write(first.transmission, frame, level)
    recorder.close(first.transmission, RecordingEnd(duration_ms=8000, cause="ended"))
    while not any(e.type == "recording.closed" for e in told):
        await asyncio.sleep(0.01)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    recorder.open(second)
    for frame, level in frames(second, 400):
        recorder.write(second.transmission, frame, level)
    recorder.close(second.transmission, RecordingEnd(duration_ms=8000, cause="ended"))
    await recorder.stop()
    print(json.dumps([[e.type, to_json(e)] for e in told]))

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
asyncio.run(run(Path(sys.argv[1])))
"""
REPOSITORY = Path(__file__).parents[3]


def test_a_full_disk_costs_one_recording_and_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout.splitlines()[-1])
    assert [kind for kind, _ in told] == [
        "recording.failed",
        "recording.closed",
        "recording.closed",
    ]
    assert told[0][1]["reason"] == os.strerror(errno.EFBIG)
    cut, whole = told[1][1], told[2][1]
    assert (cut["interrupted"], whole["interrupted"]) == (True, False)
    assert 1000 <= cut["duration_ms"] < 8000
    assert cut["duration_ms"] % 1000 == 0  # whole pages of a second
    assert whole["duration_ms"] == 8000
    for event in (cut, whole):
        data = (tmp_path / event["files"][0]["name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == event["files"][0]["sha256"]
        found = ogg.read(data)
        assert found.ended
        assert found.duration_ms == event["duration_ms"]
        assert loudest(found.packets) > 1000


def test_the_limit_of_this_process_was_not_touched() -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


async def test_a_folder_that_cannot_be_written_is_told_for_each_transmission(
    tmp_path: Path,
) -> None:
    async with recording(tmp_path) as (recorder, told):
        (tmp_path / "open").rmdir()
        (tmp_path / "open").write_text("no folder")
        for number in (1, 2):
            about = meta(number)
            recorder.open(about)
            for frame, level in frames(about, 10):
                recorder.write(about.transmission, frame, level)
            recorder.close(about.transmission, END)
    assert [type(event) for event in told] == [RecordingFailed, RecordingFailed]


CRASH = """
import asyncio, sys
from pathlib import Path
from gateway.recording.recorder import Recorder
from tests.gateway.recording.sound import frames, meta

async def run(folder):
    recorder = Recorder(folder, lambda event: None)
    await recorder.start()
    about = meta()
    recorder.open(about)
    for number, (frame, level) in enumerate(frames(about, 100_000)):
        recorder.write(about.transmission, frame, level)
        if number % 50 == 49:
            print(number + 1, flush=True)
        await asyncio.sleep(0.001)

asyncio.run(run(Path(sys.argv[1])))
"""


def test_a_killed_process_loses_at_most_the_last_second(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CRASH, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        written = 0
        while written < 300:
            written = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        written = max([written, *(int(line) for line in process.stdout.read().splitlines())])
    told: list[Event] = []
    recorder = Recorder(tmp_path, told.append)
    (recovered,) = recorder.recover()
    assert recovered.meta == meta()
    closed = recovered.event
    assert closed is not None
    assert (closed.late, closed.interrupted) == (True, True)
    assert recovered.duration_ms == closed.duration_ms >= written * 20 - 2000
    data = (tmp_path / closed.files[0].name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == closed.files[0].sha256
    found = ogg.read(data)
    assert found.ended
    assert loudest(found.packets[-10:]) > 1000
    assert recorder.recover() == ()
    assert recorder.closed_after(0) == (closed,)
    assert list((tmp_path / "open").iterdir()) == []


def test_a_file_cut_anywhere_is_recovered(tmp_path: Path) -> None:
    about = meta()
    folder = Folder(tmp_path)
    folder.make()
    track = Track(folder, about)
    for frame, level in frames(about, 150):
        track.write(frame, level)
    track.abandon()
    sound = folder.sound(about.transmission)
    whole = sound.read_bytes()
    sidecar = folder.sidecar(about.transmission).read_bytes()
    durations = []
    for size in range(0, len(whole), 997):
        sound.write_bytes(whole[:size])
        folder.sidecar(about.transmission).write_bytes(sidecar)
        (recovered,) = Recorder(tmp_path, lambda event: None).recover()
        durations.append(recovered.duration_ms)
        assert (recovered.event is None) is (recovered.duration_ms == 0)
        folder.final_sidecar(about.transmission).unlink(missing_ok=True)
    assert durations == sorted(durations)
    assert set(durations) >= {0, 1000, 2000}


def test_a_crash_between_the_renames_is_finished(tmp_path: Path) -> None:
    about = meta()
    folder = Folder(tmp_path)
    folder.make()
    track = Track(folder, about)
    for frame, level in frames(about, 50):
        track.write(frame, level)
    track.finish()
    sidecar = folder.sidecar(about.transmission).read_bytes()
    gain = folder.gain(about.transmission).read_bytes()
    recorder = Recorder(tmp_path, lambda event: None)
    (first,) = recorder.recover()
    assert first.event is not None
    # As a crash would leave it: the sound is renamed, gain and sidecar are not.
    (tmp_path / first.event.files[1].name).unlink()
    folder.gain(about.transmission).write_bytes(gain)
    folder.sidecar(about.transmission).write_bytes(sidecar)
    (again,) = recorder.recover()
    assert again == first
    assert (tmp_path / first.event.files[1].name).read_bytes() == gain


def test_what_cannot_be_read_is_set_aside_not_deleted(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.make()
    (folder.open / "t-broken.json").write_text("{")
    (folder.open / "t-old.json").write_text('{"v": 9}')
    (folder.open / "t-lost.opus.part").write_bytes(b"sound")
    assert Recorder(tmp_path, lambda event: None).recover() == ()
    assert sorted(path.name for path in folder.open.iterdir()) == [
        "t-broken.json.broken",
        "t-lost.opus.part.broken",
        "t-old.json.broken",
    ]


async def test_what_a_full_disk_kept_open_is_closed_with_the_next_transmission(
    tmp_path: Path,
) -> None:
    first, second = meta(1), meta(2)
    async with recording(tmp_path) as (recorder, told):
        blocker = tmp_path / f"{first.transmission}.json.tmp"
        blocker.mkdir()  # the sidecar cannot be written, as on a full disk
        recorder.open(first)
        for frame, level in frames(first, 10):
            recorder.write(first.transmission, frame, level)
        recorder.close(first.transmission, END)
        await until(lambda: not recorder.busy)
        assert told == []
        blocker.rmdir()
        recorder.open(second)
        await until(lambda: len(told) == 1)
        recorder.close(second.transmission, END)
    closed = told[0]
    assert isinstance(closed, RecordingClosed)
    assert (closed.transmission, closed.interrupted) == (first.transmission, True)


async def test_packets_are_written_without_anything_that_wakes_the_thread(tmp_path: Path) -> None:
    about = meta()
    async with recording(tmp_path) as (recorder, _):
        recorder.open(about)
        await until(lambda: not recorder.busy)
        for round_number in (1, 2):
            for frame, level in frames(about, 60):
                recorder.write(about.transmission, frame, level)
            await until(lambda: not recorder.busy)
            size = Folder(tmp_path).sound(about.transmission).stat().st_size
            assert size > 1000 * round_number
        recorder.close(about.transmission, END)


async def test_packets_of_a_recording_that_failed_do_not_pile_up(tmp_path: Path) -> None:
    about = meta()
    Folder(tmp_path).sound(about.transmission).mkdir(parents=True)  # nothing can be written there
    async with recording(tmp_path) as (recorder, told):
        recorder.open(about)
        await until(lambda: bool(told))
        for frame, level in frames(about, 60):
            recorder.write(about.transmission, frame, level)
        await until(lambda: not recorder.busy)
        assert isinstance(told[0], RecordingFailed)
        Folder(tmp_path).sound(about.transmission).rmdir()
        recorder.close(about.transmission, END)


def test_an_unknown_transmission_is_nobodys(tmp_path: Path) -> None:
    about = meta()
    recorder = Recorder(tmp_path, lambda event: None)
    frame, level = next(frames(about, 1))
    recorder.write(about.transmission, frame, level)
    recorder.close(about.transmission, replace(END, cause="lost"))
    assert not recorder.busy


def test_a_gain_file_of_another_kind_is_refused() -> None:
    with pytest.raises(Exception, match="samband-gain"):
        read_gain(b"RIFF....")
