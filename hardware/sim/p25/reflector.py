"""``sim p25-reflector``: a MMDVM P25 network in the other role, on UDP.

As a reflector it echoes polls, takes clients, and lets one of them talk at a time. As a gateway it
tells its host the talkgroup and echoes nothing. As a client (``--connect``) it polls a reflector
and talks to it. Written from the reference (part 4) by itself.
"""

import argparse
from collections.abc import Mapping

from gateway.model.errors import ConfigError
from hardware.sim.actions import Action
from hardware.sim.json_lines import mono_ms
from hardware.sim.p25.modem import address
from hardware.sim.p25.reflector_ears import NetworkEars
from hardware.sim.p25.reflector_records import (
    END,
    FRAMES,
    POLL,
    SILENCE,
    UNLINK,
    burst,
    end,
    notice,
    poll,
    unlink,
)
from hardware.sim.p25.stage import Stage
from hardware.sim.p25.stage_command import add_stage_options, run_stage
from hardware.sim.p25.stage_udp import Address, UdpPort
from hardware.sim.p25.stage_voice import SimOver

REFLECTOR, GATEWAY, CLIENT = "reflector", "gateway", "client"
POLL_MS, CLIENT_MS = 5_000.0, 60_000.0
UNLINKS = 3
FLOOD_PER_S, FLOOD_S = 5_000.0, 2.0
MAX_BURST = 500


