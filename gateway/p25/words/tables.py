"""Numbers and what they mean: units, sites, manufacturers, algorithms, opcodes, reasons.

From TIA-102 as public implementations have it (reference p25, parts 1.9 to 1.17). [1] one source,
[?] a doubt.
"""

from typing import Final

# --- addresses ---------------------------------------------------------------------------------
GROUP_NONE: Final = 0x0000
GROUP_ALL: Final = 0xFFFF
UNIT_NONE: Final = 0x000000
UNIT_CONSOLE: Final = 0xFFFFFC
UNIT_SYSTEM: Final = 0xFFFFFD
UNIT_REGISTRATION: Final = 0xFFFFFE
UNIT_ALL: Final = 0xFFFFFF
MAX_UNIT: Final = 0xFFFFFB
"""By the standard; by habit ordinary radios end at 9,999,999."""
UNITS: Final = {
    UNIT_NONE: "no unit",
    UNIT_CONSOLE: "console",
    UNIT_SYSTEM: "system",
    UNIT_REGISTRATION: "registration default",
    UNIT_ALL: "all units",
}

# --- network access codes ----------------------------------------------------------------------
NAC_DEFAULT: Final = 0x293
NAC_ANY: Final = 0xF7E
"""A receiver set to it opens on any NAC."""
NAC_REPEAT_ANY: Final = 0xF7F
"""A repeater set to it receives any NAC and repeats with what it got."""

# --- data units --------------------------------------------------------------------------------
HDU, TDU, LDU1, TSDU, LDU2, PDU, TDULC = 0x0, 0x3, 0x5, 0x7, 0xA, 0xC, 0xF
VSELP1, VSELP2 = 0x6, 0x9
UNITS_ON_AIR: Final = {
    HDU: "header",
    TDU: "terminator",
    LDU1: "voice 1",
    VSELP1: "VSELP 1",
    TSDU: "signalling",
    VSELP2: "VSELP 2",
    LDU2: "voice 2",
    PDU: "packet",
    TDULC: "terminator with link control",
}
"""Data unit identifiers; the others are reserved."""

# --- manufacturers -----------------------------------------------------------------------------
STANDARD, MOTOROLA, HARRIS = 0x00, 0x90, 0xA4
MANUFACTURERS: Final = {
    STANDARD: "standard",
    MOTOROLA: "Motorola",
    HARRIS: "L3Harris",
}

# --- encryption --------------------------------------------------------------------------------
ALGORITHMS: Final = {
    **dict.fromkeys((*range(0x06), 0x41), "government algorithm"),
    0x80: "clear",
    0x81: "DES-OFB",
    0x82: "triple DES, 2 keys",
    0x83: "triple DES, 3 keys",
    0x84: "AES-256",
    0x85: "AES-128",
    0x88: "AES-CBC",
    0x89: "AES-128-OFB",
    0x9F: "DES-XL",
    0xA0: "DVI-XL",
    0xA1: "DVP-XL",
    0xAA: "ADP (RC4)",
    0xAB: "CFX-256",
}
"""ALGIDs; any other number counts as encrypted too."""

# --- reasons and answers -----------------------------------------------------------------------
DENY_REASONS: Final = {
    0x10: "the asking unit is not valid",
    0x11: "the asking unit is not authorised for this service",
    0x20: "the target unit is not valid",
    0x21: "the target unit is not authorised for this service",
    0x2F: "the target unit refused",
    0x30: "the group is not valid",
    0x31: "the group is not authorised for this service",
    0x40: "invalid dialling",
    0x41: "the telephone number is not authorised",
    0x42: "the telephone network is not valid",
    0x50: "the call timed out",
    0x51: "the landline ended the call",
    0x52: "the unit ended the call",
    0x5F: "the call was pre-empted",
    0x60: "site access denied",
    0x67: "collision of two talkers",
    0x77: "push-to-talk refused",
    0xF0: "the call options are not valid",
    0xF1: "the protection option is not valid",
    0xF2: "the duplex option is not valid",
    0xF3: "the circuit or packet option is not valid",
    0xFF: "the system does not support this service",
}
"""61 to EF are the user's own; 67 and 77 are what dvmhost uses them for [1]."""
USER_DEFINED_DENIALS: Final = range(0x61, 0xF0)
QUEUE_REASONS: Final = {
    0x10: "the asking unit is busy",
    0x20: "the target unit is busy",
    0x2F: "the target unit queued this call",
    0x30: "the group is active",
    0x40: "no channel is free",
    0x41: "no telephone line is free",
    0x42: "no data channel is free",
    0x50: "a superseding service is active",
}
USER_DEFINED_QUEUES: Final = range(0x80, 0x100)
ANSWERS: Final = {0x20: "proceed", 0x21: "deny", 0x22: "wait"}
"""What a called unit says. [?] named in no source that was read."""
REGISTRATION_RESPONSES: Final = {0: "accepted", 1: "failed", 2: "denied", 3: "refused"}

