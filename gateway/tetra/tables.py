"""Number tables of the TETRA peripheral equipment interface and of what rides on it.

Numbers and their meaning only: no parsing, no state. Clause numbers: ``395-5`` is EN 300 392-5
(PEI), ``392-2`` is EN 300 392-2 (air interface and SDS-TL), ``392-18`` is TS 100 392-18-1 (LIP).
Values that no public source settles are left out, not guessed. What rides on the PEI is in
``message_tables``, errors are in ``error_actions``; both can be had from here.
"""

import enum
from typing import Final

from gateway.tetra.error_actions import CME_ERRORS, ErrorAction
from gateway.tetra.message_tables import (
    CODING_GSM7,
    CODING_LATIN1,
    CODING_UTF16,
    DELIVERY_WORDS,
    IMMEDIATE_PIDS,
    LIP_EXTENSION_WORDS,
    LIP_POSITION_ERROR_M,
    LIP_POSITION_ERROR_UNKNOWN,
    LIP_REASON_ANSWER,
    LIP_REASON_EMERGENCY,
    LIP_REASON_WORDS,
    LIP_TIME_ELAPSED_LIMIT_S,
    LIP_TIME_ELAPSED_WORDS,
    LIP_VELOCITY_UNKNOWN,
    PID_IMMEDIATE,
    PID_LIP,
    PID_SIMPLE_IMMEDIATE,
    PID_SIMPLE_TEXT,
    PID_TEXT,
    PID_TEXT_UDH,
    PID_WORDS,
    SHORT_REPORT_FIRST,
    SHORT_REPORT_LAST,
    SHORT_REPORT_WORDS,
    SIMPLE_TEXT_PIDS,
    STATUS_EMERGENCY,
    STATUS_USER_FIRST,
    TEXT_CODINGS,
    TEXT_PIDS,
    TL_BIT,
)

MAX_SSI: Final = 0xFFFFFF
"""Largest short subscriber identity, 24 bits (392-2 clause 7)."""


MAX_SDS_BITS: Final = 2047
"""Most payload bits of an SDS type 4 (392-2); a radio names its own limit, often 1184."""

MAX_DIAL_DIGITS: Final = 25
"""Most digits of a number to dial (``+CME ERROR: 26`` above)."""

CME_STORE_FULL: Final = 20
CME_ALREADY_REGISTERED: Final = 38
CME_TRANSMIT_INHIBIT: Final = 41

CALL_PRIORITY_EMERGENCY: Final = 15
"""Call priority of ``+CTICN`` and ``AT+CTSDC`` that marks an emergency."""


class CallStatus(enum.IntEnum):
    """State of a call being set up, in ``+CTICN`` and ``+CTOCP`` (395-5 6.17.8)."""

    PROGRESSING = 0
    QUEUED = 1
    RINGING = 2
    CONTINUE = 3
    HANG_TIME_EXPIRED = 4


class Grant(enum.IntEnum):
    """Transmission grant of ``+CTXG`` (392-2 14.8.42)."""

    MINE = 0
    REFUSED = 1
    QUEUED = 2
    OTHER = 3


class RequestPermission(enum.IntEnum):
    """Whether one may ask to talk (392-2 14.8.43)."""

    ALLOWED = 0
    FORBIDDEN = 1


class DemandPriority(enum.IntEnum):
    """Priority of ``AT+CTXD`` (395-5, transmit demand)."""

    LOW = 0
    HIGH = 1
    PRE_EMPTIVE = 2
    EMERGENCY = 3


class AiMode(enum.IntEnum):
    """Operating mode of ``+CTOM`` (395-5 6.17.4)."""

    TMO = 0
    DMO = 1
    TMO_WATCHING_DMO = 2
    DMO_WATCHING_TMO = 3
    TMO_AND_DMO = 4
    GATEWAY = 5
    REPEATER = 6


AI_MODE_WORDS: Final[dict[int, str]] = {
    AiMode.TMO: "TMO",
    AiMode.DMO: "DMO",
    AiMode.TMO_WATCHING_DMO: "TMO, watching DMO",
    AiMode.DMO_WATCHING_TMO: "DMO, watching TMO",
    AiMode.TMO_AND_DMO: "TMO and DMO",
    AiMode.GATEWAY: "gateway",
    AiMode.REPEATER: "DMO repeater",
}

