"""The channel of a simulated radio: the one call that is up, and the turns of its talkers.

Theory of operation. A radio has at most one call up. Whose turn it is:

    own:     none -> asking -> (queued ->) granted -> none      (host, by CTXD/ATD and CUTXC)
    talker:  none -> somebody -> none                           (network, by the scenario)

Somebody who wants to talk while the turn is taken waits; the host comes before other units.
"""

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.tetra.tables import Grant
from hardware.sim.chassis import Chassis, Handle, Service
from hardware.sim.speech import BLOCK_MS, Sound

PRE_EMPTIVE_CALL = 12
"""Call priorities from here on pre-empt (15 is emergency)."""
CAUSE_USER, CAUSE_UNREACHABLE, CAUSE_PREEMPTED, CAUSE_TIMER, CAUSE_UNKNOWN = 1, 3, 9, 13, 16
MAX_WAITING = 16
NEXT_TALKER_MS = 250.0
"""Pause between a talker and the one who waited."""


class Own(enum.Enum):
    """The host's own place in a call."""

    NONE = "none"
    ASKING = "asking"
    QUEUED = "queued"
    GRANTED = "granted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Somebody else's transmission, as the network delivers it."""

    group: int
    unit: int | None
    sound: Sound
    priority: int = 0
    encrypted: bool = False
    hang_ms: float | None = None
    preempt: bool = False


@dataclass(slots=True, kw_only=True)
class Call:
    """The call that is up."""

    instance: int
    group: int | None
    private: bool = False
    peer: int | None = None
    digits: str = ""
    """External number at the other end of a telephone call."""
    hook: int | None = None
    sound: Sound | None = None
    """What a caller says once he is answered."""
    priority: int = 0
    encrypted: bool = False
    hang_ms: float
    duplex: bool = False
    ringing: bool = False
    connected: bool = False
    own: Own = Own.NONE
    permission: int = 0
    shown_ms: float = 0.0
    """When the last change of talker or permission was written to the host."""
    talker: Talk | None = None
    speaking: bool = False
    blocks: int = 0
    """20 ms blocks of the talker that were delivered."""
    waiting: deque[Talk] = field(default_factory=lambda: deque(maxlen=MAX_WAITING))
    timers: dict[str, Handle] = field(default_factory=dict)

    def stop(self, *names: str) -> None:
        """Cancel timers by name; all of them without a name."""
        for name in names or tuple(self.timers):
            if handle := self.timers.pop(name, None):
                handle.cancel()