# --- extended functions ------------------------------------------------------------------------
RADIO_CHECK, DETACH, UNINHIBIT, INHIBIT = 0x0000, 0x007D, 0x007E, 0x007F
FUNCTION_ANSWER: Final = 0x0080
"""Set in the answer of a unit."""
EXTENDED_FUNCTIONS: Final = {
    RADIO_CHECK: "radio check",
    DETACH: "detach",
    UNINHIBIT: "uninhibit",
    INHIBIT: "inhibit",
    RADIO_CHECK | FUNCTION_ANSWER: "radio check answered",
    DETACH | FUNCTION_ANSWER: "detached",
    UNINHIBIT | FUNCTION_ANSWER: "uninhibited",
    INHIBIT | FUNCTION_ANSWER: "inhibited",
    0x0200: "create regroup (Motorola)",
    0x0201: "cancel regroup (Motorola)",
    0x0202: "lock selector (Motorola)",
    0x0203: "unlock selector (Motorola)",
    0x0280: "regroup created (Motorola)",
    0x0281: "regroup cancelled (Motorola)",
}

# --- packet data -------------------------------------------------------------------------------
RESPONSE, UNCONFIRMED, CONFIRMED, ALTERNATE_MBT = 0x03, 0x15, 0x16, 0x17
PACKET_FORMATS: Final = {
    RESPONSE: "response",
    UNCONFIRMED: "unconfirmed",
    CONFIRMED: "confirmed",
    ALTERNATE_MBT: "alternate multi-block trunking",
}
SERVICE_ACCESS_POINTS: Final = {
    0x00: "user data",
    0x01: "encrypted user data",
    0x04: "packet data (IP)",
    0x05: "address resolution (ARP)",
    0x06: "SNDCP control",
    0x1F: "extended address",
    0x20: "registration",
    0x28: "key management",
    0x29: "key management, encrypted",
    0x3D: "trunking control",
    0x3F: "protected trunking control",
}

