"""How a pull point is kept alive: which call comes next, after what answer. Pure; time is given.

Theory of operation. Clock and services, then a subscription, then pulls, one at a time. The device
says how long a subscription lasts by two of its own times; only their difference is used, as its
clock may be hours off. It is renewed at half that time; a device that knows no renewal is kept
alive by the pulls. After a fault the old subscription is given up (devices have few, and a lost one
locks others out until it is restarted) and a new one made. After each new one the device is asked
to tell all states again: those come as ``Initialized``.

Some devices fail without a termination time, some take only an absolute one: the three forms are
tried in turn, and the one that worked is kept.
"""

import enum
from dataclasses import dataclass

from gateway.model.ids import MonoMs

PULL_TIMEOUT_S = 30
MESSAGE_LIMIT = 100
LIFETIME_S = 60
CLOCK_EVERY_MS = 600_000
PAUSES_MS = (1_000, 2_000, 5_000, 15_000, 30_000, 60_000)
FULL_PAUSE_MS = 60_000
"""After "no pull point free": hammering does not free one."""
FULL_WORDS = ("maximum number", "maxpullpoints", "too many", "limit", "resource")


class Call(enum.Enum):
    """What the client does next."""

    CLOCK = "GetSystemDateAndTime"
    SERVICES = "GetServices"
    CREATE = "CreatePullPointSubscription"
    SYNC = "SetSynchronizationPoint"
    PULL = "PullMessages"
    RENEW = "Renew"
    UNSUBSCRIBE = "Unsubscribe"
    WAIT = "wait"


class Termination(enum.Enum):
    """How a subscription's end is asked for."""

    RELATIVE = "PT60S"
    ABSOLUTE = "absolute"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next call; ``wait_ms`` for WAIT, ``termination`` for CREATE."""

    call: Call
    wait_ms: int = 0
    termination: Termination = Termination.RELATIVE


class PullPoint:
    """The state of one device's subscription."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self.state, self.reason = "down", "not connected yet"
        self._clock_at: MonoMs | None = None
        self._has_services = False
        self._subscribed = False
        self._synced = False
        self._can_renew = True
        self._can_sync = True
        self._renew_at = 0
        self._lifetime_ms = LIFETIME_S * 1000
        self._form = 0
        self._failures = 0
        self._wait_ms = 0
        self._drop_first = False
        self._stopping = False

    def stop(self) -> None:
        """Give the subscription back and end: ``next`` then ends with None."""
        self._stopping = True

    def next(self, now: MonoMs) -> Step | None:
        """Return the next call, None when stopped and nothing is held at the device."""
        if self._subscribed and (self._stopping or self._drop_first):
            return Step(call=Call.UNSUBSCRIBE)
        if self._stopping:
            return None
        if self._wait_ms:
            return Step(call=Call.WAIT, wait_ms=self._wait_ms)
        return self._while_subscribed(now) if self._subscribed else self._connecting(now)

    def _connecting(self, now: MonoMs) -> Step:
        if self._clock_due(now):
            return Step(call=Call.CLOCK)
        if not self._has_services:
            return Step(call=Call.SERVICES)
        return Step(call=Call.CREATE, termination=list(Termination)[self._form])

    def _clock_due(self, now: MonoMs) -> bool:
        return self._clock_at is None or now - self._clock_at >= CLOCK_EVERY_MS

    def _while_subscribed(self, now: MonoMs) -> Step:
        if not self._synced:
            return Step(call=Call.SYNC)
        if self._can_renew and now >= self._renew_at:
            return Step(call=Call.RENEW)
        if self._clock_due(now):
            return Step(call=Call.CLOCK)
        return Step(call=Call.PULL)

    def done(self, call: Call, now: MonoMs, *, lifetime_ms: int | None = None) -> None:
        """Take a call that succeeded. ``lifetime_ms``: what CREATE or RENEW granted, if told."""
        match call:
            case Call.CLOCK:
                self._clock_at = now
            case Call.SERVICES:
                self._has_services = True
            case Call.CREATE:
                self._subscribed, self._synced = True, not self._can_sync
                self._lasts(now, lifetime_ms)
            case Call.RENEW:
                self._lasts(now, lifetime_ms)
            case Call.SYNC:
                self._synced = True
            case Call.PULL:
                self._failures = 0
                self.state, self.reason = "up", ""
            case Call.UNSUBSCRIBE:
                self._subscribed, self._drop_first = False, False
            case Call.WAIT:
                self._wait_ms = 0

    def _lasts(self, now: MonoMs, lifetime_ms: int | None) -> None:
        sane = lifetime_ms is not None and 2_000 <= lifetime_ms <= 86_400_000
        self._lifetime_ms = lifetime_ms if sane and lifetime_ms else LIFETIME_S * 1000
        self._renew_at = now + self._lifetime_ms // 2

    def failed(self, call: Call, now: MonoMs, *, fault: bool, words: str) -> None:
        """Take a call that failed: ``fault`` when the device said no, else nobody answered."""
        if call is Call.UNSUBSCRIBE:
            self._subscribed, self._drop_first = False, False  # it ends by itself
            return
        if call is Call.SYNC and fault:
            self._can_sync, self._synced = False, True
            return
        if call is Call.RENEW and fault:
            self._can_renew = False  # the pulls keep it alive; if not, a pull will fail
            return
        if call is Call.CLOCK and fault:
            self._clock_at = now  # some devices want a login even here; go on
            return
        if call is Call.CREATE and fault and self._another_form(words):
            return
        self._pause(call, words)

    def _another_form(self, words: str) -> bool:
        if _is_full(words) or self._form + 1 >= len(Termination):
            self._form = 0
            return False
        self._form += 1
        return True

    def _pause(self, call: Call, words: str) -> None:
        self._failures += 1
        self._drop_first = self._subscribed
        self._has_services = self._has_services and call is not Call.SERVICES
        self._wait_ms = PAUSES_MS[min(self._failures - 1, len(PAUSES_MS) - 1)]
        self.state, self.reason = "down", f"{call.value}: {words}"[:200]
        if call is Call.CREATE and _is_full(words):
            self._wait_ms = FULL_PAUSE_MS
            self.reason = f"no pull point is free at the device: {words}"[:200]


def _is_full(words: str) -> bool:
    lower = words.lower()
    return any(word in lower for word in FULL_WORDS)
