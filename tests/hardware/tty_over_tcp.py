"""A serial port over plain TCP, as a small network serial server has it; its cable can be cut."""

import contextlib
import os
import select
import socket
import threading
from pathlib import Path

LOOK_S = 0.2
BYTES = 4_096


class TtyOverTcp:
    """Serves one client at a time on loopback; opens the port while somebody is connected."""

    def __init__(self, tty: Path) -> None:
        """Listen on a free port."""
        self._tty = tty
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._client: socket.socket | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._serve, daemon=True, name="tty over tcp").start()

    @property
    def url(self) -> str:
        """Where the driver connects."""
        return f"socket://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break the connection; nobody answers until ``mend``."""
        self._listener.close()
        client = self._client
        if client is not None:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Answer again, on the same port."""
        self._listener = socket.create_server(("127.0.0.1", self.port))

    def close(self) -> None:
        """End."""
        self._ended.set()
        self.cut()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                self._listener.settimeout(LOOK_S)
                client, _ = self._listener.accept()
            except OSError:
                self._ended.wait(LOOK_S / 4)
                continue
            with client, contextlib.suppress(OSError):
                self._client = client
                self._join(client)
            self._client = None

    def _join(self, client: socket.socket) -> None:
        tty = os.open(self._tty, os.O_RDWR | os.O_NOCTTY)
        try:
            while not self._ended.is_set():
                ready, _, _ = select.select([client.fileno(), tty], [], [], LOOK_S)
                if client.fileno() in ready:
                    data = client.recv(BYTES)
                    if not data:
                        return
                    os.write(tty, data)
                if tty in ready:
                    client.sendall(os.read(tty, BYTES))
        finally:
            os.close(tty)
