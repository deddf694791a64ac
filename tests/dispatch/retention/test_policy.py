"""The policy: drafts, two persons, a shortening that waits, rights and rules that count."""

from typing import Any

import pytest

from dispatch.policy.live import LivePolicy
from dispatch.policy.model import Policy, check, compare, from_dict, from_toml
from dispatch.policy.service import Policies
from dispatch.policy.tables import PolicyRow
from dispatch.retention.classes import reexpire
from dispatch.retention.keeping import Retention
from dispatch.store.retention import RETENTION_DAYS, use_days
from dispatch.store.tables import US_PER_DAY
from gateway.model.errors import ConfigError
from tests.dispatch.retention.keepers import Keepers, both
from tests.dispatch.room import NORTH, small_plan


@pytest.fixture(autouse=True)
def _days() -> Any:
    yield
    use_days(RETENTION_DAYS, 1)


def with_days(**days: int) -> dict[str, Any]:
    policy = Policy().to_dict()
    policy["retention_days"] |= days
    return policy


async def activate(keepers: Keepers, policy: dict[str, Any]) -> dict[str, Any]:
    drafted = await keepers.dpo.post("/policies", {"policy": policy, "note": "for the test"})
    assert drafted.status_code == 201, drafted.text
    draft: dict[str, Any] = drafted.json()
    asked = await keepers.dpo.post(
        f"/policies/{draft['number']}/activate", {"digest": draft["digest"]}
    )
    assert asked.status_code == 202, asked.text
    await keepers.agree(keepers.supervisor, asked.json()["approval"])
    return draft


async def test_version_one_is_the_defaults(keepers: Keepers) -> None:
    found = (await keepers.auditor.get("/policies")).json()
    assert (found["number"], found["days"]["call"], found["days"]["emergency_call"]) == (1, 90, 730)
    assert [one["state"] for one in found["versions"]] == ["active"]
    assert keepers.row(keepers.calls[0]).policy == 1


async def test_lengthening_counts_at_once(keepers: Keepers) -> None:
    draft = await activate(keepers, with_days(call=120))
    assert draft["differences"] == ["Calls: 90 to 120 days (longer, at once)."]
    live = keepers.room.services.use(LivePolicy)
    assert (live.number, live.days["call"]) == (2, 120)
    await reexpire(keepers.room.store)
    assert not await reexpire(keepers.room.store)
    row = keepers.row(keepers.calls[0])
    assert row.expires_utc - row.started_utc == 120 * US_PER_DAY
    fresh = await keepers.call(4)
    await keepers.room.journaled()
    assert keepers.row(fresh).policy == 2


@both
async def test_a_shortening_waits_a_week_with_its_list_shown(keepers: Keepers) -> None:
    keepers.age(keepers.calls[0], days=40)
    draft = await activate(keepers, with_days(call=45))
    assert draft["shortens"]["counts"] == {"call": 1}
    assert [one["id"] for one in draft["shortens"]["first"]] == [keepers.calls[0]]
    live, policies = keepers.room.services.use(LivePolicy), keepers.room.services.use(Policies)
    assert (live.number, live.days["call"]) == (2, 90)
    assert live.next_utc is not None
    pending = (await keepers.auditor.get("/policies/2")).json()
    assert pending["waits"]
    assert pending["shortens"]["total"] == 1

    # A week later.
    def later(db: Any) -> None:
        row = db.get(PolicyRow, 2)
        row.activated_utc -= 8 * US_PER_DAY
        row.effective_utc -= 8 * US_PER_DAY
        first = db.get(PolicyRow, 1)
        first.activated_utc -= 9 * US_PER_DAY
        db.add(row)

    keepers.room.store.write_now(later)
    await policies.reload()
    assert live.days["call"] == 45
    await reexpire(keepers.room.store)
    assert not await reexpire(keepers.room.store)
    row = keepers.row(keepers.calls[1])
    assert row.expires_utc - row.started_utc == 45 * US_PER_DAY


async def test_a_shortening_on_a_shortening_never_comes_earlier(keepers: Keepers) -> None:
    await activate(keepers, with_days(call=45))
    await activate(keepers, with_days(call=45, message=100))
    live = keepers.room.services.use(LivePolicy)
    assert (live.number, live.days["call"], live.days["message"]) == (3, 90, 100)


