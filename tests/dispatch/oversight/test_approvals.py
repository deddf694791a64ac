"""Four eyes: another person, at another desk, agrees to exactly this digest, once, within a day."""

from typing import Any

import pytest

from dispatch.auth.permissions import Role
from dispatch.oversight.approvals import Approvals, NotApproved, digest_of
from dispatch.oversight.ballot import VALID_US, ApprovalRow
from dispatch.services.record import Asker
from tests.dispatch.oversight.log import entries
from tests.dispatch.room import Browser, Room

WHAT = {"hold": "h-1", "recordings": ["t-1", "t-2"]}


class LateClock:
    """The room's clock, put forward by the test."""

    def __init__(self, room: Room) -> None:
        self._clock = room.clock
        self.ahead_us = 0

    def utc_us(self) -> Any:
        return self._clock.utc_us() + self.ahead_us

    def mono_ms(self) -> Any:
        return self._clock.mono_ms()


@pytest.fixture
async def approvals(room: Room) -> Approvals:
    made = room.services.use(Approvals)
    made.kind("test.lift", words="lift a hold", ask="evidence.request", approve="evidence.approve")
    made.kind(
        "test.burn",
        words="burn a hold",
        ask="evidence.request",
        approve="evidence.approve",
        needed=2,
    )
    for name in ("second", "third"):
        room.add_person(name, Role.SUPERVISOR)
    return made


async def asker_of(room: Room, browser: Browser) -> Asker:
    """Return the asker of a signed-in browser, for calls that have no route of their own."""
    session = await room.services.sessions.find(browser.http.cookies["samband_session"])
    assert session is not None
    return Asker(access=room.services.access.of(session.user), session=session)


async def asked(
    room: Room, approvals: Approvals, browser: Browser, kind: str = "test.lift"
) -> tuple[str, str]:
    digest = digest_of(WHAT)
    made = await approvals.ask(
        await asker_of(room, browser),
        kind=kind,
        subject="h-1",
        digest=digest,
        words="Lift hold h-1: 2 recordings may be erased",
        detail=WHAT,
    )
    return made, digest


async def agree(browser: Browser, approval: str) -> Any:
    shown = (await browser.get(f"/approvals/{approval}")).json()
    return await browser.post(f"/approvals/{approval}", {"agree": True, "digest": shown["digest"]})


async def test_a_second_person_sees_what_will_happen_and_agrees_once(
    room: Room, approvals: Approvals
) -> None:
    first, second = await room.browser("supervisor"), await room.browser("second")
    async with second.stream() as reader:
        await reader.next("snapshot")
        approval, digest = await asked(room, approvals, first)
        told = await reader.event("approval.asked")
    assert told["data"]["words"].startswith("Lift hold")
    with pytest.raises(NotApproved, match="still waits for the second person"):
        await approvals.demand("test.lift", "h-1", digest)
    [row] = (await second.get("/approvals?waiting=true")).json()
    assert (row["id"], row["may_decide"], "digest" in row) == (approval, True, False)
    shown = (await second.get(f"/approvals/{approval}")).json()
    assert (shown["detail"], shown["digest"]) == (WHAT, digest)
    done = await second.post(f"/approvals/{approval}", {"agree": True, "digest": digest})
    assert done.json()["state"] == "agreed"
    with pytest.raises(NotApproved, match="nobody has agreed to exactly this"):
        await approvals.demand("test.lift", "h-1", digest_of({**WHAT, "recordings": []}))
    used = await approvals.demand("test.lift", "h-1", digest)
    assert [vote.name for vote in used.votes] == ["Second"]
    with pytest.raises(NotApproved, match="was used once already"):
        await approvals.demand("test.lift", "h-1", digest)
    log = [(one["verb"], one["result"]) for one in await entries(room) if "approval" in one["verb"]]
    assert log == [
        ("approval.asked", "ok"),
        ("approval.used", "denied"),
        ("approval.looked", "ok"),
        ("approval.agreed", "ok"),
        ("approval.used", "denied"),
        ("approval.used", "ok"),
        ("approval.used", "denied"),
    ]


async def test_nobody_agrees_to_what_they_asked_for_nor_with_another_account(
    room: Room, approvals: Approvals
) -> None:
    await room.services.people.add(
        name="alias",
        display_name="Alias",
        role=Role.SUPERVISOR,
        organisation="Police",
        password_hash=room.services.people.credentials("supervisor")[1],
        person="supervisor",
    )
    first, alias = await room.browser("supervisor"), await room.browser("alias")
    approval, _ = await asked(room, approvals, first)
    for browser in (first, alias):
        answer = await agree(browser, approval)
        assert answer.status_code == 403
        assert "nobody approves what they asked for" in answer.json()["error"]["message"]
    denied = [e for e in await entries(room) if e["verb"] == "approval.decided"]
    assert [entry["result"] for entry in denied] == ["denied", "denied"]


async def test_the_second_person_decides_at_another_desk(room: Room, approvals: Approvals) -> None:
    browser = await room.browser("supervisor")
    approval, _ = await asked(room, approvals, browser)
    await browser.sign_in("second")
    answer = await agree(browser, approval)
    assert answer.status_code == 403
    assert "another desk" in answer.json()["error"]["message"]
    assert (await agree(await room.browser("second"), approval)).status_code == 200


