"""Readers of a MMDVM modem and a MMDVM network, whole cores of both, and their rows."""

import json
import random
from collections.abc import Callable
from functools import cached_property

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import KeyDemand, LinkState
from gateway.p25.modem import wire
from gateway.p25.modem.core import ModemCore
from gateway.p25.modem.orders import Frequencies, Setup, read_config, set_config
from gateway.p25.modem.replies import Ack, AirData, Nak, Status, Version
from gateway.p25.modem.wire import Frame, FrameReader, Rubbish
from gateway.p25.modem.words import frame_words
from gateway.p25.network.client import NetworkClient
from gateway.p25.network.core import NetworkCore
from gateway.p25.network.datagrams import Unknown, decode_datagram
from gateway.p25.network.host import NetworkHost
from gateway.p25.talk.port import Datagram, VoiceHeard
from samband.decode import KINDS
from tests.gateway.p25.vectors import rows
from tests.soak.mutation import damaged

MAX_EVENTS = 1_000
"""Events that one input may make: voice that waited, and a call's ends."""
OWN_ID, NAC = 0xFFFFFC, 0x293


def frames() -> list[bytes]:
    """Return frames of every kind, both ways."""
    found = [bytes.fromhex(row["frame"]) for row in rows("mmdvm_serial_v2")]
    found += [bytes.fromhex(row["frame"]) for row in rows("mmdvm_frames")]
    found.append(set_config(Setup(), 1).encode())
    found.append(Frame(kind=0xF3, payload=b"debug\0\1\0\2").encode())
    found.append(Version(protocol=1, text="old firmware").encode().encode())
    found.append(bytes.fromhex("e00e010804000000000000050000"))
    return found


def datagrams() -> list[bytes]:
    """Return datagrams of every kind."""
    found = [bytes.fromhex(row["record"]) for row in rows("p25_network_mmdvmhost_tx")]
    return found + [bytes.fromhex(row["datagram"]) for row in rows("p25_poll")]


class _Damaged:
    """Good inputs with seeded damage."""

    @cached_property
    def good(self) -> list[bytes]:
        """Inputs that are right."""
        return frames()

    def make(self, rng: random.Random) -> bytes:
        """Return the next input."""
        return damaged(rng, self.good, (b"\xe0", b"\xe0\x03\x00"))

    def close(self) -> None:
        """Let go of nothing."""


def _within(fault: ProtocolViolation) -> None:
    assert 0 <= fault.offset <= len(fault.raw)


_READERS: dict[int, Callable[[Frame], object]] = {
    wire.GET_VERSION: Version.decode,
    wire.GET_STATUS: Status.decode,
    wire.SET_CONFIG: read_config,
    wire.SET_FREQ: Frequencies.decode,
    wire.ACK: Ack.decode,
    wire.NAK: Nak.decode,
    wire.P25_HDR: AirData.decode,
    wire.P25_LDU: AirData.decode,
}


class Frames(_Damaged):
    """Frames out of a stream: each octet is in a frame or told as rubbish, in any chunking."""

    def make(self, rng: random.Random) -> bytes:
        """Join some."""
        return b"".join(super(Frames, self).make(rng) for _ in range(rng.choice((1, 1, 2, 3))))

    def take(self, data: bytes) -> None:
        """Read all, and each frame by its reader."""
        reader = FrameReader()
        half = len(data) // 2
        found = reader.feed(data[:half]) + reader.feed(data[half:]) + reader.give_up()
        octets = 0
        for one in found:
            octets += one.octets if isinstance(one, Rubbish) else len(one.encode())
            if isinstance(one, Frame):
                self._read(one)
        assert octets == len(data)
        assert not reader.begun

    def _read(self, frame: Frame) -> None:
        read = _READERS.get(frame.kind)
        try:
            if read is not None:
                read(frame)
            frame_words(frame)
        except ProtocolViolation as fault:
            _within(fault)


