"""One reception of a transmission on its way out: numbered packets to listeners and to disk."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from gateway.engine.call_state import Transmission
from gateway.engine.context import Context
from gateway.engine.settings import END_SILENCE_MS
from gateway.engine.sound_figures import ReceiveMeter, SoundFigures
from gateway.model.ids import LinkId, UtcUs, split_address, ulid_bytes
from gateway.model.recording import FrameLevel, RecordingEnd, RecordingMeta
from gateway.model.voice import FRAME_MS, TIMESTAMP_STEP, VoiceFlag, VoiceFrame
from gateway.ports import SoundRecorder
from voicecodecs.opus import OpusEncoder
from voicecodecs.pcm import to_bytes
from voicecodecs.receive import ReceiveChain

FRAME_US = FRAME_MS * 1000
GAP_US = 3 * FRAME_US
"""Less than this is jitter of the capture times; more is sound that did not come."""
_REST_FRAMES = END_SILENCE_MS // FRAME_MS


Tap = Callable[[Transmission, bytes], None]
"""Takes 160 levelled samples (int16 little-endian, 8 kHz) of what people hear."""


class Block(NamedTuple):
    """20 ms of a radio's sound."""

    pcm: bytes
    utc: UtcUs
    coded: bytes = b""
    """The vocoder frame that it was made of, as received."""
    arrived: UtcUs = UtcUs(0)
    """When it came to the engine."""


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
    def link(self) -> LinkId:
        """Which link hears it."""
        return self._link

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
            exercise=call.exercise,
            encrypted=over.encrypted,
            retention=(
                call.private.retention
                if call.private
                else self._ctx.addresses.retention(call.talkgroup)
            ),
            plan=self._ctx.addresses.number,
            patch=over.passed.patch if over.passed else self._ctx.patched.get(call.talkgroup),
            source=over.passed.source.id if over.passed else None,
        )


class Heard:
    """A transmission of another radio and its chain."""

    def __init__(
        self, stream: VoiceStream, ctx: Context, figures: SoundFigures, *, keeps_raw: bool
    ) -> None:
        """Begin; ``keeps_raw``: the unlevelled sound is recorded too."""
        self.stream = stream
        self.chain = ReceiveChain()
        self._ctx = ctx
        self._figures = figures
        self._meter: ReceiveMeter = figures.receive(stream.link)
        self._raw = OpusEncoder() if keeps_raw else None
        self.tap: Tap | None = None

    def receive(self, block: Block) -> None:
        """Level, encode and give on 160 samples."""
        begun = self._ctx.utc()
        levelled = self.chain.level(block.pcm)
        level_done = self._ctx.utc()
        coded = self.chain.code(levelled)
        self._meter.times(block.utc, block.arrived, begun, level_done, self._ctx.utc())
        self._meter.figures.levelled(coded.gain_db, coded.level_dbfs, limited=coded.limited)
        self._figures.counted()
        level = FrameLevel(
            gain_db=coded.gain_db,
            limited=coded.limited,
            level_dbfs=coded.level_dbfs,
            raw=self._raw.encode(block.pcm) if self._raw is not None else b"",
            coded=block.coded,
        )
        self.stream.send(coded.opus, block.utc, level, VoiceFlag.NONE)
        if self.tap is not None and self.stream.live:
            self.tap(self.stream.transmission, to_bytes(levelled.samples))
