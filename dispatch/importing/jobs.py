"""Imports that run now: where each is done, how far it is, and who may end it."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from dispatch.errors import Conflict, NotFound, ServiceError, TooLarge
from dispatch.importing.child import FAULT, FAULTS, HEAD, PLAN, PROGRESS, REPORT, ROWS, SAID, TOLD
from dispatch.importing.kept_report import KeptReport
from dispatch.importing.progress import Cancelled, told_to
from dispatch.importing.work import Outcome, Task, do_task
from gateway.model.errors import RemoteError

SHORT_BYTES = 256 * 1024
"""A file and a plan that are shorter together are read in a thread: a process costs more."""
WORKBOOK = b"PK"
MAX_AT_ONCE = 2
"""Imports that are worked on; more wait."""
MAX_WAITING = 8
WAITING = "waiting"
MAX_FRAME_BYTES = 512 << 20
TIMEOUT_S = 180


@dataclass(slots=True)
class Job:
    """One import that runs."""

    id: str
    owner: str
    """Id of the user."""
    stage: str = WAITING
    done: int = 0
    total: int = 0
    cancelled: bool = False
    process: Process | None = None

    def tell(self, stage: str, done: int, total: int) -> None:
        """Keep how far it is; raises Cancelled when it was ended."""
        self.stage, self.done, self.total = stage, done, total
        if self.cancelled:
            raise Cancelled("the import was ended; nothing was changed")


class Jobs:
    """All imports that run or wait."""

    def __init__(self) -> None:
        """Begin with none."""
        self._jobs: dict[str, Job] = {}
        self._places = asyncio.Semaphore(MAX_AT_ONCE)

    def find(self, job: str, owner: str) -> Job:
        """Return somebody's own import; raises NotFound when it does not run."""
        found = self._jobs.get(job)
        if found is None or found.owner != owner:
            raise NotFound(f"no import {job} runs")
        return found

    def cancel(self, job: str, owner: str) -> None:
        """End an import; nothing is changed by it. Raises NotFound."""
        found = self.find(job, owner)
        found.cancelled = True
        if found.process is not None and found.process.returncode is None:
            found.process.kill()

    async def run(self, job: Job, task: Task, data: bytes, *texts: str) -> Outcome:
        """Do a task; raises what ``do_task`` raises, Cancelled, and RemoteError when it broke."""
        async with self._place(job):
            length = len(data) + sum(map(len, texts))
            long = length > SHORT_BYTES or data.startswith(WORKBOOK)
            return await (_apart if long else _here)(job, task, data, *texts)

    @asynccontextmanager
    async def _place(self, job: Job) -> AsyncIterator[None]:
        if job.id in self._jobs or len(self._jobs) >= MAX_AT_ONCE + MAX_WAITING:
            raise Conflict("other imports run", hint="Try again when they are done.")
        self._jobs[job.id] = job
        try:
            async with self._places:
                job.tell("reading", 0, 0)
                yield
        finally:
            del self._jobs[job.id]


async def _here(job: Job, task: Task, data: bytes, *texts: str) -> Outcome:
    with told_to(job.tell):  # the thread has this context
        return await asyncio.to_thread(do_task, task, data, *texts)


async def _apart(job: Job, task: Task, data: bytes, *texts: str) -> Outcome:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dispatch.importing.child", stdin=PIPE, stdout=PIPE
    )
    job.process = process
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await _listen(job, process, task, [data, *(t.encode() for t in texts)])
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        job.tell(job.stage, job.done, job.total)  # raises when somebody ended it
        raise TooLarge(
            "file: reading it needs more memory or time than an import may take",
            hint="Cut the list in parts.",
        ) from error
    except TimeoutError as error:
        raise TooLarge(f"file: it was not read within {TIMEOUT_S} s") from error
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _listen(job: Job, process: Process, task: Task, parts: Sequence[bytes]) -> Outcome:
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise AssertionError("both are pipes")
    head = {"task": task.to_json(), "lengths": [len(part) for part in parts]}
    stdin.write(json.dumps(head).encode() + b"\n")
    with suppress(ConnectionError):  # it ended before it took all: its frames say why
        for part in parts:
            stdin.write(part)
            await stdin.drain()
    got: dict[bytes, bytes] = {}
    while REPORT not in got:
        kind, length = HEAD.unpack(await stdout.readexactly(HEAD.size))
        if length > MAX_FRAME_BYTES:
            raise RemoteError(f"import: a frame of {length} bytes")
        data = await stdout.readexactly(length)
        if kind == PROGRESS:
            job.tell(*json.loads(data))
        elif kind == FAULT:
            name, words, hint = json.loads(data)
            raise FAULTS.get(name, ServiceError)(words, hint=hint)
        else:
            got[kind] = data
    return _outcome(got)


def _outcome(got: dict[bytes, bytes]) -> Outcome:
    told = json.loads(got[TOLD])
    if told["kept"] is not None:
        head, kept = told["kept"]
        told["kept"] = KeptReport(head, kept, got[ROWS], got[SAID])
    told["removed"] = tuple((kind, key) for kind, key in told["removed"])
    return Outcome(report=got[REPORT], plan=got[PLAN].decode(), **told)
