"""What recorded datagrams are: which interface they belong to, and which of them are the peer's."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from samband.replay_files import Recorded

FNE, DFSI, V24, NETWORK, MODEM = "fne", "dfsi", "v24", "p25net", "mmdvm"
PEI, LINES = "pei", "analogue"
KINDS: Final = {
    FNE: "a peer of a DVM FNE; the master's packets are fed",
    DFSI: "host of a fixed station, the standard's dialect; the station's packets are fed",
    V24: "host of a fixed station, V.24 records; the station's packets are fed",
    NETWORK: "client of a MMDVM P25 network; the network's datagrams are fed",
    MODEM: "host of a MMDVM modem; the modem's frames are fed",
    PEI: "host of a TETRA terminal; the lines that it said unasked are fed",
    LINES: "an analogue radio; the states of its carrier line are fed",
}
_LOOKED_AT: Final = 400
_RECORD_SIZES: Final = (22, 14, 17, 17, 17, 17, 17, 17, 16)
_V24_ONLY: Final = {0x00: 9, 0x60: 30, 0x61: 22}
_OUR_NAMES: Final = {
    FNE: ("peer",),
    DFSI: ("host",),
    V24: ("host",),
    NETWORK: ("gateway", "host", "client"),
    MODEM: ("host",),
    PEI: ("host",),
    LINES: ("host",),
}
"""How a direction in words (``master->peer``) names our side."""
_TO_US: Final = frozenset({"in", "rx", "received", "from"})
_FROM_US: Final = frozenset({"out", "tx", "sent", "to"})
_OF_MASTER: Final = frozenset({0x01, 0x71, 0x75, 0x7B, 0x7E, 0x7F})
_OF_PEER: Final = frozenset({0x60, 0x61, 0x62, 0x70, 0x74, 0x7A})


def kind_of(recorded: Sequence[Recorded]) -> str | None:
    """Return the interface that most of the datagrams belong to; None for none known."""
    votes = Counter(shape(one.data) for one in recorded[:_LOOKED_AT])
    votes.pop("", None)
    if votes[V24]:
        votes[V24] += votes.pop(NETWORK, 0)  # they share the voice records
    if not votes:
        return None
    return votes.most_common(1)[0][0]


def shape(data: bytes) -> str:
    """Return the interface that a datagram looks like; empty for none."""
    for kind, fits in (
        (FNE, _is_fne),
        (MODEM, _is_modem),
        (V24, _is_v24),
        (NETWORK, _is_network),
        (DFSI, _is_dfsi),
        (PEI, _is_pei),
        (LINES, _is_lines),
    ):
        if fits(data):
            return kind
    return ""


def is_rtp(data: bytes) -> bool:
    """Say whether a datagram is RTP of a fixed station."""
    return len(data) > 12 and data[0] >> 6 == 2 and data[1] & 0x7F in (0x5D, 0x5E, 0x64)


def _is_fne(data: bytes) -> bool:
    wrapped = data[:2] == b"\xc0\xfe" and len(data) % 16 == 2
    return wrapped or (len(data) >= 32 and data[:2] == b"\x90\x56" and data[12:14] == b"\0\xfe")


def _is_modem(data: bytes) -> bool:
    if len(data) < 3 or data[0] != 0xE0:
        return False
    return data[1] == len(data) or (data[1] == 0 and data[2] + 255 == len(data))


def _is_v24(data: bytes) -> bool:
    if is_rtp(data):
        return data[1] & 0x7F != 0x64 or bool(_is_record(data[12:]))
    return bool(data) and _V24_ONLY.get(data[0]) == len(data)


def _is_network(data: bytes) -> bool:
    if data[:1] in (b"\xf0", b"\xf1"):
        return len(data) == 11
    if data[:1] == b"\x80" and len(data) == 17:
        return not any(data[1:])
    return _is_record(data) or (data[:1] == b"\x65" and len(data) == 4)


def _is_record(data: bytes) -> bool:
    if not data or not 0x62 <= data[0] <= 0x73:
        return bool(data) and _V24_ONLY.get(data[0]) == len(data)
    return len(data) == _RECORD_SIZES[(data[0] - 0x62) % 9]


def _is_dfsi(data: bytes) -> bool:
    if is_rtp(data):
        return True
    return 2 <= len(data) <= 16 and data[0] <= 9 and data[1] == 1


def _is_pei(data: bytes) -> bool:
    """Say whether a chunk looks like lines of a PEI: commands, or answers between line ends."""
    text = data.strip(b"\r\n\x1a")
    if not data.isascii() or not text:
        return False
    return text[:2].upper() == b"AT" or text[:2] == b"+C" or data[:2] == b"\r\n"


def _is_lines(data: bytes) -> bool:
    name, _, state = data.partition(b" ")
    return name.isalpha() and state in (b"active", b"inactive")


# -- whose they are


def of_peer(recorded: Sequence[Recorded], kind: str, sender: str = "") -> list[Recorded]:
    """Return what came from the peer; everything where nothing tells the sides apart.

    Of several peers, or several of ours, those are taken that said the most.
    ``sender`` names the peer: ``HOST`` or ``HOST:PORT``.
    """
    if sender:
        return [one for one in recorded if one.source is not None and _is_from(one, sender)]
    told = [_told(one, kind) for one in recorded]
    if any(one is not None for one in told):
        return [one for one, inbound in zip(recorded, told, strict=True) if inbound is not False]
    peers = _peers(recorded, kind)
    if not peers:
        return list(recorded)
    hosts = {host for host, _ in peers}
    ours = {one.target[0] for one in recorded if one.source in peers and one.target is not None}
    if kind not in (DFSI, V24):
        return _to_one(recorded, peers)
    if hosts & ours:  # both on one machine: the ports tell
        return _on_one_machine(recorded, peers)
    return [one for one in recorded if one.source is not None and one.source[0] in hosts]


def _is_from(one: Recorded, sender: str) -> bool:
    assert one.source is not None  # looked at by the caller
    return sender in (one.source[0], f"{one.source[0]}:{one.source[1]}")


def _told(one: Recorded, kind: str) -> bool | None:
    """Return whether a line of JSON says that it came to us."""
    way = one.way.lower().strip()
    if not way:
        return None
    if way in _TO_US | _FROM_US:
        return way in _TO_US
    _, arrow, to = way.partition("->")
    return to.strip() in _OUR_NAMES[kind] if arrow else None


def _peers(recorded: Sequence[Recorded], kind: str) -> set[tuple[str, int]]:
    peers: set[tuple[str, int]] = set()
    for one in recorded:
        from_peer = _says(one.data, kind)
        end = {True: one.source, False: one.target, None: None}[from_peer]
        if end is not None:
            peers.add(end)
    return peers


def _says(data: bytes, kind: str) -> bool | None:
    """Return whether only a peer sends such a datagram, or only we; None: both may."""
    if kind == FNE and len(data) > 18:
        return True if data[18] in _OF_MASTER else False if data[18] in _OF_PEER else None
    if kind in (DFSI, V24) and not is_rtp(data) and len(data) > 1:
        return {0: False, 2: True}.get(data[0])
    if kind == MODEM and data[:3] in (b"\xe0\x03\x00", b"\xe0\x03\x01"):
        return False
    return None


def _to_one(recorded: Sequence[Recorded], peers: set[tuple[str, int]]) -> list[Recorded]:
    """Return what went from a peer's one port to the one of ours that got the most of it."""
    fed = [one for one in recorded if one.source in peers]
    most = Counter((one.source, one.target) for one in fed).most_common(1)
    return [one for one in fed if most and (one.source, one.target) == most[0][0]]


def _on_one_machine(recorded: Sequence[Recorded], peers: set[tuple[str, int]]) -> list[Recorded]:
    """Tell the sides apart by ports; our voice port is in the connect of a fixed station."""
    ours = {one.target for one in recorded if one.source in peers}
    ports = {
        int.from_bytes(one.data[3:5], "big")
        for one in recorded
        if one.target in peers and one.data[:1] == b"\0" and len(one.data) == 11
    }
    return [
        one
        for one in recorded
        if one.source in peers
        or one.target in ours
        or (one.target is not None and one.target[1] in ports)
    ]
