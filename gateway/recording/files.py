r"""What a recording is on disk, and how it is closed: the same after a call and after a crash.

In ``recordings/``, for a transmission ``t-…`` whose Ogg Opus file has SHA-256 ``H``:

* ``open/t-….json``, ``open/t-….opus.part``, ``open/t-….gain.part`` while it runs; the JSON is on
  disk before the first sound;
* ``H.opus`` and ``H.gain`` afterwards, and ``t-….json``, which names them;
* of an analogue source also ``open/t-….raw.part`` and ``H2.raw.opus`` (``H2`` its own SHA-256): the
  sound as received, before level control, packet by packet beside the other;
* of a source with a vocoder also ``open/t-….frames.part`` and ``H.frames``: its frames as received,
  which is what is evidence of an encrypted over too.

Gain file: one header line ``samband-gain 1 <JSON>\n``, then 5 bytes for each 20 ms packet of the
Opus file, big-endian: ``i16`` gain applied and ``i16`` level afterwards, both in 1/100 dB, and
``u8`` flags (1 limiter held a peak, 2 nothing came: no sound, 4 silence that we added).
The received level is the level minus the gain.

Frames file: one header line ``samband-frames 1 <JSON>\n``, then for each packet of the Opus file
``u8`` length and so many octets; 0 where no frame came. The JSON names the transmission.
"""

import hashlib
import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.model.errors import RadioError
from gateway.model.events import RecordingClosed, RecordingFile
from gateway.model.recording import FrameLevel, RecordingMeta
from gateway.model.wire import from_json, to_json
from voicecodecs import ogg
from voicecodecs.errors import VoiceError

GAIN_RECORD: Final = struct.Struct(">hhB")
GAIN_LIMITED: Final = 1
GAIN_MISSING: Final = 2
GAIN_SILENCE: Final = 4
SIDECAR_VERSION: Final = 1
MAX_CODED: Final = 255
"""Octets of a vocoder frame at most."""
_CENTIBELS: Final = 100
_I16: Final = 32767


def gain_header(transmission: str) -> bytes:
    """Return the first line of a gain file."""
    about = {"frame_ms": 20, "transmission": transmission, "unit_db": "0.01"}
    return b"samband-gain 1 " + json.dumps(about, sort_keys=True).encode() + b"\n"


def gain_record(level: FrameLevel, flags: int) -> bytes:
    """Return the 5 bytes of one packet."""

    def centi(value_db: float) -> int:
        return max(-_I16, min(_I16, round(value_db * _CENTIBELS)))

    if level.limited:
        flags |= GAIN_LIMITED
    return GAIN_RECORD.pack(centi(level.gain_db), centi(level.level_dbfs), flags)


def read_gain(data: bytes) -> list[tuple[float, float, int]]:
    """Return (gain dB, level dBFS, flags) of each packet; a cut last record is left out."""
    line, newline, records = data.partition(b"\n")
    if not newline or not line.startswith(b"samband-gain 1 "):
        raise RadioError(f"gain file: expected 'samband-gain 1 …', got {line[:20]!r}")
    whole = len(records) - len(records) % GAIN_RECORD.size
    return [
        (gain / _CENTIBELS, level / _CENTIBELS, flags)
        for gain, level, flags in GAIN_RECORD.iter_unpack(records[:whole])
    ]


def frames_header(transmission: str) -> bytes:
    """Return the first line of a frames file."""
    about = {"frame_ms": 20, "transmission": transmission}
    return b"samband-frames 1 " + json.dumps(about, sort_keys=True).encode() + b"\n"


def frames_record(coded: bytes) -> bytes:
    """Return the record of one packet; RadioError for a frame longer than any vocoder's."""
    if len(coded) > MAX_CODED:
        raise RadioError(f"vocoder frame: expected {MAX_CODED} octets at most, got {len(coded)}")
    return bytes([len(coded)]) + coded


def read_frames(data: bytes) -> list[bytes]:
    """Return the frame of each packet, empty where none came; a cut last record is left out."""
    line, newline, _ = data.partition(b"\n")
    if not newline or not line.startswith(b"samband-frames 1 "):
        raise RadioError(f"frames file: expected 'samband-frames 1 …', got {line[:20]!r}")
    frames, at = [], len(line) + 1
    while at < len(data) and at + 1 + data[at] <= len(data):
        frames.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return frames


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a small file so that it is there whole or not at all."""
    temporary = path.with_suffix(path.suffix + ".tmp")
    with temporary.open("wb") as file:
        file.write(json.dumps(value, sort_keys=True, ensure_ascii=False).encode())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of recordings."""

    path: Path

    @property
    def open(self) -> Path:
        """What runs now, or ran at a crash."""
        return self.path / "open"

    def make(self) -> None:
        """Create what is missing."""
        self.open.mkdir(parents=True, exist_ok=True)

    def sidecar(self, transmission: str) -> Path:
        """Return the sidecar of a running transmission."""
        return self.open / f"{transmission}.json"

    def sound(self, transmission: str) -> Path:
        """Return the Opus file of a running transmission."""
        return self.open / f"{transmission}.opus.part"

    def gain(self, transmission: str) -> Path:
        """Return the gain file of a running transmission."""
        return self.open / f"{transmission}.gain.part"

    def frames(self, transmission: str) -> Path:
        """Return the vocoder frames of a running transmission."""
        return self.open / f"{transmission}.frames.part"

    def raw(self, transmission: str) -> Path:
        """Return the unlevelled Opus file of a running transmission."""
        return self.open / f"{transmission}.raw.part"

    def final_sidecar(self, transmission: str) -> Path:
        """Return the sidecar of a closed recording."""
        return self.path / f"{transmission}.json"


