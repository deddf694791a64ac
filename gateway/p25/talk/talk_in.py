"""What is heard on one channel: link control, encryption sync and voice in, calls and overs out.

Every P25 interface feeds the same words in its own wrapping. What they mean together is here: late
entry, words that cannot be decoded, talkers and groups that change, overs that end with and
without a terminator, voice that comes in bursts.
"""

from collections import deque
from collections.abc import Callable
from itertools import count

from gateway.model.ids import MonoMs
from gateway.model.radio import CallDown, CallUp, RadioEvent, TalkEnded, TalkStarted
from gateway.p25.talk.over_in import QUALITY_FRAMES, OverIn
from gateway.p25.talk.port import VoiceHeard
from gateway.p25.talk.signalling import alarm_word
from gateway.p25.words.encryption import EncryptionSync
from gateway.p25.words.link_control import (
    CallTermination,
    GroupVoice,
    UnitVoice,
    decode_link_control,
)
from gateway.p25.words.motorola import RegroupVoice

HEADER_MS = 2_000
"""A header waits this long for voice: receivers lose the data unit behind it now and then."""
HOLD_MS = 450
"""A late entry waits this long for group and encryption: a superframe and some."""


class TalkIn:
    """The overs of one channel, in order.

    ``delay_ms`` evens out a network's jitter; ``hang_ms`` keeps a call up after its last over;
    without anything heard for ``silence_ms`` an over has ended. ``group``: the only one that this
    channel carries, for overs that never said theirs. ``headers``: each over begins with a header,
    so one without was joined late. ``instances`` numbers the calls of a link with many channels.
    """

    def __init__(
        self,
        *,
        delay_ms: int = 60,
        hang_ms: int = 3000,
        silence_ms: int = 1000,
        group: int | None = None,
        headers: bool = True,
        instances: Callable[[], int] | None = None,
    ) -> None:
        """Begin with an idle channel."""
        self._delay_ms, self._hang_ms, self._silence_ms = delay_ms, hang_ms, silence_ms
        self._only_group = group
        self._headers = headers
        self._next_instance = instances or count(1).__next__
        self._overs: deque[OverIn] = deque()
        self._instance: int | None = None
        self._group: int | None = None
        self._emergency = False
        self._down_ms: MonoMs | None = None
        self._heard_until = MonoMs(0)
        self._spoken_ms: MonoMs | None = None
        """Capture of the last frame handed out, whosever it was."""
        self.undecoded = 0
        """Words that could not be decoded: the last good ones held."""

    # ---- what is asked

    @property
    def busy(self) -> bool:
        """Whether somebody talks."""
        return any(not over.closed for over in self._overs)

    @property
    def instance(self) -> int | None:
        """The call that is up."""
        return self._instance

    @property
    def group(self) -> int | None:
        """Group of the call that is up."""
        return self._group if self._instance is not None else None

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        due = [self._down_ms] if self._down_ms is not None else []
        for over in self._overs:
            if not over.closed:
                due.append(self._silent_at(over))
        if self._overs:
            first = self._overs[0]
            if not first.told and first.sounded:
                due.append(MonoMs(first.begun_ms + HOLD_MS))
            elif first.told and (play := first.playout.deadline()) is not None:
                due.append(play)
        return min(due, default=None)

    # ---- what is heard

    def header(
        self, now: MonoMs, sync: EncryptionSync | None, group: int | None
    ) -> list[RadioEvent]:
        """Begin an over with its header; ``sync`` None: it could not be decoded."""
        last = self._overs[-1] if self._overs else None
        if last is not None and not last.closed and last.sounded:
            last.close()  # its terminator was lost
            last = None
        over = last if last is not None and not last.closed else self._begin(now)
        over.headed, over.heard_ms = True, now
        over.cipher.take(sync)
        over.group = over.group or group or None
        return self._pump(now)

    def link_control(self, now: MonoMs, word: bytes | None) -> list[RadioEvent]:
        """Take nine octets of an LDU1; None could not be decoded, and the last good word holds."""
        if word is None:
            self.undecoded += 1
            return self._heard(now)
        read = decode_link_control(word)
        match read:
            case GroupVoice() | RegroupVoice():  # a patch is a group of its own
                over = self._over(now)
                over.cipher.protected = read.service.protected
                over.name(read.group, read.source)
                over.serve(read.service)
            case UnitVoice():
                over = self._over(now)
                over.cipher.protected = read.service.protected
                over.private = True
                over.name(None, read.source)
            case CallTermination():
                return self.terminator(now, word)
            case _:
                return [*alarm_word(read), *self._heard(now)]
        return self._pump(now)

    def encryption(self, now: MonoMs, sync: EncryptionSync | None) -> list[RadioEvent]:
        """Take the sync of an LDU2; None could not be decoded."""
        if sync is None:
            self.undecoded += 1
            return self._heard(now)
        over = self._over(now)
        before = over.cipher.encrypted, over.cipher.algorithm
        over.cipher.take(sync)
        if over.told and before != (over.cipher.encrypted, over.cipher.algorithm):
            over.changed = True
        return self._pump(now)

    def voice(
        self, now: MonoMs, place: int, frame: bytes | None, errors: int | None = None
    ) -> list[RadioEvent]:
        """Take the frame of a place in the superframe: 11 octets, 18 with protection, None lost.

        ``errors`` are the corrected bits of a frame that had 144, where they are known.
        """
        over = self._over(now)
        over.sounded = True
        over.playout.put(place, frame, now)
        if errors is not None:
            over.count_errors(errors)
        return self._pump(now)

    def terminator(self, now: MonoMs, word: bytes | None = None) -> list[RadioEvent]:
        """End the over, and the call where link control says so."""
        read = None if word is None else decode_link_control(word)
        ends_call = isinstance(read, CallTermination)
        if self._overs:
            self._overs[-1].close(ends_call=ends_call)
        elif ends_call and self._instance is not None:
            self._down_ms = now
        return [*alarm_word(read), *self._pump(now)]

    def lost(self, now: MonoMs, reason: str) -> list[RadioEvent]:
        """End everything at once: the way to the radios is gone."""
        events: list[RadioEvent] = []
        if self._overs and self._overs[0].told and self._instance is not None:
            events.append(TalkEnded(instance=self._instance))
        self._overs.clear()
        return events + self._call_down(reason)

    # ---- what we say ourselves on the same channel

    def own(
        self, now: MonoMs, group: int | None, *, priority: int = 0, emergency: bool = False
    ) -> list[RadioEvent]:
        """Begin an over of ours: ``instance`` is its call, which stays up until ``own_ended``.

        A call on the same group goes on; whoever is heard is cut off. What comes in meanwhile must
        not be fed: it would take the call away from the desk that talks.
        """
        events: list[RadioEvent] = []
        if self._overs and self._overs[0].told and not self._overs[0].mute and self._instance:
            events.append(TalkEnded(instance=self._instance))
        self._overs.clear()
        if self._instance is not None and group != self._group:
            events += self._call_down("another call")
        self._down_ms = None
        if self._instance is None:
            self._instance, self._group = self._next_instance(), group
            self._emergency = emergency
            up = CallUp(
                instance=self._instance,
                group=group,
                priority=priority,
                emergency=emergency,
                outgoing=True,
            )
            events.append(up)
        return events

    def own_ended(self, now: MonoMs) -> None:
        """End an over of ours: the call's hang time begins."""
        if self._instance is not None and not self._overs:
            self._down_ms = MonoMs(now + self._hang_ms)

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Hand out voice, end overs that went silent, end the call after its hang time."""
        for over in self._overs:
            if not over.closed and now >= self._silent_at(over):
                over.close()
        events = self._pump(now)
        if self._down_ms is not None and now >= self._down_ms:
            events += self._call_down("hang time over")
        return events

    # ---- inside

    def _silent_at(self, over: OverIn) -> MonoMs:
        """Return when an over has ended unless more comes; a header waits longer for its voice."""
        patience_ms = self._silence_ms if over.sounded else max(self._silence_ms, HEADER_MS)
        return MonoMs(over.heard_ms + patience_ms)

    def _begin(self, now: MonoMs) -> OverIn:
        over = OverIn(now, self._delay_ms)
        self._overs.append(over)
        self._down_ms = None
        return over

    def _over(self, now: MonoMs) -> OverIn:
        """Return the over that is being heard; what comes after its end begins another."""
        over = self._overs[-1] if self._overs else None
        if over is None or over.closed:
            over = self._begin(now)
        over.heard_ms = now
        return over

    def _heard(self, now: MonoMs) -> list[RadioEvent]:
        """Something of the running over came, though it said nothing."""
        if self._overs and not self._overs[-1].closed:
            self._overs[-1].heard_ms = now
        return self._pump(now)

    def _pump(self, now: MonoMs) -> list[RadioEvent]:
        events: list[RadioEvent] = []
        while self._overs:
            over = self._overs[0]
            if not over.told and self._is_ready(over, now):
                events += self._tell(over, now)
            if not over.told:
                break
            events += self._changes(over)
            events += self._voice_due(over, now)
            if not over.playout.done:
                break
            self._overs.popleft()
            self._heard_until = over.playout.next_ms or now
            events += self._end(over, now)
        return events

    def _is_ready(self, over: OverIn, now: MonoMs) -> bool:
        known = over.group is not None or over.private
        sure = over.headed or not self._headers or over.cipher.sync is not None
        if not over.sounded:
            return over.closed  # a header alone is no talk yet: its voice may be lost for a while
        return over.closed or (known and sure) or now - over.begun_ms >= HOLD_MS

    def _tell(self, over: OverIn, now: MonoMs) -> list[RadioEvent]:
        """Tell that somebody talks; an over that said nothing at all is forgotten."""
        if over.closed and not over.sounded:
            over.told = True
            over.mute = True
            return []
        group = None if over.private else over.group or self._only_group or self.group
        events: list[RadioEvent] = []
        if self._instance is not None and group != self._group:
            events += self._call_down("another call")
        if self._instance is None:
            self._instance, self._emergency = self._next_instance(), False
            events.append(self._call_up(over, group))
        elif over.emergency and not self._emergency:
            events.append(self._call_up(over, group))
        self._group = group
        over.start(MonoMs(max(now, self._heard_until)), self._spoken_ms)
        return [*events, self._talk_started(over)]

    def _call_up(self, over: OverIn, group: int | None) -> CallUp:
        assert self._instance is not None  # given by the caller
        self._emergency = self._emergency or over.emergency
        return CallUp(
            instance=self._instance,
            group=group,
            caller=over.source,
            priority=over.call_priority,
            emergency=over.emergency,
            encrypted=over.cipher.encrypted,
            readable=not over.cipher.encrypted,
            algorithm=over.cipher.algorithm,
            key_id=over.cipher.key_id,
            late_entry=(self._headers and not over.headed) or (group is None and not over.private),
        )

    def _talk_started(self, over: OverIn) -> TalkStarted:
        assert self._instance is not None  # an over is told after its call
        return TalkStarted(
            instance=self._instance,
            talker=over.source,
            encrypted=over.cipher.encrypted,
            readable=not over.cipher.encrypted,
            algorithm=over.cipher.algorithm,
            key_id=over.cipher.key_id,
        )

    def _changes(self, over: OverIn) -> list[RadioEvent]:
        """Tell what became known after an over was told."""
        if over.mute or not over.changed:
            return []
        over.changed = False
        if over.group is not None and over.group != self._group and not over.private:
            return self._another_group(over)
        events: list[RadioEvent] = []
        if over.emergency and not self._emergency:
            events.append(self._call_up(over, self._group))
        return [*events, self._talk_started(over)]

    def _another_group(self, over: OverIn) -> list[RadioEvent]:
        assert self._instance is not None  # an over is told after its call
        ended = TalkEnded(instance=self._instance)
        down = self._call_down("another call")
        self._instance, self._emergency = self._next_instance(), False
        self._group = over.group
        return [ended, *down, self._call_up(over, over.group), self._talk_started(over)]

    def _voice_due(self, over: OverIn, now: MonoMs) -> list[RadioEvent]:
        if over.mute or self._instance is None:
            return []
        readable = not over.cipher.encrypted
        voice = [
            VoiceHeard(
                instance=self._instance,
                frame=due.frame,
                readable=readable,
                captured_ms=due.captured_ms,
                came_ms=due.came_ms,
            )
            for due in over.playout.take(now)
        ]
        self._spoken_ms = over.playout.told_ms
        return [*voice, *over.quality(self._instance, every=QUALITY_FRAMES)]

    def _end(self, over: OverIn, now: MonoMs) -> list[RadioEvent]:
        events: list[RadioEvent] = []
        if self._instance is not None and not over.mute:
            events += [*over.quality(self._instance), TalkEnded(instance=self._instance)]
        if over.ends_call and not self._overs:
            return events + self._call_down("ended by the system")
        if not self._overs and self._instance is not None:
            self._down_ms = MonoMs(now + self._hang_ms)
        return events

    def _call_down(self, cause: str) -> list[RadioEvent]:
        instance, self._instance = self._instance, None
        self._group, self._down_ms = None, None
        return [] if instance is None else [CallDown(instance=instance, cause=cause)]
