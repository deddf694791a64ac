"""The radio's selected group: told, asked for, and turned by hand."""

from gateway.model.ids import MonoMs
from gateway.model.radio import GroupChanged
from gateway.tetra import tables
from gateway.tetra.command_queue import Command, CommandQueue, Result
from gateway.tetra.pei_lines import Groups
from gateway.tetra.radio_state import RadioState, ssi
from gateway.tetra.transmit import Transmitter

SELECT_MS = 5_000
"""How long the radio may take to confirm a group; until then the old one is shown. For so long a
change of the scanned groups is ours, too: they are attached one after the other."""


class GroupSelect:
    """Follows ``+CTGS`` and turns the radio when asked."""

    def __init__(
        self,
        state: RadioState,
        queue: CommandQueue,
        transmitter: Transmitter,
        wanted: int | None,
    ) -> None:
        """Share state, queue and transmitter with the other parts of the core."""
        self._state = state
        self._queue = queue
        self._transmitter = transmitter
        self.wanted = wanted
        self.starting = False
        """Whether the start asks and restores: nothing then is a hand at the knob."""
        self._asked: int | None = None
        self._due: MonoMs | None = None
        self._told = False
        self._scan_until: MonoMs | None = None

    def forget(self) -> None:
        """Forget what was asked: the link is lost or begins anew."""
        self._asked = self._due = None
        self._told = False
        self._scan_until = None

    def select(self, number: int, now: MonoMs) -> None:
        """Turn the radio to ``number``, unless a press is in hand or the radio is not ready."""
        if self._transmitter.busy or self._state.why_not_ready():
            self._tell(asked=True)
            return
        self.wanted = number
        self._asked = number
        self._due = MonoMs(now + SELECT_MS)
        self._queue.push(Command(text=f"AT+CTGS=1,{number}", done=self._answered), now)

    def scan(self, numbers: tuple[int, ...], now: MonoMs) -> None:
        """Attach ``numbers`` for scanning, the most important first, and no others.

        Type 0 detaches: one group or all, radios may differ, so that all wanted are attached anew
        behind it. Types 2 to 7 are the scan priorities; the seventh group and more share the last.
        """
        if self._transmitter.busy or self._state.why_not_ready():
            self._tell(asked=True)
            return
        lines = [
            f"AT+CTGS={min(tables.GroupType.SCAN_1 + place, tables.GroupType.SCAN_6)},{number}"
            for place, number in enumerate(numbers)
        ]
        gone = [number for number in self._state.scanned if number not in numbers]
        if gone:
            again = [] if self._state.selected is None else [f"AT+CTGS=1,{self._state.selected}"]
            lines = [*(f"AT+CTGS=0,{number}" for number in gone), *again, *lines]
        if self._state.profile.scan:
            lines.append(self._state.profile.scan.format(on=int(bool(numbers))))
        self._scan_until = MonoMs(now + SELECT_MS)
        for text in lines:
            self._queue.push(Command(text=text), now)
        self._queue.push(Command(text="AT+CTGS?", overtakable=True), now)

    def take(self, line: Groups, now: MonoMs) -> None:
        """Take ``+CTGS``, told by itself or read."""
        selected = ssi(line.selected)
        scanned = tuple(group.ssi for group in line.scanned)
        changed = (selected, scanned) != (self._state.selected, self._state.scanned)
        scanning = self._scan_until is not None and now < self._scan_until
        by_us = scanning and selected == self._state.selected
        asked = self.starting or by_us or (self._asked is not None and selected == self._asked)
        confirmed = self._asked is not None and selected == self._asked
        if confirmed:
            self._asked = self._due = None
        self._state.selected, self._state.scanned = selected, scanned
        if changed or confirmed or not self._told:
            self._tell(asked=asked)
        self._transmitter.moved_to(selected, now)

    def deadline(self) -> MonoMs | None:
        """When a group asked for should be confirmed."""
        return self._due

    def tick(self, now: MonoMs) -> None:
        """Give up waiting: the group that the radio is on is told once more."""
        if self._due is not None and now >= self._due:
            self._asked = self._due = None
            self._tell(asked=True)

    def _answered(self, result: Result, now: MonoMs) -> None:
        if self._asked is None:
            return
        if result.ok:
            self._queue.push(Command(text="AT+CTGS?", overtakable=True), now)
        else:
            self._asked = self._due = None
            self._tell(asked=True)

    def _tell(self, *, asked: bool) -> None:
        self._told = True
        self._state.emit(
            GroupChanged(number=self._state.selected, scanned=self._state.scanned, asked=asked)
        )
