"""Every route x every role x granted or not, and the operation that using it leaves in the log.

``tests/vectors/permissions/routes.toml`` has a line for each route, ``roles.toml`` one for each
permission. Both say what is expected, apart from the code; the tests run the real application.
"""

import json
import re
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlmodel import col, select

from dispatch.api.asking import PURPOSE_HEADER
from dispatch.app import create_app
from dispatch.audit.entry import OPERATIONS
from dispatch.audit.tables import AuditLog
from dispatch.auth.access import GrantInfo
from dispatch.auth.permissions import PERMISSIONS, ROLE_ACTIONS, Role
from dispatch.cameras.tables import Camera
from dispatch.deps import COOKIE
from dispatch.incidents.tables import ClaimHit, Incident
from dispatch.oversight.rules import DAY_US
from dispatch.services.record import Record
from gateway.model.ids import TalkgroupId, UnitId, UtcUs
from samband.camera_side import CameraSide
from samband.config_cameras import Cameras
from tests.dispatch.opus import spoken
from tests.dispatch.room import GHOST, NORTH, PATROL, SECRET, Room
from tests.dispatch.standing import standing_purpose
from tests.dispatch.test_routes import PUBLIC, SIGNED, permission_of, routes

ROOT = Path(__file__).resolve().parents[3]
VECTORS = ROOT / "tests" / "vectors" / "permissions"
ROUTES: dict[str, dict[str, str]] = tomllib.loads((VECTORS / "routes.toml").read_text("utf-8"))
ROLES: dict[str, str] = tomllib.loads((VECTORS / "roles.toml").read_text("utf-8"))
LETTERS = {
    Role.DISPATCHER: "d",
    Role.SUPERVISOR: "s",
    Role.ENGINEER: "e",
    Role.AUDITOR: "a",
    Role.DPO: "p",
    Role.ADMINISTRATOR: "m",
}
READING_ALOUD = ("consult", "disclose", "combine", "erase")
"""Operations that must not happen where a route says that it logs none."""
ENDS_THE_SESSION = "DELETE /session"


class Person:
    """A signed-in person of one role and organisation, in the same process as the application."""

    def __init__(self, room: Room, app: Any, token: str, csrf: str, purpose: str) -> None:
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
            base_url="http://room",
            cookies={COOKIE: token},
            headers={"X-Samband-Csrf": csrf, PURPOSE_HEADER: purpose},
        )

    async def send(self, method: str, path: str) -> httpx.Response:
        body: dict[str, Any] | None = None if method == "GET" else {}
        return await self.http.request(method, f"/api/v1{path}", json=body)


