"""uvicorn as a part: started, ready, stopped by us; signals and logging stay ours."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from gateway.model.errors import ConfigError
from samband.config import Web

START_POLL_S = 0.01
STOP_S = 5
KEEP_ALIVE_S = 75
"""Longer than Java's client keeps an idle connection (30 s): who ends it loses nothing, while a
request that meets our end of it is lost, and a recorder's call with it."""


class _Uvicorn(uvicorn.Server):
    """uvicorn without its own signal handlers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the command."""
        yield


class WebServer:
    """Serves one application on one socket."""

    def __init__(self, app: FastAPI, web: Web, listener: socket.socket | None = None) -> None:
        """Bind the socket now, so that a busy port is told before anything else starts.

        ``listener`` is a socket of the caller that listens already.
        """
        self._socket = listener or bind(web.host, web.port)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            http="h11",  # what is installed beside it changes nothing
            ssl_certfile=web.certificate,
            ssl_keyfile=web.key,
            timeout_graceful_shutdown=STOP_S,
            timeout_keep_alive=KEEP_ALIVE_S,
            ws_ping_interval=10,
            ws_ping_timeout=10,
        )
        if web.certificate is not None:
            config.load()
            if config.ssl is not None:
                config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
        self._server = _Uvicorn(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve; returns when requests are answered."""
        self._task = asyncio.create_task(self._server.serve([self._socket]), name="web")
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise ConfigError("the web server ended while starting")
            await asyncio.sleep(START_POLL_S)

    async def ended(self) -> None:
        """Wait until the server ends by itself."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def close(self) -> None:
        """Answer what is under way, then stop; safe twice."""
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.wait([self._task], timeout=STOP_S * 2)
        self._socket.close()


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket; raises ConfigError when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise ConfigError(
            f"web: cannot listen on {host} port {port}: {error.strerror}",
            hint="Is another server running? Give another with web.port.",
        ) from error
    return bound
