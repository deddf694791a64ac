"""Bodies of requests. Answers are rows made by the services, described in ``docs``."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    """Base: an unknown key is a mistake of the caller."""

    model_config = ConfigDict(extra="forbid")


class SignIn(Body):
    """Name and password."""

    name: str = Field(max_length=200)
    password: str = Field(max_length=1000)


class AcceptInvitation(Body):
    """What an invited person chooses; for a reset only the password counts."""

    name: str = Field(default="", max_length=200)
    display_name: str = Field(default="", max_length=200)
    password: str = Field(max_length=1000)


class TakePosition(Body):
    """Sit down; ``take_over`` closes the microphone that is in the way."""

    take_over: bool = False


class LeavePosition(Body):
    """Get up, with words for the next."""

    handover_text: str = Field(default="", max_length=4000)


class Select(Body):
    """The talkgroup that push-to-talk goes to."""

    talkgroup: str = Field(max_length=64)


class SendText(Body):
    """A text to a unit or a talkgroup."""

    to: str = Field(max_length=64)
    to_talkgroup: bool = False
    text: str = Field(max_length=2000)
    immediate: bool = False


class SendStatus(Body):
    """A status of the plan's table to a unit or a talkgroup."""

    to: str = Field(max_length=64)
    to_talkgroup: bool = False
    value: int = Field(ge=0, le=0xFFFF)


class AskPosition(Body):
    """A unit, and whether it shall report by itself."""

    unit: str = Field(max_length=64)
    enabled: bool = True


class AskUnit(Body):
    """A unit to be reached."""

    unit: str = Field(max_length=64)


class SetUnitStatus(AskUnit):
    """A unit, and a status of the plan's table."""

    value: int = Field(ge=0, le=0xFFFF)


class InhibitUnit(AskUnit):
    """A radio to be taken out of service; with ``enabled`` it is put back.

    ``typed`` is its number, written once more by the person who means it.
    """

    enabled: bool = False
    reason: str = Field(max_length=1000)
    typed: str = Field(max_length=20)


class EndAlarm(Body):
    """handled, accidental_press, no_cause_found or duplicate."""

    reason: str = Field(max_length=64)


class WriteNote(Body):
    """A note."""

    text: str = Field(max_length=5000)


class DeskBody(Body):
    """What the desk keeps: any JSON object of the page's own."""

    state: dict[str, Any]  # the page's own JSON: kept, never read


class AddUser(Body):
    """A new account; the answer has the one-time link for its password."""

    name: str = Field(max_length=64)
    display_name: str = Field(max_length=200)
    role: str = Field(max_length=32)
    organisation: str = Field(max_length=200)
    person: str = Field(default="", max_length=200)


class ChangeRole(Body):
    """Another role."""

    role: str = Field(max_length=32)


class Disable(Body):
    """Disable, or enable again."""

    disabled: bool = True


class AddGrant(Body):
    """Role x organisation x scope x actions x expiry."""

    role: str = Field(max_length=32)
    organisation: str = Field(max_length=200)
    scope_kind: str = Field(default="folder", max_length=32)
    scope: str = Field(max_length=200)
    actions: list[str]
    expires_utc: int | None = None


class Offer(Body):
    """A page's WebRTC offer: microphone first, then one line a talkgroup."""

    sdp: str = Field(max_length=200_000)
    talkgroups: list[str] = Field(max_length=64)


class Mute(Body):
    """Stop or go on sending a talkgroup."""

    talkgroup: str = Field(max_length=64)
    muted: bool
