"""``sim fne``: a DVM FNE master on UDP, with its units and other peers' voice.

It is strict: only peers that logged in are heard, what a list forbids is rejected in the call, a
peer that does not ping is dropped, and the first of two talkers on a group is kept.
"""

import argparse
import random
import time
from collections.abc import Mapping

from gateway.model.errors import ConfigError
from hardware.sim.actions import Action
from hardware.sim.json_lines import mono_ms
from hardware.sim.p25 import fne_wire as wire
from hardware.sim.p25 import modem_air as air
from hardware.sim.p25 import station_words as words
from hardware.sim.p25.fne_calls import Listener, Speech
from hardware.sim.p25.fne_flood import FneFlood
from hardware.sim.p25.fne_peers import Peer, Peers
from hardware.sim.p25.stage import Stage
from hardware.sim.p25.stage_command import add_stage_options, run_stage
from hardware.sim.p25.stage_udp import Address, UdpPort
from hardware.sim.p25.stage_voice import SimOver
from hardware.sim.p25.station_faults import Answers

MASTER_ID = 9_000_100
PASSWORD = "samband"  # noqa: S105 - of a simulator
NAC = 0x293
CONSOLE = 0xFFFFFC
STATUS_OF_A_UNIT = 0x0102
REJECT = 1
"""In-call control that rejects traffic."""
_ANNOUNCED = {"affiliate": 0, "register": 1, "deregister": 2}


