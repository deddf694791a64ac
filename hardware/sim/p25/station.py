"""``sim p25-station``: a fixed station on UDP, with its control service and voice conveyance.

It is strict where a real one is: one host at a time, nothing but acknowledgements to whoever is not
connected, and a host that sends no heartbeats is given up.
"""

import argparse
from collections.abc import Mapping

from gateway.model.errors import ConfigError
from hardware.sim.actions import Action
from hardware.sim.json_lines import mono_ms
from hardware.sim.p25 import station_words as words
from hardware.sim.p25.stage import Stage
from hardware.sim.p25.stage_command import add_stage_options, run_stage
from hardware.sim.p25.stage_udp import Address, UdpPort
from hardware.sim.p25.stage_voice import SimOver
from hardware.sim.p25.station_control import StationControl
from hardware.sim.p25.station_faults import Answers, Flood
from hardware.sim.p25.station_hear import Listener
from hardware.sim.p25.station_send import Sender

NAC = 0x293
SYSTEM, WACN = 0x001, 0xBEE00
STATUS_OF_A_UNIT = 0x0102
DIALECTS = ("tia", "v24")


class StationFront:
    """One station; a ``stage.Front``."""

    name = "p25-station"

    def __init__(
        self,
        *,
        dialect: str = "tia",
        host: str = "127.0.0.1",
        control_port: int = 0,
        voice_port: int = 0,
        nac: int = NAC,
        quirks: bool = True,
        answer_ms: float = 0.0,
    ) -> None:
        """``quirks``: as one program on the air behaves; ``answer_ms``: to answer a connect."""
        self._tia = dialect == "tia"
        self._host, self._ports = host, (control_port, voice_port)
        self._quirks = quirks
        self._answer_ms = answer_ms
        self._sender = Sender(nac=nac, tia=self._tia, quirks=quirks)
        self._answers = Answers()
        self._flood = Flood()
        self._over: SimOver | None = None

    async def start(self, stage: Stage) -> Mapping[str, object]:
        """Open both ports."""
        self._stage = stage
        self._control_udp = UdpPort(stage.line, self._control_came)
        self._voice_udp = UdpPort(stage.line, self._voice_came)
        await self._control_udp.open(self._host, self._ports[0])
        await self._voice_udp.open(self._host, self._ports[1])
        self._control = StationControl(
            voice_port=self._voice_udp.port,
            send=self._control_udp.send,
            violation=stage.violation,
            quirks=self._quirks,
            answer_ms=self._answer_ms,
        )
        self._listener = Listener(
            ears=stage.ears,
            tia=self._tia,
            violation=stage.violation,
            starts=self._acknowledge,
            signals=self._signalled,
        )
        return {
            "dialect": "tia" if self._tia else "v24",
            "host": self._host,
            "control_port": self._control_udp.port,
            "voice_port": self._voice_udp.port,
        }

    async def close(self) -> None:
        """Close both ports; safe twice."""
        self._control_udp.close()
        self._voice_udp.close()

    # -- units of the station

    def begin(self, over: SimOver) -> None:
        """Send the start of an over."""
        self._over = over
        for data in self._sender.begin(over):
            self._send(data)

    def voice(self, imbe: bytes) -> None:
        """Send 20 ms."""
        self._send(self._sender.voice(imbe))

    def end(self) -> None:
        """Send the end of the over, unless it is lost."""
        if self._over is not None and not self._over.no_end:
            self._send(self._sender.end())
        self._over = None

    def signal(self, action: Action) -> None:
        """Send a signalling block; only V.24 records carry one."""
        if self._tia:
            raise ConfigError(f"{action.do}: the standard's dialect carries no signalling")
        self._send(self._sender.signal(_block(action)))

    def fault(self, action: Action) -> None:
        """Do what a station does wrong."""
        match action.do:
            case "nak":
                self._control.refuse(action)
            case "answer":
                self._answers.set(action)
            case "flood":
                self._flood.begin(action, mono_ms())
            case "bytes":
                data = bytes.fromhex(action.text("hex"))
                if action.text("channel") == "control":
                    self._control.send_raw(data)
                else:
                    self._send(data)
            case "restart":
                self._control.forget()
            case "refuse_login":
                raise ConfigError("refuse_login: a station has no login; see nak")
            case _:
                pass  # of the line: the stage does it

    # -- time

    def tick(self, now_ms: float) -> None:
        """Do what is due."""
        self._control.tick(now_ms)
        self._listener.tick(now_ms)
        for data in self._answers.due(now_ms):
            self._send(self._sender.signal(data))
        for data in self._flood.due(now_ms, self._sender):
            self._send(data)

    def deadline(self) -> float | None:
        """Return when ``tick`` is due."""
        due = [part.deadline() for part in (self._control, self._listener)]
        due += [self._answers.deadline(), self._flood.deadline()]
        return min((one for one in due if one is not None), default=None)

    def state(self) -> Mapping[str, object]:
        """Return what a test may want to know."""
        return {
            **self._control.state(),
            "hearing": self._listener.heard is not None,
            "ends": self._listener.ends,
            "short_ends": self._listener.short_ends,
            "gaps": self._listener.gaps,
            "repeats": self._listener.repeats,
        }

    # -- inside

    def _send(self, data: bytes) -> None:
        peer = self._control.voice_peer
        if peer is not None:
            self._voice_udp.send(data, peer)

    def _control_came(self, data: bytes, peer: Address) -> None:
        self._control.take(data, peer, mono_ms())
        self._stage.wake()

    def _voice_came(self, data: bytes, peer: Address) -> None:
        if self._control.voice_peer is None or peer[0] != self._control.voice_peer[0]:
            self._stage.violation(data, "voice from a host that is not connected")
            return
        self._listener.take(data, mono_ms())
        self._stage.wake()

    def _acknowledge(self) -> None:
        self._send(self._sender.acknowledge_start())

    def _signalled(self, block: bytes) -> None:
        self._stage.note("block", hex=block.hex())
        deny = self._answers.denies()
        answer = words.answer_to(block, deny=deny, status_value=STATUS_OF_A_UNIT)
        if answer is not None:
            self._answers.give(answer[1], mono_ms())
        self._stage.wake()


