"""An over of ours to the station: start, header words, a voice packet each 20 ms, end.

Sequence numbers count, time stamps are 8 kHz, and every voice packet carries its start-of-stream
block, as stations on the air send and expect it (reference p25, 2.3 and its open doubts).
"""

from collections import deque
from typing import Final

from gateway.model.ids import MonoMs
from gateway.model.voice import FRAME_MS
from gateway.p25.dfsi import v24
from gateway.p25.dfsi.blocks import Block, EndOfStream, StartOfStream, VoiceBlock, VoiceHeader
from gateway.p25.dfsi.header_word import HeaderWord
from gateway.p25.dfsi.ldu_word import piece_index, pieces_of
from gateway.p25.dfsi.rtp import (
    TIA_VOICE,
    TICKS_PER_FRAME,
    V24_DATA,
    V24_VOICE,
    RtpPacket,
    decode_rtp,
)
from gateway.p25.dfsi.voice_packet import packet_of, verbose_packet_of
from gateway.p25.talk.records import FRAMES_PER_LDU, PLACES
from gateway.p25.talk.talk_out import SILENCE, OutFrame, TalkOut

LEAD_MS: Final = 40
"""The first frame waits this long, so that the sender's jitter makes no holes."""
FILL_MS: Final = 120
"""Voice that is late is waited for this long; then silence takes its place, so that the station
does not take the over for ended."""
END_AGAIN_MS: Final = 40
"""The end is said twice: one lost datagram must not keep a transmitter keyed."""
HDU, LDU1, LDU2 = 0x0, 0x5, 0xA
MAX_WAITING: Final = 200
UNKEY_AHEAD: Final = 64
"""The guard's datagram is so many packets ahead of the last one: it is made anew that seldom."""
TICKS_PER_MS: Final = 8


