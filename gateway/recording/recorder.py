"""The recorder: a thread named ``disk`` that keeps the packets of every transmission.

The event loop only puts work into a bounded queue; the thread writes, and tells what became of it
through ``publish`` on the loop. A full disk costs the recording, never the radio: the tile says
NOT RECORDED, what was written until then is closed and hashed, and the next transmission is tried
anew.

Packets wait up to a tenth of a second for the thread: woken for each of a thousand packets a
second it would take the interpreter from the event loop as often. What begins and ends recordings
wakes it.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.model.events import Event, RecordingClosed, RecordingFailed
from gateway.model.ids import TransmissionId
from gateway.model.recording import FrameLevel, RecordingEnd, RecordingMeta
from gateway.model.voice import VoiceFrame
from gateway.model.wire import to_json
from gateway.recording.files import Folder, close_files
from gateway.recording.recovery import Recovered, closed_after, recover
from gateway.recording.track import Track
from voicecodecs.errors import VoiceError

logger = logging.getLogger(__name__)

QUEUE_FRAMES = 10_000
"""Packets that may wait for the disk: 20 transmissions for ten seconds."""


GATHER_S = 0.1
"""Packets are gathered this long before they are written; they are synced each second."""
IDLE_S = 1.0
"""Nothing is open: whatever might come without waking the thread waits this long at most."""


@dataclass(frozen=True, slots=True)
class _Open:
    meta: RecordingMeta


@dataclass(frozen=True, slots=True)
class _Frame:
    transmission: TransmissionId
    frame: VoiceFrame
    level: FrameLevel


@dataclass(frozen=True, slots=True)
class _Close:
    transmission: TransmissionId
    end: RecordingEnd


class _Stop:
    pass


_Work = _Open | _Frame | _Close | _Stop


class Recorder:
    """Keeps sound in a folder (implements ``gateway.ports.SoundRecorder``)."""

    def __init__(
        self, folder: Path, publish: Callable[[Event], object], *, capacity: int = QUEUE_FRAMES
    ) -> None:
        """Record into ``folder``; ``publish`` is called on the loop that called start()."""
        self._folder = Folder(folder)
        self._publish = publish
        self._capacity = capacity
        self._queue: queue.SimpleQueue[_Work] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopped = asyncio.Event()
        self._put = 0
        self._metas: dict[TransmissionId, RecordingMeta] = {}
        self._disk = _Disk(self._folder, self._tell)

    def closed_after(self, utc_s: float) -> tuple[RecordingClosed, ...]:
        """Return what was closed since a time (seconds since 1970), see recovery.closed_after."""
        return closed_after(self._folder, utc_s)

    def recover(self) -> tuple[Recovered, ...]:
        """Close what a crash left open; call it before start()."""
        return recover(self._folder)

    async def start(self) -> None:
        """Start the thread."""
        self._folder.make()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="disk", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Finish everything that waits, then end the thread; safe twice."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(_Stop())
            self._wake.set()
            await self._stopped.wait()
            thread.join()

    @property
    def busy(self) -> bool:
        """Whether work waits for the disk or is being done."""
        return self._put != self._disk.done

    # ---- gateway.ports.SoundRecorder

    def open(self, meta: RecordingMeta) -> None:
        """Begin the recording of a transmission."""
        self._metas[meta.transmission] = meta
        self._give(_Open(meta))

    def write(self, transmission: TransmissionId, frame: VoiceFrame, level: FrameLevel) -> None:
        """Add one packet; a disk that is seconds behind fails the recording, not the radio."""
        meta = self._metas.get(transmission)
        if meta is None:
            return
        if self._queue.qsize() >= self._capacity:
            del self._metas[transmission]
            self._give(_Close(transmission, _SLOW))
            self._publish(_failed(meta, "disk too slow"))
            return
        self._give(_Frame(transmission, frame, level))

    def close(self, transmission: TransmissionId, end: RecordingEnd) -> None:
        """End the recording of a transmission."""
        if self._metas.pop(transmission, None) is not None:
            self._give(_Close(transmission, end))

    def _give(self, work: _Work) -> None:
        self._put += 1
        self._queue.put(work)
        if not isinstance(work, _Frame):
            self._wake.set()

    # ---- the thread

    def _run(self) -> None:
        while self._work_off():
            self._wake.wait(GATHER_S if self._disk.recording else IDLE_S)
            self._wake.clear()
        # Behind everything that was told before, so that nothing is told after stop().
        self._call(self._stopped.set)

    def _work_off(self) -> bool:
        """Do what waits; False when the thread is to end."""
        while not self._queue.empty():
            work = self._queue.get()
            if isinstance(work, _Stop):
                return False
            try:
                self._disk.work(work)
            except Exception:  # the top of the thread: one fault may not end all recording
                logger.exception("recorder: a fault while writing")
            self._disk.done += 1
        return True

    def _tell(self, event: Event) -> None:
        self._call(self._publish, event)

    def _call(self, function: Callable[..., object], *args: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *args)


class _Disk:
    """What only the thread touches."""

    def __init__(self, folder: Folder, tell: Callable[[Event], None]) -> None:
        self._folder = folder
        self._tell = tell
        self._tracks: dict[TransmissionId, Track] = {}
        self._failed: dict[TransmissionId, RecordingMeta] = {}
        self.done = 0
        self._stuck: list[tuple[RecordingMeta, RecordingEnd]] = []

    @property
    def recording(self) -> bool:
        """Whether packets may come without anything that wakes the thread."""
        return bool(self._tracks or self._failed)

    def work(self, work: _Work) -> None:
        match work:
            case _Open():
                self._open(work.meta)
            case _Frame():
                self._write(work)
            case _Close():
                self._close(work.transmission, work.end)

    def _open(self, meta: RecordingMeta) -> None:
        self._retry()
        try:
            self._tracks[meta.transmission] = Track(self._folder, meta)
        except OSError as error:
            self._fail(meta, error)

    def _write(self, work: _Frame) -> None:
        track = self._tracks.get(work.transmission)
        if track is None:
            return
        try:
            track.write(work.frame, work.level)
        except (OSError, VoiceError) as error:
            del self._tracks[work.transmission]
            track.abandon()
            self._fail(track.meta, error)

    def _fail(self, meta: RecordingMeta, error: OSError | VoiceError) -> None:
        logger.error("recording of %s failed: %s", meta.transmission, error)
        self._failed[meta.transmission] = meta
        self._tell(_failed(meta, _words(error)))

    def _close(self, transmission: TransmissionId, end: RecordingEnd) -> None:
        meta = self._failed.pop(transmission, None)
        interrupted = meta is not None or end is _SLOW
        track = self._tracks.pop(transmission, None)
        if track is not None:
            meta = track.meta
            try:
                track.finish()
            except OSError as error:
                track.abandon()
                interrupted = True
                self._tell(_failed(meta, _words(error)))
        if meta is not None:
            self._keep(meta, end, interrupted)

    def _keep(self, meta: RecordingMeta, end: RecordingEnd, interrupted: bool) -> None:
        value = {"end": to_json(end), "interrupted": interrupted, "late": False}
        try:
            event = close_files(self._folder, meta, value).event()
        except OSError as error:
            logger.error("recording of %s stays open: %s", meta.transmission, error)
            self._stuck.append((meta, end))
            return
        if event is not None:
            self._tell(event)

    def _retry(self) -> None:
        """Close what a full disk kept open; what is still stuck at the next start is recovered."""
        stuck, self._stuck = self._stuck, []
        for meta, end in stuck:
            self._keep(meta, end, True)


_SLOW = RecordingEnd(duration_ms=0, cause="interrupted")


def _words(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _failed(meta: RecordingMeta, reason: str) -> RecordingFailed:
    return RecordingFailed(transmission=meta.transmission, talkgroup=meta.talkgroup, reason=reason)
