"""A core of a MMDVM network in a test; time is a number."""

from typing import TypeVar

from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import (
    KeyDemand,
    LinkChanged,
    LinkState,
    RadioEvent,
    TalkStarted,
)
from gateway.p25.network.client import NetworkClient
from gateway.p25.network.core import NetworkCore
from gateway.p25.network.host import NetworkHost
from gateway.p25.talk.port import Datagram
from hardware.sim.p25 import reflector_records as wire
from hardware.sim.p25.stage_voice import SimOver

E = TypeVar("E", bound=RadioEvent)
PRESS = RequestId("r-1")
GROUP, UNIT, DESK = 10_001, 1_234_567, 0xFFFFFC
POLL = wire.poll("T3STGW")


class Bench:
    """One core and what came of it."""

    def __init__(self, core: NetworkCore) -> None:
        self.core, self.now = core, 1_000
        self.events: list[RadioEvent] = []
        self.sent: list[tuple[int, Datagram]] = []
        self.echo = isinstance(core, NetworkClient)
        self._took(core.opened(MonoMs(self.now)))

    def _took(self, events: list[RadioEvent]) -> None:
        self.events += events
        for datagram in self.core.outgoing():
            self.sent.append((self.now, datagram))
            if datagram.data[0] == wire.POLL and self.echo:
                self.give(datagram.data)

    def give(self, *data: bytes, port: int = 41_000) -> None:
        for one in data:
            datagram = Datagram(channel="p25net", data=one, port=port)
            self._took(self.core.receive(datagram, MonoMs(self.now)))

    def run(self, for_ms: int) -> None:
        end = self.now + for_ms
        while (due := self.core.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self._took(self.core.tick(MonoMs(self.now)))
        self.now = end

    def hear(
        self, ldus: int = 2, *, port: int = 41_000, unit: int = UNIT, end: bool = True
    ) -> None:
        over = SimOver(group=GROUP, unit=unit)
        for number in range(ldus):
            self.give(*records(over, second=bool(number % 2)), port=port)
            self.run(180)
        if end:
            self.give(wire.end(), port=port)

    def press(self, *, group: int = GROUP, priority: int = 0) -> None:
        wanted = KeyDemand(demand=PRESS, group=group, priority=priority)
        self._took(self.core.demand(wanted, MonoMs(self.now)))

    def talk(self, frames: int) -> None:
        for number in range(frames):
            self.core.send_voice(PRESS, bytes([number]) * 11, MonoMs(self.now))
            self._took([])
            self.run(20)

    def let_go(self, cause: str = "released") -> None:
        self._took(self.core.end(PRESS, cause, MonoMs(self.now)))

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def data(self, port: int | None = None) -> list[bytes]:
        return [one.data for _, one in self.sent if port in (None, one.port)]

    @property
    def state(self) -> LinkState:
        return self.of(LinkChanged)[-1].state

    @property
    def reason(self) -> str:
        return self.of(LinkChanged)[-1].reason

    def talkers(self) -> list[int | None]:
        return [event.talker for event in self.of(TalkStarted)]


def records(over: SimOver | None = None, *, second: bool = False) -> list[bytes]:
    said = over or SimOver(group=GROUP, unit=UNIT)
    return wire.burst(said, [wire.SILENCE] * 9, second=second)


def client(**more: object) -> Bench:
    return Bench(NetworkClient(callsign="T3STGW", own_id=DESK, **more))  # type: ignore[arg-type]  # names of the constructor


def host(*ports: int) -> Bench:
    bench = Bench(NetworkHost(own_id=DESK))
    for port in ports:
        bench.give(wire.poll(f"CALL{port}"), port=port)
    return bench
