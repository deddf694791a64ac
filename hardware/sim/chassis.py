"""What all parts of a simulated radio share: settings, time, the line to the host, its state."""

import enum
import heapq
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.tetra.tables import AiMode, Registration
from hardware.sim.flavours import FLAVOURS, Flavour
from hardware.sim.truth import TruthLog

NOISE = b"\xff\x00"
"""Junk on the line when the port opens and when the radio boots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioSettings:
    """One radio of a scenario."""

    name: str
    issi: int
    group: int
    scan: tuple[int, ...] = ()
    groups: tuple[tuple[int, str], ...] = ()
    mcc: int = 901
    mnc: int = 1001
    long_addresses: bool = False
    """Calls carry 17-digit addresses instead of the short identity."""
    grant_after_ms: float = 120.0
    hang_ms: float = 4_000.0
    tx_limit_ms: float = 60_000.0
    boot_ms: float = 3_000.0
    answer_ms: tuple[float, float] = (20.0, 80.0)
    rssi: int = 26
    pin: str = ""
    vendor_lines: bool = True
    short_reports: bool = False
    """Whether units report by the short form (a status) where the sender allows it."""
    grant_lines: bool = True
    """Whether incoming talkers are told with ``+CTXG`` (some DMO logs show none)."""
    flavour: str = "motorola"
    """Whose terminal this is like: see ``flavours``."""
    list_shape: str = "once"
    """How group lists are written: name once, name in ``each`` line, or a ``count`` first."""
    licences: tuple[int, ...] = ()
    """Modes beyond TMO and DMO that the radio may be set to: 5 gateway, 6 repeater."""

    @property
    def known_groups(self) -> dict[int, str]:
        """Every group programmed into the radio, with its name."""
        names = {self.group: "", **dict.fromkeys(self.scan, ""), **dict(self.groups)}
        return {number: name or f"Group {number}" for number, name in names.items()}

    def tsi(self, ssi: int) -> str:
        """Return the 17-digit address of ``ssi`` in the radio's own network."""
        return f"{self.mcc:04d}{self.mnc:05d}{ssi:08d}"


class Service(enum.Enum):
    """What a host registers for with ``AT+CTSP``: layer 1 and, where it matters, layer 2."""

    VOICE = (0, 0)
    GROUPS = (1, 11)
    STATUS = (2, 20)


class Handle:
    """Something due later; ``cancel`` takes it back."""

    __slots__ = ("do",)

    def __init__(self, do: Callable[[], None] | None) -> None:
        """Keep what is to be done."""
        self.do = do

    def cancel(self) -> None:
        """Make it do nothing."""
        self.do = None


@dataclass(slots=True)
class Chassis:
    """Shared state of the radio's parts. ``now`` is the time of what is being handled, in ms."""

    settings: RadioSettings
    truth: TruthLog
    rng: random.Random
    now: float = 0.0
    out: bytearray = field(default_factory=bytearray)
    powered: bool = True
    deaf: bool = False
    port_open: bool = True
    echo: bool = True
    noisy: bool = True
    """The line holds junk: the first ``AT`` gets ``+CME ERROR: 35``."""
    quiet_errors: bool = False
    creg_reports: int = 0
    services: set[tuple[int, int]] = field(default_factory=set)
    mode: AiMode = AiMode.TMO
    stat: Registration = Registration.HOME
    inhibited: bool = False
    locked: bool = False
    selected: int = 0
    scan: dict[int, int] = field(default_factory=dict)
    """Scanned group -> group type 2 to 7 (2 is the highest scan priority)."""
    scan_on: bool = True
    attached_at: float = 0.0
    """When the last change of groups is done: they come one after the other."""
    dynamic: dict[int, str] = field(default_factory=dict)
    """Groups that the network gave the radio."""
    function_on: bool = True
    volume: int = 6
    charset: str = "8859-1"
    _agenda: list[tuple[float, int, Handle]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)

    def later(self, wait_ms: float, do: Callable[[], None]) -> Handle:
        """Do something ``wait_ms`` from now."""
        handle = Handle(do)
        heapq.heappush(self._agenda, (self.now + wait_ms, next(self._order), handle))
        return handle

    def deadline(self) -> float | None:
        """When something is due next."""
        while self._agenda and self._agenda[0][2].do is None:
            heapq.heappop(self._agenda)
        return self._agenda[0][0] if self._agenda else None

    def run(self, now: float) -> None:
        """Do all that is due by ``now``, each at its own time."""
        while (due := self.deadline()) is not None and due <= now:
            _, _, handle = heapq.heappop(self._agenda)
            self.now = max(self.now, due)
            if (do := handle.do) is not None:
                do()
        self.now = max(self.now, now)

    def forget_agenda(self) -> None:
        """Drop everything that is due (power cycle)."""
        self._agenda.clear()

    def write(self, data: bytes) -> None:
        """Put bytes on the line, if somebody is there and the radio has power."""
        if self.powered and self.port_open:
            self.out += data
            self.truth.wire(True, data, self.now)

    def say(self, *lines: str) -> None:
        """Write lines in the radio's manner: CR LF before the first, CR LF after each."""
        self.write(b"\r\n" + b"".join(line.encode("latin-1") + b"\r\n" for line in lines))

    def report(self, service: Service, *lines: str) -> None:
        """Write an unasked line if the host registered for ``service``."""
        if service.value in self.services:
            self.say(*lines)

    def between(self, limits: Sequence[float]) -> float:
        """Return a seeded time between two limits, in ms."""
        return self.rng.uniform(limits[0], limits[1])

    @property
    def registered(self) -> bool:
        """Whether the network carries calls and messages of this radio."""
        if not self.function_on:
            return False
        trunked = self.mode in (AiMode.TMO, AiMode.TMO_WATCHING_DMO, AiMode.GATEWAY)
        return not trunked or self.stat in (Registration.HOME, Registration.VISITED)

    @property
    def known_groups(self) -> dict[int, str]:
        """Programmed groups, and those that the network gave."""
        return {**self.settings.known_groups, **self.dynamic}

    @property
    def flavour(self) -> Flavour:
        """What sets this maker's radios apart."""
        return FLAVOURS[self.settings.flavour]

    def listens_to(self, group: int) -> bool:
        """Whether the radio takes part in calls of ``group``."""
        return group == self.selected or (self.scan_on and group in self.scan)

    def rank(self, group: int | None) -> int:
        """Return 0 for the selected group, then scan priorities; smaller wins."""
        return 0 if group is None or group == self.selected else self.scan.get(group, 99)

    def address(self, ssi: int | None) -> str:
        """Return ``ssi`` as this radio prints it in call lines; empty for a hidden one."""
        if ssi is None:
            return ""
        return self.settings.tsi(ssi) if self.settings.long_addresses else str(ssi)

    @property
    def address_type(self) -> int:
        """Identity type beside an address in ``+CTICN``."""
        return 5 if self.settings.long_addresses else 0
