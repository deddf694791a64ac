"""Puts the call log's services into a dispatch service."""

from dispatch.calllog.index import CallIndex
from dispatch.calllog.keeping import CallLogKeeper
from dispatch.calllog.lanes import Lanes
from dispatch.calllog.log import CallLog
from dispatch.calllog.places import Places
from dispatch.evidence.outages import Outages
from dispatch.services.board import Board
from dispatch.services.integrity import RecordingIntegrity
from dispatch.services.record import Record
from dispatch.services.registry import Services


def add_call_log(
    services: Services, record: Record, board: Board, integrity: RecordingIntegrity
) -> None:
    """File search, lanes and places, and what keeps their index in step."""
    store, plan = services.store, services.plan
    index = services.add(CallIndex(plan.current))
    services.add(CallLogKeeper(store, index, services.clock))
    services.add(
        CallLog(
            store=store,
            plan=plan,
            record=record,
            bus=services.bus,
            clock=services.clock,
            randomness=services.randomness,
            integrity=integrity,
        )
    )
    services.add(
        Lanes(
            store=store,
            audit=store,
            plan=plan,
            board=board,
            people=services.people,
            record=record,
            outages=lambda: services.use(Outages) if services.has(Outages) else None,
        )
    )
    services.add(Places(store=store, plan=plan, board=board, record=record))
