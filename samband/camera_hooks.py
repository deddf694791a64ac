"""Webhooks in and out of a server: their key files, read again when they change."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dispatch.cameras.milestone import MilestoneScheme, read_secrets
from dispatch.cameras.register import CameraRegister
from dispatch.cameras.sources import CameraSources, Scheme
from dispatch.cameras.webhook import TOLERANCE_MS, StandardScheme, read_keys
from dispatch.cameras.webhook_out import read_out_keys
from dispatch.cameras.webhook_sender import Target
from gateway.model.errors import ConfigError
from samband.config_cameras import Cameras, WebhookOutPart

logger = logging.getLogger(__name__)

LOOK_S = 5.0


@dataclass(slots=True)
class _Hook:
    source: str
    file: Path
    make: Callable[[str], Scheme]
    """Of the file's text."""
    changed_ns: int = 0


class HookKeys:
    """Adds every webhook source, and takes new keys of a file that changed, without a gap."""

    def __init__(self, config: Cameras, sources: CameraSources, register: CameraRegister) -> None:
        """Take what is configured; nothing is read yet."""
        self._sources = sources

        def standard(tolerance_ms: int) -> Callable[[str], Scheme]:
            return lambda text: StandardScheme(read_keys(text), tolerance_ms)

        def known(source: str) -> Callable[[str], bool]:
            return lambda name: register.knows(source, name)

        def milestone(source: str) -> Callable[[str], Scheme]:
            return lambda text: MilestoneScheme(read_secrets(text), known(source))

        self._hooks = [
            _Hook(f"webhook:{one.id}", one.secret_file, standard(one.tolerance_s * 1000))
            for one in config.webhook
        ]
        self._hooks += [
            _Hook(f"milestone:{one.id}", one.secret_file, milestone(f"milestone:{one.id}"))
            for one in config.milestone
        ]

        self._hooks += [
            _Hook(f"cap:{one.id}", one.secret_file, standard(TOLERANCE_MS)) for one in config.cap
        ]

    async def add_all(self) -> None:
        """Read every file and take its source from now on; raises ConfigError."""
        for hook in self._hooks:
            await self._sources.add_hook(hook.source, await asyncio.to_thread(_read, hook))

    async def run(self) -> None:
        """Look at the files until cancelled; one that cannot be used is told and the old stays."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def look(self) -> int:
        """Take the keys of files that changed; returns how many."""
        taken = 0
        for hook in self._hooks:
            try:
                scheme = await asyncio.to_thread(_read_changed, hook)
            except ConfigError as error:
                logger.error("%s; the keys from before stay", error)
                continue
            if scheme is not None:
                self._sources.change_scheme(hook.source, scheme)
                logger.warning("%s: new keys taken from %s", hook.source, hook.file)
                taken += 1
        return taken


def _read(hook: _Hook) -> Scheme:
    try:
        hook.changed_ns = hook.file.stat().st_mtime_ns
        text = hook.file.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"{hook.source}: secret_file {hook.file}: {error.strerror}") from error
    return hook.make(text)


def _read_changed(hook: _Hook) -> Scheme | None:
    try:
        changed_ns = hook.file.stat().st_mtime_ns
    except OSError as error:
        raise ConfigError(f"{hook.source}: secret_file {hook.file}: {error.strerror}") from error
    return None if changed_ns == hook.changed_ns else _read(hook)


def targets_of(parts: tuple[WebhookOutPart, ...]) -> dict[str, Target]:
    """Return the receivers by id, with the keys of their files; raises ConfigError."""
    targets = {}
    for part in parts:
        try:
            keys = read_out_keys(part.secret_file.read_text("utf-8"))
        except OSError as error:
            where = f"cameras.webhook_out {part.id}: secret_file {part.secret_file}"
            raise ConfigError(f"{where}: {error.strerror}") from error
        targets[part.id] = Target(
            id=part.id,
            url=part.url,
            keys=keys,
            types=frozenset(part.types),
            groups=frozenset(part.groups),
        )
    return targets
