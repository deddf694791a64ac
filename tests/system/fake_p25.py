"""A whole server over P25 links that a test speaks for: real engine, API and page, no radio."""

import asyncio
import contextlib
import math
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from gateway.model.ids import LinkId, RequestId, SiteId, SystemId, UtcUs, talkgroup_id
from gateway.model.p25_settings import DFSI, NETWORK, P25Settings
from gateway.model.plan import Link, Plan, Site, StatusText, System, Talkgroup, Unit
from gateway.model.radio import (
    CallDown,
    CallUp,
    Capability,
    KeyDemand,
    LinkChanged,
    LinkInfo,
    LinkState,
    RadioEvent,
    SendProgress,
    SendState,
    SignalQuality,
    TalkEnded,
    TalkStarted,
    TxEnded,
    TxGranted,
)
from gateway.model.unit_acts import AcknowledgeAlarm, UnitAct
from gateway.ports import CallSoundSink, Clock, RadioEventSink
from hardware.drivers import DRIVERS
from samband.compose import Person, Server
from samband.config import demo_config
from samband.demo import PEOPLE, claim_port, port_of

T = TypeVar("T")
STATION, BRIDGE = LinkId("kajen"), LinkId("amateur")
SYSTEM, BRIDGED = SystemId("hamnen"), SystemId("reflector")
FIRE, HARBOUR, BRIDGED_GROUP = 10101, 10102, 10400
B101, B102, DEAF = 1210101, 1210102, 1210109
AES = 0x84
FULL = frozenset(
    {
        Capability.EMERGENCY_IN,
        Capability.EMERGENCY_ACK,
        Capability.UNIT_ACTS,
        Capability.AFFILIATION,
        Capability.STATUS,
    }
)
CAPABILITIES = {STATION: FULL, BRIDGE: frozenset[Capability]()}
BLOCK_S = 0.02


def fake_plan() -> Plan:
    """Return a fixed station with two talkgroups, and a bridge that carries no emergency."""
    site = SiteId("kajen")
    return Plan(
        name="P25, fake links",
        systems=(
            System(id=SYSTEM, name="Hamnen", technology="p25", handle=1),
            System(id=BRIDGED, name="Reflector", technology="p25", handle=2),
        ),
        sites=(Site(id=site, name="Kajen"),),
        talkgroups=(
            _talkgroup(SYSTEM, FIRE, "BRAND INSATS 1", "Fire", 1),
            _talkgroup(SYSTEM, HARBOUR, "HAMN 1", "Port", 2),
            _talkgroup(BRIDGED, BRIDGED_GROUP, "RESERV SAMBAND", "Misc", 3),
        ),
        units=(
            _unit(B101, "B 101"),
            _unit(B102, "RÖKDYKARLEDARE NORRVIK"),
            _unit(DEAF, "B 109"),
        ),
        links=(
            _link(STATION, SYSTEM, DFSI, (FIRE, HARBOUR)),
            _link(BRIDGE, BRIDGED, NETWORK, (BRIDGED_GROUP,)),
        ),
        statuses=(
            StatusText(value=4, digit="4", words="At the scene"),
            StatusText(value=5, digit="5", words="Wants to talk", kind="request"),
            StatusText(value=9, digit="9", words="Emergency", kind="emergency"),
        ),
    )


def _talkgroup(system: SystemId, number: int, name: str, agency: str, address: int) -> Talkgroup:
    return Talkgroup(
        system=system,
        number=number,
        name=name,
        folder="Hamnen",
        agency=agency,
        agency_kind=agency.lower(),
        address=address,
    )


def _unit(number: int, alias: str) -> Unit:
    return Unit(system=SYSTEM, number=number, alias=alias, talkgroup=talkgroup_id(SYSTEM, FIRE))


def _link(link: LinkId, system: SystemId, kind: str, groups: tuple[int, ...]) -> Link:
    return Link(
        id=link,
        name=link.title(),
        kind=kind,
        system=system,
        site=SiteId("kajen"),
        port="udp:127.0.0.1:1",
        sound="",
        talkgroups=groups,
        p25=P25Settings(nac=0x293),
    )


