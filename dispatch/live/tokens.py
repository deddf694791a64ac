"""Short tokens for our own requests to an engine that asks us who may read (MediaMTX)."""

import hashlib
import secrets

from gateway.model.ids import MonoMs
from gateway.ports import Clock

LIFE_MS = 60_000
MAX_TOKENS = 1000


class Tokens:
    """Tokens in memory, each for one path and action; only their hashes are kept."""

    def __init__(self, clock: Clock) -> None:
        """Begin with none."""
        self._clock = clock
        self._known: dict[str, tuple[str, str, MonoMs]] = {}

    def make(self, path: str, action: str) -> str:
        """Return a new token that opens ``path`` for ``action`` for a minute."""
        now = self._clock.mono_ms()
        self._known = {key: one for key, one in self._known.items() if one[2] > now}
        while len(self._known) >= MAX_TOKENS:
            self._known.pop(next(iter(self._known)))
        token = secrets.token_urlsafe(24)
        self._known[_key(token)] = (path, action, MonoMs(now + LIFE_MS))
        return token

    def admits(self, token: str, path: str, action: str) -> bool:
        """Whether a token opens a path for an action now."""
        found = self._known.get(_key(token)) if token else None
        return (
            found is not None and found[:2] == (path, action) and (found[2] > self._clock.mono_ms())
        )


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
