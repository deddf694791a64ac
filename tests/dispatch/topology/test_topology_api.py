"""The topology over HTTP: what runs, what a draft would be, and who may see it."""

from tests.dispatch.room import Room


async def test_live_topology_with_the_state_of_links(room: Room) -> None:
    engineer = await room.browser("engineer")
    rows = (await engineer.get("/topology")).json()
    assert [link["id"] for link in rows["links"]] == ["north", "secret"]
    assert rows["plan"] == 1
    assert rows["gateways"][0]["id"] == "gw-1"
    down = [one["words"] for one in rows["findings"] if one["what"] == "now"]
    assert "NORTH 1 cannot be sent now: North radio is down" in down


async def test_topology_of_a_draft_has_no_state(room: Room) -> None:
    engineer = await room.browser("engineer")
    draft = (await engineer.post("/plan/drafts", {"name": "topology"})).json()
    rows = (await engineer.get(f"/plan/drafts/{draft['id']}/topology")).json()
    assert rows["draft"] == "topology"
    assert {link["state"] for link in rows["links"]} == {"unknown"}
    assert (await engineer.get("/plan/drafts/none/topology")).status_code == 404


async def test_a_dispatcher_sees_no_topology(room: Room) -> None:
    dispatcher = await room.browser("dispatcher")
    assert (await dispatcher.get("/topology")).status_code == 403
