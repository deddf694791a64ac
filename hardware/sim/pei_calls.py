"""The host's side of calls: dialling and push-to-talk, with every answer a network gives.

The network's answer to each demand is a ``GrantPolicy``: those set by the scenario are used
first, in order; then the default, which grants after a while and queues behind a talker.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from gateway.tetra.tables import DemandPriority, Grant
from hardware.sim.channel import (
    CAUSE_TIMER,
    CAUSE_UNKNOWN,
    CAUSE_USER,
    Call,
    Channel,
    Own,
    Talk,
)
from hardware.sim.chassis import Chassis
from hardware.sim.pei_grammar import AtError
from hardware.sim.speech import Sound


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantPolicy:
    """How the network answers one demand to talk."""

    answer: str = "grant"
    """grant, refuse, queue, other, ignore, release or error."""
    after_ms: float | None = None
    permission: int = 0
    then: str = "grant"
    """After ``queue``: grant, refuse or never."""
    then_ms: float = 1_000.0
    late_grant_ms: float | None = None
    """A withdrawn demand is granted all the same, this much later."""
    unit: int | None = None
    cause: int = CAUSE_TIMER
    error: int = 42


@dataclass(frozen=True, slots=True)
class Profile:
    """What ``AT+CTSDC`` set: how the next ``ATD`` calls."""

    service: int = 0
    called: int = 0
    hook: int = 0
    simplex: int = 0
    e2ee: int = 0
    comms: int = 0
    slots: int = 1
    request_tx: int = 0
    priority: int = 0


class CallControl(Channel):
    """The radio's calls. Methods named after commands raise AtError when the radio refuses."""

    def __init__(self, chassis: Chassis, deliver: Callable[[bytes], None]) -> None:
        """Use ``chassis``; ``deliver`` gets the blocks of sound the radio hears."""
        super().__init__(chassis, deliver)
        self.policies: deque[GrantPolicy] = deque(maxlen=64)
        self.peers_off: set[int] = set()
        self._policy: GrantPolicy | None = None

    def dial(self, number: int, profile: Profile) -> Callable[[], None]:
        """Begin a group call; returns what follows the OK."""
        self._may_transmit()
        busy = self.call
        if profile.service != 0 or not profile.simplex or self.offer is not None:
            raise AtError(3)
        if number == self._chassis.settings.issi:
            raise AtError(34)
        if busy is not None and (busy.own is not Own.NONE or busy.duplex or busy.group == number):
            raise AtError(3)
        policy = self._next_policy()
        if policy.answer == "error":
            raise AtError(policy.error)
        return lambda: self._set_up(number, profile, policy)

    def demand(self, instance: int, priority: int) -> Callable[[], None]:
        """Ask to talk in the running call."""
        call = self._known(instance)
        self._may_transmit()
        if call.duplex or call.ringing or call.own is not Own.NONE or call.permission:
            raise AtError(3)
        policy = self._next_policy()
        if policy.answer == "error":
            raise AtError(policy.error)
        call.own = Own.ASKING
        call.stop("hang")
        return lambda: self._answer_demand(call, policy, priority)

    def cease(self, instance: int) -> Callable[[], None]:
        """Stop talking, or withdraw a demand. The carrier is off when this returns."""
        call = self._known(instance)
        before, call.own = call.own, Own.NONE
        call.stop("grant", "limit", "then")
        if before is Own.GRANTED:
            self._unkeyed(call, "host")
        if before is Own.NONE:
            return nothing
        policy = self._withdrawn(call, before)

        def after() -> None:
            if call is not self.call:
                return
            if call.talker is None:
                self._ceased(call, 0)
            if policy is not None and policy.late_grant_ms is not None:
                call.timers["grant"] = self._chassis.later(
                    policy.late_grant_ms, lambda: self._grant(call)
                )

        return after

    def hang_up(self) -> Callable[[], None]:
        """End the call (``ATH``)."""
        call = self.call
        if call is None:
            return nothing
        if self.carries_host_sound:
            self._unkeyed(call, "hang_up")
        call.own = Own.NONE
        call.stop()
        self.call = None
        return self._told_later(call)

    def _may_transmit(self) -> None:
        if not self._chassis.registered:
            raise AtError(30)
        if self._chassis.inhibited:
            raise AtError(41)

    def _known(self, instance: int) -> Call:
        if self.call is None or self.call.instance != instance:
            raise AtError(3)
        return self.call

    def _next_policy(self) -> GrantPolicy:
        return self.policies.popleft() if self.policies else GrantPolicy()

    def _set_up(self, number: int, profile: Profile, policy: GrantPolicy) -> None:
        if self.call is not None and self.call.group == number:
            self._collide(self.call, policy)
            return
        if self.call is not None:
            self.release(CAUSE_USER)
        chassis = self._chassis
        call = self._new(
            number,
            priority=profile.priority,
            encrypted=bool(profile.e2ee),
        )
        shape = f"{profile.hook},{profile.simplex},{profile.e2ee},{profile.comms},{profile.slots}"
        self._say(f"+CTOCP: {call.instance},0,0,{shape}")
        if number not in chassis.known_groups:
            call.timers["fail"] = chassis.later(400, lambda: self.release(CAUSE_UNKNOWN))
            return
        call.own = Own.ASKING if profile.request_tx == 0 else Own.NONE
        call.timers["connect"] = chassis.later(15, lambda: self._connect_simplex(call, policy))

    def _collide(self, call: Call, policy: GrantPolicy) -> None:
        """Join the call that came in on the same group between ATD and its OK."""
        if call.own is Own.NONE:
            call.own = Own.ASKING
            call.stop("hang")
            self._answer_demand(call, policy, DemandPriority.LOW.value)

    def _connect_simplex(self, call: Call, policy: GrantPolicy) -> None:
        self._connected(call)
        if call.own is Own.ASKING:
            self._answer_demand(call, policy, DemandPriority.LOW.value)
        else:
            self._arm_hang(call)

    def _answer_demand(self, call: Call, policy: GrantPolicy, priority: int) -> None:
        if call is not self.call or call.own is not Own.ASKING:
            return
        wait = self._chassis.settings.grant_after_ms
        wait = wait if policy.after_ms is None else policy.after_ms
        act = {
            "grant": lambda: self._grant_or_queue(call, policy, priority),
            "refuse": lambda: self._refuse(call, policy.permission),
            "queue": lambda: self._queue(call, policy),
            "other": lambda: self._give_away(call, policy),
            "release": lambda: self.release(policy.cause),
            "ignore": nothing,
        }[policy.answer]
        self._policy = policy
        call.timers["grant"] = self._chassis.later(wait, act)

    def _withdrawn(self, call: Call, before: Own) -> GrantPolicy | None:
        policy, self._policy = self._policy, None
        return policy if before in (Own.ASKING, Own.QUEUED) else None

    def _grant_or_queue(self, call: Call, policy: GrantPolicy, priority: int) -> None:
        scripted = policy.after_ms is not None
        if call.talker is None or scripted or priority >= DemandPriority.PRE_EMPTIVE.value:
            self._grant(call)
        else:
            self._show_queued(call)

    def _show_queued(self, call: Call) -> None:
        call.own = Own.QUEUED
        self._say(f"+CTXG: {call.instance},{Grant.QUEUED.value},{call.permission},0")

    def _queue(self, call: Call, policy: GrantPolicy) -> None:
        self._show_queued(call)
        later = self._chassis.later
        if policy.then == "grant":
            call.timers["then"] = later(policy.then_ms, lambda: self._grant(call))
        elif policy.then == "refuse":
            call.timers["then"] = later(
                policy.then_ms, lambda: self._refuse(call, policy.permission)
            )

    def _refuse(self, call: Call, permission: int) -> None:
        call.stop("then")
        call.own = Own.NONE
        call.permission = permission
        call.shown_ms = self._chassis.now
        self._say(f"+CTXG: {call.instance},{Grant.REFUSED.value},{permission},0")
        if call.talker is None:
            self._next_turn(call)

    def _give_away(self, call: Call, policy: GrantPolicy) -> None:
        """Somebody else gets the turn; the host's demand stays in the queue behind it."""
        call.own = Own.QUEUED
        if call.talker is None:
            talk = Talk(group=call.group or 0, unit=policy.unit, sound=Sound.silence(2_000))
            call.talker = talk
            self._speak(call, talk)
        else:
            self._show_talker(call)


def nothing() -> None:
    """Do nothing after the OK."""