def write_sidecar(folder: Folder, meta: RecordingMeta) -> None:
    """Put the description of a transmission on disk, before its sound."""
    value = {"v": SIDECAR_VERSION, "meta": to_json(meta)}
    write_json(folder.sidecar(meta.transmission), value)


def read_sidecar(path: Path) -> RecordingMeta:
    """Read the description of a running transmission; RadioError when it is none."""
    return from_json(RecordingMeta, _read(path)["meta"], path.name)


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except ValueError as error:
        raise RadioError(f"{path.name}: expected JSON, got {error}") from error
    if not isinstance(value, dict) or value.get("v") != SIDECAR_VERSION or "meta" not in value:
        raise RadioError(f"{path.name}: expected version {SIDECAR_VERSION} of a recording")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A recording that is done: its files (none when there was no sound) and its length."""

    files: tuple[RecordingFile, ...]
    duration_ms: int
    meta: RecordingMeta | None = None
    interrupted: bool = False
    late: bool = False

    def event(self) -> RecordingClosed | None:
        """Return the event that tells of it, None when nothing was kept."""
        if self.meta is None or not self.files:
            return None
        return RecordingClosed(
            transmission=self.meta.transmission,
            call=self.meta.call,
            talkgroup=self.meta.talkgroup,
            files=self.files,
            duration_ms=self.duration_ms,
            started_utc=self.meta.started_utc,
            late=self.late,
            interrupted=self.interrupted,
            link=self.meta.link,
            copy_of=self.meta.copy_of,
        )


def mend(path: Path) -> int:
    """Cut an Opus file behind its last whole page and end it; returns its ms, 0 for no sound."""
    try:
        found = ogg.read(path.read_bytes())
    except VoiceError:
        return 0
    if not found.packets:
        return 0
    if not found.ended:
        with path.open("r+b") as file:
            file.truncate(found.whole_bytes)
            file.seek(found.whole_bytes)
            file.write(ogg.end_page(found))
            file.flush()
            os.fsync(file.fileno())
    return found.duration_ms


def close_files(folder: Folder, meta: RecordingMeta, end: dict[str, Any]) -> Closed:
    """Hash and rename what ``meta`` left in ``open/``; ``end`` goes into the final sidecar.

    The final sidecar is written before the renames: whatever interrupts this, calling it again
    comes to the same end.
    """
    final = folder.final_sidecar(meta.transmission)
    sound, gain = folder.sound(meta.transmission), folder.gain(meta.transmission)
    raw, frames = folder.raw(meta.transmission), folder.frames(meta.transmission)
    if not final.exists():
        duration_ms = mend(sound) if sound.exists() else 0
        if not duration_ms:
            for path in (sound, gain, raw, frames, folder.sidecar(meta.transmission)):
                path.unlink(missing_ok=True)
            return Closed(files=(), duration_ms=0)
        digest = _digest(sound)
        files = [_describe(sound, "opus", f"{digest}.opus", digest)]
        if gain.exists():
            files.append(_describe(gain, "gain", f"{digest}.gain", _digest(gain)))
        if frames.exists():
            files.append(_describe(frames, "frames", f"{digest}.frames", _digest(frames)))
        if raw.exists() and mend(raw):
            digest = _digest(raw)
            files.append(_describe(raw, "raw", f"{digest}.raw.opus", digest))
        value = {
            "v": SIDECAR_VERSION,
            "meta": to_json(meta),
            "files": to_json(files),
            "duration_ms": duration_ms,
            **end,
        }
        write_json(final, value)
    done = read_final(final)
    for file in done.files:
        part = folder.open / f"{meta.transmission}.{file.kind}.part"
        if part.exists():
            part.replace(folder.path / file.name)
    sync_folder(folder.path)
    folder.sidecar(meta.transmission).unlink(missing_ok=True)
    return done


def read_final(path: Path) -> Closed:
    """Read the sidecar of a closed recording; RadioError when it is none."""
    value = _read(path)
    files = tuple(from_json(RecordingFile, file, path.name) for file in value.get("files", ()))
    meta = from_json(RecordingMeta, value["meta"], path.name)
    return Closed(
        files=files,
        duration_ms=value["duration_ms"],
        meta=meta,
        interrupted=bool(value.get("interrupted")),
        late=bool(value.get("late")),
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _describe(path: Path, kind: str, name: str, digest: str) -> RecordingFile:
    return RecordingFile(kind=kind, sha256=digest, size_bytes=path.stat().st_size, name=name)
