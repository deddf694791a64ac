"""The way of a voice packet: a radio's sound in, numbered VoiceFrames out to bus and recorder.

Sound is encoded once. A frame's sequence counts per talkgroup over all its transmissions; its
timestamp runs at 48 kHz with the wall clock, over silences too, so that a listener's jitter buffer
sees one stream. The first frame of a transmission carries START; at the end 60 ms of coded silence
bring every decoder to rest, the last of them carries END.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.engine.call_state import Transmission, is_duplex
from gateway.engine.context import Context
from gateway.engine.settings import END_SILENCE_MS
from gateway.model.ids import LinkId, TalkgroupId, TransmissionId, UtcUs, split_address, ulid_bytes
from gateway.model.recording import FrameLevel, RecordingEnd, RecordingMeta
from gateway.model.voice import FRAME_MS, TIMESTAMP_STEP, VoiceFlag, VoiceFrame
from gateway.ports import SoundRecorder
from voicecodecs.opus import OpusEncoder
from voicecodecs.pcm import FRAME_BYTES, SILENT_FRAME
from voicecodecs.receive import ReceiveChain

FRAME_US = FRAME_MS * 1000
GAP_US = 3 * FRAME_US
"""Less than this is jitter of the capture times; more is sound that did not come."""
_REST_FRAMES = END_SILENCE_MS // FRAME_MS


@dataclass(slots=True)
class TalkgroupLine:
    """Numbering of one talkgroup's frames."""

    sequence: int = 0
    timestamp: int = 0
    last_utc: UtcUs = field(default=UtcUs(0))

    def next(self, utc: UtcUs) -> tuple[int, int, int]:
        """Return sequence, timestamp and the number of frames that are missing before this one."""
        missing = 0
        if self.last_utc:
            late_us = utc - self.last_utc - FRAME_US
            if late_us >= GAP_US:
                missing = round(late_us / FRAME_US)
            self.timestamp += (1 + missing) * TIMESTAMP_STEP
            # Held to the capture clock: small differences may not add up unseen.
            self.last_utc = utc if missing else UtcUs(self.last_utc + FRAME_US)
        else:
            self.last_utc = utc
        self.sequence += 1
        return self.sequence & 0xFFFFFFFF, self.timestamp & 0xFFFFFFFF, missing


class VoiceStream:
    """One transmission on its way out: frames to the bus, and to the recorder where the rule is."""

    def __init__(
        self,
        ctx: Context,
        recorder: SoundRecorder,
        transmission: Transmission,
        line: TalkgroupLine,
        talker: int,
    ) -> None:
        """Begin; the recording is opened before the first sound."""
        self._ctx = ctx
        call = transmission.call
        rule = call.private.recorded if call.private else ctx.addresses.recorded(call.talkgroup)
        self._recorder = recorder if rule else None
        self._heard_elsewhere = call.private is None or transmission.request is None
        self.transmission = transmission
        self._line = line
        self._talker = talker
        self._ulid = ulid_bytes(transmission.id)
        self._system = ctx.addresses.handle(transmission.call.talkgroup)
        self._group = split_address(transmission.call.talkgroup)[1]
        self._begun = False
        self._rested = False
        if self._recorder is not None:
            self._recorder.open(self._meta())

    def set_talker(self, talker: int) -> None:
        """Note the talker."""
        self._talker = talker

    def send(self, opus: bytes, utc: UtcUs, level: FrameLevel, flags: VoiceFlag) -> None:
        """Give a packet, numbered, to bus and recorder."""
        sequence, timestamp, missing = self._line.next(utc)
        if self._begun:
            self.transmission.lost_frames += missing
        else:
            flags |= VoiceFlag.START
            self._begun = True
        if self.transmission.emergency:
            flags |= VoiceFlag.EMERGENCY
        frame = VoiceFrame(
            flags=flags,
            sequence=sequence,
            timestamp_48k=timestamp,
            capture_utc_us=utc,
            transmission=self._ulid,
            system=self._system,
            talkgroup=self._group,
            talker=self._talker,
            opus=opus,
        )
        if self._heard_elsewhere:
            self._ctx.bus.publish_voice(frame)
        if self._recorder is not None:
            self._recorder.write(self.transmission.id, frame, level)

    def rest(self, silent: Callable[[], bytes]) -> None:
        """Bring every decoder to rest with 60 ms of coded silence, once, if anything was sent."""
        if not self._begun or self._rested:
            return
        self._rested = True
        for number in range(1, _REST_FRAMES + 1):
            flags = VoiceFlag.SILENCE
            if number == _REST_FRAMES:
                flags |= VoiceFlag.END
            self.send(silent(), UtcUs(self._line.last_utc + FRAME_US), FrameLevel(), flags)

    def close(self, end: RecordingEnd) -> None:
        """End the recording."""
        if self._recorder is not None:
            self._recorder.close(self.transmission.id, end)

    def _meta(self) -> RecordingMeta:
        over, call = self.transmission, self.transmission.call
        return RecordingMeta(
            transmission=over.id,
            call=call.id,
            call_seq=call.seq,
            talkgroup=call.talkgroup,
            link=call.link,
            started_utc=over.started_utc,
            talker=over.talker,
            alias=over.alias,
            position=over.position,
            operator=over.operator,
            emergency=over.emergency,
            encrypted=over.encrypted,
            retention=(
                call.private.retention
                if call.private
                else self._ctx.addresses.retention(call.talkgroup)
            ),
            plan=self._ctx.addresses.number,
        )


