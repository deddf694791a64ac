"""The way of a microphone: frames of a position wait for the grant, then go out every 20 ms.

Each press has a buffer of its own. What comes before the grant waits there (600 ms at most) and is
sent only if the radio grants; else it is dropped and counted. After the grant one block goes to
the link every 20 ms by a monotonic schedule; when the microphone is late the block is silence, so
that the radio's sound never runs dry.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.engine.call_state import Transmission
from gateway.engine.context import Context
from gateway.engine.sound_figures import PathFigures
from gateway.engine.tone_source import ToneSource
from gateway.engine.voice_path import VoicePath
from gateway.model.events import FloorUnheard
from gateway.model.ids import LinkId, MonoMs, PositionId, RequestId
from gateway.model.voice import FRAME_MS, VoiceFrame
from voicecodecs.pcm import SILENT_FRAME
from voicecodecs.press_buffer import PressBuffer
from voicecodecs.transmit import TransmitChain

MAX_BEHIND_MS = 200
"""When the loop stood still for longer the schedule begins anew instead of catching up."""

UNHEARD_MS = 1_000
"""A microphone on air that gave no packet for this long gives no sound: the person must know."""


@dataclass(slots=True, eq=False)
class Microphone:
    """The sound of one press."""

    request: RequestId
    position: PositionId
    link: LinkId
    figures: PathFigures
    chain: TransmitChain = field(default_factory=TransmitChain)
    buffer: PressBuffer = field(default_factory=PressBuffer)
    transmission: Transmission | None = None
    next_ms: MonoMs = field(default=MonoMs(0))
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


class Uplink:
    """All microphones with a live press."""

    def __init__(
        self, ctx: Context, voice: VoicePath, emptied: Callable[[RequestId], None]
    ) -> None:
        """Begin without a press; ``emptied`` is called when a released one has nothing left."""
        self._ctx = ctx
        self._voice = voice
        self._emptied = emptied
        self._microphones: dict[RequestId, Microphone] = {}
        self.underruns = 0
        """Blocks of silence sent because the microphone was late."""

    def __contains__(self, request: object) -> bool:
        """Say whether a press has a microphone here."""
        return request in self._microphones

    def open(
        self,
        request: RequestId,
        position: PositionId,
        link: LinkId,
        tone: ToneSource | None = None,
    ) -> None:
        """Keep the sound of a press from here on; a ``tone`` is sent in its place."""
        figures = self._voice.figures.transmit(link, position)
        self._microphones[request] = Microphone(request, position, link, figures, tone=tone)

    def on_frame(self, position: PositionId, frame: VoiceFrame) -> None:
        """Take a microphone packet; without a press of this position it is dropped."""
        now = self._ctx.now()
        for microphone in self._microphones.values():
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

    def grant(self, request: RequestId, transmission: Transmission) -> None:
        """Go on air: the first block goes out at once."""
        microphone = self._microphones.get(request)
        if microphone is not None:
            microphone.transmission = transmission
            microphone.next_ms = self._ctx.now()
            microphone.heard_ms = microphone.heard_ms or microphone.next_ms
            microphone.buffer.grant()
            self.tick(microphone.next_ms)

    def release(self, request: RequestId) -> int:
        """Close the microphone after its tail; returns the milliseconds still to send.

        A microphone that was not heard for longer than its tail has nothing to wait for.
        """
        microphone = self._microphones.get(request)
        if microphone is None:
            return 0
        now, tail_ms = self._ctx.now(), self._ctx.settings.mic_tail_ms
        heard = microphone.heard_ms
        silent = microphone.tone is not None or heard is None or now - heard > tail_ms
        microphone.closes_ms = now if silent else MonoMs(now + tail_ms)
        return microphone.buffer.left_ms

    def drained(self, request: RequestId) -> bool:
        """Say whether a released press has nothing to wait for and nothing left to send."""
        microphone = self._microphones.get(request)
        if microphone is None or microphone.closes_ms is None:
            return microphone is None
        return self._ctx.now() >= microphone.closes_ms and microphone.buffer.left_ms == 0

    def close(self, request: RequestId) -> int:
        """Drop what is left of a press; returns how many ms were never sent."""
        microphone = self._microphones.pop(request, None)
        return 0 if microphone is None else microphone.buffer.discard()

    def deadline(self) -> MonoMs | None:
        """Return when the next block is due."""
        due = [m.next_ms for m in self._microphones.values() if m.transmission is not None]
        return min(due) if due else None

    def tick(self, now: MonoMs) -> None:
        """Send what is due."""
        for microphone in list(self._microphones.values()):
            if microphone.transmission is not None:
                self._pace(microphone, now)

    def _pace(self, microphone: Microphone, now: MonoMs) -> None:
        if now - microphone.next_ms > MAX_BEHIND_MS:
            microphone.next_ms = now
        while microphone.next_ms <= now and microphone.request in self._microphones:
            microphone.next_ms = MonoMs(microphone.next_ms + FRAME_MS)
            if not self._send(microphone, now):
                self._emptied(microphone.request)
                return

    def _send(self, microphone: Microphone, now: MonoMs) -> bool:
        """Send one block; False when the press was released and nothing is left."""
        closed = microphone.closes_ms is not None and now >= microphone.closes_ms
        waited_ms = microphone.buffer.left_ms
        if microphone.tone is not None:
            block = None if closed else microphone.tone.take()
            closed = block is None
        else:
            if closed:
                self._finish(microphone)
            block = microphone.buffer.take()
        if block is None:
            if closed:
                return False
            self.underruns += 1
            microphone.figures.dry += 1
            block = SILENT_FRAME
            self._watch(microphone, now)
        elif microphone.tone is None:
            self._count(microphone, waited_ms)
        self._ctx.links[microphone.link].send_sound(microphone.request, block)
        if microphone.transmission is not None:
            self._voice.send_own(microphone.transmission, block, self._ctx.utc())
        return True

    def _count(self, microphone: Microphone, waited_ms: int) -> None:
        """Count a block that is sent: what waited when it was taken is how long it waited."""
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