PLAN_MODES: Final[dict[str, int]] = {
    "tmo": AiMode.TMO,
    "dmo": AiMode.DMO,
    "tmo-watching-dmo": AiMode.TMO_WATCHING_DMO,
    "dmo-watching-tmo": AiMode.DMO_WATCHING_TMO,
    "gateway": AiMode.GATEWAY,
    "repeater": AiMode.REPEATER,
}
"""Names of the modes that a plan may ask for; 4 (TMO and DMO) is one of registrations only."""

TRUNKED_MODES: Final = frozenset({AiMode.TMO, AiMode.TMO_WATCHING_DMO, AiMode.GATEWAY})
"""Modes in which the radio must be registered before it may call."""

SIGNAL_MODES: Final = frozenset({AiMode.TMO, AiMode.GATEWAY})
"""Modes in which ``AT+CSQ?`` means something."""


class Registration(enum.IntEnum):
    """Registration state of ``+CREG`` (395-5 6.17.46); 2 and 3 differ from 3GPP."""

    SEARCHING = 0
    HOME = 1
    NO_NETWORK = 2
    REJECTED = 3
    UNKNOWN = 4
    VISITED = 5


REGISTRATION_WORDS: Final[dict[int, str]] = {
    Registration.SEARCHING: "searching for a network",
    Registration.HOME: "registered, home network",
    Registration.NO_NETWORK: "not registered, no network",
    Registration.REJECTED: "registration rejected",
    Registration.UNKNOWN: "registration unknown",
    Registration.VISITED: "registered, visited network",
}

REGISTERED: Final = frozenset({Registration.HOME, Registration.VISITED})


class GroupType(enum.IntEnum):
    """Group type of ``+CTGS`` (395-5 6.17.25); 2 to 7 are scan priorities 1 to 6."""

    NONE = 0
    SELECTED = 1
    SCAN_1 = 2
    SCAN_2 = 3
    SCAN_3 = 4
    SCAN_4 = 5
    SCAN_5 = 6
    SCAN_6 = 7


class IdentityType(enum.IntEnum):
    """Type of a called or calling party (395-5 6.17.11, 6.17.12)."""

    SSI = 0
    TSI = 1
    SHORT_NUMBER = 2
    PABX = 3
    PSTN = 4
    EXTENDED_TSI = 5


NUMBER_GROUPS: Final = frozenset({1, 7})
NUMBER_PSTN: Final = 2
NUMBER_PABX: Final = 3
NUMBER_TYPE_WORDS: Final[dict[int, str]] = {
    0: "individual",
    1: "group",
    2: "PSTN gateway",
    3: "PABX gateway",
    4: "service centre (SSI)",
    5: "service centre (E.164)",
    6: "individual, extended TSI",
    7: "group, extended TSI",
}
"""Number types of ``+CNUM*`` (395-5 6.17.38)."""


class AiService(enum.IntEnum):
    """AI service of calls and SDS (395-5 6.17.3)."""

    SPEECH = 0
    DATA_7K2 = 1
    DATA_4K8_N1 = 2
    DATA_4K8_N4 = 3
    DATA_4K8_N8 = 4
    DATA_2K4_N1 = 5
    DATA_2K4_N4 = 6
    DATA_2K4_N8 = 7
    PACKET_DATA = 8
    SDS_1 = 9
    SDS_2 = 10
    SDS_3 = 11
    SDS_4 = 12
    STATUS = 13


class CommsType(enum.IntEnum):
    """Communication type of a call (392-2 14.8.2)."""

    POINT_TO_POINT = 0
    GROUP = 1
    ACKNOWLEDGED_GROUP = 2
    BROADCAST = 3


TRANSIENT_COMMS_WORDS: Final[dict[int, str]] = {
    0: "TMO",
    1: "DMO direct",
    2: "through a repeater",
    3: "through a gateway",
    4: "through a repeater and gateway",
    6: "DMO direct, gateway registration kept",
}
"""``+CTTCT`` (395-5 6.17.63); 5 is reserved."""

