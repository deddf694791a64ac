"""The link layer of a V.24 line: bring-up, keep-alive, and records in unnumbered frames (2.6).

One side asks (SABM) and the other answers (UA); then both tell who they are (XID) and, every
``READY_MS``, that they live (RR). Records travel in UI frames, which nobody acknowledges. Both
roles are here. What each reads of the other: address, control octet, then the rest.
"""

import enum
from collections import deque
from dataclasses import dataclass
from typing import Final

from gateway.model.ids import MonoMs

ADDRESS: Final = 0x0B
UI: Final = 0x03
RR: Final = 0x01
SABM: Final = 0x3F
UA: Final = 0x73
XID: Final = 0xBF
XID_OCTETS: Final = 9
"""Octets of an identification behind address and control."""
READY_MS: Final = 5_000
LOSS_MS: Final = 10_000
ASK_MS: Final = 1_000
"""How often SABM is repeated; no source of ours says."""
MAX_WAITING: Final = 64
"""Frames that wait to be sent; the oldest goes first."""
XID_ASK, XID_ANSWER = 1, 2
"""Types of an identification: which number is which stands in no source of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a side tells of itself: ``site`` 0 to 127, ``station`` its type."""

    type: int = XID_ASK
    site: int = 1
    station: int = 0

    def encode(self) -> bytes:
        """Return the 9 octets of an identification."""
        return bytes([self.type, self.site * 2 + 1, self.station, 0, 0, 0, 0, 0, 0xFF])

    @classmethod
    def decode(cls, octets: bytes) -> "Identity | None":
        """Read an identification; None when it is too short."""
        if len(octets) < XID_OCTETS:
            return None
        return cls(type=octets[0], site=octets[1] >> 1, station=octets[2])


class LineState(enum.Enum):
    """Where a line stands."""

    CLOSED = "closed"
    ASKING = "asking"
    WAITING = "waiting"
    UP = "up"


class V24Line:
    """One end of the line, frames in and out (without flags and CRC: ``hdlc`` adds them)."""

    def __init__(self, identity: Identity, *, asks: bool) -> None:
        """``asks``: this end begins with SABM, else it waits for it."""
        self._identity = identity
        self._asks = asks
        self._out: deque[bytes] = deque(maxlen=MAX_WAITING)
        self._heard_ms = self._due_ms = MonoMs(0)
        self.state = LineState.CLOSED
        self.peer: Identity | None = None
        self.unknown = 0
        """Frames with a control octet that is not of this line, or with another address."""

    def opened(self, now: MonoMs) -> None:
        """Begin."""
        self._restart(now)

    def closed(self) -> None:
        """End; nothing more is sent."""
        self.state = LineState.CLOSED
        self._out.clear()

    def receive(self, frame: bytes, now: MonoMs) -> bytes | None:
        """Take one frame; returns the record in it."""
        if len(frame) < 2 or frame[0] != ADDRESS or self.state is LineState.CLOSED:
            self.unknown += 1
            return None
        self._heard_ms = now
        match frame[1]:
            case 0x03:  # UI
                return frame[2:] or None
            case 0x3F:  # SABM: the other side begins anew
                self._send(UA)
                self._up(now)
            case 0x73 if self.state is LineState.ASKING:  # UA
                self._up(now)
                self._send(XID, self._identity.encode())
            case 0xBF:  # XID
                self._identified(frame[2:])
            case 0x01 | 0x73:  # RR; UA twice
                pass
            case _:
                self.unknown += 1
        return None

    def send(self, record: bytes) -> bool:
        """Send a record; False while the line is not up: then nothing leaves."""
        if self.state is not LineState.UP:
            return False
        self._send(UI, record)
        return True

    def tick(self, now: MonoMs) -> None:
        """Do what is due."""
        if self.state is LineState.UP and now - self._heard_ms >= LOSS_MS:
            self._restart(now)
        elif self.state is LineState.UP and now >= self._due_ms:
            self._send(RR)
            self._due_ms = MonoMs(now + READY_MS)
        elif self.state is LineState.ASKING and now >= self._due_ms:
            self._send(SABM)
            self._due_ms = MonoMs(now + ASK_MS)

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        if self.state is LineState.UP:
            return min(self._due_ms, MonoMs(self._heard_ms + LOSS_MS))
        return self._due_ms if self.state is LineState.ASKING else None

    def outgoing(self) -> list[bytes]:
        """Return the frames that are to be sent, in order, and forget them."""
        frames = list(self._out)
        self._out.clear()
        return frames

    def _restart(self, now: MonoMs) -> None:
        self.peer = None
        self._out.clear()
        self.state = LineState.ASKING if self._asks else LineState.WAITING
        self._due_ms = now
        self.tick(now)

    def _up(self, now: MonoMs) -> None:
        self.state = LineState.UP
        self._heard_ms = now
        self._due_ms = MonoMs(now + READY_MS)

    def _identified(self, octets: bytes) -> None:
        peer = Identity.decode(octets)
        first = self.peer is None
        self.peer = peer or self.peer
        if peer is not None and first and not self._asks:
            answer = Identity(
                type=XID_ANSWER, site=self._identity.site, station=self._identity.station
            )
            self._send(XID, answer.encode())

    def _send(self, control: int, octets: bytes = b"") -> None:
        self._out.append(bytes([ADDRESS, control]) + octets)
