"""What a patch passes on is heard once by whoever hears several of its members.

A desk that hears the member where somebody talks gets nothing of what the patch says on the
others; one that hears two of the others gets it on the one that began first.
"""

from dataclasses import dataclass, field

from gateway.model.events import TransmissionEnded, TransmissionStarted
from gateway.model.ids import TalkgroupId, ulid_bytes

MAX_KEPT = 1_000
"""Overs whose end was missed are forgotten beyond this."""


@dataclass(slots=True)
class _Chain:
    """One over: where it is heard, and what passes it on, in the order of beginning."""

    talkgroup: TalkgroupId
    ended: bool = False
    passed: dict[bytes, TalkgroupId] = field(default_factory=dict)


class HeardOnce:
    """Knows which transmissions carry the same sound."""

    def __init__(self) -> None:
        """Begin with none."""
        self._chains: dict[bytes, _Chain] = {}
        self._source: dict[bytes, bytes] = {}

    def started(self, event: TransmissionStarted) -> None:
        """Take the beginning of an over."""
        this = ulid_bytes(event.transmission)
        if event.source is None:
            self._chains[this] = _Chain(event.talkgroup)
            while len(self._chains) > MAX_KEPT:
                self._forget(next(iter(self._chains)))
            return
        source = ulid_bytes(event.source)
        chain = self._chains.get(source)
        if chain is not None:
            chain.passed[this] = event.talkgroup
            self._source[this] = source

    def ended(self, event: TransmissionEnded) -> None:
        """Take the end of an over; what passes it on may last a little longer."""
        this = ulid_bytes(event.transmission)
        source = self._source.pop(this, this)
        chain = self._chains.get(source)
        if chain is None:
            return
        if source == this:
            chain.ended = True
        chain.passed.pop(this, None)
        if chain.ended and not chain.passed:
            del self._chains[source]

    def elsewhere(self, transmission: bytes) -> tuple[TalkgroupId, ...]:
        """Return the talkgroups whose listeners hear this sound there already."""
        source = self._source.get(transmission)
        chain = self._chains.get(source) if source is not None else None
        if chain is None:
            return ()
        found = [chain.talkgroup]
        for one, talkgroup in chain.passed.items():
            if one == transmission:
                break
            found.append(talkgroup)
        return tuple(found)

    def _forget(self, source: bytes) -> None:
        for one in self._chains.pop(source).passed:
            self._source.pop(one, None)
