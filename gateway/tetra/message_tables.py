"""Number tables of what rides on the PEI: protocol ids, SDS-TL, status, text codings, LIP.

Numbers and their meaning only. ``392-2`` is EN 300 392-2 (SDS-TL), ``392-18`` is TS 100 392-18-1
(LIP). Values that no public source settles are left out, not guessed.
"""

from typing import Final

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
