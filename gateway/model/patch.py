"""Patches: talkgroups joined across systems and technologies. Their commands and events.

What is said on one member is passed on to the others by keying their links. ``label`` (P1 to P99)
is what people see of a patch; its id (``p-`` and a ULID) is made by whoever makes it.
"""

from dataclasses import dataclass
from typing import ClassVar

from gateway.model.command import Command
from gateway.model.envelope import Event
from gateway.model.ids import CallId, PatchId, PositionId, TalkgroupId, TransmissionId

# ---- commands ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchMake(Command):
    """Join talkgroups until ``until_utc`` (None: until somebody drops it).

    ``label``: of a prepared patch or of one that stood before a restart; empty takes the first
    free one. ``mixed``: what is said encrypted may go out unencrypted. ``restored``: it stood
    before a restart, since ``since_utc``.
    """

    type: ClassVar[str] = "patch.make"
    patch: PatchId
    name: str
    members: tuple[TalkgroupId, ...]
    operator: str
    operator_id: str = ""
    position: PositionId | None = None
    reason: str = ""
    until_utc: int | None = None
    mixed: bool = False
    label: str = ""
    restored: bool = False
    since_utc: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchExtend(Command):
    """Let a patch stand until another time."""

    type: ClassVar[str] = "patch.extend"
    patch: PatchId
    until_utc: int
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchDrop(Command):
    """End a patch: what is being passed on is un-keyed."""

    type: ClassVar[str] = "patch.drop"
    patch: PatchId
    operator: str
    reason: str = ""


# ---- events ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchMade(Event):
    """Talkgroups are joined. ``from_plan``: the plan has it so; nobody owns it."""

    type: ClassVar[str] = "patch.made"
    patch: PatchId
    label: str
    name: str
    members: tuple[TalkgroupId, ...]
    owner: str = ""
    owner_id: str = ""
    position: PositionId | None = None
    reason: str = ""
    since_utc: int = 0
    until_utc: int | None = None
    mixed: bool = False
    from_plan: bool = False
    restored: bool = False
    hidden: int = 0
    """Members that whoever is told may not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchChanged(Event):
    """Members, name or end of a patch changed; ``why`` in words."""

    type: ClassVar[str] = "patch.changed"
    patch: PatchId
    label: str
    name: str
    members: tuple[TalkgroupId, ...]
    until_utc: int | None = None
    mixed: bool = False
    operator: str = ""
    why: str = ""
    hidden: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchEnded(Event):
    """A patch stands no more. ``cause``: dropped, expired, plan, loop or fault."""

    type: ClassVar[str] = "patch.ended"
    patch: PatchId
    label: str
    members: tuple[TalkgroupId, ...]
    cause: str
    operator: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchMemberChanged(Event):
    """Whether a member can be keyed now; ``reason`` says why not."""

    type: ClassVar[str] = "patch.member_changed"
    patch: PatchId
    talkgroup: TalkgroupId
    ready: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchSkipped(Event):
    """An over is not passed on to a member, or only from later on; ``reason`` says why."""

    type: ClassVar[str] = "patch.skipped"
    patch: PatchId
    label: str
    source: TransmissionId
    talkgroup: TalkgroupId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchCallJoined(Event):
    """A call is on a member of a patch: calls with the same patch belong together."""

    type: ClassVar[str] = "patch.call_joined"
    patch: PatchId
    label: str
    call: CallId
    talkgroup: TalkgroupId


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchWaits(Event):
    """A patch of the plan is not made now; empty ``reason``: it waits no more."""

    type: ClassVar[str] = "patch.waits"
    label: str
    name: str
    members: tuple[TalkgroupId, ...]
    reason: str = ""
