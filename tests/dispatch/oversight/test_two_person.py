"""Roles, faces, the watch-list and un-masking happen when a second person has agreed."""

from typing import Any

from dispatch.auth.permissions import Role
from dispatch.incidents.claims import record_hits
from dispatch.incidents.tables import ClaimHit
from dispatch.oversight.rules import DAY_US
from tests.dispatch.oversight.log import entries
from tests.dispatch.oversight.test_approvals import agree
from tests.dispatch.oversight.test_purposes import opened
from tests.dispatch.room import Browser, Room

BASIS = "polislagen 2 §, decision A 118/2026"


def user_of(room: Room, name: str) -> Any:
    return room.services.people.by_name(name)


async def test_a_role_change_to_auditor_waits_for_a_second_person(room: Room) -> None:
    admin, dpo = await room.browser("administrator"), await room.browser("dpo")
    user = user_of(room, "dispatcher")
    answer = await admin.post(f"/users/{user.id}/role", {"role": "auditor"})
    approval = answer.json()["approval"]
    assert user_of(room, "dispatcher").role is Role.DISPATCHER
    assert (await agree(admin, approval)).status_code == 403
    desk = await room.browser("dispatcher")
    assert (await agree(dpo, approval)).json()["state"] == "used"
    assert user_of(room, "dispatcher").role is Role.AUDITOR
    assert (await desk.get("/session")).status_code == 401
    changed = await admin.post(f"/users/{user.id}/role", {"role": "dispatcher"})
    assert (changed.json()["role"], "approval" in changed.json()) == ("dispatcher", False)


async def test_a_new_administrator_is_disabled_until_somebody_agrees(room: Room) -> None:
    admin, dpo = await room.browser("administrator"), await room.browser("dpo")
    body = {
        "name": "anna",
        "display_name": "Anna",
        "role": "administrator",
        "organisation": "Police",
        "person": "staff-7",
    }
    made = (await admin.post("/users", body)).json()
    assert made["disabled"] is True
    enabled = await admin.post(f"/users/{made['id']}/disable", {"disabled": False})
    assert enabled.status_code == 409
    second = {**body, "name": "anna-2", "role": "auditor"}
    assert (await admin.post("/users", second)).status_code == 409
    assert (await agree(dpo, made["approval"])).json()["state"] == "used"
    assert user_of(room, "anna").disabled is False
    await admin.post(f"/users/{made['id']}/disable", {"disabled": True})
    again = await admin.post(f"/users/{made['id']}/disable", {"disabled": False})
    assert again.status_code == 200


async def test_administrator_and_auditor_are_not_one_person_with_a_disabled_account(
    room: Room,
) -> None:
    admin, auditor = await room.browser("administrator"), user_of(room, "auditor")
    await admin.post(f"/users/{auditor.id}/disable", {"disabled": True})
    body = {
        "name": "second",
        "display_name": "Second",
        "role": "administrator",
        "organisation": "Police",
        "person": "auditor",
    }
    refused = await admin.post("/users", body)
    assert refused.status_code == 409
    assert "on one person is refused" in refused.json()["error"]["message"]


async def hit(room: Room, source: str, claim_type: str, value: str) -> str:
    """Let a source claim somebody; returns the hit's id, empty when the claim is not used."""
    incident = await opened(room, "Boat adrift", camera="cam-1")
    made: list[str] = []

    def make_id(_: Any) -> str:
        made.append(room.thing("h"))
        return made[-1]

    row = {
        "id": "e-1",
        "incident": incident,
        "source": source,
        "src_event_id": "x",
        "camera": "cam-1",
        "t_recv_utc": room.clock.utc_us(),
        "claims": [{"type": claim_type, "value": value, "score": 0.99}],
    }
    new = await room.store.write(lambda db: record_hits(db, [row], make_id))
    return made[0] if new else ""


