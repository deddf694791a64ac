"""Recordings of lines: a terminal's PEI, and the lines of an analogue radio.

A terminal answers, and says things unasked. Only the latter is fed at its time; what it answered is
kept by command, for the core that asks the same.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.analogue.donor import DonorCore, DonorSettings
from gateway.model.ids import MonoMs
from gateway.model.radio import RadioEvent
from gateway.tetra.terminal import TerminalCore
from samband.replay_files import Recorded

LINE_MS = 50.0
"""How long a line lasts, for recordings without times."""
MAX_ROUNDS = 64
"""Commands that a core may ask in one go; more is a loop."""
_OK = b"\r\nOK\r\n"
_FINALS = ("OK", "ERROR", "+CME ERROR", "+CMS ERROR")
_WITH_PAYLOAD = ("+CTSDSR",)
"""Unasked lines whose next line belongs to them."""
_ENDS = bytes.maketrans(b"\n\x1a\x1b", b"\r\r\r")


@dataclass(slots=True)
class PeiExchange:
    """What a terminal said unasked, line by line, and its last answer to each command."""

    unasked: list[Recorded] = field(default_factory=list)
    answers: dict[str, bytes] = field(default_factory=dict)
    asked: bool = False
    """Whether the recording has both sides."""


def pei_exchange(recorded: Sequence[Recorded]) -> PeiExchange:
    """Tell answers from what was said unasked."""
    found = PeiExchange()
    waiting: deque[tuple[str, list[str]]] = deque()
    payload = False
    for line, outgoing, one in _lines(recorded):
        if outgoing:
            if line[:2].upper() == "AT":
                found.asked = True
                waiting.append((line, []))
            continue
        if waiting and line == waiting[0][0]:
            continue  # echo
        if line.startswith(_FINALS):
            if waiting:
                command, answer = waiting.popleft()
                found.answers[command] = _answer([*answer, line])
            continue
        if waiting and not payload and _answers(line, waiting[0][0]):
            waiting[0][1].append(line)
            continue
        payload = line.startswith(_WITH_PAYLOAD)
        found.unasked.append(replace(one, data=f"\r\n{line}\r\n".encode("latin-1")))
    return found


def _lines(recorded: Sequence[Recorded]) -> Iterator[tuple[str, bool, Recorded]]:
    """Give whole lines with their direction and the chunk that completed them."""
    rests = {True: b"", False: b""}
    for one in recorded:
        outgoing = one.way.lower() in ("out", "tx", "sent", "to")
        pieces = (rests[outgoing] + one.data.translate(_ENDS)).split(b"\r")
        rests[outgoing] = pieces.pop()
        for piece in pieces:
            if line := piece.decode("latin-1").strip("\0 "):
                yield line, outgoing, one


def _answers(line: str, command: str) -> bool:
    """Say whether a line can be the answer to a command: by its prefix, or by having none."""
    name = command[2:].partition("=")[0].partition("?")[0].upper()
    return line.upper().startswith(f"{name}:") if line.startswith("+") else True


def _answer(lines: Sequence[str]) -> bytes:
    return b"".join(f"\r\n{line}\r\n".encode("latin-1") for line in lines)


class PeiReplay:
    """A terminal's core; what it asks is answered as the recorded terminal did, or with OK."""

    def __init__(self, core: TerminalCore, answers: Mapping[str, bytes]) -> None:
        """Take the core and the answers by command."""
        self.core = core
        self._answers = answers
        self._half = b""

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Begin."""
        return self._after(self.core.opened(now), now)

    def give(self, data: bytes, now: MonoMs) -> list[RadioEvent]:
        """Feed a line of the terminal."""
        return self._after(self.core.receive(data, now), now)

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        return self._after(self.core.tick(now), now)

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        return self.core.deadline()

    def pace_ms(self, data: bytes) -> float:
        """Return how long a line lasts."""
        return LINE_MS

    def _after(self, events: list[RadioEvent], now: MonoMs) -> list[RadioEvent]:
        for _ in range(MAX_ROUNDS):
            asked = self._asked()
            if not asked:
                break
            for command in asked:
                answer = self._answers.get(command, _OK)
                events = [*events, *self.core.receive(answer, now)]
        return events

    def _asked(self) -> list[str]:
        """Return the command lines that the core has written."""
        written = self._half
        while data := self.core.outgoing(4096):
            written += data
        *whole, self._half = written.translate(_ENDS).split(b"\r")
        lines = [piece.decode("latin-1").strip() for piece in whole]
        return [line for line in lines if line[:2].upper() == "AT"]


class LinesReplay:
    """An analogue radio: the state of its carrier line at its times."""

    def __init__(self, core: DonorCore, *, carrier: str, inverted: bool) -> None:
        """Take the core, the line that tells the carrier, and whether it is turned round."""
        self.core = core
        self._carrier = carrier.upper()
        self._inverted = inverted

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Begin."""
        return self.core.opened(now)

    def give(self, data: bytes, now: MonoMs) -> list[RadioEvent]:
        """Feed a change of a line: ``CTS active``."""
        name, _, state = data.decode("latin-1").partition(" ")
        if name.upper() != self._carrier or state not in ("active", "inactive"):
            return []
        return self.core.carrier((state == "active") is not self._inverted, now)

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        return self.core.tick(now)

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        return self.core.deadline()

    def pace_ms(self, data: bytes) -> float:
        """Return how long a state lasts."""
        return LINE_MS


def pei_replay(header: Mapping[str, object], answers: Mapping[str, bytes]) -> PeiReplay:
    """Return a terminal's core with the settings that a trace names."""
    number, group = header.get("own_number"), header.get("group")
    core = TerminalCore(
        own_number=number if isinstance(number, int) else None,
        wanted_group=group if isinstance(group, int) else None,
    )
    return PeiReplay(core, answers)


def lines_replay(header: Mapping[str, object], fed: Sequence[Recorded]) -> LinesReplay:
    """Return an analogue radio's core; without a header the first line that is named counts."""
    first = fed[0].data.decode("latin-1").partition(" ")[0] if fed else ""
    group = header.get("group")
    core = DonorCore(DonorSettings(group=group if isinstance(group, int) else 1))
    return LinesReplay(
        core,
        carrier=str(header.get("carrier") or first),
        inverted=header.get("carrier_active") == "inactive",
    )
