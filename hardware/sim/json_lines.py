"""What small simulators share: a control port of JSON lines, the end by signal, the clock."""

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import Callable, Coroutine, Mapping

from gateway.model.errors import ConfigError
from hardware.sim.tether import LOOK_S, Tether

Action = Callable[[Mapping[str, object]], dict[str, object]]


def mono_ms() -> float:
    """Return CLOCK_MONOTONIC in milliseconds: the same for every process of the machine."""
    return time.monotonic_ns() / 1e6


class JsonLines:
    """JSON lines over loopback TCP: one object a line in, one out."""

    def __init__(self, actions: Mapping[str, Action]) -> None:
        """Act as the request's ``do`` says."""
        self._actions = actions
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self, port: int) -> int:
        """Listen on 127.0.0.1; returns the port (0 takes a free one)."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and hang up; safe twice."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.close()

    def run_beside(self, work: Coroutine[object, object, None], name: str) -> None:
        """Run something that takes its time; it ends with the control port."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def answer(self, line: bytes) -> dict[str, object]:
        """Return the answer to one request; ``ok`` is false with a reason when it is refused."""
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ConfigError(f"expected a JSON object, got {request!r}")
            do = request.get("do")
            if not isinstance(do, str) or do not in self._actions:
                known = ", ".join(sorted(self._actions))
                raise ConfigError(f"do: expected one of {known}; got {do!r}")
            return {"ok": True, "t_ms": round(mono_ms(), 3), **self._actions[do](request)}
        except (ValueError, ConfigError) as error:
            return {"ok": False, "error": str(error)}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self.answer(line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


def number_of(request: Mapping[str, object], name: str, default: float) -> float:
    """Return a number of a request; raises ConfigError when it is none."""
    value = request.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(f"{name}: expected a number, got {value!r}")
    return float(value)


def end_on_signal() -> asyncio.Event:
    """Return what SIGTERM and SIGINT set from now on."""
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    return stop


async def run_until(stop: asyncio.Event) -> None:
    """Return when it is set; with a pipe as output, also when who started us is gone."""
    tether = Tether()
    while not stop.is_set() and not tether.cut(mono_ms()):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_S)
