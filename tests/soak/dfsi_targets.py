"""Readers of the fixed-station interface: control, voice, V.24 records and line, a whole core."""

import json
import random
from collections.abc import Callable
from functools import cached_property

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import KeyDemand
from gateway.p25.dfsi import v24
from gateway.p25.dfsi.control import connect_ack, decode_control
from gateway.p25.dfsi.core import DfsiCore
from gateway.p25.dfsi.hdlc import MAX_FRAME_OCTETS, HdlcReader, HdlcWriter
from gateway.p25.dfsi.hdlc_link import Identity, V24Line
from gateway.p25.dfsi.rtp import decode_rtp
from gateway.p25.dfsi.voice_in import read_voice
from gateway.p25.dfsi.voice_packet import decode_voice_packet, verbose_packet_of
from gateway.p25.talk.port import Datagram, VoiceHeard
from samband.decode import KINDS
from tests.gateway.p25.dfsi.station import headers, rtp, start, superframe
from tests.gateway.p25.vectors import octets, rows
from tests.soak.mutation import damaged

MAX_EVENTS = 400
"""Events that one datagram and the time after it may make: a whole backlog of voice."""


def control_messages() -> list[bytes]:
    """Return messages of every kind."""
    return [*(octets(row["hex"]) for row in rows("dfsi_control")), b"\5\1\3", b"\5\1\3\1\2"]


def voice_packets() -> list[bytes]:
    """Return RTP packets of every kind, in both dialects."""
    found = [octets(row["rtp"]) for row in rows("dfsi_tia_capture")]
    found += [rtp(b"\x41\x8a"), rtp(b"\x41\x8e"), rtp(verbose_packet_of(*headers()).encode())]
    found.append(rtp(verbose_packet_of(*superframe()[:3], start()).encode()))
    return found + [rtp(record, payload_type=0x5D) for record in records()]


def records() -> list[bytes]:
    """Return records of every kind."""
    names = ("v24_records", "v24_capture")
    return [octets(row["record"]) for name in names for row in rows(name)]


class _Damaged:
    """Good inputs with seeded damage."""

    @cached_property
    def good(self) -> list[bytes]:
        """Inputs that are right."""
        raise NotImplementedError

    def make(self, rng: random.Random) -> bytes:
        """Return the next input."""
        return damaged(rng, self.good, ())

    def close(self) -> None:
        """Let go of nothing."""


def _within(fault: ProtocolViolation) -> None:
    assert 0 <= fault.offset <= len(fault.raw)


class Control(_Damaged):
    """A control message: what was read comes back the same."""

    @cached_property
    def good(self) -> list[bytes]:
        """Messages that are right."""
        return control_messages()

    def take(self, data: bytes) -> None:
        """Read, write, read."""
        try:
            message = decode_control(data)
        except ProtocolViolation as fault:
            _within(fault)
            return
        assert decode_control(message.encode()) == message


class VoicePackets(_Damaged):
    """A packet of the voice channel, in both dialects."""

    @cached_property
    def good(self) -> list[bytes]:
        """Packets that are right."""
        return voice_packets()

    def take(self, data: bytes) -> None:
        """Read by both settings; what was read as blocks comes back the same."""
        for preset in (False, True):
            try:
                read_voice(data, records=preset)
            except ProtocolViolation as fault:
                _within(fault)
        try:
            packet = decode_voice_packet(decode_rtp(data).payload)
        except ProtocolViolation:
            return
        if packet.compact and not packet.rest:
            assert decode_voice_packet(packet.encode()) == packet


class Records(_Damaged):
    """A V.24 record."""

    @cached_property
    def good(self) -> list[bytes]:
        """Records that are right."""
        return records()

    def take(self, data: bytes) -> None:
        """Read, write, read."""
        try:
            record = v24.decode_record(data)
        except ProtocolViolation as fault:
            _within(fault)
            return
        assert v24.decode_record(record.encode()) == record


