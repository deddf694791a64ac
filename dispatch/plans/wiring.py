"""Wiring of plans: drafts, activations, the second person, and who sees their events."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any, cast

from dispatch.auth.access import Access
from dispatch.importing.service import Lists
from dispatch.oversight.approvals import Approvals, digest_of
from dispatch.plans.activation import Activations
from dispatch.plans.activation_tools import Tools
from dispatch.plans.check import Checker, LinkFaults
from dispatch.plans.drafts import Draft, Drafts
from dispatch.plans.events import (
    PlanNoticed,
    PlanNoticeSeen,
    PlanScheduled,
    PlanSettled,
    PlanTrial,
    PlanWaits,
)
from dispatch.plans.machine import Machine, nothing_known
from dispatch.plans.notices import Notices, NoticeTools
from dispatch.plans.trial import TrialWatch
from dispatch.plans.usage import Usage, usage_now
from dispatch.services.background import Background
from dispatch.services.board import Board
from dispatch.services.desk import Desk
from dispatch.services.plan_index import Lead
from dispatch.services.record import Record
from dispatch.services.registry import Services
from dispatch.services.sight import Sight
from dispatch.services.stream import EventStream
from gateway.model.events import Event

KIND = "plan.activate"
"""Of the second person's yes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRules:
    """What a site decides: whether a second person is needed, and what a driver refuses."""

    second_person: bool = True
    simulated_anywhere: bool = False
    """The whole server is a demonstration: its simulated links carry every talkgroup."""
    lead: Lead | None = None
    """Gives the links of what runs their far ends, which no version knows (a demo)."""
    link_faults: LinkFaults | None = None
    machine: Machine = nothing_known
    """Lists what links can be plugged into."""


class Plans:
    """The tasks of plans."""

    def __init__(self, services: Services, rules: PlanRules) -> None:
        """Take the services that ``add_plans`` filed."""
        self._services = services
        self.rules = rules

    def start(self, background: Background) -> None:
        """Take up what a stop left, then keep time."""
        background.start(self._run(), "plans")
        background.start(self._services.use(Notices).run(), "plan notices")

    async def _run(self) -> None:
        activations = self._services.use(Activations)
        await activations.resume()
        await activations.run()


def add_plans(services: Services, rules: PlanRules) -> None:
    """Make and file the services of plans."""
    s = services
    record, approvals = s.use(Record), s.use(Approvals)
    board, desk = s.use(Board), s.use(Desk)
    checker = Checker(rules.link_faults, simulated_anywhere=rules.simulated_anywhere)
    drafts = s.add(
        Drafts(
            store=s.store, record=record, clock=s.clock, randomness=s.randomness, checker=checker
        )
    )
    approvals.kind(
        KIND,
        words="activate a plan",
        ask="plan.activate",
        approve="plan.approve",
    )
    trial = TrialWatch(board)

    def usage() -> Usage:
        return usage_now(board, desk)

    async def second_person(draft: Draft, sha256: str) -> str:
        if not s.use(Plans).rules.second_person:
            return ""
        digest = await asyncio.to_thread(digest_of, what_happens(draft, sha256))
        return (await approvals.demand(KIND, draft.id, digest)).id

    s.add(
        Activations(
            Tools(
                store=s.store,
                record=record,
                bus=s.bus,
                clock=s.clock,
                live=s.plan,
                drafts=drafts,
                usage=usage,
                second_person=second_person,
                trial=trial,
            )
        )
    )
    s.add(
        Notices(
            NoticeTools(
                store=s.store,
                record=record,
                bus=s.bus,
                clock=s.clock,
                live=s.plan,
                drafts=drafts,
                people=s.people,
            )
        )
    )
    s.use(EventStream).on_event(trial.apply)
    s.use(Sight).add_rules({kind.type: _desks for kind in (PlanTrial, PlanSettled)})
    s.use(Sight).add_rules({kind.type: _positions for kind in (PlanNoticed, PlanNoticeSeen)})
    s.use(Sight).add_rules({kind.type: _planners for kind in (PlanScheduled, PlanWaits)})
    s.add(Lists(store=s.store, drafts=drafts, record=record, clock=s.clock))
    s.add(Plans(s, rules))


def what_happens(draft: Draft, sha256: str) -> dict[str, object]:
    """Return exactly what the second person agrees to: this plan in the place of that one."""
    return {"draft": draft.id, "plan_sha256": sha256, "in_place_of": draft.compared_with}


def _desks(event: Any, access: Access) -> Event | None:  # PlanTrial or PlanSettled, by its rule
    """Every desk sees that a plan is on trial and how it ended; why, who sees plans."""
    if access.may("plan.see"):
        return cast(Event, event)
    if not access.may("board.see"):
        return None
    # The reason may name talkgroups that this person has no grant for.
    return replace(event, why="") if isinstance(event, PlanSettled) else cast(Event, event)


def _positions(event: Any, access: Access) -> Event | None:  # PlanNoticed or PlanNoticeSeen
    """Every desk hears that something changed for some; what it is, each asks for itself."""
    return cast(Event, event) if access.may("board.see") else None


def _planners(event: Any, access: Access) -> Event | None:  # PlanScheduled or PlanWaits
    return cast(Event, event) if access.may("plan.see") else None
