"""What peer and master say at the login, and how they stay in touch (reference p25, 5.2)."""

import hashlib
import json
import struct
from dataclasses import dataclass
from typing import Final

from gateway.model.errors import ProtocolViolation

_PEER_ID = struct.Struct(">I")
_HASH_OCTETS: Final = hashlib.sha256().digest_size
_ACK_OCTETS: Final = 10
_CHALLENGE_OCTETS: Final = 14
"""An answer to RPTL ends in four zeros behind the salt; to RPTK it ends where the salt would."""
_METADATA_PORT: Final = 0x80
_NAK_PEER_AT: Final = 6
_NAK_REASON_AT: Final = 10
_PONG = struct.Struct(">6xQ")
PING: Final = b"\0"


def login_payload(peer: int) -> bytes:
    """Return RPTL."""
    return b"RPTL" + _PEER_ID.pack(peer)


def salted_hash(salt: bytes, password: bytes) -> bytes:
    """Return SHA-256 over the four octets of salt and the password."""
    return hashlib.sha256(salt + password).digest()


def authorise_payload(peer: int, salt: bytes, password: bytes) -> bytes:
    """Return RPTK. Whoever has this and the salt can guess at the password: never shown."""
    return b"RPTK" + _PEER_ID.pack(peer) + salted_hash(salt, password)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerConfiguration:
    """What a peer says of itself in RPTC; a console has neither transmitter nor channel."""

    identity: str
    rx_hz: int = 0
    tx_hz: int = 0
    location: str = ""
    latitude_deg: float = 0.0
    longitude_deg: float = 0.0
    height_m: int = 0
    software: str = "SAMBAND"

    def payload(self) -> bytes:
        """Return RPTC with its JSON, in the order in which other peers write it."""
        said = {
            "identity": self.identity,
            "rxFrequency": self.rx_hz,
            "txFrequency": self.tx_hz,
            "info": {
                "latitude": self.latitude_deg,
                "longitude": self.longitude_deg,
                "height": self.height_m,
                "location": self.location,
            },
            "channel": {
                "txPower": 0,
                "txOffsetMhz": 0.0,
                "chBandwidthKhz": 12.5,
                "channelId": 0,
                "channelNo": 0,
            },
            "rcon": {"password": "", "port": 0},  # we are not to be controlled from afar
            "conventionalPeer": True,
            "software": self.software,
        }
        return b"RPTC" + bytes(4) + json.dumps(said, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """A master's yes. Which step it answers shows in its length."""

    peer: int
    salt: bytes | None = None
    metadata_port: bool | None = None
    """Only in the answer to RPTC: whether logs are taken on the next port."""

    @property
    def step(self) -> str:
        """Name of the step that is answered: RPTL, RPTK, RPTC."""
        if self.salt is not None:
            return "RPTL"
        return "RPTK" if self.metadata_port is None else "RPTC"


def read_ack(payload: bytes) -> Ack:
    """Read an ACK; raises ProtocolViolation when it has not even a peer id."""
    if len(payload) < _PEER_ID.size:
        raise _short("ACK", payload, _PEER_ID.size)
    (peer,) = _PEER_ID.unpack_from(payload)
    if len(payload) >= _CHALLENGE_OCTETS:
        return Ack(peer=peer, salt=payload[6:10])
    flags = payload[_ACK_OCTETS - 4] if len(payload) > _ACK_OCTETS else None
    return Ack(peer=peer, metadata_port=None if flags is None else bool(flags & _METADATA_PORT))


def ack_payload(peer: int, *, salt: bytes | None = None, flags: int | None = None) -> bytes:
    """Return an ACK: with ``salt`` to RPTL, with ``flags`` to RPTC, with neither to RPTK."""
    head = _PEER_ID.pack(peer) + bytes(2)
    if salt is not None:
        return head + salt + bytes(4)
    return head + bytes(4) if flags is None else head + bytes([flags]) + bytes(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nak:
    """A master's no."""

    peer: int | None
    reason: int
    """0 also where a short one says none."""


def read_nak(payload: bytes) -> Nak:
    """Read a NAK of any length."""
    peer = reason = None
    if len(payload) >= _NAK_PEER_AT + 4:
        (peer,) = _PEER_ID.unpack_from(payload, _NAK_PEER_AT)
    if len(payload) >= _NAK_REASON_AT + 2:
        reason = int.from_bytes(payload[_NAK_REASON_AT : _NAK_REASON_AT + 2], "big")
    return Nak(peer=peer, reason=reason or 0)


def nak_payload(peer: int, reason: int) -> bytes:
    """Return a NAK."""
    return bytes(_NAK_PEER_AT) + _PEER_ID.pack(peer) + reason.to_bytes(2, "big")


def read_pong(payload: bytes) -> int | None:
    """Return the master's time in milliseconds; None where a version sends none."""
    return int(_PONG.unpack_from(payload)[0]) if len(payload) >= _PONG.size else None


def pong_payload(time_ms: int) -> bytes:
    """Return a PONG."""
    return _PONG.pack(time_ms)


def read_login(payload: bytes, tag: bytes) -> int:
    """Return the peer id of an RPTL or RPTK; raises ProtocolViolation."""
    if payload[:4] != tag:
        raise ProtocolViolation(f"FNE: expected {tag.decode()}", raw=payload, offset=0)
    if len(payload) < 8:
        raise _short(tag.decode(), payload, 8)
    return int.from_bytes(payload[4:8], "big")


def read_authorise(payload: bytes) -> bytes:
    """Return the hash of an RPTK; raises ProtocolViolation."""
    read_login(payload, b"RPTK")
    if len(payload) < 8 + _HASH_OCTETS:
        raise _short("RPTK", payload, 8 + _HASH_OCTETS)
    return payload[8 : 8 + _HASH_OCTETS]


def read_configuration(payload: bytes) -> dict[str, object]:
    """Return the JSON of an RPTC; raises ProtocolViolation."""
    if payload[:4] != b"RPTC":
        raise ProtocolViolation("FNE: expected RPTC", raw=payload, offset=0)
    try:
        said = json.loads(payload[8:].rstrip(b"\0").decode("utf-8"))
    except (ValueError, RecursionError) as error:
        reason = f"RPTC: expected a JSON object, got: {error}"
        raise ProtocolViolation(reason, raw=payload, offset=min(8, len(payload))) from None
    if not isinstance(said, dict):
        raise ProtocolViolation("RPTC: expected a JSON object", raw=payload, offset=8)
    return said


def _short(name: str, payload: bytes, wanted: int) -> ProtocolViolation:
    reason = f"{name}: expected at least {wanted} octets, got {len(payload)}"
    return ProtocolViolation(reason, raw=payload, offset=len(payload))