# --- opcodes -----------------------------------------------------------------------------------
INBOUND_BLOCKS: Final = {
    0x00: "group voice request",
    0x04: "unit to unit voice request",
    0x05: "unit to unit answer",
    0x08: "telephone request",
    0x0A: "telephone answer",
    0x18: "status update",
    0x19: "status query response",
    0x1A: "status query",
    0x1C: "message update",
    0x1D: "radio unit monitor request",
    0x1F: "call alert",
    0x20: "unit acknowledge",
    0x23: "cancel service request",
    0x24: "extended function response",
    0x27: "emergency alarm",
    0x28: "group affiliation request",
    0x29: "group affiliation query response",
    0x2B: "de-registration",
    0x2C: "unit registration request",
    0x2D: "location registration request",
    0x30: "authentication and synchronisation",
    0x31: "authentication and synchronisation",
    0x32: "authentication and synchronisation",
    0x38: "authentication and synchronisation",
    0x39: "authentication and synchronisation",
    0x3A: "authentication and synchronisation",
    0x3B: "authentication and synchronisation",
}
"""Standard blocks from radio to site. 30-32 and 38-3B are known as a family only."""
OUTBOUND_BLOCKS: Final = {
    0x00: "group voice grant",
    0x02: "group voice update",
    0x03: "group voice update, explicit",
    0x04: "unit to unit voice grant",
    0x05: "unit to unit answer request",
    0x06: "unit to unit voice update",
    0x08: "telephone grant",
    0x09: "telephone update",
    0x0A: "telephone answer request",
    0x14: "data channel grant",
    0x18: "status update",
    0x1A: "status query",
    0x1C: "message update",
    0x1D: "radio unit monitor command",
    0x1F: "call alert",
    0x20: "acknowledge",
    0x21: "queued",
    0x24: "extended function",
    0x27: "denied",
    0x28: "group affiliation response",
    0x29: "secondary control channel, explicit",
    0x2A: "group affiliation query",
    0x2B: "location registration response",
    0x2C: "unit registration response",
    0x2D: "unit registration command",
    0x2F: "de-registration acknowledge",
    0x33: "identifier, TDMA",
    0x34: "identifier, VHF and UHF",
    0x35: "time and date",
    0x38: "system services",
    0x39: "secondary control channel",
    0x3A: "RFSS status",
    0x3B: "network status",
    0x3C: "adjacent site",
    0x3D: "identifier",
}
MOTOROLA_BLOCKS: Final = {
    0x00: "regroup add",
    0x01: "regroup delete",
    0x02: "regroup voice grant",
    0x03: "regroup voice update",
    0x0A: "emergency alarm",
    0x0B: "base station id",
    0x0E: "control channel shuts down",
}
"""Motorola blocks from site to radio."""
LINK_CONTROL: Final = {
    0x00: "group voice user",
    0x02: "group voice update",
    0x03: "unit to unit voice user",
    0x04: "group voice update, explicit",
    0x05: "unit to unit answer request",
    0x06: "telephone user",
    0x09: "source id extension",
    0x0A: "unit to unit voice user, extended",
    0x0F: "call termination",
    0x10: "group affiliation query",
    0x11: "unit registration command",
    0x12: "unit authentication command",
    0x13: "status query",
    0x14: "status update",
    0x15: "message update",
    0x16: "call alert",
    0x17: "extended function",
    0x18: "identifier",
    0x19: "identifier, VHF and UHF",
    0x20: "system services",
    0x21: "secondary control channel",
    0x22: "adjacent site",
    0x23: "RFSS status",
    0x24: "network status",
    0x25: "protection parameter",
    0x26: "adjacent site, explicit",
    0x27: "RFSS status, explicit",
    0x28: "network status, explicit",
    0x29: "secondary control channel, explicit",
    0x2A: "conventional fallback",
}
MOTOROLA_LINK_CONTROL: Final = {
    0x00: "regroup voice user",
    0x01: "regroup voice update",
    0x02: "failsoft",
    0x03: "regroup add",
    0x04: "regroup delete",
    0x06: "unit position",
    0x0A: "emergency alarm",
    0x0F: "talk complete",
    0x15: "talker alias header",
    0x17: "talker alias data",
}
HARRIS_LINK_CONTROL: Final = {
    0x2A: "unit position, first part",
    0x2B: "unit position, second part",
    0x32: "talker alias, block 1",
    0x33: "talker alias, block 2",
    0x34: "talker alias, block 3",
    0x35: "talker alias, block 4",
}


def deny_words(reason: int) -> str:
    """Return why a request was refused."""
    own = f"refused for a reason of the system's own ({reason:02X})"
    other = own if reason in USER_DEFINED_DENIALS else f"refused (reason {reason:02X})"
    return DENY_REASONS.get(reason, other)


def queue_words(reason: int) -> str:
    """Return why a request has to wait."""
    own = f"queued for a reason of the system's own ({reason:02X})"
    other = own if reason in USER_DEFINED_QUEUES else f"queued (reason {reason:02X})"
    return QUEUE_REASONS.get(reason, other)


def function_words(function: int) -> str:
    """Return what an extended function does."""
    return EXTENDED_FUNCTIONS.get(function, f"extended function {function:04X}")


def algorithm_words(algorithm: int) -> str:
    """Return the name of an algorithm."""
    return ALGORITHMS.get(algorithm, f"algorithm {algorithm:02X}")


def manufacturer_words(mfid: int) -> str:
    """Return the name of a manufacturer."""
    return MANUFACTURERS.get(mfid, f"manufacturer {mfid:02X}")


def access_point_words(number: int) -> str:
    """Return the name of a service access point."""
    return SERVICE_ACCESS_POINTS.get(number, f"service access point {number:02X}")


def block_words(mfid: int, opcode: int, *, inbound: bool) -> str:
    """Return the name of a signalling block."""
    standard = INBOUND_BLOCKS if inbound else OUTBOUND_BLOCKS
    names = {STANDARD: standard, MOTOROLA: {} if inbound else MOTOROLA_BLOCKS}.get(mfid, {})
    other = f"block {opcode:02X}"
    return names.get(opcode, other if mfid == STANDARD else f"{manufacturer_words(mfid)} {other}")


def link_control_words(mfid: int, opcode: int) -> str:
    """Return the name of a link control word."""
    tables = {
        STANDARD: LINK_CONTROL,
        MOTOROLA: MOTOROLA_LINK_CONTROL,
        HARRIS: HARRIS_LINK_CONTROL,
    }
    other = f"link control {opcode:02X}"
    found = tables.get(mfid, {}).get(opcode)
    return found or (other if mfid == STANDARD else f"{manufacturer_words(mfid)} {other}")
