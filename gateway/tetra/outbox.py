"""Messages to send: one at a time, never into a transmission, each claim of progress its own.

``accepted`` is the radio's, ``sent`` the air's (``+CMGS`` status 4), ``delivered`` and ``read`` the
receiver's (SDS-REPORT or short report). What cannot be known is ``unknown``, never repeated here.
Waiting for an over to end costs no attempt: only a refusal of the radio does.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gateway.model.ids import MessageId, MonoMs
from gateway.model.radio import SendState
from gateway.tetra import lip_requests, long_text, sds_tl, status, tables
from gateway.tetra.bits import Payload
from gateway.tetra.command_queue import Command, CommandQueue, Result
from gateway.tetra.message_words import SDS_TYPE_BITS
from gateway.tetra.pei_lines import SendResult
from gateway.tetra.radio_state import RadioState
from gateway.tetra.send_claims import Part, SendClaims
from gateway.tetra.unkey import why
from gateway.tetra.words import error_words

MAX_WAITING = 64
"""Most messages and parts of messages that may wait."""
HOLD_MS = 600_000
"""How long a message may wait for transmissions to end and for retries."""
RETRY_MS = (1_000, 2_000, 4_000, 8_000, 15_000)
"""Pauses before a message is tried again where the radio says that it may work later."""
POSITION_ANSWER_MS = 120_000
"""How long a position, or a result, from a unit counts as the answer to our request."""
_MAX_REMEMBERED = 256
_SERVICES = {
    service: f"{service.value},0,0,0,0"
    for service in (
        tables.AiService.SDS_1,
        tables.AiService.SDS_2,
        tables.AiService.SDS_3,
        tables.AiService.SDS_4,
    )
} | {tables.AiService.STATUS: "13,0"}
"""AI service -> argument of ``AT+CTSDS`` (395-5 6.14.6)."""
_SDS_TYPES = {1: tables.AiService.SDS_1, 2: tables.AiService.SDS_2, 3: tables.AiService.SDS_3}
_SYNTAX_ERROR = 35
_AT_ONCE = MonoMs(0)
_REFERENCES = 255

Known = TypeVar("Known")


@dataclass(slots=True, kw_only=True)
class _Outgoing:
    to: int
    service: tables.AiService
    payload: Payload
    expires: MonoMs
    part: Part | None = None
    """None: a report of ours, which nobody follows."""
    reference: int | None = None
    attempts: int = 0
    not_before: MonoMs = _AT_ONCE


class Outbox:
    """Sends messages through the command queue."""

    def __init__(
        self, state: RadioState, queue: CommandQueue, may_send: Callable[[], bool]
    ) -> None:
        """``may_send`` says whether the air is free for a message now."""
        self._state = state
        self._queue = queue
        self._may_send = may_send
        self._claims = SendClaims(state.emit)
        self._waiting: deque[_Outgoing] = deque()
        self._current: _Outgoing | None = None
        self._service: tables.AiService | None = None
        self._by_instance: OrderedDict[int, Part] = OrderedDict()
        self._by_reference: OrderedDict[tuple[int, int], Part] = OrderedDict()
        self._asked: dict[int, tuple[MessageId, MonoMs]] = {}

    # -- submitting

    def text(
        self,
        message: MessageId,
        to: int,
        text: str,
        now: MonoMs,
        *,
        group: bool = False,
        immediate: bool = False,
    ) -> None:
        """Queue a text, in parts where it is long; reports are asked for unless to a group."""
        to_group = group or self._state.is_group(to)
        asked = sds_tl.ReportRequest.NONE if to_group else sds_tl.ReportRequest.BOTH
        limit_bits = self._state.max_payload_bits
        try:
            count = long_text.parts_needed(text, limit_bits, immediate=immediate)
            transfers = long_text.transfers(
                text,
                references=[self._next_reference(to) for _ in range(count)],
                limit_bits=limit_bits,
                asked=asked,
                to_group=to_group,
                immediate=immediate,
            )
        except long_text.TooLong as fault:
            self._refuse(message, str(fault))
            return
        sds_4 = tables.AiService.SDS_4
        payloads = [(transfer.encode(), transfer.reference) for transfer in transfers]
        self._submit(message, to, sds_4, payloads, now)

    def status(self, message: MessageId, to: int, value: int, now: MonoMs) -> None:
        """Queue a status of 16 bits; reserved values and the emergency are refused."""
        reason = status.why_not_sendable(value)
        if reason:
            self._refuse(message, reason)
            return
        payload = Payload(value=value, length_bits=status.STATUS_BITS)
        self._submit(message, to, tables.AiService.STATUS, [(payload, None)], now)

    def data(
        self, message: MessageId, to: int, sds_type: int, payload: Payload, now: MonoMs
    ) -> None:
        """Queue user-defined data of SDS type 1, 2 or 3 (16, 32 or 64 bits), or 4."""
        wanted = SDS_TYPE_BITS.get(sds_type, payload.length_bits)
        limit_bits = self._state.max_payload_bits
        if payload.length_bits != wanted:
            reason = f"SDS type {sds_type}: expected {wanted} bits, got {payload.length_bits}"
            self._refuse(message, reason)
        elif payload.length_bits > limit_bits:
            reason = f"data too long: {payload.length_bits} bits, the radio takes {limit_bits}"
            self._refuse(message, reason)
        else:
            service = _SDS_TYPES.get(sds_type, tables.AiService.SDS_4)
            self._submit(message, to, service, [(payload, None)], now)

    def ask_position(self, message: MessageId, to: int, now: MonoMs) -> None:
        """Queue the request for a position now."""
        self._request(message, to, lip_requests.immediate_request(), now)

    def set_reporting(self, message: MessageId, to: int, enabled: bool, now: MonoMs) -> None:
        """Queue the request to send positions, or none."""
        self._request(message, to, lip_requests.reporting(enabled=enabled), now)

    def report_back(self, to: int, report: sds_tl.Report | sds_tl.Ack, now: MonoMs) -> None:
        """Queue a delivery report, or the acknowledgement of one."""
        if len(self._waiting) < MAX_WAITING:
            self._waiting.append(
                _Outgoing(
                    to=to,
                    service=tables.AiService.SDS_4,
                    payload=report.encode(),
                    expires=MonoMs(now + HOLD_MS),
                )
            )

    def _request(self, message: MessageId, to: int, payload: Payload, now: MonoMs) -> None:
        if self._state.is_group(to):
            self._refuse(message, "a position can be asked of one radio, not of a group")
            return
        self._asked[to] = (message, MonoMs(now + HOLD_MS + POSITION_ANSWER_MS))
        while len(self._asked) > _MAX_REMEMBERED:
            del self._asked[next(iter(self._asked))]
        self._submit(message, to, tables.AiService.SDS_4, [(payload, None)], now)

    def _submit(
        self,
        message: MessageId,
        to: int,
        service: tables.AiService,
        payloads: Sequence[tuple[Payload, int | None]],
        now: MonoMs,
    ) -> None:
        reason = self._state.why_not_ready()
        if not reason and len(self._waiting) + len(payloads) > MAX_WAITING:
            reason = "too many messages are waiting"
        if reason:
            self._refuse(message, reason)
            return
        self._claims.begin(message, len(payloads))
        for number, (payload, reference) in enumerate(payloads, 1):
            self._waiting.append(
                _Outgoing(
                    to=to,
                    service=service,
                    payload=payload,
                    expires=MonoMs(now + HOLD_MS),
                    part=(message, number),
                    reference=reference,
                )
            )

    def _refuse(self, message: MessageId, reason: str) -> None:
        self._claims.begin(message, 1)
        self._claims.failed((message, 1), reason)

    def _next_reference(self, to: int) -> int:
        """Return a reference that no open message to this receiver has."""
        for _ in range(_REFERENCES):
            self._state.last_reference = self._state.last_reference % _REFERENCES + 1
            if (to, self._state.last_reference) not in self._by_reference:
                break
        return self._state.last_reference

    # -- what the radio and the receiver tell

    def progress(self, line: SendResult) -> None:
        """Take ``+CMGS: instance,status[,reference]``."""
        part = self._by_instance.get(line.instance)
        if part is None:
            return
        if line.status in (tables.SendStatus.SENT, tables.SendStatus.OUT_SENT):
            self._by_instance.pop(line.instance)
            self._claims.claim(part, SendState.SENT)
        elif line.status == tables.SendStatus.FAILED:
            self._by_instance.pop(line.instance)
            self._give_up(part, "the radio could not send it over the air")

    def delivered(self, sender: int | None, reference: int, delivery: int) -> None:
        """Take a delivery report about a message of ours."""
        key = (-1 if sender is None else sender, reference)
        part = self._by_reference.get(key)
        if part is None:
            return
        words = sds_tl.report_words(delivery)
        if delivery in (sds_tl.STATUS_RECEIVED, sds_tl.STATUS_PART_RECEIVED):
            self._claims.claim(part, SendState.DELIVERED, words)
        elif delivery == sds_tl.STATUS_CONSUMED:
            self._claims.claim(part, SendState.READ, words)
        elif sds_tl.delivery_class(delivery) is sds_tl.DeliveryClass.FAILED:
            self._give_up(part, words)
        else:
            self._claims.note(part, words)

    def answered(self, sender: int | None, result: int | None, now: MonoMs) -> None:
        """Take a unit's answer to a position request: a position (no result) or a result code."""
        if sender is None or sender not in self._asked:
            return
        message, until = self._asked.pop(sender)
        if now > until:
            return
        if result is None:
            self._claims.claim((message, 1), SendState.DELIVERED, "answered with a position")
        elif result in lip_requests.GOOD_RESULTS:
            words = lip_requests.result_words(result)
            self._claims.claim((message, 1), SendState.DELIVERED, words)
        else:
            self._claims.failed((message, 1), lip_requests.result_words(result))

    def radio_gone(self, reason: str) -> None:
        """Tell that what waited failed, and that what the radio had taken is unknown."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if waiting.part is not None:
                self._claims.failed(waiting.part, f"not sent: {reason}" if reason else "not sent")
        current, self._current = self._current, None
        if current is not None and current.part is not None:
            self._claims.unknown(current.part, reason)
        for part in self._by_instance.values():
            self._claims.unknown(part, reason)
        self._by_instance.clear()
        self._service = None

    # -- sending

    def deadline(self) -> MonoMs | None:
        """When a waiting message is to be tried again, or given up."""
        times = [min(item.expires, item.not_before or item.expires) for item in self._waiting]
        return min(times, default=None)

    def pump(self, now: MonoMs) -> None:
        """Give up what waited too long; write the next message when the air is free."""
        for item in [item for item in self._waiting if now >= item.expires]:
            if item in self._waiting:
                self._waiting.remove(item)
                self._drop(item, "held too long by transmissions or retries")
        for item in self._waiting:
            if now >= item.not_before:
                item.not_before = _AT_ONCE
        if self._current is not None or not self._may_send():
            return
        ready = next((item for item in self._waiting if item.not_before == _AT_ONCE), None)
        if ready is None:
            return
        self._waiting.remove(ready)
        self._current = ready
        if ready.service is self._service:
            self._write_message(ready, now)
        else:
            self._write_service(ready, now)

    def _write_service(self, item: _Outgoing, now: MonoMs) -> None:
        def done(result: Result, then: MonoMs) -> None:
            if self._current is not item:
                return
            self._service = item.service if result.ok else None
            if not self._may_send():
                self._put_back(item)
            elif result.ok:
                self._write_message(item, then)
            else:
                self._failed(item, result, then)

        self._queue.push(Command(text=f"AT+CTSDS={_SERVICES[item.service]}", done=done), now)

    def _write_message(self, item: _Outgoing, now: MonoMs) -> None:
        def done(result: Result, then: MonoMs) -> None:
            if self._current is item:
                self._written(item, result, then)

        command = Command(
            text=f"AT+CMGS={item.to},{item.payload.length_bits}",
            payload=item.payload.hex(),
            done=done,
        )
        item.attempts += 1
        self._queue.push(command, now)

    def _written(self, item: _Outgoing, result: Result, now: MonoMs) -> None:
        if result.aborted:
            item.attempts -= 1
            self._put_back(item)
        elif result.ok:
            self._current = None
            self._accepted(item, result)
        elif result.timed_out:
            self._current = None
            self._unknown(item, "the radio did not answer")
        else:
            self._failed(item, result, now)

    def _accepted(self, item: _Outgoing, result: Result) -> None:
        results = [line for line in result.answers if isinstance(line, SendResult)]
        for line in results:
            if line.status is None:
                # A number that is used again is no longer the older message's.
                self._by_instance.pop(line.instance, None)
                if item.part is not None:
                    self._by_instance[line.instance] = item.part
                    _bound(self._by_instance)
        if item.part is None:
            return
        self._claims.claim(item.part, SendState.ACCEPTED)
        if item.reference is not None:
            self._by_reference[(item.to, item.reference)] = item.part
            _bound(self._by_reference)
        for line in results:
            if line.status is not None:
                self.progress(line)

    def _failed(self, item: _Outgoing, result: Result, now: MonoMs) -> None:
        self._current = None
        code = result.code
        known = tables.CME_ERRORS.get(-1 if code is None else code)
        retry = known is not None and known[1] is tables.ErrorAction.RETRY
        if retry and item.attempts <= len(RETRY_MS):
            item.not_before = MonoMs(now + RETRY_MS[max(item.attempts, 1) - 1])
            self._waiting.appendleft(item)
        elif code == _SYNTAX_ERROR:
            self._unknown(item, f"{error_words(code)}; it may have been sent")
        else:
            self._drop(item, why(result))

    def _put_back(self, item: _Outgoing) -> None:
        self._current = None
        self._waiting.appendleft(item)

    def _unknown(self, item: _Outgoing, reason: str) -> None:
        if item.part is not None:
            self._claims.unknown(item.part, reason)

    def _drop(self, item: _Outgoing, reason: str) -> None:
        if item.part is not None:
            self._give_up(item.part, reason)

    def _give_up(self, part: Part, reason: str) -> None:
        """Tell that a message failed; parts of it that still wait are not sent any more."""
        self._claims.failed(part, reason)
        for item in [item for item in self._waiting if item.part and item.part[0] == part[0]]:
            self._waiting.remove(item)


def _bound(remembered: OrderedDict[Known, Part]) -> None:
    while len(remembered) > _MAX_REMEMBERED:
        remembered.popitem(last=False)
