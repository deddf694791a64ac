"""The way of a microphone: frames of a position wait for the grant, then go out every 20 ms.

Each press has a buffer of its own. What comes before the grant waits there (600 ms at most) and is
sent only if the radio grants; else it is dropped and counted. After the grant one block goes to
the link every 20 ms by a monotonic schedule; when the microphone is late the block is silence, so
that the radio's sound never runs dry.
"""

from dataclasses import dataclass, field

from gateway.engine.paced_sound import PacedSound, PacedStream
from gateway.engine.sound_figures import PathFigures
from gateway.engine.tone_source import ToneSource
from gateway.model.events import FloorUnheard
from gateway.model.ids import LinkId, MonoMs, PositionId, RequestId
from gateway.model.voice import VoiceFrame
from voicecodecs.pcm import SILENT_FRAME
from voicecodecs.transmit import TransmitChain

UNHEARD_MS = 1_000
"""A microphone on air that gave no packet for this long gives no sound: the person must know."""


@dataclass(slots=True, eq=False, kw_only=True)
class Microphone(PacedStream):
    """The sound of one press."""

    position: PositionId
    figures: PathFigures
    chain: TransmitChain = field(default_factory=TransmitChain)
    heard_ms: MonoMs | None = None
    """When the last frame of the microphone came."""
    unheard: bool = False
    """Told as giving no sound."""
    closes_ms: MonoMs | None = None
    """Released: the microphone is open until then."""
    order_us: int = 0
    """How long its last packet took from the network to here."""
    tone: ToneSource | None = None
    """Sent instead of what a microphone gives: a test transmission."""


class Uplink(PacedSound[Microphone]):
    """All microphones with a live press."""

    def open(
        self,
        request: RequestId,
        position: PositionId,
        link: LinkId,
        tone: ToneSource | None = None,
    ) -> None:
        """Keep the sound of a press from here on; a ``tone`` is sent in its place."""
        figures = self._voice.figures.transmit(link, position)
        self._streams[request] = Microphone(
            request=request, position=position, link=link, figures=figures, tone=tone
        )

    def on_frame(self, position: PositionId, frame: VoiceFrame) -> None:
        """Take a microphone packet; without a press of this position it is dropped."""
        now = self._ctx.now()
        for microphone in self._streams.values():
            if microphone.position != position or microphone.tone is not None:
                continue
            if microphone.closes_ms is not None and now >= microphone.closes_ms:
                continue
            microphone.heard_ms = now
            if microphone.unheard:
                self._tell_unheard(microphone, silent=False)
            for block in self._decode(microphone, frame):
                microphone.buffer.push(block)
            return

    def _decode(self, microphone: Microphone, frame: VoiceFrame) -> list[bytes]:
        """Return the levelled blocks that a packet completes; what it took is counted."""
        figures = microphone.figures
        begun, lost = self._ctx.utc(), microphone.chain.lost
        microphone.order_us = begun - frame.capture_utc_us
        blocks = microphone.chain.decode(frame.sequence, frame.opus)
        figures.stage("order").add(microphone.order_us)
        figures.stage("level").add(self._ctx.utc() - begun)
        figures.lost += microphone.chain.lost - lost
        for block in microphone.chain.levelled:
            figures.levelled(block.gain_db, block.level_dbfs, limited=block.limited)
        return blocks

    def _begun(self, stream: Microphone) -> None:
        stream.heard_ms = stream.heard_ms or stream.next_ms

    def release(self, request: RequestId) -> int:
        """Close the microphone after its tail; returns the milliseconds still to send.

        A microphone that was not heard for longer than its tail has nothing to wait for.
        """
        microphone = self._streams.get(request)
        if microphone is None:
            return 0
        now, tail_ms = self._ctx.now(), self._ctx.settings.mic_tail_ms
        heard = microphone.heard_ms
        silent = microphone.tone is not None or heard is None or now - heard > tail_ms
        microphone.closes_ms = now if silent else MonoMs(now + tail_ms)
        return microphone.buffer.left_ms

    def drained(self, request: RequestId) -> bool:
        """Say whether a released press has nothing to wait for and nothing left to send."""
        microphone = self._streams.get(request)
        if microphone is None or microphone.closes_ms is None:
            return microphone is None
        return self._ctx.now() >= microphone.closes_ms and microphone.buffer.left_ms == 0

    def _block(self, stream: Microphone, now: MonoMs) -> bytes | None:
        closed = stream.closes_ms is not None and now >= stream.closes_ms
        if stream.tone is not None:
            return None if closed else stream.tone.take()
        if closed:
            self._finish(stream)
        waited_ms = stream.buffer.left_ms
        block = stream.buffer.take()
        if block is not None:
            self._count(stream, waited_ms, now)
        elif not closed:
            self.underruns += 1
            stream.figures.dry += 1
            self._watch(stream, now)
            return SILENT_FRAME
        return block

    def _count(self, microphone: Microphone, waited_ms: int, now: MonoMs) -> None:
        """Count a block that is sent: what waited when it was taken is how long it waited."""
        over = microphone.transmission
        if over is not None and over.spoken_ms is None:
            over.spoken_ms = now
        figures = microphone.figures
        figures.frames += 1
        figures.stage("press").add(waited_ms * 1000)
        figures.stage("gateway").add(microphone.order_us + waited_ms * 1000)
        self._voice.figures.counted()

    def _watch(self, microphone: Microphone, now: MonoMs) -> None:
        heard, open_still = microphone.heard_ms, microphone.closes_ms is None
        if heard is None or now - heard < UNHEARD_MS or microphone.unheard or not open_still:
            return
        self._tell_unheard(microphone, silent=True)

    def _tell_unheard(self, microphone: Microphone, *, silent: bool) -> None:
        microphone.unheard = silent
        if microphone.transmission is not None:
            self._ctx.publish(
                FloorUnheard(
                    request=microphone.request,
                    position=microphone.position,
                    talkgroup=microphone.transmission.call.talkgroup,
                    silent=silent,
                )
            )

    def _finish(self, microphone: Microphone) -> None:
        for block in microphone.chain.finish():
            microphone.buffer.push(block)
        microphone.buffer.finish()
