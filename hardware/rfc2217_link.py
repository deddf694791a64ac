"""A radio's port behind an RFC 2217 server: ``rfc2217://HOST:PORT``, on the event loop.

The codec is ``hardware.rfc2217``. Once in ``BEAT_MS`` the modem state is asked for, which every
server answers; a server that says nothing for ``SILENCE_MS`` is gone. While one of our lines keys,
a Telnet NOP goes out every ``KEYED_BEAT_MS``: our own server drops the lines of a client that sent
such beats and stopped.
"""

import asyncio
from collections.abc import Callable

from gateway.model.errors import InvalidCommand, LinkError
from hardware.descriptor_link import DescriptorLink
from hardware.line_state import Line
from hardware.link import LinkSettings
from hardware.rfc2217 import ClientCore, Code, PortSettings, ask, set_line
from hardware.serial_link import DETECT_FIRST_BPS
from hardware.tcp_link import connect
from hardware.telnet import BEAT, escape

SET_UP_LIMIT_MS = 3000
BEAT_MS = 500
SILENCE_MS = 1400
KEYED_BEAT_MS = 250
MAX_WRITE_BYTES = 1024


class Rfc2217Link:
    """One port far away, as a link with modem lines and a speed."""

    def __init__(self, url: str, inner: DescriptorLink, settings: LinkSettings) -> None:
        """Take a fresh connection; ``set_up`` agrees with the server."""
        self._url = url
        self._inner = inner
        self._settings = settings
        self._core = ClientCore(_port_settings(settings, settings.speed_bps or DETECT_FIRST_BPS))
        self._loop = asyncio.get_running_loop()
        self._received: Callable[[bytes], None] = lambda data: None
        self._freed: Callable[[], None] = lambda: None
        self._lost: Callable[[str], None] = lambda reason: None
        self._changed: Callable[[frozenset[Line]], None] = lambda lines: None
        self._control: list[bytes] = []
        self._data = b""
        self._owed = False
        self._news = asyncio.Event()
        self._down = ""
        self._closed = False
        self._heard_s = self._loop.time()
        self._keyed: set[Line] = set()
        self._beat: asyncio.TimerHandle | None = None
        inner.start(self._receive, self._pump, self._fail)

    # -- hardware.link.Link

    @property
    def name(self) -> str:
        """Where it leads."""
        return self._url

    @property
    def chunk_bytes(self) -> int:
        """Most bytes that ``write`` takes at once."""
        return self._settings.chunk_bytes

    @property
    def free(self) -> bool:
        """Whether the last write has left the machine."""
        return not (self._closed or self._data or self._owed)

    def fileno(self) -> int:
        """Return the descriptor of the connection."""
        return self._inner.fileno()

    def start(
        self,
        received: Callable[[bytes], None],
        freed: Callable[[], None],
        lost: Callable[[str], None],
    ) -> None:
        """Hand on what the line says from here on."""
        self._received, self._freed, self._lost = received, freed, lost
        if self._down:
            self._loop.call_soon(lost, self._down)

    def write(self, data: bytes) -> None:
        """Write at most ``chunk_bytes``; raises InvalidCommand while not ``free``."""
        if self._closed:
            return
        if not self.free or len(data) > self.chunk_bytes:
            raise InvalidCommand(
                f"{self.name}: expected at most {self.chunk_bytes} bytes on a free link, "
                f"got {len(data)} bytes, free: {self.free}"
            )
        self._data = escape(data)
        self._owed = True
        self._pump()

    def write_over(self, data: bytes) -> None:
        """Throw away what waits here and write this at once."""
        self._data = b""
        self._inner.write_over(escape(data))

    def close(self) -> None:
        """Set our lines inactive, then hang up."""
        if self._closed:
            return
        self._closed = True
        if self._beat is not None:
            self._beat.cancel()
        if self._keyed:
            self._inner.write_over(b"".join(set_line(line, active=False) for line in self._keyed))
        self._inner.close()

    # -- speed and lines

    @property
    def lines(self) -> frozenset[Line]:
        """Inputs that are active, as last heard."""
        return self._core.lines

    @property
    def lines_known(self) -> bool:
        """Whether the server ever told its inputs."""
        return self._core.lines_known

    async def set_up(self) -> None:
        """Agree on the option and the settings; raises LinkError when the server does not."""
        self._flush()
        await self._until_ready()
        self._look()

    async def set_speed(self, speed_bps: int) -> None:
        """Change the speed; raises LinkError when the server does not confirm it."""
        self._core.use(_port_settings(self._settings, speed_bps))
        self._flush()
        await self._until_ready()

    def set_line(self, line: Line, *, active: bool) -> None:
        """Set DTR or RTS, ahead of everything that waits."""
        if self._closed:
            raise LinkError(f"{self.name} is closed")
        if active and line not in self._settings.active:
            self._keyed.add(line)
        else:
            self._keyed.discard(line)
        self._control.insert(0, set_line(line, active=active) + BEAT)
        self._pump()
        self._look()

    def unkey_bytes(self, line: Line) -> bytes:
        """Return the request that sets the line inactive."""
        return set_line(line, active=False)

    def watch_lines(self, changed: Callable[[frozenset[Line]], None]) -> None:
        """Tell the inputs now and whenever they change."""
        self._changed = changed
        if self.lines_known:
            changed(self.lines)

    # -- inside

    async def _until_ready(self) -> None:
        try:
            async with asyncio.timeout(SET_UP_LIMIT_MS / 1000):
                while not (self._core.ready or self._core.refusal or self._down):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise LinkError(
                f"{self.name}: no agreement on RFC 2217 within {SET_UP_LIMIT_MS // 1000} s",
                hint="Is this an RFC 2217 server? A plain one is socket://HOST:PORT.",
            ) from None
        if self._down or self._core.refusal:
            raise LinkError(f"{self.name}: {self._core.refusal or self._down}")

    def _receive(self, data: bytes) -> None:
        self._heard_s = self._loop.time()
        before, known = self._core.lines, self._core.lines_known
        line_data = self._core.receive(data)
        self._flush()
        self._news.set()
        if line_data:
            self._received(line_data)
        if self._core.lines != before or (self._core.lines_known and not known):
            self._changed(self._core.lines)

    def _flush(self) -> None:
        self._control += self._core.outgoing()
        self._pump()

    def _pump(self) -> None:
        """Write what is next: commands first, each whole; then the line's data."""
        if not self._inner.free:
            return
        if self._control:
            out, self._control = b"".join(self._control), []
            self._inner.write(out)
        elif self._data:
            out, self._data = self._data, b""
            self._inner.write(out)
        elif self._owed:
            self._owed = False
            self._freed()

    def _look(self) -> None:
        """Ask for the modem state, notice silence, and beat while a line keys."""
        if self._closed:
            return
        if self._beat is not None:
            self._beat.cancel()
        if (self._loop.time() - self._heard_s) * 1000 > SILENCE_MS:
            self._fail(f"{self.name} does not answer any more")
            return
        if not self._control:
            self._control.append(ask(Code.MODEM_STATE) + (BEAT if self._keyed else b""))
            self._pump()
        pause_ms = KEYED_BEAT_MS if self._keyed else BEAT_MS
        self._beat = self._loop.call_later(pause_ms / 1000, self._look)

    def _fail(self, reason: str) -> None:
        if self._closed or self._down:
            return
        self._down = reason
        self._news.set()
        self.close()
        self._lost(reason)


async def open_rfc2217(url: str, settings: LinkSettings) -> Rfc2217Link:
    """Connect and set the port up; raises ConfigError on a bad address, LinkError otherwise."""
    connection = await connect(url)
    inner = DescriptorLink(url, connection.fileno(), _whole(settings), connection.close)
    link = Rfc2217Link(url, inner, settings)
    try:
        await link.set_up()
    except BaseException:
        link.close()
        raise
    return link


def _port_settings(settings: LinkSettings, speed_bps: int) -> PortSettings:
    return PortSettings(speed_bps=speed_bps, rtscts=settings.rtscts, active=settings.active)


class _Whole(LinkSettings):
    """Settings of the connection below: commands are written in one piece."""

    @property
    def chunk_bytes(self) -> int:
        return MAX_WRITE_BYTES


def _whole(settings: LinkSettings) -> LinkSettings:
    return _Whole(speed_bps=settings.speed_bps, rtscts=settings.rtscts)
