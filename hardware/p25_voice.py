"""Voice of a P25 link: full-rate vocoder frames to sound and back, one decoder for each call.

A frame takes some 15 microseconds to decode and 25 to encode (``samband bench codecs``), so this
runs on the event loop: a thread would cost more than the work it takes away.
"""

import numpy as np

from gateway.model.ids import LinkId, MonoMs, RequestId, UtcUs
from gateway.model.sound_port import SoundPortFigures
from gateway.p25.talk.port import VoiceHeard
from gateway.ports import CallSoundSink, Clock
from voicecodecs.imbe import ImbeDecoder, ImbeEncoder, warm
from voicecodecs.pcm import SILENT_FRAME

CODED = "coded"
"""Kind of port in the audio path: vocoder frames by the link's own protocol."""
MAX_ENCODERS = 16
"""Overs of ours that are encoded; the oldest goes first."""
MAX_DECODERS = 256
"""Calls of one link that are decoded at once; the one not heard for longest is forgotten."""


class P25Voice:
    """Decodes what is heard and encodes what is said, for one link."""

    def __init__(self, link: LinkId, sound: CallSoundSink, clock: Clock, *, many: bool) -> None:
        """Begin in silence, the vocoder compiled; ``many``: blocks are told with their call."""
        self._link = link
        self._sound = sound
        self._clock = clock
        self._many = many
        self._decoders: dict[int, ImbeDecoder] = {}
        self._encoders: dict[RequestId, ImbeEncoder] = {}
        self._figures = SoundPortFigures(kind=CODED)
        warm()

    def heard(self, voice: VoiceHeard) -> None:
        """Give 20 ms to the engine; what cannot be read is silence, never noise."""
        pcm = self._decode(voice) if voice.readable else SILENT_FRAME
        instance = voice.instance if self._many else None
        now = self._clock.mono_ms()
        captured = now if voice.captured_ms is None else voice.captured_ms
        self._count(voice, captured, now)
        # Not by when we got to it: frames that waited for a busy machine are no gap.
        spoken = UtcUs(self._clock.utc_us() - (now - captured) * 1000)
        self._sound(self._link, pcm, spoken, instance, voice.frame or b"")

    def figures(self) -> SoundPortFigures:
        """Return what was counted since the last time."""
        told, self._figures = self._figures, SoundPortFigures(kind=CODED)
        return told

    def _count(self, voice: VoiceHeard, captured: MonoMs, now: MonoMs) -> None:
        if voice.came_ms is None or voice.frame is None:
            self._figures.lost += 1
            return
        self._figures.received += 1
        self._figures.transit.add((voice.came_ms - captured) * 1000)
        self._figures.held.add((now - voice.came_ms) * 1000)

    def over(self, instance: int) -> None:
        """Forget the decoder's state: an over has ended."""
        self._decoders.pop(instance, None)

    def begin(self, demand: RequestId) -> None:
        """Begin to encode an over of ours; one that was never ended is forgotten in time."""
        self._encoders[demand] = ImbeEncoder()
        if len(self._encoders) > MAX_ENCODERS:
            del self._encoders[next(iter(self._encoders))]

    def encode(self, demand: RequestId, pcm: bytes) -> list[bytes]:
        """Return the frames, 11 octets each, that 160 samples complete."""
        encoder = self._encoders.get(demand)
        if encoder is None:
            return []
        return encoder.encode(np.frombuffer(pcm, "<i2").astype(np.int16))

    def flush(self, demand: RequestId) -> list[bytes]:
        """Return the frames of what the encoder still holds: the end of an over."""
        encoder = self._encoders.pop(demand, None)
        return encoder.flush() if encoder is not None else []

    def _decode(self, voice: VoiceHeard) -> bytes:
        decoder = self._decoders.pop(voice.instance, None) or ImbeDecoder()
        self._decoders[voice.instance] = decoder
        if len(self._decoders) > MAX_DECODERS:
            del self._decoders[next(iter(self._decoders))]
        samples = decoder.erasure() if voice.frame is None else decoder.decode(voice.frame)
        return samples.astype("<i2").tobytes()
