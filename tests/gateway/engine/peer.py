"""The engine's surroundings in a test: a clock that stands still, and the other end of each link.

``ScriptedRadio`` is the peer of the engine: it speaks the RadioLink protocol as a radio does that
grants, un-keys and reports by itself; what it was asked is on ``wire``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from gateway.bus import InProcessBus
from gateway.engine.engine import CallEngine
from gateway.engine.settings import LEASE_LOOKS, EngineSettings
from gateway.model import radio
from gateway.model.command import Command, Reply
from gateway.model.commands import FloorRelease, FloorRenew, FloorRequest
from gateway.model.events import Event
from gateway.model.ids import (
    GatewayId,
    LinkId,
    MessageId,
    MonoMs,
    PositionId,
    RequestId,
    SiteId,
    SystemId,
    TalkgroupId,
    TransmissionId,
    UtcUs,
)
from gateway.model.messages import MessageAct
from gateway.model.plan import Link, Plan, StatusText, System, Talkgroup, Unit
from gateway.model.radio import Capability, KeyDemand, LinkInfo, LinkState, RadioEvent
from gateway.model.recording import FrameLevel, RecordingEnd, RecordingMeta
from gateway.model.voice import VoiceFrame
from voicecodecs.opus import OpusEncoder

T = TypeVar("T", bound=Event)
NORTH = LinkId("north")
SOUTH = LinkId("south")
PATROL = TalkgroupId("net/101")
SECOND = TalkgroupId("net/102")
FIRE = TalkgroupId("net/201")
DRILL = TalkgroupId("net/999")
ALL = frozenset(Capability) - {Capability.EMERGENCY_ACK}
START_UTC = 1_790_000_000_000_000

SYSTEM = SystemId("net")
PLAN = Plan(
    name="test",
    systems=(System(id=SYSTEM, name="Net", technology="tetra", handle=7),),
    talkgroups=(
        Talkgroup(system=SYSTEM, number=101, name="PATROL 1", folder="A", transmit_limit_s=10),
        Talkgroup(system=SYSTEM, number=102, name="PATROL 2", folder="A"),
        Talkgroup(system=SYSTEM, number=201, name="FIRE 1", folder="B"),
        Talkgroup(system=SYSTEM, number=999, name="DRILL", folder="B", recorded=False, test=True),
    ),
    units=(
        Unit(system=SYSTEM, number=3204, alias="Car 3204", talkgroup=PATROL),
        Unit(system=SYSTEM, number=3120, alias="Car 3120", talkgroup=PATROL),
    ),
    links=(
        Link(
            id=NORTH,
            name="North",
            kind="tetra-pei",
            system=SYSTEM,
            site=SiteId("n"),
            port="p",
            sound="s",
            talkgroups=(101, 102),
        ),
        Link(
            id=SOUTH,
            name="South",
            kind="tetra-pei",
            system=SYSTEM,
            site=SiteId("s"),
            port="p",
            sound="s",
            talkgroups=(201, 999),
        ),
    ),
    statuses=(
        StatusText(value=32771, digit="1", words="Available"),
        StatusText(value=32768, digit="E", words="Emergency", kind="emergency"),
    ),
)


class StandingClock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.ms = 1000

    def mono_ms(self) -> MonoMs:
        return MonoMs(self.ms)

    def utc_us(self) -> UtcUs:
        return UtcUs(START_UTC + self.ms * 1000)


class Numbers:
    """Random bytes that are the same in every run."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, size: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(size, "big")


class MemoryCounter:
    """The call counter of a test."""

    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        self.last += 1
        return self.last


