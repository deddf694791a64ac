"""Messages to send: one at a time, never into a transmission, each claim of progress its own.

``accepted`` is the radio's, ``sent`` the air's (``+CMGS`` status 4), ``delivered`` and ``read`` the
receiver's (SDS-REPORT or short report). What cannot be known is ``unknown``, never repeated here.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from gateway.model.ids import MessageId, MonoMs
from gateway.model.radio import SendProgress, SendState
from gateway.tetra import sds, sds_tl, tables
from gateway.tetra.bits import Payload
from gateway.tetra.command_queue import Command, CommandQueue, Result
from gateway.tetra.pei_lines import SendResult
from gateway.tetra.radio_state import RadioState
from gateway.tetra.words import error_words

MAX_WAITING = 32
"""Most messages that may wait."""
HOLD_MS = 300_000
"""How long a message may wait for transmissions to end and for retries."""
RETRY_MS = (1_000, 2_000, 5_000)
"""Pauses before a message is tried again where the radio says that it may work later."""
_MAX_REMEMBERED = 256
_TL_SERVICE, _STATUS_SERVICE = "12,0,0,0,0", "13,0"
_SYNTAX_ERROR = 35
_AT_ONCE = MonoMs(0)
_FAILED_CLASSES = frozenset({sds_tl.DeliveryClass.FAILED})


@dataclass(slots=True, kw_only=True)
class _Outgoing:
    to: int
    service: str
    payload: Payload
    expires: MonoMs
    message: MessageId | None = None
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
        self._waiting: deque[_Outgoing] = deque()
        self._current: _Outgoing | None = None
        self._service = ""
        self._reference = 0
        self._by_instance: OrderedDict[int, MessageId] = OrderedDict()
        self._by_reference: OrderedDict[tuple[int, int], MessageId] = OrderedDict()

    # -- submitting

    def text(self, message: MessageId, to: int, text: str, now: MonoMs) -> None:
        """Queue a text, with reports asked for unless it goes to a group."""
        asked = sds_tl.ReportRequest.BOTH
        if self._state.is_group(to):
            asked = sds_tl.ReportRequest.NONE
        self._reference = self._reference % 255 + 1
        payload = sds.text_transfer(text, self._reference, asked).encode()
        limit_bits = self._state.max_payload_bits
        if payload.length_bits > limit_bits:
            reason = f"text too long: {payload.length_bits} bits, the radio takes {limit_bits}"
            self._tell(message, SendState.FAILED, reason)
            return
        self._submit(
            _Outgoing(
                to=to,
                service=_TL_SERVICE,
                payload=payload,
                expires=MonoMs(now + HOLD_MS),
                message=message,
                reference=self._reference,
            )
        )

    def status(self, message: MessageId, to: int, value: int, now: MonoMs) -> None:
        """Queue a status of 16 bits."""
        if not 0 <= value <= 0xFFFF:
            reason = f"status: expected 0 to 65535, got {value}"
            self._tell(message, SendState.FAILED, reason)
            return
        self._submit(
            _Outgoing(
                to=to,
                service=_STATUS_SERVICE,
                payload=Payload(value=value, length_bits=16),
                expires=MonoMs(now + HOLD_MS),
                message=message,
            )
        )

    def report_back(self, to: int, report: sds_tl.Report, now: MonoMs) -> None:
        """Queue a delivery report."""
        if len(self._waiting) < MAX_WAITING:
            self._waiting.append(
                _Outgoing(
                    to=to,
                    service=_TL_SERVICE,
                    payload=report.encode(),
                    expires=MonoMs(now + HOLD_MS),
                )
            )

    def _submit(self, item: _Outgoing) -> None:
        reason = self._state.why_not_ready()
        if not reason and len(self._waiting) >= MAX_WAITING:
            reason = "too many messages are waiting"
        if reason:
            self._tell(item.message, SendState.FAILED, reason)
        else:
            self._waiting.append(item)

    # -- what the radio and the receiver tell

    def progress(self, line: SendResult) -> None:
        """Take ``+CMGS: instance,status[,reference]``."""
        message = self._by_instance.get(line.instance)
        if message is None:
            return
        if line.status in (tables.SendStatus.SENT, tables.SendStatus.OUT_SENT):
            self._by_instance.pop(line.instance)
            self._tell(message, SendState.SENT)
        elif line.status == tables.SendStatus.FAILED:
            self._by_instance.pop(line.instance)
            self._tell(message, SendState.FAILED, "the radio could not send it over the air")

    def delivered(self, sender: int | None, reference: int, delivery: int) -> None:
        """Take a delivery report about a message of ours."""
        key = (-1 if sender is None else sender, reference)
        message = self._by_reference.get(key)
        if message is None:
            return
        words = sds_tl.report_words(delivery)
        if delivery == 0x00:
            self._tell(message, SendState.DELIVERED, words)
        elif delivery == 0x02:
            self._tell(message, SendState.READ, words)
        elif sds_tl.delivery_class(delivery) in _FAILED_CLASSES:
            self._tell(message, SendState.FAILED, words)

    def radio_gone(self, reason: str) -> None:
        """Tell that what waited failed, and that what the radio had taken is unknown."""
        current, self._current = self._current, None
        if current is not None:
            self._tell(current.message, SendState.UNKNOWN, reason)
        for message in self._by_instance.values():
            self._tell(message, SendState.UNKNOWN, reason)
        while self._waiting:
            self._tell(self._waiting.popleft().message, SendState.FAILED, reason)
        self._by_instance.clear()
        self._service = ""

    # -- sending

    def deadline(self) -> MonoMs | None:
        """When a waiting message is to be tried again, or given up."""
        times = [min(item.expires, item.not_before or item.expires) for item in self._waiting]
        return min(times, default=None)

    def pump(self, now: MonoMs) -> None:
        """Give up what waited too long; write the next message when the air is free."""
        for item in [item for item in self._waiting if now >= item.expires]:
            self._waiting.remove(item)
            self._tell(item.message, SendState.FAILED, "held too long by transmissions or retries")
        if self._current is not None or not self._may_send():
            return
        ready = next((item for item in self._waiting if now >= item.not_before), None)
        if ready is None:
            return
        self._waiting.remove(ready)
        self._current = ready
        if ready.service == self._service:
            self._write_message(ready, now)
        else:
            self._write_service(ready, now)

    def _write_service(self, item: _Outgoing, now: MonoMs) -> None:
        def done(result: Result, then: MonoMs) -> None:
            if self._current is not item:
                return
            if not self._may_send():
                self._put_back(item)
                return
            self._service = item.service if result.ok else ""
            if result.ok:
                self._write_message(item, then)
            else:
                self._failed(item, result, then)

        self._queue.push(Command(text=f"AT+CTSDS={item.service}", done=done), now)

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
            self._tell(item.message, SendState.UNKNOWN, "the radio did not answer")
        else:
            self._failed(item, result, now)

    def _accepted(self, item: _Outgoing, result: Result) -> None:
        if item.message is None:
            return
        self._tell(item.message, SendState.ACCEPTED)
        if item.reference is not None:
            self._by_reference[(item.to, item.reference)] = item.message
            _bound(self._by_reference)
        results = [line for line in result.answers if isinstance(line, SendResult)]
        for line in results:
            if line.status is None:
                self._by_instance.pop(line.instance, None)
                self._by_instance[line.instance] = item.message
                _bound(self._by_instance)
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
            reason = f"{error_words(code)}; it may have been sent"
            self._tell(item.message, SendState.UNKNOWN, reason)
        elif result.timed_out:
            self._tell(item.message, SendState.FAILED, "the radio did not answer")
        else:
            self._tell(item.message, SendState.FAILED, error_words(code))

    def _put_back(self, item: _Outgoing) -> None:
        self._current = None
        self._waiting.appendleft(item)

    def _tell(self, message: MessageId | None, state: SendState, reason: str = "") -> None:
        if message is not None:
            self._state.emit(SendProgress(message=message, state=state, reason=reason))


def _bound(
    remembered: OrderedDict[int, MessageId] | OrderedDict[tuple[int, int], MessageId],
) -> None:
    while len(remembered) > _MAX_REMEMBERED:
        remembered.popitem(last=False)
