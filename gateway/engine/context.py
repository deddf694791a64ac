"""What every part of the engine is given: bus, clock, plan, links."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.bus import Bus
from gateway.engine.addresses import Addresses
from gateway.engine.private_lines import PrivateLines
from gateway.engine.settings import EngineSettings
from gateway.model.events import Event
from gateway.model.ids import LinkId, MonoMs, PatchId, TalkgroupId, UtcUs, ulid
from gateway.ports import Clock, RadioLink


@dataclass(slots=True)
class Context:
    """The engine's surroundings. ``addresses`` is replaced when another plan is activated."""

    bus: Bus
    clock: Clock
    randomness: Callable[[int], bytes]
    addresses: Addresses
    links: Mapping[LinkId, RadioLink]
    settings: EngineSettings
    lines: PrivateLines = field(default_factory=PrivateLines)
    patched: dict[TalkgroupId, PatchId] = field(default_factory=dict)
    """Talkgroups that are in a patch now; kept up to date by the book of patches."""

    def now(self) -> MonoMs:
        """Return monotonic milliseconds."""
        return self.clock.mono_ms()

    def utc(self) -> UtcUs:
        """Return UTC microseconds."""
        return self.clock.utc_us()

    def new_id(self, letter: str) -> str:
        """Return a fresh id: the letter, a dash, a ULID."""
        return f"{letter}-{ulid(self.clock.utc_us(), self.randomness(10))}"

    def fenced(self, link: LinkId) -> bool:
        """Say whether what a link tells belongs to exercises only: a simulator is at its port."""
        return not self.settings.simulated_anywhere and self.addresses.is_simulated(link)

    def publish(self, event: Event) -> None:
        """Give an event to the bus; never waits."""
        self.bus.publish(event)
