"""What a patch keys: one over has the floor of all its members, and the others' links say it.

Theory of operation. After each piece of the engine's work every patch is settled: if the over that
has the floor (the holder) is over, what it keyed is released; if the floor is free, the over that
began first gets it, after a turnaround, and an emergency gets it at once; then every other member
is keyed, or it is said why not. A patch's own sound is never a source, and neither is a radio of
ours; an over that began while another had the floor gets it only if it goes on for a second after,
since a bridge outside would come back just so.
"""

from gateway.engine.call_state import Call, Encryption, PassedOn, Transmission
from gateway.engine.calls import CallBook
from gateway.engine.context import Context
from gateway.engine.floor import FloorArbiter
from gateway.engine.health import Health
from gateway.engine.patch_sound import PatchSound
from gateway.engine.patch_state import Member, Patch
from gateway.engine.presses import Press, PressState
from gateway.engine.routing import Routing
from gateway.engine.voice_path import VoicePath
from gateway.model.commands import FloorRelease, FloorRenew
from gateway.model.ids import LinkId, MonoMs, PositionId, RequestId, TalkgroupId, split_address
from gateway.model.patch import PatchSkipped

TURNAROUND_MS = 200
"""Between the end of one over and keying for the next: receivers come to rest."""
OUTLAST_MS = 1_000
"""An over that began while another had the floor gets it when it goes on this long after."""
RETRY_MS = 1_000
"""A member that could not be keyed is tried again after this, as long as the over runs."""
PIERCING = 2
"""KeyDemand priority of what passes on an emergency: pre-emptive, and no emergency call."""
PATCH_SOURCE = "patch"
"""Source of a press that a patch makes."""


class KeyedMember:
    """One member's link, keyed for one over. It is a ``Relay``: the floor tells it what happens."""

    def __init__(
        self, relays: "PatchRelays", patch: Patch, member: Member, passed: PassedOn, press: Press
    ) -> None:
        """Key for ``passed``."""
        self._relays = relays
        self.patch = patch
        self.member = member
        self.passed = passed
        self.press = press
        self.on_air = False
        self.released = False

    @property
    def name(self) -> str:
        """Who is heard, for the desks."""
        return f"{self._relays.who(self.passed.source)} via {self.passed.label}"

    def granted(self) -> None:
        """Note that it is on air."""
        self.on_air = True

    def over(self, cause: str, reason: str) -> None:
        """Take its end."""
        self._relays.over(self, cause, reason)


