"""Open incidents for snapshots: one read for many pages, never one that began before the asking."""

import asyncio
import json

import pytest

from dispatch.auth.access import Access, UserInfo
from dispatch.auth.permissions import Role
from dispatch.errors import ServiceError
from dispatch.events import IncidentUpdated
from dispatch.services.open_incidents import OpenIncidents
from dispatch.services.rows import Row
from dispatch.services.snapshot import Snapshots
from dispatch.services.stream import READ_AGAIN, EventStream
from gateway.model.ids import IncidentId
from tests.dispatch.room import Room, until


class Desks:
    """A read that ends when it is let go, and who was read for each time."""

    def __init__(self) -> None:
        self.read_for: list[list[str]] = []
        self.go = asyncio.Event()
        self.fails = False
        self.incidents = OpenIncidents(self._read)

    async def _read(self, asked: list[Access]) -> list[list[Row]]:
        names = [one.user.name for one in asked]
        self.read_for.append(names)
        await self.go.wait()
        if self.fails:
            raise ServiceError("the database is away")
        return [[{"of": name, "read": len(self.read_for)}] for name in names]

    def ask(self, name: str, rights: str = "") -> "asyncio.Task[list[Row]]":
        """Let somebody ask; without ``rights`` with some that nobody else has."""
        user = UserInfo(
            id=name, name=name, display_name=name, role=Role.DISPATCHER, organisation="Police"
        )
        access = Access(user=user, permissions=frozenset({"incident.see", rights or name}))
        return asyncio.create_task(self.incidents.of(access))


async def asked(*tasks: "asyncio.Task[list[Row]]") -> None:
    """Let them come as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


async def test_those_who_ask_meanwhile_share_the_next_read() -> None:
    desks = Desks()
    first = desks.ask("a")
    await asked(first)
    more = [desks.ask(name) for name in "bcd"]
    await asked(*more)
    assert desks.read_for == [["a"]]
    desks.go.set()
    assert await first == [{"of": "a", "read": 1}]
    assert [await one for one in more] == [[{"of": name, "read": 2}] for name in "bcd"]
    assert desks.read_for == [["a"], ["b", "c", "d"]]


async def test_who_has_the_same_rights_gets_the_same_rows() -> None:
    desks = Desks()
    tasks = [desks.ask(*one) for one in (("a", "north"), ("b", "south"), ("c", "north"))]
    await asked(*tasks)
    desks.go.set()
    assert [rows[0]["of"] for rows in await asyncio.gather(*tasks)] == ["a", "b", "a"]
    assert desks.read_for == [["a", "b"]]


async def test_a_read_that_fails_is_told_to_all_and_the_next_one_goes_on() -> None:
    desks = Desks()
    desks.fails = True
    both = [desks.ask("a"), desks.ask("b")]
    await asked(*both)
    desks.go.set()
    for one in both:
        with pytest.raises(ServiceError, match="away"):
            await one
    desks.fails = False
    assert await desks.ask("c") == [{"of": "c", "read": 2}]


async def test_who_has_gone_disturbs_nobody() -> None:
    desks = Desks()
    gone, stays = desks.ask("a"), desks.ask("b")
    await asked(gone, stays)
    gone.cancel()
    desks.go.set()
    assert await stays == [{"of": "b", "read": 1}]
    assert gone.cancelled()


@pytest.mark.parametrize("changes", [0, 1, READ_AGAIN + 2])
async def test_an_incident_told_while_they_are_read_is_in_the_snapshot(
    room: Room, changes: int
) -> None:
    """The page gets no event of before its snapshot, so what was read before it is read anew."""
    stream, snapshots = room.services.use(EventStream), room.services.use(Snapshots)
    browser = await room.browser("dispatcher")
    session = await room.services.sessions.find(browser.http.cookies["samband_session"])
    assert session is not None
    state = reads = 0

    async def read(access: Access) -> list[Row]:
        nonlocal state, reads
        reads += 1
        found: list[Row] = [{"state": state}]
        if state < changes:
            state += 1
            before = stream.seq
            room.bus.publish(IncidentUpdated(incident=IncidentId("i-one"), what="note"))
            await until(lambda: stream.seq > before)
        return found

    snapshots.incidents = read
    client = stream.open(session, session.user, None)
    (text,) = await stream.messages(client)
    assert json.loads(text)["data"]["incidents"] == [{"state": min(changes, READ_AGAIN - 1)}]
    assert reads == min(changes + 1, READ_AGAIN)
    stream.close(client)
