"""Readers of a DVM FNE's packets, a whole peer, their rows, and recordings."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from tempfile import NamedTemporaryFile

from gateway.model.errors import ConfigError, ProtocolViolation
from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import KeyDemand
from gateway.p25.air.frame import encode_frame
from gateway.p25.air.units import Tdulc, Tsdu
from gateway.p25.fne import login
from gateway.p25.fne.lists import groups_payload, read_groups, read_units, units_payload
from gateway.p25.fne.message import (
    LDU1,
    LDU2,
    LENGTHS,
    PADDING,
    TDULC,
    TSDU,
    P25Message,
    link_control_of,
    read_voice,
)
from gateway.p25.fne.numbers import Function
from gateway.p25.fne.packet import HEADER_OCTETS, FnePacket
from gateway.p25.fne.requests import Announced, GrantRequest, InCallControl
from gateway.p25.talk.port import Datagram, VoiceHeard
from gateway.p25.talk.records import read_record
from gateway.p25.words import tsbk_units
from gateway.p25.words.link_control import CallTermination
from samband.decode import KINDS
from samband.replay_files import read_file
from samband.replay_shapes import KINDS as REPLAYED
from samband.replay_shapes import kind_of, of_peer
from tests.gateway.p25.fne.wire import PEER, SALT, Sender, entries, from_master, new_core
from tests.samband.test_replay import exchange, pcap, pcapng
from tests.soak.mutation import damaged
from tests.soak.terminal_targets import in_words

MAX_EVENTS = 1_000
"""Events that one packet may make: voice of all calls that waited."""


def packets() -> list[FnePacket]:
    """Return packets of every kind."""
    found = [
        FnePacket.decode(bytes.fromhex(row["udp"]))
        for row in entries("fne_login") + entries("fne_p25_voice")
    ]
    block = tsbk_units.CallAlert(inbound=True, target=7654321, source=1234567).encode()
    frames = {
        TSDU: encode_frame(Tsdu(nac=0x293, blocks=(block,))),
        TDULC: encode_frame(Tdulc(nac=0x293, link_control=CallTermination(unit=0xFFFFFD).encode())),
    }
    for duid, frame in frames.items():
        said = P25Message(duid=duid, source=5, length=LENGTHS[duid], body=frame + PADDING)
        found.append(from_master(Function.PROTOCOL, said.encode(), 1))
    found.append(Sender().end())
    found.append(
        from_master(Function.IN_CALL_CONTROL, InCallControl(command=1, destination=9).encode())
    )
    found.append(
        from_master(Function.GRANT_REQUEST, GrantRequest(source=1, destination=9).encode())
    )
    found.append(from_master(Function.ANNOUNCE, Announced(unit=5, group=6).encode(), 0))
    found.append(from_master(Function.MASTER, units_payload((5, 6)), 1))
    found += [from_master(Function.NAK, login.nak_payload(PEER, reason)) for reason in (0, 1, 2, 5)]
    return found


def _within(fault: ProtocolViolation) -> None:
    assert 0 <= fault.offset <= len(fault.raw)


def _inside(fault: ProtocolViolation, data: bytes) -> None:
    assert 0 <= fault.offset <= len(data)


class _Damaged:
    """Good inputs with seeded damage."""

    @cached_property
    def good(self) -> list[bytes]:
        """Inputs that are right."""
        return [packet.encode() for packet in packets()]

    def make(self, rng: random.Random) -> bytes:
        """Return the next input."""
        return damaged(rng, self.good, ())

    def close(self) -> None:
        """Let go of nothing."""


def mended(data: bytes) -> bytes:
    """Return a packet with the length and CRC that its octets should have."""
    if len(data) < HEADER_OCTETS:
        return data
    return FnePacket(
        function=data[18],
        sub_function=data[19],
        sequence=int.from_bytes(data[2:4], "big"),
        timestamp=int.from_bytes(data[4:8], "big"),
        ssrc=int.from_bytes(data[8:12], "big"),
        stream=int.from_bytes(data[20:24], "big"),
        peer=int.from_bytes(data[24:28], "big"),
        payload=data[HEADER_OCTETS:],
    ).encode()


class Packets(_Damaged):
    """A packet: refused, or the same octets again; so is what stands in it."""

    def make(self, rng: random.Random) -> bytes:
        """Mend every other one."""
        data = super().make(rng)
        return mended(data) if rng.random() < 0.5 else data

    def take(self, data: bytes) -> None:
        """Read it, and its payload by every reader."""
        try:
            packet = FnePacket.decode(data)
        except ProtocolViolation as fault:
            _within(fault)
            return
        assert packet.encode() == data
        for read in (
            login.read_ack,
            login.read_nak,
            login.read_pong,
            login.read_authorise,
            login.read_configuration,
            read_groups,
            read_units,
            GrantRequest.decode,
            InCallControl.decode,
        ):
            try:
                read(packet.payload)
            except ProtocolViolation as fault:
                _within(fault)
        with suppress(ProtocolViolation):
            groups = read_groups(packet.payload)
            assert packet.payload.startswith(groups_payload(groups)[6:], 6)


class Messages(_Damaged):
    """P25 traffic: the header comes back the same, voice is nine frames or refused."""

    @cached_property
    def good(self) -> list[bytes]:
        """Messages that are right."""
        return [one.payload for one in packets() if one.payload[:4] == b"P25D"]

    def take(self, data: bytes) -> None:
        """Read header, records, frame."""
        try:
            message = P25Message.decode(data)
        except ProtocolViolation as fault:
            _within(fault)
            return
        assert message.encode() == data
        if message.duid in (LDU1, LDU2):
            try:
                unit = read_voice(message)
            except ProtocolViolation as fault:
                _inside(fault, data)
                return
            assert [len(frame) for frame in unit.voice] == [11] * 9
            assert len(link_control_of(message, unit)) in (9, 12)


class Records(_Damaged):
    """A voice record: eleven octets of voice, or refused."""

    @cached_property
    def good(self) -> list[bytes]:
        """Records that are right."""
        return [bytes.fromhex(row["record"]) for row in entries("fne_dfsi_records")]

    def take(self, data: bytes) -> None:
        """Read one."""
        try:
            record = read_record(data)
        except ProtocolViolation as fault:
            _within(fault)
            return
        assert len(record.imbe) == 11
        assert 0 <= record.place < 18


class Core(_Damaged):
    """Packets into a peer that lives on, with presses in between: nobody else may key it."""

    def __init__(self) -> None:
        """Log in."""
        self._now, self._turn = 1_000, 0
        self._open()

    def _open(self) -> None:
        self._core = new_core()
        self._core.opened(MonoMs(self._now))
        for payload in (
            login.ack_payload(PEER, salt=SALT),
            login.ack_payload(PEER),
            login.ack_payload(PEER, flags=0),
        ):
            self._feed(from_master(Function.ACK, payload).encode())

    def make(self, rng: random.Random) -> bytes:
        """Mend most of them, so that they get inside."""
        data = super().make(rng)
        return mended(data) if rng.random() < 0.8 else data

    def take(self, data: bytes) -> None:
        """Feed a packet, and let 5 ms pass."""
        self._turn += 1
        events = self._feed(data)
        self._now += 5
        due = self._core.deadline()
        if due is not None and due <= self._now:
            events += self._core.tick(MonoMs(self._now))
        assert len(events) <= MAX_EVENTS
        for event in events:
            if isinstance(event, VoiceHeard):
                assert event.frame is None or len(event.frame) == 11
        assert not self._core.keyed
        assert len(self._core.outgoing()) <= 50
        if self._turn % 1_000 == 0:
            self._press()
        if self._turn % 3_000 == 0:
            self._core.lost(MonoMs(self._now), "again")
            self._open()

    def _feed(self, data: bytes) -> list[object]:
        datagram = Datagram(channel="fne", data=data)
        return list(self._core.receive(datagram, MonoMs(self._now)))

    def _press(self) -> None:
        press = RequestId(f"r-{self._turn}")
        self._core.demand(KeyDemand(demand=press, group=1), MonoMs(self._now))
        self._core.end(press, "released", MonoMs(self._now))


class FneRows(_Damaged):
    """``samband decode`` of these kinds: every line has its row."""

    @cached_property
    def good(self) -> list[bytes]:
        """Packets and records that are right."""
        return [*super().good, *Records().good]

    def make(self, rng: random.Random) -> bytes:
        """Damage the octets mostly, and the digits at times."""
        data = damaged(rng, self.good, ())
        if rng.random() < 0.5:
            data = mended(data)
        return data.hex().encode() if rng.randrange(8) else data

    def take(self, data: bytes) -> None:
        """Every line has its rows."""
        text = data.decode("utf-8", errors="surrogateescape")
        for kind in ("fne", "fne-record"):
            for row in KINDS[kind](text.split("\n")):
                json.dumps(row).encode()


class Recordings(_Damaged):
    """Files of ``samband replay``: refused in words, or read as far as they go."""

    def __init__(self) -> None:
        """Make the file that is written again and again."""
        self._file = NamedTemporaryFile()  # noqa: SIM115 - closed by ``close``

    @cached_property
    def good(self) -> list[bytes]:
        """Recordings that are right."""
        some = exchange()[:6]
        lines = "".join(
            json.dumps({"t_ms": n, "udp": one[3].hex()}) + "\n" for n, one in enumerate(some)
        )
        return [pcap(some), pcapng(some), pcap(some, order=">", link=113), lines.encode()]

    def take(self, data: bytes) -> None:
        """Read it, and find out what it is."""
        path = Path(self._file.name)
        path.write_bytes(data)
        try:
            found = read_file(path)
        except ConfigError as error:
            in_words(error)
            return
        kind = kind_of(found)
        assert kind is None or kind in REPLAYED
        for name in REPLAYED:
            assert len(of_peer(found, name)) <= len(found)

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


FNE: dict[str, Callable[[], Packets | Messages | Records | Core | FneRows | Recordings]] = {
    "fne_packet": Packets,
    "fne_message": Messages,
    "fne_record": Records,
    "fne_core": Core,
    "fne_rows": FneRows,
    "recordings": Recordings,
}
FNE_DECODERS = ("fne_packet", "fne_message", "fne_record")
"""Those that get the most inputs in the soak."""