DISCONNECT_CAUSE_WORDS: Final[dict[int, str]] = {
    0: "cause unknown",
    1: "ended by the user",
    2: "called party busy",
    3: "called party not reachable",
    4: "called party lacks encryption",
    5: "network congested",
    6: "traffic not allowed",
    7: "incompatible traffic",
    8: "service not available",
    9: "pre-empted",
    10: "invalid call",
    11: "called party rejected the call",
    12: "no idle call slot in the radio",
    13: "call timer expired",
    14: "disconnected by the network",
    15: "no acknowledgement",
    16: "unknown identity",
    17: "supplementary service",
    18: "unknown external number",
    19: "call restoration failed",
    20: "called party requires encryption",
    21: "concurrent set-up not supported",
    22: "called party is under the same gateway",
    23: "a party that does not own the call asked to disconnect",
    31: "called party offered an unacceptable service",
    32: "pre-empted by a late gateway",
    33: "repeater link failed",
    34: "gateway link failed",
    35: "rejected by the gateway",
    36: "TMO set-up failed",
    37: "TMO resource lost or call timer",
    38: "transmit authorisation lost",
    39: "channel taken by others",
    40: "security mismatch",
}
"""Disconnect causes of ``+CTCR`` (395-5 6.17.18; 0 to 22 as 392-2 14.8.18)."""

PRE_EMPTION_CAUSES: Final = frozenset({9, 32, 38, 39})
"""Disconnect causes that mean that somebody else took the channel."""

GRANT_WORDS: Final[dict[int, str]] = {
    Grant.MINE: "granted to us",
    Grant.REFUSED: "refused",
    Grant.QUEUED: "queued",
    Grant.OTHER: "granted to another user",
}


class SendStatus(enum.IntEnum):
    """Second field of ``+CMGS: instance,status,reference`` (395-5 6.17.51)."""

    IN_UNREAD = 0
    IN_READ = 1
    OUT_UNSENT = 2
    OUT_SENT = 3
    SENT = 4
    FAILED = 5


RSSI_UNKNOWN: Final = 99
RSSI_BASE_DBM: Final = -113
RSSI_STEP_DBM: Final = 2
RSSI_LAST: Final = 31
"""``+CSQ``: dBm = -113 + 2 * rssi for 0 to 31; 99 unknown."""

__all__ = [
    "AI_MODE_WORDS",
    "CALL_PRIORITY_EMERGENCY",
    "CME_ALREADY_REGISTERED",
    "CME_ERRORS",
    "CME_STORE_FULL",
    "CME_TRANSMIT_INHIBIT",
    "CODING_GSM7",
    "CODING_LATIN1",
    "CODING_UTF16",
    "DELIVERY_WORDS",
    "DISCONNECT_CAUSE_WORDS",
    "GRANT_WORDS",
    "IMMEDIATE_PIDS",
    "LIP_EXTENSION_WORDS",
    "LIP_POSITION_ERROR_M",
    "LIP_POSITION_ERROR_UNKNOWN",
    "LIP_REASON_ANSWER",
    "LIP_REASON_EMERGENCY",
    "LIP_REASON_WORDS",
    "LIP_TIME_ELAPSED_LIMIT_S",
    "LIP_TIME_ELAPSED_WORDS",
    "LIP_VELOCITY_UNKNOWN",
    "MAX_DIAL_DIGITS",
    "MAX_SDS_BITS",
    "MAX_SSI",
    "NUMBER_GROUPS",
    "NUMBER_PABX",
    "NUMBER_PSTN",
    "NUMBER_TYPE_WORDS",
    "PID_IMMEDIATE",
    "PID_LIP",
    "PID_SIMPLE_IMMEDIATE",
    "PID_SIMPLE_TEXT",
    "PID_TEXT",
    "PID_TEXT_UDH",
    "PID_WORDS",
    "PLAN_MODES",
    "PRE_EMPTION_CAUSES",
    "REGISTERED",
    "REGISTRATION_WORDS",
    "RSSI_BASE_DBM",
    "RSSI_LAST",
    "RSSI_STEP_DBM",
    "RSSI_UNKNOWN",
    "SHORT_REPORT_FIRST",
    "SHORT_REPORT_LAST",
    "SHORT_REPORT_WORDS",
    "SIGNAL_MODES",
    "SIMPLE_TEXT_PIDS",
    "STATUS_EMERGENCY",
    "STATUS_USER_FIRST",
    "TEXT_CODINGS",
    "TEXT_PIDS",
    "TL_BIT",
    "TRANSIENT_COMMS_WORDS",
    "TRUNKED_MODES",
    "AiMode",
    "AiService",
    "CallStatus",
    "CommsType",
    "DemandPriority",
    "ErrorAction",
    "Grant",
    "GroupType",
    "IdentityType",
    "Registration",
    "RequestPermission",
    "SendStatus",
]
