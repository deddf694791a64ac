"""A modem core and the simulated board on a scripted wire; time is a number."""

from collections.abc import Callable
from typing import TypeVar

from gateway.model.ids import MonoMs, RequestId
from gateway.model.p25_settings import CONSOLE_UNIT
from gateway.model.radio import KeyDemand, LinkChanged, LinkState, RadioEvent
from gateway.p25.modem.core import ModemCore
from gateway.p25.modem.orders import Frequencies, Setup
from gateway.p25.talk.port import VoiceHeard
from hardware.sim.p25 import modem_air
from hardware.sim.p25.modem_board import P25_HDR, P25_LDU, Board, BoardSettings
from hardware.sim.p25.stage_voice import SimOver

E = TypeVar("E", bound=RadioEvent)
PRESS = RequestId("r-1")
GROUP, UNIT, NAC = 10_001, 1_234_567, 0x293
SILENCE = bytes.fromhex("040cfd7bfb7df27b3d9e45")
STEP_MS = 5
OVER = SimOver(group=GROUP, unit=UNIT)


class Sky:
    """What is on air of the board, frame by frame."""

    def __init__(self) -> None:
        self.units: list[tuple[float, modem_air.OnAir]] = []
        self.stops: list[float] = []
        self.notes: list[tuple[str, dict[str, object]]] = []
        self.violations: list[str] = []

    def on_air(self, frame: bytes, now_ms: float) -> None:
        unit = modem_air.read(frame)
        if isinstance(unit, str):
            self.violations.append(unit)
        else:
            self.units.append((now_ms, unit))

    def off_air(self, now_ms: float) -> None:
        self.stops.append(now_ms)

    def note(self, kind: str, **what: object) -> None:
        self.notes.append((kind, what))

    def violation(self, raw: bytes, reason: str) -> None:
        self.violations.append(reason)

    @property
    def duids(self) -> list[int]:
        return [unit.duid for _, unit in self.units]


class Pair:
    """Both ends; ``to_core`` and ``to_board`` may change what passes."""

    def __init__(
        self,
        *,
        board: BoardSettings | None = None,
        setup: Setup | None = None,
        frequencies: Frequencies | None = None,
        nac: int = NAC,
        chunk: int = 64,
    ) -> None:
        self.now = 1000
        self.sky = Sky()
        self.board = Board(board or BoardSettings(), self.sky, self._say)
        self.core = ModemCore(
            nac=nac, own_id=CONSOLE_UNIT, setup=setup or Setup(), frequencies=frequencies
        )
        self.chunk = chunk
        self.split = 0
        self.events: list[RadioEvent] = []
        self.times: list[int] = []
        self.written = b""
        self.to_core: Callable[[bytes], bytes] = lambda data: data
        self.to_board: Callable[[bytes], bytes] = lambda data: data
        self._waiting: list[bytes] = []

    def mono(self) -> MonoMs:
        return MonoMs(self.now)

    def _say(self, data: bytes) -> None:
        self._waiting.append(self.to_core(data))

    def took(self, events: list[RadioEvent]) -> None:
        self.events += events
        self.times += [self.now] * len(events)

    def open(self) -> "Pair":
        self.board.powered(self.now)
        self.took(self.core.opened(self.mono()))
        return self

    def up(self) -> "Pair":
        self.open()
        self.run_until(lambda: self.state is LinkState.UP)
        self.run(300)
        return self

    def run(self, for_ms: int) -> None:
        end = self.now + for_ms
        while self.now < end:
            self.step()

    def run_until(self, condition: Callable[[], object], limit_ms: int = 20_000) -> None:
        end = self.now + limit_ms
        while not condition():
            assert self.now < end, self.events[-8:]
            self.step()

    def step(self) -> None:
        self.now += STEP_MS
        self.board.tick(self.now)
        while (due := self.core.deadline()) is not None and due <= self.now:
            self.took(self.core.tick(self.mono()))
        self.flow()

    def flow(self) -> None:
        """Let everything pass that waits, both ways."""
        while data := self.core.outgoing(self.chunk):
            self.written += data
            self.board.receive(self.to_board(data), self.now)
        while self._waiting:
            data = self._waiting.pop(0)
            size = self.split or max(len(data), 1)
            for at in range(0, len(data), size):
                self.took(self.core.receive(data[at : at + size], self.mono()))

    # ---- what a test does

    def press(self, *, priority: int = 0, group: int = GROUP) -> None:
        wanted = KeyDemand(demand=PRESS, group=group, priority=priority)
        self.took(self.core.demand(wanted, self.mono()))
        self.flow()

    def talk(self, for_ms: int, frames: list[bytes] | None = None) -> None:
        """Speak while time passes."""
        for index in range(for_ms // 20):
            frame = frames[index] if frames else SILENCE
            self.core.send_voice(PRESS, frame, self.mono())
            self.flow()
            self.run(20)

    def let_go(self, cause: str = "released") -> None:
        self.took(self.core.end(PRESS, cause, self.mono()))
        self.flow()

    def hear(self, frames: int = 18, over: SimOver = OVER, *, end: bool = True) -> None:
        """Let a radio talk for so many frames, in real time."""
        if not over.late:
            self.board.say(P25_HDR, b"\1" + modem_air.hdu(over, NAC))
        for number in range(frames // 9):
            self.run(180)
            ldu = modem_air.ldu(over, NAC, [SILENCE] * 9, second=bool(number % 2))
            self.board.say(P25_LDU, b"\1" + ldu)
        if end:
            self.board.say(P25_HDR, b"\1" + modem_air.tdu(NAC))
        self.flow()

    # ---- what came of it

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def state(self) -> LinkState:
        changes = self.of(LinkChanged)
        return changes[-1].state if changes else LinkState.CLOSED

    @property
    def reason(self) -> str:
        return self.of(LinkChanged)[-1].reason

    def voice(self) -> list[bytes | None]:
        return [event.frame for event in self.of(VoiceHeard)]
