"""The server's side of the un-key guard: starts it, beats, arms it before each key-up."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable

from gateway.model.errors import LinkError
from hardware.descriptors import forget, keep_private
from hardware.guard_nursery import GuardProcess, fork_guard

BEAT_MS = 100
START_LIMIT_MS = 3000
UNANSWERED_LIMIT = 5
"""Frames that the guard may owe an answer before it counts as hanging."""
REAP_LIMIT_MS = 1000
LINES_ONLY = b"\0"
"""What a guard is armed with that has to set lines and to write nothing."""


class UnkeyGuard:
    """One guard process for one open port.

    Use: ``start``, then ``arm`` before key-up bytes are written and ``disarm`` after the un-key
    has left. ``died`` is called on the loop when the guard ends by itself, with the bytes it was
    armed with (empty: none). An armed guard has un-keyed the radio, unless it was killed.
    """

    def __init__(
        self, port: int, died: Callable[[bytes], None], *, gpio: tuple[int, ...] = ()
    ) -> None:
        """Prepare a guard for the descriptor of an open port; ``gpio``: line requests besides."""
        self._port = port
        self._gpio = gpio
        self._died = died
        self._loop = asyncio.get_running_loop()
        self._process: GuardProcess | None = None
        self._pipe = -1
        self._armed_with = b""
        self._unanswered = 0
        self._ready = asyncio.Event()
        self._beat: asyncio.TimerHandle | None = None

    @property
    def armed(self) -> bool:
        """Whether the guard would un-key the radio if we ended now."""
        return bool(self._armed_with)

    @property
    def armed_with(self) -> bytes:
        """What un-keys the radio if we ended now; empty for nothing."""
        return self._armed_with

    @property
    def pid(self) -> int | None:
        """Process id, None when no guard runs."""
        return self._process.pid if self._process is not None else None

    def alive(self) -> bool:
        """Tell whether a guard stands and answers; looks at once, not at the last news."""
        if self._process is not None and self._ready.is_set():
            self._listen()
        return (
            self._process is not None
            and self._ready.is_set()
            and self._unanswered <= UNANSWERED_LIMIT
        )

    async def start(self) -> None:
        """Start the process and wait until it stands; raises LinkError when it does not."""
        self._ready.clear()
        self._unanswered = 0
        read_end, self._pipe = os.pipe()
        keep_private(self._pipe)
        os.set_blocking(self._pipe, False)
        try:
            self._process = await fork_guard(self._port, read_end, self._gpio)
        except OSError as error:
            self._close_pipe()
            raise LinkError(f"the un-key guard does not start: {error}") from None
        finally:
            os.close(read_end)
        self._loop.add_reader(self._answers(), self._listen)
        try:
            async with asyncio.timeout(START_LIMIT_MS / 1000):
                await self._ready.wait()
        except TimeoutError:
            await self.close()
            raise LinkError(
                f"the un-key guard did not answer within {START_LIMIT_MS} ms",
                hint="Nothing is keyed without it. Is the machine overloaded?",
            ) from None
        except BaseException:
            await self.close()
            raise
        if self._process is None:
            raise LinkError("the un-key guard ended at once", hint="Its reason is in the log.")
        self._tick()

    def arm(self, unkey: bytes) -> None:
        """Give the exact bytes that un-key; returns when they are on their way to a live guard.

        The pipe keeps what is written to it, so the guard gets the bytes even if we end now.
        Raises LinkError when no guard stands: then nothing may be keyed.
        """
        if unkey == self._armed_with and self.alive():
            return
        if not self.alive() or not self._send(b"A", unkey):
            raise LinkError("no un-key guard stands", hint="It is started again; try once more.")
        self._armed_with = unkey

    def disarm(self) -> None:
        """Say that the radio is un-keyed."""
        if self._armed_with:
            self._armed_with = b""
            self._send(b"D")

    async def close(self) -> None:
        """End the guard (it un-keys first when armed) and wait for its end; safe twice."""
        process = self._forget_process()
        if process is not None:
            await _reaped(process)

    def _answers(self) -> int:
        """Return the descriptor on which the guard answers."""
        if self._process is None or self._process.stdout is None:
            raise LinkError("no un-key guard stands")
        descriptor = self._process.stdout.fileno()
        os.set_blocking(descriptor, False)
        return descriptor

    def _listen(self) -> None:
        try:
            answers = os.read(self._answers(), 4096)
        except BlockingIOError:
            return
        except (OSError, LinkError):
            answers = b""
        if not answers:
            self._ended()
            return
        if answers.startswith(b"r"):
            self._ready.set()
            answers = answers[1:]
        self._unanswered -= len(answers)

    def _ended(self) -> None:
        """Take note that the guard ended by itself; a guard that never stood is told by start."""
        unkey, stood = self._armed_with, self._beat is not None
        process = self._forget_process()
        self._ready.set()
        if process is not None:
            self._reap(process, REAP_LIMIT_MS)
            if stood:
                self._loop.call_soon(self._died, unkey)

    def _reap(self, process: GuardProcess, left_ms: int) -> None:
        if process.poll() is None and left_ms > 0:
            self._loop.call_later(0.02, self._reap, process, left_ms - 20)

    def _forget_process(self) -> GuardProcess | None:
        process, self._process = self._process, None
        self._armed_with = b""
        if self._beat is not None:
            self._beat.cancel()
        if process is not None and process.stdout is not None:
            self._loop.remove_reader(process.stdout.fileno())
            process.stdout.close()
        self._close_pipe()
        return process

    def _close_pipe(self) -> None:
        if self._pipe >= 0:
            forget(self._pipe)
            os.close(self._pipe)
            self._pipe = -1

    def _tick(self) -> None:
        self._send(b"B")
        self._beat = self._loop.call_later(BEAT_MS / 1000, self._tick)

    def _send(self, kind: bytes, body: bytes = b"") -> bool:
        """Write one frame; False when the guard cannot take it."""
        stamp = time.monotonic_ns().to_bytes(8, "big")
        frame = kind + len(body).to_bytes(2, "big") + stamp + body
        self._unanswered += 1
        with contextlib.suppress(OSError):
            return os.write(self._pipe, frame) == len(frame)
        return False


async def _reaped(process: GuardProcess) -> None:
    """Wait for the end of a guard whose pipe is closed; kill one that hangs."""
    end = time.monotonic() + 2 * REAP_LIMIT_MS / 1000
    while process.poll() is None:
        if time.monotonic() > end:
            process.kill()
            process.wait()
            return
        await asyncio.sleep(0.005)
