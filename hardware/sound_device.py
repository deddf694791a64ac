"""``device:NAME``: a sound card as the sound of a link, opened again when it comes back.

What the card captures goes on in blocks of 20 ms with the time at which it was at the input;
what is sent waits in a short queue. Both keep step with the system's clock by resampling
(``voicecodecs.capture_line``, ``voicecodecs.playback_line``).
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

from gateway.model.errors import LinkError
from gateway.model.ids import UtcUs
from hardware.sound_address import DeviceAddress
from hardware.sound_port import PCM_BYTES, Capture, SoundCount, Trouble
from hardware.sound_portaudio import CardStreams, PortAudioHouse, portaudio_house
from hardware.sound_streams import Chunk
from voicecodecs.capture_line import CaptureLine
from voicecodecs.pcm import QUIET_DBFS, from_bytes, level_dbfs
from voicecodecs.playback_line import PlaybackLine, QueueState

RETRY_S: Final = 0.8
"""A card that is away is looked for this often: it is open again within 2 s of its return."""
WATCH_S: Final = 0.25
SETTLING_S: Final = 0.5
"""A card that was just opened fills its own buffer: for so long its calls say nothing of its rate,
and nothing is played."""
SILENT_S: Final = 1.0
"""A card that does not call for so long is given up and opened again."""


class DeviceSound:
    """Sound of a link through PortAudio."""

    def __init__(
        self,
        address: DeviceAddress,
        capture: Capture,
        utc_us: Callable[[], UtcUs],
        *,
        gains_db: tuple[float, float] = (0.0, 0.0),
        trouble: Trouble | None = None,
        house: PortAudioHouse | None = None,
    ) -> None:
        """Prepare; nothing is opened and no library loaded yet. ``gains_db``: in, out."""
        self.count = SoundCount()
        self.level_dbfs = QUIET_DBFS
        """Level of the last captured block, whether or not somebody is heard."""
        self.opened = 0
        """How often the card was opened."""
        self._address = address
        self._capture = capture
        self._utc_us = utc_us
        self._gains_db = gains_db
        self._tell = trouble
        self._house = house or portaudio_house()
        self._trouble = "the sound card is being opened"
        self._streams: CardStreams | None = None
        self._in: CaptureLine | None = None
        self._out: PlaybackLine | None = None
        self._next_sample = 0
        self._settled_s = 0.0
        self._clock_settled = False
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> str:
        """Why there is no sound, in words; "" when there is."""
        return self._trouble

    @property
    def pending_ms(self) -> int:
        """What waits before the card and in its driver."""
        playback = self._streams.playback if self._streams is not None else None
        if playback is None or not playback.ring.waiting:
            return 0
        waiting_s = playback.ring.waiting / playback.settings.rate_hz + playback.latency_s
        return round(waiting_s * 1000)

    @property
    def lines(self) -> tuple[CaptureLine | None, PlaybackLine | None]:
        """The lines of the open card, for figures."""
        return self._in, self._out

    async def start(self) -> None:
        """Open in the background."""
        if self._task is None:
            name = self._address.capture or self._address.playback
            self._task = asyncio.create_task(self._run(), name=f"sound {name}")

    async def close(self) -> None:
        """Close the card; safe twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def send(self, pcm: bytes) -> None:
        """Send 160 samples now; counted when there is no card to play them."""
        playback = self._streams.playback if self._streams is not None else None
        if playback is None or self._out is None or self._trouble or len(pcm) != PCM_BYTES:
            self.count.unsent += 1
            return
        self._read_clock()
        waiting, reader = playback.ring.waiting, playback.ring.reader
        state = QueueState(waiting, reader.played, reader.starved)
        before = self._out.underruns
        overruns = self._out.overruns
        samples = self._out.push(pcm, time.monotonic(), state)
        self.count.underruns += self._out.underruns - before
        if self._out.overruns == overruns and playback.ring.write(samples):
            self.count.sent += 1
        else:
            self.count.unsent += 1

    def drop(self) -> None:
        """Forget what waits before the card."""
        if self._streams is not None and self._streams.playback is not None:
            self._streams.playback.ring.drop()

    # ---- the card

    async def _run(self) -> None:
        while True:
            try:
                await self._serve()
            except LinkError as error:
                self._say(" ".join((str(error), error.hint)).strip())
            await asyncio.sleep(RETRY_S if self._trouble else 0)

    async def _serve(self) -> None:
        """Open the card and stay until it stops."""
        loop = asyncio.get_running_loop()
        self._ended = ended = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(self._drain)

        def stopped() -> None:
            loop.call_soon_threadsafe(ended.set)

        streams = await self._house.open(self._address, wake, stopped)
        try:
            self._begin(streams)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), SETTLING_S)
            if not ended.is_set():
                self._say("")
            while not ended.is_set() and not self._dead(streams):
                self._read_clock()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), WATCH_S)
        finally:
            self._streams = None
            await asyncio.shield(self._house.close(streams))
        raise LinkError("the sound card stopped: unplugged, or its sound server ended")

    def _begin(self, streams: CardStreams) -> None:
        in_db, out_db = self._gains_db
        if streams.capture is not None:
            self._in = CaptureLine(streams.capture.settings.rate_hz, gain_db=in_db)
        if streams.playback is not None:
            queue_s = self._address.queue_ms / 1000
            rate_hz = streams.playback.settings.rate_hz
            self._out = PlaybackLine(rate_hz, target_s=queue_s, gain_db=out_db)
        self._next_sample = 0
        self._settled_s = time.monotonic() + SETTLING_S
        self._clock_settled = False
        self._streams = streams
        self.opened += 1

    def _say(self, words: str) -> None:
        if words != self._trouble:
            self._trouble = words
            if self._tell is not None:
                self._tell(words)

    @staticmethod
    def _dead(streams: CardStreams) -> bool:
        oldest_s = time.monotonic() - SILENT_S
        return any(stream.called_s < oldest_s for stream in streams.all)

    def _drain(self) -> None:
        """Take what was captured."""
        capture = self._streams.capture if self._streams is not None else None
        if capture is None or self._in is None:
            return
        for chunk in capture.take():
            self._take(self._in, chunk)
        if not self._clock_settled and time.monotonic() > self._settled_s + SETTLING_S:
            # The backlog with which a sound server begins says nothing of the card's rate.
            self._in.settle()
            self._clock_settled = True
        self.count.clipped = self._in.clipped + (self._out.clipped if self._out else 0)

    def _take(self, line: CaptureLine, chunk: Chunk) -> None:
        capture = self._streams.capture if self._streams is not None else None
        if capture is None:
            return
        lost = chunk.first - self._next_sample
        if lost > 0:
            self.count.lost += 1
            line.skip(lost)
        self._next_sample = chunk.first + len(chunk.frames)
        for block in line.take(capture.mono(chunk.frames), chunk.time_s):
            self.count.received += 1
            self.level_dbfs = level_dbfs(from_bytes(block.pcm))
            age_us = round((time.monotonic() - block.time_s) * 1e6)
            self._capture(block.pcm, UtcUs(self._utc_us() - age_us))

    def _read_clock(self) -> None:
        """Learn from the card's calls how fast it plays, and what went wrong in its driver."""
        if self._streams is not None:
            for stream in self._streams.all:
                self.count.xruns += stream.take_xruns()
        playback = self._streams.playback if self._streams is not None else None
        if playback is not None and self._out is not None:
            for played, time_s in playback.take_marks():
                if time_s > self._settled_s:
                    self._out.clock.observe(played, time_s)
