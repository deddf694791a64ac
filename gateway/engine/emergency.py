"""Emergencies: signs become alarms, and an open alarm gives no rest until a person has it.

Three independent signs (call priority, status, position reason) of one unit within 60 s are one
alarm. An alarm is raised, shown, acknowledged, ended; a new sign after the acknowledgement raises
it anew. Nobody who hears it: the sounder at once; not acknowledged in 10 s: supervisor, or
everyone when none is signed in; in 30 s: the sounder.
"""

from dataclasses import dataclass

from gateway.engine.call_state import Call
from gateway.engine.calls import CallBook
from gateway.engine.context import Context
from gateway.engine.health import Health
from gateway.engine.routing import Routing
from gateway.model import unit_acts
from gateway.model.command import Reply
from gateway.model.commands import AlarmAcknowledge, AlarmEnd, AlarmShow, EmergencyExercise
from gateway.model.events import (
    AlarmAcknowledged,
    AlarmAnswered,
    AlarmEnded,
    AlarmEscalated,
    AlarmLinkChanged,
    AlarmRaised,
    AlarmShown,
)
from gateway.model.ids import (
    AlarmId,
    LinkId,
    MessageId,
    MonoMs,
    PositionId,
    TalkgroupId,
    UnitId,
    UtcUs,
    split_address,
)
from gateway.model.radio import (
    Capability,
    EmergencySign,
    PositionReceived,
    SendProgress,
    SendState,
)
from gateway.ports import AcknowledgesEmergency

END_REASONS = ("handled", "accidental_press", "no_cause_found", "duplicate")
"""Why an alarm may be ended. EXERCISE is none of them: it is a mark set beforehand."""
MAX_FIXES = 5000
"""Units whose last place is kept for an alarm."""
MAX_ANSWERS = 200
"""Acknowledgements on their way to radios."""


@dataclass(slots=True, kw_only=True, eq=False)
class Alarm:
    """An open alarm."""

    id: AlarmId
    unit: UnitId | None
    link: LinkId
    talkgroup: TalkgroupId | None
    raised_ms: MonoMs
    sign_ms: MonoMs
    exercise: bool = False
    no_exercise: bool = False
    """A real one on a talkgroup for exercises."""
    acknowledged: bool = False
    shown: bool = False
    link_lost: bool = False
    placed: bool = False
    """Whether a sign told the talkgroup; else it is the unit's own, as the plan has it."""
    steps: frozenset[str] = frozenset()
    """Steps of the escalation that were taken."""


