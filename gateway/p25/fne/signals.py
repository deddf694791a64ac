"""Signalling blocks in TSDU messages: events of units, and what a desk asks of them.

Network traffic does not say whether a block came from a radio or from a site. What the system's own
numbers send is outbound, all else inbound. Opcode 27 is an alarm from a radio and a refusal from a
site: it is read as a refusal only where both service and reason are there, as an alarm otherwise.
"""

from typing import Final

from gateway.model.errors import ProtocolViolation
from gateway.model.radio import DataReceived, RadioEvent
from gateway.model.unit_acts import UnitAct
from gateway.p25.air.frame import decode_frame, encode_frame
from gateway.p25.air.units import Tdulc, Tsdu
from gateway.p25.fne.message import LENGTHS, PADDING, TSDU, P25Message, read_data
from gateway.p25.fne.numbers import Announcement
from gateway.p25.fne.over_out import Network
from gateway.p25.fne.requests import Announced
from gateway.p25.talk.signalling import UnitActBook
from gateway.p25.words.tsbk import decode_tsbk

SYSTEM_UNITS: Final = 0xFFFFFC
"""From here on unit ids are those of the system: console, controller, all."""
_OPCODE, _ALARM_OR_DENY = 0x3F, 0x27


class Signals:
    """Signalling both ways."""

    def __init__(self, network: Network, nac: int) -> None:
        """``nac`` is written into the frames that we send."""
        self._network = network
        self._nac = nac
        self._book = UnitActBook(network.own_id)

    def heard(self, message: P25Message) -> list[RadioEvent]:
        """Take a TSDU; raises ProtocolViolation where its frame or a block cannot be read."""
        frame = decode_frame(message.frame())
        if not isinstance(frame, Tsdu):
            raise ProtocolViolation("TSDU: another frame is inside", raw=message.body, offset=24)
        events: list[RadioEvent] = []
        for block in frame.blocks:
            if block is None:
                raise ProtocolViolation(
                    "TSDU: a block cannot be corrected", raw=message.body, offset=24
                )
            events += self._book.heard(decode_tsbk(block, inbound=_is_inbound(message, block)))
        return events

    def terminator(self, message: P25Message) -> bytes | None:
        """Return the link control of a TDULC; None where it cannot be corrected."""
        frame = decode_frame(message.frame())
        return frame.link_control if isinstance(frame, Tdulc) else None

    def act(self, act: UnitAct) -> P25Message:
        """Return the message that asks; the answer is awaited."""
        block = self._book.ask(act)
        frame = encode_frame(Tsdu(nac=self._nac, blocks=(block,)))
        return P25Message(
            duid=TSDU,
            lco=block[0] & _OPCODE,
            source=self._network.own_id,
            destination=act.unit if hasattr(act, "unit") else act.to,
            system=self._network.system,
            wacn=self._network.wacn,
            length=LENGTHS[TSDU],
            body=frame + PADDING,
        )

    def sent(self, act: UnitAct) -> list[RadioEvent]:
        """Return the claim that an act has left."""
        return self._book.sent(act)

    def lost(self) -> None:
        """Forget what was asked."""
        self._book.lost()


def announced(sub_function: int, payload: bytes) -> list[RadioEvent]:
    """Return the coming and going of a unit at another peer; raises ProtocolViolation."""
    said = Announced.decode(payload, sub_function)
    words = {
        Announcement.AFFILIATION: f"affiliates to {said.group}",
        Announcement.REGISTRATION: "registers",
        Announcement.DEREGISTRATION: "leaves the system",
        Announcement.UNAFFILIATION: "leaves its talkgroup",
    }[Announcement(sub_function)]
    return [_kept(said.unit, payload, words)]


def packet_data(message: P25Message) -> list[RadioEvent]:
    """Return one block of packet data, which is kept whole and not read."""
    data = read_data(message)
    words = f"packet data, SAP {data.service_point:02X}, block {data.block + 1} of {data.blocks}"
    return [_kept(data.unit, message.encode(), words)]


def _kept(unit: int, raw: bytes, words: str) -> DataReceived:
    return DataReceived(
        sender=unit, to=None, pid=None, raw_hex=raw.hex().upper(), words=words, routine=True
    )


def _is_inbound(message: P25Message, block: bytes) -> bool:
    if message.source == 0 or message.source >= SYSTEM_UNITS:
        return False
    return not (block[0] & _OPCODE == _ALARM_OR_DENY and block[2] and block[3])
