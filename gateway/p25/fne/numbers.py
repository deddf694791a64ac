"""Numbers of the FNE protocol and their words (reference p25, part 5)."""

import enum

MAX_PEER_ID = 0xFFFFFFFF
LAST_SEQUENCE = 0xFFFF
"""RTP sequence of control messages and of what ends a call."""


class Function(enum.IntEnum):
    """What a packet is for."""

    PROTOCOL = 0x00
    MASTER = 0x01
    LOGIN = 0x60
    AUTHORISE = 0x61
    CONFIGURE = 0x62
    PEER_DISCONNECT = 0x70
    MASTER_DISCONNECT = 0x71
    PING = 0x74
    PONG = 0x75
    GRANT_REQUEST = 0x7A
    IN_CALL_CONTROL = 0x7B
    KEY_REQUEST = 0x7C
    KEY_RESPONSE = 0x7D
    ACK = 0x7E
    NAK = 0x7F
    TRANSFER = 0x90
    ANNOUNCE = 0x91
    REPLICATION = 0x92
    NET_TREE = 0x93


NO_SUB_FUNCTION = 0xFF


class Protocol(enum.IntEnum):
    """Sub-functions of PROTOCOL: whose voice and signalling it is."""

    DMR = 0x00
    P25 = 0x01
    NXDN = 0x02
    P25_PHASE_2 = 0x03
    ANALOGUE = 0x0F


class MasterList(enum.IntEnum):
    """Sub-functions of MASTER: what the master pushes."""

    WHITELIST = 0x00
    BLACKLIST = 0x01
    ACTIVE_GROUPS = 0x02
    DEACTIVATED_GROUPS = 0x03
    HIGH_AVAILABILITY = 0xA3


class Announcement(enum.IntEnum):
    """Sub-functions of ANNOUNCE."""

    AFFILIATION = 0x00
    REGISTRATION = 0x01
    DEREGISTRATION = 0x02
    UNAFFILIATION = 0x03
    ALL = 0x90
    SITE_CHANNELS = 0x9A


class NakReason(enum.IntEnum):
    """Why a master says no; numbers above 9 are of no known version."""

    GENERAL = 0
    MODE_NOT_ENABLED = 1
    ILLEGAL_PACKET = 2
    UNAUTHORISED = 3
    BAD_STATE = 4
    INVALID_CONFIGURATION = 5
    PEER_RESET = 6
    ACCESS_REFUSED = 7
    TOO_MANY_PEERS = 8
    DUPLICATE = 9


NAK_WORDS = {
    NakReason.GENERAL: "the master says no and gives no reason",
    NakReason.MODE_NOT_ENABLED: "P25 is not enabled at the master",
    NakReason.ILLEGAL_PACKET: "the master does not understand our packets; compare versions",
    NakReason.UNAUTHORISED: "wrong password, or this peer id is not known to the master",
    NakReason.BAD_STATE: "the master has forgotten our login",
    NakReason.INVALID_CONFIGURATION: "the master does not accept our configuration",
    NakReason.PEER_RESET: "the master has reset this peer",
    NakReason.ACCESS_REFUSED: "the master's access list refuses this peer id",
    NakReason.TOO_MANY_PEERS: "the master has no room for another peer",
    NakReason.DUPLICATE: "a peer with this id is logged in already",
}
_FUNCTION_WORDS = {
    Function.PROTOCOL: "traffic",
    Function.MASTER: "list of the master",
    Function.LOGIN: "login",
    Function.AUTHORISE: "authorisation",
    Function.CONFIGURE: "configuration",
    Function.PEER_DISCONNECT: "peer leaves",
    Function.MASTER_DISCONNECT: "master ends the connection",
    Function.PING: "ping",
    Function.PONG: "pong",
    Function.GRANT_REQUEST: "grant request",
    Function.IN_CALL_CONTROL: "in-call control",
    Function.KEY_REQUEST: "key request",
    Function.KEY_RESPONSE: "key response",
    Function.ACK: "acknowledged",
    Function.NAK: "refused",
    Function.TRANSFER: "log or status of a peer",
    Function.ANNOUNCE: "announcement",
    Function.REPLICATION: "replication between masters",
    Function.NET_TREE: "tree of the network",
}
_SUB_WORDS: dict[Function, dict[int, str]] = {
    Function.PROTOCOL: {
        Protocol.DMR: "DMR",
        Protocol.P25: "P25",
        Protocol.NXDN: "NXDN",
        Protocol.P25_PHASE_2: "P25 Phase 2",
        Protocol.ANALOGUE: "analogue",
    },
    Function.MASTER: {
        MasterList.WHITELIST: "units that may",
        MasterList.BLACKLIST: "units that may not",
        MasterList.ACTIVE_GROUPS: "active talkgroups",
        MasterList.DEACTIVATED_GROUPS: "talkgroups switched off",
        MasterList.HIGH_AVAILABILITY: "masters to go to",
    },
    Function.TRANSFER: {0x01: "activity log", 0x02: "diagnostics", 0x03: "status"},
    Function.ANNOUNCE: {
        Announcement.AFFILIATION: "affiliation",
        Announcement.REGISTRATION: "registration",
        Announcement.DEREGISTRATION: "de-registration",
        Announcement.UNAFFILIATION: "un-affiliation",
        Announcement.ALL: "all affiliations",
        Announcement.SITE_CHANNELS: "voice channels of a site",
    },
}


def function_words(function: int, sub_function: int) -> str:
    """Return what a packet is for, in words; numbers of no known version are said as such."""
    if function not in _FUNCTION_WORDS:
        return f"unknown function {function:02X}/{sub_function:02X}"
    words = _FUNCTION_WORDS[Function(function)]
    subs = _SUB_WORDS.get(Function(function))
    if subs is None:
        return words
    return f"{words}: {subs.get(sub_function, f'unknown kind {sub_function:02X}')}"


def nak_words(reason: int) -> str:
    """Return a reason in words."""
    try:
        return NAK_WORDS[NakReason(reason)]
    except ValueError:
        return f"the master refuses with the unknown reason {reason}"
