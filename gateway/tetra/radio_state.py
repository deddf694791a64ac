"""What is known of one terminal: shared by the parts of its core, changed by each for its own."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.model.ids import MonoMs
from gateway.model.radio import KnownGroup, LinkState, RadioEvent
from gateway.tetra import tables
from gateway.tetra.addressing import Address
from gateway.tetra.profiles import AUTO, GENERIC, Profile

DEFAULT_MODE = tables.AiMode.TMO
REPEATER_MS = 30_000
"""How long a repeater or gateway counts as in sight; it is told about every 10 s."""
REGISTRATION_QUESTION = "AT+CREG?"
_START = MonoMs(0)
_DIRECT_MODES = frozenset({tables.AiMode.DMO, tables.AiMode.DMO_WATCHING_TMO})
_RELAYED = frozenset({2, 3, 4})
"""Transient communication types that go through another station."""
_ESSENTIAL = ("AT+CTSP=", "AT+CTGS=", "AT+CTSDC=", "AT+CTXD=", "AT+CUTXC=", "AT+CMGS=", "AT+CTSDS=")
"""Commands with values that are tried each time: their refusal may be about the values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRepeater:
    """A DMO repeater or gateway in sight."""

    address: int
    comms_type: int
    seen: MonoMs


@dataclass(slots=True, kw_only=True)
class Call:
    """A call that is up at the radio. ``group`` is None where it is not known, or private."""

    instance: int
    group: int | None = None
    private: bool = False
    ringing: bool = False
    """A person has to answer first: the radio takes no part in it yet."""
    duplex: bool = False
    connected: bool = True
    """False for a private call of ours that the other end has not taken yet."""
    caller: int | None = None
    talker: int | None = None
    talking: bool = False
    may_ask: bool = True
    priority: int = 0
    outgoing: bool = False
    emergency_unit_known: bool = False
    confirmed: bool = False
    """A second line spoke of this call: it is no left-over of a damaged line."""
    last_news: MonoMs = _START

    @property
    def emergency(self) -> bool:
        """Whether the call has the emergency priority."""
        return self.priority == tables.CALL_PRIORITY_EMERGENCY


@dataclass(slots=True)
class RadioState:
    """One terminal as it stands."""

    link: LinkState = LinkState.CLOSED
    link_reason: str = ""
    own_number: int | None = None
    gateways: dict[int, int] = field(default_factory=dict)
    """Number type (PSTN or PABX gateway) -> its short number, where the radio names one."""
    model: str = ""
    firmware: str = ""
    mode: int = DEFAULT_MODE
    registration: int | None = None
    signal_dbm: int | None = None
    selected: int | None = None
    scanned: tuple[int, ...] = ()
    static_groups: tuple[KnownGroup, ...] = ()
    dynamic_groups: tuple[KnownGroup, ...] = ()
    wanted_profile: str = AUTO
    profile: Profile = GENERIC
    unknown_commands: set[str] = field(default_factory=set)
    """What this radio does not know; it stays over restarts."""
    notices: dict[int, str] = field(default_factory=dict)
    """Errors that the operator must know of, in words."""
    barred: str = ""
    """Why the radio cannot be used at all: it wants a PIN, or has no SIM."""
    repeaters: dict[int, SeenRepeater] = field(default_factory=dict)
    comms_type: int | None = None
    """Transient communication type as told last (``+CTTCT``)."""
    max_payload_bits: int = tables.MAX_SDS_BITS
    private_busy: str = ""
    """Why the radio is not free: a private call of ours that has no instance yet."""
    last_reference: int = 0
    """SDS-TL reference of our last message. A driver begins elsewhere after each start, so that a
    late report on a message of the run before is not taken for one of this."""
    calls: dict[int, Call] = field(default_factory=dict)
    events: list[RadioEvent] = field(default_factory=list)

    def emit(self, event: RadioEvent) -> None:
        """Queue an event for whoever calls the core next."""
        self.events.append(event)

    @property
    def registered(self) -> bool:
        """Whether calls and messages may be tried: registered, or in a mode without networks.

        A radio that cannot be asked, and tells nothing, refuses by itself what it cannot do.
        """
        if self.mode not in tables.TRUNKED_MODES or self.registration in tables.REGISTERED:
            return True
        return self.registration is None and self.skips(REGISTRATION_QUESTION)

    def why_not_ready(self) -> str:
        """Return why nothing can be sent; empty where it can."""
        if self.link not in (LinkState.UP, LinkState.UNREGISTERED):
            return self.link_reason or f"link is {self.link.value}"
        if self.barred:
            return self.barred
        if self.registered:
            return ""
        if self.registration is None:
            return "radio is not registered"
        return tables.REGISTRATION_WORDS.get(self.registration, "radio is not registered")

    @property
    def somebody_talks(self) -> bool:
        """Whether anybody is heard on any call."""
        return any(call.talking for call in self.calls.values())

    def is_group(self, number: int | None) -> bool:
        """Whether a number is one of the radio's groups or a call's."""
        groups = {self.selected, *self.scanned, *(call.group for call in self.calls.values())}
        return number is not None and number in groups

    def skips(self, text: str) -> bool:
        """Whether this radio does not know a command."""
        return _head(text) in self.unknown_commands

    def never_again(self, text: str) -> None:
        """Remember that this radio does not know a command, unless it is one of the essential."""
        head = _head(text)
        if head.startswith("AT+") and head not in _ESSENTIAL:
            self.unknown_commands.add(head)

    def mode_words(self, now: MonoMs) -> str:
        """Return the operating mode, with the repeater or gateway in sight."""
        words = tables.AI_MODE_WORDS.get(self.mode, f"mode {self.mode}")
        seen = [one for one in self.repeaters.values() if now < one.seen + REPEATER_MS]
        names = [f"{_kind(one.comms_type)} {one.address}" for one in seen]
        if self.mode in _DIRECT_MODES and self.comms_type in _RELAYED:
            words = f"{words} {tables.TRANSIENT_COMMS_WORDS[self.comms_type]}"
        return f"{words}, {' and '.join(names)} in sight" if names else words

    def forget_radio(self) -> None:
        """Drop what a radio that begins anew no longer has."""
        self.calls.clear()
        self.registration = None
        self.signal_dbm = None
        self.selected = None
        self.scanned = ()
        self.static_groups = self.dynamic_groups = ()
        self.notices.clear()
        self.repeaters.clear()
        self.barred = self.private_busy = ""
        self.comms_type = None


def _head(text: str) -> str:
    """Return a command without its values: ``AT+CNUMS=0,1,9`` is ``AT+CNUMS=``."""
    name, mark, value = text.partition("=")
    return text if value == "?" or not mark else f"{name}="


def _kind(comms_type: int) -> str:
    return {2: "repeater", 3: "gateway", 4: "repeater and gateway"}.get(comms_type, "station")


def ssi(address: Address | None) -> int | None:
    """Return the short identity of an address."""
    return None if address is None else address.ssi


Emit = Callable[[RadioEvent], None]