class PatchRelays:
    """Everything that patches key now."""

    def __init__(
        self,
        ctx: Context,
        *,
        calls: CallBook,
        floor: FloorArbiter,
        routing: Routing,
        health: Health,
        voice: VoicePath,
        sound: PatchSound,
    ) -> None:
        """Begin with nothing keyed."""
        self._ctx = ctx
        self._calls = calls
        self._floor = floor
        self._routing = routing
        self._health = health
        self._voice = voice
        self._sound = sound
        self._keyed: dict[tuple[str, TalkgroupId], KeyedMember] = {}
        self._due: dict[str, MonoMs] = {}

    # ---- sound

    def heard(self, patch: Patch, over: Transmission, pcm: bytes) -> None:
        """Pass on 160 samples (int16 little-endian, 8 kHz, levelled) of an over on a member."""
        patch.keep(over, pcm)
        if patch.holder is not over:
            return
        for keyed in self._of(patch):
            if keyed.passed.source is over and not keyed.released:
                self._floor.renew(FloorRenew(request=keyed.press.request))
                self._sound.push(keyed.press.request, pcm)

    # ---- the floor of a patch

    def settle(self, patch: Patch, overs: list[Transmission], now: MonoMs) -> bool:
        """Bring a patch up to date with what runs; True when only an echo goes round in it."""
        running = [over for over in overs if self._is_source(over)]
        patch.sounds = {o.id: patch.sounds[o.id] for o in running if o.id in patch.sounds}
        self._due.pop(patch.id, None)
        if patch.holder is not None and patch.holder not in running:
            self._let_go(patch, now)
        goes_round = self._choose(patch, running, now)
        if patch.holder is not None and not goes_round:
            self._follow_alias(patch)
            self._key(patch, patch.holder, now)
        return goes_round

    def clear(self, patch: Patch) -> None:
        """Un-key everything of a patch at once: it stands no more."""
        patch.holder = None
        for keyed in self._of(patch):
            self._cut(keyed, "patch_ended")
        self._due.pop(patch.id, None)

    def leave(self, patch: Patch, member: TalkgroupId) -> None:
        """Un-key one member that is no part of the patch any more."""
        keyed = self._keyed.get((patch.id, member))
        if keyed is not None:
            self._cut(keyed, "patch_ended")
        if patch.holder is not None and patch.holder.call.talkgroup == member:
            self._let_go(patch, self._ctx.now())

    def deadline(self) -> MonoMs | None:
        """Return when a patch has to be settled again."""
        return min(self._due.values(), default=None)

    def who(self, over: Transmission) -> str:
        """Return who talks, for the desks."""
        if over.position is not None:
            who = f"Position {over.position}"
            return f"{who}, {over.operator}" if over.operator else who
        return over.alias or self._ctx.addresses.unit_name(over.talker)

    def over(self, keyed: KeyedMember, cause: str, reason: str) -> None:
        """Take the end of what was keyed."""
        now, member = self._ctx.now(), keyed.member
        if self._keyed.get((keyed.patch.id, member.talkgroup)) is keyed:
            del self._keyed[(keyed.patch.id, member.talkgroup)]
        if keyed.on_air:
            member.relay_ended_ms = now
        if keyed.released or keyed.patch.holder is not keyed.passed.source:
            return
        member.retry_ms = MonoMs(now + RETRY_MS)
        member.barred = member.barred or cause == "limit"
        words = f"{reason} is talking there" if cause == "preempted" else reason or cause
        self._skip(keyed.patch, keyed.passed.source, member, words)

    # ---- who has the floor

    def _is_source(self, over: Transmission) -> bool:
        if over.passed is not None or over.call.private is not None:
            return False
        if over.request is not None:
            return not self._floor.is_test(over.request)
        return over.talker is None or not self._is_our_radio(over)

    def _is_our_radio(self, over: Transmission) -> bool:
        """Say whether the talker is a radio of ours: what it says came from us."""
        system, number = split_address(over.talker or "")
        for link, own in self._voice.own_numbers.items():
            known = self._ctx.addresses.link(link)
            if own == number and known is not None and known.system == system:
                return True
        return False

    def _let_go(self, patch: Patch, now: MonoMs) -> None:
        patch.holder = None
        patch.held_end_ms = now
        patch.free_ms = MonoMs(now + TURNAROUND_MS)
        for keyed in self._of(patch):
            if not keyed.released:
                keyed.released = True
                self._floor.release(FloorRelease(request=keyed.press.request, normal=True))

    def _choose(self, patch: Patch, running: list[Transmission], now: MonoMs) -> bool:
        holder = patch.holder
        if holder is not None and (holder.emergency or not any(o.emergency for o in running)):
            return False
        urgent = [over for over in running if over.emergency]
        for over in sorted(urgent or running, key=lambda over: over.started_ms):
            at = now if over.emergency else self._may_have_it_ms(patch, over)
            if at > now:
                self._wake(patch, at)
                continue
            return self._give(patch, over, now)
        return False

    def _may_have_it_ms(self, patch: Patch, over: Transmission) -> MonoMs:
        """Return from when on an over may have the floor."""
        at = max(patch.free_ms, over.started_ms + self._hold_ms(patch, over))
        if over.started_ms < patch.held_end_ms:
            at = max(at, patch.held_end_ms + OUTLAST_MS)
        return MonoMs(at)

    def _hold_ms(self, patch: Patch, over: Transmission) -> int:
        ended = patch.members[over.call.talkgroup].relay_ended_ms
        after = None if ended is None else over.started_ms - ended
        return patch.echo.hold_ms(unknown=_is_unknown(over), after_relay_ms=after)

    def _give(self, patch: Patch, over: Transmission, now: MonoMs) -> bool:
        if patch.holder is not None:
            for keyed in self._of(patch):
                self._cut(keyed, "preempted")
            patch.held_end_ms = now
        silence_ms = over.started_ms - patch.held_end_ms
        tail = self._hold_ms(patch, over) > 0
        patch.holder = over
        for member in patch.members.values():
            member.retry_ms, member.barred, member.skipped = None, False, ""
        return patch.echo.turn(now, silence_ms=silence_ms, unknown=_is_unknown(over), tail=tail)

    # ---- keying

    def _key(self, patch: Patch, source: Transmission, now: MonoMs) -> None:
        for member in patch.members.values():
            if member.talkgroup == source.call.talkgroup or member.barred:
                continue
            if (patch.id, member.talkgroup) in self._keyed:
                continue
            if member.retry_ms is not None and now < member.retry_ms:
                self._wake(patch, member.retry_ms)
                continue
            reason = self._hindrance(patch, source, member) or self._press(patch, source, member)
            if reason:
                member.retry_ms = MonoMs(now + RETRY_MS)
                self._wake(patch, member.retry_ms)
                self._skip(patch, source, member, reason)

    def _hindrance(self, patch: Patch, source: Transmission, member: Member) -> str:
        """Return why a member is not keyed for an over, empty for nothing."""
        addresses = self._ctx.addresses
        reason = _unreadable(source.encryption)
        group = addresses.talkgroup(member.talkgroup)
        if source.encrypted and not patch.mixed and group is not None and not group.encrypted:
            reason = reason or "it is encrypted, and this talkgroup is not"
        if member.ready is False:
            reason = reason or member.reason
        if not reason and not source.emergency:
            reason = self._talks_there(member)
        return reason

    def _talks_there(self, member: Member) -> str:
        for call in self._calls.groups():
            over = call.transmission
            if call.talkgroup == member.talkgroup and over is not None and over.passed is None:
                return f"{self.who(over)} is talking there"
        return ""

    def _press(self, patch: Patch, source: Transmission, member: Member) -> str:
        """Key a member; returns why it was not."""
        link = self._routing.link_for(member.talkgroup)
        if link is None:
            return f"no radio carries {self._ctx.addresses.talkgroup_name(member.talkgroup)}"
        one_call = not self._ctx.links[link.id].info.many_calls
        if one_call and link.id in source.call.legs:
            return f"{link.name} is on {self._name(source.call)}"
        request = RequestId(self._ctx.new_id("r"))
        now = self._ctx.now()
        press = Press(
            request=request,
            position=source.position or PositionId(""),
            operator=source.operator,
            talkgroup=member.talkgroup,
            number=split_address(member.talkgroup)[1],
            link=link.id,
            priority=PIERCING if source.emergency else 0,
            source=PATCH_SOURCE,
            pressed_ms=now,
            renewed_ms=now,
        )
        passed = PassedOn(patch=patch.id, label=patch.label, source=source)
        keyed = KeyedMember(self, patch, member, passed, press)
        press.relay = keyed
        grouped = self._ctx.links[source.link].info.many_calls and source.request is None
        self._sound.open(request, link.id, grouped=grouped)
        for pcm in patch.sounds.get(source.id, ()):
            self._sound.push(request, pcm)
        self._keyed[(patch.id, member.talkgroup)] = keyed
        self._floor.take(press)
        if press.state is not PressState.OVER:
            member.skipped = ""
        return ""

    def _name(self, call: Call) -> str:
        return self._ctx.addresses.talkgroup_name(call.talkgroup)

    def _follow_alias(self, patch: Patch) -> None:
        """Name who is heard on the other members once that became known."""
        for keyed in self._of(patch):
            over, source = keyed.press.transmission, keyed.passed.source
            name = source.alias or (self.who(source) if source.talker else "")
            if over is None or not keyed.on_air or over.position is not None:
                continue
            if name and over.alias != name:
                self._calls.rename(over, name)

    # ---- inside

    def _of(self, patch: Patch) -> list[KeyedMember]:
        return [keyed for (of, _), keyed in self._keyed.items() if of == patch.id]

    def _cut(self, keyed: KeyedMember, cause: str) -> None:
        keyed.released = True
        release = FloorRelease(request=keyed.press.request, normal=False, cause=cause)
        self._floor.release(release)

    def _skip(self, patch: Patch, source: Transmission, member: Member, reason: str) -> None:
        self._wake(patch, member.retry_ms)
        if member.skipped == reason:
            return
        member.skipped = reason
        self._ctx.publish(
            PatchSkipped(
                patch=patch.id,
                label=patch.label,
                source=source.id,
                talkgroup=member.talkgroup,
                reason=reason,
            )
        )

    def _wake(self, patch: Patch, at: MonoMs | None) -> None:
        if at is not None:
            self._due[patch.id] = min(at, self._due.get(patch.id, at))

    def links(self, patch: Patch) -> frozenset[LinkId]:
        """Return the links that a patch has keyed."""
        return frozenset(keyed.press.link for keyed in self._of(patch))


def _is_unknown(over: Transmission) -> bool:
    return over.talker is None and over.request is None


def _unreadable(encryption: Encryption) -> str:
    return "" if encryption.readable else "encrypted without a key: there is no sound"
