"""A radio's end of a real pseudo-terminal, read by a thread that notes the time of each byte."""

import contextlib
import os
import select
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path


def mono_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def wait_for(condition: Callable[[], bool], limit_ms: int, what: str) -> None:
    """Poll until the condition holds; fails with ``what`` after the limit."""
    end = mono_ms() + limit_ms
    while not condition():
        if mono_ms() > end:
            raise AssertionError(f"not within {limit_ms} ms: {what}")
        time.sleep(0.005)


class Wire:
    """The far end of a pseudo-terminal: what came, when, and what to say."""

    def __init__(self, link: Path) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.slave_name = os.ttyname(slave)
        self._slave = slave
        self.path = link
        with contextlib.suppress(FileNotFoundError):
            link.unlink()
        link.symlink_to(self.slave_name)
        self.chunks: list[tuple[int, bytes]] = []
        self.reading = threading.Event()
        self.reading.set()
        self.answer: Callable[[bytes], bytes] = lambda line: b""
        self._line = b""
        self._open = True
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def received(self) -> bytes:
        return b"".join(data for _, data in self.chunks)

    @property
    def lines(self) -> list[bytes]:
        return [line for line in self.received.split(b"\r") if line]

    def when(self, needle: bytes) -> int | None:
        """Return the time at which ``needle`` was complete, None when it has not come."""
        seen = b""
        for at_ms, data in self.chunks:
            seen += data
            if needle in seen:
                return at_ms
        return None

    def say(self, data: bytes) -> None:
        os.write(self.master, data)

    def close(self) -> None:
        """Pull the cable: the device is gone, its name too."""
        if self._open:
            self._open = False
            self.reading.set()
            with contextlib.suppress(FileNotFoundError):
                self.path.unlink()
            os.close(self._slave)
            # A reader thread that sits in read() would keep the master open: poll ends first.
            self._thread.join(2)
            os.close(self.master)

    def release_slave(self) -> None:
        """Let go of our copy of the slave, so that only others hold it."""
        os.close(self._slave)
        self._slave = os.open(os.devnull, os.O_RDONLY)

    def _read(self) -> None:
        while self._open:
            self.reading.wait()
            if not select.select([self.master], [], [], 0.05)[0] or not self.reading.is_set():
                continue
            try:
                data = os.read(self.master, 4096)
            except OSError:
                time.sleep(0.01)
                continue
            self.chunks.append((mono_ms(), data))
            self._reply(data)

    def _reply(self, data: bytes) -> None:
        self._line += data
        while b"\r" in self._line:
            line, _, self._line = self._line.partition(b"\r")
            answer = self.answer(line.strip(b"\x1b\n"))
            if answer:
                with contextlib.suppress(OSError):
                    os.write(self.master, answer)
