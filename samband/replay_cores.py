"""Cores that a recording is fed into, each with the little that a live peer would do for it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MonoMs
from gateway.model.radio import RadioEvent
from gateway.p25.dfsi.control import (
    Ack,
    Connect,
    Message,
    MessageId,
    connect_ack,
    decode_control,
)
from gateway.p25.dfsi.core import DfsiCore
from gateway.p25.dfsi.rtp import V24_VOICE, RtpPacket
from gateway.p25.fne.core import FneCore
from gateway.p25.fne.login import pong_payload
from gateway.p25.fne.numbers import Function
from gateway.p25.fne.packet import FnePacket
from gateway.p25.fne.wrapper import Wrapper
from gateway.p25.modem.core import ModemCore
from gateway.p25.network.client import GATEWAY, NetworkClient
from gateway.p25.talk.port import Datagram, P25Core
from samband.replay_files import Recorded
from samband.replay_lines import lines_replay, pei_exchange, pei_replay
from samband.replay_shapes import DFSI, FNE, LINES, MODEM, NETWORK, PEI, V24, is_rtp, of_peer

OWN_ID = 0xFFFFFC
NAC = 0x293
LDU_MS, FRAME_MS, OTHER_MS = 180.0, 20.0, 10.0
_LDU_OCTETS = 180


class Replayed(Protocol):
    """A core behind a recording."""

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Begin."""
        ...

    def give(self, data: bytes, now: MonoMs) -> list[RadioEvent]:
        """Feed what came from the peer."""
        ...

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        ...

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        ...

    def pace_ms(self, data: bytes) -> float:
        """Return how long a datagram lasts, for recordings without times."""
        ...


class _Udp:
    """A core over UDP; what it sends goes nowhere."""

    def __init__(self, core: P25Core) -> None:
        self.core = core
        self.sent = 0

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        return self._after(self.core.opened(now), now)

    def give(self, data: bytes, now: MonoMs) -> list[RadioEvent]:
        datagram = Datagram(channel=self._channel(data), data=self._wrapped(data))
        return self._after(self.core.receive(datagram, now), now)

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        return self._after(self.core.tick(now), now)

    def deadline(self) -> MonoMs | None:
        return self.core.deadline()

    def pace_ms(self, data: bytes) -> float:
        return FRAME_MS

    def _channel(self, data: bytes) -> str:
        return self.core.channels[-1]

    def _wrapped(self, data: bytes) -> bytes:
        return data

    def _after(self, events: list[RadioEvent], now: MonoMs) -> list[RadioEvent]:
        self.sent += len(self.core.outgoing())
        return events


class _Fne(_Udp):
    """Pings are answered at once: whether the master did is in the recording, at its own times."""

    def __init__(self, core: FneCore, *, joined: bool, wrapper: Wrapper | None) -> None:
        super().__init__(core)
        self._fne, self._joined, self._wrapper = core, joined, wrapper

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        events = super().opened(now)
        return [*events, *self._fne.joined(now)] if self._joined else events

    def pace_ms(self, data: bytes) -> float:
        return LDU_MS if len(data) > _LDU_OCTETS else OTHER_MS

    def _after(self, events: list[RadioEvent], now: MonoMs) -> list[RadioEvent]:
        sent = [self._read(datagram.data) for datagram in self.core.outgoing()]
        self.sent += len(sent)
        if all(packet.function != Function.PING for packet in sent):
            return events
        pong = FnePacket(function=Function.PONG, ssrc=0, peer=0, payload=pong_payload(now))
        data = pong.encode() if self._wrapper is None else self._wrapper.wrap(pong.encode())
        answer = Datagram(channel=self.core.channels[0], data=data)
        return [*events, *self.core.receive(answer, now)]

    def _read(self, data: bytes) -> FnePacket:
        return FnePacket.decode(data if self._wrapper is None else self._wrapper.unwrap(data))


class _Dfsi(_Udp):
    """Control messages go to their channel; bare records get the header that carries them.

    A recording that begins on a running connection holds no consent to CONNECT: it is given at
    once. One that does hold it has the tag of another attempt, and gets that of this one.
    """

    def __init__(self, core: DfsiCore, *, consents: bool) -> None:
        super().__init__(core)
        self._consents = consents
        self._sequence = 0
        self._connect_tag = 0

    def _channel(self, data: bytes) -> str:
        return "control" if not is_rtp(data) and _is_control(data) else "voice"

    def _after(self, events: list[RadioEvent], now: MonoMs) -> list[RadioEvent]:
        sent = self.core.outgoing()
        self.sent += len(sent)
        asked = [message for one in sent if (message := _control(one.data)) is not None]
        for connect in (message for message in asked if isinstance(message, Connect)):
            self._connect_tag = connect.tag
            if self._consents:
                consent = connect_ack(connect.tag, voice_port=0).encode()
                answer = Datagram(channel=self._channel(consent), data=consent)
                events = [*events, *self._after(self.core.receive(answer, now), now)]
        return events

    def _wrapped(self, data: bytes) -> bytes:
        message = _control(data)
        if isinstance(message, Ack) and message.message == MessageId.CONNECT:
            return replace(message, tag=self._connect_tag).encode()
        if is_rtp(data) or self._channel(data) == "control":
            return data
        self._sequence += 1
        packet = RtpPacket(
            payload_type=V24_VOICE,
            sequence=self._sequence,
            timestamp=160 * self._sequence,
            ssrc=1,
            payload=data,
        )
        return packet.encode()


def _control(data: bytes) -> Message | None:
    """Read a datagram of the control service; None for anything else."""
    if is_rtp(data) or not _is_control(data):
        return None
    try:
        return decode_control(data)
    except ProtocolViolation:
        return None


