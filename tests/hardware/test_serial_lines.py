"""Modem lines of a local port. The system calls are played: a pseudo-terminal has no lines."""

import asyncio
import fcntl
import sys
import termios
import threading
from typing import Any

import pytest

from gateway.model.errors import LinkError
from hardware.line_state import Line
from hardware.link import LinkSettings
from hardware.opening import open_link
from hardware.serial_link import BITS, SerialLink
from tests.hardware.pty_wire import Wire
from tests.hardware.test_links import until


class Uart:
    """Plays the modem lines of a port; every other call goes to the system."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.state = 0
        self.calls: list[tuple[int, int]] = []
        self._real = fcntl.ioctl
        monkeypatch.setattr(fcntl, "ioctl", self._ioctl)

    def _ioctl(self, descriptor: int, request: int, argument: Any = 0, *more: Any) -> Any:
        if request == termios.TIOCMGET:
            return self.state.to_bytes(4, sys.byteorder)
        if request in (termios.TIOCMBIS, termios.TIOCMBIC):
            bits = int.from_bytes(argument, sys.byteorder)
            self.calls.append((request, bits))
            self.state = self.state | bits if request == termios.TIOCMBIS else self.state & ~bits
            return argument
        return self._real(descriptor, request, argument, *more)

    def set(self, line: Line, *, active: bool) -> None:
        self.state = self.state | BITS[line] if active else self.state & ~BITS[line]


def watchers() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "serial-net"]


async def opened(wire: Wire, settings: LinkSettings | None = None) -> SerialLink:
    link = await open_link(str(wire.path), settings or LinkSettings())
    assert isinstance(link, SerialLink)
    return link


async def test_inputs_are_told_and_each_change_of_them(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    uart = Uart(monkeypatch)
    uart.set(Line.DSR, active=True)
    link = await opened(wire)
    told: list[frozenset[Line]] = []
    link.watch_lines(told.append)
    assert told == [{Line.DSR}]
    assert link.lines_known
    for line in (Line.CTS, Line.DCD, Line.RI):
        uart.set(line, active=True)
        await until(lambda line=line: line in told[-1])  # type: ignore[misc]  # bound now
        assert link.lines == told[-1]
    uart.set(Line.DSR, active=False)
    await until(lambda: told[-1] == {Line.CTS, Line.DCD, Line.RI})
    assert len(watchers()) == 1
    link.close()
    link.close()
    assert watchers() == []
    before = len(told)
    uart.set(Line.CTS, active=False)
    await asyncio.sleep(0.05)
    assert len(told) == before, "a closed port tells nothing"


async def test_outputs(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    uart = Uart(monkeypatch)
    link = await opened(wire)
    uart.calls.clear()
    link.set_line(Line.RTS, active=True)
    link.set_line(Line.DTR, active=True)
    link.set_line(Line.RTS, active=False)
    assert uart.calls == [
        (termios.TIOCMBIS, termios.TIOCM_RTS),
        (termios.TIOCMBIS, termios.TIOCM_DTR),
        (termios.TIOCMBIC, termios.TIOCM_RTS),
    ]
    assert link.unkey_bytes(Line.RTS) == b""
    link.close()


async def test_port_that_only_keys_stays_at_b0(wire: Wire) -> None:
    link = await opened(wire, LinkSettings(lines_only=True))
    assert termios.tcgetattr(wire.master)[4] == termios.B0
    link.close()


async def test_port_without_lines_says_so(wire: Wire) -> None:
    link = await opened(wire)
    with pytest.raises(LinkError, match="cannot be read"):
        link.watch_lines(lambda lines: None)
    with pytest.raises(LinkError, match="RTS cannot be set"):
        link.set_line(Line.RTS, active=True)
    assert not link.lines_known
    link.close()


async def test_opening_that_is_given_up_leaves_no_port_open(wire: Wire) -> None:
    opening = asyncio.create_task(open_link(str(wire.path), LinkSettings()))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening

    async def can_open() -> bool:
        try:
            (await opened(wire)).close()
        except LinkError:
            return False
        return True

    async with asyncio.timeout(5):
        while not await can_open():
            await asyncio.sleep(0.02)
