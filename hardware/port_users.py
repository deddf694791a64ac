"""Who has a port open: looked up in ``/proc``, so that a port in use is never opened."""

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class PortUser:
    """A process with the port open."""

    pid: int
    name: str


def port_users(device: str, proc: Path = PROC) -> list[PortUser]:
    """Return the other processes that have ``device`` open, as far as this user may see them."""
    real = os.path.realpath(device)
    found = []
    for folder in sorted(proc.glob("[0-9]*"), key=lambda folder: int(folder.name)):
        if int(folder.name) != os.getpid() and _has_open(folder, real):
            found.append(PortUser(int(folder.name), _name(folder)))
    return found


def _has_open(folder: Path, real: str) -> bool:
    try:
        return any(os.readlink(one) == real for one in (folder / "fd").iterdir())
    except OSError:
        return False  # it ended, or belongs to another user


def _name(folder: Path) -> str:
    try:
        words = (folder / "cmdline").read_bytes().split(b"\0")
        name = os.path.basename(words[0].decode("utf-8", "replace"))
        rest = [word.decode("utf-8", "replace") for word in words[1:3] if word]
        return " ".join([name, *rest])
    except OSError:
        return "unknown"
