"""Makes and files what an engineer does at links: traces, checks, tests."""

from pathlib import Path

from dispatch.links.ports import LinkTools, NoLinks
from dispatch.links.traces import LinkTraces
from dispatch.links.transmit import LinkTests
from dispatch.services.background import Background
from dispatch.services.record import Record
from dispatch.services.registry import Services


def add_links(services: Services, state: Path, background: Background) -> None:
    """Make and file the services; the gateway's own part is filed by the wiring later."""
    s = services
    record = s.use(Record)
    s.add(NoLinks(), LinkTools)  # the wiring puts a gateway's in its place
    s.add(
        LinkTraces(
            store=s.store,
            record=record,
            clock=s.clock,
            randomness=s.randomness,
            tools=lambda: s.use(LinkTools),  # type: ignore[type-abstract]  # filed by its protocol
            state=state,
            background=background,
        )
    )
    s.add(LinkTests(plan=s.plan, bus=s.bus, record=record))
