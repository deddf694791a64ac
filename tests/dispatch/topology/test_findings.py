"""Loops and single points, each planted in a plan and named in words."""

from dataclasses import replace

from dispatch.topology.finding import What
from dispatch.topology.graph import Graph, Joined
from dispatch.topology.picture import LinkNow, Picture, picture
from dispatch.topology.singles import far_end
from gateway.model.ids import LinkId, SiteId, SystemId, TalkgroupId
from gateway.model.patch_plan import PlanPatch
from gateway.model.plan import Link, Plan, Site, System, Talkgroup
from tests.dispatch.plans.plans import COUNTY, FIRE, NORRVIK, PATROL, PLAN, REMOTE, with_link

FAR = SystemId("far")


def link(name: str, kind: str = "tetra-pei", **more: object) -> Link:
    values: dict[str, object] = {
        "id": LinkId(name),
        "name": name.upper(),
        "kind": kind,
        "system": NORRVIK,
        "site": SiteId("hamnen"),
        "port": f"/dev/{name}",
        "sound": "",
        "talkgroups": (310112,),
    }
    return Link(**(values | more))  # type: ignore[arg-type]  # the values of a Link by name


def with_links(*links: Link, plan: Plan = PLAN) -> Plan:
    return replace(plan, links=(*plan.links, *links))


def words(plan: Plan, rule: str, now: dict[str, LinkNow] | None = None) -> list[str]:
    return [one.words for one in picture(plan, "gw-1", now=now).findings if one.rule == rule]


def patched(*patches: tuple[str, tuple[TalkgroupId, ...]], plan: Plan = PLAN) -> Plan:
    rows = tuple(PlanPatch(id=label, name=label, members=members) for label, members in patches)
    return replace(plan, patches=rows)


def test_a_network_entered_twice_is_heard_twice() -> None:
    far = System(id=FAR, name="Norrvik once more", technology="tetra", handle=9, mcc=901, mnc=1001)
    group = Talkgroup(system=FAR, number=310112, name="PATROL AGAIN", folder="Police")
    plan = with_links(link("far-1", system=FAR))
    plan = replace(plan, systems=(*plan.systems, far), talkgroups=(*plan.talkgroups, group))
    (found,) = words(plan, "LOOP-1")
    assert "NORRVIK PATRULL 1 (Norrvik) and PATROL AGAIN (Norrvik once more)" in found
    assert "Terminal 1 and FAR-1 hear the same talker" in found
    # Another network with the same numbers is no loop, nor one whose link carries other groups.
    other = replace(plan, systems=(*plan.systems[:-1], replace(far, mnc=1002)))
    assert words(other, "LOOP-1") == []
    assert words(with_link(plan, "far-1", talkgroups=()), "LOOP-1") == []


def test_links_of_one_system_that_tell_their_numbers_are_legs_of_one_call() -> None:
    assert words(with_links(link("pei-2")), "LOOP-2") == []


def test_a_link_that_does_not_tell_its_number_echoes() -> None:
    (found,) = words(with_links(link("donor", "analogue")), "LOOP-2")
    assert found == (
        "Terminal 1 and DONOR hear each other on NORRVIK PATRULL 1, and DONOR does not tell its"
        " own number: what a desk sends may come back as somebody else's over"
    )
    two = with_links(link("a", "p25-dfsi"), link("b", "p25-modem"), plan=with_link(PLAN, "pei-1"))
    both = [one for one in words(two, "LOOP-2") if "A and B hear" in one]
    assert "A and B do not tell their own numbers" in both[0]


def test_patches_in_a_ring_are_a_loop_and_in_a_chain_are_told() -> None:
    ring = patched(("P1", (PATROL, FIRE)), ("P2", (FIRE, REMOTE)), ("P3", (REMOTE, PATROL)))
    (found,) = words(ring, "LOOP-3")
    assert found.startswith("patches P1, P2 and P3 form a ring over ")
    chain = patched(("P1", (PATROL, FIRE)), ("P2", (FIRE, REMOTE)))
    assert words(chain, "LOOP-3") == []
    assert words(chain, "LOOP-4") == [
        "BRAND 1 is in P1 and P2: together they would join NORRVIK PATRULL 1, BRAND 1, COUNTY 1"
    ]
    apart = patched(("P1", (PATROL, FIRE)), ("P2", (REMOTE,)))
    assert words(apart, "LOOP-3") == words(apart, "LOOP-4") == []


def test_a_patch_of_one_channel_hears_itself() -> None:
    donor = link("donor", "analogue", talkgroups=(310112, 310201))
    plan = patched(("P1", (PATROL, FIRE)), plan=with_links(donor))
    (found,) = words(plan, "LOOP-5")
    assert "and both are the one channel of DONOR" in found


def test_a_patch_that_one_terminal_alone_carries_cannot_work() -> None:
    (found,) = words(patched(("P1", (PATROL, FIRE))), "PATCH-AIR")
    assert found == (
        "P1 joins NORRVIK PATRULL 1 and BRAND 1, which only Terminal 1 carries: it cannot hear one"
        " and send on another at once"
    )
    assert words(patched(("P1", (PATROL, REMOTE))), "PATCH-AIR") == []


