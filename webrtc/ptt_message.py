"""What a page may say on its push-to-talk socket, field by field; nothing of it is trusted.

Request ids and causes stand in events and in the audit log in clear: an id is letters and digits, a
cause is one of a list, so that no text of a person can get there.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from gateway.model.errors import InvalidCommand
from gateway.model.ids import RequestId, TalkgroupId

MAX_REQUEST_ID: Final = 64
_REQUEST_ID: Final = re.compile(rf"[A-Za-z0-9-]{{1,{MAX_REQUEST_ID}}}")
"""It stands in events and in the audit log: an id, never a text."""
MAX_PRIORITY: Final = 3
SOURCES: Final = ("key", "button", "pedal", "latch")
ABORT_CAUSES: Final = frozenset(
    {
        "blur",
        "button_gone",
        "device_lost",
        "focus_lost",
        "hidden",
        "lock",
        "mic_lost",
        "pointer_cancel",
        "pointer_lost",
        "signed_out",
        "socket",
        "view_left",
    }
)
"""What a page may give as the cause of its abort; all else is just ``abort``. The causes of the
gateway (lease, limit, preempted, revoked) are not a page's to claim."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A press that its operator has to agree to first: why in words, and what the page asks."""

    words: str
    ask: dict[str, Any]  # JSON for the page


Consent = Callable[[RequestId, TalkgroupId, int], Withheld | None]
"""Given request, talkgroup and priority of a press that is permitted, says what it waits for."""


def request_of(message: dict[str, Any]) -> RequestId:
    """Return the id of the press that a message is about; raises InvalidCommand without one."""
    request = message.get("request")
    if not isinstance(request, str) or not _REQUEST_ID.fullmatch(request):
        raise InvalidCommand(
            f"ptt: expected a request id of at most {MAX_REQUEST_ID} letters, digits "
            f"and hyphens, got {request!r}"
        )
    return RequestId(request)


def cause_of(message: dict[str, Any]) -> str:
    """Return why a page ends a press abnormally."""
    cause = word_of(message.get("cause"), "abort")
    return cause if cause in ABORT_CAUSES else "abort"


def word_of(value: object, otherwise: str) -> str:
    """Return a short text, or ``otherwise``."""
    return value if isinstance(value, str) and 0 < len(value) <= MAX_REQUEST_ID else otherwise


def priority_of(message: dict[str, Any]) -> int:
    """Return the priority of a press; raises InvalidCommand when it is none."""
    value = message.get("priority", 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_PRIORITY:
        raise InvalidCommand(f"ptt: expected a priority of 0 to {MAX_PRIORITY}, got {value!r}")
    return value


def source_of(message: dict[str, Any]) -> str:
    """Return what was pressed; unknown things are buttons."""
    if message.get("latched") is True:
        return "latch"
    source = message.get("source", "button")
    return source if source in SOURCES else "button"
