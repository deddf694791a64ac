"""A terminal in service: its start, its polls, its keep-alive, and how its loss is noticed.

Signs of a radio that began anew by itself: it repeats our lines (its echo is on again), it tells
its mode unasked, or it missed answers and then gives them again. The first two start the whole
sequence over; the last one asks for the services once more.
"""

from gateway.model.ids import MonoMs
from gateway.model.radio import LinkChanged, LinkState
from gateway.tetra import tables
from gateway.tetra.command_queue import COMMAND_TIMEOUT_MS, Command, CommandQueue, Result
from gateway.tetra.group_lists import GroupLists
from gateway.tetra.group_select import GroupSelect
from gateway.tetra.init_sequence import register_again, start_up
from gateway.tetra.pei_lines import Final, Mode
from gateway.tetra.radio_state import RadioState
from gateway.tetra.start_steps import Ask, Pause, StartFailed, Steps

POLL_MS = 5_000
"""One poll, in turn: signal, registration, group."""
SILENCE_MS = 10_000
"""After this long without a line from the radio, it is asked whether it is there."""
MAX_UNANSWERED = 3
"""So many commands in a row without an answer: the link is lost."""
ASK_AGAIN_MS = 30_000
"""A radio that cannot be used as it is (a PIN, another number, another mode) is asked again after
this: a hand at the radio may have put it right, and nothing else would tell."""
SIGNAL_STEP_DB = 2
"""A smaller change of the signal is not told."""

_EMPTY = Result(final=Final(kind="OK"))


