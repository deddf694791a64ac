"""The inside of a sandbox: a draft's engine and drivers, with simulated radios at every link.

Its first line on standard input is the draft; each further line is a request. What it tells goes to
standard output, a JSON row a line. It ends when its time is over, when standard input ends (whoever
started it is gone), and takes its folder with it.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dispatch.clock import SystemClock
from dispatch.simulator.ports import OUTAGE, RESTORE, Act, Wish
from dispatch.simulator.told import TALKS, Desks, Teller, Told
from gateway.bus import InProcessBus
from gateway.engine.settings import PTT_RENEW_MS, EngineSettings
from gateway.model import commands
from gateway.model.errors import RadioError
from gateway.model.events import LinkChanged
from gateway.model.ids import GatewayId, LinkId, PositionId, RequestId, TalkgroupId, ulid
from gateway.model.link_kinds import TETRA_PEI
from gateway.model.p25_settings import P25_KINDS
from gateway.model.plan import Link, Plan
from gateway.model.wire import from_json
from samband.compose_radio import RadioFolders, RadioSide
from samband.kernels import prepare
from samband.simulated_links import SIMULATED_KINDS, Peer, start_peers

MAX_STATIONS = 8
"""Far ends that are a process of their own; terminals share one."""
MAX_TERMINALS = 64
MAX_LINE_BYTES = 64 << 20
UP_MS = 15_000
MAX_PRESS_S = 30.0
PRESS = "press"


def say(row: str, **what: Any) -> None:
    """Tell a row to who started us."""
    print(json.dumps({"row": row, **what}, ensure_ascii=False), flush=True)


def tried(plan: Plan) -> tuple[list[Link], list[tuple[Link, str]]]:
    """Return the links that are tried, and those that are not, with the reason."""
    inside: list[Link] = []
    outside: list[tuple[Link, str]] = []
    room = {True: MAX_TERMINALS, False: MAX_STATIONS}
    for link in plan.links:
        terminal = link.kind == TETRA_PEI
        if link.kind not in SIMULATED_KINDS:
            outside.append((link, f"a link of kind {link.kind} cannot be simulated"))
        elif room[terminal] == 0:
            most = MAX_TERMINALS if terminal else MAX_STATIONS
            outside.append((link, f"only the first {most} links of its kind are tried"))
        else:
            room[terminal] -= 1
            inside.append(link)
    return inside, outside


class Inside:
    """The draft as it runs in here."""

    def __init__(self, plan: Plan, desks: Desks, folder: Path) -> None:
        """Prepare; ``start`` opens simulated radios and nothing else."""
        self._plan = plan
        self._desks = desks
        self._folder = folder
        self._teller = Teller(plan, desks)
        self._clock = SystemClock()
        self.bus = InProcessBus(GatewayId("sandbox"), self._clock, os.urandom)
        self._peers: dict[LinkId, Peer] = {}
        self._radio: RadioSide | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._up = asyncio.Event()
        self._states: dict[LinkId, str] = {}
        self._closing = False

    async def start(self) -> None:
        """Start the simulated radios, the engine and the drivers; wait until the links are up."""
        inside, outside = tried(self._plan)
        for link, why in outside:
            say("link", id=link.id, name=link.name, state="left_out", words=why)
        groups = {group.id: group for group in self._plan.talkgroups}
        wishes = [
            Wish(
                link=link,
                talkgroups=tuple(
                    group
                    for number in link.talkgroups
                    if (group := groups.get(TalkgroupId(f"{link.system}/{number}")))
                ),
            )
            for link in inside
        ]
        if any(link.kind in P25_KINDS for link in inside):
            await asyncio.to_thread(prepare)
        peers = await start_peers(wishes, self._folder)
        self._peers = {peer.link.id: peer for peer in peers}
        plan = replace(self._plan, links=tuple(peer.link for peer in peers))
        folders = RadioFolders(recordings=self._folder / "recordings", spool=self._folder / "spool")
        folders.recordings.mkdir()
        folders.spool.mkdir()
        self._radio = RadioSide(
            plan,
            1,
            self.bus,
            self._clock,
            folders=folders,
            settings=EngineSettings(simulated_anywhere=True),
        )
        self._run(self._listen())
        await asyncio.sleep(0)
        await self._radio.start()
        positions = [PositionId(name) for name in self._plan.positions]
        self._radio.listening(positions, supervisor=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._up.wait(), UP_MS / 1000)

    def _run(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen(self) -> None:
        async for envelope in self.bus.subscribe("sandbox"):
            if self._closing:
                return  # that every link is closed now is no news
            event = envelope.event
            if isinstance(event, LinkChanged):
                self._link(event)
            told = self._teller.tell(event)
            if told is not None:
                self._tell(told)

    def _tell(self, told: Told) -> None:
        say("told", **{**told.row(self._clock.utc_us()), "words": self._plain(told.words)})

    def _plain(self, words: str) -> str:
        """Return words without the folder, which is nobody's business and gone soon."""
        return words.replace(f"{self._folder}/", "")

    def _link(self, event: LinkChanged) -> None:
        self._states[event.link] = event.state
        name = self._peers[event.link].link.name
        say("link", id=event.link, name=name, state=event.state, words=self._plain(event.reason))
        if all(self._states.get(link) == "up" for link in self._peers):
            self._up.set()

    # ---- requests ------------------------------------------------------------------------------

    async def do(self, request: Mapping[str, Any]) -> str:
        """Do a request; returns what came of it. Raises RadioError with the reason."""
        if request["do"] == PRESS:
            return await self._press(request)
        if request["do"] in (OUTAGE, RESTORE):
            return await self._cable(request["do"], LinkId(str(request.get("link", ""))))
        return await self._unit(request)

    async def _cable(self, do: str, link: LinkId) -> str:
        peer = self._peers.get(link)
        if peer is None:
            raise RadioError(f"link {link or '(none)'} is not tried here")
        await peer.act(Act(do=do))
        return f"{peer.link.name}: {'cut' if do == OUTAGE else 'restored'}"

    async def _unit(self, request: Mapping[str, Any]) -> str:
        talkgroup = str(request.get("talkgroup", ""))
        system, _, number = talkgroup.partition("/")
        ears = [
            peer
            for peer in self._peers.values()
            if peer.link.system == system and int(number or 0) in peer.link.talkgroups
        ]
        if not ears:
            raise RadioError(f"no link that is tried carries {self._teller.name(talkgroup)}")
        values = {
            k: v for k, v in request.items() if k in Act.__dataclass_fields__ and v is not None
        }
        act = Act(**{**values, "group": int(number)})
        taken = [peer.link.name for peer in ears if await peer.act(act)]
        if not taken:
            names = ", ".join(peer.link.name for peer in ears)
            raise RadioError(f"{names} took nothing: busy, off, or on another group")
        return f"heard by {', '.join(taken)}"

    async def _press(self, request: Mapping[str, Any]) -> str:
        position, talkgroup = str(request["position"]), str(request["talkgroup"])
        if not self._desks.has(position, TALKS, talkgroup):
            why = "who sits there has no right to talk on it"
            self._tell(self._teller.refused(position, talkgroup, why))
            return f"refused: {why}"
        self._run(self._hold(PositionId(position), TalkgroupId(talkgroup), request))
        return "pressed"

    async def _hold(
        self, position: PositionId, talkgroup: TalkgroupId, request: Mapping[str, Any]
    ) -> None:
        assert self._radio is not None  # requests come after the start
        engine = self._radio.engine
        reply = engine.command(commands.LinkSelect(position=position, talkgroup=talkgroup))
        if not reply.ok:
            self._tell(
                Told(kind=PRESS, words=f"Position {position} selects: {reply.reason}", refused=True)
            )
        pressed = RequestId("r-" + ulid(self._clock.utc_us(), os.urandom(10)))
        reply = engine.command(
            commands.FloorRequest(
                request=pressed,
                position=position,
                operator=f"Position {position}",
                talkgroup=talkgroup,
                source="key",
            )
        )
        if not reply.ok:
            self._tell(self._teller.refused(position, talkgroup, reply.reason))
            return
        held_s = min(MAX_PRESS_S, float(request.get("seconds", 2.0)))
        end = self._clock.mono_ms() + held_s * 1000
        while self._clock.mono_ms() < end:
            await asyncio.sleep(PTT_RENEW_MS / 1000)
            engine.command(commands.FloorRenew(request=pressed))
        engine.command(commands.FloorRelease(request=pressed, normal=True))

    async def close(self) -> None:
        """Un-key, close, end the simulated radios."""
        self._closing = True
        if self._radio is not None:
            await self._radio.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for peer in self._peers.values():
            await peer.close()


async def _requests(inside: Inside, lines: asyncio.StreamReader) -> str:
    while line := await lines.readline():
        request = json.loads(line)
        number = request.pop("id", 0)
        try:
            words = await inside.do(request)
            say("answer", id=number, ok=True, words=words)
        except (RadioError, KeyError, ValueError, TypeError) as error:
            say("answer", id=number, ok=False, words=str(error))
    return "whoever tried it has gone"


async def _main(folder: Path) -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    given = json.loads(await lines.readline())
    plan = from_json(Plan, given["plan"], "draft")
    inside = Inside(plan, Desks(given["desks"]), folder)
    words = "its time was over"
    try:
        await inside.start()
        say("ready")
        with contextlib.suppress(TimeoutError):
            words = await asyncio.wait_for(_requests(inside, lines), given["seconds"])
    except RadioError as error:
        words = f"it does not run: {error}"
    finally:
        with contextlib.suppress(BrokenPipeError):
            say("end", words=words)
        await inside.close()


def main() -> None:
    """Run the sandbox in the folder that the command line names."""
    folder = Path(sys.argv[1])
    try:
        asyncio.run(_main(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