def _is_control(data: bytes) -> bool:
    return len(data) > 1 and data[1] == 1 and data[0] <= MessageId.DISCONNECT


class _Modem:
    """A modem's frames as a stream of octets.

    What the host asks is answered as the recorded modem did last: its own answers are in the
    recording, at the times at which another host had asked.
    """

    def __init__(self, core: ModemCore) -> None:
        self.core = core
        self._version, self._status = _A_VERSION, b""

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        return self._after(self.core.opened(now), now)

    def give(self, data: bytes, now: MonoMs) -> list[RadioEvent]:
        if data[2:3] == b"\0" and len(data) > 4:
            self._version = data
        elif data[2:3] == b"\1":
            self._status = data
        return self._after(self.core.receive(data, now), now)

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        return self._after(self.core.tick(now), now)

    def deadline(self) -> MonoMs | None:
        return self.core.deadline()

    def pace_ms(self, data: bytes) -> float:
        return LDU_MS if len(data) > _LDU_OCTETS else OTHER_MS

    def _after(self, events: list[RadioEvent], now: MonoMs) -> list[RadioEvent]:
        asked: list[bytes] = []
        while frame := self.core.outgoing():
            asked.append(frame)
        answers = [answer for frame in asked if (answer := self._answer(frame))]
        for answer in answers:
            events = [*events, *self.core.receive(answer, now)]
        return events

    def _answer(self, frame: bytes) -> bytes:
        command = frame[2] if len(frame) > 2 and frame[0] == _MODEM_START else None
        if command == 0:
            return self._version
        if command == 1:
            return self._status or (_STATUS_V2 if self._version[3:4] == b"\2" else _STATUS_V1)
        return bytes([_MODEM_START, 4, 0x70, command]) if command in (2, 3, 4) else b""


_MODEM_START = 0xE0
_LONG_FRAME = 255
"""Added to the third octet where the second is 0: a frame of more than 255 octets."""
_A_VERSION = b"\xe0\x13\0\1not in the file"
_STATUS_V1 = bytes.fromhex("e00e01080400000000000a000000")
_STATUS_V2 = bytes.fromhex("e01401040000000000000a000000000000000000")
"""P25 on, at rest, with room for ten frames: for recordings that hold no status."""


def fed_of(recorded: Sequence[Recorded], kind: str, sender: str = "") -> list[Recorded]:
    """Return what is fed of a recording: what the peer said, of a terminal what it said unasked."""
    if kind == PEI:
        return pei_exchange(recorded).unasked
    fed = of_peer(recorded, kind, sender)
    return list(framed(fed)) if kind == MODEM else fed


def framed(recorded: Sequence[Recorded]) -> Iterator[Recorded]:
    """Give a modem's frames whole, however the port cut or joined them."""
    rest = b""
    for one in recorded:
        data = rest + one.data
        rest = b""
        while data:
            length = _frame_octets(data)
            if length is None or length > len(data):
                rest = data if data[0] == _MODEM_START else b""
                break
            yield replace(one, data=data[:length])
            data = data[length:]


def _frame_octets(data: bytes) -> int | None:
    """Return the length of the frame that ``data`` begins with; None while it is not known."""
    if data[0] != _MODEM_START:
        start = data.find(bytes([_MODEM_START]), 1)
        return len(data) if start < 0 else start
    if len(data) < 3:
        return None
    return data[1] or data[2] + _LONG_FRAME


def core_of(
    kind: str,
    fed: Sequence[Recorded],
    *,
    password: bytes = b"replay",
    key: bytes | None = None,
    header: Mapping[str, object] | None = None,
    recorded: Sequence[Recorded] = (),
) -> Replayed:
    """Return the core of a kind; raises ValueError for a key of another length."""
    if kind == PEI:
        return pei_replay(header or {}, pei_exchange(recorded).answers)
    if kind == LINES:
        return lines_replay(header or {}, fed)
    if kind == FNE:
        return _fne(fed, password, key)
    if kind in (DFSI, V24):
        control = any(not is_rtp(one.data) and one.data[:2] == b"\x02\x01" for one in fed)
        dialect = "tia" if kind == DFSI else "v24"
        core = DfsiCore(
            nac=NAC, own_id=OWN_ID, voice_port=0, dialect=dialect, control=control and kind == DFSI
        )
        messages = [_control(one.data) for one in fed]
        answers = [one.message for one in messages if isinstance(one, Ack)]
        return _Dfsi(core, consents=MessageId.CONNECT not in answers)
    if kind == NETWORK:
        return _Udp(NetworkClient(callsign="REPLAY", own_id=OWN_ID, peer=GATEWAY))
    assert kind == MODEM  # the last of the kinds
    return _Modem(ModemCore(nac=NAC, own_id=OWN_ID))


def _fne(fed: Sequence[Recorded], password: bytes, key: bytes | None) -> Replayed:
    """Return a peer with the number that the recording names."""
    wrapper = None if key is None else Wrapper(key)
    packets = [packet for one in fed if (packet := _packet(one.data, wrapper)) is not None]
    answers = [one for one in packets if one.function in (Function.ACK, Function.NAK)]
    named = [one.peer for one in [*answers, *packets] if one.peer]
    core = FneCore(
        peer_id=named[0] if named else 1,
        password=password,
        own_id=OWN_ID,
        randbytes=os.urandom,
        key=key,
    )
    return _Fne(core, joined=not answers, wrapper=wrapper)


def _packet(data: bytes, wrapper: Wrapper | None) -> FnePacket | None:
    try:
        return FnePacket.decode(data if wrapper is None else wrapper.unwrap(data))
    except ProtocolViolation:
        return None
