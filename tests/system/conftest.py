"""Whole stories: a demo in a process of its own, desks with and without a browser."""

import contextlib
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from samband.bench_demo import Control, RunningDemo, running_demo
from samband.bench_desk import Desk, PttSocket, StreamSocket

needs_chromium = pytest.mark.skipif(
    shutil.which("chromium") is None, reason="Chromium is not installed"
)

LONG_AND_LOUD = ("test_plans_under_load.py", "test_nothing_lost.py")
"""They take the whole machine: beside each other, and not beside who measures sound."""
QUIET = ("test_p25_calls.py", "test_sound.py")
"""They measure sound in real time: last, when nothing else begins any more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files into the order in which workers take them (with --no-loadscope-reorder)."""

    def place(item: pytest.Item) -> int:
        return (item.path.name in QUIET) - (item.path.name in LONG_AND_LOUD)

    items.sort(key=place)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A quiet demo for the tests of one file."""
    with running_demo(tmp_path_factory.mktemp("demo"), scenario="quiet") as running:
        yield running


@pytest.fixture
def own_demo(tmp_path: Path) -> Iterator[RunningDemo]:
    """A quiet demo that one test may kill."""
    with running_demo(tmp_path, scenario="quiet") as running:
        yield running


@pytest.fixture
def control(demo: RunningDemo) -> Iterator[Control]:
    """The simulated radios' control port, cleared of what earlier tests left."""
    with contextlib.closing(demo.control()) as port:
        yield port


@pytest.fixture
def desk(demo: RunningDemo) -> Desk:
    """A dispatcher at position 1."""
    signed_in = Desk(demo.url, **demo.users["dispatcher"])
    signed_in.take("1")
    return signed_in


@pytest.fixture
def ptt(desk: Desk) -> Iterator[PttSocket]:
    """The dispatcher's press socket."""
    with contextlib.closing(desk.ptt()) as opened:
        yield opened


@pytest.fixture
def stream(desk: Desk) -> Iterator[StreamSocket]:
    """The dispatcher's event stream."""
    with contextlib.closing(desk.stream()) as opened:
        yield opened


class Proxy:
    """A TCP way to the server that can be cut, or swallow everything silently."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[socket.socket] = []
        self.swallowing = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._pairs += [client, server]
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if not self.swallowing:
                    other.sendall(data)
        if not self.swallowing:
            with contextlib.suppress(OSError):
                other.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        """Break every connection at once."""
        for one in self._pairs:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self) -> None:
        """End."""
        self._listener.close()
        self.cut()


@pytest.fixture
def proxy() -> Iterator[Callable[[str], Proxy]]:
    """Make proxies to a URL; they end with the test."""
    made: list[Proxy] = []

    def make(url: str) -> Proxy:
        made.append(Proxy(int(url.rpartition(":")[2])))
        return made[-1]

    yield make
    for one in made:
        one.close()