class Building:
    """One room with people of two organisations, and things that are granted and that are not."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.people: dict[tuple[Role, str], Person] = {}
        self.here: dict[str, str] = {}
        self.hidden: dict[str, str] = {}

    async def build(self) -> None:
        room = self.room
        self.app = create_app(room.services)
        self.side = CameraSide(Cameras(), room.services, room.state / "media")
        for role in Role:
            self._grant(role)
            for organisation in ("Police", "Fire"):
                await self._person(role, organisation)
        room.services.access.refresh("test")
        self.here = self._things(NORTH, PATROL, "harbour", 1)
        self.hidden = self._things(SECRET, GHOST, "prison", 2)
        await room.journaled()

    def _things(
        self, talkgroup: TalkgroupId, talker: UnitId, group: str, seq: int
    ) -> dict[str, str]:
        call, transmission = self.room.begin(talkgroup, talker, seq)
        self.room.record(call, transmission, spoken(), talkgroup)
        self.room.end(call, transmission, talkgroup)
        ids = {"call": call, "transmission": transmission, "obj": call, "seq": "0"}
        return ids | self._camera(group)

    def _grant(self, role: Role) -> None:
        actions = ROLE_ACTIONS[role]
        for kind, scope in (("folder", "North"), ("camera_group", "harbour")):
            if actions:
                self.room.services.people.give_now(
                    GrantInfo(
                        id=0,
                        role=role,
                        organisation="Police",
                        scope_kind=kind,
                        scope=scope,
                        actions=actions,
                        expires_utc=UtcUs(self.room.clock.utc_us() + DAY_US),
                    ),
                    "test",
                )

    async def _person(self, role: Role, organisation: str) -> None:
        room = self.room
        user_id = room.add_person(f"{role.value}-{organisation.lower()}", role, organisation)
        user = room.services.people.user(user_id)
        assert user is not None
        token, session = await room.services.sessions.open(user, "10.0.0.1")
        purpose = standing_purpose(room.services, user_id)
        self.people[role, organisation] = Person(room, self.app, token, session.csrf, purpose)

    def _camera(self, group: str) -> dict[str, str]:
        room, now = self.room, self.room.clock.utc_us()
        camera, incident, hit = f"cam-{group}", room.thing("i"), room.thing("h")

        def work(db: Any) -> None:
            db.add(Camera(id=camera, source="s", name_at_source=camera, group=group))
            db.add(
                Incident(
                    id=incident,
                    label=f"INC-{group}",
                    title="Fence",
                    kind="line",
                    severity="info",
                    source="s",
                    camera=camera,
                    camera_group=group,
                    opened_utc=now,
                    started_utc=now,
                    last_event_utc=now,
                )
            )
            db.add(
                ClaimHit(
                    id=hit,
                    incident=incident,
                    event="e",
                    source="s",
                    src_event_id=group,
                    camera=camera,
                    camera_group=group,
                    type="plate",
                    value="ABC123",
                    made_utc=now,
                    expires_utc=now + DAY_US,
                )
            )

        room.store.write_now(work)
        return {"camera": camera, "incident": incident, "hit": hit}

    def fill(self, path: str, things: dict[str, str]) -> str:
        """Return a path with ids in place of its names; what is not there is called ``x``."""

        def value(match: re.Match[str]) -> str:
            name = match.group(1)
            return things.get(name, "999999" if name in ("grant", "number", "other") else "x")

        return re.sub(r"\{(\w+)(?::path)?\}", value, path)

    async def entries_since(self, size: int) -> list[dict[str, Any]]:
        await self.room.audit.checkpoint()
        query = select(AuditLog).where(col(AuditLog.seq) >= size).order_by(col(AuditLog.seq))
        return [
            json.loads(row.entry)
            for row in self.room.store.read_now(lambda db: list(db.exec(query)))
        ]


@pytest.fixture
async def building(tmp_path: Path) -> AsyncIterator[Building]:
    """One for each test that needs the application."""
    room = Room(tmp_path)
    await room.start()
    made = Building(room)
    await made.build()
    try:
        yield made
    finally:
        for person in made.people.values():
            await person.http.aclose()
        await room.close()


def keys(app: Any) -> dict[str, Any]:
    return {
        f"{method} {path.removeprefix('/api/v1')}": (method, path, dependant)
        for method, path, dependant in routes(app)
        if path.startswith("/api/v1/")
    }


DOCUMENTS = {"GET /events.schema.json", "GET /docs"}
"""Public texts about the service itself."""


# ---- the data files against code and documents -----------------------------------------------


def test_every_permission_is_expected_for_the_roles_that_have_it() -> None:
    said = {
        name: "".join(LETTERS[role] for role in Role if role in line.roles)
        for name, line in PERMISSIONS.items()
    }
    assert said == ROLES, "change tests/vectors/permissions/roles.toml on purpose, or the code"


def test_the_page_of_permissions_says_the_same() -> None:
    order = [LETTERS[role] for role in Role]
    shown: dict[str, str] = {}
    for line in (ROOT / "docs" / "permissions.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 2 + len(order) and cells[0].startswith("`") and "." in cells[0]:
            marks = zip(order, cells[2:], strict=True)
            shown[cells[0].strip("`")] = "".join(letter for letter, mark in marks if mark == "yes")
    assert shown == ROLES


def test_duties_are_separate() -> None:
    of = {letter: {name for name, roles in ROLES.items() if letter in roles} for letter in "dseapm"}
    content = {"recording.play", "call.search", "audit.read", "access.read", "voice.hear"}
    content |= {"message.see", "camera.media", "camera.live", "evidence.see", "board.see"}
    assert of["m"] & content == set(), "an administrator reads no recordings and no audit content"
    live = {"voice.hear", "recording.play", "individual.replay", "camera.live", "camera.media"}
    assert of["p"] & live == set(), "the data protection officer hears and sees nothing"
    acts = {name for name in ROLES if name.split(".")[0] in ("ptt", "message", "unit", "alarm")}
    acts |= {"incident.edit", "call.note", "plan.edit", "plan.activate", "position.take"}
    acts |= {"claim.review", "emergency.call", "user.manage", "grant.manage", "camera.bookmark"}
    assert of["a"] & acts == set(), "an auditor neither transmits nor changes data"


def test_each_operation_is_known_and_each_none_says_why() -> None:
    for key, line in ROUTES.items():
        assert line["logs"] in {*OPERATIONS, "none"}, key
        assert (line["logs"] == "none") == ("why" in line), key
    assert {line["logs"] for line in ROUTES.values()} >= set(READING_ALOUD) | {"collect", "alter"}


# ---- the running application -----------------------------------------------------------------


async def test_every_route_is_in_the_table_with_its_permission(building: Building) -> None:
    found = keys(building.app)
    missing = sorted(set(found) - set(ROUTES) - DOCUMENTS)
    gone = sorted(set(ROUTES) - set(found))
    assert (missing, gone) == ([], []), "say in routes.toml what each needs and what it logs"
    wrong = []
    for key, (method, path, dependant) in found.items():
        if key in DOCUMENTS:
            continue
        permission = permission_of(dependant)
        public = (method, path) in PUBLIC or path.startswith(SIGNED) or permission is None
        if ROUTES[key]["needs"] != ("public" if public else permission):
            wrong.append((key, permission))
    assert wrong == []


async def test_every_route_with_every_role(building: Building) -> None:
    """403 exactly for the roles without the permission, whatever the grants are."""
    wrong, asked = [], 0
    for key, (method, path, _) in keys(building.app).items():
        needs = ROUTES.get(key, {}).get("needs", "public")
        if needs == "public" or method == "WS" or key == ENDS_THE_SESSION:
            continue
        where = building.fill(path.removeprefix("/api/v1"), {})
        for role, letter in LETTERS.items():
            answer = await building.people[role, "Police"].send(method, where)
            refused = answer.status_code == 403 and "may not" in answer.text
            asked += 1
            if refused == (letter in ROLES[needs]):
                wrong.append((key, role.value, answer.status_code, answer.text[:120]))
    assert wrong == []
    assert asked > 1000


OBJECTS = ("call", "transmission", "camera", "incident", "hit")
"""Names in a path of things that grants decide about."""
UNSEEN = {
    "GET /calls/{call}/holds",
    "GET /access/{obj}",
    "DELETE /cameras/{camera}/view/{view}",
    "DELETE /cameras/{camera}/whep/{view}",
}
"""Routes about ids alone, for those who look after all of them, and about one's own views."""
LATER = {"POST /audit/verification"}
"""Logged when the work is done, after the answer."""


