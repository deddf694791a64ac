"""The un-key guard: a process of its own that un-keys a radio when its server cannot.

A stand-alone script, standard library only, run as
``python -I -S -E guard.py PORT PIPE PARENT [LINE …]``, or forked by ``guard.py nursery SOCKET``,
which makes one guard for each set of descriptors that it gets there, and holds none of them itself:

* PORT: inherited descriptor of the radio's port. The guard never opens a port.
* PIPE: inherited read end of the server's pipe. Frames, big-endian: u8 kind, u16 body length,
  u64 CLOCK_MONOTONIC nanoseconds when it was written, body. Kinds: ``B`` beat (every 100 ms),
  ``A`` arm (the body is what un-keys the radio, exactly), ``D`` disarm.
* PARENT: process id of the server; another parent means that the server is dead.
* LINE: ``gpio:FD``: inherited line request of a GPIO chip, whose only line is set inactive first.

On standard output it says ``r`` once it stands guard, then repeats the kind of each frame.

Theory of operation: not armed, the end of the pipe means close and exit. Armed, the end of the
pipe or 350 ms without a beat means: throw away what is queued on the port, write the armed bytes
(a command at a time, since a radio takes one), set DTR and RTS inactive, close, exit. Closing
matters: the lock on the port lives as long as any copy of its descriptor. A radio that is keyed by
a line and not by bytes is armed with ``LINES_ONLY``, which writes nothing. Nothing here may wait
without a limit, and signals that end a service group are ignored: the end of the pipe is the sign.
"""

import contextlib
import fcntl
import gc
import os
import select
import signal
import socket
import sys
import termios
import time

BEAT_LIMIT_MS = 350
"""Silence from the server, while armed, after which the radio is un-keyed."""
IDLE_MS = 1000
"""How often an idle guard looks whether its parent still lives."""
WRITE_LIMIT_MS = 1000
"""All writing together takes no longer than this, whatever the port does."""
ANSWER_LIMIT_MS = 120
"""How long the next command waits for the answer to the one before (radios take 20 to 80 ms)."""
DRAIN_LIMIT_MS = 500
HEADER_BYTES = 11
READ_BYTES = 4096
MOST_DESCRIPTORS = 16
LINES_ONLY = b"\0"
"""Armed with this the guard sets lines inactive and writes nothing."""
GPIO_SET_VALUES = 0xC010B40F
"""GPIO_V2_LINE_SET_VALUES_IOCTL of <linux/gpio.h>."""


def now_ms() -> int:
    """Return CLOCK_MONOTONIC in milliseconds; it is the same clock in every process."""
    return time.monotonic_ns() // 1_000_000


class Watch:
    """What the guard knows: the bytes it is armed with and the time of the last beat."""

    def __init__(self) -> None:
        """Stand unarmed."""
        self.unkey = b""
        self.beat_ms = now_ms()
        self._buffer = b""

    def feed(self, data: bytes) -> bytes:
        """Take bytes of the pipe, in any chunks; returns the kinds of the frames read."""
        self._buffer += data
        kinds = b""
        while len(self._buffer) >= HEADER_BYTES:
            length = int.from_bytes(self._buffer[1:3], "big")
            if len(self._buffer) < HEADER_BYTES + length:
                break
            kind = self._buffer[:1]
            sent_ms = int.from_bytes(self._buffer[3:HEADER_BYTES], "big") // 1_000_000
            body = self._buffer[HEADER_BYTES : HEADER_BYTES + length]
            self._buffer = self._buffer[HEADER_BYTES + length :]
            self.beat_ms = max(self.beat_ms, min(sent_ms, now_ms()))
            if kind == b"A":
                self.unkey = body
            elif kind == b"D":
                self.unkey = b""
            kinds += kind
        return kinds

    def wait_ms(self) -> int:
        """Return how long the pipe may stay silent from now on."""
        if not self.unkey:
            return IDLE_MS
        return max(0, self.beat_ms + BEAT_LIMIT_MS - now_ms())

    def overdue(self) -> bool:
        """Tell whether the server is silent for too long with the radio keyed."""
        return bool(self.unkey) and now_ms() - self.beat_ms >= BEAT_LIMIT_MS