async def test_nobody_activates_alone_nor_another_draft(keepers: Keepers) -> None:
    draft = (await keepers.dpo.post("/policies", {"policy": with_days(call=100)})).json()
    wrong = await keepers.dpo.post(f"/policies/{draft['number']}/activate", {"digest": "0" * 64})
    assert wrong.status_code == 409
    asked = await keepers.dpo.post(
        f"/policies/{draft['number']}/activate", {"digest": draft["digest"]}
    )
    approval = asked.json()["approval"]
    looked = (await keepers.dpo.get(f"/approvals/{approval}")).json()
    alone = await keepers.dpo.post(
        f"/approvals/{approval}", {"agree": True, "digest": looked["digest"]}
    )
    assert alone.status_code == 403
    assert keepers.room.services.use(LivePolicy).number == 1
    same = await keepers.dpo.post("/policies", {"policy": Policy().to_dict()})
    assert same.status_code == 400
    auditor = await keepers.auditor.post("/policies", {"policy": with_days(call=100)})
    assert auditor.status_code == 403


async def test_rights_that_the_policy_takes_are_gone_at_once(keepers: Keepers) -> None:
    dispatcher = await keepers.room.browser("dispatcher")
    over = keepers.overs[0]
    assert (await dispatcher.get(f"/recordings/{over}")).status_code == 200
    policy = Policy().to_dict() | {"rights": {"recording.play": ["dispatcher"]}}
    draft = await activate(keepers, policy)
    assert draft["differences"] == [
        "The role dispatcher may no longer play recordings (recording.play)."
    ]
    assert (await dispatcher.get(f"/recordings/{over}")).status_code == 403
    assert (await keepers.supervisor.get(f"/recordings/{over}")).status_code == 200


def test_recording_rules_shape_the_plan() -> None:
    plan = small_plan()
    policy = Policy(not_recorded=(NORTH,), private_calls=False)
    shaped = policy.shaped(plan)
    assert [group.recorded for group in shaped.talkgroups] == [False, True]
    assert [rule.recorded for rule in shaped.individual_rules] == [False]
    assert Policy().shaped(plan) == plan


def test_a_policy_survives_toml() -> None:
    policy = Policy(
        retention_days={**RETENTION_DAYS, "call": 100, "drone": 10},
        not_recorded=("net/100",),
        rights={"recording.play": ("dispatcher", "engineer")},
        erasure_objects=500,
    )
    assert from_toml(policy.to_toml()) == policy
    assert from_dict(policy.to_dict()).digest() == policy.digest()
    assert compare(policy, policy) == []
    assert len(compare(Policy(), policy)) == 6


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"retention_days": {"call": 0}}, "expected 1 to"),
        ({"retention_days": {"call": "long"}}, "a whole number"),
        ({"retention_days": {"audit": 30}}, "at least as long"),
        ({"retention_days": {"A b": 30}}, "a name of a-z"),
        ({"rights": {"fly.away": ["dpo"]}}, "no such permission"),
        ({"rights": {"recording.play": ["wizard"]}}, "no role wizard"),
        ({"rights": {"access.own": ["dispatcher"]}}, "nobody loses"),
        ({"rights": {"policy.edit": ["dpo", "administrator"]}}, "nobody would be left"),
        ({"approvals": {"erasure_objects": 5000}}, "expected 1 to 1000"),
        ({"approvals": {"hold_review_days": 365}}, "expected 1 to 180"),
        ({"approvals": {"other": 1}}, "unknown"),
        ({"recording": {"private_calls": 1}}, "true or false"),
        ({"surprise": {}}, "not a part"),
    ],
)
def test_what_cannot_be_is_said_in_words(value: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_dict(value)
    assert any(words in fault for fault in caught.value.faults)
    assert check(Policy()) == []


@both
async def test_the_board_says_rule_number_size_and_what_is_unsaved(keepers: Keepers) -> None:
    keepers.age(keepers.calls[0], days=89)
    body = {"scope": {"calls": [keepers.calls[1]]}, "reason": "kept for now", "basis": "RB"}
    await keepers.auditor.post("/holds", body)
    found = (await keepers.auditor.get("/retention")).json()
    rows = {row["class"]: row for row in found["classes"]}
    calls = rows["call"]
    assert (calls["days"], calls["count"], calls["held"], calls["due"]) == (90, 3, 1, 0)
    assert calls["size_bytes"] > 0
    assert calls["alarm"]
    assert calls["unsaved"] == 1
    (keepers.room.state / "backup.json").write_text(
        f'{{"made_utc": {keepers.room.clock.utc_us()}}}'
    )
    keepers.room.services.use(Retention).policy_changed()
    found = (await keepers.auditor.get("/retention")).json()
    assert not any(row["alarm"] for row in found["classes"])
