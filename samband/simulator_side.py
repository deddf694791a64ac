"""The wiring of exercises: simulated far ends and sandboxes as processes of their own."""

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
import tomllib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from dispatch.services.registry import Services
from dispatch.simulator.exercises import Exercises
from dispatch.simulator.ports import (
    ACTS,
    OUTAGE,
    RESTORE,
    Act,
    Attempt,
    Clip,
    FarEnd,
    Sandbox,
    Step,
    Wish,
)
from dispatch.simulator.rehearsals import Rehearsals
from gateway.model.errors import ConfigError, LinkError
from gateway.model.plan import Link, Plan
from gateway.model.wire import to_json
from hardware.sim.actions import Action, check_action, check_table
from hardware.sim.p25.stage_steps import check_step
from hardware.sim.scenario import STEP
from hardware.sim.speech import clip_index
from samband.simulated_links import BY_TECHNOLOGY, Peer, demand_simulated, start_peers

ANSWER_MS = 10_000
END_MS = 8_000
MAX_ROWS_WAITING = 2_000
MAX_SCENARIO_BYTES = 200_000
MAX_STEPS = 500
NAMED_FAULTS = 5
MAX_LINE_BYTES = 4 << 20


class HousePeer:
    """A far end with a folder of its own, which goes with it."""

    def __init__(self, peer: Peer, folder: Path) -> None:
        """Take a running far end."""
        self._peer = peer
        self._folder = folder

    @property
    def link(self) -> Link:
        """The link with port and sound that lead here."""
        return self._peer.link

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._peer.alive

    async def act(self, act: Act) -> int:
        """Do one act; returns how many radios took it."""
        return await self._peer.act(act)

    async def close(self) -> None:
        """End it."""
        await self._peer.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


class ChildSandbox:
    """A sandbox in a child process (``samband.sandbox_child``)."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        """Take a process that has been told what to try."""
        self._process = process
        self._folder = folder
        self._rows: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(MAX_ROWS_WAITING)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0
        self._reading = asyncio.create_task(self._read(), name="sandbox")

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.returncode is None

    async def _read(self) -> None:
        assert self._process.stdout is not None  # asked for at the start
        try:
            while line := await self._process.stdout.readline():
                self._take(json.loads(line))
        except ValueError:
            pass  # cut off in mid-line: it is gone
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(LinkError("the sandbox has ended"))
            self._answers.clear()
            with contextlib.suppress(asyncio.QueueFull):
                self._rows.put_nowait(None)

    def _take(self, row: dict[str, Any]) -> None:
        if row.get("row") == "answer":
            answer = self._answers.pop(row["id"], None)
            if answer is not None and not answer.done():
                answer.set_result(row)
            return
        if self._rows.full():
            self._rows.get_nowait()  # the page shows the newest
        self._rows.put_nowait(row)

    async def rows(self) -> AsyncIterator[dict[str, Any]]:
        """Give what it tells until it ends."""
        while (row := await self._rows.get()) is not None:
            yield row

    async def ask(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Have something done in it; raises LinkError when it is gone."""
        if not self.alive or self._process.stdin is None:
            raise LinkError("the sandbox has ended")
        self._count += 1
        number = self._count
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            self._process.stdin.write(json.dumps({**request, "id": number}).encode() + b"\n")
            await self._process.stdin.drain()
            return await asyncio.wait_for(answer, ANSWER_MS / 1000)
        except (OSError, TimeoutError) as error:
            raise LinkError("the sandbox does not answer") from error
        finally:
            self._answers.pop(number, None)

    async def close(self) -> None:
        """Let it end, else kill it, and take its files away; safe twice."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_MS / 1000)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await asyncio.gather(self._reading, return_exceptions=True)
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


class HouseSimulators:
    """Implements ``dispatch.simulator.ports.Simulators`` with the simulators of the house."""

    def __init__(self) -> None:
        """Begin with no resident radios."""
        self._residents: dict[str, FarEnd] = {}

    def kinds(self, technology: str) -> tuple[str, ...]:
        """Return the kinds of links that can be simulated in a system of this technology."""
        return BY_TECHNOLOGY.get(technology, ())

    def clips(self) -> tuple[Clip, ...]:
        """Return what units can say."""
        return tuple(Clip(c.id, c.language, c.text) for c in clip_index().values())

    def residents(self) -> Mapping[str, FarEnd]:
        """Return the demo's own radios, by link."""
        return self._residents

    def move_in(self, residents: Mapping[str, FarEnd]) -> None:
        """Take a demo's radios, which links of the plan lead to."""
        self._residents = dict(residents)

    def steps(self, text: str) -> tuple[Step, ...]:
        """Return the steps of a scenario file of either sort; raises ConfigError."""
        return steps_of(text)

    async def start(self, wish: Wish) -> FarEnd:
        """Start a far end in a folder of its own."""
        demand_simulated(wish.link)
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="samband-exercise-"))
        try:
            (peer,) = await start_peers([wish], folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return HousePeer(peer, folder)

    async def sandbox(self, attempt: Attempt) -> Sandbox:
        """Start a sandbox and tell it what to try."""
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="samband-sandbox-"))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "samband.sandbox_child", str(folder)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=MAX_LINE_BYTES,
        )
        sandbox = ChildSandbox(process, folder)
        text = await asyncio.to_thread(_attempt_text, attempt.plan, attempt)
        assert process.stdin is not None  # asked for above
        process.stdin.write(text + b"\n")
        try:
            await process.stdin.drain()
        except OSError as error:
            await sandbox.close()
            raise LinkError("the sandbox did not start") from error
        return sandbox


