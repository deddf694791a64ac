"""The topology of what runs now and of drafts, for the web API."""

import asyncio

from dispatch.auth.access import Access
from dispatch.plans.drafts import Drafts
from dispatch.services.board import Board
from dispatch.services.registry import Services
from dispatch.services.sight import Sight
from dispatch.topology.picture import LinkNow, Picture, picture
from gateway.model.ids import GatewayId
from gateway.model.plan import Plan


class Topologies:
    """Gives pictures; takes nothing but what the services already know."""

    def __init__(self, services: Services, gateway: GatewayId) -> None:
        """Take the services; ``gateway`` is the one that all links of this server hang on."""
        self._services = services
        self._gateway = gateway

    async def live(self, access: Access) -> tuple[int, Picture]:
        """Return the number and the topology of the live plan, as this person may see it."""
        s = self._services
        plan, number = s.plan.plan, s.plan.number
        if not access.may("plan.edit"):
            plan = s.use(Sight).plan(access, plan)
        now = self._now(plan)
        return number, await asyncio.to_thread(picture, plan, self._gateway, now=now)

    async def draft(self, draft: str) -> tuple[str, Picture]:
        """Return the name and the topology of a draft; raises NotFound."""
        found = await self._services.use(Drafts).find(draft)
        return found.name, await asyncio.to_thread(picture, found.plan, self._gateway)

    def _now(self, plan: Plan) -> dict[str, LinkNow]:
        states = self._services.use(Board).talkgroups
        return {
            link.id: LinkNow(known.state, known.since_utc, known.reason)
            for link in plan.links
            if (known := states.link(link.id))
        }


def add_topology(services: Services, gateway: GatewayId) -> None:
    """Make and file the service."""
    services.add(Topologies(services, gateway))
