"""What is done about a terminal's errors, whatever command they answer: the table at work.

Trying again is the business of whoever sent the command (a press, a message, the start); the rest
is here: what is remembered of the radio, what bars it, and what is told to the operator.
"""

from gateway.model.ids import MonoMs
from gateway.tetra import tables
from gateway.tetra.command_queue import Command, CommandQueue, Lane, Result
from gateway.tetra.error_actions import ErrorAction, error_rule
from gateway.tetra.pei_lines import Mode
from gateway.tetra.radio_state import REGISTRATION_QUESTION, RadioState

_MODE_QUESTION = "AT+CTOM?"


class Remedies:
    """Takes the end of every command."""

    def __init__(self, state: RadioState, queue: CommandQueue) -> None:
        """Share state and queue with the other parts of the core."""
        self._state = state
        self._queue = queue
        self.mode_changed = False
        """Whether the radio turned out to be in another mode: the start has to run again."""

    def ended(self, command: Command, result: Result, now: MonoMs) -> None:
        """Take the result of one command."""
        if result.ok:
            self._over(command)
            return
        code = result.code
        rule = error_rule(code)
        if rule is None or code is None:
            return
        match rule.action:
            case ErrorAction.SKIP_COMMAND:
                self._state.never_again(command.text)
            case ErrorAction.OPERATOR:
                self._state.notices[code] = rule.words
            case ErrorAction.PIN:
                self._state.barred = rule.words
            case ErrorAction.OUT_OF_SERVICE:
                self._out_of_service()
            case ErrorAction.RESYNC:
                self._queue.resync()
            case ErrorAction.CHECK_MODE:
                self._check_mode(now)
            case ErrorAction.RETRY | ErrorAction.GIVE_UP | ErrorAction.TREAT_AS_DONE:
                return

    def _over(self, command: Command) -> None:
        """Forget a notice that this success contradicts."""
        if command.lane is Lane.KEY:
            self._state.notices.pop(tables.CME_TRANSMIT_INHIBIT, None)
        if command.payload:
            self._state.notices.pop(tables.CME_STORE_FULL, None)

    def _out_of_service(self) -> None:
        asked = not self._state.skips(REGISTRATION_QUESTION)
        if asked and self._state.mode in tables.TRUNKED_MODES:
            self._state.registration = tables.Registration.NO_NETWORK

    def _check_mode(self, now: MonoMs) -> None:
        if any(command.text == _MODE_QUESTION for command in self._queue.outstanding):
            return
        before = self._state.mode

        def done(result: Result, _then: MonoMs) -> None:
            told = next((line for line in result.answers if isinstance(line, Mode)), None)
            self.mode_changed = told is not None and told.mode != before

        self._queue.push(Command(text=_MODE_QUESTION, overtakable=True, done=done), now)
