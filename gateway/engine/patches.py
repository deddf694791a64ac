"""The patches of a gateway: made, extended, dropped, ended by time or plan, and what they key.

A patch of the plan is made by the plan and owned by nobody; any other has an owner and an end. One
that shares a member with a patch that stands is refused: both together would be a loop.
"""

import logging

from gateway.engine import patch_rules
from gateway.engine.call_state import Transmission
from gateway.engine.calls import CallBook
from gateway.engine.context import Context
from gateway.engine.health import Health
from gateway.engine.patch_relays import PatchRelays
from gateway.engine.patch_state import Member, Patch, members_of, patch_of
from gateway.engine.routing import Routing
from gateway.model.command import Reply
from gateway.model.ids import LinkId, MonoMs, PatchId, TalkgroupId, split_address
from gateway.model.patch import (
    PatchCallJoined,
    PatchDrop,
    PatchExtend,
    PatchMake,
    PatchMemberChanged,
    PatchWaits,
)
from gateway.model.patch_plan import PlanPatch
from gateway.model.radio import Capability

logger = logging.getLogger(__name__)

LOOK_MS = 500
"""How often it is looked at whether the members' radios can be keyed."""
TUNE_MS = 5_000
"""A radio that is on another group is asked again after this."""
WRONG_LOOP = "sound went round: an echo, or another bridge between the same talkgroups"


