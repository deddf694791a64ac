"""Received messages to events: texts, statuses, positions, reports, emergency signs.

Reports that we owe: *received* is told at once, *consumed* only when a person has opened the text
(``opened``). What went to a group is never reported on: the bit that would ask for it means
something else by the time we receive it.
"""

from collections import OrderedDict
from dataclasses import dataclass
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
from gateway.tetra.bos import identities
from gateway.tetra.message_words import ROUTINE_PIDS, data_words
from gateway.tetra.pei_lines import SdsHeader
from gateway.tetra.radio_state import RadioState, ssi
from gateway.tetra.reassembly import Joined, Reassembly
from gateway.tetra.sds_lines import ReceivedSds

REPEAT_MS = 30_000
"""A transfer told again within this time is the same message."""
REPORT_AGAIN_MS = 5_000
"""A repeat that comes this late means that our report was lost: it is sent again."""
MAX_OWED = 256
"""Texts for which a read report may be owed; the oldest is forgotten first."""
_MAX_REMEMBERED = 256
_SDS_TYPES = {tables.AiService.SDS_1: 1, tables.AiService.SDS_2: 2, tables.AiService.SDS_3: 3}


class Reports(Protocol):
    """Where the inbox hands what concerns messages that we sent, and the reports we owe."""

    def report_back(self, to: int, report: sds_tl.Report | sds_tl.Ack, now: MonoMs) -> None:
        """Send a delivery report, or the acknowledgement of one."""
        ...

    def delivered(self, sender: int | None, reference: int, delivery: int) -> None:
        """Take a delivery report about a message of ours."""
        ...

    def answered(self, sender: int | None, result: int | None, now: MonoMs) -> None:
        """Take a unit's answer to a position request."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrived:
    """One text, or one part of it, as it came in."""

    received: ReceivedSds
    message: sds.TextMessage


@dataclass(slots=True)
class _Seen:
    at: MonoMs
    reported: MonoMs


class Inbox:
    """Turns received messages into events."""

    def __init__(self, state: RadioState, reports: Reports) -> None:
        """Share ``state`` with the other parts of the core."""
        self._state = state
        self._reports = reports
        self._reassembly: Reassembly[_Arrived] = Reassembly()
        self._seen: OrderedDict[tuple[int | None, int | None, str], _Seen] = OrderedDict()
        self._owed: OrderedDict[int, tuple[int, tuple[sds_tl.Report, ...]]] = OrderedDict()
        self._handle = 0

    def receive(self, received: ReceivedSds, now: MonoMs) -> None:
        """Take one message."""
        service = received.header.service
        if service == tables.AiService.STATUS:
            self._status(received)
        elif service == tables.AiService.SDS_4:
            self._sds(received, now)
        else:
            known = [number for kind, number in _SDS_TYPES.items() if kind == service]
            self._data(received, None, known[0] if known else 0)

    def opened(self, handle: int, now: MonoMs) -> None:
        """Send the read reports of a text: a person has opened it."""
        to, reports = self._owed.pop(handle, (0, ()))
        for report in reports:
            self._reports.report_back(to, report, now)

    def deadline(self) -> MonoMs | None:
        """When the time of a concatenated text is up."""
        return self._reassembly.deadline()

    def tick(self, now: MonoMs) -> None:
        """Show concatenated texts that did not become complete."""
        for joined in self._reassembly.expire(now):
            self._show(joined.origins, joined)

    # -- statuses

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

    # -- SDS type 4

    def _sds(self, received: ReceivedSds, now: MonoMs) -> None:
        message = sds.decode(received.payload)
        match message:
            case sds.TextMessage():
                self._text(received, message, now)
            case sds.LocationMessage():
                self._location(received, message, now)
            case sds.DeliveryReport(report=report):
                self._report(received, report, now)
            case sds.OtherSds():
                self._other(received, message, now)
            case sds.MalformedSds():
                self._malformed(received, message.offset, message.reason)

    def _report(
        self, received: ReceivedSds, report: sds_tl.Report | sds_tl.Ack, now: MonoMs
    ) -> None:
        sender = ssi(received.header.calling)
        if not isinstance(report, sds_tl.Report):
            return
        self._reports.delivered(sender, report.reference, report.status)
        if report.ack_required and sender is not None and self._is_for_us(received):
            self._reports.report_back(sender, sds_tl.acknowledgement(report), now)

    def _text(self, received: ReceivedSds, message: sds.TextMessage, now: MonoMs) -> None:
        if self._is_told(received, message.reference, message.report_request, now):
            return
        arrived = _Arrived(received=received, message=message)
        part = message.text.part
        if part is None:
            self._show((arrived,))
            return
        key = (ssi(received.header.calling), ssi(received.header.called), part.reference)
        for joined in self._reassembly.add(key, part, message.text.text, arrived, now):
            self._show(joined.origins, joined)

    def _other(self, received: ReceivedSds, message: sds.OtherSds, now: MonoMs) -> None:
        transfer = message.transfer
        if transfer is not None and self._is_told(
            received, transfer.reference, transfer.report_request, now
        ):
            return
        self._data(received, message.pid)

    def _is_told(
        self,
        received: ReceivedSds,
        reference: int | None,
        asked: sds_tl.ReportRequest,
        now: MonoMs,
    ) -> bool:
        """Report that a message is here; returns whether it was told before."""
        if reference is None:
            return False
        header = received.header
        key = (ssi(header.calling), ssi(header.called), received.raw_hex)
        seen = self._seen.pop(key, None)
        is_new = seen is None or now - seen.at >= REPEAT_MS
        if is_new or seen is None:
            seen = _Seen(at=now, reported=MonoMs(now - REPORT_AGAIN_MS))
        seen.at = now
        self._seen[key] = seen
        if len(self._seen) > _MAX_REMEMBERED:
            self._seen.popitem(last=False)
        if asked & sds_tl.ReportRequest.RECEIVED and now - seen.reported >= REPORT_AGAIN_MS:
            seen.reported = now
            self._report_received(received, reference, now)
        return not is_new

    def _report_received(self, received: ReceivedSds, reference: int, now: MonoMs) -> None:
        sender = ssi(received.header.calling)
        if sender is not None and self._is_for_us(received):
            pid = received.payload.value >> received.payload.length_bits - 8
            report = sds_tl.Report(pid=pid, reference=reference, status=sds_tl.STATUS_RECEIVED)
            self._reports.report_back(sender, report, now)

    def _is_for_us(self, received: ReceivedSds) -> bool:
        """Whether a message was addressed to this radio itself, not to a group."""
        to = ssi(received.header.called)
        if self._state.own_number is None:
            return not self._state.is_group(to)
        return to == self._state.own_number

    def _show(self, arrived: tuple[_Arrived, ...], joined: Joined[_Arrived] | None = None) -> None:
        """Tell of a text, whole or put together."""
        message, header = arrived[0].message, arrived[0].received.header
        found = identities(message.text.text if joined is None else joined.text)
        self._state.emit(
            TextReceived(
                sender=ssi(header.calling),
                to=ssi(header.called),
                text=found.text,
                pid=message.pid,
                coding=message.text.coding_name,
                guessed=any(one.message.text.guessed for one in arrived)
                or (joined is not None and not joined.complete),
                reference=message.reference,
                immediate=message.immediate,
                raw_hex=" ".join(one.received.raw_hex for one in arrived),
                written=message.text.time_stamp,
                handle=self._owe(arrived),
                parts=1 if joined is None else joined.total,
                parts_missing=0 if joined is None else joined.missing,
                opta=found.opta,
                itsi=found.itsi,
            )
        )

    def _owe(self, arrived: tuple[_Arrived, ...]) -> int | None:
        """Remember the read reports that a text's sender waits for; None where it does not."""
        reports = tuple(
            sds_tl.Report(
                pid=one.message.pid,
                reference=one.message.reference,
                status=sds_tl.STATUS_CONSUMED,
            )
            for one in arrived
            if one.message.report_request & sds_tl.ReportRequest.CONSUMED
            and one.message.reference is not None
            and self._is_for_us(one.received)
        )
        sender = ssi(arrived[0].received.header.calling)
        if not reports or sender is None:
            return None
        self._handle += 1
        self._owed[self._handle] = (sender, reports)
        if len(self._owed) > MAX_OWED:
            self._owed.popitem(last=False)
        return self._handle

    # -- positions

    def _location(self, received: ReceivedSds, message: sds.LocationMessage, now: MonoMs) -> None:
        report = message.location
        sender = ssi(received.header.calling)
        if not isinstance(report, lip.Report):
            if report.result is not None:
                self._reports.answered(sender, report.result, now)
            self._data(received, message.pid)
            return
        if report.latitude_deg is None or report.longitude_deg is None or not report.has_position:
            self._data(received, message.pid)
        else:
            if report.reason == tables.LIP_REASON_ANSWER:
                self._reports.answered(sender, None, now)
            self._position(sender, report, report.latitude_deg, report.longitude_deg)
        if report.reason == tables.LIP_REASON_EMERGENCY:
            self._emergency(received.header, EmergencySign.POSITION_REASON)

    def _position(
        self, sender: int | None, report: lip.Report, latitude_deg: float, longitude_deg: float
    ) -> None:
        age_s = None
        if report.time_elapsed is not None:
            age_s = tables.LIP_TIME_ELAPSED_LIMIT_S[report.time_elapsed]
        self._state.emit(
            PositionReceived(
                sender=sender,
                latitude_deg=latitude_deg,
                longitude_deg=longitude_deg,
                error_m=report.position_error_m,
                speed_kmh=report.speed_kmh,
                direction_deg=report.direction_deg,
                altitude_m=report.altitude_m,
                age_s=age_s,
                reason=report.reason,
                taken=report.time_of_position,
                user_data=report.user_data,
            )
        )

    # -- what concerns all

    def _emergency(self, header: SdsHeader, sign: EmergencySign) -> None:
        to = ssi(header.called)
        group = to if to is not None and to != self._state.own_number else None
        if group is not None and not self._state.is_group(group):
            group = None
        self._state.emit(EmergencySigned(unit=ssi(header.calling), sign=sign, group=group))

    def _data(self, received: ReceivedSds, pid: int | None, sds_type: int = 4) -> None:
        header = received.header
        self._state.emit(
            DataReceived(
                sender=ssi(header.calling),
                to=ssi(header.called),
                pid=pid,
                raw_hex=received.raw_hex,
                sds_type=sds_type,
                words=data_words(pid, sds_type),
                routine=pid in ROUTINE_PIDS,
            )
        )

    def _malformed(self, received: ReceivedSds, offset: int, reason: str) -> None:
        raw = received.raw_hex.encode("ascii")
        self._state.emit(Malformed(raw=raw, offset=2 * offset, reason=reason))


def _short_as_delivery(report: int) -> int:
    """Return a short report's two bits as a full delivery status."""
    return {0: 0x50, 1: 0x52, 2: 0x00, 3: 0x02}[report]
