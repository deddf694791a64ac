"""The gate between a sound card and the engine: only what belongs to a talker goes on.

A card captures all the time: hum, the radio's key tones, the noise of a closing squelch. The
link's events say when somebody talks; the captured blocks say when they were at the input. The
gate passes a block when its own time lies inside a talk, whenever it arrives. So that the last
syllable is not lost on the way through the card, the end of a talk is told to the engine only when
its sound is there (at most ``tail_ms`` + 300 ms later); every other event of the link overtakes
nothing: it makes the gate tell the end at once.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from gateway.model.ids import UtcUs
from gateway.model.individual import IndividualConnected, IndividualEnded, IndividualRinging
from gateway.model.radio import (
    CallDown,
    LineSeen,
    LinkChanged,
    LinkState,
    Malformed,
    RadioEvent,
    TalkEnded,
    TalkStarted,
)
from gateway.model.spread import Spread
from hardware.sound_address import DeviceAddress
from hardware.sound_port import BLOCK_MS, Capture

KEPT_MS: Final = 600
"""Blocks before a talk that are kept, for addresses with open_ms < 0, and for late events."""
GRACE_MS: Final = 300
"""Longer than any card delays: then the end is told whether its sound came or not."""
NO_END: Final = UtcUs(1 << 62)

Tell = Callable[[RadioEvent], None]


class SoundGate:
    """Passes captured blocks and events of one link on to the engine."""

    def __init__(
        self, address: DeviceAddress, tell: Tell, capture: Capture, utc_us: Callable[[], UtcUs]
    ) -> None:
        """Begin closed."""
        self.closed_blocks = 0
        """Blocks that belonged to nobody."""
        self.transit, self.held = Spread(), Spread()
        """Of the blocks passed on: from the card's input to here, and how long they waited."""
        self._address = address
        self._tell = tell
        self._capture = capture
        self._utc_us = utc_us
        self._talks: set[int] = set()
        self._from = self._until = UtcUs(0)
        self._waiting: deque[tuple[bytes, UtcUs, UtcUs]] = deque(maxlen=KEPT_MS // BLOCK_MS)
        self._held: list[RadioEvent] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def open(self) -> bool:
        """Whether somebody is heard."""
        return bool(self._talks)

    def event(self, event: RadioEvent) -> None:
        """Tell an event of the link, the end of a talk when its sound is there."""
        if isinstance(event, (LineSeen, Malformed)):
            self._tell(event)
        elif isinstance(event, (TalkEnded, CallDown)) and self._last(event.instance):
            self._hold(event)
        else:
            self._release()
            self._tell(event)
            self._heed(event)

    def take(self, pcm: bytes, utc: UtcUs) -> None:
        """Take a captured block."""
        self._waiting.append((pcm, utc, self._utc_us()))
        self._pass()
        if self._held and utc >= self._until:
            self._release()

    def close(self) -> None:
        """Tell what is held, and stop."""
        self._release()

    def _heed(self, event: RadioEvent) -> None:
        match event:
            case TalkStarted():
                self._begin(event.instance)
            case IndividualConnected(duplex=True):
                self._begin(event.instance)
            case IndividualRinging(duplex=True, answer_needed=False):
                self._begin(event.instance)
            case IndividualEnded():
                self._end({event.instance} if event.instance is not None else set(self._talks))
            case TalkEnded() | CallDown():
                self._end({event.instance})
            case LinkChanged(state=LinkState.DOWN | LinkState.CLOSED):
                self._end(set(self._talks))

    def _last(self, instance: int) -> bool:
        """Say whether nobody is heard any more when this call's talk ends (or is held already)."""
        return bool(self._held) or self._talks == {instance}

    def _begin(self, instance: int) -> None:
        if not self._talks:
            # What belonged to the talker before is not the next one's.
            wanted = UtcUs(self._utc_us() + self._address.open_ms * 1000)
            self._from = max(wanted, self._until)
        self._until = NO_END
        self._talks.add(instance)
        self._pass()

    def _end(self, instances: set[int]) -> None:
        was = bool(self._talks)
        self._talks -= instances
        if was and not self._talks:
            self._until = min(self._until, self._end_utc())
            self._pass()

    def _end_utc(self) -> UtcUs:
        """Return until when sound belongs to a talk that ends now."""
        keep_ms = -self._address.trim_ms if self._address.trim_ms else self._address.tail_ms
        return UtcUs(self._utc_us() + keep_ms * 1000)

    def _hold(self, event: TalkEnded | CallDown) -> None:
        if not self._held:
            self._until = self._end_utc()
            wait_ms = self._address.tail_ms + GRACE_MS
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(wait_ms / 1000, self._release)
        self._held.append(event)
        self._pass()
        if self._waiting and self._waiting[-1][1] >= self._until:
            self._release()

    def _release(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        held, self._held = self._held, []
        if not held:
            return
        self._pass()
        for event in held:
            if isinstance(event, (TalkEnded, CallDown)):
                self._talks.discard(event.instance)
            self._tell(event)

    def _pass(self) -> None:
        """Give on what belongs to a talk; what may still be trimmed waits."""
        if not self._talks:
            self._drop_old()
            return
        trim_us = self._address.trim_ms * 1000
        newest = self._waiting[-1][1] if self._waiting else UtcUs(0)
        while self._waiting and (newest - self._waiting[0][1] >= trim_us or self._held):
            if self._waiting[0][1] >= self._until:
                return
            pcm, utc, came = self._waiting.popleft()
            if utc >= self._from:
                self.transit.add(came - utc)
                self.held.add(self._utc_us() - came)
                self._capture(pcm, utc)
            else:
                self.closed_blocks += 1

    def _drop_old(self) -> None:
        """Keep only what a talk that begins now could still claim."""
        oldest = self._utc_us() - KEPT_MS * 1000
        while self._waiting and self._waiting[0][1] < oldest:
            self._waiting.popleft()
            self.closed_blocks += 1