class PatchBook:
    """Every patch that stands."""

    def __init__(
        self,
        ctx: Context,
        calls: CallBook,
        routing: Routing,
        health: Health,
        relays: PatchRelays,
    ) -> None:
        """Begin with none; those of the plan are made by ``use_plan``."""
        self._ctx = ctx
        self._calls = calls
        self._routing = routing
        self._health = health
        self._relays = relays
        self._patches: dict[PatchId, Patch] = {}
        self._of: dict[TalkgroupId, Patch] = {}
        self._waiting: dict[str, tuple[PlanPatch, str]] = {}
        """Patches of the plan that cannot be made now, and why."""
        self._dropped: set[str] = set()
        """Labels of the plan's patches that a person dropped: they stay so under this plan."""
        self._pressed = ctx.lines.pressed

    # ---- commands

    def command(self, command: object) -> Reply | None:
        """Carry out a command of patches; None for any other."""
        match command:
            case PatchMake():
                return self._make(command)
            case PatchExtend():
                return self._extend(command)
            case PatchDrop():
                return self._drop(command)
            case _:
                return None

    def _make(self, command: PatchMake) -> Reply:
        if command.patch in self._patches:
            return Reply(ok=True)
        if command.until_utc is not None and command.until_utc <= self._ctx.utc():
            return Reply(ok=False, reason="a patch ends in the future")
        standing = list(self._patches.values())
        label = command.label or patch_rules.free_label(self._labels())
        reason = patch_rules.label_fault(label, standing) or patch_rules.refusal(
            self._ctx.addresses,
            command.members,
            name=command.name,
            mixed=command.mixed,
            standing=standing,
        )
        if reason:
            return Reply(ok=False, reason=reason)
        self._add(patch_of(command, label, self._ctx.utc()), restored=command.restored)
        return Reply(ok=True)

    def _extend(self, command: PatchExtend) -> Reply:
        patch = self._patches.get(command.patch)
        if patch is None:
            return Reply(ok=False, reason="this patch stands no more")
        if patch.from_plan:
            return Reply(ok=False, reason=f"{patch.label} is the plan's and has no end")
        if command.until_utc <= self._ctx.utc():
            return Reply(ok=False, reason="a patch ends in the future")
        patch.until_utc = command.until_utc
        self._ctx.publish(patch.changed(command.operator, "another end"))
        return Reply(ok=True)

    def _drop(self, command: PatchDrop) -> Reply:
        patch = self._patches.get(command.patch)
        if patch is None:
            return Reply(ok=False, reason="this patch stands no more")
        if patch.from_plan:
            self._dropped.add(patch.label)
        self._end(patch, "dropped", command.operator, command.reason)
        return Reply(ok=True)

    # ---- plan

    def use_plan(self) -> None:
        """Take the plan that is in use: its patches, and what it leaves of the others."""
        wanted = {one.id: one for one in self._ctx.addresses.plan.patches if one.active}
        self._dropped &= wanted.keys()
        for patch in list(self._patches.values()):
            if patch.from_plan:
                self._to_plan(patch, wanted.get(patch.label))
            else:
                self._hold_against_plan(patch)
        standing = {patch.label for patch in self._patches.values() if patch.from_plan}
        before, self._waiting = self._waiting, {}
        for label, one in wanted.items():
            if label not in standing and label not in self._dropped:
                self._waiting[label] = (one, before[label][1] if label in before else "")
        for label in before.keys() - self._waiting.keys():
            self._tell_waits(before[label][0], "")
        self._make_waiting()

    def _to_plan(self, patch: Patch, wanted: PlanPatch | None) -> None:
        if wanted is None:
            self._end_when_quiet(patch, "plan", "the plan does not have it any more")
            return
        patch.ends_with = None
        same = set(wanted.members) == set(patch.members) and wanted.mixed == patch.mixed
        if same and wanted.name == patch.name:
            return
        gone = [member for member in patch.members if member not in wanted.members]
        for member in gone:
            self._relays.leave(patch, member)
            self._routing.give_up(patch.label, member)
            self._forget(member)
        fresh = members_of(wanted.members)
        patch.members = {tg: patch.members.get(tg, member) for tg, member in fresh.items()}
        patch.name, patch.mixed = wanted.name, wanted.mixed
        self._index(patch)
        patch.checked_ms = None
        self._ctx.publish(patch.changed("", f"plan {self._ctx.addresses.number}"))

    def _hold_against_plan(self, patch: Patch) -> None:
        gone = [m for m in patch.members if self._ctx.addresses.talkgroup(m) is None]
        mixes = patch_rules.mixes(self._ctx.addresses, patch.members)
        if gone:
            self._end_when_quiet(patch, "plan", f"{gone[0]} is not in the plan any more")
        elif mixes and not patch.mixed:
            self._end_when_quiet(patch, "plan", "the plan makes it a mix of encrypted and clear")
        else:
            patch.ends_with = None

    def _make_waiting(self) -> None:
        """Make the plan's patches that nothing stands against any more."""
        for label, (one, told) in list(self._waiting.items()):
            standing = list(self._patches.values())
            reason = patch_rules.label_fault(label, standing) or patch_rules.refusal(
                self._ctx.addresses,
                one.members,
                name=one.name,
                mixed=one.mixed,
                standing=standing,
            )
            if reason:
                self._waiting[label] = (one, reason)
                if reason != told:
                    self._tell_waits(one, reason)
                continue
            del self._waiting[label]
            if told:
                self._tell_waits(one, "")
            self._add(self._planned(one))

    def _planned(self, one: PlanPatch) -> Patch:
        return Patch(
            id=PatchId(self._ctx.new_id("p")),
            label=one.id,
            name=one.name,
            members=members_of(one.members),
            reason=f"plan {self._ctx.addresses.number}",
            since_utc=self._ctx.utc(),
            mixed=one.mixed,
            from_plan=True,
        )

    def _tell_waits(self, one: PlanPatch, reason: str) -> None:
        waits = PatchWaits(label=one.id, name=one.name, members=one.members, reason=reason)
        self._ctx.publish(waits)

    def _labels(self) -> set[str]:
        """Return the labels that are taken: by what stands, and by the plan's patches."""
        planned = {one.id for one in self._ctx.addresses.plan.patches}
        return planned | {patch.label for patch in self._patches.values()}

    # ---- sound

    def heard(self, over: Transmission, pcm: bytes) -> None:
        """Take sound of an over that people hear, as levelled for them."""
        patch = self._of.get(over.call.talkgroup)
        if patch is not None and over.passed is None and over.call.private is None:
            self._relays.heard(patch, over, pcm)

    # ---- time

    def settle(self) -> None:
        """Bring every patch up to date; called after each piece of the engine's work."""
        if not self._patches:
            return
        now = self._ctx.now()
        overs: dict[TalkgroupId, Transmission] = {}
        for call in self._calls.groups():
            patch = self._of.get(call.talkgroup)
            if patch is None:
                continue
            if call.id not in patch.calls:
                self._join(patch, call.id, call.talkgroup)
            if call.transmission is not None:
                overs[call.talkgroup] = call.transmission
        for patch in list(self._patches.values()):
            self._look(patch, now)
            mine = [overs[member] for member in patch.members if member in overs]
            try:
                self._settle(patch, mine, now)
            except Exception:  # what a patch keys may not stay keyed by a fault in it
                logger.exception("patch %s: a fault, it ends", patch.label)
                self._end(patch, "fault", "", "a fault in the gateway")

    def _settle(self, patch: Patch, overs: list[Transmission], now: MonoMs) -> None:
        if self._relays.settle(patch, overs, now):
            self._end(patch, "loop", "", WRONG_LOOP)
        elif patch.ends_with is not None and self._quiet(patch):
            self._end(patch, patch.ends_with[0], "", patch.ends_with[1])

    def deadline(self) -> MonoMs | None:
        """Return when tick() is due next."""
        due = [at for at in (self._relays.deadline(),) if at is not None]
        for patch in self._patches.values():
            if patch.until_utc is not None:
                left_ms = max(0, -(-(patch.until_utc - self._ctx.utc()) // 1000))
                due.append(MonoMs(self._ctx.now() + left_ms))
            if patch.checked_ms is None or any(not m.ready for m in patch.members.values()):
                due.append(MonoMs((patch.checked_ms or self._ctx.now()) + LOOK_MS))
        return min(due) if due else None

    def tick(self, now: MonoMs) -> None:
        """End what is past its time; the rest is settled after the tick."""
        del now
        for patch in list(self._patches.values()):
            if patch.until_utc is not None and self._ctx.utc() >= patch.until_utc:
                self._end(patch, "expired", "", "")

    def close(self) -> None:
        """Un-key everything: the server stops. What stood is made again by the next start."""
        for patch in self._patches.values():
            self._relays.clear(patch)
        self._patches.clear()
        self._of.clear()
        self._ctx.patched.clear()

    # ---- inside

    def _add(self, patch: Patch, *, restored: bool = False) -> None:
        self._patches[patch.id] = patch
        self._index(patch)
        self._ctx.publish(patch.made(restored=restored))

    def _index(self, patch: Patch) -> None:
        for member in patch.members:
            self._of[member] = patch
            self._ctx.patched[member] = patch.id

    def _forget(self, member: TalkgroupId) -> None:
        self._of.pop(member, None)
        self._ctx.patched.pop(member, None)

    def _end(self, patch: Patch, cause: str, operator: str, reason: str) -> None:
        self._relays.clear(patch)
        del self._patches[patch.id]
        for member in patch.members:
            self._forget(member)
            self._routing.give_up(patch.label, member)
        self._ctx.publish(patch.ended(cause, operator, reason))
        if patch.from_plan and cause in ("loop", "fault"):
            self._dropped.add(patch.label)
        self._make_waiting()

    def _end_when_quiet(self, patch: Patch, cause: str, words: str) -> None:
        """End a patch, but not in the middle of what it passes on."""
        patch.ends_with = (cause, words)
        if self._quiet(patch):
            self._end(patch, cause, "", words)

    def _quiet(self, patch: Patch) -> bool:
        """Say whether a patch passes nothing on, and has nothing left to say."""
        return patch.holder is None and not self._relays.links(patch)

    def _join(self, patch: Patch, call: str, talkgroup: TalkgroupId) -> None:
        up = {one.id for one in self._calls.groups()}
        patch.calls = {one for one in patch.calls if one in up}
        for one in self._calls.groups():
            if one.id == call:
                patch.calls.add(one.id)
                self._ctx.publish(
                    PatchCallJoined(
                        patch=patch.id, label=patch.label, call=one.id, talkgroup=talkgroup
                    )
                )

    def _look(self, patch: Patch, now: MonoMs) -> None:
        """See whether the members' radios can be keyed, and tune those that may be."""
        if patch.checked_ms is not None and now - patch.checked_ms < LOOK_MS:
            return
        patch.checked_ms = now
        for member in patch.members.values():
            reason = self._obstacle(patch, member, now)
            ready = not reason
            if member.ready is not ready or member.reason != reason:
                member.ready, member.reason = ready, reason
                self._ctx.publish(
                    PatchMemberChanged(
                        patch=patch.id, talkgroup=member.talkgroup, ready=ready, reason=reason
                    )
                )

    def _obstacle(self, patch: Patch, member: Member, now: MonoMs) -> str:
        link = self._routing.link_for(member.talkgroup)
        if link is None:
            return f"no radio carries {self._ctx.addresses.talkgroup_name(member.talkgroup)}"
        if not self._health.is_up(link.id):
            return self._health.words(link.id)
        number = split_address(member.talkgroup)[1]
        tunes = Capability.SELECT_GROUP in self._ctx.links[link.id].info.capabilities
        group = self._routing.group(link.id)
        if not tunes:
            elsewhere = group is not None and group != number
            return self._routing.elsewhere(link.id, group) if elsewhere else ""
        return self._tune(patch, member, link.id, now, on_it=group == number)

    def _tune(self, patch: Patch, member: Member, link: LinkId, now: MonoMs, *, on_it: bool) -> str:
        """Keep a radio on the group of a member; returns what stands against it."""
        if on_it and self._routing.keeps(patch.label, member.talkgroup, link):
            return ""
        if not on_it and member.asked_ms is not None and now - member.asked_ms < TUNE_MS:
            return member.reason or self._routing.elsewhere(link, self._routing.group(link))
        if not on_it:
            member.asked_ms = now
        words = self._routing.keep(patch.label, member.talkgroup, self._pressed())
        return "" if on_it else words or self._routing.elsewhere(link, self._routing.group(link))
