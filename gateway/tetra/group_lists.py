"""The groups that a radio has: read at its start, and again when the network gives it others."""

from gateway.model.ids import MonoMs
from gateway.model.radio import GroupsKnown
from gateway.tetra import answers
from gateway.tetra.command_queue import Command, CommandQueue, Result
from gateway.tetra.pei_lines import Info
from gateway.tetra.radio_state import RadioState

REREAD_MS = 300
"""Pause before the dynamic groups are read again: such lines come in numbers."""
_QUESTIONS = {"CNUMD": "AT+CNUMD?", "CNUMS": "AT+CNUMS?"}


class GroupLists:
    """Follows ``+CNUMD`` and ``+CNUMS``."""

    def __init__(self, state: RadioState, queue: CommandQueue) -> None:
        """Share state and queue with the other parts of the core."""
        self._state = state
        self._queue = queue
        self._due: dict[str, MonoMs] = {}
        self._told: GroupsKnown | None = None

    def forget(self) -> None:
        """Forget what is to be read: the link is lost or begins anew."""
        self._due.clear()
        self._told = None

    def take(self, line: Info, now: MonoMs) -> None:
        """Take a line of a list; one that nobody asked for says that the list has changed."""
        if line.name not in _QUESTIONS or self._state.skips(_QUESTIONS[line.name]):
            return
        asked = any(f"+{line.name}" in command.text for command in self._queue.outstanding)
        if not asked:
            self._due[line.name] = MonoMs(now + REREAD_MS)

    def tell(self) -> None:
        """Tell the lists where they are not the ones told last."""
        known = GroupsKnown(static=self._state.static_groups, dynamic=self._state.dynamic_groups)
        if known != (self._told or GroupsKnown()):
            self._state.emit(known)
        self._told = known

    def deadline(self) -> MonoMs | None:
        """When a list is to be read again."""
        return min(self._due.values(), default=None)

    def tick(self, now: MonoMs) -> None:
        """Read what has changed."""
        for name in [name for name, due in self._due.items() if now >= due]:
            del self._due[name]
            self._read(name, now)

    def _read(self, name: str, now: MonoMs) -> None:
        def done(result: Result, _then: MonoMs) -> None:
            if not result.ok:
                return
            groups = answers.known_groups(result.answers, name)
            if name == "CNUMD":
                self._state.dynamic_groups = groups
            else:
                self._state.static_groups = groups
            self.tell()

        text = _QUESTIONS[name]
        self._queue.push(Command(text=text, overtakable=True, listing=True, done=done), now)
