"""A simulator as a child process, driven over its control port by whoever started it."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.model.errors import LinkError

START_MS = 20_000
ANSWER_MS = 5_000
END_MS = 3_000
MAX_LINE_BYTES = 1 << 20


class SimChild:
    """One running simulator. Make it with ``start_child``; ``close`` ends it."""

    def __init__(
        self,
        process: asyncio.subprocess.Process | None,
        first: Mapping[str, Any],  # JSON values
    ) -> None:
        """Take a process that has said its ``first`` line; None: somebody else's."""
        self._process = process
        self.first = first
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process is None or self._process.returncode is None

    async def ask(self, request: Mapping[str, object]) -> dict[str, Any]:  # JSON values
        """Do an action or a query; returns its answer, ``ok`` false with ``error`` when refused.

        Raises LinkError when the simulator does not answer.
        """
        async with self._turn:
            try:
                return await asyncio.wait_for(self._ask(request), ANSWER_MS / 1000)
            except (OSError, TimeoutError, ValueError) as error:
                self._hang_up()
                raise LinkError(f"the simulator does not answer ({type(error).__name__})") from None

    async def _ask(self, request: Mapping[str, object]) -> dict[str, Any]:  # JSON values
        if self._streams is None:
            port = int(self.first["control"])
            self._streams = await asyncio.open_connection("127.0.0.1", port, limit=MAX_LINE_BYTES)
        reader, writer = self._streams
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        line = await reader.readline()
        if not line:
            raise ConnectionError("hung up")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _hang_up(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def close(self) -> None:
        """End our own process: ask, wait, then kill; safe twice."""
        self._hang_up()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), END_MS / 1000)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def start_child(words: Sequence[str]) -> SimChild:
    """Start ``sim`` with these words and wait for its first line; raises LinkError.

    The child ends by itself some seconds after this process is gone (``hardware.sim.tether``).
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hardware.sim", *words, "--control", "0"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    child = SimChild(process, {})
    try:
        assert process.stdout is not None  # asked for above
        line = await asyncio.wait_for(process.stdout.readline(), START_MS / 1000)
        child.first = json.loads(line)
    except (TimeoutError, ValueError) as error:
        await child.close()
        raise LinkError(
            f"the simulator {words[0]} did not start", hint=f"Try: samband sim {words[0]} --help"
        ) from error
    except BaseException:
        await child.close()
        raise
    return child