class FakeP25:
    """The driver of a link whose radios are a test. It grants, and answers every act but DEAF's."""

    def __init__(
        self,
        link: Link,
        events: RadioEventSink,
        sound: CallSoundSink,
        clock: Clock,
        line_log: Path | None,
    ) -> None:
        self.id = link.id
        self.info = LinkInfo(technology="p25", capabilities=CAPABILITIES[link.id], many_calls=True)
        self.acts: list[UnitAct] = []
        self.keyed: RequestId | None = None
        self._events, self._sound, self._clock = events, sound, clock
        self._instances = iter(range(1, 1_000_000))
        self._tasks: set[asyncio.Task[None]] = set()

    def say(self, event: RadioEvent) -> None:
        self._events(self.id, event)

    async def start(self) -> None:
        self.say(LinkChanged(state=LinkState.UP, registered=True, own_number=0xFFFFFC))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def demand(self, demand: KeyDemand) -> None:
        self.keyed = demand.demand
        self.say(TxGranted(demand=demand.demand, instance=next(self._instances)))

    def end(self, demand: RequestId, cause: str = "released") -> None:
        self.keyed = None
        self.say(TxEnded(demand=demand, cause=cause))

    def send_sound(self, demand: RequestId, pcm: bytes) -> None:
        """Nobody listens."""

    def select_group(self, number: int) -> None:
        """Each over names its own group."""

    def restart(self) -> None:
        """It never broke."""

    def act(self, act: UnitAct) -> None:
        self.acts.append(act)
        unit = act.unit if isinstance(act, AcknowledgeAlarm) else act.to
        self._later(SendProgress(message=act.message, state=SendState.SENT))
        if unit == DEAF:
            state, reason = SendState.FAILED, "target unit not valid"
        else:
            state, reason = SendState.DELIVERED, ""
        self._later(SendProgress(message=act.message, state=state, reason=reason), after_s=0.3)

    def _later(self, event: RadioEvent, after_s: float = 0.0) -> None:
        asyncio.get_running_loop().call_later(after_s, self.say, event)

    def talk(
        self, group: int, talker: int, seconds: float, *, errors: float | None = None, **known: Any
    ) -> None:
        """Let a unit talk; ``known`` goes into CallUp and TalkStarted (encryption)."""
        over = self._over(group, talker, seconds, errors, known)
        task = asyncio.get_running_loop().create_task(over, name=f"talk {talker}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _over(
        self, group: int, talker: int, seconds: float, errors: float | None, known: dict[str, Any]
    ) -> None:
        instance = next(self._instances)
        self.say(CallUp(instance=instance, group=group, caller=talker, **known))
        self.say(TalkStarted(instance=instance, talker=talker, **known))
        blocks = math.ceil(seconds / BLOCK_S)
        for block in range(blocks):
            if known.get("readable", True):
                utc = UtcUs(self._clock.utc_us())
                self._sound(self.id, _tone(block), utc, instance)
            if errors is not None and block in (5, blocks - 1):
                self.say(SignalQuality(instance=instance, bit_error_rate=errors, frames=block))
            await asyncio.sleep(BLOCK_S)
        self.say(TalkEnded(instance=instance))
        await asyncio.sleep(0.1)
        self.say(CallDown(instance=instance, cause="hang time over"))


def _tone(block: int) -> bytes:
    at = (np.arange(160) + 160 * block) / 8000
    return (6000 * np.sin(2 * math.pi * 440 * at)).astype("<i2").tobytes()


class FakeRoom:
    """A server in a thread of its own, with its links and people at hand."""

    def __init__(self, state: Path) -> None:
        self._listener = claim_port(None)
        self.url = f"http://localhost:{port_of(self._listener)}"
        self.links: dict[LinkId, FakeP25] = {}
        self._people = [
            Person(*PEOPLE[role], role, secrets.token_urlsafe(9))
            for role in ("dispatcher", "supervisor", "auditor")
        ]
        self.users = {p.role: {"name": p.name, "password": p.password} for p in self._people}
        self._state = state
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="room")

    def _make(
        self,
        link: Link,
        events: RadioEventSink,
        sound: CallSoundSink,
        clock: Clock,
        line_log: Path | None,
    ) -> FakeP25:
        self.links[link.id] = FakeP25(link, events, sound, clock, line_log)
        return self.links[link.id]

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        config = demo_config(self._state, port_of(self._listener), cameras=False)
        server = Server(config, fake_plan(), listener=self._listener)
        await server.start()
        try:
            await server.add_people(self._people)
            self._ready.set()
            await server.run_until(self._stop)
        finally:
            await server.close()

    def __enter__(self) -> "FakeRoom":
        self._thread.start()
        if not self._ready.wait(60):
            raise TimeoutError("the room did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)

    def do(self, what: Callable[[], T]) -> T:
        """Do something on the server's loop, and return what came of it."""
        done: Future[T] = Future()
        self._loop.call_soon_threadsafe(lambda: done.set_result(what()))
        return done.result(10)

    def say(self, event: RadioEvent, link: LinkId = STATION) -> None:
        """Let a link tell something."""
        self.do(lambda: self.links[link].say(event))

    def talk(
        self, group: int, talker: int, seconds: float = 2, link: LinkId = STATION, **known: Any
    ) -> None:
        """Let a unit talk."""
        self.do(lambda: self.links[link].talk(group, talker, seconds, **known))


@contextlib.contextmanager
def fake_room(state: Path) -> Iterator[FakeRoom]:
    """Run a room whose P25 links are fakes."""
    room = FakeRoom(state)
    before = {kind: DRIVERS.get(kind) for kind in (DFSI, NETWORK)}
    DRIVERS.update(dict.fromkeys(before, room._make))
    try:
        with room:
            yield room
    finally:
        for kind, factory in before.items():
            if factory is None:
                del DRIVERS[kind]
            else:
                DRIVERS[kind] = factory
