"""One line of a browser on its way out: RTP is made and sent in the turn in which the hub gives it.

aiortc's own way is a task for each line that asks its track for the next packet: two turns of the
event loop and a fifth of a millisecond for each packet and listener, most of it for what voice does
not need (a history for retransmission, header extensions, two readings of the date). On a busy
server this was a fifth of all that the loop did.

aiortc still sets up the line, keeps its keys and sends its reports; for these it is told what was
sent. This module alone reaches into its sender and below (``docs/decisions/006``);
``tests/webrtc/test_contracts.py`` fails when one of these parts changes.
"""

import asyncio
import secrets
from struct import Struct
from typing import Any, Final

from aiortc import MediaStreamTrack, RTCRtpSender

from gateway.model.ids import UtcUs
from gateway.model.voice import TIMESTAMP_STEP
from webrtc.tracks import VoicePacket

RTP_MASK: Final = 0xFFFFFFFF
MAX_WAITING_BYTES: Final = 16 * 1024
"""A network that takes nothing loses what comes then: some 150 packets wait at most."""
NTP_UNIX_S: Final = 2_208_988_800
"""From 1900 to 1970 (RFC 868)."""
COMPONENT: Final = 1
_HEADER: Final = Struct("!BBHII")
_VERSION_2: Final = 0x80
_MARKER: Final = 0x80
_COUNT = "_RTCRtpSender__packet_count"
_OCTETS = "_RTCRtpSender__octet_count"
_RTP_TIME = "_RTCRtpSender__rtp_timestamp"
_NTP_TIME = "_RTCRtpSender__ntp_timestamp"
REPORTED: Final = (_COUNT, _OCTETS, _RTP_TIME, _NTP_TIME)
"""What aiortc's sender reports say of what was sent."""


class QuietTrack(MediaStreamTrack):
    """Gives aiortc's sender nothing to send, so that its task sleeps until it is stopped."""

    kind = "audio"

    async def recv(self) -> Any:
        """Wait for good: who stops the sender cancels this."""
        await asyncio.Event().wait()


class RtpLine:
    """Packs Opus into RTP (RFC 3550 section 5.1, RFC 7587) and sends it by one aiortc sender."""

    def __init__(self, sender: RTCRtpSender) -> None:
        """Begin at random numbers (RFC 3550 section 5.1); ``payload_type`` is negotiated later."""
        self.payload_type = 0
        self.origin = secrets.randbits(32)
        """What RTP adds to our packets' times, modulo 2**32."""
        # In the lower half: the keys' roll-over counter is not known to who misses the first ones.
        self._sequence = secrets.randbits(15)
        self._sender: Any = sender  # its private parts have no types
        self._state: dict[str, Any] = vars(sender)
        self._last_pts = -1
        sender.replaceTrack(QuietTrack())

    def send(self, packet: VoicePacket) -> bool:
        """Send one packet now; False when no way leads to the browser, or one that takes nothing.

        The marker stands on the first packet after a pause (RFC 3551 section 4.1).
        """
        way = self._way()
        if way is None:
            return False
        protect, datagrams, address = way
        marker = 0 if packet.pts == self._last_pts + TIMESTAMP_STEP else _MARKER
        timestamp = (self.origin + packet.pts) & RTP_MASK
        header = _HEADER.pack(
            _VERSION_2,
            marker | self.payload_type,
            self._sequence,
            timestamp,
            self._sender._ssrc,
        )
        datagrams.sendto(protect(header + packet.opus), address)
        self._last_pts = packet.pts
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._note(len(packet.opus), timestamp, packet.hub_utc_us)
        return True

    def _way(self) -> tuple[Any, Any, Any] | None:
        """Return what protects a packet, the socket, and the address; None without a way."""
        dtls = self._sender.transport
        keys, pair = dtls._tx_srtp, dtls.transport._connection._nominated.get(COMPONENT)
        if keys is None or pair is None:
            return None
        datagrams = pair.protocol.transport
        if datagrams is None or datagrams.is_closing():
            return None
        if datagrams.get_write_buffer_size() > MAX_WAITING_BYTES:
            return None
        return keys.protect, datagrams, pair.remote_addr

    def _note(self, octets: int, timestamp: int, now: UtcUs) -> None:
        state = self._state
        state[_COUNT] += 1
        state[_OCTETS] += octets
        state[_RTP_TIME] = timestamp
        state[_NTP_TIME] = (now << 32) // 1_000_000 + (NTP_UNIX_S << 32)
