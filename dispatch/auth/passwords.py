"""Password hashes (argon2id) on a thread named ``crypto``, and the slowing of wrong tries."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dispatch.errors import ServiceError
from gateway.model.ids import MonoMs
from gateway.ports import Clock

MIN_PASSWORD_CHARACTERS = 12
MAX_PASSWORD_CHARACTERS = 512
FREE_TRIES = 2
"""Wrong tries before the first wait: a typo costs nothing."""
FIRST_WAIT_MS = 1000
MAX_WAIT_MS = 30_000
FORGET_MS = 15 * 60_000
MAX_REMEMBERED = 10_000


@cache
def _nobody() -> str:
    """Return the hash that stands in for users who don't exist; made once in a process."""
    return PasswordHasher().hash("there is no such user")


class Passwords:
    """Hashes and checks passwords, one at a time, off the event loop."""

    def __init__(self) -> None:
        """Start the thread and make the hash that stands in for users who don't exist."""
        self._hasher = PasswordHasher()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="crypto")
        self._nobody = _nobody()

    async def hash(self, password: str) -> str:
        """Return the hash of a new password; raises ServiceError when it is too short."""
        check_new_password(password)
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, self._hasher.hash, password
        )

    def hash_now(self, password: str) -> str:
        """Do the same as ``hash`` in the calling thread (commands)."""
        check_new_password(password)
        return self._hasher.hash(password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Check a password; takes as long for a user who doesn't exist (``None``)."""
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, self._verify, password_hash, password[:MAX_PASSWORD_CHARACTERS]
        )

    def _verify(self, password_hash: str | None, password: str) -> bool:
        try:
            self._hasher.verify(password_hash or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    def close(self) -> None:
        """End the thread; safe twice."""
        self._pool.shutdown(wait=True)


def check_new_password(password: str) -> None:
    """Raise ServiceError unless a new password is long enough."""
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
        raise ServiceError(
            f"password: expected {MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS} "
            f"characters, got {len(password)}",
            hint="Three or four words that don't belong together are easy to remember.",
        )


@dataclass(slots=True)
class _Tries:
    wrong: int
    not_before: MonoMs
    last: MonoMs


class Throttle:
    """Slows wrong tries per name and address; never locks out, the longest wait is 30 s."""

    def __init__(self, clock: Clock) -> None:
        """Begin with nothing remembered."""
        self._clock = clock
        self._tries: dict[tuple[str, str], _Tries] = {}

    def wait_ms(self, name: str, address: str) -> int:
        """Return how long this pair still has to wait, in milliseconds."""
        tries = self._tries.get(_key(name, address))
        return max(0, tries.not_before - self._clock.mono_ms()) if tries else 0

    def wrong(self, name: str, address: str) -> int:
        """Count a wrong try; returns the wait before the next, in milliseconds."""
        now = self._clock.mono_ms()
        self._forget(now)
        key = _key(name, address)
        tries = self._tries.setdefault(key, _Tries(0, now, now))
        tries.wrong += 1
        wait = 0
        if tries.wrong > FREE_TRIES:
            wait = min(FIRST_WAIT_MS << min(tries.wrong - FREE_TRIES - 1, 10), MAX_WAIT_MS)
        tries.not_before, tries.last = MonoMs(now + wait), now
        return wait

    def right(self, name: str, address: str) -> None:
        """Forget the wrong tries of this pair."""
        self._tries.pop(_key(name, address), None)

    def _forget(self, now: MonoMs) -> None:
        if len(self._tries) >= MAX_REMEMBERED:
            oldest = min(self._tries, key=lambda key: self._tries[key].last)
            del self._tries[oldest]
        for key in [k for k, tries in self._tries.items() if now - tries.last > FORGET_MS]:
            del self._tries[key]


def _key(name: str, address: str) -> tuple[str, str]:
    """Return the same key for every way to write a name that finds the same account."""
    return name.strip().lower(), address
