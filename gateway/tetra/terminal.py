"""One TETRA terminal on its peripheral equipment interface, without input or output.

The five verbs of every core (``receive``, ``tick``, ``outgoing``, ``deadline`` and the submitting
verbs). ``now`` is monotonic milliseconds, given by the caller. Every verb returns the events that
are due; what ``outgoing`` causes is returned by the next verb, ``deadline`` is then at once.

What a driver does, in this order, after each verb: hand the events on; when ``key_epoch`` changed,
give ``guard_bytes()`` to the un-key guard (empty: disarm) **before** it writes anything; write
``outgoing()`` until it is empty; arm one timer for ``deadline()``. When ``needs_reopen`` is set,
call ``lost``, close the port, open it again and call ``opened``.

Latency: a press with no command outstanding is in the very next ``outgoing()``. When a poll is
outstanding, the press waits for its final result, but never longer than ``KEY_WAIT_MS`` (150 ms);
see ``command_queue``. Polls are held while a press is in hand. Messages are not sent while anybody
talks.
"""

from gateway.model.ids import CallId, MessageId, MonoMs, RequestId
from gateway.model.individual import Dial
from gateway.model.messages import MessageAct, SendStatus, SendText
from gateway.model.radio import (
    Capability,
    GroupChanged,
    KeyDemand,
    LineSeen,
    LinkChanged,
    LinkInfo,
    LinkState,
    Malformed,
    RadioEvent,
)
from gateway.tetra import tables
from gateway.tetra.calls import CallTracker
from gateway.tetra.command_queue import Command, CommandQueue
from gateway.tetra.dispatch_lines import LineDispatch
from gateway.tetra.group_lists import GroupLists
from gateway.tetra.group_select import GroupSelect
from gateway.tetra.inbox import Inbox
from gateway.tetra.individual_calls import IndividualCalls
from gateway.tetra.lines import LineReader, Overlong
from gateway.tetra.message_acts import carry_out
from gateway.tetra.message_words import payload_words
from gateway.tetra.outbox import Outbox
from gateway.tetra.pei_lines import Bad, Final, Mode, Unknown
from gateway.tetra.profiles import AUTO, choose
from gateway.tetra.radio_state import RadioState
from gateway.tetra.remedies import Remedies
from gateway.tetra.sds_lines import Heard, ReceivedSds, SdsLineJoiner
from gateway.tetra.service import Service
from gateway.tetra.settings import check_settings
from gateway.tetra.transmit import Transmitter
from gateway.tetra.words import command_words, line_words

INFO = LinkInfo(
    technology="tetra",
    capabilities=frozenset(
        {
            Capability.EMERGENCY_IN,
            Capability.DELIVERY,
            Capability.SELECT_GROUP,
            Capability.TEXT,
            Capability.POSITION_REQUEST,
            Capability.STATUS,
            Capability.SIGNAL,
            Capability.INDIVIDUAL,
            Capability.TELEPHONE,
            Capability.EMERGENCY_OUT,
        }
    ),
)
"""What a terminal on its PEI can know and carry."""

_MAX_SEEN_CHARACTERS = 400


