"""Who is logged in at a simulated FNE master, and how a peer gets there."""

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from hardware.sim.actions import Action
from hardware.sim.p25 import fne_wire as wire
from hardware.sim.p25.fne_wire import Taken
from hardware.sim.p25.stage_udp import Address

PING_S, MISSED_PINGS = 5.0, 5
"""A master drops a peer after its ping time times its limit of missed pings."""
MAX_PEERS = 32
UNAUTHORISED, BAD_STATE, REFUSED, TOO_MANY = 3, 4, 7, 8
WANTED_KEYS = {"identity", "rxFrequency", "txFrequency", "info", "channel", "rcon", "software"}


@dataclass(slots=True, kw_only=True)
class Peer:
    """One peer on its way in, or in."""

    number: int
    address: Address
    salt: bytes
    stage: str = "challenged"
    """challenged, authorised, running."""
    heard_ms: float = 0.0
    configuration: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Lists:
    """What the master pushes."""

    groups: dict[str, list[int]] = field(default_factory=lambda: {"active": [], "deactivated": []})
    units: dict[str, list[int]] = field(default_factory=lambda: {"whitelist": [], "blacklist": []})
    affiliation: bool = False

    def take(self, action: Action) -> str:
        """Replace a list; returns its name."""
        name, numbers = action.text("list"), list(action.wholes("numbers"))
        if name in self.units:
            self.units[name] = numbers
        else:
            self.groups[name] = numbers
            self.affiliation = action.flag("affiliation")
            if name == "deactivated":
                kept = [one for one in self.groups["active"] if one not in numbers]
                self.groups["active"] = kept
        return name

    def payload(self, name: str) -> bytes:
        """Return one list."""
        if name in self.units:
            return wire.unit_list(self.units[name])
        flags = 0x41 if self.affiliation and name == "active" else 0x01
        return wire.group_list(self.groups[name], flags)

    def refuses(self, group: int, unit: int) -> bool:
        """Say whether a unit may not talk on a group."""
        if unit in self.units["blacklist"] or group in self.groups["deactivated"]:
            return True
        active = self.groups["active"]
        return bool(active) and group not in active


class Send(Protocol):
    """Sends a packet of the master to an address."""

    def __call__(
        self,
        address: Address,
        function: int,
        payload: bytes,
        *,
        peer: int,
        sub: int = wire.NONE,
        stream: int = 0,
    ) -> None:
        """Send it."""
        ...


