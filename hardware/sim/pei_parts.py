"""What the command tables of the simulated radio share: parts, answers, common lines."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hardware.sim.chassis import Chassis
from hardware.sim.pei_calls import Profile
from hardware.sim.pei_grammar import AtCommand
from hardware.sim.pei_messages import Messages
from hardware.sim.pei_private import PrivateCalls


@dataclass(slots=True)
class Answer:
    """Lines before the final OK, and what happens after it."""

    lines: tuple[str, ...] = ()
    after: Callable[[], None] | None = None
    reset: bool = False
    """The radio restarts instead of answering."""


@dataclass(slots=True)
class Parts:
    """What a command can touch."""

    chassis: Chassis
    calls: PrivateCalls
    messages: Messages
    profile: Profile = field(default_factory=Profile)
    profile_fresh: bool = False
    """Whether CTSDC was set since the last ATD."""
    names_listed: bool = False
    pin_failed: bool = False


Command = Callable[[Parts, AtCommand], Answer]


def group_line(chassis: Chassis) -> str:
    """Return ``+CTGS:`` with the selected group and, when scanning, the scanned ones."""
    pairs = [f"1,{chassis.selected}"]
    if chassis.scan_on:
        pairs += [f"{kind},{group}" for group, kind in chassis.scan.items()]
    return "+CTGS: " + ",".join(pairs)


def creg_line(chassis: Chassis) -> str:
    """Return ``+CREG: <stat>,<LA>,<MNI>``."""
    if not chassis.registered:
        return f"+CREG: {chassis.stat.value},0,0"
    settings = chassis.settings
    return f"+CREG: {chassis.stat.value},1,{settings.mcc}{settings.mnc:05d}"


def later(chassis: Chassis, wait_ms: float, do: Callable[[], object]) -> None:
    """Do something after a while; what it returns is of no use."""

    def act() -> None:
        do()

    chassis.later(wait_ms, act)
