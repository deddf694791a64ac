"""A small world of calls in a store, and persons who search it."""

from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from dispatch.auth.access import Access, UserInfo
from dispatch.auth.permissions import Action, Role, permissions_of
from dispatch.calllog.asking import Questions, rights
from dispatch.calllog.facets import ScopeNumbers
from dispatch.calllog.index import CallIndex
from dispatch.calllog.query import CallQuery
from dispatch.calllog.search import Found, calls_of, find
from dispatch.store.engine import Store
from dispatch.store.tables import Call, Transmission
from gateway.model.ids import LinkId, SiteId, SystemId, TalkgroupId
from gateway.model.plan import Link, Plan, Site, System, Talkgroup

S = 1_000_000
T0 = 1_760_000_000 * S
NET = SystemId("net")
FIRE, POLICE, HIDDEN = (TalkgroupId(f"net/{n}") for n in (100, 101, 200))
PLAN = Plan(
    name="test",
    systems=(System(id=NET, name="Net", technology="tetra", handle=1),),
    sites=(Site(id=SiteId("hill"), name="Hill"), Site(id=SiteId("quay"), name="Quay")),
    talkgroups=(
        Talkgroup(system=NET, number=100, name="BRAND 1", folder="North", address=1),
        Talkgroup(system=NET, number=101, name="NORRVIK PATRULL", folder="North", address=2),
        Talkgroup(system=NET, number=200, name="SPANING", folder="Hidden", address=3),
    ),
    units=(),
    links=tuple(
        Link(
            id=LinkId(name),
            name=name,
            kind="pei",
            system=NET,
            site=SiteId(site),
            port="/dev/null",
            sound="udp:127.0.0.1:0",
            talkgroups=(100,),
        )
        for name, site in (("l-hill", "hill"), ("l-quay", "quay"))
    ),
)


def person(
    *groups: str, actions: frozenset[Action] = frozenset(Action), role: Role = Role.AUDITOR,
    private: dict[str, frozenset[Action]] | None = None,
) -> Access:  # fmt: skip
    user = UserInfo(id="u-1", name="a", display_name="A", role=role, organisation="P")
    return Access(
        user=user,
        permissions=permissions_of(role),
        talkgroup_actions={TalkgroupId(group): actions for group in groups},
        individual_actions=private or {},
        camera_actions={"*": frozenset(Action)},
    )


AUDITOR = person(FIRE, POLICE)


@dataclass
class World:
    """Calls in a store, and questions to it."""

    store: Store
    index: CallIndex
    scopes: ScopeNumbers = field(default_factory=ScopeNumbers)
    made: int = 0

    def write(self, *rows: Any) -> None:
        self.store.write_now(lambda db: db.add_all(rows))

    def call(
        self, name: str, group: str = FIRE, *, unit: str | None = "net/1001",
        alias: str = "B 101", at: int | None = None, seconds: int = 5, position: str | None = None,
        operator: str = "", **more: Any,
    ) -> str:  # fmt: skip
        self.made += 1
        started = T0 + self.made * 3600 * S if at is None else at
        call_id = f"c-{name:0>26}"
        call: dict[str, Any] = {
            "id": call_id, "gateway": "g", "talkgroup": group, "link": "l-hill",
            "started_utc": started, "ended_utc": started + seconds * S, "cause": "ended",
            "retention_class": "call", "expires_utc": T0 * 2, "plan": 1,
        } | more  # fmt: skip
        over = Transmission(
            id=f"t-{name:0>26}", call=call_id, talkgroup=group, link=call["link"], talker=unit,
            alias=alias if unit else "", position=position, operator=operator,
            started_utc=started, ended_utc=started + seconds * S, duration_ms=seconds * 1000,
            retention_class="call", expires_utc=T0 * 2,
        )  # fmt: skip
        self.write(Call(**call), over)
        return call_id

    def found(self, access: Access = AUDITOR, **query: Any) -> Found:
        def work(db: Session) -> Found:
            allowed = rights(db, access, self.scopes)
            return find(db, CallQuery(**query), allowed, Questions(db, access, allowed))

        return self.store.read_now(work)

    def names(self, access: Access = AUDITOR, **query: Any) -> list[str]:
        """Return the last letters of the found calls, in order; the total must agree."""
        found = self.found(access, **query)
        names = [
            one.lstrip("c-0") for one in self.store.read_now(lambda db: calls_of(db, found.page))
        ]
        assert found.total == len(names), found
        return names