class Peers:
    """All peers."""

    def __init__(
        self,
        *,
        password: str,
        seed: int,
        send: Send,
        violation: Callable[[bytes, str], None],
        note: Callable[..., None],
    ) -> None:
        """Begin with nobody."""
        self._password = password.encode()
        self._rng = random.Random(seed)  # noqa: S311 - chance of a simulation
        self._send = send
        self._violation = violation
        self._note = note
        self._peers: dict[int, Peer] = {}
        self._refusals: list[tuple[int, int]] = []
        """Reason, how often, of logins that are refused."""
        self.lists = Lists()
        self.refused = 0

    def running(self) -> list[Peer]:
        """Return the peers that are in."""
        return [peer for peer in self._peers.values() if peer.stage == "running"]

    def refuse(self, action: Action) -> None:
        """Refuse logins: the next ``times``, or all from now on (``times`` missing)."""
        times = action.maybe_whole("times")
        self._refusals = [(action.whole("reason", UNAUTHORISED), -1 if times is None else times)]

    def mend(self) -> None:
        """Refuse nobody without need."""
        self._refusals.clear()

    def forget(self, *, goodbye: bool) -> None:
        """Forget everybody, as after a restart."""
        for peer in self.running():
            if goodbye:
                self._send(peer.address, wire.MASTER_GONE, b"\0", peer=peer.number)
        self._peers.clear()

    def drop(self, peer: Peer) -> None:
        """Forget a peer that left."""
        self._peers.pop(peer.number, None)

    def tick(self, now_ms: float) -> None:
        """Drop those that have not pinged for too long."""
        limit_ms = PING_S * 1000.0 * MISSED_PINGS
        for number in [n for n, p in self._peers.items() if now_ms - p.heard_ms > limit_ms]:
            del self._peers[number]
            self._note("peer_dropped", peer=number)

    def known(self, taken: Taken, address: Address, now_ms: float) -> Peer | None:
        """Return the running peer of a packet; tells others that they are none (NAK 4)."""
        peer = self._peers.get(taken.peer)
        if peer is None or peer.address != address or peer.stage != "running":
            self.nak(address, taken.peer, BAD_STATE, taken.stream)
            return None
        peer.heard_ms = now_ms
        return peer

    def nak(self, address: Address, number: int, reason: int, stream: int = 0) -> None:
        """Say no."""
        payload = bytes(6) + number.to_bytes(4, "big") + reason.to_bytes(2, "big")
        self._send(address, wire.NAK, payload, peer=number, stream=stream)

    def push(self, name: str, peer: Peer) -> None:
        """Push one list."""
        payload, sub = self.lists.payload(name), wire.LISTS[name]
        self._send(peer.address, wire.MASTER, payload, peer=peer.number, sub=sub)

    def login(self, taken: Taken, address: Address, data: bytes, now_ms: float) -> None:
        """Take RPTL, RPTK or RPTC."""
        step = {wire.RPTL: self._rptl, wire.RPTK: self._rptk, wire.RPTC: self._rptc}
        wrong = step[taken.function](taken, address, now_ms)
        if wrong:
            self._violation(data, wrong)

    # ---- the three steps; each returns what was wrong with it

    def _rptl(self, taken: Taken, address: Address, now_ms: float) -> str:
        if taken.payload != b"RPTL" + taken.peer.to_bytes(4, "big"):
            return "RPTL: expected the tag and the peer id"
        if taken.sequence != 0:
            return f"RPTL: expected sequence 0, got {taken.sequence}"
        self._note("login", peer=taken.peer)
        reason = self._refusal(at_proof=False)
        if reason is None and len(self._peers) >= MAX_PEERS and taken.peer not in self._peers:
            reason = TOO_MANY
        if reason is not None:
            self._refuse(address, taken, reason)
            return ""
        salt = self._rng.randbytes(4)
        self._peers[taken.peer] = Peer(
            number=taken.peer, address=address, salt=salt, heard_ms=now_ms
        )
        self._ack(taken, address, salt + bytes(4))
        return ""

    def _rptk(self, taken: Taken, address: Address, now_ms: float) -> str:
        peer = self._peers.get(taken.peer)
        if peer is None or peer.address != address:
            self.nak(address, taken.peer, BAD_STATE, taken.stream)
            return ""
        if taken.sequence != 1 or len(taken.payload) != 40:
            return "RPTK: expected sequence 1 and 40 octets"
        proof = hashlib.sha256(peer.salt + self._password).digest()
        right = taken.payload == b"RPTK" + taken.peer.to_bytes(4, "big") + proof
        reason = self._refusal(at_proof=True)
        if reason is None and not right:
            reason = UNAUTHORISED
        if reason is not None:
            del self._peers[taken.peer]
            self._refuse(address, taken, reason)
            return ""
        peer.stage, peer.heard_ms = "authorised", now_ms
        self._ack(taken, address, bytes(4))
        return ""

    def _rptc(self, taken: Taken, address: Address, now_ms: float) -> str:
        peer = self._peers.get(taken.peer)
        if peer is None or peer.address != address or peer.stage == "challenged":
            self.nak(address, taken.peer, BAD_STATE, taken.stream)
            return ""
        try:
            said = json.loads(taken.payload[8:])
        except ValueError:
            said = None
        if taken.payload[:8] != b"RPTC" + bytes(4) or not isinstance(said, dict):
            return "RPTC: expected the tag, four zeros and a JSON object"
        if missing := WANTED_KEYS - set(said):
            return f"RPTC: {', '.join(sorted(missing))} missing"
        peer.stage, peer.heard_ms, peer.configuration = "running", now_ms, said
        self._ack(taken, address, b"\x80" + bytes(4))
        self._note("peer_running", peer=peer.number, identity=said["identity"])
        for name in ("active", "deactivated", "whitelist", "blacklist"):
            if name in self.lists.groups or self.lists.units[name]:
                self.push(name, peer)
        return ""

    def _ack(self, taken: Taken, address: Address, tail: bytes) -> None:
        payload = taken.peer.to_bytes(4, "big") + bytes(2) + tail
        self._send(address, wire.ACK, payload, peer=taken.peer, stream=taken.stream)

    def _refusal(self, *, at_proof: bool) -> int | None:
        """Return the reason of a scripted refusal: a wrong password shows at the proof."""
        if not self._refusals:
            return None
        reason, times = self._refusals[0]
        if (reason == UNAUTHORISED) != at_proof:
            return None
        self._refusals = [] if times == 1 else [(reason, times - 1 if times > 0 else times)]
        return reason

    def _refuse(self, address: Address, taken: Taken, reason: int) -> None:
        self.refused += 1
        self._note("login_refused", peer=taken.peer, reason=reason)
        self.nak(address, taken.peer, reason, taken.stream)