class _Heard:
    """A transmission of another radio and its chain."""

    def __init__(self, stream: VoiceStream) -> None:
        self.stream = stream
        self.chain = ReceiveChain()

    def receive(self, pcm: bytes, utc: UtcUs) -> None:
        coded = self.chain.encode(pcm)
        level = FrameLevel(
            gain_db=coded.gain_db, limited=coded.limited, level_dbfs=coded.level_dbfs
        )
        self.stream.send(coded.opus, utc, level, VoiceFlag.NONE)


class _LinkSound:
    """What one radio is heard to say."""

    def __init__(self, preroll_frames: int) -> None:
        self.preroll: deque[tuple[bytes, UtcUs]] = deque(maxlen=preroll_frames)
        self.heard: _Heard | None = None
        self.own = False
        """A desk talks through this radio: what it gives back is no talker."""


class VoicePath:
    """All sound of the gateway: listens to the call book for beginnings and ends."""

    def __init__(self, ctx: Context, recorder: SoundRecorder) -> None:
        """Begin with silence."""
        self._ctx = ctx
        self._recorder = recorder
        self._lines: dict[TalkgroupId, TalkgroupLine] = {}
        self._links: dict[LinkId, _LinkSound] = {}
        self._heard: dict[TransmissionId, _Heard] = {}
        self._own: dict[TransmissionId, tuple[VoiceStream, OpusEncoder]] = {}
        self.own_numbers: dict[LinkId, int] = {}
        """Number of each radio: the talker of what a desk says through it."""
        self.ignored_blocks = 0
        """Blocks of sound of a wrong size: a fault of the link."""

    # ---- from the call book

    def began(self, transmission: Transmission) -> None:
        """Open the stream of a transmission, and give it what was heard just before."""
        call = transmission.call
        line = self._line(transmission)
        sound = self._sound(call.link)
        if transmission.request is not None:
            own = self.own_numbers.get(call.link, 0)
            stream = VoiceStream(self._ctx, self._recorder, transmission, line, own)
            self._own[transmission.id] = (stream, OpusEncoder())
            if not is_duplex(call):
                sound.preroll.clear()
                sound.own = True
            return
        talker = split_address(transmission.talker)[1] if transmission.talker else 0
        if sound.heard is not None:
            # One radio gives one sound: who began last is heard.
            self._hush(sound.heard)
        stream = VoiceStream(self._ctx, self._recorder, transmission, line, talker)
        heard = _Heard(stream)
        sound.heard = self._heard[transmission.id] = heard
        oldest = transmission.started_utc - self._ctx.settings.preroll_ms * 1000
        early, sound.preroll = list(sound.preroll), deque(maxlen=sound.preroll.maxlen)
        for pcm, utc in early:
            if utc >= oldest:
                heard.receive(pcm, utc)

    def changed(self, transmission: Transmission) -> None:
        """Note the talker."""
        heard = self._heard.get(transmission.id)
        if heard is not None:
            number = split_address(transmission.talker)[1] if transmission.talker else 0
            heard.stream.set_talker(number)

    def ended(self, transmission: Transmission, end: RecordingEnd) -> None:
        """End a transmission: 60 ms of coded silence, then the recording is closed."""
        own = self._own.pop(transmission.id, None)
        if own is not None:
            self._sound(transmission.call.link).own = False
            stream, encoder = own
            stream.rest(lambda: encoder.encode(SILENT_FRAME))
            stream.close(end)
            return
        heard = self._heard.pop(transmission.id, None)
        if heard is None:
            return
        self._hush(heard)
        heard.stream.close(end)
        sound = self._sound(transmission.call.link)
        if sound.heard is heard:
            sound.heard = None

    # ---- sound

    def on_sound(self, link: LinkId, pcm: bytes, utc: UtcUs) -> None:
        """Take 160 samples from a radio; without a known talker they wait 200 ms at most."""
        if len(pcm) != FRAME_BYTES:
            self.ignored_blocks += 1
            return
        sound = self._sound(link)
        if sound.own:
            return
        if sound.heard is None:
            sound.preroll.append((pcm, utc))
        else:
            sound.heard.receive(pcm, utc)

    def forget(self, link: LinkId) -> None:
        """Drop what waits for a talker: it belongs to a call that is not ours to tell."""
        self._sound(link).preroll.clear()

    def send_own(self, transmission: Transmission, pcm: bytes, utc: UtcUs) -> None:
        """Fan out and record 160 samples of a desk's own transmission, as they went to the air."""
        own = self._own.get(transmission.id)
        if own is not None:
            stream, encoder = own
            stream.send(encoder.encode(pcm), utc, FrameLevel(), VoiceFlag.NONE)

    def _hush(self, heard: _Heard) -> None:
        heard.stream.rest(lambda: heard.chain.encode(SILENT_FRAME).opus)

    def _line(self, transmission: Transmission) -> TalkgroupLine:
        """Return the numbering: the talkgroup's; of a private call one for each over."""
        if transmission.call.private is not None:
            return TalkgroupLine()
        return self._lines.setdefault(transmission.call.talkgroup, TalkgroupLine())

    def _sound(self, link: LinkId) -> _LinkSound:
        found = self._links.get(link)
        if found is None:
            found = _LinkSound(max(1, self._ctx.settings.preroll_ms // FRAME_MS))
            self._links[link] = found
        return found