async def test_every_object_with_and_without_a_grant(building: Building) -> None:
    """A thing that is not granted, or of another organisation's grant, is not there: 404."""
    wrong, asked = [], 0
    for key, (method, path, _) in keys(building.app).items():
        names = re.findall(r"\{(\w+)", path)
        if not names or names[0] not in OBJECTS or key in UNSEEN or "individual" in path:
            continue
        letters = ROLES[ROUTES[key]["needs"]]
        bare = path.removeprefix("/api/v1")
        for role in [one for one, letter in LETTERS.items() if letter in letters]:
            police, fire = building.people[role, "Police"], building.people[role, "Fire"]
            for person, things in ((police, building.hidden), (fire, building.here)):
                answer = await person.send(method, building.fill(bare, things))
                asked += 1
                hidden = answer.status_code in (403, 404, 422) and "ABC123" not in answer.text
                if not hidden:
                    wrong.append((key, role.value, answer.status_code, answer.text[:200]))
            granted = await police.send(method, building.fill(bare, building.here))
            if method == "GET" and granted.status_code in (401, 428):
                wrong.append((key, role.value, granted.status_code, granted.text[:200]))
    assert wrong == [], json.dumps(wrong, indent=1)
    assert asked > 60


SHOWN = (
    "GET /calls/{call}",
    "GET /recordings/{transmission}",
    "GET /recordings/{transmission}/peaks",
    "GET /claims/{hit}",
    "GET /incidents/{incident}",
    "GET /calls",
    "GET /audit/entries",
    "GET /access/{obj}",
    "GET /watch-list",
)
"""Routes that have to be shown here, so that what they log is really seen."""


async def test_what_using_a_route_leaves_in_the_log(building: Building) -> None:
    wrong, seen = [], set()
    order = (Role.SUPERVISOR, Role.AUDITOR, Role.DPO, Role.ADMINISTRATOR, Role.ENGINEER)
    longest_first = sorted(keys(building.app).items(), key=lambda one: -len(one[0]))
    for key, (method, path, _) in longest_first:  # a waveform before what it is a part of
        line = ROUTES.get(key)
        if line is None or line["needs"] == "public" or method == "WS" or key == ENDS_THE_SESSION:
            continue
        role = next(one for one in (*order, *Role) if LETTERS[one] in ROLES[line["needs"]])
        await building.room.audit.checkpoint()
        building.room.services.use(Record)._noted.clear()
        size = building.room.audit.status.size
        where = building.fill(path.removeprefix("/api/v1"), building.here)
        answer = await building.people[role, "Police"].send(method, where)
        if not answer.is_success:
            continue
        ops = {entry["op"] for entry in await building.entries_since(size)}
        seen.add(key)
        if line["logs"] == "none":
            loud = ops & set(READING_ALOUD)
            if loud:
                wrong.append((key, "none", sorted(ops)))
        elif line["logs"] not in ops and key not in LATER:
            wrong.append((key, line["logs"], sorted(ops)))
    assert wrong == [], json.dumps(wrong, indent=1)
    assert set(SHOWN) <= seen, sorted(set(SHOWN) - seen)


def test_the_router_has_nothing_but_routes_that_are_counted() -> None:
    from dispatch.app import ROUTERS

    kinds = {type(route) for module in ROUTERS for route in module.router.routes}
    assert {kind.__name__ for kind in kinds} <= {APIRoute.__name__, "APIWebSocketRoute"}
