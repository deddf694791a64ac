"""Wiring of exercises and rehearsals into the services."""

from dispatch.plans.drafts import Drafts
from dispatch.services.background import Background
from dispatch.services.board import Board
from dispatch.services.desk import Desk
from dispatch.services.record import Record
from dispatch.services.registry import Services
from dispatch.simulator.exercises import Exercises
from dispatch.simulator.rehearsals import Rehearsals


def add_simulator(services: Services) -> None:
    """Make and file both; the program gives them their simulators."""
    s = services
    record, desk = s.use(Record), s.use(Desk)
    s.add(
        Exercises(plan=s.plan, board=s.use(Board), bus=s.bus, clock=s.clock, record=record),
    )
    s.add(
        Rehearsals(
            drafts=s.use(Drafts),
            desk=desk,
            people=s.people,
            clock=s.clock,
            record=record,
            randomness=s.randomness,
        )
    )


def start_simulator(services: Services, background: Background) -> None:
    """Begin to end what is over."""
    background.start(services.use(Exercises).run(), "exercises")


async def stop_simulator(services: Services) -> None:
    """End every simulated terminal and what is being tried; safe twice."""
    await services.use(Exercises).close()
    await services.use(Rehearsals).close()
