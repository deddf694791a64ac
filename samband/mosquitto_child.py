"""A real Mosquitto as a child process on a free loopback port, for benchmarks and tests."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from gateway.model.errors import LinkError

START_S = 10.0
PLACES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")


def find_mosquitto() -> str | None:
    """Return the broker's program, None when it is not installed."""
    found = shutil.which("mosquitto")
    if found:
        return found
    return next((str(p) for d in PLACES if (p := Path(d) / "mosquitto").is_file()), None)


@contextlib.contextmanager
def running_mosquitto(folder: Path) -> Iterator[int]:
    """Run a broker with a configuration of its own; gives its port; ends it at the end."""
    program = find_mosquitto()
    if program is None:
        raise LinkError("mosquitto is not installed", hint="apt-get install mosquitto")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        "max_queued_messages 200000\nmax_inflight_messages 1000\nset_tcp_nodelay true\n",
        encoding="ascii",
    )
    with (folder / "mosquitto.log").open("wb") as log:
        process = subprocess.Popen([program, "-c", str(config)], stdout=log, stderr=log)
    try:
        _wait(process, port)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise LinkError(f"mosquitto did not listen on port {port} within {START_S:.0f} s")
