"""LIP messages that are no report: requests that we send, answers that radios give.

The requests are byte for byte what another implementation sends to real radios. Where an answer
carries its result code is known from the same source for the basic parameters; for enabling and
disabling it is taken to be the same.
"""

import enum
from typing import Final

from gateway.tetra import tables
from gateway.tetra.bits import BitReader, OutOfBits, Payload
from gateway.tetra.lip_values import OtherPdu


class Extension(enum.IntEnum):
    """Type extension of LIP messages of type 1 (392-18 6.2)."""

    IMMEDIATE_REQUEST = 1
    LONG_REPORT = 3
    REPORT_ACK = 4
    BASIC_PARAMETERS = 5
    REPORTING = 10


RESULT_WORDS: Final[dict[int, str]] = {
    0: "done",
    1: "the radio's positioning failed",
    2: "failed, no cause given",
    3: "the radio does not let us ask",
    4: "unknown subscriber",
    5: "the radio is absent",
    8: "the radio knows another version of the protocol",
    10: "the radio did not understand the request",
    12: "the radio does not have this service",
    14: "the radio has no position to give",
    18: "time expired",
    22: "its user has switched location reports off",
    24: "accepted",
    25: "accepted, with changes",
    26: "the radio does not have this trigger",
}
"""Result codes of answers."""
GOOD_RESULTS: Final = frozenset({0, 24, 25})

_WITH_RESPONSE_BIT = frozenset(
    {Extension.IMMEDIATE_REQUEST, Extension.BASIC_PARAMETERS, Extension.REPORTING}
)
_RESULT_BITS = 8


def immediate_request() -> Payload:
    """Return the request for a position now, a short answer preferred: ``0A4580``, 24 bits."""
    return Payload.from_hex("0A4580")


def reporting(*, enabled: bool) -> Payload:
    """Return the request to send reports, or none; an answer is wanted: ``0A6901``, ``0A6900``."""
    return Payload.from_hex("0A6901" if enabled else "0A6900")


def decode_other(extension: int, reader: BitReader) -> OtherPdu:
    """Read a message of type 1 that is no report, as far as it is known; never raises."""
    words = tables.LIP_EXTENSION_WORDS.get(extension, "reserved")
    response = result = None
    try:
        if extension in _WITH_RESPONSE_BIT:
            response = bool(reader.unsigned(1))
        if response and extension != Extension.IMMEDIATE_REQUEST:
            result = reader.unsigned(_RESULT_BITS)
    except OutOfBits:
        result = None
    return OtherPdu(
        pdu_type=0b01, extension=extension, words=words, response=response, result=result
    )


def result_words(result: int) -> str:
    """Return a result code in words."""
    return RESULT_WORDS.get(result, f"result {result}")