class Channel:
    """What the network and other people do on the channel."""

    def __init__(self, chassis: Chassis, deliver: Callable[[bytes], None]) -> None:
        """Use ``chassis``; ``deliver`` gets the blocks of sound the radio hears."""
        self._chassis = chassis
        self._deliver = deliver
        self.call: Call | None = None
        self.offer: Call | None = None
        """A call of two that rings beside the call that is up."""
        self.leaving: set[int] = set()
        """Instances of calls that the host has ended and whose end is not told yet."""

    def hear(self, talk: Talk) -> bool:
        """Take a transmission from the network; False when this radio does not hear it."""
        chassis = self._chassis
        if not (chassis.powered and chassis.registered and chassis.listens_to(talk.group)):
            return False
        call = self.call
        if call is None:
            self._incoming(talk)
        elif call.group == talk.group and not _pre_empts(talk, call):
            self._join(call, talk)
        elif _pre_empts(talk, call) or (
            call.own is Own.NONE and chassis.rank(talk.group) < chassis.rank(call.group)
        ):
            self.release(CAUSE_PREEMPTED)
            self._incoming(talk)
        else:
            return False
        return True

    def release(self, cause: int) -> None:
        """End the call from the network's side."""
        call = self.call
        if call is None:
            return
        if self.carries_host_sound:
            self._unkeyed(call, "released")
        call.own = Own.NONE
        call.stop()
        self.call = None
        self._say(f"+CTCR: {call.instance},{cause}")

    def vanish(self, why: str) -> None:
        """Drop the call without a word (power lost)."""
        if self.call is not None and self.carries_host_sound:
            self._unkeyed(self.call, why)
        if self.call is not None:
            self.call.stop()
        self.call = None

    def knob_turned(self) -> None:
        """Leave the call if its group is no longer listened to."""
        call = self.call
        if call and call.group is not None and not self._chassis.listens_to(call.group):
            self.release(CAUSE_USER)

    def permit(self, permission: int) -> None:
        """Set whether one may ask, as the network's next line says it."""
        if (call := self.call) is not None:
            call.permission = permission
            call.shown_ms = self._chassis.now
            if call.talker is None:
                self._say(f"+CDTXC: {call.instance},{permission}")
            else:
                self._show_talker(call)

    def quiet_talker(self) -> bool:
        """Cut the talker off in mid-word; False when nobody talks."""
        call = self.call
        if call is None or call.talker is None:
            return False
        call.stop("sound")
        self._talk_over(call)
        return True

    @property
    def busy_with_voice(self) -> float | None:
        """Since when somebody talks, as the host was told; None when the channel is free."""
        call = self.call
        if call is None or (not call.speaking and call.own is not Own.GRANTED):
            return None
        return call.shown_ms

    @property
    def carries_host_sound(self) -> bool:
        """Whether sound from the host goes over the air now."""
        call = self.call
        if call is None:
            return False
        return call.own is Own.GRANTED or (call.duplex and call.connected)

    def _say(self, line: str) -> None:
        self._chassis.report(Service.VOICE, line)

    def _free_instance(self) -> int:
        taken = {call.instance for call in (self.call, self.offer) if call is not None}
        taken |= self.leaving
        return next(number for number in range(1, 6) if number not in taken)

    def _told_later(self, call: Call) -> Callable[[], None]:
        """Return what tells the end of a call of the host; until then no other has its instance."""
        self.leaving.add(call.instance)

        def tell() -> None:
            self.leaving.discard(call.instance)
            self._say(f"+CTCR: {call.instance},{CAUSE_USER}")

        return tell

    def _new(self, group: int | None, **what: object) -> Call:
        settings = self._chassis.settings
        instance = self._free_instance()
        call = Call(instance=instance, group=group, hang_ms=settings.hang_ms)
        for name, value in what.items():
            setattr(call, name, value)
        self.call = call
        return call

    def _connected(self, call: Call) -> None:
        comms = 1 if call.group is not None else 0
        simplex = 0 if call.duplex else 1
        hook = simplex if call.hook is None else call.hook
        e2ee = int(call.encrypted)
        self._say(f"+CTCC: {call.instance},{hook},{simplex},0,{e2ee},{comms},1")
        if self._chassis.settings.vendor_lines:
            self._say(f"+ENCR: {e2ee}")

    def _incoming(self, talk: Talk) -> None:
        chassis = self._chassis
        call = self._new(talk.group, priority=talk.priority, encrypted=talk.encrypted)
        call.talker = talk
        kind = chassis.address_type
        self._say(
            f"+CTICN: {call.instance},0,0,{kind},{chassis.address(talk.unit)},1,1,"
            f"{int(talk.encrypted)},1,1,{kind},{chassis.address(talk.group)},{talk.priority}"
        )
        call.timers["connect"] = chassis.later(15, lambda: self._connected(call))
        call.timers["start"] = chassis.later(30, lambda: self._speak(call, talk))

    def _join(self, call: Call, talk: Talk) -> None:
        if call.own is Own.GRANTED and talk.preempt:
            call.own = Own.NONE
            call.stop("limit")
            self._unkeyed(call, "preempted")
        if call.talker is not None or call.own is not Own.NONE:
            call.waiting.append(talk)
            return
        call.stop("hang")
        call.talker = talk
        self._speak(call, talk)

    def _speak(self, call: Call, talk: Talk) -> None:
        call.speaking = True
        call.shown_ms = self._chassis.now
        if talk.hang_ms is not None:
            call.hang_ms = talk.hang_ms
        if self._chassis.settings.grant_lines:
            self._show_talker(call)
        self._chassis.truth.note(
            "talker", self._chassis.now, group=talk.group, unit=talk.unit, instance=call.instance
        )
        call.blocks = 0
        self._play(call, talk.sound, 0, self._chassis.now)

    def _show_talker(self, call: Call) -> None:
        talk, chassis = call.talker, self._chassis
        if talk is None:
            return
        kind = 3 if chassis.settings.long_addresses else 0
        party = "" if talk.unit is None else f",{kind},{chassis.address(talk.unit)}"
        self._say(
            f"+CTXG: {call.instance},{Grant.OTHER.value},{call.permission},"
            f"{int(talk.encrypted)}{party}"
        )

    def _play(self, call: Call, sound: Sound, index: int, start_ms: float) -> None:
        """Deliver block ``index`` and arm the next, each at start + n * 20 ms: no drift."""
        if index >= sound.blocks:
            self._talk_over(call)
            return
        if call.talker is not None and not call.talker.encrypted:
            self._deliver(sound.block(index))
            call.blocks += 1
        due = start_ms + (index + 1) * BLOCK_MS - self._chassis.now
        call.timers["sound"] = self._chassis.later(
            due, lambda: self._play(call, sound, index + 1, start_ms)
        )

    def _talk_over(self, call: Call) -> None:
        call.talker, call.speaking = None, False
        call.stop("sound")
        if call.duplex:
            return
        self._chassis.truth.note(
            "talker_end", self._chassis.now, instance=call.instance, blocks=call.blocks
        )
        self._ceased(call, 0)

    def _ceased(self, call: Call, permission: int) -> None:
        """Tell that the channel is free; then it is the next one's turn."""
        call.permission = permission
        self._say(f"+CDTXC: {call.instance},{permission}")
        self._next_turn(call)

    def _next_turn(self, call: Call) -> None:
        """Give the free channel to whoever waits, the host first; else the hang time runs."""
        if call.own is Own.QUEUED:
            if "then" not in call.timers:
                call.timers["grant"] = self._chassis.later(
                    self._chassis.settings.grant_after_ms, lambda: self._grant(call)
                )
        elif call.own is Own.NONE and call.waiting:
            talk = call.waiting.popleft()
            call.talker = talk
            call.timers["start"] = self._chassis.later(
                NEXT_TALKER_MS, lambda: self._speak(call, talk)
            )
        elif call.own is Own.NONE:
            self._arm_hang(call)

    def _arm_hang(self, call: Call) -> None:
        call.stop("hang")
        call.timers["hang"] = self._chassis.later(call.hang_ms, lambda: self.release(CAUSE_TIMER))

    def _grant(self, call: Call) -> None:
        if call is not self.call:
            return
        call.stop("sound", "start", "hang", "then")
        call.talker, call.speaking = None, False
        call.own = Own.GRANTED
        call.shown_ms = self._chassis.now
        self._keyed(call)
        self._say(f"+CTXG: {call.instance},{Grant.MINE.value},{call.permission},0")
        call.timers["limit"] = self._chassis.later(
            self._chassis.settings.tx_limit_ms, lambda: self._limit(call)
        )

    def _limit(self, call: Call) -> None:
        """Apply the radio's own transmit time-out."""
        call.own = Own.NONE
        self._unkeyed(call, "time_out")
        self._ceased(call, 0)

    def _keyed(self, call: Call) -> None:
        self._chassis.truth.note(
            "keyed",
            self._chassis.now,
            group=call.group,
            peer=call.peer,
            instance=call.instance,
        )

    def _unkeyed(self, call: Call, why: str) -> None:
        call.stop("limit")
        self._chassis.truth.note(
            "unkeyed",
            self._chassis.now,
            group=call.group,
            peer=call.peer,
            instance=call.instance,
            why=why,
        )


def _pre_empts(talk: Talk, call: Call) -> bool:
    return talk.priority >= PRE_EMPTIVE_CALL and talk.priority > call.priority
