"""One over of ours: frames of 20 ms get their places in LDUs, with link control and sync.

An over ends on an LDU boundary: what is missing is filled up with silence, so that every receiver
has a whole data unit to decode (reference p25, 1.8).
"""

from collections import deque
from dataclasses import dataclass

from gateway.p25.talk.records import FRAMES_PER_LDU, PLACES
from gateway.p25.words.encryption import EncryptionSync
from gateway.p25.words.link_control import GroupVoice, UnitVoice
from gateway.p25.words.service_options import ServiceOptions

SILENCE = bytes.fromhex("040cfd7bfb7df27b3d9e45")
"""The vocoder's frame of silence (reference p25, 1.11)."""
MAX_WAITING = 100
"""Frames that wait at most (2 s): more is a transport that does not take them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutFrame:
    """20 ms of an over: place in the superframe, 11 octets, and the signalling of its LDU."""

    place: int
    imbe: bytes
    word: bytes
    """Nine octets of link control in LDU1, twelve of encryption sync in LDU2."""
    low_speed: bytes = bytes(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutLdu:
    """180 ms of an over."""

    second: bool
    voice: tuple[bytes, ...]
    word: bytes
    low_speed: bytes = bytes(2)


class TalkOut:
    """Takes voice and gives frames or whole LDUs; one of the two ways for one over."""

    def __init__(
        self,
        *,
        group: int,
        source: int,
        target: int | None = None,
        emergency: bool = False,
        priority: int = 4,
        superframes: bool = False,
    ) -> None:
        """Begin an over to a group, or to the unit ``target``.

        ``superframes``: it ends after an LDU2 only.
        """
        service = ServiceOptions(emergency=emergency, priority=priority)
        word = (
            GroupVoice(service=service, group=group, source=source)
            if target is None
            else UnitVoice(service=service, target=target, source=source)
        )
        self.group, self.source, self.target, self.emergency = group, source, target, emergency
        self.link_control = word.encode()
        self.header = EncryptionSync()
        self._waiting: deque[bytes] = deque()
        self._place = 0
        self._unit = PLACES if superframes else FRAMES_PER_LDU
        self._closed = False
        self.dropped = 0
        """Frames that nobody fetched in time."""

    @property
    def done(self) -> bool:
        """Whether the over was closed and ends here, on an LDU boundary."""
        return self._closed and not self._waiting and self._place % self._unit == 0

    @property
    def waiting(self) -> int:
        """Frames that were given and not fetched."""
        return len(self._waiting)

    def push(self, imbe: bytes) -> None:
        """Give 20 ms of voice, 11 octets."""
        if self._closed or len(self._waiting) >= MAX_WAITING:
            self.dropped += 1
            return
        self._waiting.append(imbe)

    def close(self, *, drop: bool = False) -> None:
        """End the over; ``drop`` forgets the voice that was not fetched."""
        self._closed = True
        if drop:
            self._waiting.clear()

    def frame(self) -> OutFrame | None:
        """Return the next 20 ms; None while there is none, and when ``done``."""
        if self.done or not (self._waiting or self._closed):
            return None
        place = self._place
        self._place = (place + 1) % PLACES
        imbe = self._waiting.popleft() if self._waiting else SILENCE
        return OutFrame(place=place, imbe=imbe, word=self._word(place))

    def ldu(self) -> OutLdu | None:
        """Return the next LDU; None while its frames are not all there, and when ``done``."""
        if self.done or not (self._closed or len(self._waiting) >= FRAMES_PER_LDU):
            return None
        place = self._place
        self._place = (place + FRAMES_PER_LDU) % PLACES
        voice = [
            self._waiting.popleft() if self._waiting else SILENCE for _ in range(FRAMES_PER_LDU)
        ]
        return OutLdu(second=place >= FRAMES_PER_LDU, voice=tuple(voice), word=self._word(place))

    def _word(self, place: int) -> bytes:
        return self.link_control if place < FRAMES_PER_LDU else self.header.encode()