@dataclass
class KeptSound:
    """A recorder's inputs as they came."""

    opened: list[RecordingMeta] = field(default_factory=list)
    frames: list[tuple[TransmissionId, VoiceFrame, FrameLevel]] = field(default_factory=list)
    closed: list[tuple[TransmissionId, RecordingEnd]] = field(default_factory=list)

    def open(self, meta: RecordingMeta) -> None:
        self.opened.append(meta)

    def write(self, transmission: TransmissionId, frame: VoiceFrame, level: FrameLevel) -> None:
        self.frames.append((transmission, frame, level))

    def close(self, transmission: TransmissionId, end: RecordingEnd) -> None:
        self.closed.append((transmission, end))


class ScriptedRadio:
    """A radio behind a link. ``ends`` False: it does not report the un-key by itself."""

    def __init__(
        self,
        link: LinkId,
        sink: Callable[[LinkId, RadioEvent], None],
        capabilities: frozenset[Capability] = ALL,
    ) -> None:
        self.id = link
        self.info = LinkInfo(technology="tetra", capabilities=capabilities)
        self.wire: list[tuple[Any, ...]] = []
        self.sound: list[tuple[RequestId, bytes]] = []
        self.keyed: RequestId | None = None
        self.grants = False
        self.ends = True
        self.unguarded = ""
        self._sink = sink

    def no_guard(self) -> str:
        return self.unguarded

    def say(self, event: RadioEvent) -> None:
        self._sink(self.id, event)

    def up(self, group: int | None) -> None:
        self.say(radio.LinkChanged(state=LinkState.UP, registered=True, own_number=9001))
        self.say(radio.GroupChanged(number=group, asked=True))

    def demand(self, demand: KeyDemand) -> None:
        self.wire.append(("demand", demand.demand, demand.group, demand.priority))
        if self.grants:
            self.grant(demand.demand)

    def grant(self, demand: str, instance: int = 1) -> None:
        self.keyed = RequestId(demand)
        self.say(radio.TxGranted(demand=RequestId(demand), instance=instance))

    def end(self, demand: RequestId, cause: str = "released") -> None:
        self.wire.append(("end", demand, cause))
        if self.keyed == demand:
            self.keyed = None
        if self.ends:
            self.say(radio.TxEnded(demand=demand, cause=cause))

    def send_sound(self, demand: RequestId, pcm: bytes) -> None:
        self.sound.append((demand, pcm))

    def select_group(self, number: int) -> None:
        self.wire.append(("select", number))
        self.say(radio.GroupChanged(number=number, asked=True))

    def message(self, act: MessageAct) -> None:
        self.wire.append(("message", act))

    def messages(self) -> list[MessageAct]:
        return [entry[1] for entry in self.wire if entry[0] == "message"]

    def restart(self) -> None:
        self.wire.append(("restart",))

    def ended(self, demand: str) -> list[str]:
        return [entry[2] for entry in self.wire if entry[0] == "end" and entry[1] == demand]

    def demanded(self) -> list[str]:
        return [entry[1] for entry in self.wire if entry[0] == "demand"]


class AnsweringRadio(ScriptedRadio):
    """A radio whose link can carry the acknowledgement of an emergency."""

    def acknowledge_emergency(self, message: MessageId, unit: int) -> None:
        self.wire.append(("acknowledge", unit))


