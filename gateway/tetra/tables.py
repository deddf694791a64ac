"""Number tables of the TETRA peripheral equipment interface and of what rides on it.

Numbers and their meaning only: no parsing, no state. Clause numbers: ``395-5`` is EN 300 392-5
(PEI), ``392-2`` is EN 300 392-2 (air interface and SDS-TL), ``392-18`` is TS 100 392-18-1 (LIP).
Values that no public source settles are left out, not guessed.
"""

import enum
from typing import Final

MAX_SSI: Final = 0xFFFFFF
"""Largest short subscriber identity, 24 bits (392-2 clause 7)."""


MAX_SDS_BITS: Final = 2047
"""Most payload bits of an SDS type 4 (392-2); a radio names its own limit, often 1184."""

MAX_DIAL_DIGITS: Final = 25
"""Most digits of a number to dial (``+CME ERROR: 26`` above)."""

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


class ErrorAction(enum.Enum):
    """What the driver does about a ``+CME ERROR``."""

    RETRY = "retry"
    RESYNC = "resync"
    GIVE_UP = "give_up"
    OPERATOR = "operator"
    OUT_OF_SERVICE = "out_of_service"
    TREAT_AS_DONE = "treat_as_done"
    SKIP_COMMAND = "skip_command"


CME_ERRORS: Final[dict[int, tuple[str, ErrorAction]]] = {
    0: ("the radio could not send over the air", ErrorAction.RETRY),
    1: ("the radio cannot talk reliably to its host", ErrorAction.RESYNC),
    2: ("the radio's data port is already in use", ErrorAction.OPERATOR),
    3: ("not allowed in the radio's current state", ErrorAction.GIVE_UP),
    4: ("the radio does not know this command", ErrorAction.SKIP_COMMAND),
    5: ("the radio asks for a PIN", ErrorAction.OPERATOR),
    10: ("no SIM in the radio", ErrorAction.OPERATOR),
    11: ("PIN 1 needed", ErrorAction.OPERATOR),
    12: ("PIN 1 blocked", ErrorAction.OPERATOR),
    13: ("SIM cannot be read", ErrorAction.OPERATOR),
    14: ("SIM busy", ErrorAction.RETRY),
    15: ("SIM unknown", ErrorAction.OPERATOR),
    16: ("wrong PIN", ErrorAction.OPERATOR),
    17: ("PIN 2 needed", ErrorAction.OPERATOR),
    18: ("PIN 2 blocked", ErrorAction.OPERATOR),
    20: ("the radio's message store is full", ErrorAction.OPERATOR),
    21: ("no such place in the message store", ErrorAction.GIVE_UP),
    22: ("no message at that place", ErrorAction.GIVE_UP),
    23: ("message store cannot be read", ErrorAction.GIVE_UP),
    24: ("status text too long", ErrorAction.GIVE_UP),
    25: ("status text has characters the radio cannot use", ErrorAction.GIVE_UP),
    26: ("dialled number too long", ErrorAction.GIVE_UP),
    27: ("dialled number has characters the radio cannot use", ErrorAction.GIVE_UP),
    30: ("radio out of service", ErrorAction.OUT_OF_SERVICE),
    31: ("no acknowledgement from the network", ErrorAction.RETRY),
    32: ("the radio could not decode the data", ErrorAction.GIVE_UP),
    33: ("parameter of the wrong type", ErrorAction.GIVE_UP),
    34: ("parameter out of range", ErrorAction.GIVE_UP),
    35: ("syntax error, or data without a command", ErrorAction.RESYNC),
    36: ("payload without a send command", ErrorAction.GIVE_UP),
    37: ("payload came too late", ErrorAction.GIVE_UP),
    38: ("already registered", ErrorAction.TREAT_AS_DONE),
    39: ("the radio's table of protocols is full", ErrorAction.OPERATOR),
    40: ("radio not in DMO", ErrorAction.GIVE_UP),
    41: ("transmit inhibit is on", ErrorAction.OPERATOR),
    42: ("radio busy with signalling", ErrorAction.RETRY),
    43: ("radio not in TMO", ErrorAction.GIVE_UP),
    44: ("unknown parameter", ErrorAction.GIVE_UP),
    50: ("no positioning service in the radio", ErrorAction.SKIP_COMMAND),
}
"""``+CME ERROR`` numbers: words and what the driver does (395-5; 50 is a Motorola value)."""

CTSP_HARMLESS_ERRORS: Final = frozenset({4, 33, 34, 35, 38})
"""Errors in the service registration list that are logged and passed over."""


class SendStatus(enum.IntEnum):
    """Second field of ``+CMGS: instance,status,reference`` (395-5 6.17.51)."""

    IN_UNREAD = 0
    IN_READ = 1
    OUT_UNSENT = 2
    OUT_SENT = 3
    SENT = 4
    FAILED = 5


