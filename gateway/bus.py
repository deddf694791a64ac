"""The bus: typed events, commands and voice, in one process.

``publish`` never waits. Each subscriber has a bounded queue with a named policy: voice drops the
oldest frame and counts it; an event is never dropped in silence, a subscriber that lags is cut off
loudly and has to begin again.
"""

import asyncio
import enum
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, Protocol, TypeVar, cast

from gateway.model.command import Command, Reply
from gateway.model.errors import InvalidCommand, LinkError
from gateway.model.events import Envelope, Event
from gateway.model.ids import GatewayId, PositionId, ulid
from gateway.model.voice import VoiceFrame
from gateway.ports import Clock

logger = logging.getLogger(__name__)

ANSWER_MS = 2000
T = TypeVar("T")
C = TypeVar("C", bound=Command)


class Lagged(LinkError):
    """The subscriber did not keep up and was cut off; it must take a snapshot and begin again."""


class Policy(enum.Enum):
    """What happens when a subscriber's queue is full."""

    DROP_OLDEST = "drop_oldest"
    CUT_OFF = "cut_off"


class Subscription(Generic[T]):
    """A bounded queue of one subscriber: iterate it, or take what is there with ``drain``."""

    def __init__(
        self, name: str, capacity: int, policy: Policy, closed: Callable[[], None]
    ) -> None:
        """Make an empty queue; ``closed`` is called once when the subscriber leaves."""
        self.name = name
        self.dropped = 0
        self.lagged = False
        self._capacity = capacity
        self._policy = policy
        self._queue: deque[T] = deque()
        self._wake = asyncio.Event()
        self._closed = False
        self._on_closed = closed

    def offer(self, item: T) -> None:
        """Put an item in, by the policy. An emergency is never cut off, whoever lags."""
        if self._closed:
            return
        if isinstance(item, Envelope) and item.event.type.startswith("alarm."):
            self._queue.append(item)
            self._wake.set()
            return
        if self.lagged:
            return
        if len(self._queue) >= self._capacity:
            if self._policy is Policy.CUT_OFF:
                self.lagged = True
                logger.error("subscriber %s lags by %d events: cut off", self.name, self._capacity)
                self._wake.set()
                return
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(item)
        self._wake.set()

    def drain(self) -> list[T]:
        """Take everything that waits."""
        items = list(self._queue)
        self._queue.clear()
        return items

    async def get(self) -> T:
        """Wait for the next item; raises Lagged when cut off, StopAsyncIteration when closed."""
        while not self._queue:
            if self.lagged:
                raise Lagged(f"subscriber {self.name} lagged by {self._capacity} events")
            if self._closed:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return self._queue.popleft()

    def close(self) -> None:
        """Leave the bus; safe twice."""
        if not self._closed:
            self._closed = True
            self._wake.set()
            self._on_closed()

    def __aiter__(self) -> AsyncIterator[T]:
        """Iterate until closed."""
        return self

    async def __anext__(self) -> T:
        """Return the next item."""
        return await self.get()


Handler = Callable[[C], Reply | Awaitable[Reply]]
"""Carries a command out: at once, or in a coroutine that answers later."""
Answered = Callable[[Reply], None]
UplinkSink = Callable[[PositionId, VoiceFrame], None]


class Bus(Protocol):
    """Publish, subscribe, request: the same for every implementation."""

    def publish(self, event: Event, *, trace: str = "") -> Envelope:
        """Give an event to every subscriber; never waits."""
        ...

    def subscribe(
        self, name: str, *types: type[Event], capacity: int = 10_000
    ) -> Subscription[Envelope]:
        """Subscribe to events of these types, or to all."""
        ...

    def serve(self, kind: type[C], handler: Handler[C]) -> None:
        """Answer commands of a type; one handler a type."""
        ...

    async def request(self, command: Command, *, timeout_ms: int = ANSWER_MS) -> Reply:
        """Ask; raises LinkError when nobody answers in time."""
        ...

    def post(self, command: Command, answered: Answered | None = None) -> None:
        """Give a command in this turn of the loop; commands arrive in the order of the posts.

        ``answered`` gets the reply, before this returns where it is there already; no answer in
        time is a refusal with its reason. Raises LinkError when nobody serves the command.
        """
        ...

    def publish_voice(self, frame: VoiceFrame) -> None:
        """Give a voice frame to everyone who listens to its talkgroup."""
        ...

    def subscribe_voice(self, name: str, *, capacity: int = 50) -> Subscription[VoiceFrame]:
        """Subscribe to all voice (each frame carries system and talkgroup)."""
        ...

    def publish_uplink(self, position: PositionId, frame: VoiceFrame) -> None:
        """Give a microphone frame of a position to the gateway that owns its press."""
        ...

    def serve_uplink(self, sink: UplinkSink) -> None:
        """Take the microphone frames."""
        ...


