"""Received messages to events: texts, statuses, positions, reports, emergency signs."""

from collections import OrderedDict
from typing import Protocol

from gateway.model.ids import MonoMs
from gateway.model.radio import (
    DataReceived,
    EmergencySign,
    EmergencySigned,
    Malformed,
    PositionReceived,
    StatusReceived,
    TextReceived,
)
from gateway.tetra import lip, sds, sds_tl, status, tables
from gateway.tetra.pei_lines import SdsHeader
from gateway.tetra.radio_state import RadioState, ssi
from gateway.tetra.reassembly import Joined, Reassembly
from gateway.tetra.sds_lines import ReceivedSds

REPEAT_MS = 30_000
"""A transfer told again within this time is the same message."""
_MAX_REMEMBERED = 256


class Reports(Protocol):
    """Where the inbox hands what concerns messages that we sent."""

    def report_back(self, to: int, report: sds_tl.Report, now: MonoMs) -> None:
        """Send a delivery report."""
        ...

    def delivered(self, sender: int | None, reference: int, delivery: int) -> None:
        """Take a delivery report about a message of ours."""
        ...


class Inbox:
    """Turns received messages into events."""

    def __init__(self, state: RadioState, reports: Reports) -> None:
        """Share ``state`` with the other parts of the core."""
        self._state = state
        self._reports = reports
        self._reassembly = Reassembly()
        self._joined_from: dict[tuple[int | None, int | None, int], sds.TextMessage] = {}
        self._seen: OrderedDict[tuple[int | None, str], MonoMs] = OrderedDict()

    def receive(self, received: ReceivedSds, now: MonoMs) -> None:
        """Take one message."""
        header = received.header
        if header.service == tables.AiService.STATUS:
            self._status(received)
        elif header.service == tables.AiService.SDS_4:
            self._sds(received, now)
        else:
            self._data(received, None)

    def deadline(self) -> MonoMs | None:
        """When the time of a concatenated text is up."""
        return self._reassembly.deadline()

    def tick(self, now: MonoMs) -> None:
        """Show concatenated texts that did not become complete."""
        for joined in self._reassembly.expire(now):
            self._show_joined(joined)

    def _status(self, received: ReceivedSds) -> None:
        header, payload = received.header, received.payload
        if payload.length_bits != status.STATUS_BITS:
            reason = f"status: expected 16 bits, got {payload.length_bits}"
            self._malformed(received, 0, reason)
            return
        sender, to = ssi(header.calling), ssi(header.called)
        short = status.ShortReport.decode(payload.value)
        if short is not None:
            self._reports.delivered(sender, short.reference, _short_as_delivery(short.report))
            return
        self._state.emit(StatusReceived(sender=sender, to=to, value=payload.value))
        if payload.value == tables.STATUS_EMERGENCY:
            self._emergency(header, EmergencySign.STATUS)

    def _sds(self, received: ReceivedSds, now: MonoMs) -> None:
        message = sds.decode(received.payload)
        match message:
            case sds.TextMessage():
                self._text(received, message, now)
            case sds.LocationMessage():
                self._location(received, message)
            case sds.DeliveryReport(report=report):
                sender = ssi(received.header.calling)
                if isinstance(report, sds_tl.Report):
                    self._reports.delivered(sender, report.reference, report.status)
            case sds.OtherSds():
                self._data(received, message.pid)
            case sds.MalformedSds():
                self._malformed(received, message.offset, message.reason)

    def _text(self, received: ReceivedSds, message: sds.TextMessage, now: MonoMs) -> None:
        sender, to = ssi(received.header.calling), ssi(received.header.called)
        if message.reference is not None and self._is_repeat(sender, received.raw_hex, now):
            return
        if message.report_request & sds_tl.ReportRequest.RECEIVED and message.reference is not None:
            self._report_back(sender, to, message, now)
        if message.text.part is None:
            self._show(received, message, message.text.text, message.text.guessed)
            return
        part = message.text.part
        self._joined_from[(sender, to, part.reference)] = message
        for joined in self._reassembly.add(sender, to, part, message.text.text, now):
            self._show_joined(joined)

    def _report_back(
        self, sender: int | None, to: int | None, message: sds.TextMessage, now: MonoMs
    ) -> None:
        addressed = to == self._state.own_number or (
            self._state.own_number is None and not self._state.is_group(to)
        )
        if sender is None or not addressed or message.reference is None:
            return
        report = sds_tl.Report(pid=message.pid, reference=message.reference, status=0)
        self._reports.report_back(sender, report, now)

    def _show(
        self, received: ReceivedSds, message: sds.TextMessage, text: str, guessed: bool
    ) -> None:
        stamp = message.text.time_stamp
        self._state.emit(
            TextReceived(
                sender=ssi(received.header.calling),
                to=ssi(received.header.called),
                text=text,
                pid=message.pid,
                coding=message.text.coding_name,
                guessed=guessed,
                reference=message.reference,
                immediate=message.immediate,
                raw_hex=received.raw_hex,
                radio_time=None if stamp is None else stamp.words(),
            )
        )

    def _show_joined(self, joined: Joined) -> None:
        sender, to, _reference = joined.key
        message = self._joined_from.pop(joined.key, None)
        if message is None:
            return
        stamp = message.text.time_stamp
        self._state.emit(
            TextReceived(
                sender=sender,
                to=to,
                text=joined.text,
                pid=message.pid,
                coding=message.text.coding_name,
                guessed=message.text.guessed or not joined.complete,
                reference=message.reference,
                radio_time=None if stamp is None else stamp.words(),
            )
        )

    def _is_repeat(self, sender: int | None, raw_hex: str, now: MonoMs) -> bool:
        key = (sender, raw_hex)
        known = self._seen.pop(key, None)
        self._seen[key] = now
        if len(self._seen) > _MAX_REMEMBERED:
            self._seen.popitem(last=False)
        return known is not None and now - known < REPEAT_MS

    def _location(self, received: ReceivedSds, message: sds.LocationMessage) -> None:
        report = message.location
        if not isinstance(report, lip.Report):
            self._data(received, message.pid)
            return
        sender = ssi(received.header.calling)
        if report.latitude_deg is None or report.longitude_deg is None or not report.has_position:
            self._data(received, message.pid)
        else:
            age_s = None
            if report.time_elapsed is not None:
                age_s = tables.LIP_TIME_ELAPSED_LIMIT_S[report.time_elapsed]
            self._state.emit(
                PositionReceived(
                    sender=sender,
                    latitude_deg=report.latitude_deg,
                    longitude_deg=report.longitude_deg,
                    error_m=report.position_error_m,
                    speed_kmh=report.speed_kmh,
                    direction_deg=report.direction_deg,
                    altitude_m=report.altitude_m,
                    age_s=age_s,
                    reason=report.reason,
                )
            )
        if report.reason == tables.LIP_REASON_EMERGENCY:
            self._emergency(received.header, EmergencySign.POSITION_REASON)

    def _emergency(self, header: SdsHeader, sign: EmergencySign) -> None:
        to = ssi(header.called)
        group = to if to is not None and to != self._state.own_number else None
        if group is not None and not self._state.is_group(group):
            group = None
        self._state.emit(EmergencySigned(unit=ssi(header.calling), sign=sign, group=group))

    def _data(self, received: ReceivedSds, pid: int | None) -> None:
        header = received.header
        self._state.emit(
            DataReceived(
                sender=ssi(header.calling), to=ssi(header.called), pid=pid, raw_hex=received.raw_hex
            )
        )

    def _malformed(self, received: ReceivedSds, offset: int, reason: str) -> None:
        raw = received.raw_hex.encode("ascii")
        self._state.emit(Malformed(raw=raw, offset=2 * offset, reason=reason))


def _short_as_delivery(report: int) -> int:
    """Return a short report's two bits as a full delivery status."""
    return {0: 0x50, 1: 0x52, 2: 0x00, 3: 0x02}[report]
