"""What the plan says of private and telephone calls: where they ring, and what is recorded."""

from dataclasses import dataclass

from gateway.model.ids import LinkId

PRIVATE_RETENTION = "private_call"
"""Retention class of private calls unless a rule names another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualRule:
    """Which positions a call rings at. The first rule that fits holds; empty fields fit all.

    A link stands for the number that was called: each radio has its own. ``callers`` are numbers,
    one that ends in ``*`` fits all that begin so. ``kind`` is private, telephone or empty.
    """

    name: str
    links: tuple[LinkId, ...] = ()
    kind: str = ""
    callers: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()
    """Ring first; empty: every position."""
    next_positions: tuple[str, ...] = ()
    """Ring as well after ``next_after_s``, or at once when all of the first have declined."""
    next_after_s: int = 15
    ring_s: int = 60
    """Not answered for so long, the call is hung up and counts as missed."""
    priority: int = 0
    """Order in the queue, the highest first; an emergency goes before all."""
    recorded: bool = True
    retention: str = PRIVATE_RETENTION


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverRecorded:
    """A number whose calls are never recorded, in or out, whatever a rule says.

    ``number`` is a unit's number or an external one; one that ends in ``*`` fits all that begin
    so. ``reason`` is shown before answering and stands in the call log: lawyer, staff council.
    """

    number: str
    reason: str
