"""Wiring of oversight: its services filed, its kinds registered, its tasks started."""

import asyncio
import logging
from pathlib import Path

from sqlalchemy import func
from sqlmodel import Session, col, select

from dispatch.audit.keys import KeyFolder
from dispatch.audit.log import sqlite_path
from dispatch.oversight.approvals import Approvals, Tools
from dispatch.oversight.breakglass import BreakGlass
from dispatch.oversight.events import (
    ApprovalAsked,
    ApprovalDecided,
    GlassBroken,
    ReviewAdded,
    who_acts,
    who_reviews,
    who_watches,
)
from dispatch.oversight.keyed import Keyed
from dispatch.oversight.lookups import LookUps
from dispatch.oversight.purposes import Purposes
from dispatch.oversight.reviews import Reviews
from dispatch.oversight.sampler import Sampler
from dispatch.oversight.staff import StaffList
from dispatch.oversight.two_person import TwoPersonActs
from dispatch.retention.tables import LegalOrder
from dispatch.services.background import Background
from dispatch.services.desk import Desk
from dispatch.services.record import Record
from dispatch.services.registry import Services
from dispatch.services.sight import Sight
from dispatch.store.engine import StoreUnavailable

logger = logging.getLogger(__name__)

WIPE_S = 60.0


class Oversight:
    """The tasks of oversight, ended with the service's other background tasks."""

    def __init__(self, services: Services) -> None:
        """Take the services that ``add_oversight`` filed."""
        self._services = services

    def start(self, background: Background) -> None:
        """Begin to sweep."""
        background.start(self._services.use(Approvals).run(), "approvals")
        background.start(self._wipe(), "purposes")
        background.start(self._services.use(LookUps).run(), "look-ups")
        background.start(self._services.use(Sampler).run(), "sampler")

    async def _wipe(self) -> None:
        """Wipe the words of purposes whose time is over, and looks that no rule needs."""
        while True:
            try:
                await self._services.use(Purposes).wipe()
                await self._services.use(LookUps).forget()
                await self._services.use(TwoPersonActs).forget()
            except StoreUnavailable as error:
                logger.warning("purposes: %s", error)
            await asyncio.sleep(WIPE_S)


def add_oversight(services: Services, state: Path) -> None:
    """Make and file the services of oversight (blocking: at start only)."""
    record, desk = services.use(Record), services.use(Desk)
    tools = Tools(
        store=services.store,
        record=record,
        bus=services.bus,
        clock=services.clock,
        randomness=services.randomness,
    )
    approvals = services.add(Approvals(tools))
    _add_two_person(services, approvals, record)
    services.use(Sight).add_rules(
        {
            ApprovalAsked.type: who_acts,
            ApprovalDecided.type: who_acts,
            ReviewAdded.type: who_reviews,
            GlassBroken.type: who_watches,
        }
    )
    keyed = services.add(Keyed(KeyFolder(state / "keys")))
    purposes = services.add(
        Purposes(
            store=services.store,
            record=record,
            clock=services.clock,
            randomness=services.randomness,
            keyed=keyed,
            seated=lambda user: desk.position_of(user) is not None,
        )
    )
    purposes.orders(_order_known)
    record.purpose_rule(purposes.demand)
    reviews = services.add(
        Reviews(
            store=services.store,
            record=record,
            bus=services.bus,
            clock=services.clock,
            randomness=services.randomness,
        )
    )
    lookups = services.add(
        LookUps(
            store=services.store,
            clock=services.clock,
            keyed=keyed,
            reviews=reviews,
            seated=lambda user: desk.position_of(user) is not None,
        )
    )
    record.on_act(lookups.take)
    services.add(StaffList(services.store, record, services.clock, services.randomness, keyed))
    services.add(
        Sampler(
            store=services.store,
            audit=services.store,
            database=lambda: sqlite_path(services.store.audit_url),
            clock=services.clock,
            people=services.people,
            record=record,
            reviews=reviews,
        )
    )
    services.add(
        BreakGlass(
            store=services.store,
            plan=services.plan,
            people=services.people,
            access=services.access,
            record=record,
            reviews=reviews,
            bus=services.bus,
            clock=services.clock,
            randomness=services.randomness,
        )
    )
    services.add(Oversight(services))


def _add_two_person(services: Services, approvals: Approvals, record: Record) -> None:
    services.add(
        TwoPersonActs(
            approvals=approvals,
            store=services.store,
            people=services.people,
            sessions=services.sessions,
            access=services.access,
            record=record,
            clock=services.clock,
            randomness=services.randomness,
        )
    )


def _order_known(db: Session, number: str) -> bool:
    """Whether an order was entered here; its number is compared without spaces."""
    plain = func.replace(col(LegalOrder.number), " ", "")
    query = select(LegalOrder.id).where((plain == number) | (col(LegalOrder.id) == number))
    return db.exec(query).first() is not None
