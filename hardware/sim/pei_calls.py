"""Calls of the simulated radio: incoming groups, push-to-talk with every grant, private calls.

Theory of operation. A radio has at most one call up. Whose turn it is:

    own:     none -> asking -> (queued ->) granted -> none      (host, by CTXD/ATD and CUTXC)
    talker:  none -> somebody -> none                           (network, by the scenario)

The network's answer to each demand is a ``GrantPolicy``: those set by the scenario are used
first, in order; then the default, which grants after a while and queues behind a talker.
"""

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.tetra.tables import AiMode, DemandPriority, Grant
from hardware.sim.chassis import Chassis, Handle, Service
from hardware.sim.pei_grammar import AtError
from hardware.sim.speech import BLOCK_MS, Sound

PRE_EMPTIVE_CALL = 12
"""Call priorities from here on pre-empt (15 is emergency)."""
CAUSE_USER, CAUSE_UNREACHABLE, CAUSE_PREEMPTED, CAUSE_TIMER, CAUSE_UNKNOWN = 1, 3, 9, 13, 16
MAX_WAITING = 16


class Own(enum.Enum):
    """The host's own place in a call."""

    NONE = "none"
    ASKING = "asking"
    QUEUED = "queued"
    GRANTED = "granted"


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
    peer: int | None = None
    priority: int = 0
    encrypted: bool = False
    hang_ms: float
    duplex: bool = False
    ringing: bool = False
    own: Own = Own.NONE
    permission: int = 0
    shown_ms: float = 0.0
    """When the last change of talker or permission was written to the host."""
    talker: Talk | None = None
    speaking: bool = False
    waiting: deque[Talk] = field(default_factory=lambda: deque(maxlen=MAX_WAITING))
    timers: dict[str, Handle] = field(default_factory=dict)

    def stop(self, *names: str) -> None:
        """Cancel timers by name; all of them without a name."""
        for name in names or tuple(self.timers):
            if handle := self.timers.pop(name, None):
                handle.cancel()


@dataclass(frozen=True, slots=True)
class Profile:
    """What ``AT+CTSDC`` set: how the next ``ATD`` calls."""

    service: int = 0
    hook: int = 0
    simplex: int = 0
    e2ee: int = 0
    comms: int = 0
    slots: int = 1
    request_tx: int = 0
    priority: int = 0


