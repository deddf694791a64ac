"""The way of a voice packet: a radio's sound in, numbered VoiceFrames out to bus and recorder.

Sound is encoded once. A frame's sequence counts per talkgroup over all its transmissions; its
timestamp runs at 48 kHz with the wall clock, over silences too, so that a listener's jitter buffer
sees one stream. The first frame of a transmission carries START; at the end 60 ms of coded silence
bring every decoder to rest, the last of them carries END.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gateway.engine.call_state import Transmission, is_duplex
from gateway.engine.context import Context
from gateway.engine.settings import END_SILENCE_MS
from gateway.model.ids import (
    LinkId,
    MonoMs,
    TalkgroupId,
    TransmissionId,
    UtcUs,
    split_address,
    ulid_bytes,
)
from gateway.model.recording import FrameLevel, RecordingEnd, RecordingMeta
from gateway.model.voice import FRAME_MS, TIMESTAMP_STEP, VoiceFlag, VoiceFrame
from gateway.ports import SoundRecorder
from voicecodecs.opus import OpusEncoder
from voicecodecs.pcm import FRAME_BYTES, SILENT_FRAME
from voicecodecs.receive import ReceiveChain

ANALOGUE = "analogue"
"""Technology of links whose sound is also kept as it was received, before level control."""
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

    def copy(self) -> "TalkgroupLine":
        """Return one that goes on from here by itself."""
        return replace(self)

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
    """One reception of a transmission on its way out: to listeners while it is ``live``, to disk.

    Listeners hear one numbering per talkgroup. What is recorded goes by the same numbers, unless
    the over is heard by several links: then each recording has its own.
    """

    def __init__(
        self,
        ctx: Context,
        recorder: SoundRecorder,
        transmission: Transmission,
        line: TalkgroupLine,
        talker: int,
        *,
        link: LinkId | None = None,
    ) -> None:
        """Begin; the recording is opened before the first sound. ``link`` of a further one."""
        self._ctx = ctx
        call = transmission.call
        rule = call.private.recorded if call.private else ctx.addresses.recorded(call.talkgroup)
        self._recorder = recorder if rule else None
        self.live = link is None and (call.private is None or transmission.request is None)
        self.transmission = transmission
        self._recording = transmission.id if link is None else transmission.receptions[link]
        self._link = link or transmission.link
        self._line = line
        self._apart = None if link is None else TalkgroupLine()
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

    def set_live(self, live: bool) -> None:
        """Let people hear this one, or another one from here on."""
        self._apart = self._apart or self._line.copy()
        self.live = live

    @property
    def recorded(self) -> bool:
        """Whether what is heard is kept."""
        return self._recorder is not None

    def send(self, opus: bytes, utc: UtcUs, level: FrameLevel, flags: VoiceFlag) -> None:
        """Give a packet, numbered, to bus and recorder."""
        sequence, timestamp, missing = (self._apart or self._line).next(utc)
        if not self._begun:
            flags |= VoiceFlag.START
        elif self.live:
            self.transmission.lost_frames += missing
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
        if self.live:
            self._publish(frame, utc)
        if self._recorder is not None:
            self._recorder.write(self._recording, frame, level)

    def _publish(self, frame: VoiceFrame, utc: UtcUs) -> None:
        """Give a frame to listeners; START is on the first that they get, whoever heard it."""
        if self._apart is not None:
            sequence, timestamp, _ = self._line.next(utc)
            flags = frame.flags & ~VoiceFlag.START
            if not self.transmission.sounded:
                flags |= VoiceFlag.START
            frame = replace(frame, flags=flags, sequence=sequence, timestamp_48k=timestamp)
        self.transmission.sounded = True
        self._ctx.bus.publish_voice(frame)

    def rest(self, silent: Callable[[], bytes]) -> None:
        """Bring every decoder to rest with 60 ms of coded silence, once, if anything was sent."""
        sounded = self.transmission.sounded if self.live else self._begun
        if not sounded or self._rested:
            return
        self._rested = True
        for number in range(1, _REST_FRAMES + 1):
            flags = VoiceFlag.SILENCE
            if number == _REST_FRAMES:
                flags |= VoiceFlag.END
            last = (self._apart or self._line).last_utc or self._ctx.utc()
            self.send(silent(), UtcUs(last + FRAME_US), FrameLevel(), flags)

    def close(self, end: RecordingEnd) -> None:
        """End the recording."""
        if self._recorder is not None:
            self._recorder.close(self._recording, end)

    def _meta(self) -> RecordingMeta:
        over, call = self.transmission, self.transmission.call
        return RecordingMeta(
            transmission=self._recording,
            copy_of=None if self._recording == over.id else over.id,
            call=call.id,
            call_seq=call.seq,
            talkgroup=call.talkgroup,
            link=self._link,
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

    def __init__(self, stream: VoiceStream, *, keeps_raw: bool) -> None:
        self.stream = stream
        self.chain = ReceiveChain()
        self._raw = OpusEncoder() if keeps_raw else None

    def receive(self, pcm: bytes, utc: UtcUs) -> None:
        coded = self.chain.encode(pcm)
        level = FrameLevel(
            gain_db=coded.gain_db,
            limited=coded.limited,
            level_dbfs=coded.level_dbfs,
            raw=self._raw.encode(pcm) if self._raw is not None else b"",
        )
        self.stream.send(coded.opus, utc, level, VoiceFlag.NONE)


class _LinkSound:
    """What one radio is heard to say."""

    def __init__(self, preroll_frames: int) -> None:
        self.preroll: deque[tuple[bytes, UtcUs]] = deque(maxlen=preroll_frames)
        self.heard: _Heard | None = None
        self.own = False
        """A desk talks through this radio: what it gives back is no talker."""
        self.last_ms: MonoMs | None = None
        self.missing = 0.0
        """Share of blocks that did not come, over about the last two seconds."""
        self._last_utc = UtcUs(0)

    def note(self, now: MonoMs, utc: UtcUs) -> None:
        """Note that a block came, and what is missing before it."""
        gap_us = utc - self._last_utc - FRAME_US
        lost = min(50, round(gap_us / FRAME_US)) if self._last_utc and gap_us >= GAP_US else 0
        for share in [1.0] * lost + [0.0]:
            self.missing += (share - self.missing) / 100
        self.last_ms, self._last_utc = now, utc


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
        line = self._line(transmission)
        sound = self._sound(transmission.link)
        if transmission.request is not None:
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
            self._sound(transmission.link).own = False
            stream, encoder = own
            stream.rest(lambda: encoder.encode(SILENT_FRAME))
            stream.close(end)
        for link in list(transmission.receptions):
            self._end_reception(transmission, link, end)

    def _hear(self, transmission: Transmission, link: LinkId, stream: VoiceStream) -> None:
        sound = self._sound(link)
        if sound.heard is not None:
            # One radio gives one sound: who began last is heard.
            self._hush(sound.heard)
        analogue = self._ctx.links[link].info.technology == ANALOGUE
        heard = _Heard(stream, keeps_raw=analogue and stream.recorded)
        sound.heard = self._heard[transmission.receptions[link]] = heard
        oldest = transmission.started_utc - self._ctx.settings.preroll_ms * 1000
        early, sound.preroll = list(sound.preroll), deque(maxlen=sound.preroll.maxlen)
        for pcm, utc in early:
            if utc >= oldest:
                heard.receive(pcm, utc)

    def _end_reception(self, transmission: Transmission, link: LinkId, end: RecordingEnd) -> None:
        heard = self._heard.pop(transmission.receptions[link], None)
        if heard is None:
            return
        self._hush(heard)
        heard.stream.close(end)
        sound = self._sound(link)
        if sound.heard is heard:
            sound.heard = None

    def quality(self, link: LinkId) -> tuple[MonoMs | None, float]:
        """Return when sound of a link came last, and the share that lately did not come."""
        sound = self._sound(link)
        return sound.last_ms, sound.missing

    # ---- sound

    def on_sound(self, link: LinkId, pcm: bytes, utc: UtcUs) -> None:
        """Take 160 samples from a radio; without a known talker they wait 200 ms at most."""
        if len(pcm) != FRAME_BYTES:
            self.ignored_blocks += 1
            return
        sound = self._sound(link)
        sound.note(self._ctx.now(), utc)
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


def _number(transmission: Transmission) -> int:
    """Return the talker's number, 0 unknown."""
    return split_address(transmission.talker)[1] if transmission.talker else 0
