"""One running recording: packets to Ogg pages on disk, a page flushed and synced each second."""

import os
from pathlib import Path

from gateway.model.ids import ulid_bytes
from gateway.model.recording import FrameLevel, RecordingMeta
from gateway.model.voice import TIMESTAMP_STEP, VoiceFlag, VoiceFrame
from gateway.recording.files import (
    GAIN_MISSING,
    GAIN_SILENCE,
    Folder,
    frames_header,
    frames_record,
    gain_header,
    gain_record,
    write_sidecar,
)
from voicecodecs.ogg import OggOpusWriter

SYNC_FRAMES = 50
"""Packets of 20 ms in a second: at most this much is lost in a crash."""
MAX_FILLED_FRAMES = 3000
"""Longest gap that is kept as silence in the file (60 s)."""
_NO_LEVEL = FrameLevel()


class Track:
    """The files of one transmission. Every method may raise OSError (disk full)."""

    def __init__(self, folder: Folder, meta: RecordingMeta) -> None:
        """Write the sidecar, then begin the sound and gain files."""
        self.meta = meta
        self._folder = folder
        self._frames = 0
        self._next_timestamp: int | None = None
        self._gain_waits: list[bytes] = []
        write_sidecar(folder, meta)
        self._raw: _Sound | None = None
        self._coded: _File | None = None
        self._coded_waits: list[bytes] = []
        self._sound = _Sound(folder.sound(meta.transmission), meta)
        try:
            self._gain = _File(folder.gain(meta.transmission))
        except OSError:
            self._sound.close()
            raise
        try:
            self._gain.write(gain_header(meta.transmission))
        except OSError:
            self.abandon()
            raise

    def write(self, frame: VoiceFrame, level: FrameLevel) -> None:
        """Add a packet; what is missing before it is kept as time without sound."""
        if self._next_timestamp is not None:
            step = (frame.timestamp_48k - self._next_timestamp) & 0xFFFFFFFF
            missing = step // TIMESTAMP_STEP if step < 1 << 31 else 0
            # Code 0 of the same TOC byte with nothing behind it: a packet that was not sent
            # (RFC 6716 section 3.2.1 allows length 0); players conceal it.
            for _ in range(min(missing, MAX_FILLED_FRAMES)):
                self._add(_not_sent(frame.opus), _NO_LEVEL, GAIN_MISSING)
        self._next_timestamp = (frame.timestamp_48k + TIMESTAMP_STEP) & 0xFFFFFFFF
        silence = GAIN_SILENCE if frame.flags & VoiceFlag.SILENCE else 0
        self._add(frame.opus, level, silence)

    def finish(self) -> None:
        """End the files."""
        self._sound.finish()
        if self._raw is not None:
            self._raw.finish()
        self._sync()
        self.abandon()

    def abandon(self) -> None:
        """Let go of the files as they are; never raises."""
        for file in (self._sound, self._gain, self._raw, self._coded):
            try:
                if file is not None:
                    file.close()
            except OSError:
                # Raw files hold nothing back: what is on disk stays, and is mended at the close.
                continue

    def _add(self, packet: bytes, level: FrameLevel, flags: int) -> None:
        self._sound.add(packet)
        if level.raw and self._raw is None and not self._frames:
            self._raw = _Sound(self._folder.raw(self.meta.transmission), self.meta)
        if self._raw is not None:
            self._raw.add(level.raw or _not_sent(packet))
        self._keep_coded(level.coded)
        self._gain_waits.append(gain_record(level, flags))
        self._frames += 1
        if self._frames % SYNC_FRAMES == 0:
            self._sound.flush()
            if self._raw is not None:
                self._raw.flush()
            self._sync()

    def _keep_coded(self, coded: bytes) -> None:
        """Keep a vocoder frame; the file begins with the first, and knows what did not come."""
        if coded and self._coded is None:
            self._coded = _File(self._folder.frames(self.meta.transmission))
            self._coded.write(frames_header(self.meta.transmission))
            self._coded_waits = [frames_record(b"")] * self._frames
        if self._coded is not None:
            self._coded_waits.append(frames_record(coded))

    def _sync(self) -> None:
        if self._coded is not None:
            self._coded.write(b"".join(self._coded_waits))
            self._coded_waits.clear()
            self._coded.sync()
        self._gain.write(b"".join(self._gain_waits))
        self._gain_waits.clear()
        self._sound.sync()
        self._gain.sync()
        if self._raw is not None:
            self._raw.sync()


def _not_sent(packet: bytes) -> bytes:
    """Return a packet of the same length of time that says that nothing was sent."""
    return bytes([packet[0] & 0b11111100])


class _Sound:
    """One Ogg Opus file while it grows."""

    def __init__(self, path: Path, meta: RecordingMeta) -> None:
        serial = int.from_bytes(ulid_bytes(meta.transmission)[-4:], "big")
        self._ogg = OggOpusWriter(serial, tags={"TRANSMISSION": meta.transmission})
        self._file = _File(path)
        try:
            self._file.write(self._ogg.header())
        except OSError:
            self._file.close()
            raise

    def add(self, packet: bytes) -> None:
        page = self._ogg.write(packet)
        if page:
            self._file.write(page)

    def flush(self) -> None:
        self._file.write(self._ogg.flush())

    def finish(self) -> None:
        self._file.write(self._ogg.finish())

    def sync(self) -> None:
        self._file.sync()

    def close(self) -> None:
        self._file.close()


class _File:
    """An unbuffered file: what was written survives the process, and a full disk raises."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
        self._open = True

    def write(self, data: bytes) -> None:
        while data:  # a disk that becomes full takes a part first, then raises
            data = data[os.write(self._handle, data) :]

    def sync(self) -> None:
        os.fsync(self._handle)

    def close(self) -> None:
        if self._open:
            self._open = False
            os.close(self._handle)
