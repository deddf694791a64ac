"""Who gets which packet of the master, and what a packet means for the overs of desks."""

from gateway.model.ids import MonoMs
from gateway.model.radio import RadioEvent
from gateway.p25.fne.access import Access
from gateway.p25.fne.affiliations import Affiliations
from gateway.p25.fne.calls_in import CallsIn
from gateway.p25.fne.lists import read_groups, read_units
from gateway.p25.fne.login import read_nak
from gateway.p25.fne.message import DENIAL, LDU1, LDU2, PDU, TDU, TDULC, TSDU, P25Message
from gateway.p25.fne.news import ACCESS, News
from gateway.p25.fne.numbers import Function, MasterList, NakReason, Protocol, nak_words
from gateway.p25.fne.over_out import Transmitter
from gateway.p25.fne.packet import FnePacket
from gateway.p25.fne.reporter import Reporter
from gateway.p25.fne.requests import NO_CONTROL, OF_ONE_UNIT, InCallControl
from gateway.p25.fne.session import Session
from gateway.p25.fne.signals import Signals, announced, packet_data
from gateway.p25.fne.words import line_seen

ENDING_NAKS = frozenset({NakReason.MODE_NOT_ENABLED, NakReason.UNAUTHORISED})
"""A no that concerns what we send, so the overs end with it."""


class Intake:
    """Takes packets that were read whole."""

    def __init__(
        self,
        *,
        session: Session,
        calls: CallsIn,
        transmitter: Transmitter,
        signals: Signals,
        access: Access,
        affiliations: Affiliations,
        reporter: Reporter,
        news: News,
    ) -> None:
        """Be given every part."""
        self._session = session
        self._calls = calls
        self._transmitter = transmitter
        self._signals = signals
        self._access = access
        self._affiliations = affiliations
        self._reporter = reporter
        self._news = news

    def take(self, packet: FnePacket, now: MonoMs) -> list[RadioEvent]:
        """Give a packet to those it concerns; raises ProtocolViolation where it cannot be read."""
        match packet.function:
            case Function.PROTOCOL if packet.sub_function == Protocol.P25:
                return self._heard(packet, now)
            case Function.PONG | Function.PING:
                return []
        events = self._reporter.tell(line_seen(packet, outgoing=False))
        match packet.function:
            case Function.ACK | Function.MASTER_DISCONNECT:
                events += self._session.receive(packet, now)
            case Function.NAK:
                events += self._refused(packet, now)
            case Function.MASTER:
                events += self._listed(packet, now)
            case Function.IN_CALL_CONTROL:
                events += self._controlled(InCallControl.decode(packet.payload), now)
            case Function.ANNOUNCE if packet.sub_function in OF_ONE_UNIT:
                events += announced(packet.sub_function, packet.payload)
            case _:
                self._reporter.unknown += 1
        return events

    def _heard(self, packet: FnePacket, now: MonoMs) -> list[RadioEvent]:
        message = P25Message.decode(packet.payload)
        if self._transmitter.said(packet.stream, now):
            return []  # our own voice, sent back to us
        if message.duid in (LDU1, LDU2):
            return [*self._contend(packet, message, now), *self._calls.take(packet, message, now)]
        events = self._reporter.tell(line_seen(packet, outgoing=False))
        if message.control & DENIAL:
            return [*events, *self._denied(message, now)]
        if message.duid in (TDU, TDULC):
            if message.grant_demand:
                return events  # asks for a channel: nothing has ended
            events += self._calls.take(packet, message, now)
            if message.duid == TDULC:
                self._calls.end_word(message, packet, self._signals.terminator(message))
        elif message.duid == TSDU:
            events += self._signals.heard(message)
        elif message.duid == PDU:
            events += packet_data(message)
        else:
            self._reporter.unknown += 1
        return events

    def _contend(self, packet: FnePacket, message: P25Message, now: MonoMs) -> list[RadioEvent]:
        """Give way to a unit whose voice the master sends us: it keeps the first of two."""
        over = None if message.unit_to_unit else self._transmitter.on_group(message.destination)
        if over is None or packet.stream == over.stream:
            return []
        if self._calls.is_over(over.group, packet.stream):
            return []
        return self._transmitter.foreign(over, message.source, now)

    def _denied(self, message: P25Message, now: MonoMs) -> list[RadioEvent]:
        """Take that a master denies the channel that we asked for."""
        over = self._transmitter.on_group(message.destination)
        if over is None:
            return []
        return self._transmitter.refuse(over, "the master denies the channel", now)

    def _refused(self, packet: FnePacket, now: MonoMs) -> list[RadioEvent]:
        reason = read_nak(packet.payload).reason
        events: list[RadioEvent] = []
        if reason in ENDING_NAKS:
            events += self._transmitter.refuse_all(nak_words(reason), now)
        return events + self._session.receive(packet, now)

    def _controlled(self, control: InCallControl, now: MonoMs) -> list[RadioEvent]:
        over = self._transmitter.on_group(control.destination)
        if over is None or control.command == NO_CONTROL:
            return []
        words = f"the master does not carry this call (in-call control {control.command:02X})"
        return self._transmitter.refuse(over, words, now)

    def _listed(self, packet: FnePacket, now: MonoMs) -> list[RadioEvent]:
        which = packet.sub_function
        if which in (MasterList.WHITELIST, MasterList.BLACKLIST):
            if not self._access.take_units(which, read_units(packet.payload)):
                return []
            words = self._access.blacklist_words if self._access.blacklisted else ""
            ended = self._transmitter.refuse_all(words, now) if words else []
            return [*ended, *self._news.say(ACCESS, words)]
        if which not in (MasterList.ACTIVE_GROUPS, MasterList.DEACTIVATED_GROUPS):
            self._reporter.unknown += 1
            return []
        self._access.take_groups(which, read_groups(packet.payload), now)
        self._affiliations.follow(self._access.active)
        events: list[RadioEvent] = []
        for group in self._transmitter.groups():
            over = self._transmitter.on_group(group)
            if over is not None and group in self._access.deactivated:
                events += self._transmitter.refuse(over, self._access.refusal(group), now)
        return events
