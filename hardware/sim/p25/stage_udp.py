"""UDP of a simulator, with the faults of a bad line: loss, doubling, overtaking, a dead peer."""

import asyncio
import random
from collections.abc import Callable

from hardware.sim.actions import Action

Address = tuple[str, int]
REORDER_MS = 50.0
"""How long a datagram is held so that later ones overtake it, unless told otherwise."""


class LineFaults:
    """Chance of what happens to each datagram, one setting for all sockets of a simulator."""

    def __init__(self, seed: int = 1) -> None:
        """Begin without faults; the same seed gives the same ones."""
        self._rng = random.Random(seed)  # noqa: S311 - chance of a simulation
        self._rates: dict[tuple[str, bool], float] = {}
        self._reorder_ms = REORDER_MS
        self._scripts: dict[bool, list[bool]] = {}
        self._waiting: set[asyncio.TimerHandle] = set()
        self.dead = False
        """Nothing comes out and nothing is taken in, as with the plug pulled."""
        self.lost = 0
        self.doubled = 0
        self.overtaken = 0

    def fault(self, action: Action) -> None:
        """Set a fault, or mend all of them."""
        if action.do == "mend":
            self._rates.clear()
            self._scripts.clear()
            self.dead = False
        elif action.do == "vanish":
            self.dead = True
        elif action.do in ("loss", "duplicate", "reorder"):
            self._reorder_ms = action.number("by_ms", REORDER_MS)
            way = action.text("way", "both")
            for outgoing in (True, False):
                if way in ("both", "to_gateway" if outgoing else "from_gateway"):
                    self._rates[action.do, outgoing] = action.number("percent", 0.0) / 100.0

    def lose(self, pattern: list[bool], *, outgoing: bool) -> None:
        """Lose the next datagrams as ``pattern`` says (True: lost), before chance has a say."""
        self._scripts[outgoing] = list(pattern)

    def carry(self, deliver: Callable[[], None], *, outgoing: bool) -> None:
        """Call ``deliver`` never, once or twice, now or later."""
        if self.dead:
            return
        script = self._scripts.get(outgoing)
        if (script and script.pop(0)) or self._hit("loss", outgoing):
            self.lost += 1
            return
        if self._hit("reorder", outgoing):
            self.overtaken += 1
            self._later(deliver)
            return
        deliver()
        if self._hit("duplicate", outgoing):
            self.doubled += 1
            deliver()

    def close(self) -> None:
        """Forget what is still held."""
        for handle in self._waiting:
            handle.cancel()
        self._waiting.clear()

    def state(self) -> dict[str, object]:
        """Return what happened so far."""
        return {
            "dead": self.dead,
            "lost": self.lost,
            "doubled": self.doubled,
            "overtaken": self.overtaken,
        }

    def _hit(self, what: str, outgoing: bool) -> bool:
        rate = self._rates.get((what, outgoing), 0.0)
        return rate > 0.0 and self._rng.random() < rate

    def _later(self, deliver: Callable[[], None]) -> None:
        def fire() -> None:
            self._waiting.discard(handle)
            if not self.dead:
                deliver()

        handle = asyncio.get_running_loop().call_later(self._reorder_ms / 1000.0, fire)
        self._waiting.add(handle)


class UdpPort(asyncio.DatagramProtocol):
    """One bound socket behind the faults of the line."""

    def __init__(self, faults: LineFaults, received: Callable[[bytes, Address], None]) -> None:
        """Give each datagram that gets through, and its sender, to ``received``."""
        self._faults = faults
        self._received = received
        self._transport: asyncio.DatagramTransport | None = None
        self.port = 0

    async def open(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Bind; 0 takes a free port. Returns the port."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))
        self._transport = transport
        self.port = int(transport.get_extra_info("sockname")[1])
        return self.port

    def send(self, data: bytes, to: Address) -> None:
        """Send one datagram, if the line lets it through."""
        self._faults.carry(lambda: self._put(data, to), outgoing=True)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Take one datagram, if the line lets it through."""
        self._faults.carry(lambda: self._received(data, addr[:2]), outgoing=False)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens at the other end: a station does not mind."""

    def close(self) -> None:
        """Close the socket; safe twice."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _put(self, data: bytes, to: Address) -> None:
        if self._transport is not None:
            self._transport.sendto(data, to)
