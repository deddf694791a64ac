"""A small scripted wire: the core on one end, a table of answers on the other.

It is written for these tests alone and shares no code with the core. It answers each host line
with the lines of its table, after ``delay_ms`` of fake time.
"""

from dataclasses import dataclass, field

from gateway.model.ids import CallId, MonoMs, RequestId
from gateway.model.individual import Dial, IndividualKind
from gateway.model.radio import KeyDemand, LineSeen, LinkChanged, RadioEvent
from gateway.tetra.terminal import TerminalCore

GROUP, OTHER_GROUP, OWN = 310201, 310202, 1210200

ANSWERS: dict[str, list[str]] = {
    "AT+GMI?": ["+GMI: MOTOROLA", "OK"],
    "AT+GMM?": ["+GMM: 54099,TESTSET01,1.2.3.4", "OK"],
    "AT+GMR?": ["+GMR: R99.1.2", "OK"],
    "AT+CPIN?": ["+CPIN: MT PIN-UNLOCKED", "OK"],
    "AT+CTOM?": ["+CTOM: 0", "OK"],
    "AT+CNUMF?": [f"+CNUMF: 0,{OWN}", "OK"],
    "AT+CTGS?": [f"+CTGS: 1,{GROUP},2,{OTHER_GROUP}", "OK"],
    "AT+CREG?": ["+CREG: 1,7,90101001", "OK"],
    "AT+CSQ?": ["+CSQ: 26,99", "OK"],
    "AT+CMGS=?": ["+CMGS: (0-16777214),(8-1184)", "OK"],
}


@dataclass
class Wire:
    """Core and radio with one clock; ``host`` collects what the core wrote, line by line."""

    core: TerminalCore
    answers: dict[str, list[str]] = field(default_factory=lambda: dict(ANSWERS))
    delay_ms: int = 30
    piece_bytes: int = 64
    now: int = 1_000
    alive: bool = True
    hold: bool = False
    """Bytes stay in the core while this is set."""
    mute: set[str] = field(default_factory=set)
    host: list[str] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    events: list[RadioEvent] = field(default_factory=list)
    _line: bytearray = field(default_factory=bytearray)
    _payload: bool = False
    _due: list[tuple[int, bytes]] = field(default_factory=list)

    def take(self, events: list[RadioEvent]) -> None:
        """Keep events, then write what the core has to write."""
        self.events += events
        while not self.hold and (piece := self.core.outgoing(self.piece_bytes)):
            self.raw += piece
            for byte in piece:
                self._byte(byte)

    def say(self, *lines: str) -> None:
        """The radio says lines now."""
        data = b"".join(b"\r\n" + line.encode("latin-1") + b"\r\n" for line in lines)
        self.take(self.core.receive(data, MonoMs(self.now)))

    def run(self, ms: int) -> None:
        """Let time pass, in the steps that core and radio ask for."""
        end = self.now + ms
        for _ in range(100_000):
            times = [due for due, _ in self._due[:1]]
            deadline = self.core.deadline()
            if deadline is not None:
                times.append(max(int(deadline), self.now + (0 if deadline < self.now else 1)))
            step = min([*times, end])
            self.now = max(self.now, step)
            self._deliver()
            self.take(self.core.tick(MonoMs(self.now)))
            if self.now >= end:
                return
        raise AssertionError("the core asks to be ticked for ever")

    def demand(self, request: str, group: int = GROUP, priority: int = 0) -> None:
        """Press."""
        wanted = KeyDemand(demand=RequestId(request), group=group, priority=priority)
        self.take(self.core.demand(wanted, MonoMs(self.now)))

    def press(self, request: str, instance: int) -> None:
        """Press in a private call."""
        wanted = KeyDemand(demand=RequestId(request), group=0, individual=instance)
        self.take(self.core.demand(wanted, MonoMs(self.now)))

    def dial(self, call: str, digits: str, *how: str) -> None:
        """Dial; ``how`` names duplex, direct, telephone, emergency and the microphone (r-...)."""
        dial = Dial(
            call=CallId(call),
            kind=IndividualKind.TELEPHONE if "telephone" in how else IndividualKind.PRIVATE,
            digits=digits,
            duplex="duplex" in how,
            rings="direct" not in how,
            emergency="emergency" in how,
            microphone=next((RequestId(word) for word in how if word.startswith("r-")), None),
        )
        self.take(self.core.dial(dial, MonoMs(self.now)))

    def answer(self, instance: int, microphone: str | None = None) -> None:
        """Take a ringing call."""
        request = None if microphone is None else RequestId(microphone)
        self.take(self.core.answer(instance, request, MonoMs(self.now)))

    def hang_up(self, call: CallId | int) -> None:
        """End a call of two."""
        self.take(self.core.hang_up(call, MonoMs(self.now)))

    def end(self, request: str, cause: str = "released") -> None:
        """Let go."""
        self.take(self.core.end(RequestId(request), cause, MonoMs(self.now)))

    def told(self) -> list[RadioEvent]:
        """Return and forget the events, without the line log."""
        kept = [e for e in self.events if not isinstance(e, LineSeen | LinkChanged)]
        self.events.clear()
        return kept

    def written(self) -> list[str]:
        """Return and forget what the core wrote."""
        lines, self.host = self.host, []
        return lines

    def _byte(self, byte: int) -> None:
        if byte == 0x1B:
            self.host.append("ESC")
            self._line.clear()
            self._payload = False
        elif byte == 0x1A and self._payload:
            self._payload = False
            self._answer(self._text() + "^Z")
        elif byte in b"\r\n":
            if self._payload:
                return
            text = self._text()
            if text.startswith("AT+CMGS=") and not text.endswith("?"):
                self.host.append(text)
                self._payload = True
            elif text:
                self._answer(text)
        else:
            self._line.append(byte)

    def _text(self) -> str:
        text = self._line.decode("latin-1")
        self._line.clear()
        return text

    def _answer(self, text: str) -> None:
        self.host.append(text)
        if not self.alive or text in self.mute:
            return
        default = ["+CMGS: 3", "OK"] if text.endswith("^Z") else ["OK"]
        lines = self.answers.get(text, default)
        data = b"".join(b"\r\n" + line.encode("latin-1") + b"\r\n" for line in lines)
        self._due.append((self.now + self.delay_ms, data))

    def _deliver(self) -> None:
        while self._due and self._due[0][0] <= self.now:
            _, data = self._due.pop(0)
            if self.alive:
                self.take(self.core.receive(data, MonoMs(self.now)))


def opened(*, own_number: int | None = None, wanted_group: int | None = None) -> Wire:
    """Return a wire whose radio is in service, its log forgotten."""
    wire = Wire(core=TerminalCore(own_number=own_number, wanted_group=wanted_group))
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(4_000)
    wire.events.clear()
    wire.host.clear()
    wire.raw.clear()
    return wire
