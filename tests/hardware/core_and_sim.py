"""The core and the simulated radio on one wire in memory; time is a number."""

from dataclasses import dataclass, field, replace

from gateway.model.ids import CallId, MonoMs, RequestId
from gateway.model.individual import Dial, IndividualKind
from gateway.model.radio import KeyDemand, LineSeen, LinkChanged, RadioEvent
from gateway.tetra.terminal import TerminalCore
from hardware.sim.actions import check_action
from hardware.sim.air import Air
from hardware.sim.chassis import RadioSettings
from hardware.sim.pei_radio import SimulatedRadio
from hardware.sim.scenario import FOLDER
from hardware.sim.truth import TruthLog

OWN, GROUP, SCANNED, UNIT = 1299001, 310201, 310202, 1210204
SETTINGS = RadioSettings(
    name="wire", issi=OWN, group=GROUP, scan=(SCANNED,), groups=((310203, "TRAFIK"),)
)
BLOCK = bytes(320)


@dataclass
class Pair:
    """A driver's core and a radio, joined."""

    core: TerminalCore
    radio: SimulatedRadio
    air: Air
    truth: TruthLog
    now: float = 1_000.0
    events: list[RadioEvent] = field(default_factory=list)

    @classmethod
    def opened(cls, core: TerminalCore | None = None, **settings: object) -> "Pair":
        """Return a pair whose link is up; ``settings`` are the radio's."""
        chosen = replace(SETTINGS, **settings)  # type: ignore[arg-type] # any field of a radio
        truth = TruthLog("wire")
        radio = SimulatedRadio(chosen, truth)
        pair = cls(core or TerminalCore(own_number=OWN), radio, Air([radio], FOLDER), truth)
        radio.port_opened(pair.now)
        pair.take(pair.core.opened(MonoMs(int(pair.now))))
        pair.run(12_000)
        return pair

    def take(self, events: list[RadioEvent]) -> None:
        """Keep events, carry what either side has to say to the other."""
        self.events += events
        for _ in range(1_000):
            data = self.core.outgoing(64)
            if data:
                self.radio.receive(data, self.now)
            said = self.radio.outgoing()
            if said:
                self.events += self.core.receive(said, MonoMs(int(self.now)))
            if not data and not said:
                return
        raise AssertionError("core and radio talk for ever")

    def run(self, ms: float) -> None:
        """Let time pass."""
        end = self.now + ms
        while self.now < end:
            due = [float(end)]
            if (deadline := self.core.deadline()) is not None:
                due.append(max(float(deadline), self.now + 1))
            if (moment := self.radio.deadline()) is not None:
                due.append(max(moment, self.now + 1))
            self.now = min(due)
            self.radio.tick(self.now)
            self.take(self.core.tick(MonoMs(int(self.now))))
            if self.core.on_air is not None:
                self.radio.receive_sound(BLOCK, self.now)

    def act(self, do: str, **values: object) -> int:
        """Do one action of a scenario."""
        action, faults = check_action({"do": do, **values}, "test")
        assert action is not None, faults
        taken = self.air.act(action, self.now)
        self.take([])
        return taken

    def press(self, request: str, *, instance: int | None = None, priority: int = 0) -> None:
        """Press: on the group, or in the private call with this instance."""
        group = GROUP if instance is None else 0
        wanted = KeyDemand(
            demand=RequestId(request), group=group, individual=instance, priority=priority
        )
        self.take(self.core.demand(wanted, MonoMs(int(self.now))))

    def end(self, request: str) -> None:
        """Let go."""
        self.take(self.core.end(RequestId(request), "released", MonoMs(int(self.now))))

    def dial(self, digits: str, *, duplex: bool = True, phone: bool = False) -> None:
        """Call somebody as ``c-1``; a duplex call has the microphone ``r-mic``."""
        dial = Dial(
            call=CallId("c-1"),
            kind=IndividualKind.TELEPHONE if phone else IndividualKind.PRIVATE,
            digits=digits,
            duplex=duplex,
            microphone=RequestId("r-mic") if duplex else None,
        )
        self.take(self.core.dial(dial, MonoMs(int(self.now))))

    def answer(self, instance: int) -> None:
        """Take a ringing call with the microphone ``r-mic``."""
        self.take(self.core.answer(instance, RequestId("r-mic"), MonoMs(int(self.now))))

    def hang_up(self, call: CallId | int) -> None:
        """End a call of two."""
        self.take(self.core.hang_up(call, MonoMs(int(self.now))))

    def told(self) -> list[RadioEvent]:
        """Return and forget the events, without lines and link states."""
        kept = [one for one in self.events if not isinstance(one, LineSeen | LinkChanged)]
        self.events.clear()
        return kept

    def kinds(self) -> list[str]:
        """Return and forget the names of the events."""
        return [type(one).__name__ for one in self.told()]

    @property
    def link(self) -> LinkChanged:
        """The link's state as told last."""
        return [one for one in self.events if isinstance(one, LinkChanged)][-1]

    def strict(self) -> None:
        """Nothing was written that the reference does not allow."""
        assert self.truth.violations == []
