"""A sound server of its own for benchmarks and tests: PulseAudio with null sinks, in a folder.

PortAudio reaches it through ALSA's ``pulse`` devices, as it would on a desktop. Each sink has
two names there: ``NAME_play`` plays into it, ``NAME_hear`` captures what is played into it.
"""

import contextlib
import ctypes.util
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from gateway.model.errors import LinkError

RATE_HZ = 48_000
START_S = 10.0
ALSA_PLUGIN = "libasound_module_pcm_pulse.so"
SYSTEM_ALSA = Path("/usr/share/alsa/alsa.conf")


def missing() -> str:
    """Return what is not installed for it, in words; "" when all is there."""
    found = {
        "pulseaudio": shutil.which("pulseaudio"),
        "pactl (pulseaudio-utils)": shutil.which("pactl"),
        "libportaudio2": ctypes.util.find_library("portaudio"),
        "libasound2-plugins": next(Path("/usr/lib").glob(f"*/alsa-lib/{ALSA_PLUGIN}"), None),
    }
    return ", ".join(name for name, there in found.items() if not there)


class PulseServer:
    """One PulseAudio with null sinks; may be killed and started again."""

    def __init__(self, folder: Path, *sinks: str) -> None:
        """Write its configuration; nothing is started."""
        self.folder = folder
        self._socket = folder / "native"
        self._process: subprocess.Popen[bytes] | None = None
        self._script = folder / "default.pa"
        loads = [f"load-module module-native-protocol-unix socket={self._socket} auth-anonymous=1"]
        loads += [
            f"load-module module-null-sink sink_name={name} rate={RATE_HZ} channels=2 norewinds=1"
            for name in sinks
        ]
        self._script.write_text("\n".join(loads) + "\n", encoding="utf-8")
        server = f'type pulse server "unix:{self._socket}"'
        names = [f"<{SYSTEM_ALSA}>"]
        for name in sinks:
            names.append(f'pcm.{name}_play {{ {server} device "{name}" }}')
            names.append(f'pcm.{name}_hear {{ {server} device "{name}.monitor" }}')
        (folder / "asound.conf").write_text("\n".join(names) + "\n", encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to use it, and nothing else."""
        return {
            "XDG_RUNTIME_DIR": str(self.folder),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_COOKIE": str(self.folder / "cookie"),
            "ALSA_CONFIG_PATH": str(self.folder / "asound.conf"),
        }

    def start(self) -> None:
        """Start and wait until it answers; raises LinkError when it does not."""
        self._socket.unlink(missing_ok=True)
        state = {"HOME": str(self.folder), "PULSE_STATE_PATH": str(self.folder / "state")}
        words = ["pulseaudio", "-n", "-F", str(self._script), "--daemonize=no"]
        words += ["--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"]
        with (self.folder / "pulseaudio.log").open("ab") as log:
            environment = {**os.environ, **self.environment, **state}
            self._process = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while self._ask() != 0:
            if self._process.poll() is not None or time.monotonic() > deadline:
                log_text = (self.folder / "pulseaudio.log").read_text(errors="replace")
                raise LinkError(f"PulseAudio did not start:\n{log_text[-2000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, as a cable that is pulled; safe twice."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def _ask(self) -> int:
        environment = {**os.environ, **self.environment}
        return subprocess.run(
            ["pactl", "info"], env=environment, capture_output=True, check=False
        ).returncode


@contextlib.contextmanager
def pulse_server(folder: Path, *sinks: str) -> Iterator[PulseServer]:
    """Run a sound server and make it this process's own; ends it by its process id."""
    folder.mkdir(parents=True, exist_ok=True)
    server = PulseServer(folder, *sinks)
    before = {key: os.environ.get(key) for key in server.environment}
    os.environ.update(server.environment)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