class InProcessBus:
    """The default bus: everything in one process and on one event loop.

    ``check_json`` sends every event and command through JSON, as another implementation would.
    """

    def __init__(
        self,
        gateway: GatewayId,
        clock: Clock,
        randomness: Callable[[int], bytes],
        *,
        check_json: bool = False,
        first_seq: int = 1,
    ) -> None:
        """Make a bus for one gateway; ``randomness(n)`` gives n random bytes."""
        self._gateway = gateway
        self._clock = clock
        self._randomness = randomness
        self._check_json = check_json
        self._seq = first_seq - 1
        self._events: list[tuple[frozenset[str], Subscription[Envelope]]] = []
        self._voice: list[Subscription[VoiceFrame]] = []
        self._handlers: dict[str, Handler[Command]] = {}
        self._uplink: UplinkSink | None = None
        self._waiting: set[asyncio.Task[None]] = set()

    def publish(self, event: Event, *, trace: str = "") -> Envelope:
        """Give an event to every subscriber; never waits."""
        now = self._clock.utc_us()
        self._seq += 1
        envelope = Envelope(
            id=ulid(now, self._randomness(10)),
            seq=self._seq,
            t_utc=now,
            gateway=self._gateway,
            event=event,
            trace=trace,
        )
        if self._check_json:
            envelope = Envelope.from_json(json.loads(json.dumps(envelope.to_json())))
        for types, subscription in tuple(self._events):
            if not types or event.type in types:
                subscription.offer(envelope)
        return envelope

    def subscribe(
        self, name: str, *types: type[Event], capacity: int = 10_000
    ) -> Subscription[Envelope]:
        """Subscribe to events of these types, or to all."""
        wanted = frozenset(kind.type for kind in types)

        def leave() -> None:
            self._events = [pair for pair in self._events if pair[1] is not subscription]

        subscription: Subscription[Envelope] = Subscription(name, capacity, Policy.CUT_OFF, leave)
        self._events.append((wanted, subscription))
        return subscription

    def serve(self, kind: type[C], handler: Handler[C]) -> None:
        """Answer commands of a type; raises InvalidCommand when it is served already."""
        if kind.type in self._handlers:
            raise InvalidCommand(f"command {kind.type} is served already")
        # The handler takes exactly the command class it is filed under.
        self._handlers[kind.type] = cast(Handler[Command], handler)

    async def request(self, command: Command, *, timeout_ms: int = ANSWER_MS) -> Reply:
        """Ask; raises LinkError when nobody serves the command or no answer comes in time."""
        return await _in_time(command, self._give(command), timeout_ms)

    def post(self, command: Command, answered: Answered | None = None) -> None:
        """Give a command in this turn of the loop; ``answered`` gets the reply."""
        given = self._give(command)
        if not isinstance(given, Reply):
            task = asyncio.create_task(_tell(command, given, answered), name=command.type)
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)
        elif answered is not None:
            answered(given)

    def _give(self, command: Command) -> Reply | Awaitable[Reply]:
        handler = self._handlers.get(command.type)
        if handler is None:
            raise LinkError(f"no gateway answers {command.type}", hint="Is the gateway running?")
        if self._check_json:
            command = Command.from_json(json.loads(json.dumps(command.to_json())))
        return handler(command)

    def publish_voice(self, frame: VoiceFrame) -> None:
        """Give a voice frame to everyone who listens."""
        for subscription in tuple(self._voice):
            subscription.offer(frame)

    def subscribe_voice(self, name: str, *, capacity: int = 50) -> Subscription[VoiceFrame]:
        """Subscribe to all voice."""

        def leave() -> None:
            self._voice = [other for other in self._voice if other is not subscription]

        subscription: Subscription[VoiceFrame] = Subscription(
            name, capacity, Policy.DROP_OLDEST, leave
        )
        self._voice.append(subscription)
        return subscription

    def publish_uplink(self, position: PositionId, frame: VoiceFrame) -> None:
        """Give a microphone frame of a position to the gateway."""
        if self._uplink is not None:
            self._uplink(position, frame)

    def serve_uplink(self, sink: UplinkSink) -> None:
        """Take the microphone frames."""
        self._uplink = sink


async def _in_time(command: Command, given: Reply | Awaitable[Reply], timeout_ms: int) -> Reply:
    if isinstance(given, Reply):
        return given
    try:
        async with asyncio.timeout(timeout_ms / 1000):
            return await given
    except TimeoutError:
        raise LinkError(f"no answer to {command.type} within {timeout_ms} ms") from None


async def _tell(command: Command, given: Awaitable[Reply], answered: Answered | None) -> None:
    try:
        reply = await _in_time(command, given, ANSWER_MS)
    except LinkError as error:
        logger.warning("%s", error)
        reply = Reply(ok=False, reason=str(error))
    if answered is not None:
        answered(reply)