class Service:
    """Runs the start sequence, then polls."""

    def __init__(
        self,
        state: RadioState,
        queue: CommandQueue,
        groups: GroupSelect,
        lists: GroupLists,
        *,
        own_number: int | None,
        wanted_mode: int | None,
    ) -> None:
        """Share state and queue; ``own_number`` and ``wanted_mode`` are what the plan says."""
        self._lists = lists
        self._wanted_mode = wanted_mode
        self._now = MonoMs(0)
        self._state = state
        self._queue = queue
        self._groups = groups
        self._expected_number = own_number
        self.silent = False
        """Whether the radio stopped answering."""
        self.asks_again = False
        """Whether the start is to run again, without a word until something has changed."""
        self._ask_again: MonoMs | None = None
        self._mode_failed = ""
        """Why the mode could not be set: the radio is not switched about again and again."""
        self._steps: Steps | None = None
        self._starting = False
        self._pause_until: MonoMs | None = None
        self._asking: Command | None = None
        self._last_heard = MonoMs(0)
        self._next_poll: MonoMs | None = None
        self._poll_turn = 0
        self._missed = False
        self._probe: Command | None = None
        self._echo_off = False
        self._told: LinkChanged | None = None

    # -- start

    def begin(self, now: MonoMs) -> None:
        """Start the sequence."""
        if not self.asks_again:
            self._mode_failed = ""
        self.closed()
        self._starting = self._groups.starting = True
        self._last_heard = self._now = now
        self._steps = start_up(
            self._state,
            expected_number=self._expected_number,
            wanted_group=self._groups.wanted,
            wanted_mode=self._wanted_mode,
            mode_failed=self._mode_failed,
        )
        self._advance(None, now)

    def closed(self) -> None:
        """Forget everything: the port is closed."""
        self.silent = self._starting = self._groups.starting = False
        self.asks_again, self._ask_again = False, None
        self._steps = None
        self._pause_until = self._next_poll = None
        self._asking = self._probe = None
        self._missed = self._echo_off = False

    def _advance(self, result: Result | None, now: MonoMs) -> None:
        if self._steps is None:
            return
        try:
            step = next(self._steps) if result is None else self._steps.send(result)
        except StopIteration as stop:
            self._steps = None
            failed = stop.value
            if failed is not None:
                self._failed(failed, now)
            elif self._starting:
                self._in_service(now)
            return
        self._do(step, now)

    def _failed(self, failed: StartFailed, now: MonoMs) -> None:
        self.closed()
        self.silent = not failed.refused
        self._mode_failed = failed.reason if failed.in_mode else ""
        self._ask_again = MonoMs(now + ASK_AGAIN_MS) if failed.refused else None
        told = self._told
        known = told is not None and (told.state, told.reason) == (LinkState.DOWN, failed.reason)
        if known and failed.refused:
            self._state.link, self._state.link_reason = LinkState.DOWN, failed.reason
        else:
            self._set(LinkState.DOWN, failed.reason)

    def _do(self, step: Ask | Pause, now: MonoMs) -> None:
        if isinstance(step, Pause):
            self._pause_until = MonoMs(now + step.pause_ms)
            return
        command = Command(
            text=step.text,
            overtakable=True,
            listing=step.listing,
            timeout_ms=COMMAND_TIMEOUT_MS if step.timeout_ms is None else step.timeout_ms,
        )

        def done(result: Result, then: MonoMs) -> None:
            if self._asking is command:
                self._asking = None
                if command.text == "ATE0" and result.ok:
                    self._echo_off = True
                self._advance(result, then)

        command.done = done
        self._asking = command
        self._queue.push(command, now)

    def _in_service(self, now: MonoMs) -> None:
        self._starting = self._groups.starting = False
        self._missed = False
        self._next_poll = MonoMs(now + POLL_MS)
        up = self._state.registered
        self._set(
            LinkState.UP if up else LinkState.UNREGISTERED, "" if up else self._registration()
        )
        self._lists.tell()

    # -- in service

    def heard(self, now: MonoMs) -> None:
        """Take note that the radio said something."""
        self._last_heard = now

    def restarted_by(self, line: Mode) -> bool:
        """Whether this mode line was not asked for: the radio began anew, or was switched."""
        asked = any(command.text.startswith("AT+CTOM") for command in self._queue.outstanding)
        return not self._starting and not asked and line.mode >= 0 and self.in_use

    def echo_means_restart(self, command: Command) -> bool:
        """Whether an echo shows that the radio began anew."""
        return self._echo_off and self.in_use and not self._starting and bool(command.text)

    def unanswered(self, now: MonoMs) -> None:
        """Take a time-out: ask whether the radio is there; after some, the link is lost."""
        if self._starting and self._asking is not None and self._asking.text == "AT":
            return
        if self._queue.timeouts >= MAX_UNANSWERED and self._state.link is not LinkState.DOWN:
            self.closed()
            self.silent = True
            self._set(LinkState.DOWN, "radio does not answer")
            return
        self._missed = True
        if self._probe is None and self.in_use:
            self._ask_whether_there(now)

    def deadline(self, *, busy: bool) -> MonoMs | None:
        """When ``proceed`` has something to do."""
        if self._pause_until is not None:
            return self._pause_until
        if self._ask_again is not None:
            return self._ask_again
        if not self.in_use or self._starting or self._asking or not self._queue.idle:
            return None
        silence = MonoMs(self._last_heard + SILENCE_MS)
        if busy or self._next_poll is None:
            return silence
        return min(self._next_poll, silence)

    def proceed(self, now: MonoMs, *, busy: bool) -> None:
        """Go on with the start, poll, follow the registration."""
        self._now = now
        if self._pause_until is not None and now >= self._pause_until:
            self._pause_until = None
            self._advance(_EMPTY, now)
        if self._ask_again is not None and now >= self._ask_again:
            self.asks_again, self._ask_again = True, None
        if not self.in_use or self._starting:
            return
        registered = LinkState.UP if self._state.registered else LinkState.UNREGISTERED
        if registered is not self._state.link:
            self._set(registered, "" if registered is LinkState.UP else self._registration())
        elif self._signal_changed() or self._words_changed():
            self.tell()
        if self._queue.idle and self._steps is None and self._probe is None:
            self._poll(now, busy=busy)

    def tell(self) -> None:
        """Tell the link's state, with what the operator must know of it."""
        state = self._state
        notices = [words for words in (state.link_reason, state.barred) if words]
        notices += [words for words in state.notices.values() if words not in notices]
        self._told = LinkChanged(
            state=state.link,
            reason="; ".join(dict.fromkeys(notices)),
            model=state.model,
            firmware=state.firmware,
            own_number=state.own_number,
            mode=state.mode_words(self._now),
            registered=state.registered if self.in_use else None,
            signal_dbm=state.signal_dbm,
        )
        state.emit(self._told)

    @property
    def in_use(self) -> bool:
        """Whether the port is open and the radio not given up."""
        return self._state.link in (LinkState.STARTING, LinkState.UP, LinkState.UNREGISTERED)

    def _set(self, link: LinkState, reason: str) -> None:
        self._state.link, self._state.link_reason = link, reason
        self.tell()

    def _registration(self) -> str:
        value = self._state.registration
        return tables.REGISTRATION_WORDS.get(-1 if value is None else value, "not registered")

    def _signal_changed(self) -> bool:
        old = None if self._told is None else self._told.signal_dbm
        new = self._state.signal_dbm
        if old is None or new is None:
            return old is not new
        return abs(old - new) >= SIGNAL_STEP_DB

    def _words_changed(self) -> bool:
        """Whether the operator has something new to read: a notice, a repeater, the mode."""
        told, state = self._told, self._state
        if told is None:
            return False
        noticed = all(words in told.reason for words in (*state.notices.values(), state.barred))
        over = bool(told.reason) and not (state.link_reason or state.notices or state.barred)
        return not noticed or over or told.mode != state.mode_words(self._now)

    def _poll(self, now: MonoMs, *, busy: bool) -> None:
        if self._missed and not busy:
            self._missed = False
            self._steps = register_again(self._state)
            self._advance(None, now)
        elif not busy and self._next_poll is not None and now >= self._next_poll:
            self._next_poll = MonoMs(now + POLL_MS)
            self._queue.push(Command(text=self._next_question(), overtakable=True), now)
        elif now >= self._last_heard + SILENCE_MS:
            self._ask_whether_there(now)

    def _next_question(self) -> str:
        if self._state.barred:
            return "AT+CPIN?"
        questions = ["AT+CTGS?"]
        if self._state.mode in tables.TRUNKED_MODES:
            questions.append("AT+CREG?")
        if self._state.mode in tables.SIGNAL_MODES:
            questions.append("AT+CSQ?")
        questions = [one for one in questions if not self._state.skips(one)] or ["AT"]
        self._poll_turn += 1
        return questions[-self._poll_turn % len(questions)]

    def _ask_whether_there(self, now: MonoMs) -> None:
        probe = Command(text="AT", overtakable=True)

        def done(_result: Result, _then: MonoMs) -> None:
            self._probe = None

        probe.done = done
        self._probe = probe
        self._queue.push(probe, now, first=True)
