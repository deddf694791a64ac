"""The way of a voice packet: a radio's sound in, numbered VoiceFrames out to bus and recorder.

Sound is encoded once. A frame's sequence counts per talkgroup over all its transmissions; its
timestamp runs at 48 kHz with the wall clock, over silences too, so that a listener's jitter buffer
sees one stream. The first frame of a transmission carries START; at the end 60 ms of coded silence
bring every decoder to rest, the last of them carries END.
"""

from collections import deque

from gateway.engine.call_state import Transmission, is_duplex
from gateway.engine.context import Context
from gateway.engine.link_sound import LinkSound, LinkSounds
from gateway.engine.sound_figures import SoundFigures
from gateway.engine.voice_stream import Block, Heard, TalkgroupLine, Tap, VoiceStream
from gateway.model.ids import (
    LinkId,
    MonoMs,
    TalkgroupId,
    TransmissionId,
    UtcUs,
    split_address,
)
from gateway.model.recording import FrameLevel, RecordingEnd
from gateway.model.voice import FRAME_MS, VoiceFlag
from gateway.ports import SoundRecorder
from voicecodecs.opus import OpusEncoder
from voicecodecs.pcm import FRAME_BYTES, SILENT_FRAME

ANALOGUE = "analogue"
"""Technology of links whose sound is also kept as it was received, before level control."""


