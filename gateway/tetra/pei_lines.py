"""What one line of a terminal can say: a closed set of frozen values (EN 300 392-5 names).

Fields that a radio left empty or left out are None.
"""

from dataclasses import dataclass, field

from gateway.tetra.addressing import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """End of a command: ``kind`` is OK, ERROR, CME, CMS, NO CARRIER, BUSY or NO ANSWER."""

    kind: str
    code: int | None = None

    @property
    def ok(self) -> bool:
        """Whether the command was taken."""
        return self.kind == "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingCall:
    """``+CTICN``: a call comes in (395-5 6.15)."""

    instance: int
    status: int | None = None
    service: int | None = None
    calling: Address | None = None
    calling_type: int | None = None
    calling_digits: str = ""
    """An external number, or one that is no TETRA address, as the radio gave it."""
    hook: int | None = None
    simplex: int | None = None
    encrypted: bool = False
    comms_type: int | None = None
    called: Address | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallProgress:
    """``+CTOCP``: how far an outgoing call has come."""

    instance: int
    status: int | None = None
    service: int | None = None
    simplex: int | None = None
    comms_type: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallConnected:
    """``+CTCC``: a call is connected."""

    instance: int
    simplex: int | None = None
    encrypted: bool = False
    comms_type: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReleased:
    """``+CTCR``: a call is over (395-5 6.15.3)."""

    instance: int
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TxGrant:
    """``+CTXG``: who may transmit (395-5 6.15.10)."""

    instance: int
    grant: int
    may_ask: bool = True
    encrypted: bool = False
    talker: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TxCeased:
    """``+CDTXC``: the transmission on the downlink ceased (395-5 6.15.11)."""

    instance: int
    may_ask: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TxNotice:
    """``+CTXD``, ``+CTXI``, ``+CTXW`` or ``+CTXN``: told, and not acted on.

    ``continues`` is the flag of ``+CTXN``; other fields of these lines are not documented.
    """

    name: str
    instance: int | None = None
    continues: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """``+CTGS``: pairs of group type and address; ``selected`` is None when detached."""

    selected: Address | None
    scanned: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """``+CTOM``: the operating mode (395-5 6.14.7)."""

    mode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationLine:
    """``+CREG``: registration state, location area and network."""

    stat: int
    location_area: int | None = None
    network: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """``+CSQ``: received level in dBm; None unknown."""

    rssi_dbm: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SdsHeader:
    """``+CTSDSR``: header of a received message; the payload is the next line (395-5 6.13.3)."""

    service: int
    bits: int
    calling: Address | None = None
    called: Address | None = None
    encrypted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """``+CMGS``: the radio took a message (no status), or tells what became of it."""

    instance: int
    status: int | None = None
    reference: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendLimits:
    """``+CMGS: (…),(8-n)``: most payload bits in one message."""

    max_bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNumber:
    """``+CNUMF``, or a further line of it: number type and address."""

    number_type: int
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeater:
    """``+CTDGR``: a DMO gateway or repeater in sight (395-5 6.14.10)."""

    comms_type: int
    address: Address
    network: tuple[int, int] | None = None
    presence: int | None = None
    """As the radio gave it; what its values mean is not documented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """A known answer of free text: ``name`` without the plus sign, fields stripped."""

    name: str
    fields: tuple[str, ...]
    rest: str = field(default="", compare=False)
    """All of it as it came: a name may hold commas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A line that is none of ours; kept whole."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """A line with a known name whose fields cannot be read."""

    text: str
    offset: int
    reason: str


PeiLine = (
    Final
    | IncomingCall
    | CallProgress
    | CallConnected
    | CallReleased
    | TxGrant
    | TxCeased
    | TxNotice
    | Groups
    | Mode
    | RegistrationLine
    | Signal
    | SdsHeader
    | SendResult
    | SendLimits
    | OwnNumber
    | Repeater
    | Info
    | Unknown
    | Bad
)
