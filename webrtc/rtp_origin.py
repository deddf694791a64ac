"""Where aiortc's RTP time begins, so that what a browser says of a packet finds the packet here.

aiortc adds a random number to the time of every packet of a track and does not tell it. This is
the one place that looks (``docs/decisions/006-private-parts-of-aiortc.md``).
"""

from aiortc import RTCRtpSender

SENT_TIMESTAMP = "_RTCRtpSender__rtp_timestamp"
RTP_MASK = 0xFFFFFFFF


def sent_timestamp(sender: RTCRtpSender) -> int:
    """Return the RTP time of the last packet that a sender has sent, 0 before the first."""
    return int(getattr(sender, SENT_TIMESTAMP))
