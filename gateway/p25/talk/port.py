"""What a driver needs of a P25 interface core, and what the core hands to it besides events."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import KeyDemand, LinkInfo, RadioEvent
from gateway.model.unit_acts import UnitAct


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceHeard(RadioEvent):
    """20 ms of a call's voice, in order and on time. The driver makes sound of it.

    ``frame`` has 11 octets (corrected) or 18 (with error protection, as on air); None: it never
    came. ``readable`` is False while the call is encrypted: then nothing is decoded.
    ``captured_ms`` is when it was spoken at the latest, even within an over and never running back;
    ``came_ms`` is when it came.
    """

    instance: int
    frame: bytes | None
    readable: bool = True
    captured_ms: MonoMs | None = None
    came_ms: MonoMs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram:
    """One datagram of a core's channel; ``port`` stands in for the configured remote port.

    On a channel without a fixed peer (a host of many clients) ``port`` is a number that stands for
    the client: the one it came with leads back to it.
    """

    channel: str
    data: bytes
    port: int | None = None


class P25Core(Protocol):
    """An interface over UDP. Nothing here waits; the driver asks for what is to be sent."""

    @property
    def info(self) -> LinkInfo:
        """Technology and capabilities."""
        ...

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of its sockets; the last one carries voice, and what un-keys."""
        ...

    @property
    def on_air(self) -> RequestId | None:
        """The press whose voice may be sent now."""
        ...

    @property
    def keyed(self) -> bool:
        """Whether something is on the wire that has to be ended."""
        ...

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Begin: the sockets are open."""
        ...

    def lost(self, now: MonoMs, reason: str) -> list[RadioEvent]:
        """End everything: the sockets are closed."""
        ...

    def receive(self, datagram: Datagram, now: MonoMs) -> list[RadioEvent]:
        """Take what came; ``port`` is the sender's."""
        ...

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        ...

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        ...

    def demand(self, demand: KeyDemand, now: MonoMs) -> list[RadioEvent]:
        """Ask to talk."""
        ...

    def send_voice(self, demand: RequestId, imbe: bytes, now: MonoMs) -> None:
        """Give 20 ms of voice, 11 octets; dropped unless this demand is on air."""
        ...

    def end(self, demand: RequestId, cause: str, now: MonoMs) -> list[RadioEvent]:
        """Un-key. A release sends what was given before; any other cause drops it."""
        ...

    def act(self, act: UnitAct, now: MonoMs) -> list[RadioEvent]:
        """Reach one unit."""
        ...

    def outgoing(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        ...

    def unkey(self) -> Datagram | None:
        """Return the one datagram that ends what is keyed, for the un-key guard."""
        ...


@runtime_checkable
class AnnouncesPorts(Protocol):
    """A core that tells its peer where its sockets are."""

    def bound(self, channel: str, port: int) -> None:
        """Take the port that a socket was given, before ``opened``."""
        ...


@runtime_checkable
class SendsMany(Protocol):
    """A core that sends overs of several desks at once, each on a group of its own."""

    @property
    def max_overs(self) -> int:
        """How many: so many un-key guards have to stand."""
        ...

    def talks(self, demand: RequestId) -> bool:
        """Say whether the voice of a press may be sent now."""
        ...

    def unkeys(self) -> list[Datagram]:
        """Return the datagrams that end what is keyed, one each, the same for a whole over."""
        ...
