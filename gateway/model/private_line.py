"""The line of a private call: where a talkgroup stands in voice and presses, it has one of its own.

A call of two has no talkgroup. Its transmissions, presses and voice frames carry the **line**
``private/<call_seq>`` in the talkgroup's place: unique for each call, in no plan and in no grant,
so that nothing made for talkgroups shows or sounds it. In a VoiceFrame it is the system
``PRIVATE_HANDLE``. A browser hears it only through its one track ``PRIVATE_TRACK``, which the
server joins to the line of the call that its position has, and to nothing else.
"""

from gateway.model.ids import SystemId, TalkgroupId, talkgroup_id

PRIVATE_SYSTEM = SystemId("private")
"""No system of a plan may have this id."""
PRIVATE_HANDLE = 0xFFFFFFFF
"""Stands for ``PRIVATE_SYSTEM`` in a VoiceFrame; no system of a plan may have this handle."""
PRIVATE_TRACK = TalkgroupId("private/0")
"""What a page asks for in its offer; no call has this line, as calls are counted from 1."""
LINE_NAME = "private call"
"""What stands where the name of a talkgroup would."""
_PREFIX = f"{PRIVATE_SYSTEM}/"


def private_line(call_seq: int) -> TalkgroupId:
    """Return the line of the call with this number."""
    return talkgroup_id(PRIVATE_SYSTEM, call_seq)


def is_private(talkgroup: str | None) -> bool:
    """Say whether this is the line of a private call, and no talkgroup."""
    return talkgroup is not None and talkgroup.startswith(_PREFIX)
