"""What no trace may keep: passwords, PINs, keys. The length stays, so the rest can be read."""

import re
from dataclasses import replace
from typing import Final, Protocol

from gateway.model.errors import ProtocolViolation
from gateway.model.link_kinds import TETRA_PEI
from gateway.model.p25_settings import FNE
from gateway.p25.fne.numbers import Function
from gateway.p25.fne.packet import FnePacket

SECRET_COMMANDS: Final = re.compile(rb"\+CPIN2?=|\+CPWD=|\+CLCK=|\+CTPIN=", re.IGNORECASE)
"""Commands whose values are secret. We never send them; somebody's tool on a shared port may."""
LONGEST_COMMAND: Final = 8
STAR: Final = b"*"
_LINE_ENDS: Final = re.compile(rb"([\r\n])")
RPTK_HEAD_OCTETS: Final = 8
"""``RPTK`` and the peer's number; then comes the hash at which a password can be guessed."""
_PASSWORD: Final = re.compile(rb'("password"\s*:\s*")((?:[^"\\]|\\.)*)(")')


class Blanking(Protocol):
    """Blanks one direction of one link."""

    def blanked(self, data: bytes) -> bytes:
        """Return ``data`` without what is secret, as long as before."""
        ...


class Nothing:
    """A link that carries no secret."""

    def blanked(self, data: bytes) -> bytes:
        """Return ``data``."""
        return data


class SerialBlanking:
    """Command lines in any chunking: a secret may begin in one chunk and end in another."""

    def __init__(self) -> None:
        """Begin outside of any command."""
        self._before = b""
        self._inside = False

    def blanked(self, data: bytes) -> bytes:
        """Return ``data`` with stars for the values of secret commands, up to the line's end."""
        return b"".join(map(self._piece, _LINE_ENDS.split(data)))

    def _piece(self, piece: bytes) -> bytes:
        if piece in (b"\r", b"\n"):
            self._before, self._inside = b"", False
            return piece
        if self._inside:
            return STAR * len(piece)
        joined = self._before + piece
        found = SECRET_COMMANDS.search(joined)
        if found is None:
            self._before = joined[-LONGEST_COMMAND:]
            return piece
        self._inside = True
        clear = max(0, found.end() - len(self._before))
        return piece[:clear] + STAR * (len(piece) - clear)


class FneBlanking:
    """The login's hash, keys that a master hands out, passwords in what peers say of themselves.

    Wrapped packets cannot be read here, nor by anybody without their key.
    """

    def blanked(self, data: bytes) -> bytes:
        """Return a packet with zeros for its secrets and with a sum that fits."""
        try:
            packet = FnePacket.decode(data)
        except ProtocolViolation:
            return data
        payload = _without_secrets(packet)
        if payload == packet.payload:
            return data
        return replace(packet, payload=payload).encode()


def _without_secrets(packet: FnePacket) -> bytes:
    payload = packet.payload
    match packet.function:
        case Function.AUTHORISE:
            return payload[:RPTK_HEAD_OCTETS] + bytes(len(payload) - RPTK_HEAD_OCTETS)
        case Function.KEY_RESPONSE:
            return bytes(len(payload))
        case Function.CONFIGURE:
            return _PASSWORD.sub(_stars, payload)
        case _:
            return payload


def _stars(found: re.Match[bytes]) -> bytes:
    return found[1] + STAR * len(found[2]) + found[3]


def blanking_of(kind: str) -> Blanking:
    """Return what blanks one direction of a link of this kind."""
    if kind == TETRA_PEI:
        return SerialBlanking()
    return FneBlanking() if kind == FNE else Nothing()
