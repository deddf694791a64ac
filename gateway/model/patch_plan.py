"""Patches that the plan holds ready: talkgroups joined by default, or prepared for the day."""

import re
from dataclasses import dataclass

from gateway.model.ids import TalkgroupId

LABEL = re.compile(r"P[1-9][0-9]?")
"""A patch's label, as a tile's badge shows it: P1 to P99."""
MAX_MEMBERS = 8
"""Talkgroups that one patch joins: each of them keys a transmitter for every over."""
MAX_NAME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPatch:
    """Talkgroups that the plan joins. ``id`` is the label that tiles show, P1 to P99.

    ``active``: made as soon as the plan is live, and again after a restart; else it is prepared
    and a dispatcher makes it by its name. ``mixed``: the engineer agrees that what is said
    encrypted on one member goes out unencrypted on another.
    """

    id: str
    name: str
    members: tuple[TalkgroupId, ...]
    active: bool = False
    mixed: bool = False
