"""What must hold whatever the wire and the radio do; each breach is told in words.

The watch sees what the core writes and tells, and what truly happens at the radio. It shares no
code with the core.
"""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.model.radio import (
    RadioEvent,
    SendProgress,
    SendState,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)

UNKEY_LIMIT_MS = 20_000.0
"""Longest time that a radio may stay keyed after the press has ended, on the worst wire."""
CLEAN_UNKEY_LIMIT_MS = 500.0
"""The same where every byte arrives, the radio stays on, and hears."""
KEY_LINES = ("ATD", "AT+CTXD=")
UNKEY_LINES = ("AT+CUTXC=", "ATH")
_DIAL = re.compile(r"ATD(\d{1,8})$")
_MESSAGE = re.compile(r"AT\+CMGS=(\d{1,8}),")
_TEXT = re.compile(r"8[2A]0[0-9A-F](\w\w)01(?:050003(\w\w)\w\w(\w\w))?((?:\w\w)*)$")
"""A text in Latin-1 with a header: its reference, of a part of a text the reference that all share
and the part's number, and what follows."""
_NAME = re.compile(r"m-\d+(?= )")
"""The name that each text holds; what follows it must be there, or it may have been cut."""
MAX_FAULTS = 5


@dataclass(slots=True)
class Press:
    """One press: open until the engine or the core ends it."""

    request: str
    open: bool = True
    told: int = 0


@dataclass(slots=True)
class Parts:
    """What was written of one text. Its name may be cut between two of its parts."""

    texts: dict[int, str] = field(default_factory=dict)
    written: set[tuple[int, int]] = field(default_factory=set)

    def take(self, number: int, text: str, written: tuple[int, int]) -> None:
        """Take a part; one that is another than before begins a new text."""
        if self.texts.get(number, text) != text:
            self.texts, self.written = {}, set()
        self.texts[number] = text
        self.written.add(written)

    def begin(self) -> str:
        """Return the text as far as it was written without a gap."""
        numbers = itertools.takewhile(self.texts.__contains__, itertools.count(1))
        return "".join(self.texts[number] for number in numbers)


