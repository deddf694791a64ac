"""A PulseAudio of the tests' own, with null sinks: sound devices on a machine that has none."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

needs_pulse = pytest.mark.skipif(
    shutil.which("pulseaudio") is None or shutil.which("pactl") is None,
    reason="PulseAudio is not installed",
)


class Pulse:
    """One sound server; ``address`` goes into PULSE_SERVER."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "native"
        self.address = f"unix:{self._socket}"
        home = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "XDG_CONFIG_HOME": str(folder)}
        self.environment = {**os.environ, **home, "PULSE_SERVER": self.address}
        # no default script: no sink but ours, and none made up when the last one goes
        self._process = subprocess.Popen(
            [
                *("pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"),
                f"--load=module-native-protocol-unix socket={self._socket} auth-anonymous=1",
            ],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, *words: str) -> str:
        """Run pactl; returns what it prints."""
        done = subprocess.run(
            ["pactl", *words], env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(subprocess.CalledProcessError):
                self.ask("info")
                return
            assert self._process.poll() is None, "PulseAudio ended at its start"
            time.sleep(0.05)
        raise AssertionError("PulseAudio did not start within 10 s")

    def plug(self, name: str) -> str:
        """Add a sink; returns what unplugs it."""
        return self.ask("load-module", "module-null-sink", f"sink_name={name}", "rate=48000")

    def unplug(self, module: str) -> None:
        """Take a sink away."""
        self.ask("unload-module", module)

    def close(self) -> None:
        """End."""
        self._process.terminate()
        self._process.wait(timeout=10)


@contextlib.contextmanager
def sound_server(folder: Path) -> Iterator[Pulse]:
    """Run a sound server without any sink."""
    server = Pulse(folder)
    try:
        server.wait()
        yield server
    finally:
        server.close()