def _attempt_text(plan: Plan, attempt: Attempt) -> bytes:
    given = {"plan": to_json(plan), "seconds": attempt.seconds, "desks": dict(attempt.desks)}
    return json.dumps(given).encode()


def steps_of(text: str) -> tuple[Step, ...]:
    """Return the steps of a scenario file, in file order; its radios and units play no part.

    Raises ConfigError that names every mistake.
    """
    if len(text.encode()) > MAX_SCENARIO_BYTES:
        raise ConfigError(f"scenario: more than {MAX_SCENARIO_BYTES} bytes")
    try:
        rows = tomllib.loads(text).get("step", [])
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"scenario: not TOML: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError("scenario: expected tables [[step]]")
    if len(rows) > MAX_STEPS:
        raise ConfigError(f"scenario: {len(rows)} steps, {MAX_STEPS} at most")
    faults: list[str] = []
    steps = []
    for place, row in enumerate(rows, 1):
        where = f"step[{place}]"
        when = {name: value for name, value in row.items() if name in STEP}
        faults += check_table(when, STEP, where)
        action, wrong = _action({k: v for k, v in row.items() if k not in STEP}, where)
        faults += wrong
        if action is not None and not wrong:
            steps.append(Step(Action("", when).number("at_s", 0.0) * 1000.0, act_of(action)))
    if faults:
        raise ConfigError(f"scenario: {'; '.join(faults[:NAMED_FAULTS])}", faults=tuple(faults))
    return tuple(steps)


def _action(row: dict[str, object], where: str) -> tuple[Action | None, list[str]]:
    """Return a step's action, of a terminal or else of P25; and what is wrong with it."""
    if row.get("do") not in ACTS:
        return None, [f"{where}.do: expected one of {', '.join(ACTS)}; got {row.get('do')!r}"]
    if row["do"] in (OUTAGE, RESTORE):
        return Action(str(row["do"])), []
    action, faults = check_action(row, where)
    if action is None:
        other, _ = check_step(row, where)
        if other is not None:
            return other, []
    unknown = [name for name in action.texts("say") if name not in clip_index()] if action else []
    return action, faults + [f"{where}.say: no clip {name!r}" for name in unknown]


def act_of(action: Action) -> Act:
    """Return a scenario's action as an act of an exercise."""
    said = action.texts("say")
    return Act(
        do=action.do,
        group=action.whole("group", 0),
        unit=action.whole("unit", 0),
        say=said[0] if said else "",
        tone_hz=action.maybe_number("tone_hz"),
        seconds=action.number("for_s", 3.0),
        value=action.whole("value", 0),
        text=action.text("text"),
        latitude_deg=action.maybe_number("latitude_deg"),
        longitude_deg=action.maybe_number("longitude_deg"),
    )


def add_simulators(services: Services) -> HouseSimulators:
    """Give the exercises and rehearsals of a server its simulators."""
    simulators = HouseSimulators()
    services.use(Exercises).simulators = simulators
    services.use(Rehearsals).simulators = simulators
    return simulators