class TerminalCore:
    """Host side of a terminal's peripheral equipment interface (EN 300 392-5)."""

    def __init__(
        self,
        *,
        own_number: int | None = None,
        wanted_group: int | None = None,
        profile: str = AUTO,
        mode: str = "",
    ) -> None:
        """``own_number`` is checked at the start; group and mode are restored there.

        Raises ValueError for a profile or mode that does not exist.
        """
        check_settings(profile, mode)
        self.state = RadioState(wanted_profile=profile, profile=choose(profile))
        self._now = MonoMs(0)
        self._reader = LineReader()
        self._joiner = SdsLineJoiner()
        self._queue = CommandQueue(self._written)
        self._tracker = CallTracker(self.state)
        self._transmitter = Transmitter(self.state, self._queue, self._tracker)
        self._individual = IndividualCalls(
            self.state, self._queue, self._tracker, self._transmitter
        )
        self._outbox = Outbox(self.state, self._queue, self._air_is_free)
        self._inbox = Inbox(self.state, self._outbox)
        self._groups = GroupSelect(self.state, self._queue, self._transmitter, wanted_group)
        self._lists = GroupLists(self.state, self._queue)
        self._service = Service(
            self.state,
            self._queue,
            self._groups,
            self._lists,
            own_number=own_number,
            wanted_mode=tables.PLAN_MODES.get(mode),
        )
        self._remedies = Remedies(self.state, self._queue)
        self._queue.ended = self._remedies.ended
        self._dispatch = LineDispatch(
            self.state,
            tracker=self._tracker,
            transmitter=self._transmitter,
            outbox=self._outbox,
            groups=self._groups,
            lists=self._lists,
            individual=self._individual,
        )

    # -- what a driver asks

    @property
    def needs_reopen(self) -> bool:
        """Whether the radio went silent: the driver calls ``lost`` and opens the port again."""
        return self._service.silent or self._transmitter.stuck or self._individual.stuck

    @property
    def wanted_group(self) -> int | None:
        """The group that is restored at a start."""
        return self._groups.wanted

    @wanted_group.setter
    def wanted_group(self, number: int | None) -> None:
        self._groups.wanted = number

    @property
    def keyed(self) -> bool:
        """Whether bytes that key the radio may be on the wire, without a confirmed un-key."""
        return bool(self.guard_bytes())

    @property
    def key_epoch(self) -> int:
        """Grows whenever ``guard_bytes`` changes."""
        return self._transmitter.key_epoch + self._individual.key_epoch

    @property
    def on_air(self) -> RequestId | None:
        """The press, or the open microphone, whose sound may be sent right now."""
        return self._transmitter.on_air or self._individual.on_air

    def guard_bytes(self) -> bytes:
        """Return the bytes that un-key the current key-up; empty when nothing is keyed."""
        return self._transmitter.guard_bytes() or self._individual.guard_bytes()

    # -- the five verbs

    def receive(self, data: bytes, now: MonoMs) -> list[RadioEvent]:
        """Take bytes from the radio, in any chunking."""
        self._now = now
        for line in self._reader.feed(data):
            self._service.heard(now)
            if isinstance(line, Overlong):
                reason = f"line of {line.dropped} bytes dropped, at most 8192 are read"
                self.state.emit(Malformed(raw=line.head, offset=0, reason=reason))
            elif not self._is_echo(line):
                for heard in self._joiner.feed(line):
                    self._hear(heard, now)
        return self._after(now)

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        self._now = now
        if self._queue.tick(now):
            self._service.unanswered(now)
        self._transmitter.tick(now)
        self._individual.tick(now)
        self._tracker.tick(now)
        self._inbox.tick(now)
        self._groups.tick(now)
        self._lists.tick(now)
        return self._after(now)

    def outgoing(self, max_bytes: int = 64) -> bytes:
        """Return what must be written next, in small pieces; empty when there is nothing."""
        return self._queue.outgoing(max_bytes, self._now)

    def deadline(self) -> MonoMs | None:
        """When ``tick`` is due next; None when the link is closed."""
        if self.state.events:
            return self._now
        times = (
            self._queue.deadline(self._now),
            self._transmitter.deadline(),
            self._individual.deadline(),
            self._tracker.deadline(),
            self._inbox.deadline(),
            self._groups.deadline(),
            self._lists.deadline(),
            self._outbox.deadline(),
            self._service.deadline(busy=self._busy),
        )
        return min((time for time in times if time is not None), default=None)

    # -- submitting

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Begin: the port is open. A key-up that was lost with it is un-keyed first."""
        self._now = now
        self._begin_anew(now, "")
        return self._after(now)

    def lost(self, now: MonoMs, reason: str) -> list[RadioEvent]:
        """Take the end of the port: read error, pulled cable, or a radio gone silent."""
        self._now = now
        self._drop(reason)
        self._service.closed()
        self._change(LinkState.DOWN, reason)
        return self._drain()

    def demand(self, wanted: KeyDemand, now: MonoMs) -> list[RadioEvent]:
        """Ask to talk."""
        self._now = now
        self._transmitter.demand(wanted, now)
        return self._after(now)

    def end(self, request: RequestId, cause: str, now: MonoMs) -> list[RadioEvent]:
        """Un-key or withdraw, ahead of everything else."""
        self._now = now
        if not self._individual.end_microphone(request, cause, now):
            self._transmitter.end(request, cause, now)
        return self._after(now)

    def dial(self, dial: Dial, now: MonoMs) -> list[RadioEvent]:
        """Call a unit or a telephone."""
        self._now = now
        self._individual.dial(dial, now)
        return self._after(now)

    def answer(self, instance: int, microphone: RequestId | None, now: MonoMs) -> list[RadioEvent]:
        """Take a ringing call; ``microphone`` stands for ours in a duplex call."""
        self._now = now
        self._individual.answer(instance, microphone, now)
        return self._after(now)

    def hang_up(self, call: CallId | int, now: MonoMs) -> list[RadioEvent]:
        """Decline, withdraw or end a call of two, by our id or the radio's instance."""
        self._now = now
        self._individual.hang_up(call, now)
        return self._after(now)

    def select_group(self, number: int, now: MonoMs) -> list[RadioEvent]:
        """Turn the radio to a group; never while a press is in hand."""
        self._now = now
        self._groups.select(number, now)
        return self._after(now)

    def scan_groups(self, numbers: tuple[int, ...], now: MonoMs) -> list[RadioEvent]:
        """Attach groups for scanning, the most important first; never while a press is in hand."""
        self._now = now
        self._groups.scan(numbers, now)
        return self._after(now)

    def message(self, act: MessageAct, now: MonoMs) -> list[RadioEvent]:
        """Send a text, a status, a request; or tell a sender that a person has read his text."""
        self._now = now
        carry_out(act, self._outbox, self._inbox, now)
        return self._after(now)

    def send_text(self, message: MessageId, to: int, text: str, now: MonoMs) -> list[RadioEvent]:
        """Send a text."""
        return self.message(SendText(message=message, to=to, text=text), now)

    def send_status(self, message: MessageId, to: int, value: int, now: MonoMs) -> list[RadioEvent]:
        """Send a pre-coded status."""
        return self.message(SendStatus(message=message, to=to, value=value), now)

    # -- lines

    def _hear(self, heard: Heard, now: MonoMs) -> None:
        said = heard.said
        if isinstance(said, ReceivedSds):
            self._see(said.raw_hex, payload_words(said.header.service, said.payload))
            if self._service.in_use:
                self._inbox.receive(said, now)
            return
        self._see(heard.text, line_words(said))
        if heard.held or not self._service.in_use:
            return
        if isinstance(said, Bad):
            raw = said.text.encode("latin-1", errors="replace")
            self.state.emit(Malformed(raw=raw, offset=said.offset, reason=said.reason))
        elif isinstance(said, Final):
            self._queue.final(said, now)
            if said.ok:
                self._transmitter.answers(now)
        elif isinstance(said, Mode) and self._service.restarted_by(said):
            self._restart(now, "radio has restarted or changed its mode")
        else:
            self._queue.collect(said, now)
            if not isinstance(said, Unknown):
                self._dispatch.take(said, now)

    def _is_echo(self, line: str) -> bool:
        """Whether the radio repeats our own line: usual before ``ATE0``, later a restart."""
        for command in self._queue.outstanding:
            if line not in (command.text, command.payload):
                continue
            self._see(line, "echo of our line")
            if self._service.echo_means_restart(command):
                self._restart(self._now, "radio has restarted")
            return True
        return False

    def _written(self, command: Command) -> None:
        self.state.emit(
            LineSeen(outgoing=True, raw=command.text, words=command_words(command.text))
        )
        if command.payload:
            words = "message broken off" if command.aborted else "payload of the message"
            self.state.emit(LineSeen(outgoing=True, raw=command.payload, words=words))

    def _see(self, raw: str, words: str) -> None:
        self.state.emit(LineSeen(outgoing=False, raw=raw[:_MAX_SEEN_CHARACTERS], words=words))

    # -- the life of the link

    def _after(self, now: MonoMs) -> list[RadioEvent]:
        if self._remedies.mode_changed:
            self._remedies.mode_changed = False
            self._restart(now, "radio has changed its mode")
        self._service.proceed(now, busy=self._busy)
        if self._service.asks_again:
            self._begin_anew(now, self.state.link_reason, told=False)
        if self.state.link is LinkState.DOWN:
            self._drop(self.state.link_reason)
        elif self.state.link is LinkState.UNREGISTERED:
            self._transmitter.not_ready(self.state.why_not_ready(), now)
            self._individual.not_ready(self.state.why_not_ready(), now)
        if self._service.in_use:
            self._individual.proceed(now)
        self._outbox.pump(now)
        return self._drain()

    def _begin_anew(self, now: MonoMs, reason: str, *, told: bool = True) -> None:
        guard = self.guard_bytes()
        self._reader.clear()
        self._joiner.clear()
        self._queue.clear()
        self.state.forget_radio()
        if guard:
            self._queue.raw(guard)
        self._transmitter.forget_guard()
        self._individual.forget_guard()
        self._queue.raw(b"\r")
        self.state.link, self.state.link_reason = LinkState.STARTING, reason
        if told:
            self._service.tell()
        self._service.begin(now)

    def _restart(self, now: MonoMs, reason: str) -> None:
        """Start over on the open port: the radio forgot what it was told."""
        self._drop(reason)
        self._begin_anew(now, reason)

    def _drop(self, reason: str) -> None:
        self._transmitter.link_lost(reason)
        self._individual.link_lost(reason)
        self._outbox.radio_gone(reason)
        self._tracker.all_ended(reason)
        self._groups.forget()
        self._lists.forget()
        self._queue.clear()

    def _change(self, link: LinkState, reason: str) -> None:
        self.state.link, self.state.link_reason = link, reason
        self._service.tell()

    def _air_is_free(self) -> bool:
        ready = not self.state.why_not_ready()
        return ready and not self._busy and not self.state.somebody_talks

    @property
    def _busy(self) -> bool:
        return self._transmitter.busy or self._individual.in_hand

    def _drain(self) -> list[RadioEvent]:
        events = list(self.state.events)
        self.state.events.clear()
        return events


__all__ = ["INFO", "GroupChanged", "LinkChanged", "TerminalCore", "tables"]
