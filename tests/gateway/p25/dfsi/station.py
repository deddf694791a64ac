"""A core in a test: a station's side by hand, and time that is a number."""

from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import KeyDemand, LineSeen, RadioEvent
from gateway.p25.dfsi.blocks import Block, EndOfStream, StartOfStream, VoiceBlock, VoiceHeader
from gateway.p25.dfsi.control import Ack, Connect, Message, ReportModes, connect_ack, decode_control
from gateway.p25.dfsi.core import DfsiCore
from gateway.p25.dfsi.header_word import HeaderWord
from gateway.p25.dfsi.ldu_word import piece_index, pieces_of
from gateway.p25.dfsi.rtp import TIA_VOICE, RtpPacket
from gateway.p25.dfsi.voice_packet import packet_of
from gateway.p25.talk.port import Datagram, VoiceHeard
from gateway.p25.words.encryption import EncryptionSync
from gateway.p25.words.link_control import GroupVoice
from gateway.p25.words.service_options import ServiceOptions

GROUP, UNIT, DESK = 10_001, 1_234_567, 0xFFFFFC
PRESS = RequestId("r-1")
STATION_VOICE = 3_341
MODES = bytes([1, 1, 0, 0, 1])


class Bench:
    """One core, what it told and what it sent."""

    def __init__(self, **settings: object) -> None:
        self.now = 1_000
        self.events: list[RadioEvent] = []
        self.sent: list[tuple[int, Datagram]] = []
        wanted: dict[str, object] = {"nac": 0x293, "own_id": DESK, "voice_port": 5_000, **settings}
        self.core = DfsiCore(**wanted)  # type: ignore[arg-type]  # a test's own settings
        self.answers = True
        """Whether the station answers what it is asked."""
        self._sequence = 0

    @property
    def time(self) -> MonoMs:
        return MonoMs(self.now)

    def take(self, events: list[RadioEvent]) -> None:
        self.events += events
        for datagram in self.core.outgoing():
            self.sent.append((self.now, datagram))
            if datagram.channel == "control" and self.answers:
                self._answer(decode_control(datagram.data))

    def _answer(self, message: Message) -> None:
        if isinstance(message, Connect):
            self.control(connect_ack(message.tag, STATION_VOICE).encode())
        elif isinstance(message, ReportModes):
            self.control(Ack(message=8, tag=message.tag, data=MODES).encode())

    def open(self) -> None:
        self.take(self.core.opened(self.time))

    def control(self, data: bytes) -> None:
        self.take(self.core.receive(Datagram(channel="control", data=data, port=1), self.time))

    def voice(self, data: bytes) -> None:
        self.take(self.core.receive(Datagram(channel="voice", data=data, port=1), self.time))

    def blocks(self, *blocks: Block) -> None:
        self._sequence += 1
        payload = packet_of(*blocks).encode()
        self.voice(rtp(payload, self._sequence))

    def run(self, milliseconds: int) -> None:
        """Let time pass; each tick that is due happens at its own time."""
        end = self.now + milliseconds
        while (due := self.core.deadline()) is not None and due <= end:
            before = due
            self.now = max(self.now, due)
            self.take(self.core.tick(self.time))
            after = self.core.deadline()
            assert after is None or after > before, "the same deadline again: a driver would spin"
        self.now = end

    def press(self, priority: int = 0, group: int = GROUP, press: RequestId = PRESS) -> None:
        self.take(
            self.core.demand(KeyDemand(demand=press, group=group, priority=priority), self.time)
        )

    def end(self, cause: str = "released") -> None:
        self.take(self.core.end(PRESS, cause, self.time))

    def speak(self, frames: int) -> None:
        for number in range(frames):
            self.core.send_voice(PRESS, frame(number), self.time)
            self.run(20)

    def of(self, *kinds: type[RadioEvent]) -> list[RadioEvent]:
        return [event for event in self.events if isinstance(event, kinds)]

    def told(self) -> list[RadioEvent]:
        """Return what is news for the engine."""
        return [e for e in self.events if not isinstance(e, LineSeen | VoiceHeard)]

    def heard(self) -> list[bytes | None]:
        return [event.frame for event in self.events if isinstance(event, VoiceHeard)]

    def on(self, channel: str) -> list[bytes]:
        return [datagram.data for _, datagram in self.sent if datagram.channel == channel]


def rtp(payload: bytes, sequence: int = 1, payload_type: int = TIA_VOICE) -> bytes:
    return RtpPacket(
        payload_type=payload_type, sequence=sequence, timestamp=0, ssrc=9, payload=payload
    ).encode()


def frame(number: int) -> bytes:
    """Return a vocoder frame that can be told from others."""
    return bytes([number & 0xFF]) * 11


def word(
    *, group: int = GROUP, source: int = UNIT, emergency: bool = False, protected: bool = False
) -> bytes:
    service = ServiceOptions(emergency=emergency, protected=protected)
    return GroupVoice(service=service, group=group, source=source).encode()


def start() -> StartOfStream:
    return StartOfStream(nac=0x293, duid=0)


def headers(sync: EncryptionSync | None = None, group: int = GROUP) -> list[VoiceHeader]:
    first, second = HeaderWord(sync=sync or EncryptionSync(), group=group).encode()
    return [
        VoiceHeader(second=False, hexbits=first),
        VoiceHeader(second=True, hexbits=second, marker=0x61),
    ]


def superframe(
    link_control: bytes | None = None, sync: EncryptionSync | None = None, first: int = 0
) -> list[VoiceBlock]:
    """Return 18 voice blocks; their frames are numbered from ``first``."""
    words = pieces_of(link_control or word(), second=False)
    syncs = pieces_of((sync or EncryptionSync()).encode(), second=True)
    blocks = []
    for place in range(18):
        index = piece_index(place)
        extra = b"" if index is None else (syncs if place >= 9 else words)[index] + b"\0"
        blocks.append(VoiceBlock(place=place, imbe=frame(first + place), extra=extra))
    return blocks


def say(bench: Bench, blocks: list[VoiceBlock]) -> None:
    for block in blocks:
        bench.blocks(block, start())
        bench.run(20)


def over(bench: Bench, blocks: list[VoiceBlock] | None = None) -> None:
    """Play a whole over: start, headers, voice, end."""
    bench.blocks(start())
    for half in headers():
        bench.blocks(half, start())
    say(bench, superframe() if blocks is None else blocks)
    bench.blocks(EndOfStream())
