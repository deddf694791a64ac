"""A link: bytes to and from one radio, whatever carries them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from hardware.line_state import Line

MIN_CHUNK_BYTES = 16
MAX_CHUNK_BYTES = 64
CHUNK_MS = 20
"""What is under way on the line at any moment: an un-key never waits longer behind a payload."""
BITS_PER_CHARACTER = 10
"""8N1: start bit, eight data bits, stop bit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """How to open a link; ``socket://`` uses none of it.

    ``speed_bps`` 0: find out. ``active``: outputs that are active while nothing is keyed.
    """

    speed_bps: int = 38400
    rtscts: bool = False
    active: frozenset[Line] = frozenset()
    lines_only: bool = False
    """The port carries no bytes: it stays at speed B0, at which the kernel raises no line when the
    port is opened again."""
    active_low: bool = False
    """Of a GPIO line: whether the low level keys."""
    max_chunk_bytes: int = MAX_CHUNK_BYTES
    """Largest write; more only for a device that keys nothing."""
    low_latency: bool = False
    """Ask a USB adapter to hand on what it has received at once, where it can."""

    @property
    def chunk_bytes(self) -> int:
        """Largest write at this speed: 20 ms of line time, at least 16 bytes."""
        fits = self.speed_bps * CHUNK_MS // (BITS_PER_CHARACTER * 1000)
        return max(MIN_CHUNK_BYTES, min(self.max_chunk_bytes, fits))


class Link(Protocol):
    """An open connection. Everything happens on the event loop; nothing here waits."""

    @property
    def name(self) -> str:
        """Where it leads, for people."""
        ...

    @property
    def chunk_bytes(self) -> int:
        """Most bytes that ``write`` takes at once."""
        ...

    @property
    def free(self) -> bool:
        """Whether the last write has left the machine, so that the next may be given."""
        ...

    def fileno(self) -> int:
        """Return the descriptor, which the un-key guard inherits."""
        ...

    def start(
        self,
        received: Callable[[bytes], None],
        freed: Callable[[], None],
        lost: Callable[[str], None],
    ) -> None:
        """Begin to read. ``freed`` follows each write; ``lost`` comes once, with the reason."""
        ...

    def write(self, data: bytes) -> None:
        """Write at most ``chunk_bytes``; only while ``free``."""
        ...

    def write_over(self, data: bytes) -> None:
        """Throw away what waits to be sent and write this at once: for un-keying in need."""
        ...

    def close(self) -> None:
        """Close the port; safe twice. ``lost`` is not called."""
        ...


@runtime_checkable
class HasSpeed(Protocol):
    """A link whose line speed can be changed while it is open."""

    async def set_speed(self, speed_bps: int) -> None:
        """Set it; raises LinkError when the port cannot."""
        ...