class FneFront:
    """One master; a ``stage.Front`` that carries many calls at once."""

    name = "fne"

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        password: str = PASSWORD,
        groups: tuple[int, ...] = (),
        seed: int = 1,
    ) -> None:
        """Set what it wants of its peers; with no ``groups`` every group is let through."""
        self._host, self._port = host, port
        self._password, self._groups, self._seed = password, groups, seed
        self._rng = random.Random(seed)  # noqa: S311 - chance of a simulation
        self._speeches: dict[int, Speech] = {}
        self._turn: int | None = None
        self._answers = Answers()
        self._flood = FneFlood(seed)
        self._grants: list[str] = []
        self._back_ms: float | None = None

    async def start(self, stage: Stage) -> Mapping[str, object]:
        """Open the port."""
        self._stage = stage
        self._udp = UdpPort(stage.line, self._came)
        await self._udp.open(self._host, self._port)
        self._listener = Listener(stage.ears, self._seed)
        self._peers = Peers(
            password=self._password,
            seed=self._seed,
            send=self._send_to,
            violation=stage.violation,
            note=stage.note,
        )
        self._peers.lists.groups["active"] = list(self._groups)
        return {"host": self._host, "port": self._udp.port, "master_id": MASTER_ID}

    async def close(self) -> None:
        """Close the port; safe twice."""
        self._udp.close()

    # -- units

    def turn_to(self, over: SimOver) -> None:
        """Speak for the unit of an over from now on."""
        self._turn = _lane(over)

    def begin(self, over: SimOver) -> None:
        """Let a unit key."""
        speech = Speech(over, self._listener.stream_id())
        self._turn = _lane(over)
        self._speeches[self._turn] = speech
        self._say(speech, speech.begin())

    def voice(self, imbe: bytes) -> None:
        """Its next 20 ms."""
        speech = self._speech()
        if speech is not None:
            self._say(speech, speech.voice(imbe))

    def end(self) -> None:
        """Let it un-key."""
        speech = self._speech()
        if speech is not None and self._turn is not None:
            del self._speeches[self._turn]
            self._say(speech, speech.end())

    def signal(self, action: Action) -> None:
        """Let a unit say something without voice."""
        unit, to = action.whole("unit", 0), action.whole("to", CONSOLE)
        group = action.whole("group", 0)
        block = _block(action, unit, to, group)
        self._signal(block, unit, group if action.do in ("alarm", "affiliate") else to)
        sub = _ANNOUNCED.get(action.do)
        if sub is not None:
            payload = unit.to_bytes(3, "big")
            payload += group.to_bytes(3, "big") if action.do == "affiliate" else b""
            self._to_all(wire.ANNOUNCE, payload, sub=sub)

    # -- what goes wrong

    def fault(self, action: Action) -> None:
        """Do what a master does wrong, or what its keeper does."""
        acts = {
            "nak": self._nak,
            "refuse_login": self._peers.refuse,
            "mend": lambda _: self._peers.mend(),
            "acl": lambda acl: self._pushed(self._peers.lists.take(acl)),
            "answer": self._answer,
            "flood": lambda flood: self._flood.begin(flood, mono_ms()),
            "bytes": self._bytes,
            "restart": self._restart,
        }
        act = acts.get(action.do)
        if act is not None:  # else it is of the line: the stage does it
            act(action)

    def _nak(self, action: Action) -> None:
        for peer in self._peers.running():
            self._peers.nak(peer.address, peer.number, action.whole("reason", 0))

    def _answer(self, action: Action) -> None:
        if action.text("what") == "grant":
            self._grants = [action.text("answer")] * (action.maybe_whole("times") or 1)
        else:
            self._answers.set(action)

    def _bytes(self, action: Action) -> None:
        for peer in self._peers.running():
            self._udp.send(bytes.fromhex(action.text("hex")), peer.address)

    def _restart(self, action: Action) -> None:
        self._peers.forget(goodbye=True)
        self._listener.cut(None, mono_ms())
        after_ms = action.maybe_number("after_ms")
        self._back_ms = None if after_ms is None else mono_ms() + after_ms

    def _pushed(self, name: str) -> None:
        for peer in self._peers.running():
            self._peers.push(name, peer)

    # -- time

    def tick(self, now_ms: float) -> None:
        """Do what is due."""
        self._peers.tick(now_ms)
        self._listener.tick(now_ms)
        for block in self._answers.due(now_ms):
            unit = int.from_bytes(block[7:10], "big")
            self._signal(block, unit, int.from_bytes(block[4:7], "big"))
        for payload, stream in self._flood.due(now_ms):
            if payload is None:
                for peer in self._peers.running():
                    self._udp.send(self._flood.rubbish(), peer.address)
            else:
                self._to_all(wire.TRAFFIC, payload, sub=wire.P25, sequence=0, stream=stream)

    def deadline(self) -> float | None:
        """Return when ``tick`` is due."""
        due = [self._listener.deadline(), self._answers.deadline(), self._flood.deadline()]
        return min((one for one in due if one is not None), default=None)

    def state(self) -> Mapping[str, object]:
        """Return what a test may want to know."""
        return {
            "peers": [peer.number for peer in self._peers.running()],
            "refused": self._peers.refused,
            "hearing": self._listener.groups(),
            "collisions": self._listener.collisions,
            "gaps": self._listener.gaps,
            "ends": self._listener.ends,
        }

    # -- packets in

    def _came(self, data: bytes, address: Address) -> None:
        now = mono_ms()
        if self._back_ms is not None:
            if now < self._back_ms:
                return
            self._back_ms = None
        taken = wire.unpack(data)
        if isinstance(taken, str):
            self._stage.violation(data, taken)
            return
        if taken.function in (wire.RPTL, wire.RPTK, wire.RPTC):
            self._peers.login(taken, address, data, now)
            return
        peer = self._peers.known(taken, address, now)
        if peer is not None:
            wrong = self._of_peer(taken, peer, now)
            if wrong:
                self._stage.violation(data, wrong)
        self._stage.wake()

    def _of_peer(self, taken: wire.Taken, peer: Peer, now: float) -> str:
        match taken.function:
            case wire.PING:
                payload = bytes(6) + (time.time_ns() // 1_000_000).to_bytes(8, "big")
                self._send_to(
                    peer.address, wire.PONG, payload, peer=peer.number, stream=taken.stream
                )
                return "" if taken.payload == b"\0" else "PING: expected one zero octet"
            case wire.PEER_GONE:
                self._stage.note("peer_gone", peer=peer.number)
                self._peers.drop(peer)
            case wire.GRANT:
                return self._granting(taken, peer)
            case wire.ANNOUNCE:
                self._stage.note("announced", sub=taken.sub, payload=taken.payload.hex())
            case wire.TRAFFIC if taken.sub == wire.P25:
                return self._traffic(taken, peer, now)
            case _:
                return f"function {taken.function:02X} is nothing that a console sends"
        return ""

    def _granting(self, taken: wire.Taken, peer: Peer) -> str:
        wrong = self._listener.asked(taken)
        if wrong:
            return wrong
        group = int.from_bytes(taken.payload[15:19], "big")
        unit = int.from_bytes(taken.payload[11:15], "big")
        answer = self._grants.pop(0) if self._grants else "take"
        if answer == "deny" or self._peers.lists.refuses(group, unit):
            self._reject(group, peer)
        self._stage.note("grant_request", group=group, unit=unit, answer=answer)
        return ""

    def _traffic(self, taken: wire.Taken, peer: Peer, now: float) -> str:
        payload = taken.payload
        if payload[:4] != b"P25D" or len(payload) < 24:
            return "traffic: expected P25D and a header of 24 octets"
        duid = payload[22]
        if duid not in wire.MESSAGE_OCTETS:
            return f"traffic: data unit {duid:X} is nothing that a console sends"
        unit = int.from_bytes(payload[5:8], "big")
        group = int.from_bytes(payload[8:11], "big")
        if duid == wire.TSDU:
            return self._signalled(payload, now)
        if duid in (wire.LDU1, wire.LDU2) and self._peers.lists.refuses(group, unit):
            self._reject(group, peer)
            return ""
        ours = {one.over.group for one in self._speeches.values()}
        return self._listener.take(taken, now, our_groups=ours)

    def _signalled(self, payload: bytes, now: float) -> str:
        if len(payload) != wire.MESSAGE_OCTETS[wire.TSDU]:
            return f"TSDU: {len(payload)} octets, not 77"
        frame = air.read(payload[24:69])
        if isinstance(frame, str):
            return f"TSDU: {frame}"
        if frame.block is None:
            return "TSDU: no signalling block inside"
        self._stage.note("block", hex=frame.block.hex())
        deny = self._answers.denies()
        answer = words.answer_to(frame.block, deny=deny, status_value=STATUS_OF_A_UNIT)
        if answer is not None:
            self._answers.give(answer[1], now)
        return ""

    # -- packets out

    def _speech(self) -> Speech | None:
        return None if self._turn is None else self._speeches.get(self._turn)

    def _say(self, speech: Speech, packets: list[tuple[bytes, int]]) -> None:
        if self._listener.busy(speech.over.group):
            return  # a peer was first on this group: the master keeps him
        for payload, sequence in packets:
            self._to_all(
                wire.TRAFFIC, payload, sub=wire.P25, sequence=sequence, stream=speech.stream
            )

    def _signal(self, block: bytes, unit: int, to: int) -> None:
        over = SimOver(group=0, unit=unit)
        payload = wire.header(over, wire.TSDU, to=to) + air.tsdu(block, NAC) + bytes(8)
        self._to_all(wire.TRAFFIC, payload, sub=wire.P25, stream=self._listener.stream_id())

    def _reject(self, group: int, peer: Peer) -> None:
        payload = bytes(10) + bytes([REJECT]) + group.to_bytes(3, "big")
        self._send_to(peer.address, wire.IN_CALL, payload, peer=peer.number)

    def _to_all(
        self, function: int, payload: bytes, *, sub: int, sequence: int = wire.LAST, stream: int = 0
    ) -> None:
        for peer in self._peers.running():
            data = wire.pack(
                function,
                payload,
                master=MASTER_ID,
                peer=peer.number,
                sub=sub,
                sequence=sequence,
                stream=stream,
                timestamp=int(mono_ms() * 8),
            )
            self._udp.send(data, peer.address)

    def _send_to(
        self,
        address: Address,
        function: int,
        payload: bytes,
        *,
        peer: int,
        sub: int = wire.NONE,
        stream: int = 0,
    ) -> None:
        stream = stream or self._listener.stream_id()  # dvmhost complains of none
        data = wire.pack(function, payload, master=MASTER_ID, peer=peer, sub=sub, stream=stream)
        self._udp.send(data, address)


def _lane(over: SimOver) -> int:
    return over.group if over.target is None else -over.target


def _block(action: Action, unit: int, to: int, group: int) -> bytes:
    value = action.whole("value", 0)
    make = {
        "alarm": lambda: words.alarm(unit, group),
        "alert": lambda: words.asks(words.ALERT, unit, to),
        "status": lambda: words.status(unit, to, value),
        "status_query": lambda: words.asks(words.STATUS_QUERY, unit, to),
        "message": lambda: words.message(unit, to, value),
        "affiliate": lambda: words.affiliation(unit, group, wire.SYSTEM),
        "register": lambda: words.registration(unit, wire.WACN, wire.SYSTEM),
        "deregister": lambda: words.deregistration(unit, wire.WACN, wire.SYSTEM),
    }
    if action.do not in make:
        raise ConfigError(f"{action.do}: a unit does not say that to a master")
    return make[action.do]()


def add_fne_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``sim fne``."""
    parser.epilog = "example: samband sim fne --udp 127.0.0.1:0 --groups 10101,10102 --control 0"
    parser.add_argument(
        "--udp",
        default="127.0.0.1:0",
        metavar="HOST:PORT",
        help="of the master; port 0: a free one",
    )
    parser.add_argument(
        "--password", default=PASSWORD, metavar="TEXT", help=f"of all peers (default {PASSWORD})"
    )
    parser.add_argument(
        "--groups",
        default="",
        metavar="N,N",
        help="active talkgroups; without them every talkgroup is let through",
    )
    add_stage_options(parser)


def run_fne(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; ConfigError when something cannot be used."""
    host, _, number = args.udp.rpartition(":")
    if not host or not number.isdecimal():
        raise ConfigError(f"--udp: expected HOST:PORT, got {args.udp!r}")
    groups = [one for one in args.groups.split(",") if one]
    if not all(one.isdecimal() and int(one) <= 0xFFFF for one in groups):
        raise ConfigError(f"--groups: expected numbers up to 65535, got {args.groups!r}")

    def make() -> FneFront:
        return FneFront(
            host=host,
            port=int(number),
            password=args.password,
            groups=tuple(int(one) for one in groups),
            seed=1 if args.seed is None else args.seed,
        )

    return run_stage(args, make)
