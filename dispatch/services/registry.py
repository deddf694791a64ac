"""All services of one application, found by their type: ``services.use(CallLog)``."""

from collections.abc import Callable
from typing import TypeVar, cast

from dispatch.auth.book import AccessBook
from dispatch.auth.passwords import Passwords
from dispatch.auth.people import People
from dispatch.auth.sessions import Sessions
from dispatch.services.plans import LivePlan
from dispatch.store.engine import Store
from gateway.bus import Bus
from gateway.model.errors import ConfigError
from gateway.ports import Clock

T = TypeVar("T")


class Services:
    """The services that all routes need by name; every other one by its type."""

    def __init__(
        self,
        *,
        room: str,
        store: Store,
        bus: Bus,
        clock: Clock,
        randomness: Callable[[int], bytes],
        plan: LivePlan,
        people: People,
        passwords: Passwords,
        sessions: Sessions,
        access: AccessBook,
    ) -> None:
        """Keep the named services; add the others with ``add``."""
        self.room = room
        self.store = store
        self.bus = bus
        self.clock = clock
        self.randomness = randomness
        self.plan = plan
        self.people = people
        self.passwords = passwords
        self.sessions = sessions
        self.access = access
        self._others: dict[type, object] = {}

    def add(self, service: T, kind: type[T] | None = None) -> T:
        """File a service under its type, or under ``kind`` (a protocol it implements)."""
        self._others[kind or type(service)] = service
        return service

    def use(self, kind: type[T]) -> T:
        """Return the service of a type; raises ConfigError when the wiring left it out."""
        service = self._others.get(kind)
        if service is None:
            raise ConfigError(f"this server runs without {kind.__name__}")
        return cast(T, service)  # filed under its own type by ``add``

    def has(self, kind: type) -> bool:
        """Whether a service of this type was added."""
        return kind in self._others