def _block(action: Action) -> bytes:
    unit, to = action.whole("unit", 0), action.whole("to", 0xFFFFFC)
    group, value = action.whole("group", 0), action.whole("value", 0)
    make = {
        "alarm": lambda: words.alarm(unit, group),
        "alert": lambda: words.asks(words.ALERT, unit, to),
        "status": lambda: words.status(unit, to, value),
        "status_query": lambda: words.asks(words.STATUS_QUERY, unit, to),
        "message": lambda: words.message(unit, to, value),
        "affiliate": lambda: words.affiliation(unit, group, SYSTEM),
        "register": lambda: words.registration(unit, WACN, SYSTEM),
        "deregister": lambda: words.deregistration(unit, WACN, SYSTEM),
    }
    if action.do not in make:
        raise ConfigError(f"{action.do}: a unit does not say that to a station")
    return make[action.do]()


def add_station_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``sim p25-station``."""
    parser.epilog = "example: samband sim p25-station --udp 127.0.0.1:0 --control 0"
    parser.add_argument(
        "--udp", default="127.0.0.1:0", metavar="HOST:PORT", help="of the control service; 0: free"
    )
    parser.add_argument(
        "--voice-port", type=int, default=0, metavar="PORT", help="of voice (default: a free one)"
    )
    parser.add_argument("--dialect", default="tia", choices=DIALECTS, help="what voice looks like")
    parser.add_argument(
        "--nac", type=lambda text: int(text, 16), default=NAC, metavar="HEX", help="default 293"
    )
    parser.add_argument(
        "--plain",
        action="store_true",
        help="by the letter of the standard; default: with the habits of stations on the air",
    )
    parser.add_argument(
        "--answer-ms", type=float, default=0.0, metavar="MS", help="to answer a connect"
    )
    add_stage_options(parser)


def run_station(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; ConfigError when something cannot be used."""
    host, _, number = args.udp.rpartition(":")
    if not host or not number.isdecimal():
        raise ConfigError(f"--udp: expected HOST:PORT, got {args.udp!r}")

    def make() -> StationFront:
        return StationFront(
            dialect=args.dialect,
            host=host,
            control_port=int(number),
            voice_port=args.voice_port,
            nac=args.nac,
            quirks=not args.plain,
            answer_ms=args.answer_ms,
        )

    return run_stage(args, make)