class Room:
    """An engine with two radios, both up: north on 101, south on 201."""

    def __init__(
        self,
        *,
        settings: EngineSettings | None = None,
        capabilities: frozenset[Capability] = ALL,
        kind: type[ScriptedRadio] = ScriptedRadio,
    ) -> None:
        self.clock = StandingClock()
        numbers = Numbers()
        self.bus = InProcessBus(GatewayId("g"), self.clock, numbers, check_json=True)
        self.events = self.bus.subscribe("test")
        self.voice = self.bus.subscribe_voice("test", capacity=100_000)
        self.recorder = KeptSound()
        self.counter = MemoryCounter()
        self.north = kind(NORTH, self.take, capabilities)
        self.south = kind(SOUTH, self.take, capabilities)
        self.engine = CallEngine(
            PLAN,
            self.bus,
            {NORTH: self.north, SOUTH: self.south},
            self.clock,
            randomness=numbers,
            recorder=self.recorder,
            counter=self.counter,
            settings=settings,
        )
        self.north.up(101)
        self.south.up(201)
        self.engine.set_listening({PositionId("1"), PositionId("2")})
        self.events.drain()
        self._encoders: dict[str, OpusEncoder] = {}
        self._sequence = 0

    def take(self, link: LinkId, event: RadioEvent) -> None:
        self.engine.on_radio(link, event)

    # ---- time

    def wait(self, ms: int, *, hold: tuple[str, ...] = ()) -> None:
        """Let time pass in steps of 10 ms; presses in ``hold`` are renewed every 100 ms."""
        for step in range(0, ms, 10):
            if step % 100 == 0:
                for request in hold:
                    self.do(FloorRenew(request=RequestId(request)))
            self.clock.ms += min(10, ms - step)
            self.tick()

    def tick(self) -> None:
        """Do what is due, in as many turns of the loop as a lost lease is looked at."""
        now = self.clock.mono_ms()
        self.engine.tick(now)
        for _ in range(LEASE_LOOKS):
            if (due := self.engine.deadline()) is not None and due <= now:
                self.engine.tick(now)

    # ---- desks

    def do(self, command: Command) -> Reply:
        return self.engine.command(command)

    def press(
        self,
        request: str,
        position: str = "1",
        talkgroup: TalkgroupId = PATROL,
        *,
        priority: int = 0,
        source: str = "key",
    ) -> Reply:
        return self.do(
            FloorRequest(
                request=RequestId(request),
                position=PositionId(position),
                operator=f"Operator {position}",
                talkgroup=talkgroup,
                priority=priority,
                source=source,
            )
        )

    def let_go(self, request: str, cause: str = "") -> Reply:
        return self.do(
            FloorRelease(request=RequestId(request), normal=not cause, cause=cause or "release")
        )

    def speak(self, position: str, frames: int, sample: bytes = b"\x00\x10\x00\xf0") -> None:
        """Give microphone packets of a square wave, all at once."""
        encoder = self._encoders.setdefault(position, OpusEncoder())
        for _ in range(frames):
            self._sequence += 1
            frame = VoiceFrame(
                sequence=self._sequence,
                timestamp_48k=self._sequence * 960,
                capture_utc_us=self.clock.utc_us(),
                transmission=bytes(16),
                system=0,
                talkgroup=0,
                talker=0,
                opus=encoder.encode(sample * 80),
            )
            self.bus.publish_uplink(PositionId(position), frame)

    # ---- radios

    def talk(self, talker: int | None = 3204, group: int = 101, instance: int = 1) -> None:
        self.north.say(radio.CallUp(instance=instance, group=group, caller=talker))
        self.north.say(radio.TalkStarted(instance=instance, talker=talker))

    def hear(self, link: LinkId, frames: int, sample: bytes = b"\x00\x10\x00\xf0") -> None:
        """Give sound of a radio, 20 ms apart."""
        for _ in range(frames):
            self.engine.on_sound(link, sample * 80, self.clock.utc_us())
            self.clock.ms += 20

    # ---- what came out

    def told(self, kind: type[T]) -> list[T]:
        """Return events of a kind since the last call, dropping all others."""
        return [e.event for e in self.events.drain() if isinstance(e.event, kind)]

    def all_told(self) -> list[Event]:
        return [envelope.event for envelope in self.events.drain()]

    def down(self, link: ScriptedRadio) -> None:
        link.say(radio.LinkChanged(state=LinkState.DOWN, reason="cable"))


def without_times(event: T, **changes: Any) -> T:
    """Return the event with other values where a test doesn't care."""
    return replace(event, **changes)


def on_air(room: Room, request: str = "r-1", position: str = "1", **more: object) -> None:
    room.press(request, position, **more)  # type: ignore[arg-type]  # passes keywords on
    room.north.grant(request)
    room.all_told()