class StreamOut:
    """The one over that may run, and its datagrams."""

    def __init__(self, *, nac: int, ssrc: int, tia: bool, verbose: bool = False) -> None:
        """``tia``: the standard's dialect, else V.24 records; ``verbose``: long block headers."""
        self._nac, self._ssrc, self._tia = nac, ssrc, tia
        self._packet = verbose_packet_of if verbose else packet_of
        self._talk: TalkOut | None = None
        self._out: deque[bytes] = deque(maxlen=MAX_WAITING)
        self._types = (TIA_VOICE, TIA_VOICE)
        self._sequence = 0
        self._timestamp = 0
        self._superframe = 0
        self._pieces: tuple[bytes, ...] = ()
        self._due_ms: MonoMs | None = None
        self._again_ms: MonoMs | None = None
        self._dry = False
        self.filled = 0
        """Frames of silence that stood in for voice that was late."""

    @property
    def keyed(self) -> bool:
        """Whether an over was begun and not ended."""
        return self._talk is not None

    def answer(self, octets: bytes) -> None:
        """Send records in the payload types that the station uses; raises ProtocolViolation.

        Until it was heard they go in the standard's type: dvmhost takes no other.
        """
        if not self._tia:
            own = decode_rtp(octets).payload_type in (V24_VOICE, V24_DATA)
            self._types = (V24_VOICE, V24_DATA) if own else (TIA_VOICE, TIA_VOICE)

    def begin(self, talk: TalkOut, now: MonoMs) -> None:
        """Key: the start and the header words leave at once."""
        self._talk = talk
        self._superframe = 0
        self._due_ms = self._again_ms = None
        self._dry = False
        self._timestamp = now * TICKS_PER_MS
        word = HeaderWord(sync=talk.header, group=talk.group)
        first, second = word.encode()
        if self._tia:
            start = StartOfStream(nac=self._nac, duid=HDU)
            self._send_blocks(start)
            self._send_blocks(VoiceHeader(second=False, hexbits=first), start)
            self._send_blocks(VoiceHeader(second=True, hexbits=second, marker=0x61), start)
        else:
            self._send_record(v24.START_VOICE)
            self._send_record(v24.V24Header(second=False, hexbits=first))
            self._send_record(v24.V24Header(second=True, hexbits=second))

    def push(self, imbe: bytes, now: MonoMs) -> None:
        """Give 20 ms of voice."""
        if self._talk is not None:
            self._talk.push(imbe)
            if self._due_ms is None:
                self._due_ms = MonoMs(now + LEAD_MS)
            elif self._dry:
                self._due_ms = min(self._due_ms, now)

    def release(self, now: MonoMs) -> None:
        """Let the key go: what was given is sent, up to the end of its LDU."""
        if self._talk is not None:
            self._talk.close()
            if self._due_ms is None or self._dry:
                self._due_ms = now

    def cut(self, now: MonoMs) -> None:
        """Un-key at once; what was given is forgotten."""
        if self._talk is not None:
            self._talk.close(drop=True)
            self._end(now)

    def drop(self) -> None:
        """Forget the over: nobody is there who could be told."""
        self._talk = None
        self._due_ms = self._again_ms = None
        self._out.clear()

    def tick(self, now: MonoMs) -> bool:
        """Send what is due; True when the over has ended now."""
        if self._again_ms is not None and now >= self._again_ms:
            self._again_ms = None
            self._send_end()
        while self._talk is not None and self._due_ms is not None and now >= self._due_ms:
            if self._talk.done:
                self._end(now)
                return True
            self._due_ms = MonoMs(self._due_ms + self._send_voice(self._talk))
        return False

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        due = [self._due_ms if self._talk is not None else None, self._again_ms]
        return min((one for one in due if one is not None), default=None)

    def signal(self, tsbk: bytes) -> None:
        """Send a signalling block of 12 octets; only V.24 records can carry one."""
        self._rtp(v24.V24Tsbk(octets=tsbk).encode(), self._types[1])

    def acknowledge_start(self, ack: Block) -> None:
        """Answer the station's start of an over."""
        if self._tia:
            self._send_blocks(ack)

    def unkey(self) -> bytes:
        """Return the datagram that ends what is keyed, for the un-key guard."""
        ahead = (self._sequence + UNKEY_AHEAD) // UNKEY_AHEAD * UNKEY_AHEAD
        ticks = (ahead - self._sequence) * TICKS_PER_FRAME
        packet = RtpPacket(
            payload_type=self._types[0],
            sequence=ahead & 0xFFFF,
            timestamp=self._timestamp + ticks & 0xFFFFFFFF,
            ssrc=self._ssrc,
            payload=self._end_payload(),
        )
        return packet.encode()

    def outgoing(self) -> list[bytes]:
        """Return the datagrams that are to be sent, in order, and forget them."""
        datagrams = list(self._out)
        self._out.clear()
        return datagrams

    # -- inside

    def _send_voice(self, talk: TalkOut) -> int:
        """Send 20 ms, or wait for it; returns how many milliseconds later more is due."""
        frame = talk.frame()
        if frame is None and not self._dry:
            self._dry = True
            return FILL_MS
        if frame is None:
            talk.push(SILENCE)
            self.filled += 1
            frame = talk.frame()
        else:
            self._dry = False
        if frame is not None:
            self._timestamp += TICKS_PER_FRAME
            if frame.place % FRAMES_PER_LDU == 0:
                self._pieces = pieces_of(frame.word, second=frame.place >= FRAMES_PER_LDU)
            if self._tia:
                self._send_tia(frame)
            else:
                extra = self._extra(frame)
                record = v24.V24Voice(place=frame.place, imbe=frame.imbe, piece=extra)
                self._send_record(record)
            if frame.place == PLACES - 1:
                self._superframe = (self._superframe + 1) % 4
        return FRAME_MS

    def _send_tia(self, frame: OutFrame) -> None:
        voice = VoiceBlock(
            place=frame.place,
            imbe=frame.imbe,
            superframe=self._superframe,
            extra=self._extra(frame),
        )
        duid = LDU2 if frame.place >= FRAMES_PER_LDU else LDU1
        self._send_blocks(voice, StartOfStream(nac=self._nac, duid=duid))

    def _extra(self, frame: OutFrame) -> bytes:
        index = piece_index(frame.place)
        if index is not None:
            return self._pieces[index]
        return frame.low_speed if frame.place % FRAMES_PER_LDU == FRAMES_PER_LDU - 1 else b""

    def _end(self, now: MonoMs) -> None:
        self._talk, self._due_ms = None, None
        self._send_end()
        self._again_ms = MonoMs(now + END_AGAIN_MS)

    def _send_end(self) -> None:
        self._rtp(self._end_payload(), self._types[0])

    def _end_payload(self) -> bytes:
        return self._packet(EndOfStream()).encode() if self._tia else v24.STOP_VOICE.encode()

    def _send_blocks(self, *blocks: Block) -> None:
        self._rtp(self._packet(*blocks).encode(), TIA_VOICE)

    def _send_record(self, record: v24.Record) -> None:
        self._rtp(record.encode(), self._types[0])

    def _rtp(self, payload: bytes, payload_type: int) -> None:
        packet = RtpPacket(
            payload_type=payload_type,
            sequence=self._sequence,
            timestamp=self._timestamp & 0xFFFFFFFF,
            ssrc=self._ssrc,
            payload=payload,
        )
        self._sequence = self._sequence + 1 & 0xFFFF
        self._out.append(packet.encode())
