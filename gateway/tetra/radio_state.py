"""What is known of one terminal: shared by the parts of its core, changed by each for its own."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.model.ids import MonoMs
from gateway.model.radio import LinkState, RadioEvent
from gateway.tetra import tables
from gateway.tetra.addressing import Address

DEFAULT_MODE = tables.AiMode.TMO
_START = MonoMs(0)


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
    max_payload_bits: int = tables.MAX_SDS_BITS
    private_busy: str = ""
    """Why the radio is not free: a private call of ours that has no instance yet."""
    calls: dict[int, Call] = field(default_factory=dict)
    events: list[RadioEvent] = field(default_factory=list)

    def emit(self, event: RadioEvent) -> None:
        """Queue an event for whoever calls the core next."""
        self.events.append(event)

    @property
    def registered(self) -> bool:
        """Whether calls and messages may be tried: registered, or in a mode without networks."""
        return self.mode not in tables.TRUNKED_MODES or self.registration in tables.REGISTERED

    def why_not_ready(self) -> str:
        """Return why nothing can be sent; empty where it can."""
        if self.link not in (LinkState.UP, LinkState.UNREGISTERED):
            return self.link_reason or f"link is {self.link.value}"
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

    def forget_radio(self) -> None:
        """Drop what a radio that begins anew no longer has."""
        self.calls.clear()
        self.registration = None
        self.signal_dbm = None
        self.selected = None
        self.scanned = ()


def ssi(address: Address | None) -> int | None:
    """Return the short identity of an address."""
    return None if address is None else address.ssi


Emit = Callable[[RadioEvent], None]
