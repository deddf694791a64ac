"""Plans become live, are kept, return by themselves, or are rolled back.

Theory of operation. An activation stands only on a comparison: of exactly this draft (by its hash)
with the plan that is live now, after a check of the same hash without an error, and where the site
wants it after a second person's yes to the same. It is refused while an emergency is not
acknowledged; a scheduled one waits and says so. It is written in one transaction, then used: what
people are using keeps cell, name and link until they release it (``dispatch.plans.overlay``), which
is looked at every half second. The plan is on trial for ten minutes: *Keep* ends the trial, else
the former plan returns, also after a restart. One that was scheduled keeps itself once every link
it touched is up and nothing failed because of it.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlmodel import Session

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.errors import Conflict, ServiceError
from dispatch.plans import activation_rows as rows
from dispatch.plans.activation_rows import Live, Wanted, Who
from dispatch.plans.activation_tools import Tools, meanwhile
from dispatch.plans.canonical import plan_hash
from dispatch.plans.drafts import Draft
from dispatch.plans.events import PlanScheduled, PlanSettled, PlanTrial
from dispatch.plans.going_live import GoingLive, Ready
from dispatch.plans.simulate import Effects, refusal, simulate
from dispatch.plans.tables import PlanActivation
from dispatch.plans.trial import TrialClock, touch_of
from dispatch.plans.usage import Usage
from dispatch.services.record import Asker
from gateway.model.errors import RadioError
from gateway.model.ids import UtcUs
from gateway.model.plan import Plan

logger = logging.getLogger(__name__)

LOOK_EVERY_MS = 500
CLOCK_SET_US = 2_000_000
"""The time of day is out by more than that: somebody has set the clock."""
MIN_REASON_CHARACTERS = 10
MAX_AHEAD_US = 366 * 86_400_000_000
NOBODY = Who(id="samband", name="Samband")
T = TypeVar("T")


class Activations:
    """The one place from which a plan becomes live."""

    def __init__(self, tools: Tools) -> None:
        """Take the parts; call ``resume`` before ``run``."""
        self._t = tools
        self._one_at_a_time = asyncio.Lock()
        self._going = GoingLive(tools.live, tools.bus, tools.usage)
        self._hashed: tuple[Plan, str] | None = None
        self._clock: TrialClock | None = None

    # ---- looking -------------------------------------------------------------------------------

    def usage(self) -> Usage:
        """Return what people use now."""
        return self._t.usage()

    def waits(self) -> tuple[str, ...]:
        """Return what of the live plan waits to be released, in words."""
        return self._going.waits

    async def simulate(self, draft: str) -> Effects:
        """Return what activating a draft would do now."""
        found = await self._t.drafts.find(draft)
        usage = self.usage()
        return await asyncio.to_thread(simulate, self._t.live.plan, found.plan, usage)

    async def state(self) -> dict[str, Any]:  # JSON values
        """Return the live plan's state: number, trial, what waits, what is scheduled."""

        def work(db: Session) -> dict[str, Any]:  # JSON values
            trial = rows.on_trial(db)
            return {
                "trial": trial.model_dump() if trial else None,
                "scheduled": [row.model_dump() for row in rows.planned(db)],
            }

        live = self._t.live
        return {
            "number": live.number,
            "name": live.target.name,
            "sha256": await self._hash_of(live.target),
            "waits": list(self._going.waits),
            **await self._t.store.read(work),
        }

    async def _hash_of(self, plan: Plan) -> str:
        if self._hashed is None or self._hashed[0] is not plan:
            self._hashed = (plan, await asyncio.to_thread(plan_hash, plan))
        return self._hashed[1]

    async def history(self, limit: int = 100) -> list[dict[str, Any]]:  # JSON rows
        """Return the last activations, newest first."""
        return await self._t.store.read(lambda db: rows.history(db, limit))

    # ---- acts of people ------------------------------------------------------------------------

    async def activate(
        self,
        asker: Asker,
        draft_id: str,
        sha256: str,
        *,
        reason: str = "",
        at_utc: int | None = None,
    ) -> PlanActivation:
        """Make a draft live now or at a time; raises Conflict with what stands against it."""
        async with self._one_at_a_time:
            draft = await self._t.drafts.find(draft_id)
            now = self._t.clock.utc_us()
            self._demand_compared(draft, sha256)
            if at_utc is None:
                self._demand_calm()
            elif not now < at_utc <= now + MAX_AHEAD_US:
                raise ServiceError("at: expected a time from now to a year ahead")
            if at_utc is not None:
                wanted = await self._wanted(asker, draft, "plan.scheduled", reason)
                at = UtcUs(at_utc)
                return self._tell_planned(
                    await self._t.store.write(lambda db: rows.schedule(db, wanted, at))
                )
            async with meanwhile(self._going.make_ready(draft.plan)) as readying:
                wanted = await self._wanted(asker, draft, "plan.activated", reason)
                ready = await readying
            return await self._begin(lambda db: rows.begin_trial(db, wanted, now), ready)

    async def _wanted(self, asker: Asker, draft: Draft, verb: str, reason: str) -> Wanted:
        """Return what is to become live, once the second person has agreed and the log has it."""
        approval = await self._t.second_person(draft, draft.sha256)
        told = {"plan_sha256": draft.sha256, "base": draft.compared_with, "approval": approval}
        await self._log(asker, verb, draft.id, told, reason)
        return Wanted(
            draft=draft.id,
            sha256=draft.sha256,
            who=_who(asker),
            approval=approval,
            reason=reason,
        )

    async def keep(self, asker: Asker, number: int) -> PlanActivation:
        """Keep the plan on trial."""
        async with self._one_at_a_time:
            now, who = self._t.clock.utc_us(), _who(asker)
            await self._log(asker, "plan.kept", str(number), {})
            kept = await self._t.store.write(lambda db: rows.keep(db, who, now, "kept", number))
            return self._settled(kept)

    async def give_back(self, asker: Asker, reason: str) -> int:
        """Return to the plan before the one on trial, at once; returns its number."""
        words = _reason(reason)
        async with self._one_at_a_time:
            now, who = self._t.clock.utc_us(), _who(asker)
            await self._log(asker, "plan.returned", str(self._t.live.number), {}, words)
            await self._former_read()
            back = await self._t.store.write(lambda db: rows.give_back(db, who, now, words))
            self._settled(back.activation)
            await self._use(back, asker.access.user.display_name)
            return back.number

    async def _former_read(self) -> None:
        """Read the plan that comes back before the transaction that makes it live again."""
        trial = await self._t.store.read(rows.on_trial)
        if trial is not None and trial.previous:
            await self._t.drafts.plan(trial.previous)

    async def roll_back(self, asker: Asker, number: int, reason: str) -> int:
        """Make an earlier plan live again; refused while an emergency is not acknowledged."""
        words = _reason(reason)
        async with self._one_at_a_time:
            self._demand_calm()
            now, who = self._t.clock.utc_us(), _who(asker)
            async with meanwhile(self._ready_for(number)) as readying:
                await self._log(asker, "plan.rolled_back", str(number), {}, words)
                ready = await readying
            back = await self._t.store.write(lambda db: rows.roll_back(db, number, who, now, words))
            await self._use(back, asker.access.user.display_name, ready)
            return back.number

    async def cancel(self, asker: Asker, activation: int) -> PlanActivation:
        """Take a scheduled activation back."""
        now, who = self._t.clock.utc_us(), _who(asker)
        await self._log(asker, "plan.schedule_cancelled", str(activation), {})
        return self._tell_planned(
            await self._t.store.write(lambda db: rows.cancel(db, activation, who, now, "cancelled"))
        )

    def _demand_compared(self, draft: Draft, sha256: str) -> None:
        if draft.sha256 != sha256:
            raise Conflict("the draft was changed meanwhile", hint="Check and compare it again.")
        if not draft.checked:
            raise Conflict("this draft has no check without errors", hint="Check it first.")
        if draft.compared_with != self._t.live.number:
            raise Conflict(
                f"this draft was not compared with plan {self._t.live.number}, which is live",
                hint="Compare it, look at the differences, then activate.",
            )

    def _demand_calm(self) -> None:
        words = refusal(self.usage())
        if words:
            raise Conflict(f"not activated: {words}", hint="Acknowledge it first, or schedule.")

    # ---- time ----------------------------------------------------------------------------------

    async def resume(self) -> None:
        """Take up what a stop left: a trial whose time is over ends with the first look."""
        trial = await self._t.store.read(rows.on_trial)
        if trial is not None:
            former = await self._t.drafts.plan(trial.previous) if trial.previous else None
            self._t.trial.begin(await asyncio.to_thread(touch_of, former, self._t.live.target))
            self._take_up(trial)
        live = self._t.live
        if live.number:  # whatever a crash cut short: the log says which plan it left
            sha256 = await self._hash_of(live.target)
            on_trial = trial is not None
            self._note("plan.live", str(live.number), "", plan_sha256=sha256, trial=on_trial)

    async def run(self) -> None:
        """Look every half second: what is due, what was released, whose trial is over."""
        while True:
            await asyncio.sleep(LOOK_EVERY_MS / 1000)
            try:
                await self.look()
            except RadioError as error:  # the database is away, somebody was quicker
                logger.warning("plans: %s", error)
            except Exception:  # the top of the task: trials and schedules go on
                logger.exception("plans: a fault while looking at what is due")

    async def look(self) -> None:
        """Do what is due now."""
        async with self._one_at_a_time:
            await self._going.release()
            now = self._t.clock.utc_us()
            await self._take_over()
            trial = await self._t.store.read(rows.on_trial)
            if trial is not None:
                await self._look_at_trial(trial, now)
            for activation in await self._t.store.read(rows.planned):
                if activation.at_utc <= now:
                    await self._look_at_planned(activation, now)

    async def release(self) -> None:
        """Let go through what waited for somebody who has released it."""
        async with self._one_at_a_time:
            await self._going.release()

    async def _take_over(self) -> None:
        """Use what a command on this machine made live beside us."""
        if await self._t.store.read(rows.live_number) == self._t.live.number:
            return
        found = await self._t.store.read(rows.live_plan)
        if found is not None:
            number, plan = found
            former = self._t.live.target
            await self._going.take(await self._going.make_ready(plan), number, "command line")
            trial = await self._t.store.read(rows.on_trial)
            self._t.live.trial_until_utc = None
            if trial is not None:
                self._take_up(trial)
                self._t.trial.begin(await asyncio.to_thread(touch_of, former, plan))

    def _take_up(self, trial: PlanActivation) -> TrialClock:
        self._clock = TrialClock(trial, self._t.clock)
        self._t.live.trial_until_utc = self._clock.until_utc()
        return self._clock

    async def _look_at_trial(self, trial: PlanActivation, now: UtcUs) -> None:
        clock = self._clock
        if clock is None or not clock.is_of(trial):
            clock = self._take_up(trial)
        why = self._t.trial.kept_by_itself(trial, clock.lasted_us(), self._going.waits)
        if why:
            kept = await self._t.store.write(lambda db: rows.keep(db, NOBODY, now, why))
            self._note("plan.kept", str(trial.number), why)
            self._settled(kept)
        elif clock.over():
            words = f"nobody kept plan {trial.number}" + self._t.trial.fault_words()
            await self._former_read()
            back = await self._t.store.write(lambda db: rows.give_back(db, NOBODY, now, words))
            self._note("plan.returned", str(trial.number), words)
            self._settled(back.activation)
            await self._use(back, NOBODY.name)
        elif abs(clock.until_utc() - (trial.keep_until_utc or 0)) > CLOCK_SET_US:
            await self._clock_was_set(clock.until_utc())

    async def _clock_was_set(self, until: UtcUs) -> None:
        """Tell anew when a trial ends by the time of day: it lasts as long as before."""
        trial = await self._t.store.write(lambda db: rows.move_end(db, until))
        if trial is not None:
            self._t.live.trial_until_utc = until
            self._tell_trial(trial)

    async def _look_at_planned(self, activation: PlanActivation, now: UtcUs) -> None:
        words = refusal(self.usage()) or await self._t.store.read(_trial_words)
        draft = await self._t.drafts.find(activation.draft)
        number = self._t.live.number
        if not words and activation.previous != number:
            words = f"plan {number} is live, it was compared with plan {activation.previous}"
        if words:
            await self._wait(activation, words)
            return
        identity = activation.id or 0
        self._note("plan.activated", draft.id, activation.reason)
        ready = await self._going.make_ready(draft.plan)
        await self._begin(lambda db: rows.begin_scheduled(db, identity, now), ready)

    async def _wait(self, activation: PlanActivation, words: str) -> None:
        if activation.waits_for == words:
            return

        def work(db: Session) -> PlanActivation:
            row = rows.found(db, activation.id or 0)
            row.waits_for = words
            db.add(row)
            return row

        self._tell_planned(await self._t.store.write(work))

    # ---- using ---------------------------------------------------------------------------------

    async def _begin(self, begin: Callable[[Session], Live], ready: Ready) -> PlanActivation:
        """Write the beginning of a trial, then let the plan run that was made ready for it."""
        former = self._t.live.target
        async with meanwhile(asyncio.to_thread(touch_of, former, ready.target)) as touching:
            began = await self._t.store.write(begin)
            self._t.trial.begin(await touching)
        return await self._begun(began, ready)

    async def _begun(self, began: Live, ready: Ready) -> PlanActivation:
        activation = began.activation
        self._take_up(activation)
        # Told before the plan itself: with that each page gets a new snapshot, which has the rest.
        self._tell_trial(activation)
        await self._going.take(ready, began.number, activation.by_name)
        return activation

    def _tell_trial(self, trial: PlanActivation) -> None:
        self._t.bus.publish(
            PlanTrial(
                plan=trial.number,
                previous=trial.previous,
                keep_until_utc=trial.keep_until_utc or 0,
                operator=trial.by_name,
            )
        )

    async def _ready_for(self, number: int) -> Ready:
        return await self._going.make_ready(await self._t.drafts.plan(number))

    async def _use(self, back: Live, operator: str, ready: Ready | None = None) -> None:
        ready = ready or await self._going.make_ready(back.plan)
        await self._going.take(ready, back.number, operator)

    def _settled(self, activation: PlanActivation) -> PlanActivation:
        self._t.trial.end()
        self._clock = self._t.live.trial_until_utc = None
        self._t.bus.publish(
            PlanSettled(
                plan=activation.number,
                state=activation.state,
                why=activation.end_words,
                operator=activation.ended_by,
            )
        )
        return activation

    def _tell_planned(self, activation: PlanActivation) -> PlanActivation:
        self._t.bus.publish(
            PlanScheduled(
                draft=activation.draft,
                at_utc=activation.at_utc,
                state="waiting" if activation.waits_for else activation.state,
                waits_for=activation.waits_for,
                operator=activation.by_name,
            )
        )
        return activation

    async def _log(
        self,
        asker: Asker,
        verb: str,
        what: str,
        detail: Mapping[str, Any],  # JSON values
        reason: str = "",
    ) -> None:
        told = {**detail, "reason": reason or None}
        await self._t.record.before(asker, "admin", verb, Obj(type="plan", id=what), detail=told)

    def _note(self, verb: str, what: str, reason: str, **more: object) -> None:
        act = Act(
            op="admin",
            verb=verb,
            actor=SYSTEM,
            obj=Obj(type="plan", id=what),
            detail={**more, "reason": reason or None},
        )
        self._t.record.note(act)


def _trial_words(db: Session) -> str:
    trial = rows.on_trial(db)
    return f"plan {trial.number} is on trial" if trial is not None else ""


def _who(asker: Asker) -> Who:
    return Who(id=asker.access.user.id, name=asker.access.user.display_name)


def _reason(text: str) -> str:
    words = text.strip()
    if len(words) < MIN_REASON_CHARACTERS:
        raise ServiceError(f"reason: expected at least {MIN_REASON_CHARACTERS} characters")
    return words