class AlarmBook:
    """Every open alarm of the gateway."""

    def __init__(self, ctx: Context, calls: CallBook, routing: Routing, health: Health) -> None:
        """Begin with no alarm and nobody listening."""
        self._ctx = ctx
        self._calls = calls
        self._routing = routing
        self._health = health
        self._alarms: dict[AlarmId, Alarm] = {}
        self._exercises: dict[UnitId, int] = {}
        self._fixes: dict[UnitId, PositionReceived] = {}
        self._answers: dict[MessageId, AlarmId] = {}
        self._listening: frozenset[PositionId] = frozenset()
        self._supervisor = False

    # ---- signs

    def sign(
        self,
        link: LinkId,
        unit: UnitId | None,
        sign: EmergencySign,
        *,
        group: int | None = None,
        instance: int | None = None,
    ) -> AlarmId:
        """Take one sign: mark the running call, and raise, join or raise anew."""
        call = self._call(link, unit, instance)
        if call is not None:
            self._calls.mark_emergency(call, unit)
        now = self._ctx.now()
        talkgroup = self._talkgroup(link, unit, group, call)
        exercise = self._is_exercise(link, unit, talkgroup)
        if call is not None and not exercise:
            self._calls.no_exercise(call)
        alarm = self._open_of(link, unit, talkgroup)
        if alarm is not None and alarm.exercise and not exercise:
            # What was an exercise is none any more: raised anew below, whoever has it.
            alarm.exercise, alarm.acknowledged = False, True
            alarm.link, alarm.talkgroup = link, talkgroup
        if alarm is not None and alarm.unit is None and unit is not None:
            alarm.unit = unit
            if not alarm.acknowledged:
                self._raise(alarm, sign, call, again=False)
        placed = group is not None or call is not None
        if alarm is None:
            alarm = self._new(link, unit, talkgroup, now)
            self._raise(alarm, sign, call, again=False)
        elif placed and not alarm.placed and talkgroup != alarm.talkgroup:
            # The first sign told no group and the unit's own was taken; now the radio tells it.
            alarm.talkgroup = talkgroup
            self._raise(alarm, sign, call, again=alarm.acknowledged)
            alarm.acknowledged = False
        elif alarm.acknowledged:
            alarm.acknowledged = alarm.shown = False
            alarm.raised_ms, alarm.steps = now, frozenset()
            self._raise(alarm, sign, call, again=True)
        elif now - alarm.sign_ms >= self._ctx.settings.emergency_join_ms:
            self._raise(alarm, sign, call, again=True)
        alarm.sign_ms = now
        alarm.placed = alarm.placed or placed
        return alarm.id

    def fix(self, unit: UnitId, event: PositionReceived) -> None:
        """Keep the last place of a unit for an alarm that may come."""
        self._fixes.pop(unit, None)
        self._fixes[unit] = event
        if len(self._fixes) > MAX_FIXES:
            del self._fixes[next(iter(self._fixes))]

    def restore(self, event: AlarmRaised, *, acknowledged: bool) -> None:
        """Take an alarm that was open before a restart; it escalates from now on."""
        now = self._ctx.now()
        self._alarms[event.alarm] = Alarm(
            id=event.alarm,
            unit=event.unit,
            link=event.link,
            talkgroup=event.talkgroup,
            raised_ms=now,
            sign_ms=now,
            exercise=event.exercise,
            no_exercise=event.no_exercise,
            acknowledged=acknowledged,
            link_lost=not self._health.is_up(event.link),
        )

    # ---- persons

    def exercise(self, command: EmergencyExercise) -> Reply:
        """Mark the coming alarms of a unit as EXERCISE."""
        if command.until_utc <= self._ctx.utc():
            return Reply(ok=False, reason="an exercise ends in the future")
        self._exercises[command.unit] = command.until_utc
        return Reply(ok=True)

    def show(self, command: AlarmShow) -> Reply:
        """Note that a position has it on its screen: it counts when the position listens."""
        alarm = self._alarms.get(command.alarm)
        if alarm is None:
            return Reply(ok=False, reason="this alarm is over")
        if command.position not in self._listening:
            return Reply(ok=False, reason="no sound at this desk")
        if not alarm.shown and not alarm.acknowledged:
            alarm.shown = True
            self._ctx.publish(AlarmShown(alarm=alarm.id, position=command.position))
        return Reply(ok=True)

    def acknowledge(self, command: AlarmAcknowledge) -> Reply:
        """Note that a person has it; tell the radio where its link can."""
        alarm = self._alarms.get(command.alarm)
        if alarm is None:
            return Reply(ok=False, reason="this alarm is over")
        if alarm.acknowledged:
            return Reply(ok=False, reason="this alarm is acknowledged already")
        alarm.acknowledged = True
        way, reason = self._tell_radio(alarm)
        self._ctx.publish(
            AlarmAcknowledged(
                alarm=alarm.id,
                operator=command.operator,
                position=command.position,
                way=way,
                reason=reason,
            )
        )
        return Reply(ok=True)

    def progress(self, event: SendProgress) -> bool:
        """Take what became of an acknowledgement on its way; says whether it is of one."""
        alarm = self._answers.get(event.message)
        if alarm is None:
            return False
        if event.state in (SendState.DELIVERED, SendState.FAILED):
            del self._answers[event.message]
            way = "confirmed" if event.state is SendState.DELIVERED else "not_sent"
            if alarm in self._alarms:
                self._ctx.publish(AlarmAnswered(alarm=alarm, way=way, reason=event.reason))
        return True

    def end(self, command: AlarmEnd) -> Reply:
        """End an acknowledged alarm for one of the four reasons."""
        alarm = self._alarms.get(command.alarm)
        if alarm is None:
            return Reply(ok=False, reason="this alarm is over")
        if not alarm.acknowledged:
            return Reply(ok=False, reason="acknowledge the alarm first")
        if command.reason not in END_REASONS:
            return Reply(ok=False, reason=f"a reason is one of {', '.join(END_REASONS)}")
        del self._alarms[alarm.id]
        self._ctx.publish(
            AlarmEnded(alarm=alarm.id, operator=command.operator, reason=command.reason)
        )
        return Reply(ok=True)

    def set_listening(self, positions: frozenset[PositionId], *, supervisor: bool) -> None:
        """Positions whose page can sound an alarm now, and whether a supervisor is among them."""
        self._listening = positions
        self._supervisor = supervisor
        if not positions:
            for alarm in list(self._alarms.values()):
                if not alarm.acknowledged:
                    self._escalate(alarm, "sounder")

    # ---- link

    def stands_on(self, link: LinkId, talkgroup: TalkgroupId | None) -> bool:
        """Say whether an alarm is open on a link or on a talkgroup."""
        return any(
            alarm.link == link or (talkgroup is not None and alarm.talkgroup == talkgroup)
            for alarm in self._alarms.values()
        )

    def link_changed(self, link: LinkId, *, up: bool) -> None:
        """Tell that the link of open alarms was lost or came back; the alarms stay."""
        for alarm in self._alarms.values():
            if alarm.link == link and alarm.link_lost is up:
                alarm.link_lost = not up
                self._ctx.publish(
                    AlarmLinkChanged(
                        alarm=alarm.id,
                        lost=not up,
                        last_heard_utc=self._health.last_heard_utc(link),
                    )
                )

    # ---- time

    def deadline(self) -> MonoMs | None:
        """Return when the next escalation is due."""
        due = [at for alarm in self._alarms.values() for at, _ in self._steps(alarm)]
        return min(due) if due else None

    def tick(self, now: MonoMs) -> None:
        """Escalate what nobody acknowledged."""
        for alarm in list(self._alarms.values()):
            for at, step in self._steps(alarm):
                if now >= at:
                    self._escalate(alarm, step)

    # ---- inside

    def _steps(self, alarm: Alarm) -> list[tuple[MonoMs, str]]:
        if alarm.acknowledged:
            return []
        settings = self._ctx.settings
        steps = []
        if not alarm.steps & {"supervisor", "everyone"}:
            first = "supervisor" if self._supervisor else "everyone"
            steps.append((MonoMs(alarm.raised_ms + settings.escalate_ms), first))
        if "sounder" not in alarm.steps:
            steps.append((MonoMs(alarm.raised_ms + settings.sounder_ms), "sounder"))
        return steps

    def _escalate(self, alarm: Alarm, step: str) -> None:
        if step not in alarm.steps:
            alarm.steps |= {step}
            self._ctx.publish(AlarmEscalated(alarm=alarm.id, step=step))

    def _new(
        self, link: LinkId, unit: UnitId | None, talkgroup: TalkgroupId | None, now: MonoMs
    ) -> Alarm:
        alarm = Alarm(
            id=AlarmId(self._ctx.new_id("a")),
            unit=unit,
            link=link,
            talkgroup=talkgroup,
            raised_ms=now,
            sign_ms=now,
            exercise=self._is_exercise(link, unit, talkgroup),
            link_lost=not self._health.is_up(link),
        )
        self._alarms[alarm.id] = alarm
        return alarm

    def _raise(self, alarm: Alarm, sign: EmergencySign, call: Call | None, *, again: bool) -> None:
        fix = self._fixes.get(alarm.unit) if alarm.unit else None
        on_test = self._ctx.addresses.is_test(alarm.talkgroup)
        alarm.no_exercise = on_test and not alarm.exercise
        self._ctx.publish(
            AlarmRaised(
                alarm=alarm.id,
                unit=alarm.unit,
                alias=self._ctx.addresses.alias(alarm.unit),
                talkgroup=alarm.talkgroup,
                link=alarm.link,
                sign=sign.value,
                call=call.id if call else None,
                again=again,
                exercise=alarm.exercise,
                no_exercise=alarm.no_exercise,
                t_sign_utc=UtcUs(self._ctx.utc()),
                latitude_deg=fix.latitude_deg if fix else None,
                longitude_deg=fix.longitude_deg if fix else None,
                error_m=fix.error_m if fix else None,
            )
        )
        if not self._listening:
            self._escalate(alarm, "sounder")

    def _is_exercise(
        self, link: LinkId, unit: UnitId | None, talkgroup: TalkgroupId | None
    ) -> bool:
        """Say whether an alarm is one of an exercise.

        It is when its unit was marked beforehand, and when no radio but a simulated one gave it:
        anywhere, unless the whole server is a demonstration; there, on a test talkgroup.
        """
        until = self._exercises.get(unit, 0) if unit else 0
        simulated = self._ctx.addresses.is_simulated(link)
        fenced = self._ctx.fenced(link) or self._ctx.addresses.is_test(talkgroup)
        return until > self._ctx.utc() or (simulated and fenced)

    def _open_of(
        self, link: LinkId, unit: UnitId | None, talkgroup: TalkgroupId | None
    ) -> Alarm | None:
        """Return the open alarm of a unit, or of an unknown unit that this one turns out to be."""
        for alarm in self._alarms.values():
            if unit is not None and alarm.unit == unit:
                return alarm
        for alarm in self._alarms.values():
            same_place = alarm.link == link and alarm.talkgroup == talkgroup
            idle_ms = self._ctx.now() - alarm.sign_ms
            named = unit is None or idle_ms < self._ctx.settings.emergency_join_ms
            if alarm.unit is None and same_place and named:
                return alarm
        return None

    def _call(self, link: LinkId, unit: UnitId | None, instance: int | None) -> Call | None:
        if instance is not None:
            return self._calls.find(link, instance)
        return self._calls.of_unit(link, unit) if unit else None

    def _talkgroup(
        self, link: LinkId, unit: UnitId | None, group: int | None, call: Call | None
    ) -> TalkgroupId | None:
        """Return where the emergency is: the sign's group, the call's, the unit's, the radio's.

        That of a simulated terminal is on a test talkgroup, whatever it says.
        """
        found = self._told_talkgroup(link, unit, group, call)
        if self._ctx.fenced(link) and not self._ctx.addresses.is_test(found):
            return self._ctx.addresses.exercise_talkgroup(link)
        return found

    def _told_talkgroup(
        self, link: LinkId, unit: UnitId | None, group: int | None, call: Call | None
    ) -> TalkgroupId | None:
        if group is not None:
            return self._ctx.addresses.talkgroup_on(link, group)
        if call is not None:
            return call.talkgroup
        home = self._ctx.addresses.home_talkgroup(unit)
        if home is not None:
            return home
        number = self._routing.group(link)
        return None if number is None else self._ctx.addresses.talkgroup_on(link, number)

    def _tell_radio(self, alarm: Alarm) -> tuple[str, str]:
        """Return the way of the acknowledgement to the radio, and the reason when it has none."""
        link = self._ctx.links.get(alarm.link)
        can = link is not None and Capability.EMERGENCY_ACK in link.info.capabilities
        if not can or alarm.unit is None:
            return "not_possible", ""
        if not isinstance(link, unit_acts.ReachesUnits | AcknowledgesEmergency):
            return "not_possible", ""
        if not self._health.is_up(alarm.link):
            return "not_sent", self._health.words(alarm.link)
        message, unit = MessageId(self._ctx.new_id("m")), split_address(alarm.unit)[1]
        self._answers[message] = alarm.id
        if len(self._answers) > MAX_ANSWERS:
            del self._answers[next(iter(self._answers))]
        if isinstance(link, AcknowledgesEmergency):
            link.acknowledge_emergency(message, unit)
        else:
            link.act(unit_acts.AcknowledgeAlarm(message=message, unit=unit))
        return "sent", ""
