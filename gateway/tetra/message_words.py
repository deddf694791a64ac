"""Received payloads that we keep whole, in words for a dispatcher."""

from typing import Final

from gateway.tetra import tables
from gateway.tetra.bits import Payload

ROUTINE_PIDS: Final = frozenset({1, 3, 10, 11, 14, 131, 141})
"""Keys, positions and help for positioning: machines talk to machines, no dispatcher needs it."""

_VENDOR_PID_WORDS: Final[dict[int, str]] = {
    204: "receipt for a status, shown on a display",
    220: "receipt for a status, shown on a display",
    224: "remote AT commands",
}
"""Uses of application identifiers that are known of one maker."""
_APPLICATION_RANGES: Final = (range(64, 127), range(192, 255))
SDS_TYPE_BITS: Final[dict[int, int]] = {1: 16, 2: 32, 3: 64}
"""SDS type with user-defined data of a fixed length -> its bits."""


def pid_words(pid: int) -> str:
    """Return what a protocol identifier stands for; empty where it is reserved."""
    known = tables.PID_WORDS.get(pid) or _VENDOR_PID_WORDS.get(pid)
    if known is not None:
        return known
    return "an application's own" if any(pid in r for r in _APPLICATION_RANGES) else ""


def data_words(pid: int | None, sds_type: int) -> str:
    """Return a payload that nobody reads, in words."""
    if sds_type in SDS_TYPE_BITS:
        return f"data message, SDS type {sds_type}"
    if pid is None:
        return "data message"
    known = pid_words(pid)
    return f"data message, protocol id {pid}" + (f" ({known})" if known else "")


def payload_words(service: int, payload: Payload) -> str:
    """Return the words for a message's second line on the engineer's page."""
    if service == tables.AiService.SDS_4 and payload.length_bits >= 8:
        pid = payload.value >> payload.length_bits - 8
        return f"payload of the message, protocol id {pid} {pid_words(pid)}".rstrip()
    return "payload of the message"
