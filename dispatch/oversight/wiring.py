"""Wiring of oversight: its services filed, its kinds registered, its tasks started."""

from dispatch.oversight.approvals import Approvals, Tools
from dispatch.oversight.events import ApprovalAsked, ApprovalDecided, who_acts
from dispatch.services.background import Background
from dispatch.services.record import Record
from dispatch.services.registry import Services
from dispatch.services.sight import Sight


class Oversight:
    """The tasks of oversight, ended with the service's other background tasks."""

    def __init__(self, services: Services) -> None:
        """Take the services that ``add_oversight`` filed."""
        self._services = services

    def start(self, background: Background) -> None:
        """Begin to sweep."""
        background.start(self._services.use(Approvals).run(), "approvals")


def add_oversight(services: Services) -> None:
    """Make and file the services of oversight."""
    tools = Tools(
        store=services.store,
        record=services.use(Record),
        bus=services.bus,
        clock=services.clock,
        randomness=services.randomness,
    )
    services.add(Approvals(tools))
    services.use(Sight).add_rules(
        {kind.type: who_acts for kind in (ApprovalAsked, ApprovalDecided)}
    )
    services.add(Oversight(services))
