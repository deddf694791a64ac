"""Lets an answer wait until the request was sent, so that its sender hears it.

Many programs send all of a request before they read. An answer in the middle of it, followed by the
end of the connection, reaches them as a reset (RFC 9112, 9.6: the system that closes throws away
what it had still to deliver). So the rest is read and thrown away first, within bounds: what is too
much, stops, or takes too long, is answered at once, and the connection ends.
"""

import asyncio

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DRAIN_BYTES = 64 << 20
"""So much of a refused request is read; beyond it the connection is cut."""
DRAIN_S = 20.0
IDLE_S = 2.0
"""Who sends nothing for so long waits for the answer, or is gone."""
MOST_AT_ONCE = 32
"""Requests that are read to their end at one time; further ones are answered at once."""


class BodyEnd:
    """Reads a request to its end before its answer begins."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app
        self._draining = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        body = _Body(receive, invited=_waits_to_be_asked(scope))

        async def send_late(message: Message) -> None:
            if message["type"] == "http.response.start":
                if body.worth_reading:
                    await self._drain(body)
                if not body.ended:  # what may still come is not waited for
                    MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self._app(scope, body.receive, send_late)

    async def _drain(self, body: "_Body") -> None:
        if self._draining >= MOST_AT_ONCE:
            return
        self._draining += 1
        try:
            async with asyncio.timeout(DRAIN_S):
                await body.drain()
        except TimeoutError:
            return
        finally:
            self._draining -= 1


class _Body:
    """What a client sends, and whether it is over. ``invited``: it waits until it is asked."""

    def __init__(self, receive: Receive, *, invited: bool) -> None:
        self._receive = receive
        self._unasked = invited
        self.ended = False

    @property
    def worth_reading(self) -> bool:
        """Whether more is on its way: not of a client that was never told to go on."""
        return not (self.ended or self._unasked)

    async def receive(self) -> Message:
        self._unasked = False
        message = await self._receive()
        self.ended = self.ended or not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        read = 0
        while not self.ended and read < DRAIN_BYTES:
            async with asyncio.timeout(IDLE_S):
                message = await self.receive()
            read += len(message.get("body", b""))


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


def _waits_to_be_asked(scope: Scope) -> bool:
    """Whether a client sends its body only when it is told to: it hears an answer as it is."""
    return any(
        name == b"expect" and value.lower() == b"100-continue" for name, value in scope["headers"]
    )
