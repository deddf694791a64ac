"""Plans that come and go leave nothing behind in the process: its own objects are counted."""

import gc
from collections import Counter

from dispatch.plans.canonical import MAX_KEPT
from dispatch.services.stream import RING_EVENTS, EventStream
from gateway.model.envelope import Envelope
from gateway.model.events import Event
from tests.dispatch.plans.test_activation import NEW_NAME, REASON, Desk, desk
from tests.dispatch.room import NORTH

__all__ = ["desk"]
OURS = ("dispatch.", "gateway.", "webrtc.")
AGAIN = 6


async def once(desk: Desk, number: int) -> None:
    """Activate a plan like no other, and return to the one before."""
    await desk.activate(NEW_NAME | {"value": {"name": f"NORTH {number}", "address": 5}})
    answer = await desk.second.post("/plan/return", {"reason": REASON})
    assert answer.status_code == 200, answer.text
    assert desk.live.number == 1


def counted() -> Counter[str]:
    """Return how many there are of each of our own types; events apart, of them the last stay."""
    gc.collect()
    kept = (Envelope, Event)
    found = (type(one) for one in gc.get_objects() if not isinstance(one, kept))
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in found)
    return Counter(name for name in names if name.startswith(OURS))


async def test_more_plans_are_not_more_objects(desk: Desk) -> None:
    async with desk.engineer.stream() as stream:
        await stream.next("snapshot")
        for number in range(MAX_KEPT + 1):  # as many as are kept to be read again, and one more
            await once(desk, number)
        before = counted()
        for number in range(AGAIN):
            await once(desk, MAX_KEPT + 1 + number)
        grown = counted() - before
    assert {kind: more for kind, more in grown.items() if more >= AGAIN} == {}
    assert desk.live.talkgroup_name(NORTH) == "NORTH 1"
    assert desk.room.services.use(EventStream).kept <= RING_EVENTS
