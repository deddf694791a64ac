"""The data units of P25 Phase 1, as they are without sync, status symbols and error protection."""

from dataclasses import dataclass

from gateway.p25.words import tables
from gateway.p25.words.encryption import EncryptionSync

FRAMES_PER_LDU = 9
CLEAR = EncryptionSync()
"""Of a call that is not encrypted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AirFrame:
    """What every unit has."""

    nac: int
    errors: int = 0
    """Wrong bits that were corrected: sync, identifier, words and blocks; not the voice's."""
    status_symbols: tuple[int, ...] = ()
    """As received, one a microslot. A sender chooses its own."""

    @property
    def duid(self) -> int:
        """Data unit id, four bits."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Hdu(AirFrame):
    """Header of a call. ``sync`` None: beyond correction, and the other fields mean nothing."""

    sync: EncryptionSync | None = CLEAR
    mfid: int = 0
    group: int = 0

    @property
    def duid(self) -> int:
        """Data unit id."""
        return tables.HDU


@dataclass(frozen=True, slots=True, kw_only=True)
class _Voice(AirFrame):
    """180 ms of voice."""

    voice: tuple[bytes, ...]
    """Nine frames, eighteen octets each as on air. To send, eleven are taken as well."""
    low_speed: bytes = bytes(2)
    low_speed_readable: bool = True
    """False: ``low_speed`` is as received, beyond correction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ldu1(_Voice):
    """Voice with nine octets of link control; None: beyond correction."""

    link_control: bytes | None

    @property
    def duid(self) -> int:
        """Data unit id."""
        return tables.LDU1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ldu2(_Voice):
    """Voice with the encryption sync of the superframe that follows; None: beyond correction."""

    sync: EncryptionSync | None = CLEAR

    @property
    def duid(self) -> int:
        """Data unit id."""
        return tables.LDU2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tdu(AirFrame):
    """The call ends, or the channel stays on."""

    @property
    def duid(self) -> int:
        """Data unit id."""
        return tables.TDU


@dataclass(frozen=True, slots=True, kw_only=True)
class Tdulc(AirFrame):
    """A terminator with nine octets of link control; None: beyond correction."""

    link_control: bytes | None

    @property
    def duid(self) -> int:
        """Data unit id."""
        return tables.TDULC


@dataclass(frozen=True, slots=True, kw_only=True)
class Tsdu(AirFrame):
    """One to three signalling blocks of twelve octets; None: its check is wrong."""

    blocks: tuple[bytes | None, ...]

    @property
    def duid(self) -> int:
        """Data unit id."""
        return tables.TSDU


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdu(AirFrame):
    """A packet: a header of twelve octets (None: its check is wrong) and its blocks.

    A block has twelve octets, in confirmed packets eighteen; None: it is missing, or its check is
    wrong. ``words.packet`` reads both.
    """

    header: bytes | None
    blocks: tuple[bytes | None, ...] = ()

    @property
    def duid(self) -> int:
        """Data unit id."""
        return tables.PDU


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownUnit(AirFrame):
    """A unit of another kind, kept whole: ``content`` are its bits behind the identifier."""

    unit: int
    content: bytes
    """Without status symbols, filled up with zero bits to an octet."""

    @property
    def duid(self) -> int:
        """Data unit id."""
        return self.unit
