"""``sim mmdvm``: a modem board with radios behind it, on a pseudo-terminal or over UDP."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from gateway.model.errors import ConfigError
from hardware.sim.actions import Action
from hardware.sim.json_lines import mono_ms
from hardware.sim.p25 import modem_air, station_words
from hardware.sim.p25.modem_board import (
    DEBUG1,
    GET_STATUS,
    P25_HDR,
    P25_LDU,
    P25_LOST,
    Board,
    BoardSettings,
)
from hardware.sim.p25.modem_ears import ModemEars
from hardware.sim.p25.stage import Stage
from hardware.sim.p25.stage_command import add_stage_options, run_stage
from hardware.sim.p25.stage_udp import Address, UdpPort
from hardware.sim.p25.stage_voice import SimOver
from hardware.sim.pty_port import PtyPort

SYNC_SEEN = b"\1"
SILENCE = bytes.fromhex("040cfd7bfb7df27b3d9e45")
LOST_MS = 500.0
"""After this long without sync a modem says that it lost it."""
RESTART_MS = 1_000.0
ANSWER_MS = 300.0
FLOOD_PER_S, FLOOD_S = 5_000.0, 2.0
CONSOLE_UNIT = 0xFFFFFC
MAX_BURST = 500
"""Frames of a flood in one turn of the loop."""


class ModemFront:
    """A board and the radios that talk through it (``stage.Front``)."""

    name = "mmdvm"

    def __init__(
        self,
        settings: BoardSettings,
        *,
        nac: int = 0x293,
        udp: Address | None = None,
        link: Path | None = None,
        rssi: int | None = None,
    ) -> None:
        """Prepare; ``udp`` None: a pseudo-terminal, which ``link`` leads to."""
        self._settings, self._nac, self._rssi = settings, nac, rssi
        self._udp_at, self._link = udp, link
        self._stage: Stage | None = None
        self._pty: PtyPort | None = None
        self._udp: UdpPort | None = None
        self._host: Address | None = None
        self._ears: ModemEars | None = None
        self._board: Board | None = None
        self._over: SimOver | None = None
        self._frames: list[bytes] = []
        self._second = False
        self._lost_at: float | None = None
        self._plug_at: float | None = None
        self._answers: list[tuple[float, bytes]] = []
        self._deny: int | None = None
        self._ignores = False
        self._flood: tuple[float, float, float, str] | None = None

    # ---- the stage's front

    async def start(self, stage: Stage) -> Mapping[str, object]:
        """Open the port; returns its name."""
        self._stage = stage
        self._ears = ModemEars(stage, self._nac, self._heard_block)
        self._board = Board(self._settings, self._ears, self._write)
        if self._udp_at is not None:
            self._udp = UdpPort(stage.line, self._from_host)
            port = await self._udp.open(*self._udp_at)
            return {"port": port, "url": f"udp:{self._udp_at[0]}:{port}"}
        self._pty = PtyPort(self._opened, self._closed, self._received, self._link)
        self._pty.plug()
        return {"pty": str(self._link or self._pty.path)}

    async def close(self) -> None:
        """Close the port; safe twice."""
        if self._pty is not None:
            self._pty.unplug()
            self._pty = None
        if self._udp is not None:
            self._udp.close()
            self._udp = None

    def begin(self, over: SimOver) -> None:
        """Let a radio key."""
        self._over, self._second = over, False
        self._frames.clear()
        self._lost_at = None
        if not over.late:
            self._hear(P25_HDR, modem_air.hdu(over, self._nac))

    def voice(self, imbe: bytes) -> None:
        """Take 20 ms of the radio that talks."""
        self._frames.append(imbe)
        if len(self._frames) == modem_air.FRAMES:
            self._ldu()

    def end(self) -> None:
        """Let the radio un-key; the last LDU is filled up with silence."""
        over, self._over = self._over, None
        if over is None:
            return
        if self._frames:
            self._frames += [SILENCE] * (modem_air.FRAMES - len(self._frames))
            self._over = over
            self._ldu()
            self._over = None
        if over.no_end:
            self._lost_at = mono_ms() + LOST_MS
        else:
            self._hear(P25_HDR, modem_air.tdu(self._nac))

    def signal(self, action: Action) -> None:
        """Let a radio send a signalling block."""
        self._hear(P25_HDR, modem_air.tsdu(signal_block(action), self._nac))

    def fault(self, action: Action) -> None:
        """Let something go wrong; ConfigError for what a modem never does."""
        board = self._need_board()
        match action.do:
            case "vanish":
                board.deaf = True
            case "mend":
                board.mend()
                self._deny, self._ignores, self._flood = None, False, None
            case "nak":
                self._nak(action, board)
            case "answer":
                self._answer(action, board)
            case "flood":
                per_s, for_s = action.number("per_s", FLOOD_PER_S), action.number("for_s", FLOOD_S)
                now = mono_ms()
                self._flood = (now, now + for_s * 1000.0, per_s, action.text("what", "status"))
            case "bytes":
                self._write(bytes.fromhex(action.text("hex")))
            case "restart":
                self._restart(action)
            case "loss" | "duplicate" | "reorder" if self._udp is not None:
                pass  # the line does it
            case _:
                raise ConfigError(f"{action.do}: a modem on this port does not do that")

    def tick(self, now_ms: float) -> None:
        """Do what is due."""
        board = self._need_board()
        board.tick(now_ms)
        if self._lost_at is not None and now_ms >= self._lost_at:
            self._lost_at = None
            board.say(P25_LOST)
        if self._plug_at is not None and now_ms >= self._plug_at and self._pty is not None:
            self._plug_at = None
            self._pty.plug()
        while self._answers and now_ms >= self._answers[0][0]:
            self._hear(P25_HDR, modem_air.tsdu(self._answers.pop(0)[1], self._nac))
        self._pour(now_ms)

    def deadline(self) -> float | None:
        """Return when ``tick`` is due."""
        due = [self._lost_at, self._plug_at, self._flood[0] if self._flood else None]
        due += [self._answers[0][0] if self._answers else None]
        due += [self._board.deadline() if self._board else None]
        return min((one for one in due if one is not None), default=None)

    def state(self) -> Mapping[str, object]:
        """Return what a test may want to know."""
        board = self._need_board()
        return {
            "configured": board.configured,
            "mode": board.mode,
            "hz": board.hz,
            "transmitting": board.transmitting,
            "counts": dict(board.counts),
            "underruns": self._ears.underruns if self._ears else 0,
            "speed_bps": self._pty.speed_bps if self._pty else None,
            "on_air": self._ears.on_air_now if self._ears else False,
        }

    # ---- faults

    def _nak(self, action: Action, board: Board) -> None:
        what = action.text("what")
        if what == "buffer":
            board.stuck = True
        else:
            board.refuse(what, action.whole("reason", 2), action.whole("times", 1))

    def _answer(self, action: Action, board: Board) -> None:
        if action.text("what") == "flags":
            board.flags = action.whole("reason", 0)
            return
        self._deny = None
        self._ignores = action.text("answer") == "ignore"
        if action.text("answer") == "deny":
            self._deny = action.whole("reason", station_words.REFUSED_BY_TARGET)

    def _restart(self, action: Action) -> None:
        board = self._need_board()
        now = mono_ms()
        board.powered(now)
        if self._pty is not None and self._link is not None:
            self._pty.unplug()
            self._plug_at = now + action.number("after_ms", RESTART_MS)

    def _pour(self, now_ms: float) -> None:
        """Send what a flood owes since the last turn."""
        if self._flood is None:
            return
        next_ms, until_ms, per_s, what = self._flood
        owed = min(MAX_BURST, int((now_ms - next_ms) * per_s / 1000.0) + 1)
        for _ in range(owed):
            self._flood_one(what)
        next_ms = max(next_ms + owed * 1000.0 / per_s, now_ms)
        self._flood = (next_ms, until_ms, per_s, what) if now_ms < until_ms else None

    def _flood_one(self, what: str) -> None:
        board = self._need_board()
        if what == "air":
            alert = station_words.asks(station_words.ALERT, 1, 2)
            self._hear(P25_HDR, modem_air.tsdu(alert, self._nac))
        elif what == "rubbish":
            self._write(bytes(range(64)))
        elif what == "debug":
            board.say(DEBUG1, b"flooding")
        else:
            board.say(GET_STATUS, bytes([4]).ljust(17, b"\0"))

    # ---- the port

    def _opened(self) -> None:
        self._need_board().powered(mono_ms())
        self._need_stage().note("opened")

    def _closed(self) -> None:
        self._need_stage().note("closed")

    def _received(self, data: bytes) -> None:
        self._need_board().receive(data, mono_ms())
        self._need_stage().wake()

    def _from_host(self, data: bytes, address: Address) -> None:
        self._host = address
        self._received(data)

    def _write(self, data: bytes) -> None:
        if self._pty is not None:
            self._pty.write(data)
        elif self._udp is not None and self._host is not None:
            self._udp.send(data, self._host)

    # ---- radios

    def _ldu(self) -> None:
        over = self._over
        if over is None:
            return
        frame = modem_air.ldu(over, self._nac, self._frames, second=self._second)
        self._frames.clear()
        self._second = not self._second
        self._hear(P25_LDU, frame)

    def _hear(self, kind: int, frame: bytes) -> None:
        """Let the board receive a frame: a transmitting board in simplex would not."""
        board = self._need_board()
        if board.configured:
            tail = b""
            if self._rssi is not None and kind == P25_LDU:
                tail = self._rssi.to_bytes(2, "big")
            board.say(kind, SYNC_SEEN + frame + tail)

    def _heard_block(self, block: bytes, now_ms: float) -> None:
        """Let the unit that is asked answer."""
        if self._ignores:
            return
        answer = station_words.answer_to(block, deny=self._deny, status_value=0x0102)
        repeated = any(answer is not None and one[1] == answer[1] for one in self._answers)
        if answer is not None and not repeated:
            self._answers.append((now_ms + ANSWER_MS, answer[1]))

    def _need_board(self) -> Board:
        if self._board is None:
            raise ConfigError("the modem has not been started")
        return self._board

    def _need_stage(self) -> Stage:
        if self._stage is None:
            raise ConfigError("the modem has not been started")
        return self._stage


def signal_block(action: Action) -> bytes:
    """Return the block that a radio sends; raises ConfigError for what no radio says."""
    unit, to = action.whole("unit", 0), action.whole("to", CONSOLE_UNIT)
    value = action.whole("value", 0)
    match action.do:
        case "alarm":
            return station_words.alarm(unit, action.whole("group", 0))
        case "alert":
            return station_words.asks(station_words.ALERT, unit, to)
        case "status":
            return station_words.status(unit, to, value)
        case "status_query":
            return station_words.asks(station_words.STATUS_QUERY, unit, to)
        case "message":
            return station_words.message(unit, to, value)
        case "affiliate":
            return station_words.affiliation(unit, action.whole("group", 0), 1)
    raise ConfigError(f"{action.do}: no radio on a conventional channel says that")


def add_mmdvm_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``sim mmdvm``."""
    parser.epilog = "example: samband sim mmdvm --pty --control 0"
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--pty", action="store_true", help="on a pseudo-terminal (the default)")
    where.add_argument("--udp", metavar="HOST:PORT", help="over UDP, one frame a datagram")
    parser.add_argument("--link", metavar="PATH", help="a stable symbolic link to the terminal")
    parser.add_argument("--protocol", type=int, choices=(1, 2), default=2, help="its version")
    parser.add_argument("--firmware", default=BoardSettings().firmware, help="its text")
    parser.add_argument("--no-p25", action="store_true", help="firmware without P25")
    parser.add_argument("--buffer", type=int, default=10, metavar="N", help="frames it takes")
    parser.add_argument("--nac", type=lambda text: int(text, 16), default=0x293, help="hex")
    parser.add_argument("--rssi", type=int, metavar="N", help="number beside each LDU")
    add_stage_options(parser)


def run_mmdvm(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; ConfigError when something cannot be used."""
    settings = BoardSettings(
        protocol=args.protocol,
        firmware=args.firmware,
        p25=not args.no_p25,
        buffer_frames=args.buffer,
    )
    udp = None if args.udp is None else address(args.udp)
    link = Path(args.link) if args.link else None
    front = ModemFront(settings, nac=args.nac, udp=udp, link=link, rssi=args.rssi)
    return run_stage(args, lambda: front)


def address(text: str) -> Address:
    """Return HOST:PORT (or ``udp:HOST:PORT``); raises ConfigError for another form."""
    host, _, port = text.removeprefix("udp:").rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise ConfigError(f"expected HOST:PORT, got {text!r}")
    return host, int(port)
