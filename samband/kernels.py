"""Compiled kernels of the vocoders: where they are kept, and how they get there.

numba keeps what it compiled beside the sources. Where those cannot be written (a read-only
installation) it is kept in the state folder, or else in the user's cache folder. Compiling takes
a minute and a lot of memory, so a child process does it.
"""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path

from gateway.model.errors import ConfigError

COMPILER = "libllvmlite"
CODE, CONSTANTS = "r-xp", "r--p"
"""Rights of a library's mappings that are not written to."""
MADV_DONTNEED, MADV_PAGEOUT = 4, 21
VARIABLE = "NUMBA_CACHE_DIR"
FOLDER = "kernels"
PACKAGES = {
    "P25 full-rate vocoder (IMBE)": "voicecodecs.imbe",
    "TETRA speech codec (ACELP)": "voicecodecs.acelp",
}


def sources() -> Path:
    """Return the folder of the kernels' sources."""
    import voicecodecs

    return Path(voicecodecs.__file__).parent


def cache_folder(
    state: Path | None = None, environment: Mapping[str, str] = os.environ
) -> Path | None:
    """Return where compiled kernels are kept; None means beside their sources."""
    if environment.get(VARIABLE):
        return Path(environment[VARIABLE])
    if os.access(sources(), os.W_OK):
        return None
    if state is not None:
        return state / FOLDER
    base = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "samband" / FOLDER


def keep_kernels(
    state: Path | None = None, environment: MutableMapping[str, str] = os.environ
) -> Path | None:
    """Tell numba where to keep what it compiles; call it before a vocoder is imported."""
    folder = cache_folder(state, environment)
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"cache of compiled kernels {folder}: {error.strerror}",
                hint=f"Name a folder that can be written in {VARIABLE}, or with --state.",
            ) from error
        environment[VARIABLE] = str(folder)
    return folder


def prepare(state: Path | None = None) -> None:
    """Have the vocoders compiled, in a child process, unless they are kept already."""
    kept = keep_kernels(state) or sources()
    if next(kept.rglob("*.nbi"), None) is None:
        for _ in fill():
            pass


def give_back_compiler() -> None:
    """Hand the compiler's own pages back to the machine: 70 MB that nothing needs once it has run.

    They are clean pages of a file: what is needed after all is read again. Its code is dropped from
    this process (``MADV_DONTNEED``; code has no changes to lose); its constants, some of which were
    changed at loading, are left to the kernel (``MADV_PAGEOUT``, Linux 5.4), which takes none that
    another process uses. Where the machine does not know this, nothing happens.
    """
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        if COMPILER not in line:
            continue
        place, rights, _ = line.split(maxsplit=2)
        if rights not in (CODE, CONSTANTS):
            continue
        first, _, last = place.partition("-")
        advice = MADV_DONTNEED if rights == CODE else MADV_PAGEOUT
        libc.madvise(int(first, 16), int(last, 16) - int(first, 16), advice)


def fill() -> Iterator[tuple[str, int]]:
    """Compile in a child process; yields each package's name and how many ms it took."""
    child = subprocess.Popen(
        [sys.executable, "-m", "samband.kernels"], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    with child:
        for line in child.stdout:
            said = json.loads(line)
            yield said["name"], said["ms"]
    if child.returncode != 0:
        raise ConfigError(
            f"compiling the vocoders ended with {child.returncode}",
            hint="Its own words stand above; is there memory (1 GB) and room on the disk?",
        )


def _child() -> None:
    import importlib
    import time

    for name, package in PACKAGES.items():
        began = time.monotonic()
        importlib.import_module(package).warm()
        said = {"name": name, "ms": round((time.monotonic() - began) * 1000)}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    _child()