class ReflectorFront:
    """One end of a network (``stage.Front``)."""

    name = "p25-reflector"

    def __init__(
        self,
        *,
        role: str = REFLECTOR,
        listen: Address = ("127.0.0.1", 0),
        peer: Address | None = None,
        callsign: str = "SIMGW",
        group: int = 0,
    ) -> None:
        """Prepare; ``peer`` is the reflector of a client, ``group`` what a gateway is linked to."""
        self._role, self._listen, self._peer = role, listen, peer
        self._callsign, self._group = callsign, group
        self._stage: Stage | None = None
        self._port: UdpPort | None = None
        self._ears: NetworkEars | None = None
        self._clients: dict[Address, float] = {}
        self._callsigns: dict[Address, str] = {}
        self._over: SimOver | None = None
        self._frames: list[bytes] = []
        self._second = False
        self._poll_ms: float | None = None
        self._answered_ms: float | None = None
        self._polls: list[float] = []
        self._echo = True
        self._linked = False
        self._flood: tuple[float, float, float, str] | None = None

    # ---- the stage's front

    async def start(self, stage: Stage) -> Mapping[str, object]:
        """Bind; a client begins to poll."""
        self._stage = stage
        self._ears = NetworkEars(stage)
        self._port = UdpPort(stage.line, self._received)
        port = await self._port.open(*self._listen)
        if self._role == CLIENT:
            self._poll_ms = mono_ms()
        return {"port": port, "role": self._role}

    async def close(self) -> None:
        """Leave; safe twice."""
        if self._port is None:
            return
        if self._role == CLIENT and self._peer is not None:
            for _ in range(UNLINKS):
                self._port.send(unlink(self._callsign), self._peer)
        self._port.close()
        self._port = None

    def begin(self, over: SimOver) -> None:
        """Let a unit key somewhere in the network; emergency and target do not get this far."""
        self._over, self._second = over, over.late
        self._frames.clear()

    def voice(self, imbe: bytes) -> None:
        """Take its next 20 ms; nine leave at once."""
        self._frames.append(imbe)
        if len(self._frames) == FRAMES:
            self._burst()

    def end(self) -> None:
        """Let it un-key."""
        over = self._over
        if over is None:
            return
        if self._frames:
            self._frames += [SILENCE] * (FRAMES - len(self._frames))
            self._burst()
        self._over = None
        if not over.no_end:
            self._say(end())

    def signal(self, action: Action) -> None:
        """Refuse: the network carries no signalling."""
        raise ConfigError(f"{action.do}: a MMDVM network carries no signalling")

    def fault(self, action: Action) -> None:
        """Let something go wrong."""
        match action.do:
            case "mend":
                self._echo, self._flood = True, None
            case "answer" if action.text("what") == "poll":
                self._echo = action.text("answer") != "ignore"
            case "answer" if action.text("what") == "link":
                self._group = action.whole("reason", 0)
                self._say(notice(self._group))
            case "flood":
                per_s, for_s = action.number("per_s", FLOOD_PER_S), action.number("for_s", FLOOD_S)
                now = mono_ms()
                self._flood = (now, now + for_s * 1000.0, per_s, action.text("what", "voice"))
            case "bytes":
                self._say(bytes.fromhex(action.text("hex")))
            case "restart":
                self._clients.clear()
                self._callsigns.clear()
            case "vanish" | "loss" | "duplicate" | "reorder":
                pass  # the line does it
            case _:
                raise ConfigError(f"{action.do}: a MMDVM network does not do that")

    def tick(self, now_ms: float) -> None:
        """Poll, drop clients that are gone, end overs that stopped."""
        if self._poll_ms is not None and now_ms >= self._poll_ms:
            self._poll_ms = now_ms + POLL_MS
            self._say(poll(self._callsign))
        for client, polled_ms in list(self._clients.items()):
            if now_ms - polled_ms >= CLIENT_MS:
                self._forget(client, "dropped")
        if self._ears is not None:
            self._ears.tick(now_ms)
        self._pour(now_ms)

    def deadline(self) -> float | None:
        """Return when ``tick`` is due."""
        due = [self._poll_ms, self._flood[0] if self._flood else None]
        due += [polled_ms + CLIENT_MS for polled_ms in self._clients.values()]
        due += [self._ears.deadline() if self._ears else None]
        return min((one for one in due if one is not None), default=None)

    def state(self) -> Mapping[str, object]:
        """Return what a test may want to know."""
        return {
            "role": self._role,
            "clients": sorted(self._callsigns.values()),
            "polls_ms": list(self._polls),
            "linked": self._linked,
            "port": self._port.port if self._port else 0,
        }

    # ---- datagrams

    def _received(self, data: bytes, sender: Address) -> None:
        now = mono_ms()
        stage, ears = self._stage, self._ears
        if stage is None or ears is None or not data:
            return
        if self._role == GATEWAY:
            self._clients.setdefault(sender, now)
        if data[0] == POLL:
            self._polled(data, sender, now)
        elif data[0] == UNLINK and len(data) == len(unlink("")):
            stage.note("unlink", callsign=data[1:].decode("latin-1").strip())
            self._forget(sender, "unlinked")
        elif self._role != CLIENT and sender not in self._clients:
            stage.note("stranger", record=f"{data[0]:02x}")
        elif data[0] == END:
            ears.end(data, now)
        else:
            ears.record(data, now)
        self._pass_on(data, sender)
        stage.wake()

    def _polled(self, data: bytes, sender: Address, now_ms: float) -> None:
        if self._role == CLIENT:
            self._linked = True
            return
        if self._stage is not None and len(data) != len(poll("")):
            self._stage.violation(data, f"a poll of {len(data)} octets")
        if self._role == GATEWAY:
            return  # a gateway does not answer its host
        self._polls.append(round(now_ms, 1))
        del self._polls[:-200]
        self._clients[sender] = now_ms
        self._callsigns[sender] = data[1:].decode("latin-1").strip()
        if self._echo and self._port is not None:
            self._port.send(data, sender)

    def _pass_on(self, data: bytes, sender: Address) -> None:
        """Give a client's voice to all others, as a reflector does."""
        if self._role != REFLECTOR or data[0] in (POLL, UNLINK) or self._port is None:
            return
        for client in self._clients:
            if client != sender and sender in self._clients:
                self._port.send(data, client)

    def _forget(self, client: Address, how: str) -> None:
        self._clients.pop(client, None)
        callsign = self._callsigns.pop(client, "")
        if self._stage is not None and callsign:
            self._stage.note(how, callsign=callsign)

    def _burst(self) -> None:
        if self._over is None:
            return
        for record in burst(self._over, self._frames, second=self._second):
            self._say(record)
        self._frames.clear()
        self._second = not self._second

    def _say(self, data: bytes) -> None:
        if self._port is None:
            return
        if self._role == CLIENT:
            if self._peer is not None:
                self._port.send(data, self._peer)
            return
        for client in self._clients:
            self._port.send(data, client)

    def _pour(self, now_ms: float) -> None:
        """Send what a flood owes since the last turn."""
        if self._flood is None:
            return
        next_ms, until_ms, per_s, what = self._flood
        owed = min(MAX_BURST, int((now_ms - next_ms) * per_s / 1000.0) + 1)
        over = SimOver(group=1, unit=1)
        records = {
            "voice": burst(over, [SILENCE] * FRAMES, second=False),
            "poll": [poll(self._callsign)],
            "rubbish": [bytes(range(40)), b"b", b"\xf0"],
        }[what if what in ("poll", "rubbish") else "voice"]
        for index in range(owed):
            self._say(records[index % len(records)])
        next_ms = max(next_ms + owed * 1000.0 / per_s, now_ms)
        self._flood = (next_ms, until_ms, per_s, what) if now_ms < until_ms else None


def add_reflector_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``sim p25-reflector``."""
    parser.epilog = "example: samband sim p25-reflector --udp 127.0.0.1:41000 --control 0"
    parser.add_argument(
        "--udp", default="127.0.0.1:0", metavar="HOST:PORT", help="where it takes datagrams"
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--connect", metavar="HOST:PORT", help="be a client of this reflector")
    way.add_argument(
        "--gateway", type=int, metavar="TG", help="be a hotspot's gateway, linked to TG (0: none)"
    )
    parser.add_argument("--callsign", default="SIMGW", help="of the client")
    add_stage_options(parser)


def run_reflector(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; ConfigError when something cannot be used."""
    role = CLIENT if args.connect else GATEWAY if args.gateway is not None else REFLECTOR
    front = ReflectorFront(
        role=role,
        listen=address(args.udp),
        peer=address(args.connect) if args.connect else None,
        callsign=args.callsign,
        group=args.gateway or 0,
    )
    return run_stage(args, lambda: front)
