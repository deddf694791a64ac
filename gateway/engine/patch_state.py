"""What a patch is while it stands."""

from collections import deque
from dataclasses import dataclass, field

from gateway.engine.call_state import Transmission
from gateway.engine.patch_echo import EchoGuard
from gateway.model.ids import CallId, MonoMs, PatchId, PositionId, TalkgroupId, TransmissionId
from gateway.model.patch import PatchChanged, PatchEnded, PatchMade, PatchMake
from gateway.model.voice import FRAME_MS

HELD_BLOCKS = 600 // FRAME_MS
"""Sound of an over that is kept for a member which is keyed a moment later."""


@dataclass(slots=True, eq=False)
class Member:
    """One talkgroup of a patch: whether its link can be keyed, and why not."""

    talkgroup: TalkgroupId
    ready: bool | None = None
    """None until it was looked at."""
    reason: str = ""
    asked_ms: MonoMs | None = None
    """When its radio was last asked to go to the group."""
    relay_ended_ms: MonoMs | None = None
    """When what was passed on to it was last un-keyed."""
    retry_ms: MonoMs | None = None
    """It is not keyed for this over before then."""
    barred: bool = False
    """It is not keyed any more for this over: its limit was reached."""
    skipped: str = ""
    """Why it does not hear this over, as told last."""


@dataclass(slots=True, kw_only=True, eq=False)
class Patch:
    """Talkgroups joined. One over at a time has the floor of all of them: the ``holder``."""

    id: PatchId
    label: str
    name: str
    members: dict[TalkgroupId, Member]
    owner: str = ""
    owner_id: str = ""
    position: PositionId | None = None
    reason: str = ""
    since_utc: int = 0
    until_utc: int | None = None
    mixed: bool = False
    from_plan: bool = False
    holder: Transmission | None = None
    free_ms: MonoMs = field(default=MonoMs(0))
    """The next over may have the floor from then on."""
    held_end_ms: MonoMs = field(default=MonoMs(0))
    """When the last holder ended."""
    checked_ms: MonoMs | None = None
    echo: EchoGuard = field(default_factory=EchoGuard)
    calls: set[CallId] = field(default_factory=set)
    """Calls that were told as belonging to it."""
    sounds: dict[TransmissionId, deque[bytes]] = field(default_factory=dict)
    """The last sound of each over that runs on a member."""
    ends_with: tuple[str, str] | None = None
    """Cause and words: it ends when what is being passed on is over."""

    @property
    def talkgroups(self) -> tuple[TalkgroupId, ...]:
        """The members' talkgroups, in the order in which they were named."""
        return tuple(self.members)

    def keep(self, over: Transmission, pcm: bytes) -> None:
        """Keep the last sound of an over."""
        sound = self.sounds.get(over.id)
        if sound is None:
            sound = self.sounds[over.id] = deque(maxlen=HELD_BLOCKS)
        sound.append(pcm)

    def made(self, *, restored: bool = False) -> PatchMade:
        """Return the event of its beginning."""
        return PatchMade(
            patch=self.id,
            label=self.label,
            name=self.name,
            members=self.talkgroups,
            owner=self.owner,
            owner_id=self.owner_id,
            position=self.position,
            reason=self.reason,
            since_utc=self.since_utc,
            until_utc=self.until_utc,
            mixed=self.mixed,
            from_plan=self.from_plan,
            restored=restored,
        )

    def changed(self, operator: str, why: str) -> PatchChanged:
        """Return the event of a change."""
        return PatchChanged(
            patch=self.id,
            label=self.label,
            name=self.name,
            members=self.talkgroups,
            until_utc=self.until_utc,
            mixed=self.mixed,
            operator=operator,
            why=why,
        )

    def ended(self, cause: str, operator: str, reason: str) -> PatchEnded:
        """Return the event of its end."""
        return PatchEnded(
            patch=self.id,
            label=self.label,
            members=self.talkgroups,
            cause=cause,
            operator=operator,
            reason=reason,
        )


def patch_of(command: PatchMake, label: str, now_utc: int) -> Patch:
    """Return the patch that a command makes."""
    return Patch(
        id=command.patch,
        label=label,
        name=command.name,
        members=members_of(command.members),
        owner=command.operator,
        owner_id=command.operator_id,
        position=command.position,
        reason=command.reason,
        since_utc=command.since_utc or now_utc,
        until_utc=command.until_utc,
        mixed=command.mixed,
    )


def members_of(talkgroups: tuple[TalkgroupId, ...]) -> dict[TalkgroupId, Member]:
    """Return members that were not looked at yet."""
    return {talkgroup: Member(talkgroup) for talkgroup in talkgroups}
