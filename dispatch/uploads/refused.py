"""Why an upload is refused, and the words that its sender is told.

The words of the two families are facts of their servers: programs look for them.
"""

from dispatch.uploads import openmhz
from dispatch.uploads.received import OPENMHZ, Received

WRONG_KEY, REVOKED, WRONG_SYSTEM = "unknown key", "revoked key", "wrong system"
NOT_ALLOWED, UNKNOWN_TALKGROUP = "talkgroup not allowed", "unknown talkgroup"
INCOMPLETE, MALFORMED, WRONG_TIME = "incomplete", "malformed", "time out of range"
TOO_MANY, QUEUE_FULL, BUSY, DISK_FULL = "too many", "queue full", "server busy", "disk full"
NO_SHORT_NAME = "unknown short name"
FAILED = "could not be stored"


class Refused(Exception):
    """A refused upload: its reason for the engineer, status and words for the sender."""

    def __init__(self, reason: str, status: int, words: str, *, retry_s: int = 0) -> None:
        """``retry_s`` tells when to try again."""
        super().__init__(words)
        self.reason = reason
        self.status = status
        self.retry_s = retry_s


def bad_key(call: Received, reason: str) -> Refused:
    """Return the refusal of a key, or of a system or talkgroup that it may not upload."""
    if call.family == OPENMHZ:
        if reason == NOT_ALLOWED:
            return Refused(reason, 500, openmhz.NO_TALKGROUP)
        return Refused(reason, 500, openmhz.WRONG_KEY)
    words = f"Invalid API key for system {call.system} talkgroup {call.talkgroup}.\n"
    return Refused(reason, 401, words)


def incomplete(call: Received, what: str, reason: str = INCOMPLETE) -> Refused:
    """Return the refusal of a call that lacks something."""
    if call.family == OPENMHZ:
        return Refused(reason, 500, f"Error, {what}\n")
    return Refused(reason, 417, f"Incomplete call data: {what}\n")


def unknown_talkgroup(call: Received) -> Refused:
    """Return the refusal of a talkgroup that the plan does not know."""
    if call.family == OPENMHZ:
        return Refused(UNKNOWN_TALKGROUP, 500, openmhz.NO_TALKGROUP)
    return incomplete(call, f"unknown talkgroup {call.talkgroup}", UNKNOWN_TALKGROUP)


def later(reason: str, words: str, retry_s: int, status: int = 503) -> Refused:
    """Return the refusal of a call that may be sent again."""
    return Refused(reason, status, f"{words}\n", retry_s=retry_s)
