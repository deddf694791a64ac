"""The one PortAudio of a process: looks for cards, opens and closes streams, on its own thread.

PortAudio lists cards once, when it begins: a card that comes later is seen only after it ended and
began anew, which closes every stream of the process. So a card that is missing is looked for
at once when nothing else is open, and by another process when something is; only when that one
sees the card are all streams closed, to be opened again by their owners (a gap of some 0.2 s).
"""

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from gateway.model.errors import LinkError
from hardware.sound_address import DeviceAddress
from hardware.sound_devices import (
    SoundDevice,
    find_device,
    list_devices,
    list_devices_afresh,
    load_portaudio,
)
from hardware.sound_streams import (
    THREAD_NAME,
    CaptureStream,
    PlaybackStream,
    StreamSettings,
    Wake,
)

USUAL_RATE_HZ: Final = 48_000
"""Rate of nearly every card; PortAudio's own default for ALSA names is 44,100 whatever they do."""


class CardStreams:
    """The open streams of one link."""

    def __init__(self) -> None:
        """Nothing is open yet."""
        self.capture: CaptureStream | None = None
        self.playback: PlaybackStream | None = None

    @property
    def all(self) -> list[CaptureStream | PlaybackStream]:
        """What is open."""
        return [stream for stream in (self.capture, self.playback) if stream is not None]

    def close(self) -> None:
        """Close both; blocks; safe twice."""
        for stream in self.all:
            stream.close()


class PortAudioHouse:
    """Owner of PortAudio's state in this process."""

    def __init__(self) -> None:
        """Nothing is loaded yet."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=THREAD_NAME)
        self._open: list[CardStreams] = []
        self._stale = False
        self.restarts = 0
        """How often PortAudio began anew to see a new card."""

    async def open(self, address: DeviceAddress, wake: Wake, ended: Wake) -> CardStreams:
        """Open the card of an address; raises LinkError when it is not there or will not open.

        ``wake`` (sound came) and ``ended`` (a stream stopped) are called on PortAudio's thread.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._open_card, address, wake, ended)

    async def close(self, streams: CardStreams) -> None:
        """Close; safe twice."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close_card, streams)

    # ---- on the thread

    def _open_card(self, address: DeviceAddress, wake: Wake, ended: Wake) -> CardStreams:
        portaudio = load_portaudio()
        try:
            if self._stale and not self._open:
                self._begin_anew()
            capture, playback = self._find(address)
        except portaudio.PortAudioError as error:
            raise LinkError(f"sound cards could not be listed: {error}") from error
        streams = CardStreams()
        try:
            if capture is not None:
                check = portaudio.check_input_settings
                settings = _settings(capture, address, capture.inputs, check)
                streams.capture = CaptureStream(settings, wake, ended)
                streams.capture.start(portaudio)
            if playback is not None:
                check = portaudio.check_output_settings
                settings = _settings(playback, address, playback.outputs, check)
                streams.playback = PlaybackStream(settings, wake, ended)
                streams.playback.start(portaudio)
        except (portaudio.PortAudioError, ValueError) as error:
            streams.close()
            self._stale = True
            name = address.capture if streams.playback is None else address.playback
            raise LinkError(
                f"sound card {name!r} cannot be opened: {error}",
                hint="Does another program hold it? Does it know this rate?",
            ) from error
        self._open.append(streams)
        return streams

    def _close_card(self, streams: CardStreams) -> None:
        streams.close()
        if streams in self._open:
            self._open.remove(streams)
        self._stale = True

    def _find(self, address: DeviceAddress) -> tuple[SoundDevice | None, SoundDevice | None]:
        try:
            return _cards(list_devices(), address)
        except LinkError:
            if self._open:
                _cards(list_devices_afresh(), address)
            self._begin_anew()
            return _cards(list_devices(), address)

    def _begin_anew(self) -> None:
        """End PortAudio and begin it again; the owners of open streams hear that they ended."""
        portaudio = load_portaudio()
        for streams in self._open:
            streams.close()
        self._open.clear()
        portaudio._terminate()
        portaudio._initialize()
        self._stale = False
        self.restarts += 1


def _cards(
    devices: list[SoundDevice], address: DeviceAddress
) -> tuple[SoundDevice | None, SoundDevice | None]:
    capture = find_device(devices, address.capture, capture=True) if address.capture else None
    playback = find_device(devices, address.playback, capture=False) if address.playback else None
    return capture, playback


def _settings(
    device: SoundDevice, address: DeviceAddress, channels: int, check: Callable[..., None]
) -> StreamSettings:
    """Return how to open a card: its usual rate where it takes it, else its own default."""
    channels = min(2, channels)
    rate_hz = address.rate_hz
    if not rate_hz:
        rate_hz = USUAL_RATE_HZ
        try:
            check(device=device.index, channels=channels, dtype="int16", samplerate=rate_hz)
        except load_portaudio().PortAudioError:
            rate_hz = device.rate_hz
    return StreamSettings(
        device=device.index,
        channels=channels,
        rate_hz=rate_hz,
        latency_s=address.latency_ms / 1000,
        channel=address.channel,
    )


@functools.cache
def portaudio_house() -> PortAudioHouse:
    """Return the process's own; PortAudio's state is the process's, so there is only one."""
    return PortAudioHouse()