class CallControl:
    """The radio's calls. Methods named after commands raise AtError when the radio refuses."""

    def __init__(self, chassis: Chassis, deliver: Callable[[bytes], None]) -> None:
        """Use ``chassis``; ``deliver`` gets the blocks of sound the radio hears."""
        self._chassis = chassis
        self._deliver = deliver
        self.call: Call | None = None
        self.policies: deque[GrantPolicy] = deque(maxlen=64)
        self.peers_off: set[int] = set()

    # What the host asks for -------------------------------------------------------------

    def dial(self, number: int, profile: Profile) -> Callable[[], None]:
        """Begin a call; returns what follows the OK."""
        self._may_transmit()
        group_call = profile.comms != 0
        if profile.service != 0 or (group_call and not profile.simplex):
            raise AtError(3)
        if number == self._chassis.settings.issi:
            raise AtError(34)
        busy = self.call
        if busy is not None and (busy.own is not Own.NONE or busy.ringing or busy.duplex):
            raise AtError(3)
        if busy is not None and group_call and busy.group == number:
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
            return _nothing
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
            return _nothing
        if call.own is Own.GRANTED or call.duplex:
            self._unkeyed(call, "hang_up")
        call.own = Own.NONE
        call.stop()
        self.call = None
        return lambda: self._say(f"+CTCR: {call.instance},{CAUSE_USER}")

    def answer(self) -> Callable[[], None]:
        """Take the ringing call (``ATA``)."""
        call = self.call
        if call is None or not call.ringing:
            raise AtError(3)
        call.stop("ring")
        call.ringing = False
        return lambda: self._connect_duplex(call)

    # What the network and the people at the radio do ------------------------------------

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

    def ring(self, unit: int, sound: Sound) -> bool:
        """Let a private duplex call come in; False when the radio is busy."""
        chassis = self._chassis
        if self.call is not None or not (chassis.powered and chassis.registered):
            return False
        call = self._new(None, peer=unit, duplex=True, ringing=True)
        call.talker = Talk(group=0, unit=unit, sound=sound)
        own = chassis.settings.issi
        self._say(
            f"+CTICN: {call.instance},0,0,{chassis.address_type},{chassis.address(unit)},"
            f"0,0,0,0,1,{chassis.address_type},{chassis.address(own)},0"
        )
        call.timers["ring"] = chassis.later(20_000, lambda: self.release(CAUSE_TIMER))
        return True

    def release(self, cause: int) -> None:
        """End the call from the network's side."""
        call = self.call
        if call is None:
            return
        if call.own is Own.GRANTED or (call.duplex and not call.ringing):
            self._unkeyed(call, "released")
        call.own = Own.NONE
        call.stop()
        self.call = None
        self._say(f"+CTCR: {call.instance},{cause}")

    def vanish(self, why: str) -> None:
        """Drop the call without a word (power lost)."""
        if self.call is not None and self.call.own is Own.GRANTED:
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

    # Insides ----------------------------------------------------------------------------

    def _say(self, line: str) -> None:
        self._chassis.report(Service.VOICE, line)

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

    def _new(self, group: int | None, **what: object) -> Call:
        settings = self._chassis.settings
        call = Call(instance=1, group=group, hang_ms=settings.hang_ms)
        for name, value in what.items():
            setattr(call, name, value)
        self.call = call
        return call

    def _connected(self, call: Call) -> None:
        comms = 1 if call.group is not None else 0
        simplex = 0 if call.duplex else 1
        e2ee = int(call.encrypted)
        self._say(f"+CTCC: {call.instance},{simplex},{simplex},0,{e2ee},{comms},1")
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
        if not call.encrypted:
            self._deliver(sound.block(index))
        due = start_ms + (index + 1) * BLOCK_MS - self._chassis.now
        call.timers["sound"] = self._chassis.later(
            due, lambda: self._play(call, sound, index + 1, start_ms)
        )

    def _talk_over(self, call: Call) -> None:
        call.talker, call.speaking = None, False
        call.stop("sound")
        if call.duplex:
            return
        self._chassis.truth.note("talker_end", self._chassis.now, instance=call.instance)
        self._ceased(call, 0)

    def _ceased(self, call: Call, permission: int) -> None:
        """Tell that the channel is free; whoever waits comes next, the host first."""
        call.permission = permission
        self._say(f"+CDTXC: {call.instance},{permission}")
        if call.own is Own.QUEUED:
            if "then" not in call.timers:
                call.timers["grant"] = self._chassis.later(
                    self._chassis.settings.grant_after_ms, lambda: self._grant(call)
                )
        elif call.own is Own.NONE and call.waiting:
            talk = call.waiting.popleft()
            call.talker = talk
            call.timers["start"] = self._chassis.later(250, lambda: self._speak(call, talk))
        elif call.own is Own.NONE:
            self._arm_hang(call)

    def _arm_hang(self, call: Call) -> None:
        call.stop("hang")
        call.timers["hang"] = self._chassis.later(call.hang_ms, lambda: self.release(CAUSE_TIMER))

    def _set_up(self, number: int, profile: Profile, policy: GrantPolicy) -> None:
        if self.call is not None:
            self.release(CAUSE_USER)
        chassis = self._chassis
        group_call = profile.comms != 0
        call = self._new(
            number if group_call else None,
            peer=None if group_call else number,
            priority=profile.priority,
            encrypted=bool(profile.e2ee),
            duplex=not profile.simplex,
        )
        shape = f"{profile.hook},{profile.simplex},{profile.e2ee},{profile.comms},{profile.slots}"
        self._say(f"+CTOCP: {call.instance},0,0,{shape}")
        failure = self._failure(number, group_call)
        if failure is not None:
            call.timers["fail"] = chassis.later(400, lambda: self.release(failure))
        elif call.duplex:
            call.timers["ring"] = chassis.later(
                200, lambda: self._say(f"+CTOCP: {call.instance},2,0,{shape}")
            )
            call.timers["connect"] = chassis.later(900, lambda: self._connect_duplex(call))
        else:
            call.own = Own.ASKING if profile.request_tx == 0 else Own.NONE
            call.timers["connect"] = chassis.later(15, lambda: self._connect_simplex(call, policy))

    def _failure(self, number: int, group_call: bool) -> int | None:
        if group_call:
            known = number in self._chassis.settings.known_groups
            return None if known else CAUSE_UNKNOWN
        return CAUSE_UNREACHABLE if number in self.peers_off else None

    def _connect_simplex(self, call: Call, policy: GrantPolicy) -> None:
        self._connected(call)
        if call.own is Own.ASKING:
            self._answer_demand(call, policy, DemandPriority.LOW.value)
        else:
            self._arm_hang(call)

    def _connect_duplex(self, call: Call) -> None:
        self._connected(call)
        self._keyed(call)
        if call.talker is not None:
            self._play(call, call.talker.sound, 0, self._chassis.now)

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
            "ignore": _nothing,
        }[policy.answer]
        self._policy_of_call = policy
        call.timers["grant"] = self._chassis.later(wait, act)

    _policy_of_call: GrantPolicy | None = None

    def _withdrawn(self, call: Call, before: Own) -> GrantPolicy | None:
        policy, self._policy_of_call = self._policy_of_call, None
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
            self._arm_hang(call)

    def _give_away(self, call: Call, policy: GrantPolicy) -> None:
        """Somebody else gets the turn; the host's demand stays in the queue behind it."""
        call.own = Own.QUEUED
        if call.talker is None:
            talk = Talk(group=call.group or 0, unit=policy.unit, sound=Sound.silence(2_000))
            call.talker = talk
            self._speak(call, talk)
        else:
            self._show_talker(call)

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

    @property
    def carries_host_sound(self) -> bool:
        """Whether sound from the host goes over the air now."""
        call = self.call
        if call is None:
            return False
        return call.own is Own.GRANTED or (call.duplex and not call.ringing)

    @property
    def dmo(self) -> bool:
        """Whether calls are direct, without a network."""
        return self._chassis.mode is AiMode.DMO


def _pre_empts(talk: Talk, call: Call) -> bool:
    return talk.priority >= PRE_EMPTIVE_CALL and talk.priority > call.priority


def _nothing() -> None:
    """Do nothing after the OK."""
