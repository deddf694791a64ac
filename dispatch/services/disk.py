"""Low disk: warned of at 10 %, new camera media stop at 2 %, radio and audit never.

The recorder and the audit log do not ask here on purpose: they go on to the last byte.
"""

import asyncio
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

from dispatch.events import DiskLow
from gateway.bus import Bus

logger = logging.getLogger(__name__)

WARN_PERCENT = 10
STOP_PERCENT = 2
CHECK_MS = 10_000

Usage = Callable[[Path], tuple[int, int]]
"""Returns (total bytes, free bytes) of the disk that holds a path."""


def disk_usage(path: Path) -> tuple[int, int]:
    """Return total and free bytes of the disk that holds ``path``."""
    usage = shutil.disk_usage(path)
    return usage.total, usage.free


def step_of(total: int, free: int) -> str:
    """Return ok, warn or stop."""
    share = free * 100 / total if total else 0
    if share < STOP_PERCENT:
        return "stop"
    return "warn" if share < WARN_PERCENT else "ok"


class DiskPolicy:
    """Watches the state folder's disk; ask ``media_allowed`` before storing camera media."""

    def __init__(self, folder: Path, bus: Bus, usage: Usage = disk_usage) -> None:
        """Take the folder to watch."""
        self._folder = folder
        self._bus = bus
        self._usage = usage
        self.step = "ok"
        self.free_percent: int | None = None
        """None before the first look."""

    @property
    def media_allowed(self) -> bool:
        """Whether new camera media may be stored."""
        return self.step != "stop"

    def check(self) -> str:
        """Look at the disk now; publishes ``disk.low`` when the step changed."""
        total, free = self._usage(self._folder)
        step = step_of(total, free)
        self.free_percent = percent = free * 100 // total if total else 0
        if step != self.step:
            self.step = step
            logger.warning("disk of %s: %s, %d %% free", self._folder, step, percent)
            self._bus.publish(DiskLow(step=step, free_percent=percent, free_bytes=free))
        return step

    async def run(self) -> None:
        """Look every 10 s until cancelled."""
        while True:
            self.check()
            await asyncio.sleep(CHECK_MS / 1000)
