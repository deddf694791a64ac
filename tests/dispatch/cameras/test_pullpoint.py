"""ONVIF pull points: how one is kept alive, and a device over HTTP with the faults of the field."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from dispatch.cameras.ingest import Batch, Ingest
from dispatch.cameras.onvif_client import PullSource, warm
from dispatch.cameras.onvif_settings import PullDevice
from dispatch.cameras.pullpoint import Call, PullPoint, Termination
from dispatch.cameras.register import CameraInfo, CameraRegister
from dispatch.clock import SystemClock
from tests.dispatch.cameras.onvif_stub import PASSWORD, OnvifStub, item, notification, state
from tests.dispatch.cameras.serving import serving

LINE = "tns1:RuleEngine/LineDetector/Crossed"
TAMPER = "tns1:VideoSource/GlobalSceneChange/ImagingService"

# ---- the pull point's state --------------------------------------------------------------------


def calls(point: Any, now: Any, stop_at: Call) -> list[Call]:
    made = []
    while True:
        step = point.next(now)
        assert step is not None
        made.append(step.call)
        if step.call is stop_at:
            return made
        point.done(step.call, now, lifetime_ms=60_000)


def test_order_of_calls_and_renewal_at_half_time() -> None:
    point: Any = PullPoint()
    now = 1_000_000
    first = calls(point, now, Call.PULL)
    assert first == [Call.CLOCK, Call.SERVICES, Call.CREATE, Call.SYNC, Call.PULL]
    point.done(Call.PULL, now)
    assert point.state == "up"
    assert calls(point, now + 29_999, Call.PULL) == [Call.PULL]
    assert calls(point, now + 30_000, Call.PULL) == [Call.RENEW, Call.PULL]
    assert calls(point, now + 601_000, Call.PULL) == [Call.RENEW, Call.CLOCK, Call.PULL]


def test_the_forms_of_termination_time_are_tried_in_turn() -> None:
    point: Any = PullPoint()
    calls(point, 0, Call.CREATE)
    seen = []
    for _ in range(3):
        step = point.next(0)
        assert step is not None
        seen.append(step.termination)
        point.failed(Call.CREATE, 0, fault=True, words="InvalidArgVal")
    assert seen == list(Termination)
    step = point.next(0)
    assert step is not None
    assert step.call is Call.WAIT
    assert point.state == "down"


def test_a_fault_gives_the_subscription_back_before_a_new_one() -> None:
    point: Any = PullPoint()
    calls(point, 0, Call.PULL)
    point.failed(Call.PULL, 0, fault=True, words="gone")
    assert calls(point, 0, Call.PULL) == [
        Call.UNSUBSCRIBE, Call.WAIT, Call.CREATE, Call.SYNC, Call.PULL
    ]  # fmt: skip


def test_no_free_pull_point_is_said_and_not_hammered() -> None:
    point: Any = PullPoint()
    calls(point, 0, Call.CREATE)
    point.failed(Call.CREATE, 0, fault=True, words="The maximum number of pull points is reached")
    step = point.next(0)
    assert step is not None
    assert (step.call, step.wait_ms) == (Call.WAIT, 60_000)
    assert point.reason.startswith("no pull point is free at the device")


def test_pauses_grow_and_a_device_without_renewal_is_kept_by_pulls() -> None:
    point: Any = PullPoint()
    pauses = []
    for _ in range(8):
        if point.next(0).call is not Call.SERVICES:
            calls(point, 0, Call.SERVICES)
        point.failed(Call.SERVICES, 0, fault=False, words="ConnectError")
        step = point.next(0)
        assert step is not None
        pauses.append(step.wait_ms)
        point.done(Call.WAIT, 0)
    assert pauses == [1000, 2000, 5000, 15000, 30000, 60000, 60000, 60000]
    other: Any = PullPoint()
    calls(other, 0, Call.PULL)
    other.failed(Call.RENEW, 0, fault=True, words="ActionNotSupported")
    assert calls(other, 50_000, Call.PULL) == [Call.PULL]
    other.stop()
    step = other.next(0)
    assert step is not None
    assert step.call is Call.UNSUBSCRIBE
    other.done(Call.UNSUBSCRIBE, 0)
    assert other.next(0) is None


# ---- a device over HTTP ------------------------------------------------------------------------


class Desk:
    """A running PullSource and what it delivered."""

    def __init__(self, stub: OnvifStub, port: int, password: str = PASSWORD) -> None:
        self.batches: list[Batch] = []
        register = CameraRegister([CameraInfo(id="cam-1", source="onvif:a")])
        self.ingest = Ingest("onvif:a", register.find, os.urandom)
        settings = PullDevice(
            source="onvif:a",
            host="127.0.0.1",
            port=port,
            username="samband",
            password=password,
            camera="cam-1",
        )
        assert "pass" not in repr(settings)
        self.source = PullSource(settings, self.ingest, SystemClock(), self.deliver)

    async def deliver(self, batch: Batch) -> None:
        self.batches.append(batch)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [row for batch in self.batches for row in batch.rows]

    @property
    def health(self) -> list[tuple[str, str]]:
        told = [(h.state, h.reason) for batch in self.batches for h in batch.health]
        return [one for one in told if one[1] != "not connected yet"]

    async def until(self, condition: Any, what: str) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.02)
        assert condition(), what


@pytest.fixture
async def stub() -> AsyncIterator[OnvifStub]:
    made = OnvifStub()
    async with serving(made.app) as port:
        made.port = port
        yield made


async def running(stub: OnvifStub, password: str = PASSWORD) -> tuple[Desk, asyncio.Task[None]]:
    desk = Desk(stub, stub.port, password)
    return desk, asyncio.create_task(desk.source.run())


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_events_are_pulled_states_told_and_the_point_given_back(stub: OnvifStub) -> None:
    stub.standing = [notification(TAMPER, state(True), operation="Initialized")]
    desk, task = await running(stub)
    await desk.until(lambda: ("up", "") in desk.health, "it is up")
    stub.tell(notification(LINE, item("ObjectId", "15")))
    await desk.until(lambda: desk.rows, "the event came")
    (row,) = desk.rows
    assert (row["kind"], row["camera"], row["source"]) == ("line", "cam-1", "onvif:a")
    (standing,) = [one for batch in desk.batches for one in batch.standing]
    assert (standing.kind, standing.active) == ("tamper", True)
    await end(task)
    assert stub.open == {}
    assert stub.calls[-1] == "Unsubscribe"


@pytest.mark.parametrize(
    "faults",
    [
        {"clock_off": timedelta(hours=2)},
        {"clock_off": timedelta(days=-9000)},
        {"current_time_off": timedelta(hours=-7)},
        {"nat_host": "10.9.9.9"},
        {"relative_refused": True},
        {"any_time_refused": True},
        {"renew_refused": True, "lifetime_s": 3},
        {"sync_refused": True},
        {"fail_pulls": 2},
        {"lifetime_s": 3},
    ],
    ids=str,
)
async def test_a_device_with_a_fault_of_the_field(stub: OnvifStub, faults: Any) -> None:
    for name, value in faults.items():
        setattr(stub, name, value)
    desk, task = await running(stub)
    await desk.until(lambda: ("up", "") in desk.health, f"up in spite of it: {desk.health}")
    stub.tell(notification(LINE, item("ObjectId", "15")))
    await desk.until(lambda: desk.rows, "the event came")
    await end(task)
    assert stub.open == {}, "no subscription leaks"


async def test_a_wrong_clock_is_estimated(stub: OnvifStub) -> None:
    stub.clock_off = timedelta(hours=2)
    desk, task = await running(stub)
    await desk.until(lambda: ("up", "") in desk.health, "it is up")
    skew = desk.ingest.grouper.skew.skew_ms
    assert skew is not None
    assert abs(skew - 7_200_000) < 3000
    await end(task)


async def test_a_leaked_subscription_is_said(stub: OnvifStub) -> None:
    stub.open = {"old1": [], "old2": []}
    desk, task = await running(stub)
    await desk.until(lambda: desk.health, "it says why")
    assert desk.health[0][0] == "down"
    assert "no pull point is free" in desk.health[0][1]
    await end(task)


async def test_a_wrong_password_and_a_device_without_events_are_said(stub: OnvifStub) -> None:
    desk, task = await running(stub, "wrong")
    await desk.until(lambda: desk.health, "it says why")
    assert desk.health[0][0] == "down"
    await end(task)
    stub.no_events = True
    desk, task = await running(stub)
    await desk.until(lambda: desk.health, "it says why")
    assert "CreatePullPointSubscription" in desk.health[0][1]
    await end(task)


async def test_two_devices_beside_each_other(stub: OnvifStub) -> None:
    """The library shares settings between devices: one's pull must not change another's answers."""
    other = OnvifStub()
    async with serving(other.app) as port:
        other.port = port
        first, one = await running(stub)
        second, two = await running(other)
        await first.until(lambda: ("up", "") in first.health, "first up")
        await second.until(lambda: ("up", "") in second.health, "second up")
        stub.fail_pulls = 1
        await first.until(lambda: len(first.health) >= 3, "down and up again")
        for desk, place in ((first, stub), (second, other)):
            place.tell(notification(LINE, item("ObjectId", "15")))
            await desk.until(lambda desk=desk: desk.rows, "the event came")
        await end(one)
        await end(two)


async def test_a_device_that_answers_anything_but_onvif_is_told_and_stays_tried() -> None:
    async def anything(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"<html>router</html>"})

    async with serving(anything) as port:
        desk = Desk(OnvifStub(), port)
        task = asyncio.create_task(desk.source.run())
        await desk.until(lambda: desk.health, "it says why")
        assert desk.health[0][0] == "down"
        assert not task.done()
        await end(task)


async def test_a_dead_device_is_down_and_comes_back() -> None:
    stub = OnvifStub()
    async with serving(stub.app) as port:
        pass
    desk = Desk(stub, port)
    task = asyncio.create_task(desk.source.run())
    await desk.until(lambda: desk.health, "it says why")
    assert desk.health[0][0] == "down"
    await end(task)


async def test_descriptions_are_loaded_once_without_a_word_to_anybody() -> None:
    await warm()
    stubs = [OnvifStub() for _ in range(3)]
    async with contextlib.AsyncExitStack() as stack:
        desks = []
        for stub in stubs:
            stub.port = await stack.enter_async_context(serving(stub.app))
            desks.append(Desk(stub, stub.port))
        tasks = [asyncio.create_task(desk.source.run()) for desk in desks]
        for desk in desks:
            await desk.until(lambda desk=desk: ("up", "") in desk.health, "up")
        for task in tasks:
            await end(task)
        assert all(stub.open == {} for stub in stubs)
