"""One small process that makes the un-key guards of all ports, by fork.

A Python of its own costs each guard four megabytes; a fork of a Python that has done nothing yet
shares them. The nursery holds no port: it gets descriptors, forks, and closes its own copies. It
ends with the last guard. Should it end before, its guards lose their parent and end as if the
server were gone, un-keying first where they are armed.
"""

import asyncio
import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

from gateway.model.errors import LinkError
from hardware.descriptors import forget, keep_private

SCRIPT = Path(__file__).with_name("guard.py")
FORK_LIMIT_MS = 3000
END_LIMIT_MS = 200
_PID_BYTES = 32


class GuardProcess:
    """A guard that the nursery has forked; used like a ``subprocess.Popen``."""

    def __init__(self, pid: int, pidfd: int, answers: int) -> None:
        """Take the process by its descriptor, and the pipe on which it answers."""
        self.pid = pid
        self.stdout = os.fdopen(answers, "rb", buffering=0)
        self._pidfd = pidfd
        _users.add(self)

    def poll(self) -> int | None:
        """Return 0 once the process has ended; a nursery without guards ends then too."""
        if not self._ended(0):
            return None
        self._let_go()
        return 0

    def kill(self) -> None:
        """End it at once."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def wait(self) -> None:
        """Wait for the end."""
        self._ended(FORK_LIMIT_MS)
        self._let_go()

    def _ended(self, wait_ms: int) -> bool:
        if self._pidfd < 0:
            return True
        poller = select.poll()
        poller.register(self._pidfd, select.POLLIN)
        return bool(poller.poll(wait_ms))

    def _let_go(self) -> None:
        """Forget this guard, and any that ended while nobody looked."""
        for one in [self, *(user for user in _users if user._ended(0))]:
            _users.discard(one)
            if one._pidfd >= 0:
                os.close(one._pidfd)
                one._pidfd = -1
        if not _users:
            _close()


class _Nursery:
    """The process, and the socket on which it is asked."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        keep_private(self.control.fileno())
        words = [sys.executable, "-I", "-S", "-E", str(SCRIPT), "nursery", str(theirs.fileno())]
        try:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError:
            self._close_control()
            raise
        finally:
            theirs.close()

    def _close_control(self) -> None:
        forget(self.control.fileno())
        self.control.close()

    def close(self) -> None:
        """Let it end; it does within a millisecond when nobody can ask it any more."""
        self._close_control()
        try:
            self.process.wait(END_LIMIT_MS / 1000)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


_users: set[GuardProcess] = set()
_standing: _Nursery | None = None


def _nursery() -> _Nursery:
    global _standing  # noqa: PLW0603 - one a process, as long as it has guards
    if _standing is not None and _standing.process.poll() is not None:
        _close()
    if _standing is None:
        _standing = _Nursery()
    return _standing


def _close() -> None:
    global _standing
    nursery, _standing = _standing, None
    if nursery is not None:
        nursery.close()


async def fork_guard(port: int, pipe: int, gpio: tuple[int, ...]) -> GuardProcess:
    """Return a new guard for an open port; raises OSError or LinkError when there is none.

    ``pipe`` is the read end of the server's pipe, ``gpio`` are line requests besides the port.
    """
    ours, theirs = socket.socketpair()
    answers, answering = os.pipe()
    try:
        with theirs:
            descriptors = [theirs.fileno(), answering, port, pipe, *gpio]
            socket.send_fds(_nursery().control, [b"guard"], descriptors)
        pid, pidfd = await _told(ours)
    except BaseException:
        os.close(answers)
        if not _users:
            _close()
        raise
    finally:
        os.close(answering)
        ours.close()
    return GuardProcess(pid, pidfd, answers)


async def _told(ours: socket.socket) -> tuple[int, int]:
    """Wait for the guard's process id and the descriptor of its process."""
    ours.setblocking(False)
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(ours, ready.set)
    try:
        async with asyncio.timeout(FORK_LIMIT_MS / 1000):
            await ready.wait()
    except TimeoutError:
        raise LinkError(f"no un-key guard was made within {FORK_LIMIT_MS} ms") from None
    finally:
        loop.remove_reader(ours)
    pid, descriptors, _, _ = socket.recv_fds(ours, _PID_BYTES, 1)
    if not pid or not descriptors:
        raise LinkError("the process that makes un-key guards has ended")
    return int(pid), descriptors[0]
