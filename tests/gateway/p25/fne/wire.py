"""A core on a scripted wire: the test is the master, time is a number."""

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gateway.model.ids import MonoMs
from gateway.model.radio import LinkChanged, RadioEvent
from gateway.p25.fne import login
from gateway.p25.fne.core import FneCore
from gateway.p25.fne.lists import ListedGroup, groups_payload
from gateway.p25.fne.message import (
    HEADER_VALID,
    LDU1,
    LDU2,
    LENGTHS,
    PADDING,
    TDU,
    P25Message,
    VoiceUnit,
    write_voice,
)
from gateway.p25.fne.numbers import NO_SUB_FUNCTION, Function, MasterList, Protocol
from gateway.p25.fne.packet import FnePacket
from gateway.p25.talk.port import Datagram
from gateway.p25.words.encryption import EncryptionSync

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "p25"
PEER, MASTER = 9000991, 9000100
OWN = 0xFFFFFC
PASSWORD = b"RPT1234"
SALT = bytes.fromhex("12345678")
VOICE = bytes.fromhex("103a5c7e91b2c3d4e5f607")


def entries(name: str) -> list[dict[str, Any]]:
    """Return the rows of a vector file."""
    rows: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text())["entries"]
    return rows


def new_core(**settings: Any) -> FneCore:  # Any: keyword arguments of the core
    usual: dict[str, Any] = {
        "peer_id": PEER,
        "password": PASSWORD,
        "own_id": OWN,
        "randbytes": random.Random(7).randbytes,
    }
    return FneCore(**(usual | settings))


def from_master(
    function: int,
    payload: bytes = b"",
    sub: int = NO_SUB_FUNCTION,
    *,
    sequence: int = 0xFFFF,
    stream: int = 0,
) -> FnePacket:
    return FnePacket(
        function=function,
        sub_function=sub,
        sequence=sequence,
        ssrc=MASTER,
        stream=stream,
        peer=PEER,
        payload=payload,
    )


class Wire:
    """Feeds a core, keeps what it says and sends."""

    def __init__(self, **settings: Any) -> None:
        self.core = new_core(**settings)
        self.now = 1_000
        self.events: list[RadioEvent] = []
        self.sent: list[FnePacket] = []
        self.pongs = True

    def take(self, events: Iterable[RadioEvent]) -> None:
        self.events += events
        for datagram in self.core.outgoing():
            packet = FnePacket.decode(datagram.data)
            self.sent.append(packet)
            if packet.function == Function.PING and self.pongs:
                answer = from_master(Function.PONG, login.pong_payload(1), stream=packet.stream)
                self.give(answer)

    def give(self, packet: FnePacket) -> None:
        self.raw(packet.encode())

    def raw(self, data: bytes) -> None:
        self.take(self.core.receive(Datagram(channel="fne", data=data), MonoMs(self.now)))

    def run(self, for_ms: int) -> None:
        """Let time pass, deadline by deadline."""
        end = self.now + for_ms
        while True:
            due = self.core.deadline()
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            self.take(self.core.tick(MonoMs(self.now)))
        self.now = end

    def of(self, function: int) -> list[FnePacket]:
        return [packet for packet in self.sent if packet.function == function]

    def told(self, kind: type[RadioEvent]) -> list[Any]:  # Any: fields of the kind
        return [event for event in self.events if isinstance(event, kind)]

    def reasons(self) -> list[str]:
        return [event.reason for event in self.told(LinkChanged)]

    # ---- a master's usual answers

    def log_in(self, groups: tuple[int, ...] = ()) -> "Wire":
        self.take(self.core.opened(MonoMs(self.now)))
        self.give(from_master(Function.ACK, login.ack_payload(PEER, salt=SALT)))
        self.give(from_master(Function.ACK, login.ack_payload(PEER)))
        self.give(from_master(Function.ACK, login.ack_payload(PEER, flags=0x80)))
        if groups:
            listed = tuple(ListedGroup(number=group, flags=1) for group in groups)
            self.give(
                from_master(Function.MASTER, groups_payload(listed), MasterList.ACTIVE_GROUPS)
            )
        return self


class Sender:
    """One over of another unit, packet by packet."""

    def __init__(
        self,
        *,
        group: int = 10001,
        source: int = 1234567,
        stream: int = 0xAADC2B7F,
        service: int = 0x04,
        sync: EncryptionSync | None = None,
        control: int = 0,
    ) -> None:
        self.group, self.source, self.stream = group, source, stream
        self.service, self.sync, self.control = service, sync or EncryptionSync(), control
        self.sequence = 0
        self.second = False

    def ldu(
        self, voice: tuple[bytes, ...] | None = None, *, header: bool | None = None
    ) -> FnePacket:
        """Return the next data unit; ``header``: whether an LDU1 says that it has one."""
        second, self.second = self.second, not self.second
        first = self.sequence == 0 if header is None else header
        word = bytes([3 if self.control & 1 else 0, 0, self.service])
        word += self.group.to_bytes(3, "big") + self.source.to_bytes(3, "big")
        unit = VoiceUnit(
            voice=voice or (VOICE,) * 9,
            word=self.sync.encode() if second else word,
            low_speed=bytes(2),
            frame_type=HEADER_VALID if first and not second else 0,
            header=self.sync if first and not second else None,
        )
        body = write_voice(unit, second=second)
        packet = self._packet(LDU2 if second else LDU1, body, self.sequence)
        self.sequence += 1
        return packet

    def end(self, *, duid: int = TDU, body: bytes = PADDING, control: int = 0) -> FnePacket:
        return self._packet(duid, body, 0xFFFF, control)

    def _packet(self, duid: int, body: bytes, sequence: int, control: int = 0) -> FnePacket:
        said = P25Message(
            duid=duid,
            lco=3 if self.control & 1 else 0,
            source=self.source,
            destination=self.group,
            control=self.control | control,
            length=LENGTHS.get(duid, 0),
            body=body,
        )
        return from_master(
            Function.PROTOCOL, said.encode(), Protocol.P25, sequence=sequence, stream=self.stream
        )


def messages(wire: Wire) -> list[tuple[FnePacket, P25Message]]:
    """Return the P25 traffic that was sent."""
    return [(one, P25Message.decode(one.payload)) for one in wire.of(Function.PROTOCOL)]
