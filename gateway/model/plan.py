"""The plan: everything an engineer configures, one versioned value.

Plan 1 is loaded from a TOML file into an empty store; the shape is the same in TOML and JSON.
"""

from dataclasses import dataclass, field

from gateway.model.ids import (
    LinkId,
    SiteId,
    SystemId,
    TalkgroupId,
    UnitId,
    talkgroup_id,
    unit_id,
)
from gateway.model.individual_plan import IndividualRule, NeverRecorded
from gateway.model.layouts import Layout
from gateway.model.p25_settings import P25Settings
from gateway.model.patch_plan import PlanPatch
from gateway.model.unit_rules import UnitRule


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One radio network. ``handle`` is the number that stands for it in a VoiceFrame."""

    id: SystemId
    name: str
    technology: str
    handle: int
    mcc: int | None = None
    mnc: int | None = None
    wacn: int | None = None
    system_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place with radio equipment. None and empty: not known."""

    id: SiteId
    name: str
    system: SystemId | None = None
    """The network whose site it is, where it is one's own site of a network."""
    rfss: int | None = None
    """Number of the P25 subsystem."""
    number: int | None = None
    """Number of the site in it."""
    nac: int | None = None
    """Network access code of P25, shown as 293h."""
    county: str = ""
    latitude: float | None = None
    """Degrees north, WGS 84."""
    longitude: float | None = None
    """Degrees east."""
    frequencies_hz: tuple[int, ...] = ()
    """What the site sends on."""
    control_hz: tuple[int, ...] = ()
    """Those of them that carry the control channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talkgroup:
    """A group address with what people need to know of it.

    ``area`` is a polygon of (latitude, longitude); empty where none is known.
    """

    system: SystemId
    number: int
    name: str
    folder: str
    agency: str = ""
    agency_kind: str = "misc"
    """Colour of the chip: police, fire, ems, port or misc."""
    description: str = ""
    priority: int = 0
    address: int | None = None
    """Number of the tile on the board."""
    recorded: bool = True
    retention: str = "call"
    transmit_limit_s: int = 60
    encrypted: bool = False
    test: bool = False
    national: bool = False
    area: tuple[tuple[float, ...], ...] = ()

    @property
    def id(self) -> TalkgroupId:
        """The talkgroup's text form."""
        return talkgroup_id(self.system, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A radio that has a name here."""

    system: SystemId
    number: int
    alias: str
    owner: str = ""
    kind: str = ""
    agency_kind: str = "misc"
    talkgroup: TalkgroupId | None = None

    @property
    def id(self) -> UnitId:
        """The unit's text form."""
        return unit_id(self.system, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One connection to the radio world. ``talkgroups`` are those it may transmit on."""

    id: LinkId
    name: str
    kind: str
    system: SystemId
    site: SiteId
    port: str
    sound: str
    talkgroups: tuple[int, ...]
    group: int | None = None
    """The group the radio should be on after a start."""
    speed_bps: int = 38400
    """Of the port; 0 tries the usual speeds and keeps the one at which the radio answers."""
    rtscts: bool = False
    profile: str = "auto"
    """Kind of the terminal: auto (by its maker's name), generic, motorola or sepura."""
    mode: str = ""
    """Operating mode that a terminal is set to at its start; empty leaves it as it is."""
    own_number: int | None = None
    sound_in_gain_db: float = 0.0
    """Gain of what a sound card captures from the radio, found by ``samband sound calibrate``."""
    sound_out_gain_db: float = 0.0
    """Gain of what it plays to the radio."""
    dtr: str = "inactive"
    """Idle state of the port's DTR: inactive or active."""
    rts: str = "inactive"
    """The same of RTS, unless ``rtscts`` makes it a flow control line."""
    ptt: str = "pei"
    """What keys: pei, rts, dtr (of the link's own port), rts:PORT, dtr:PORT or gpio:CHIP/LINE."""
    ptt_active: str = "high"
    """Level of a GPIO line that keys: high or low. RTS and DTR key when they are active."""
    ptt_lead_ms: int = 100
    """From the line to the first sound: the transmitter has to be up."""
    ptt_tail_ms: int = 40
    """From the last sound to the line: what is still on its way is sent."""
    carrier: str = "cts"
    """Kind analogue: what tells that somebody talks: cts, dcd, dsr, ri or vox (sound level)."""
    carrier_active: str = "active"
    """State of that line while somebody talks: active or inactive."""
    carrier_open_ms: int = 40
    """How long a carrier must stand to count."""
    carrier_close_ms: int = 200
    """How long it must be away to count: shorter gaps are fading."""
    carrier_hang_ms: int = 4000
    """How long a call stays up after its last over."""
    p25: P25Settings | None = None
    """What a P25 link needs besides, as a table ``[links.p25]``."""
    vox_open_dbfs: int = -35
    vox_close_dbfs: int = -45
    simulated: bool = False
    """A simulated terminal or station is at its port: it belongs to exercise talkgroups only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusText:
    """Meaning of a pre-coded status. ``kind``: unit, request, urgent_request, emergency, other."""

    value: int
    digit: str = ""
    """One character for the board; empty shows none."""
    words: str
    kind: str = "unit"
    system: SystemId | None = None
    """Of one network alone: its row goes before the one for all. None: for all that have none."""

    @property
    def id(self) -> str:
        """The value, with its system before it where it is one network's."""
        return f"{self.system}/{self.value}" if self.system else str(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A complete configuration of the radio side and of what the console shows."""

    name: str
    systems: tuple[System, ...] = ()
    sites: tuple[Site, ...] = ()
    talkgroups: tuple[Talkgroup, ...] = ()
    units: tuple[Unit, ...] = ()
    unit_rules: tuple[UnitRule, ...] = ()
    """Names of units that no row names: spans and patterns, the first that fits holds."""
    links: tuple[Link, ...] = ()
    patches: tuple[PlanPatch, ...] = ()
    """Talkgroups joined by default, or prepared to be joined."""
    layouts: tuple[Layout, ...] = ()
    """Boards of positions; a position without one shows the talkgroups by folder and address."""
    statuses: tuple[StatusText, ...] = ()
    predefined_texts: tuple[str, ...] = ()
    positions: tuple[str, ...] = field(default=("1", "2", "3", "4", "5"))
    individual_rules: tuple[IndividualRule, ...] = ()
    never_recorded: tuple[NeverRecorded, ...] = ()