PID_WORDS: Final[dict[int, str]] = {
    1: "over-the-air keying",
    2: "simple text",
    3: "simple location",
    4: "WDP",
    5: "WCMP",
    6: "managed DMO",
    7: "PIN authentication",
    8: "end-to-end encrypted message",
    9: "simple immediate text",
    10: "location (LIP)",
    11: "net assist",
    12: "concatenated",
    13: "DOTAM",
    14: "simple A-GNSS",
    130: "text",
    131: "location",
    132: "WDP with SDS-TL",
    133: "WCMP with SDS-TL",
    134: "managed DMO with SDS-TL",
    136: "end-to-end encrypted message with SDS-TL",
    137: "immediate text",
    138: "text with user data header",
    140: "concatenated with SDS-TL",
    141: "A-GNSS with SDS-TL",
}
"""SDS protocol identifiers (392-2 table 29.21)."""

PID_SIMPLE_TEXT: Final = 0x02
PID_SIMPLE_IMMEDIATE: Final = 0x09
PID_LIP: Final = 0x0A
PID_TEXT: Final = 0x82
PID_IMMEDIATE: Final = 0x89
PID_TEXT_UDH: Final = 0x8A
SIMPLE_TEXT_PIDS: Final = frozenset({PID_SIMPLE_TEXT, PID_SIMPLE_IMMEDIATE})
TEXT_PIDS: Final = frozenset({PID_TEXT, PID_IMMEDIATE, PID_TEXT_UDH})
IMMEDIATE_PIDS: Final = frozenset({PID_SIMPLE_IMMEDIATE, PID_IMMEDIATE})
TL_BIT: Final = 0x80
"""A protocol identifier with this bit set carries an SDS-TL header."""

SERVICE_PROFILES: Final[tuple[str, ...]] = (
    "2,0,0",
    "1,1,11",
    "2,2,20",
    "1,2,24",
    "1,2,25",
    "1,3,2",
    "1,3,9",
    "1,3,3",
    "1,3,10",
    "1,3,130",
    "1,3,131",
    "1,3,137",
    "1,3,138",
    "1,3,140",
)
"""``AT+CTSP=`` arguments, in the order in which they are sent (profile, layer 1, layer 2)."""

STATUS_SERVICE: Final = ("2,2,20", "1,2,20")
"""Status to host and radio first; to the host alone where a radio refuses that."""

DELIVERY_WORDS: Final[dict[int, str]] = {
    0x00: "received",
    0x01: "receipt report acknowledged",
    0x02: "read",
    0x03: "read report acknowledged",
    0x04: "forwarded to an external network",
    0x05: "sent to the group",
    0x06: "part received",
    0x20: "congestion",
    0x21: "stored by the network",
    0x22: "not reachable, stored by the network",
    0x40: "network overload",
    0x41: "service permanently not available",
    0x42: "service temporarily not available",
    0x43: "source not authorised",
    0x44: "destination not authorised",
    0x45: "unknown gateway or service address",
    0x46: "unknown forward address",
    0x47: "group address with an individual service",
    0x48: "validity expired, not received",
    0x49: "validity expired, not read",
    0x4A: "failed",
    0x4B: "not registered",
    0x4C: "queue full",
    0x4D: "too long",
    0x4E: "destination has no SDS-TL",
    0x4F: "destination's host not connected",
    0x50: "protocol not supported",
    0x51: "coding not supported",
    0x52: "memory full, discarded",
    0x53: "not accepting messages",
    0x54: "concatenated message too long",
    0x56: "address prohibited",
    0x57: "no route",
    0x58: "unknown external number",
    0x59: "negative report acknowledged",
    0x5A: "not reachable",
    0x5B: "text distribution error",
    0x5C: "corrupt element",
    0x5D: "not all parts arrived",
    0x5E: "engaged elsewhere",
    0x5F: "engaged elsewhere",
    0x60: "memory full",
    0x61: "memory available",
    0x62: "start pending",
    0x63: "none pending",
    0x80: "stop",
    0x81: "start",
}
"""SDS-TL delivery status (392-2 29.4). The top three bits are the class."""

SHORT_REPORT_WORDS: Final[dict[int, str]] = {
    0: "protocol not supported",
    1: "memory full",
    2: "received",
    3: "read",
}
"""Report type of an SDS short report, bits ``011111 tt`` of a status (392-2 29.4)."""

STATUS_EMERGENCY: Final = 0x0000
SHORT_REPORT_FIRST: Final = 0x7C00
SHORT_REPORT_LAST: Final = 0x7FFF
STATUS_USER_FIRST: Final = 0x8000
"""Ranges of the 16-bit status (392-2 14.8.34, table 14.72)."""

