"""A station without a control service: voice is sent unasked; nothing tells whether it lives."""

from typing import Protocol

from gateway.model.ids import MonoMs
from gateway.model.radio import LinkChanged, LinkState, RadioEvent


class Connection(Protocol):
    """What a core needs of the connection to its station; see ``StationSession``."""

    voice_port: int
    station_voice_port: int | None

    @property
    def reason(self) -> str:
        """Why it is not connected, empty while nothing went wrong."""
        ...

    @property
    def connected(self) -> bool:
        """Whether voice may be exchanged."""
        ...

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Ask for the station."""
        ...

    def closed(self, now: MonoMs) -> None:
        """Give the station free."""
        ...

    def receive(self, octets: bytes, now: MonoMs) -> list[RadioEvent]:
        """Take one datagram of the control channel."""
        ...

    def heard(self, now: MonoMs) -> None:
        """Take note that anything came from the station."""
        ...

    def probe(self, now: MonoMs) -> None:
        """Doubt that the station is there: a call runs and it is silent."""
        ...

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        ...

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        ...

    def outgoing(self) -> list[bytes]:
        """Return the datagrams that are to be sent, in order, and forget them."""
        ...


class Unasked:
    """The connection to a station without a control service: up as soon as the socket is open."""

    def __init__(self) -> None:
        """Begin closed."""
        self.connected = False
        self.reason = ""
        self.voice_port = 0
        self.station_voice_port: int | None = None

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Count as connected."""
        self.connected = True
        return [LinkChanged(state=LinkState.UP, mode="DFSI without control")]

    def closed(self, now: MonoMs) -> None:
        """Count as closed."""
        self.connected = False

    def receive(self, octets: bytes, now: MonoMs) -> list[RadioEvent]:
        """Ignore it: nothing is asked, so nothing is answered."""
        return []

    def heard(self, now: MonoMs) -> None:
        """Nothing depends on it."""

    def probe(self, now: MonoMs) -> None:
        """Nobody could be asked."""

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Nothing is ever due."""
        return []

    def deadline(self) -> MonoMs | None:
        """Nothing is ever due."""
        return None

    def outgoing(self) -> list[bytes]:
        """Nothing is ever said."""
        return []