async def test_faces_are_off_until_two_people_switch_the_source_on(room: Room) -> None:
    supervisor, dpo = await room.browser("supervisor"), await room.browser("dpo")
    assert await hit(room, "frigate", "face", "Anna Ek") == ""
    short = await supervisor.post("/face-sources/frigate", {"basis": "the law", "days": 30})
    long = await supervisor.post("/face-sources/frigate", {"basis": BASIS, "days": 91})
    assert short.status_code == long.status_code == 422
    asked = await supervisor.post("/face-sources/frigate", {"basis": BASIS, "days": 30})
    shown = (await dpo.get(f"/approvals/{asked.json()['approval']}")).json()
    assert shown["detail"] == {"source": "frigate", "basis": BASIS, "days": 30}
    assert (await supervisor.get("/face-sources")).json() == []
    assert (await agree(dpo, asked.json()["approval"])).status_code == 200
    [on] = (await supervisor.get("/face-sources")).json()
    assert (on["basis"], on["expires_utc"] - on["on_utc"]) == (BASIS, 30 * DAY_US)
    assert (await supervisor.send("DELETE", "/face-sources/frigate")).status_code == 200
    assert (await supervisor.get("/face-sources")).json() == []


async def watching(room: Room, supervisor: Browser, dpo: Browser) -> str:
    body = {"type": "plate", "value": "abc 123", "basis": BASIS, "days": 7, "category": "witness"}
    asked = await supervisor.post("/watch-list", body)
    assert asked.status_code == 202, asked.text
    assert (await supervisor.get("/watch-list")).json() == []
    assert (await agree(dpo, asked.json()["approval"])).status_code == 200
    [entry] = (await supervisor.get("/watch-list")).json()
    assert (entry["value"], entry["owner"]) == ("ABC123", "Supervisor")
    assert entry["category"] == "witness"
    return str(entry["id"])


async def test_the_watch_list_marks_hits_and_its_entries_end(room: Room) -> None:
    supervisor, dpo = await room.browser("supervisor"), await room.browser("dpo")
    entry = await watching(room, supervisor, dpo)
    found = await hit(room, "frigate", "plate", "ABC-123")
    row = await room.store.read(lambda db: db.get(ClaimHit, found))
    assert row is not None
    assert (row.reference_list, row.category) == (entry, "witness")
    assert (await supervisor.send("DELETE", f"/watch-list/{entry}")).status_code == 200
    assert (await supervisor.get("/watch-list")).json() == []
    text = str(await entries(room))
    assert "ABC123" not in text


async def test_whom_a_hit_names_is_shown_once_after_a_second_person_agreed(room: Room) -> None:
    room.add_person("second", Role.SUPERVISOR)
    first, second = await room.browser("supervisor"), await room.browser("second")
    found = await hit(room, "frigate", "plate", "ABC 123")
    refused = await first.get(f"/claims/{found}/unmasked")
    assert refused.status_code == 409
    assert "nobody has agreed to exactly this" in refused.json()["error"]["message"]
    body = {"reason": "owner called back about the boat trailer"}
    asked = (await first.post(f"/claims/{found}/unmask", body)).json()["approval"]
    assert "ABC 123" not in (await second.get(f"/approvals/{asked}")).text
    await agree(second, asked)
    assert (await second.get(f"/claims/{found}/unmasked")).status_code == 409
    assert (await first.get(f"/claims/{found}/unmasked")).json()["value"] == "ABC 123"
    assert (await first.get(f"/claims/{found}/unmasked")).status_code == 409
    log = [e for e in await entries(room) if e["verb"] == "claim.unmasked"]
    assert len(log) == 1
    assert "ABC 123" not in str(log)


async def test_grants_end_and_are_approved_again_each_quarter(room: Room) -> None:
    admin = await room.browser("administrator")
    body = {
        "role": "auditor",
        "organisation": "*",
        "scope_kind": "folder",
        "scope": "North",
        "actions": ["see"],
    }
    given = (await admin.post("/grants", body)).json()
    now = room.clock.utc_us()
    assert 365 * DAY_US < given["expires_utc"] - now <= 366 * DAY_US
    for_ever = await admin.post("/grants", {**body, "expires_utc": now + 400 * DAY_US})
    assert for_ever.status_code == 400
    due = (await admin.get("/grants/review")).json()
    assert {row["no_end"] for row in due} == {True}
    assert given["id"] not in [row["id"] for row in due]
    kept = (await admin.post(f"/grants/{due[0]['id']}/keep")).json()
    assert kept["expires_utc"] is not None
    left = [row["id"] for row in (await admin.get("/grants/review")).json()]
    assert due[0]["id"] not in left