def stand_guard(pipe: int, parent: int) -> bytes:
    """Watch the pipe until the server is gone or silent; returns what un-keys (empty: nothing)."""
    watch = Watch()
    poller = select.poll()
    poller.register(pipe, select.POLLIN)
    say(b"r")
    while True:
        if poller.poll(watch.wait_ms()):
            try:
                data = os.read(pipe, READ_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                return watch.unkey
            if not data:
                return watch.unkey
            say(watch.feed(data))
        if watch.overdue() or os.getppid() != parent:
            return watch.unkey


def say(kinds: bytes) -> None:
    """Answer the server; a server that does not listen changes nothing."""
    try:
        os.write(1, kinds)
    except OSError:
        return


def flush(port: int, queue: int) -> None:
    """Throw away what is queued, where the port is a terminal line."""
    try:
        termios.tcflush(port, queue)
    except (OSError, termios.error):
        return


def write_all(port: int, data: bytes, until_ms: int) -> None:
    """Write all of ``data``, giving up at ``until_ms``; a full queue is thrown away."""
    poller = select.poll()
    poller.register(port, select.POLLOUT)
    while data and now_ms() < until_ms:
        try:
            data = data[os.write(port, data) :]
        except BlockingIOError:
            flush(port, termios.TCOFLUSH)
            poller.poll(20)
        except OSError:
            return


def await_answer(port: int, until_ms: int) -> None:
    """Read until a final result (OK or an error) has come, at most until ``until_ms``."""
    poller = select.poll()
    poller.register(port, select.POLLIN)
    seen = b""
    while now_ms() < until_ms and b"OK" not in seen and b"ERROR" not in seen:
        if not poller.poll(max(0, until_ms - now_ms())):
            return
        try:
            data = os.read(port, READ_BYTES)
        except OSError:
            return
        if not data:
            return
        seen = (seen + data)[-READ_BYTES:]


def queued_bytes(port: int) -> int:
    """Return how much the port still has to send (0 where it cannot tell)."""
    try:
        return int.from_bytes(fcntl.ioctl(port, termios.TIOCOUTQ, b"\0\0\0\0"), sys.byteorder)
    except OSError:
        return 0


def drain(port: int) -> None:
    """Wait until the port has sent everything; what it cannot send in time is thrown away.

    Without that, the kernel holds the closing of a blocked serial port for up to 30 s.
    """
    until_ms = now_ms() + DRAIN_LIMIT_MS
    while queued_bytes(port):
        if now_ms() >= until_ms:
            flush(port, termios.TCOFLUSH)
            return
        time.sleep(0.005)


def lines_inactive(port: int) -> None:
    """Set DTR and RTS inactive, where the port has such lines."""
    lines = termios.TIOCM_DTR | termios.TIOCM_RTS
    try:
        fcntl.ioctl(port, termios.TIOCMBIC, lines.to_bytes(4, sys.byteorder))
    except OSError:
        return


def gpio_inactive(lines: list[str]) -> None:
    """Set the lines of GPIO chips inactive."""
    for line in lines:
        try:
            values = (0).to_bytes(8, sys.byteorder) + (1).to_bytes(8, sys.byteorder)
            fcntl.ioctl(int(line.removeprefix("gpio:")), GPIO_SET_VALUES, values)
        except OSError:
            continue


def unkey_radio(port: int, unkey: bytes) -> None:
    """Write ``unkey`` past everything that is queued, then set the lines inactive."""
    until_ms = now_ms() + WRITE_LIMIT_MS
    if unkey == LINES_ONLY:
        lines_inactive(port)
        return
    os.set_blocking(port, False)
    flush(port, termios.TCIOFLUSH)
    pending = b""
    for piece in unkey.splitlines(keepends=True):
        pending += piece
        if not piece.lstrip(b"\x1b").startswith(b"AT"):
            continue
        write_all(port, pending, until_ms)
        pending = b""
        await_answer(port, now_ms() + ANSWER_LIMIT_MS)
    write_all(port, pending, until_ms)
    drain(port)
    lines_inactive(port)


def main(arguments: list[str]) -> None:
    """Stand guard; never returns."""
    port, pipe, parent = (int(argument) for argument in arguments[:3])
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(name, signal.SIG_IGN)
    os.set_blocking(pipe, False)
    os.set_blocking(1, False)
    unkey = stand_guard(pipe, parent)
    if unkey:
        gpio_inactive(arguments[3:])
        unkey_radio(port, unkey)
    drain(port)
    os.close(port)
    os._exit(0)


def nursery(control: int) -> None:
    """Fork a guard for each request, until nobody can ask any more; never returns.

    A request carries descriptors: where to tell the process, the guard's standard output, the
    port, the pipe, and line requests of GPIO chips.
    """
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGCHLD):
        signal.signal(name, signal.SIG_IGN)
    gc.freeze()
    gc.disable()
    server = socket.socket(fileno=control)
    while True:
        asked, descriptors, _, _ = socket.recv_fds(server, READ_BYTES, MOST_DESCRIPTORS)
        if not asked:
            os._exit(0)
        with socket.socket(fileno=descriptors[0]) as teller:
            parent = os.getpid()
            guard = os.fork()
            if not guard:
                server.close()
                teller.close()
                forked(descriptors[1:], parent)
            process = os.pidfd_open(guard)
            with contextlib.suppress(OSError):  # nobody waits: its pipe ends, and so does it
                socket.send_fds(teller, [str(guard).encode()], [process])
        for descriptor in (*descriptors[1:], process):
            os.close(descriptor)


def forked(descriptors: list[int], parent: int) -> None:
    """Stand guard in a fork; never returns."""
    output, port, pipe, *lines = descriptors
    try:
        os.dup2(output, 1)
        os.close(output)
        main([str(port), str(pipe), str(parent), *(f"gpio:{line}" for line in lines)])
    finally:
        os._exit(1)


if __name__ == "__main__":
    if sys.argv[1] == "nursery":
        nursery(int(sys.argv[2]))
    main(sys.argv[1:])
