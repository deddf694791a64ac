"""Finding a port's speed on pseudo-terminals whose other end knows the speed that was set."""

import asyncio
import os
import termios
from pathlib import Path

import pytest

from gateway.model.errors import LinkError
from hardware.discovery import probe, same_port
from hardware.link import LinkSettings
from hardware.opening import open_link
from hardware.port_names import check_name, device_of, is_local, is_there
from hardware.speed_search import final_line, find_speed
from tests.hardware.pty_wire import Wire
from tests.hardware.test_port_keeper import keep
from tests.hardware.test_rfc2217 import share

SPEEDS = {
    9600: termios.B9600,
    19200: termios.B19200,
    38400: termios.B38400,
    115200: termios.B115200,
}


def answers_at(wire: Wire, speed_bps: int, junk: bytes = b"") -> None:
    """Answer AT at one speed only; say junk at every other."""

    def answer(line: bytes) -> bytes:
        now = termios.tcgetattr(wire.master)[4]
        if now != SPEEDS[speed_bps]:
            return junk
        return b"\r\nOK\r\n" if line == b"AT" else b""

    wire.answer = answer


@pytest.mark.parametrize("speed_bps", [115200, 38400, 19200, 9600])
async def test_each_speed_is_found(wire: Wire, speed_bps: int) -> None:
    answers_at(wire, speed_bps)
    link = await open_link(str(wire.path), LinkSettings(speed_bps=0))
    search = await find_speed(link)
    assert search.found is not None
    assert search.found.speed_bps == speed_bps
    assert termios.tcgetattr(wire.master)[4] == SPEEDS[speed_bps]
    link.close()


async def test_speed_of_last_time_is_tried_first(wire: Wire) -> None:
    answers_at(wire, 19200)
    link = await open_link(str(wire.path), LinkSettings(speed_bps=0))
    search = await find_speed(link, first=19200)
    assert [heard.speed_bps for heard in search.tried] == [19200]
    link.close()


async def test_silence_and_junk_are_told_apart(wire: Wire) -> None:
    link = await open_link(str(wire.path), LinkSettings(speed_bps=0))
    search = await find_speed(link, (38400,))
    assert search.found is None
    assert "not one byte came" in search.words
    answers_at(wire, 9600, junk=b"\xf8\x00\x81")
    search = await find_speed(link, (38400, 19200))
    assert search.words.endswith("something came: 6 bytes at 38400, 6 bytes at 19200")
    link.close()


@pytest.mark.parametrize(
    ("answer", "final"),
    [
        (b"\r\nOK\r\n", "OK"),
        (b"AT\r\r\nOK\r\n", "OK"),
        (b"\xff\x00\r\n+CME ERROR: 35\r\n", "+CME ERROR: 35"),
        (b"\r\nERROR\r\n", "ERROR"),
        (b"OKAY\r\n", ""),
        (b"\x80\x80\x80", ""),
        (b"", ""),
    ],
)
def test_what_only_a_radio_says(answer: bytes, final: str) -> None:
    assert final_line(answer) == final


async def test_keeper_finds_the_speed_and_remembers_it(wire: Wire) -> None:
    answers_at(wire, 38400)
    async with keep(str(wire.path), speed_bps=0) as keeping:
        await keeping.until(lambda: keeping.times("opened") == 1)
        assert keeping.keeper.speed_bps == 38400
        asked = wire.received.count(b"AT\r")
        keeping.keeper.restart()
        await keeping.until(lambda: keeping.times("opened") == 2)
        assert wire.received.count(b"AT\r") == asked + 1, "the known speed answers at once"


async def test_keeper_says_what_came_when_no_speed_fits(wire: Wire) -> None:
    answers_at(wire, 9600, junk=b"\xf8")
    wire.answer = lambda line: b"\xf8\x00"
    async with keep(str(wire.path), speed_bps=0) as keeping:
        await keeping.until(lambda: keeping.times("waiting") == 1)
        assert "something came" in keeping.told[0]


async def test_speed_behind_an_rfc2217_server() -> None:
    async with share() as shared:

        def hear(data: bytes) -> None:
            if shared.port.speed_bps == 19200 and data.endswith(b"AT\r"):
                shared.port.say(b"\r\nOK\r\n")

        shared.port._heard = hear
        link = await open_link(shared.url, LinkSettings(speed_bps=0))
        search = await find_speed(link)
        assert search.found is not None
        assert search.found.speed_bps == 19200
        link.close()


def test_probe_of_an_rfc2217_port_that_nobody_serves() -> None:
    assert "no connection" in probe("rfc2217://127.0.0.1:9").reason


# ---- names


def usb(folder: Path, name: str, vid: str, pid: str, serial: str) -> None:
    """Lay out what /sys has for a USB serial adapter."""
    device = folder / "devices" / f"usb-{name}"
    port = device / "1.0" / name
    port.mkdir(parents=True)
    for file, text in (("idVendor", vid), ("idProduct", pid), ("serial", serial)):
        (device / file).write_text(text + "\n")
    tty = folder / "tty" / name
    tty.mkdir(parents=True)
    (tty / "device").symlink_to(port)


def test_usb_port_is_found_by_its_numbers(tmp_path: Path) -> None:
    usb(tmp_path, "ttyUSB0", "0403", "6001", "A1")
    usb(tmp_path, "ttyUSB3", "0403", "6001", "B2")
    usb(tmp_path, "ttyACM0", "0cad", "1234", "C3")
    ttys = tmp_path / "tty"
    assert device_of("usb:0403:6001:B2", ttys) == "/dev/ttyUSB3"
    assert device_of("usb:0CAD:1234", ttys) == "/dev/ttyACM0"
    with pytest.raises(LinkError, match="names 2 ports"):
        device_of("usb:0403:6001", ttys)
    with pytest.raises(LinkError, match="is not there"):
        device_of("usb:0403:6001:ZZ", ttys)
    assert device_of("/dev/ttyS0", ttys) == "/dev/ttyS0"


def test_names(wire: Wire) -> None:
    for name in ("/dev/ttyUSB0", "usb:0403:6001", "usb:0403:6001:A 1", "gpio:gpiochip0/1"):
        assert is_local(name)
    for name in ("socket://10.0.0.5:4001", "rfc2217://[::1]:4001"):
        assert not is_local(name)
        check_name(name)
    assert is_there(str(wire.path))
    assert not is_there("usb:ffff:ffff:none")
    assert same_port(str(wire.path), wire.slave_name)
    assert not same_port("usb:ffff:ffff:none", wire.slave_name)


async def test_port_pulled_out_during_the_search(wire: Wire) -> None:
    link = await open_link(str(wire.path), LinkSettings(speed_bps=0))
    search = asyncio.create_task(find_speed(link))
    await asyncio.sleep(0.05)
    os.unlink(wire.path)
    wire.close()
    with pytest.raises(LinkError):
        await search
    link.close()