class Modem(_Damaged):
    """Bytes into a modem's core that lives on: nothing is keyed that nobody asked for."""

    def __init__(self) -> None:
        """Start a modem."""
        self._now, self._turn = 1_000, 0
        self._open()

    def _open(self) -> None:
        self._core = ModemCore(nac=NAC, own_id=OWN_ID)
        self._core.opened(MonoMs(self._now))

    def take(self, data: bytes) -> None:
        """Feed them, and let 5 ms pass."""
        self._turn += 1
        events = list(self._core.receive(data, MonoMs(self._now)))
        self._now += 5
        due = self._core.deadline()
        if due is not None and due <= self._now:
            events += self._core.tick(MonoMs(self._now))
        assert len(events) <= MAX_EVENTS
        for event in events:
            if isinstance(event, VoiceHeard):
                assert event.frame is None or len(event.frame) == 18
        assert not self._core.keyed
        while self._core.outgoing(64):
            pass
        if self._turn % 1_000 == 0:
            press = RequestId(f"r-{self._turn}")
            self._core.demand(KeyDemand(demand=press, group=1), MonoMs(self._now))
            self._core.end(press, "released", MonoMs(self._now))
        if self._turn % 3_000 == 0 or self._core.needs_reopen:
            self._core.lost(MonoMs(self._now), "again")
            self._open()


class Datagrams(_Damaged):
    """A datagram: refused, or read; polls and notices give their octets again."""

    @cached_property
    def good(self) -> list[bytes]:
        """Datagrams that are right."""
        return datagrams()

    def take(self, data: bytes) -> None:
        """Read it."""
        try:
            message = decode_datagram(data)
        except ProtocolViolation as fault:
            _within(fault)
            return
        again = message.encode()
        assert again[:1] == data[:1]
        if isinstance(message, Unknown):
            assert again == data
        else:
            assert decode_datagram(again) == message


class Network(_Damaged):
    """Datagrams into a client and a host that live on."""

    PEERS = (1, 2, 3)

    def __init__(self) -> None:
        """Open both."""
        self._now, self._turn = 1_000, 0
        self._open()

    def _open(self) -> None:
        self._cores: tuple[NetworkCore, ...] = (
            NetworkClient(callsign="FUZZ", own_id=OWN_ID),
            NetworkClient(callsign="FUZZ", own_id=OWN_ID, groups=(10001,), peer="gateway"),
            NetworkHost(own_id=OWN_ID),
        )
        for core in self._cores:
            core.opened(MonoMs(self._now))

    @cached_property
    def good(self) -> list[bytes]:
        """Datagrams that are right."""
        return datagrams()

    def take(self, data: bytes) -> None:
        """Feed a datagram to each, and let 5 ms pass."""
        self._turn += 1
        port = self.PEERS[self._turn % len(self.PEERS)]
        for core in self._cores:
            datagram = Datagram(channel="p25net", data=data, port=port)
            events = list(core.receive(datagram, MonoMs(self._now)))
            due = core.deadline()
            if due is not None and due <= self._now + 5:
                events += core.tick(MonoMs(self._now + 5))
            assert len(events) <= MAX_EVENTS
            assert not core.keyed
            assert len(core.outgoing()) <= 50
        self._now += 5
        if self._turn % 5_000 == 0:
            for core in self._cores:
                (last, *_) = core.lost(MonoMs(self._now), "again")[-1:]
                assert getattr(last, "state", LinkState.DOWN) is LinkState.DOWN
            self._open()


class MmdvmRows(_Damaged):
    """``samband decode`` of these kinds: every line has its row."""

    @cached_property
    def good(self) -> list[bytes]:
        """Frames and datagrams that are right."""
        return frames() + datagrams()

    def make(self, rng: random.Random) -> bytes:
        """Damage the octets mostly, and the digits at times."""
        data = damaged(rng, self.good, ())
        return data.hex().encode() if rng.randrange(8) else data

    def take(self, data: bytes) -> None:
        """Every line has its row."""
        text = data.decode("utf-8", errors="surrogateescape")
        for kind in ("mmdvm", "p25net"):
            for row in KINDS[kind](text.split("\n")):
                json.dumps(row).encode()


MMDVM: dict[str, Callable[[], "Frames | Modem | Datagrams | Network | MmdvmRows"]] = {
    "mmdvm_frame": Frames,
    "mmdvm_core": Modem,
    "p25net_datagram": Datagrams,
    "p25net_core": Network,
    "mmdvm_rows": MmdvmRows,
}
MMDVM_DECODERS = ("mmdvm_frame", "p25net_datagram", "mmdvm_rows")
"""Those that every byte of a modem or network goes through."""
