"""The driver's core and the simulated chip on one wire in memory; time is a number."""

from dataclasses import dataclass, field

from gateway.model.ids import MonoMs
from hardware.ambe.core import DongleCore, Stage
from hardware.ambe.frames import Answer
from hardware.sim.ambe_chip import ChipSettings, SimulatedChip


@dataclass
class Pair:
    """A core and a chip, joined; ``piece`` is the largest write and read."""

    core: DongleCore = field(default_factory=DongleCore)
    chip: SimulatedChip = field(default_factory=SimulatedChip)
    piece: int = 64
    now: float = 1000.0
    answers: list[Answer] = field(default_factory=list)

    @classmethod
    def up(cls, core: DongleCore | None = None, **settings: object) -> "Pair":
        chip = SimulatedChip(ChipSettings(**settings))  # type: ignore[arg-type] # any setting
        pair = cls(core or DongleCore(), chip)
        pair.open()
        pair.run(2000)
        assert pair.core.up, pair.core.trouble
        return pair

    @property
    def mono(self) -> MonoMs:
        return MonoMs(int(self.now))

    @property
    def results(self) -> dict[int, bytes | None]:
        assert len({answer.token for answer in self.answers}) == len(self.answers)
        return {answer.token: answer.data for answer in self.answers}

    @property
    def violations(self) -> list[object]:
        return [entry["reason"] for entry in self.chip.log if entry["kind"] == "violation"]

    def open(self) -> None:
        self.chip.run(self.now)
        self.core.opened(self.mono)
        self._carry()

    def take(self, answers: list[Answer]) -> None:
        self.answers += answers

    def run(self, ms: float) -> None:
        """Let time pass, in steps of a millisecond."""
        for _ in range(int(ms)):
            self.now += 1
            self.chip.run(self.now)
            self.take(self.core.tick(self.mono))
            self._carry()

    def until(self, stage: Stage, limit_ms: int = 5000) -> None:
        for _ in range(limit_ms):
            if self.core.stage is stage:
                return
            self.run(1)
        raise AssertionError(f"not {stage}: {self.core.stage}, {self.core.trouble}")

    def _carry(self) -> None:
        for _ in range(1000):
            data = self.core.outgoing(self.piece, self.mono)
            if data:
                self.chip.receive(data, self.now)
            said = self.chip.outgoing()
            for at in range(0, len(said), self.piece):
                self.take(self.core.receive(said[at : at + self.piece], self.mono))
            if not data and not said:
                return
        raise AssertionError("core and chip talk for ever")