def test_single_points_are_named() -> None:
    second = Site(id=SiteId("utsjo"), name="Utsjö")
    plan = with_link(replace(PLAN, sites=(*PLAN.sites, second)), "dfsi-1", site=second.id)
    assert words(plan, "SPOF-3") == [
        "NORRVIK PATRULL 1, BRAND 1 can be sent only through Terminal 1",
        "COUNTY 1 can be sent only through Station 1",
    ]
    assert "site Utsjö hangs on one link: Station 1" in words(plan, "SPOF-4")
    assert words(plan, "SPOF-2") == [
        "emergencies of folder Fire reach the desk through one link: Terminal 1"
    ]
    assert len(words(plan, "SPOF-6")) == 2
    assert words(plan, "SPOF-8") == ["all 2 links hang on one gateway, gw-1"]


def test_a_second_link_takes_the_single_point_away_unless_it_stands_beside_the_first() -> None:
    beside = with_links(link("pei-2", talkgroups=(310112, 310201)))
    assert words(beside, "SPOF-2") == []
    (found,) = words(beside, "SPOF-5")
    assert found.endswith("PEI-2 and Terminal 1 all stand at site Hamnen")
    elsewhere = with_link(beside, "pei-2", site=SiteId("fyrberget"))
    assert words(elsewhere, "SPOF-5") == []


def test_a_folder_whose_links_know_no_emergency() -> None:
    plan = with_link(PLAN, "dfsi-1", kind="p25-network")
    plan = replace(plan, talkgroups=(replace(plan.talkgroups[2], folder="County"),))
    assert words(plan, "SPOF-1") == [
        "no emergency of folder County can reach the desk: no link of it carries any"
    ]


def test_links_that_lead_to_one_machine() -> None:
    assert far_end(link("a", port="udp:10.1.2.3:41000")) == "10.1.2.3"
    assert far_end(link("a", port="ws://core.example:8080/brew/")) == "core.example"
    assert far_end(link("a", port="udp:127.0.0.1:41000")) == far_end(link("a")) == ""
    two = with_links(link("a", port="udp:10.1.2.3:1"), link("b", port="udp:10.1.2.3:2"))
    assert words(two, "SPOF-7") == ["A and B lead to one machine, 10.1.2.3"]


def test_what_is_down_now() -> None:
    plan = with_links(link("pei-2"))
    now = {"pei-1": LinkNow("down"), "pei-2": LinkNow("up"), "dfsi-1": LinkNow("up")}
    assert words(plan, "NOW-1", now) == ["BRAND 1 cannot be sent now: Terminal 1 is down"]
    assert words(plan, "NOW-2", now) == [
        "NORRVIK PATRULL 1 can be sent now only through PEI-2, the others are down"
    ]
    assert words(plan, "NOW-1") == []  # a draft has no state


def test_rows_name_only_what_is_there() -> None:
    found = picture(patched(("P1", (PATROL, REMOTE))), "gw-1")
    _demand_whole(found)
    assert found.rows["talkgroups"][0]["patches"] == ["P1"]
    assert found.rows["folders"][0] == {"name": "Police", "talkgroups": [PATROL, REMOTE]}
    assert found.rows["links"][0]["state"] == "unknown"
    assert [one.what for one in found.findings] == sorted(
        (one.what for one in found.findings), key=list(What).index
    )


def _demand_whole(found: Picture) -> None:
    rows = found.rows
    known = {
        "talkgroup": {g["id"] for g in rows["talkgroups"]},
        "link": {k["id"] for k in rows["links"]},
        "site": {s["id"] for s in rows["sites"]},
        "system": {s["id"] for s in rows["systems"]},
        "folder": {f["name"] for f in rows["folders"]},
        "patch": {p["id"] for p in rows["patches"]},
        "gateway": {g["id"] for g in rows["gateways"]},
    }
    assert rows["findings"]
    for finding in rows["findings"]:
        for place in finding["places"]:
            assert place["id"] in known[place["kind"]], finding


def test_a_plan_with_faults_has_a_topology_all_the_same() -> None:
    broken = replace(PLAN, systems=(), sites=(), patches=())
    broken = with_links(link("x", talkgroups=(310112, 310112, 999_999)), plan=broken)
    _demand_whole(picture(broken, "gw-1"))
    graph = Graph(broken, "gw-1", [Joined(id="P9", name="gone", members=(TalkgroupId("a/1"),))])
    assert graph.name(TalkgroupId("a/1")) == "a/1"
    assert picture(Plan(name="empty"), "gw-1").findings == ()


def test_four_hundred_talkgroups_are_told_in_few_sentences() -> None:
    groups = tuple(
        Talkgroup(system=COUNTY, number=1000 + n, name=f"TG {n}", folder=f"Folder {n // 20}")
        for n in range(400)
    )
    plan = with_link(
        replace(PLAN, talkgroups=groups), "dfsi-1", talkgroups=tuple(g.number for g in groups)
    )
    assert words(plan, "SPOF-3") == [
        "TG 0, TG 1, TG 2 and 397 more can be sent only through Station 1"
    ]
    assert len(picture(plan, "gw-1").findings) < 40