class VoicePath:
    """All sound of the gateway: listens to the call book for beginnings and ends."""

    def __init__(self, ctx: Context, recorder: SoundRecorder) -> None:
        """Begin with silence."""
        self._ctx = ctx
        self._recorder = recorder
        self._lines: dict[TalkgroupId, TalkgroupLine] = {}
        self._links = LinkSounds(max(1, ctx.settings.preroll_ms // FRAME_MS))
        self._heard: dict[TransmissionId, Heard] = {}
        self._own: dict[TransmissionId, tuple[VoiceStream, OpusEncoder]] = {}
        self.own_numbers: dict[LinkId, int] = {}
        """Number of each radio: the talker of what a desk says through it."""
        self.figures = SoundFigures(ctx)
        self.tap: Tap | None = None
        """Takes what people hear, as levelled for them: the patches."""
        self.ignored_blocks = 0
        """Blocks of sound of a wrong size: a fault of the link."""

    # ---- from the call book

    def began(self, transmission: Transmission) -> None:
        """Open the stream of a transmission, and give it what was heard just before."""
        line = self._line(transmission)
        if transmission.request is not None:
            sound = self._sound_of(transmission, transmission.link)
            own = self.own_numbers.get(transmission.link, 0)
            stream = VoiceStream(self._ctx, self._recorder, transmission, line, own)
            self._own[transmission.id] = (stream, OpusEncoder())
            if not is_duplex(transmission.call):
                sound.preroll.clear()
                sound.own = True
            return
        talker = _number(transmission)
        stream = VoiceStream(self._ctx, self._recorder, transmission, line, talker)
        self._hear(transmission, transmission.link, stream)

    def heard_too(self, transmission: Transmission, link: LinkId) -> None:
        """Record what another link hears of it."""
        line = self._line(transmission)
        stream = VoiceStream(
            self._ctx, self._recorder, transmission, line, _number(transmission), link=link
        )
        self._hear(transmission, link, stream)

    def heard_no_more(self, transmission: Transmission, link: LinkId, end: RecordingEnd) -> None:
        """End one of several receptions."""
        self._end_reception(transmission, link, end)

    def heard_from(self, transmission: Transmission, link: LinkId) -> None:
        """Let people hear another link's sound."""
        for other, recording in transmission.receptions.items():
            heard = self._heard.get(recording)
            if heard is not None:
                heard.stream.set_live(other == link)

    def changed(self, transmission: Transmission) -> None:
        """Note the talker."""
        for recording in transmission.receptions.values():
            heard = self._heard.get(recording)
            if heard is not None:
                heard.stream.set_talker(_number(transmission))

    def ended(self, transmission: Transmission, end: RecordingEnd) -> None:
        """End a transmission: 60 ms of coded silence, then the recordings are closed."""
        own = self._own.pop(transmission.id, None)
        if own is not None:
            self._sound_of(transmission, transmission.link).own = False
            stream, encoder = own
            stream.rest(lambda: encoder.encode(SILENT_FRAME))
            stream.close(end)
        for link in list(transmission.receptions):
            self._end_reception(transmission, link, end)

    def _hear(self, transmission: Transmission, link: LinkId, stream: VoiceStream) -> None:
        sound = self._sound_of(transmission, link)
        if sound.heard is not None:
            # One radio gives one sound: who began last is heard.
            self._hush(sound.heard)
        analogue = self._ctx.links[link].info.technology == ANALOGUE
        raw = analogue and stream.recorded
        heard = Heard(stream, self._ctx, self.figures, keeps_raw=raw)
        heard.tap = self.tap
        sound.heard = self._heard[transmission.receptions[link]] = heard
        oldest = transmission.started_utc - self._ctx.settings.preroll_ms * 1000
        early, sound.preroll = list(sound.preroll), deque(maxlen=sound.preroll.maxlen)
        for block in early:
            # How long it waited here, not how long its way was: a playout may have held it.
            if max(block.utc, block.arrived) >= oldest:
                heard.receive(block)

    def _end_reception(self, transmission: Transmission, link: LinkId, end: RecordingEnd) -> None:
        heard = self._heard.pop(transmission.receptions[link], None)
        if heard is None:
            return
        self._hush(heard)
        heard.stream.close(end)
        sound = self._sound_of(transmission, link)
        if sound.heard is heard:
            sound.heard = None

    def quality(self, link: LinkId) -> tuple[MonoMs | None, float]:
        """Return when sound of a link came last, and the share that lately did not come."""
        return self._links.quality(link)

    # ---- sound

    def on_sound(self, link: LinkId, block: Block, instance: int | None = None) -> None:
        """Take 160 samples from a radio; without a known talker they wait 200 ms at most.

        ``instance`` tells apart the calls of a link that carries many at once.
        """
        if len(block.pcm) != FRAME_BYTES:
            self.ignored_blocks += 1
            return
        sound = self._links.of(link, instance)
        sound.note(self._ctx.now(), block.utc)
        if sound.own:
            return
        if sound.heard is None:
            sound.preroll.append(block)
        else:
            sound.heard.receive(block)

    def forget(self, link: LinkId) -> None:
        """Drop what waits for a talker: it belongs to a call that is not ours to tell."""
        self._links.forget(link)

    def send_own(self, transmission: Transmission, pcm: bytes, utc: UtcUs) -> None:
        """Fan out and record 160 samples of a desk's own transmission, as they went to the air."""
        own = self._own.get(transmission.id)
        if own is not None:
            stream, encoder = own
            stream.send(encoder.encode(pcm), utc, FrameLevel(), VoiceFlag.NONE)
            if self.tap is not None:
                self.tap(transmission, pcm)

    def _hush(self, heard: Heard) -> None:
        heard.stream.rest(lambda: heard.chain.encode(SILENT_FRAME).opus)

    def _line(self, transmission: Transmission) -> TalkgroupLine:
        """Return the numbering: the talkgroup's; of a private call one for each over."""
        if transmission.call.private is not None:
            return TalkgroupLine()
        return self._lines.setdefault(transmission.call.talkgroup, TalkgroupLine())

    def _sound_of(self, transmission: Transmission, link: LinkId) -> LinkSound:
        """Return what ``link`` is heard to say in the call of a transmission."""
        leg = transmission.call.legs.get(link)
        many = self._ctx.links[link].info.many_calls
        return self._links.of(link, leg.instance if many and leg is not None else None)


def _number(transmission: Transmission) -> int:
    """Return the talker's number, 0 unknown."""
    return split_address(transmission.talker)[1] if transmission.talker else 0
