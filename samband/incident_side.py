"""The work on incidents wired together: life, merge and split, timeline, units and cameras near.

Made beside the camera side, which owns the incidents themselves; started and closed with it.
"""

import asyncio

from dispatch.cameras.register import CameraRegister
from dispatch.incidents.joining import Joining
from dispatch.incidents.nearby import Nearby
from dispatch.incidents.service import Incidents
from dispatch.incidents.splitting import Splitting
from dispatch.incidents.watch import IncidentWatch
from dispatch.incidents.work import IncidentWork
from dispatch.services.board import Board
from dispatch.services.registry import Services


class IncidentSide:
    """What people and the radio do with incidents."""

    def __init__(self, services: Services, incidents: Incidents, register: CameraRegister) -> None:
        """Make the services and file them in the registry; nothing runs yet."""
        s = services
        s.add(IncidentWork(incidents))
        for kind in (Joining, Splitting):
            made = kind(
                store=s.store,
                bus=s.bus,
                clock=s.clock,
                randomness=s.randomness,
                incidents=incidents,
            )
            s.add(made)
        self._tasks: list[asyncio.Task[None]] = []
        self._runs: list[IncidentWatch | Nearby] = []
        if not s.has(Board):
            return
        board = s.use(Board)
        watch = IncidentWatch(
            store=s.store, bus=s.bus, plan=s.plan, board=board, incidents=incidents
        )
        nearby = Nearby(
            store=s.store,
            bus=s.bus,
            clock=s.clock,
            randomness=s.randomness,
            plan=s.plan,
            board=board,
            incidents=incidents,
            cameras=register.all(),
        )
        self._runs = [s.add(watch), s.add(nearby)]

    def start(self) -> None:
        """Start writing lines and suggesting units and cameras."""
        self._tasks += [
            asyncio.create_task(one.run(), name=type(one).__name__) for one in self._runs
        ]

    async def close(self) -> None:
        """Write what waits, then end; safe twice."""
        for one in self._runs:
            await one.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
