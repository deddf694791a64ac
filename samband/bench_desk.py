"""A desk without a browser, for benchmarks and system tests: signs in, presses, follows events."""

import http.cookiejar
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from gateway.model.errors import LinkError
from gateway.model.ids import UtcUs, ulid

RENEW_S = 0.1


def mono_ms() -> float:
    """Return CLOCK_MONOTONIC in milliseconds, as the simulator's log does."""
    return time.monotonic_ns() / 1e6


PURPOSE_NEEDED = 428
"""The server asks why somebody looks."""


def new_request() -> str:
    """Return a fresh request id, as a page makes it."""
    import os

    return "r-" + ulid(UtcUs(time.time_ns() // 1000), os.urandom(10))


@dataclass
class Desk:
    """One signed-in session; ``take`` a position before pressing."""

    url: str
    name: str
    password: str
    cookies: http.cookiejar.CookieJar = field(
        default_factory=http.cookiejar.CookieJar, repr=False, init=False
    )
    csrf: str = field(default="", repr=False, init=False)
    purpose: str = field(default="", repr=False, init=False)

    def __post_init__(self) -> None:
        """Sign in; raises LinkError with the server's words when refused."""
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        answer = self.call("POST", "/session", {"name": self.name, "password": self.password})
        self.csrf = answer["csrf"]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Make one API call; returns the JSON answer; raises LinkError with status and words."""
        status, data = self.raw(method, path, body)
        if status >= 400:
            raise LinkError(f"{method} {path}: {status} {data[:400]!r}")
        return json.loads(data) if data else None

    def raw(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Make one API call, stating a purpose where one is asked for; returns status and bytes."""
        status, data = self._send(method, path, body)
        if status == PURPOSE_NEEDED and not self.purpose:
            self.purpose = self.call("POST", "/purposes", {"code": "case", "ref": "BENCH-1"})["id"]
            return self._send(method, path, body)
        return status, data

    def _send(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        request = urllib.request.Request(  # noqa: S310 - the address of our own demo
            f"{self.url}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "X-Samband-Csrf": self.csrf,
                "X-Samband-Purpose": self.purpose,
            },
        )
        try:
            with self._opener.open(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def take(self, position: str = "1") -> None:
        """Take a position."""
        self.call("POST", f"/positions/{position}/take", {"take_over": True})

    @property
    def cookie(self) -> str:
        """The session as a ``Cookie`` header."""
        return "; ".join(f"{c.name}={c.value}" for c in self.cookies)

    def socket(self, path: str, compression: str | None = "deflate") -> ClientConnection:
        """Open a WebSocket of the API with this session."""
        address = self.url.replace("http", "ws", 1) + f"/api/v1{path}"
        return connect(
            address,
            legacy=True,
            additional_headers={"Cookie": self.cookie},
            max_size=None,
            compression=compression,
        )

    def ptt(self) -> "PttSocket":
        """Open the press socket."""
        return PttSocket(self.socket("/ptt"))

    def stream(self) -> "StreamSocket":
        """Open the event stream, and report as a desk that hears."""
        return StreamSocket(self.socket("/stream"))


class PttSocket:
    """Presses, renews from a thread, and keeps the states that come back."""

    def __init__(self, socket: ClientConnection) -> None:
        """Read states in the background."""
        self.socket = socket
        self.states: list[tuple[float, dict[str, Any]]] = []
        self._changed = threading.Condition()
        self._renewing: set[str] = set()
        self.last_renewal_ms = 0.0
        threading.Thread(target=self._read, name="ptt-read", daemon=True).start()
        threading.Thread(target=self._renew, name="ptt-renew", daemon=True).start()

    def _read(self) -> None:
        try:
            for text in self.socket:
                with self._changed:
                    self.states.append((mono_ms(), json.loads(text)))
                    self._changed.notify_all()
        except ConnectionClosed:
            return

    def _renew(self) -> None:
        try:
            while True:
                time.sleep(RENEW_S)
                for request in tuple(self._renewing):
                    self.send(op="renew", request=request)
                    self.last_renewal_ms = mono_ms()
        except (ConnectionClosed, OSError):
            return

    def send(self, **message: Any) -> float:
        """Send one message; returns the monotonic ms just before."""
        before = mono_ms()
        self.socket.send(json.dumps(message))
        return before

    def press(self, talkgroup: str, *, priority: int = 0, renew: bool = True) -> tuple[str, float]:
        """Press as a key does; returns the request id and the time just before."""
        request = new_request()
        before = self.send(
            op="press", request=request, talkgroup=talkgroup, source="key", priority=priority
        )
        self.last_renewal_ms = before
        if renew:
            self._renewing.add(request)
        return request, before

    def stop_renewing(self, request: str) -> float:
        """Let the lease run out; returns the time of the last renewal."""
        self._renewing.discard(request)
        return self.last_renewal_ms

    def release(self, request: str) -> float:
        """Let go; returns the time just before."""
        self._renewing.discard(request)
        return self.send(op="release", request=request)

    def wait(self, request: str, *states: str, seconds: float = 5) -> dict[str, Any]:
        """Wait for one of the states of a request; raises LinkError with what came instead."""

        def found() -> dict[str, Any] | None:
            return next(
                (s for _, s in self.states if s["request"] == request and s["state"] in states),
                None,
            )

        with self._changed:
            self._changed.wait_for(lambda: found() is not None, seconds)
            state = found()
        if state is None:
            came = [(s["state"], s["words"]) for _, s in self.states if s["request"] == request]
            raise LinkError(f"expected {states} of {request} within {seconds} s, came {came}")
        return state

    def close(self) -> None:
        """Close the socket."""
        self._renewing.clear()
        self.socket.close()


class StreamSocket:
    """The event stream of one session: its snapshot, and events as they come."""

    def __init__(self, socket: ClientConnection) -> None:
        """Ask for a snapshot and read in the background."""
        self.socket = socket
        self.items: list[tuple[float, dict[str, Any]]] = []
        self._changed = threading.Condition()
        self._part: dict[str, Any] | None = None
        self._open = True
        self.socket.send(json.dumps({"resume": None}))
        threading.Thread(target=self._read, name="stream-read", daemon=True).start()
        threading.Thread(target=self._report, name="stream-report", daemon=True).start()
        self.snapshot: dict[str, Any] = self.wait(lambda item: item["kind"] == "snapshot")["data"]

    def _read(self) -> None:
        try:
            for text in self.socket:
                item = self._whole(json.loads(text))
                if item is not None:
                    with self._changed:
                        self.items.append((mono_ms(), item))
                        self._changed.notify_all()
        except ConnectionClosed:
            return

    def _whole(self, item: dict[str, Any]) -> dict[str, Any] | None:
        """Return an item; a snapshot whose rows come in parts once the last one is there."""
        if item["kind"] == "snapshot" and item["more"]:
            self._part = item
            return None
        if item["kind"] == "rows" and self._part is not None:
            for table, rows in item["data"].items():
                self._part["data"][table] += rows
            if item["more"]:
                return None
            item, self._part = self._part, None
        return item

    def _report(self) -> None:
        audio = {"running": True, "advancing": True, "sink": True}
        try:
            while self._open:
                self.socket.send(json.dumps({"kind": "report", "audio": audio, "shown": []}))
                time.sleep(2)
        except (ConnectionClosed, OSError):
            return

    def wait(
        self, wanted: Callable[[dict[str, Any]], bool], *, seconds: float = 10, since: int = 0
    ) -> dict[str, Any]:
        """Wait for an item that fits, from index ``since`` on; raises LinkError after a while."""

        def found() -> dict[str, Any] | None:
            return next((item for _, item in self.items[since:] if wanted(item)), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None, seconds)
            item = found()
        if item is None:
            kinds = [item.get("type", item["kind"]) for _, item in self.items[since:]][-20:]
            raise LinkError(f"no such event within {seconds} s; came {kinds}")
        return item

    def event(self, kind: str, *, seconds: float = 10, since: int = 0, **data: Any) -> Any:
        """Wait for an event of a type whose data has these values; returns its data."""

        def fits(item: dict[str, Any]) -> bool:
            return item.get("type") == kind and all(
                item["data"].get(key) == value for key, value in data.items()
            )

        return self.wait(fits, seconds=seconds, since=since)["data"]

    def close(self) -> None:
        """Close the socket."""
        self._open = False
        self.socket.close()