async def test_same_address_is_the_same_desk_unless_it_is_this_machine(
    room: Room, approvals: Approvals
) -> None:
    first, second = await room.browser("supervisor"), await room.browser("second")
    one, two = await asker_of(room, first), await asker_of(room, second)
    placed = Asker(access=one.access, session=one.session, address="10.0.0.7")
    near = Asker(access=two.access, session=two.session, address="10.0.0.7")
    digest = digest_of(WHAT)
    approval = await approvals.ask(
        placed, kind="test.lift", subject="h-1", digest=digest, words="Lift it", detail=WHAT
    )
    with pytest.raises(Exception, match="another desk"):
        await approvals.decide(near, approval, agree=True, digest=digest)
    far = Asker(access=two.access, session=two.session, address="10.0.0.8")
    done = await approvals.decide(far, approval, agree=True, digest=digest)
    assert done.state == "agreed"


async def test_what_needs_two_needs_two_others(room: Room, approvals: Approvals) -> None:
    first, second = await room.browser("supervisor"), await room.browser("second")
    approval, digest = await asked(room, approvals, first, "test.burn")
    assert (await agree(second, approval)).json()["state"] == "waiting"
    again = await agree(await room.browser("second"), approval)
    assert again.status_code == 403
    assert "answered this already" in again.json()["error"]["message"]
    with pytest.raises(NotApproved):
        await approvals.demand("test.burn", "h-1", digest)
    assert (await agree(await room.browser("third"), approval)).json()["state"] == "agreed"
    used = await approvals.demand("test.burn", "h-1", digest)
    assert len(used.votes) == 2


async def test_a_refusal_says_why_and_is_the_end(room: Room, approvals: Approvals) -> None:
    first, second = await room.browser("supervisor"), await room.browser("second")
    approval, digest = await asked(room, approvals, first)
    body = {"agree": False, "digest": digest, "reason": "no"}
    assert (await second.post(f"/approvals/{approval}", body)).status_code == 400
    body["reason"] = "the court has not answered yet"
    async with first.stream() as reader:
        await reader.next("snapshot")
        refused = await second.post(f"/approvals/{approval}", body)
        told = await reader.event("approval.decided")
    assert refused.json()["votes"][0]["reason"] == body["reason"]
    assert (told["data"]["state"], told["data"]["by"]) == ("refused", "Second")
    with pytest.raises(NotApproved, match="is refused"):
        await approvals.demand("test.lift", "h-1", digest)
    third = await room.browser("third")
    assert (await agree(third, approval)).status_code == 409


async def test_another_digest_than_was_looked_at_is_refused(
    room: Room, approvals: Approvals
) -> None:
    approval, _ = await asked(room, approvals, await room.browser("supervisor"))
    second = await room.browser("second")
    body = {"agree": True, "digest": digest_of({"other": 1})}
    answer = await second.post(f"/approvals/{approval}", body)
    assert answer.status_code == 409
    assert "something else than what you looked at" in answer.json()["error"]["message"]


async def test_a_request_waits_a_day_and_an_approval_stands_for_one(
    room: Room, approvals: Approvals
) -> None:
    clock = LateClock(room)
    approvals._clock = clock
    first, second = await room.browser("supervisor"), await room.browser("second")
    approval, digest = await asked(room, approvals, first)
    assert (await agree(second, approval)).status_code == 200
    clock.ahead_us = VALID_US + 1_000_000
    with pytest.raises(NotApproved, match="more than 24 hours old"):
        await approvals.demand("test.lift", "h-1", digest)
    waiting, _ = await asked(room, approvals, first)
    assert waiting != approval
    assert await approvals.expire() == 1
    clock.ahead_us *= 2
    late = await agree(second, waiting)
    assert late.status_code == 409
    assert "has expired" in late.json()["error"]["message"]
    assert await approvals.expire() == 1
    states = {row["id"]: row["state"] for row in (await first.get("/approvals")).json()}
    assert states == {approval: "expired", waiting: "expired"}


async def test_one_question_is_asked_once_and_can_be_taken_back(
    room: Room, approvals: Approvals
) -> None:
    first, second = await room.browser("supervisor"), await room.browser("second")
    approval, digest = await asked(room, approvals, first)
    assert (await asked(room, approvals, first))[0] == approval
    with pytest.raises(Exception, match="has asked for the same already"):
        await asked(room, approvals, second)
    assert (await second.send("DELETE", f"/approvals/{approval}")).status_code == 403
    assert (await first.send("DELETE", f"/approvals/{approval}")).json()["state"] == "withdrawn"
    with pytest.raises(NotApproved, match="is withdrawn"):
        await approvals.demand("test.lift", "h-1", digest)


async def test_what_was_agreed_can_happen_at_once_and_is_used_by_that(
    room: Room, approvals: Approvals
) -> None:
    done: list[tuple[str, str]] = []

    async def act(row: ApprovalRow, asker: Asker) -> None:
        done.append((row.state, asker.access.user.name))

    approvals.on_agreed("test.lift", act)
    approval, digest = await asked(room, approvals, await room.browser("supervisor"))
    answer = await agree(await room.browser("second"), approval)
    assert answer.json()["state"] == "used"
    assert done == [("used", "second")]
    with pytest.raises(NotApproved):
        await approvals.demand("test.lift", "h-1", digest)


async def test_who_may_not_agree_does_not_know_of_it(room: Room, approvals: Approvals) -> None:
    approval, digest = await asked(room, approvals, await room.browser("supervisor"))
    body = {"agree": True, "digest": digest}
    for role in (Role.DISPATCHER, Role.ENGINEER, Role.ADMINISTRATOR):
        other = await room.browser(role.value)
        assert (await other.get("/approvals")).json() == []
        assert (await other.get(f"/approvals/{approval}")).status_code == 404
        assert (await other.post(f"/approvals/{approval}", body)).status_code == 404
        with pytest.raises(Exception, match="may not ask for an evidence package"):
            await asked(room, approvals, other)
