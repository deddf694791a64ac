"""Puts the call log's services into a dispatch service."""

from dispatch.calllog.lanes import Lanes
from dispatch.evidence.outages import Outages
from dispatch.services.board import Board
from dispatch.services.record import Record
from dispatch.services.registry import Services


def add_call_log(services: Services, record: Record, board: Board) -> None:
    """File lanes and places."""
    services.add(
        Lanes(
            store=services.store,
            audit=services.store,
            plan=services.plan,
            board=board,
            people=services.people,
            record=record,
            outages=lambda: services.use(Outages) if services.has(Outages) else None,
        )
    )