@dataclass
class Watch:
    """Collects breaches. ``target`` is the only group that any press of the run wants."""

    target: int
    unkey_limit_ms: float = UNKEY_LIMIT_MS
    lossless: bool = False
    """Every byte arrives as it was sent."""
    faults: list[str] = field(default_factory=list)
    presses: dict[str, Press] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    longest_unkey_ms: float = 0.0
    reported: set[tuple[int, int]] = field(default_factory=set)
    """(unit, reference) of which the far side said that it arrived."""
    messages: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    """Of each text (unit, reference) of its parts, as the core wrote them."""
    _dialled: set[int] = field(default_factory=set)
    _withdrawn: bool = False
    _to: int = 0
    _parts: dict[tuple[int, int], "Parts"] = field(default_factory=dict)
    """Of each text in parts, by its receiver and the reference that all share."""
    _keyed_since: float | None = None

    def breach(self, words: str, now: float) -> None:
        """Note that something did not hold."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(f"at {now:.0f} ms: {words}")

    @property
    def pressed(self) -> bool:
        """Whether anybody presses."""
        return any(press.open for press in self.presses.values())

    # -- what the engine does

    def press(self, request: str) -> None:
        """A press begins."""
        self.presses[request] = Press(request)
        self.counts["presses"] += 1

    def let_go(self, request: str) -> None:
        """A press is let go."""
        self.presses[request].open = False

    def sends(self, message: str) -> None:
        """Take it that a text is handed in, which holds ``message``."""
        self.messages[message] = set()
        self.counts["texts"] += 1

    # -- what the core tells and writes

    def told(self, events: Sequence[RadioEvent], now: float) -> None:
        """Take events of the core."""
        for event in events:
            if isinstance(event, TxEnded | TxRefused | TxNotSent):
                self._ended(str(event.demand), now)
            elif isinstance(event, TxGranted):
                self._granted(str(event.demand), now)
            elif isinstance(event, SendProgress):
                self._sent(str(event.message), event.state, now)

    def _ended(self, request: str, now: float) -> None:
        press = self.presses.get(request)
        if press is None:
            self.breach(f"the end of a press {request} that nobody made", now)
            return
        press.open = False
        press.told += 1
        if press.told > 1:
            self.breach(f"press {request} ended twice", now)

    def _granted(self, request: str, now: float) -> None:
        self.counts["granted"] += 1
        if request not in self.presses:
            self.breach(f"a grant of a press {request} that nobody made", now)

    def _sent(self, message: str, state: SendState, now: float) -> None:
        self.counts[f"text {state.value}"] += 1
        if state not in (SendState.DELIVERED, SendState.READ):
            return
        if not self.messages[message] or not self.messages[message] <= self.reported:
            self.breach(f"{message} told as {state.value}, and nobody reported it", now)

    def line(self, text: str, *, pressed_at_its_begin: bool, now: float) -> None:
        """Take a line that the core has written."""
        if text.startswith(KEY_LINES):
            self._withdrawn = False
            if not pressed_at_its_begin:
                self.breach(f"{text} was written, and nobody presses", now)
        elif text.startswith(UNKEY_LINES):
            self._withdrawn = True
        if found := _DIAL.match(text):
            self._dialled.add(int(found[1]))
        elif found := _MESSAGE.match(text):
            self._to = int(found[1])
        elif found := _TEXT.match(text):
            self._note_text(found)

    def _note_text(self, found: re.Match[str]) -> None:
        """Take a text, or a part of one, that the core wrote."""
        reference, text = int(found[1], 16), bytes.fromhex(found[4]).decode("latin-1")
        parts = Parts()
        if found[2]:
            parts = self._parts.setdefault((self._to, int(found[2], 16)), parts)
        parts.take(int(found[3] or "1", 16), text, (self._to, reference))
        named = _NAME.search(parts.begin())
        if named and named[0] in self.messages:
            self.messages[named[0]] |= parts.written

    # -- what happens at the radio

    def radio(self, *, keyed: bool, now: float) -> None:
        """Take the radio's true state; a press that ended must un-key it in time."""
        if not keyed or self.pressed:
            if self._keyed_since is not None:
                self._unkeyed_after(now - self._keyed_since, now)
            self._keyed_since = None
        elif self._keyed_since is None:
            self._keyed_since = now
        elif now - self._keyed_since > self.unkey_limit_ms:
            self.breach("stuck: the radio is keyed, and nobody presses", now)
            self._keyed_since = now

    def _unkeyed_after(self, took_ms: float, now: float) -> None:
        self.longest_unkey_ms = max(self.longest_unkey_ms, took_ms)
        if took_ms > self.unkey_limit_ms:
            self.breach(f"the radio stayed keyed for {took_ms:.0f} ms after the press", now)

    def keyed_on(self, group: int | None, *, dialled: bool, told: bool, now: float) -> None:
        """Take it that the radio's transmitter went on, in a call that the host dialled or not.

        ``told``: the lines that announced the call arrived whole. What no driver can know is
        counted and is no breach: those lines were lost, or the dialled digits were damaged, or the
        network grants what was withdrawn (then no sound is sent, and it must be un-keyed).
        """
        self.counts["keyed"] += 1
        if group == self.target:
            return
        if self._withdrawn and not self.pressed:
            self.counts["elsewhere: granted after its withdrawal, un-keyed at once"] += 1
        elif group is None and not self.lossless:
            self.counts["elsewhere: a command was damaged into another"] += 1
        elif dialled and group not in self._dialled:
            self.counts["elsewhere: the number was damaged on the wire"] += 1
        elif not dialled and not told:
            self.counts["elsewhere: the lines that told it were lost"] += 1
        else:
            self.breach(f"keyed on {group}, and the target is {self.target}", now)

    # -- at the end

    def at_end(self, *, keyed: bool, guard: bytes, now: float) -> None:
        """Everybody has let go, and time has passed."""
        if keyed:
            self.breach("the radio is keyed at the end", now)
        if guard:
            self.breach(f"the guard is armed with {guard!r} at the end", now)
        for press in self.presses.values():
            if press.told != 1:
                self.breach(f"press {press.request} was told to have ended {press.told} times", now)


def size_of(root: object) -> int:
    """Return how many things a core holds, in all its containers."""
    seen: set[int] = set()
    todo, count = [root], 0
    while todo:
        one = todo.pop()
        if id(one) in seen or isinstance(one, str | bytes | int | float | type(None) | type):
            continue
        seen.add(id(one))
        inside = _inside(one)
        count += len(inside)
        todo += inside
    return count


def _inside(one: object) -> list[object]:
    if isinstance(one, dict):
        return [*one.keys(), *one.values()]
    if isinstance(one, bytearray):
        return [None] * len(one)
    if hasattr(one, "__iter__") and hasattr(one, "__len__"):
        return list(one)
    kinds = type(one).__mro__
    if not any(kind.__module__.startswith("gateway.") for kind in kinds):
        return []
    names = [name for kind in kinds for name in getattr(kind, "__slots__", ())]
    values = [getattr(one, name) for name in names if hasattr(one, name)]
    return [*values, *getattr(one, "__dict__", {}).values()]