class Line(_Damaged):
    """Bits of a V.24 line into one reader and one end that live on."""

    def __init__(self) -> None:
        """Begin out of step."""
        self._reader = HdlcReader()
        self._end = V24Line(Identity(), asks=False)
        self._end.opened(MonoMs(0))
        self._now = 0

    @cached_property
    def good(self) -> list[bytes]:
        """Frames on the line."""
        writer, found = HdlcWriter(), []
        for frame in (b"\x0b\x3f", b"\x0b\x73", b"\x0b\x01", *(b"\x0b\x03" + r for r in records())):
            writer.frame(frame)
            found.append(writer.take())
        return found

    def take(self, data: bytes) -> None:
        """Read bits, and what frames are in them."""
        self._now += 20
        for frame in self._reader.feed(data):
            assert 0 < len(frame) <= 2 * MAX_FRAME_OCTETS
            self._end.receive(frame, MonoMs(self._now))
        self._end.tick(MonoMs(self._now))
        self._end.outgoing()


class Core(_Damaged):
    """Datagrams of both channels into a core that lives on, with presses in between."""

    def __init__(self) -> None:
        """Connect."""
        self._now = 1_000
        self._turn = 0
        self._core = DfsiCore(nac=0x293, own_id=1, voice_port=5_000)
        self._core.opened(MonoMs(self._now))
        self._connect()

    @cached_property
    def good(self) -> list[bytes]:
        """Datagrams that are right: voice mostly."""
        return [*voice_packets(), *voice_packets(), *control_messages()]

    def take(self, data: bytes) -> None:
        """Feed one datagram, and let 5 ms pass."""
        self._turn += 1
        channel = "control" if data[:1] < b"\x0a" and self._turn % 4 == 0 else "voice"
        now = MonoMs(self._now)
        events = self._core.receive(Datagram(channel=channel, data=data, port=1), now)
        if self._turn % 2_000 == 0:
            self._press(now)
        self._now += 5
        due = self._core.deadline()
        if due is not None and due <= self._now:
            events += self._core.tick(MonoMs(self._now))
        assert len(events) <= MAX_EVENTS
        for event in events:
            if isinstance(event, VoiceHeard):
                assert event.frame is None or len(event.frame) == 11
        assert len(self._core.outgoing()) <= 300
        if self._turn % 500 == 0:
            self._connect()

    def _connect(self) -> None:
        """Answer whatever connect may be under way."""
        for tag in range(256):
            data = connect_ack(tag, 3_341).encode()
            self._core.receive(Datagram(channel="control", data=data), MonoMs(self._now))
            self._core.tick(MonoMs(self._now))
            self._now += 3
        self._core.outgoing()

    def _press(self, now: MonoMs) -> None:
        press = RequestId(f"r-{self._turn}")
        self._core.demand(KeyDemand(demand=press, group=1, priority=3), now)
        self._core.send_voice(press, bytes(11), now)
        self._core.end(press, "released" if self._turn % 4_000 else "moved", now)


class DfsiRows(_Damaged):
    """``samband decode`` of these kinds: every line has its rows."""

    kinds = ("dfsi-control", "dfsi-voice", "v24")

    def __init__(self) -> None:
        """Begin with the first kind."""
        self._turn = 0

    @cached_property
    def good(self) -> list[bytes]:
        """Octets that are right."""
        return [*control_messages(), *voice_packets(), *records()]

    def make(self, rng: random.Random) -> bytes:
        """Damage the octets mostly, and the digits at times."""
        data = damaged(rng, self.good, ())
        return data.hex().encode() if rng.randrange(8) else data

    def take(self, data: bytes) -> None:
        """Every line has its rows."""
        self._turn = (self._turn + 1) % len(self.kinds)
        text = data.decode("utf-8", errors="surrogateescape")
        for row in KINDS[self.kinds[self._turn]](text.split("\n")):
            json.dumps(row).encode()


DFSI: dict[str, Callable[[], Control | VoicePackets | Records | Line | Core | DfsiRows]] = {
    "dfsi_control": Control,
    "dfsi_voice": VoicePackets,
    "v24_record": Records,
    "v24_line": Line,
    "dfsi_core": Core,
    "dfsi_rows": DfsiRows,
}
DFSI_DECODERS = ("dfsi_control", "dfsi_voice", "v24_record", "v24_line")
"""Those that get the most inputs in the soak."""