CODING_GSM7: Final = 0x00
CODING_LATIN1: Final = 0x01
CODING_UTF16: Final = 0x1A

TEXT_CODINGS: Final[dict[int, tuple[str, str]]] = {
    1: ("ISO 8859-1", "iso8859_1"),
    2: ("ISO 8859-2", "iso8859_2"),
    3: ("ISO 8859-3", "iso8859_3"),
    4: ("ISO 8859-4", "iso8859_4"),
    5: ("ISO 8859-5", "iso8859_5"),
    6: ("ISO 8859-6", "iso8859_6"),
    7: ("ISO 8859-7", "iso8859_7"),
    8: ("ISO 8859-8", "iso8859_8"),
    9: ("ISO 8859-9", "iso8859_9"),
    10: ("ISO 8859-10", "iso8859_10"),
    11: ("ISO 8859-13", "iso8859_13"),
    12: ("ISO 8859-14", "iso8859_14"),
    13: ("ISO 8859-15", "iso8859_15"),
    14: ("CP437", "cp437"),
    15: ("CP737", "cp737"),
    16: ("CP850", "cp850"),
    17: ("CP852", "cp852"),
    18: ("CP855", "cp855"),
    19: ("CP857", "cp857"),
    20: ("CP860", "cp860"),
    21: ("CP861", "cp861"),
    22: ("CP863", "cp863"),
    23: ("CP865", "cp865"),
    24: ("CP866", "cp866"),
    25: ("CP869", "cp869"),
    26: ("UTF-16BE", "utf_16_be"),
}
"""Text coding scheme: name and codec (392-2 table 29.29). 0 is GSM 7 bit; 27, VISCII, is shown
as a guess because no codec for it is at hand."""

LIP_TIME_ELAPSED_WORDS: Final[dict[int, str]] = {
    0: "less than 5 s",
    1: "less than 5 min",
    2: "less than 30 min",
    3: "unknown",
}
LIP_TIME_ELAPSED_LIMIT_S: Final[dict[int, int | None]] = {0: 5, 1: 300, 2: 1800, 3: None}
"""Time elapsed of a short location report, upper limit in seconds (392-18 6.3)."""

LIP_POSITION_ERROR_M: Final[dict[int, float | None]] = {
    0: 2.0,
    1: 20.0,
    2: 200.0,
    3: 2_000.0,
    4: 20_000.0,
    5: 200_000.0,
    6: None,
    7: None,
}
"""Position error, upper limit in metres; 6 is more than 200 km, 7 unknown (392-18 6.3)."""

LIP_POSITION_ERROR_UNKNOWN: Final = 7
LIP_VELOCITY_UNKNOWN: Final = 127
LIP_REASON_EMERGENCY: Final = 2
LIP_REASON_ANSWER: Final = 32

LIP_REASON_WORDS: Final[dict[int, str]] = {
    0: "power on",
    1: "power off",
    2: "emergency",
    3: "push-to-talk",
    4: "status",
    5: "transmit inhibit on",
    6: "transmit inhibit off",
    7: "TMO on",
    8: "DMO on",
    9: "entered service",
    10: "lost service",
    11: "changed cell",
    12: "low battery",
    13: "put into car kit",
    14: "taken from car kit",
    15: "asks for configuration",
    16: "at the destination",
    17: "at the location",
    18: "approaching",
    19: "SDS type 1 entered",
    20: "user application",
    21: "lost its position",
    22: "regained its position",
    23: "leaving the point",
    24: "ambience listening",
    25: "temporary reporting started",
    26: "temporary reporting ended",
    27: "call set-up type 1",
    28: "call set-up type 2",
    29: "positioning device on",
    30: "positioning device off",
    32: "answer to an immediate request",
    129: "maximum interval exceeded",
    130: "maximum distance exceeded",
}
"""Reason for sending a location report (392-18 6.3)."""

LIP_EXTENSION_WORDS: Final[dict[int, str]] = {
    1: "immediate location report request",
    3: "long location report",
    4: "location report acknowledgement",
    5: "basic parameters",
    6: "add or modify trigger",
    7: "remove trigger",
    8: "report trigger",
    9: "report basic parameters",
    10: "enable or disable location reports",
    11: "temporary control",
    12: "backlog",
}
"""PDU type extension of LIP messages of type 1 (392-18 6.2)."""

RSSI_UNKNOWN: Final = 99
RSSI_BASE_DBM: Final = -113
RSSI_STEP_DBM: Final = 2
RSSI_LAST: Final = 31
"""``+CSQ``: dBm = -113 + 2 * rssi for 0 to 31; 99 unknown."""
