"""Calls of two at a simulated radio: private and telephone, in and out, simplex and duplex.

Theory of operation. Beside the one call that is up (``call``) at most one more rings (``offer``);
it has an instance of its own. ``ATA`` takes the ringing one, and the radio leaves the other.
``ATH`` ends the call that is up, and declines the ringing one only when none is;
``AT+CTCR=<instance>`` names its call. How the other end takes a call of ours is a ``PeerPolicy``:
those set by the scenario are used first, in order.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from gateway.tetra.tables import DemandPriority, IdentityType
from hardware.sim.channel import (
    CAUSE_PREEMPTED,
    CAUSE_TIMER,
    CAUSE_UNREACHABLE,
    CAUSE_USER,
    PRE_EMPTIVE_CALL,
    Call,
    Own,
    Talk,
)
from hardware.sim.chassis import Chassis
from hardware.sim.pei_calls import CallControl, GrantPolicy, Profile
from hardware.sim.pei_grammar import AtError, ssi_of
from hardware.sim.speech import Sound

RING_MS = 20_000.0
RINGS_AFTER_MS = 200.0
FAILS_AFTER_MS = 400.0
PRIVATE_HANG_MS = 20_000.0
"""A simplex call of two stays up longer between overs than one of a group."""
EXTERNAL = frozenset({IdentityType.PABX.value, IdentityType.PSTN.value})
CAUSE_BUSY, CAUSE_CONGESTED, CAUSE_REJECTED, CAUSE_EXTERNAL = 2, 5, 11, 18
_FAILURES = {"busy": CAUSE_BUSY, "unreachable": CAUSE_UNREACHABLE, "unknown": CAUSE_EXTERNAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerPolicy:
    """How the other end takes one call of the host."""

    answer: str = "take"
    """take, busy, reject, ignore (rings until it ends), unreachable, unknown or queue."""
    after_ms: float = 900.0
    sound: Sound | None = None
    """What the other end says once it is connected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who calls the radio itself."""

    unit: int | None = None
    digits: str = ""
    """An external number: then the call comes through the telephone gateway."""
    duplex: bool = True
    rings: bool = True
    priority: int = 0
    encrypted: bool = False
    sound: Sound | None = None


class PrivateCalls(CallControl):
    """Group calls, and calls of two."""

    def __init__(self, chassis: Chassis, deliver: Callable[[bytes], None]) -> None:
        """Use ``chassis``; ``deliver`` gets the blocks of sound the radio hears."""
        super().__init__(chassis, deliver)
        self.peers: deque[PeerPolicy] = deque(maxlen=64)

    # -- out

    def dial_digits(self, digits: str, profile: Profile) -> Callable[[], None]:
        """Carry out ``ATD``; returns what follows the OK."""
        if profile.comms != 0:
            return self.dial(ssi_of(digits), profile)
        self._may_transmit()
        external = profile.called in EXTERNAL
        peer = None if external else ssi_of(digits)
        if profile.service != 0 or self._taken():
            raise AtError(3)
        if peer == self._chassis.settings.issi:
            raise AtError(34)
        policy = self._next_policy()
        if policy.answer == "error":
            raise AtError(policy.error)
        return lambda: self._set_up_private(peer, digits, profile, policy)

    def _taken(self) -> bool:
        call = self.call
        if self.offer is not None:
            return True
        return call is not None and (call.own is not Own.NONE or call.duplex or call.private)

    def _set_up_private(
        self, peer: int | None, digits: str, profile: Profile, policy: GrantPolicy
    ) -> None:
        if self.call is not None:
            self.release(CAUSE_USER)
        chassis = self._chassis
        call = self._new(
            None,
            private=True,
            peer=peer,
            digits=digits if peer is None else "",
            priority=profile.priority,
            encrypted=bool(profile.e2ee),
            duplex=not profile.simplex,
            hook=profile.hook,
            hang_ms=PRIVATE_HANG_MS,
        )
        shape = f"{profile.hook},{profile.simplex},{profile.e2ee},0,{profile.slots}"
        taken = self.peers.popleft() if self.peers else PeerPolicy()
        self._say(f"+CTOCP: {call.instance},0,0,{shape}")
        failure = _FAILURES.get(taken.answer)
        if peer in self.peers_off:
            failure = CAUSE_UNREACHABLE
        if failure is not None:
            cause = failure
            call.timers["fail"] = chassis.later(FAILS_AFTER_MS, lambda: self.release(cause))
            return
        if taken.answer == "queue":
            self._say(f"+CTOCP: {call.instance},1,0,{shape}")
            call.timers["fail"] = chassis.later(
                taken.after_ms, lambda: self.release(CAUSE_CONGESTED)
            )
            return
        asks = profile.request_tx == 0

        def connect() -> None:
            self._connect_private(call, policy, taken.sound, asks=asks)

        if profile.hook:
            call.timers["connect"] = chassis.later(15.0, connect)
            return
        call.timers["ring"] = chassis.later(
            RINGS_AFTER_MS, lambda: self._say(f"+CTOCP: {call.instance},2,0,{shape}")
        )
        self._answered_by_peer(call, taken, connect)

    def _answered_by_peer(self, call: Call, taken: PeerPolicy, connect: Callable[[], None]) -> None:
        later = self._chassis.later
        if taken.answer == "reject":
            call.timers["fail"] = later(taken.after_ms, lambda: self.release(CAUSE_REJECTED))
        elif taken.answer == "ignore":
            call.timers["fail"] = later(RING_MS, lambda: self.release(CAUSE_TIMER))
        else:
            call.timers["connect"] = later(taken.after_ms, connect)

    def _connect_private(
        self, call: Call, policy: GrantPolicy, sound: Sound | None, *, asks: bool
    ) -> None:
        call.connected = True
        call.timers.pop("ring", None)
        self._connected(call)
        if call.duplex:
            self._keyed(call)
            if sound is not None:
                self._play_duplex(call, sound)
        elif asks:
            call.own = Own.ASKING
            self._answer_demand(call, policy, DemandPriority.LOW.value)
        elif sound is not None:
            self._peer_talks(call, sound)
        else:
            self._arm_hang(call)

    # -- in

    def ring(self, caller: Caller) -> bool:
        """Let a call of two come in; False when the radio is busy or away."""
        chassis, call = self._chassis, self.call
        if not (chassis.powered and chassis.registered) or self.offer is not None:
            return False
        if call is not None and (call.private or not caller.rings) and not _takes_over(caller):
            return False
        if call is not None and not caller.rings:
            self.release(CAUSE_PREEMPTED)
        called = Call(
            instance=self._free_instance(),
            group=None,
            private=True,
            peer=caller.unit,
            digits=caller.digits,
            priority=caller.priority,
            encrypted=caller.encrypted,
            duplex=caller.duplex,
            hook=0 if caller.rings else 1,
            ringing=caller.rings,
            hang_ms=PRIVATE_HANG_MS,
            sound=caller.sound,
        )
        self._announce(called, caller)
        if caller.rings:
            self.offer = called
            called.timers["ring"] = chassis.later(RING_MS, self._rang_in_vain)
        else:
            self.call = called
            called.timers["connect"] = chassis.later(15.0, lambda: self._taken_up(called))
        return True

    def _announce(self, call: Call, caller: Caller) -> None:
        chassis = self._chassis
        kind, number = chassis.address_type, chassis.address(caller.unit)
        if caller.digits:
            kind, number = IdentityType.PSTN.value, caller.digits
        self._say(
            f"+CTICN: {call.instance},0,0,{kind},{number},{call.hook},{int(not call.duplex)},"
            f"{int(call.encrypted)},0,1,{chassis.address_type},"
            f"{chassis.address(chassis.settings.issi)},{call.priority}"
        )

    def answer(self) -> Callable[[], None]:
        """Take the ringing call (``ATA``)."""
        called = self.offer
        if called is None:
            raise AtError(3)
        called.stop("ring")

        def after() -> None:
            if self.offer is not called:
                return
            self.offer = None
            if self.call is not None:
                self.release(CAUSE_USER)
            called.ringing = False
            self.call = called
            self._taken_up(called)

        return after

    def _taken_up(self, call: Call) -> None:
        call.connected = True
        self._connected(call)
        if call.duplex:
            self._keyed(call)
            if call.sound is not None:
                self._play_duplex(call, call.sound)
        elif call.sound is not None:
            self._peer_talks(call, call.sound)
        else:
            self._arm_hang(call)

    def withdraw(self, cause: int) -> bool:
        """Let the caller give up; False when nothing rings."""
        called, self.offer = self.offer, None
        if called is None:
            return False
        called.stop()
        self._say(f"+CTCR: {called.instance},{cause}")
        return True

    def _rang_in_vain(self) -> None:
        self.withdraw(CAUSE_TIMER)

    # -- both

    def talk_private(self, sound: Sound) -> bool:
        """Let the other end of the call of two talk; False when there is none."""
        call = self.call
        if call is None or not call.private or not call.connected:
            return False
        if call.duplex:
            self._play_duplex(call, sound)
        else:
            self._peer_talks(call, sound)
        return True

    def hang_up(self) -> Callable[[], None]:
        """End the call (``ATH``); without one, decline the call that rings."""
        if self.call is not None or self.offer is None:
            return super().hang_up()
        return self._declined(self.offer)

    def hang_up_instance(self, instance: int) -> Callable[[], None]:
        """End or decline one call (``AT+CTCR``)."""
        if self.offer is not None and self.offer.instance == instance:
            return self._declined(self.offer)
        if self.call is None or self.call.instance != instance:
            raise AtError(3)
        return super().hang_up()

    def _declined(self, called: Call) -> Callable[[], None]:
        called.stop()
        self.offer = None
        return self._told_later(called)

    def vanish(self, why: str) -> None:
        """Drop every call without a word (power lost)."""
        if self.offer is not None:
            self.offer.stop()
            self.offer = None
        self.leaving.clear()
        super().vanish(why)

    def _peer_talks(self, call: Call, sound: Sound) -> None:
        self._join(call, Talk(group=0, unit=call.peer, sound=sound))

    def _play_duplex(self, call: Call, sound: Sound) -> None:
        call.talker = Talk(group=0, unit=call.peer, sound=sound)
        call.stop("sound")
        self._play(call, sound, 0, self._chassis.now)


def _takes_over(caller: Caller) -> bool:
    return not caller.rings and caller.priority >= PRE_EMPTIVE_CALL
