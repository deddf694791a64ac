"""What one person may do where: computed from role, grants and plan, then only asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dispatch.auth.permissions import (
    ROLE_ACTIONS,
    Action,
    Role,
    permission_words,
    permissions_of,
)
from gateway.model.errors import NotPermitted
from gateway.model.ids import TalkgroupId, UtcUs
from gateway.model.plan import Plan
from gateway.model.private_line import is_private

EVERYTHING = "*"
"""Scope or organisation of a grant that means all of them."""
PRIVATE_PERMISSIONS = {
    Action.SEE: "individual.see",
    Action.HEAR: "individual.answer",
    Action.TALK: "individual.answer",
    Action.SEARCH: "individual.search",
    Action.REPLAY: "individual.replay",
    Action.EXPORT: "individual.replay",
}
"""What a role needs for an action on private calls, besides the grant."""
SCOPE_KINDS = ("folder", "talkgroup", "camera_group", "individual")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInfo:
    """A person's account as the service sees it; no secrets."""

    id: str
    name: str
    display_name: str
    role: Role
    organisation: str
    disabled: bool = False
    person: str = ""
    """The same text on all accounts of one human being."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantInfo:
    """Role x organisation x scope x actions x expiry."""

    id: int
    role: Role
    organisation: str
    scope_kind: str
    scope: str
    actions: frozenset[Action]
    expires_utc: UtcUs | None = None
    user: str = ""
    """Set on a right of one person alone, taken by break-glass."""

    def is_for(self, user: UserInfo, now: UtcUs) -> bool:
        """Whether the grant holds for this user now."""
        return (
            self.role is user.role
            and self.user in ("", user.id)
            and self.organisation in (EVERYTHING, user.organisation)
            and (self.expires_utc is None or self.expires_utc > now)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Rights of one user at one moment. Ask ``may`` for a route, ``can`` for a talkgroup."""

    user: UserInfo
    permissions: frozenset[str]
    talkgroup_actions: Mapping[TalkgroupId, frozenset[Action]] = field(default_factory=dict)
    camera_actions: Mapping[str, frozenset[Action]] = field(default_factory=dict)
    individual_actions: Mapping[str, frozenset[Action]] = field(default_factory=dict)
    """By link: private calls belong to no folder, their grant names radios."""
    until_utc: UtcUs | None = None
    """When the next of the grants expires."""

    def may(self, permission: str) -> bool:
        """Whether the role has a permission."""
        return permission in self.permissions

    def can(self, action: Action, talkgroup: str | None) -> bool:
        """Whether a grant allows an action on a talkgroup; False for an unknown one."""
        if talkgroup is None:
            return False
        return action in self.talkgroup_actions.get(TalkgroupId(talkgroup), frozenset())

    def same_rights(self, other: "Access") -> bool:
        """Whether somebody else has exactly the same rights now."""
        return (
            self.permissions == other.permissions
            and self.talkgroup_actions == other.talkgroup_actions
            and self.camera_actions == other.camera_actions
            and self.individual_actions == other.individual_actions
        )

    def sees(self, talkgroup: str | None) -> bool:
        """Whether this person may know that the talkgroup exists."""
        return self.can(Action.SEE, talkgroup)

    def talkgroups(self, action: Action) -> frozenset[TalkgroupId]:
        """All talkgroups on which the action is granted."""
        return frozenset(tg for tg, actions in self.talkgroup_actions.items() if action in actions)

    def camera(self, action: Action, group: str) -> bool:
        """Whether a grant allows an action on a camera group."""
        allowed = self.camera_actions.get(group, frozenset())
        return action in allowed or action in self.camera_actions.get(EVERYTHING, frozenset())

    def individual(self, action: Action, link: str) -> bool:
        """Whether a grant allows an action on the private calls of a radio."""
        allowed = self.individual_actions.get(link, frozenset())
        return action in allowed or action in self.individual_actions.get(EVERYTHING, frozenset())

    def can_on(self, action: Action, talkgroup: str, link: str) -> bool:
        """Whether an action is allowed on a call: by its talkgroup, a private one by its radio."""
        if not is_private(talkgroup):
            return self.can(action, talkgroup)
        return self.may(PRIVATE_PERMISSIONS[action]) and self.individual(action, link)

    def knows(self, talkgroup: str, link: str) -> bool:
        """Whether this person may know that a call exists."""
        if not is_private(talkgroup):
            return self.sees(talkgroup)
        return any(self.can_on(a, talkgroup, link) for a in (Action.SEE, Action.SEARCH))

    def individual_links(self, action: Action, permission: str) -> frozenset[str]:
        """Return the radios whose private calls allow an action; ``*`` in it means all."""
        if not self.may(permission):
            return frozenset()
        return frozenset(
            link for link, actions in self.individual_actions.items() if action in actions
        )

    def demand(self, permission: str) -> None:
        """Raise NotPermitted, with the reason in words, unless the role has the permission."""
        if not self.may(permission):
            raise NotPermitted(
                f"the role {self.user.role.value} may not {permission_words(permission)}",
                hint=f"It needs the permission {permission}; see the page of permissions.",
            )

    def demand_action(self, action: Action, talkgroup: str, name: str = "") -> None:
        """Raise NotPermitted unless granted; only for a talkgroup that this person sees."""
        if not self.can(action, talkgroup):
            raise NotPermitted(
                f"no grant to {action.value} on {name or talkgroup} for the role "
                f"{self.user.role.value} of {self.user.organisation}",
                hint="An administrator gives grants: role, organisation, folder, action, expiry.",
            )


class TalkgroupRights:
    """What grants allow on the talkgroups of one plan: worked out once for all who have the same.

    A plan may have ten thousand talkgroups; people differ in their grants far less.
    """

    def __init__(self, plan: Plan) -> None:
        """Begin with nothing worked out."""
        self.plan = plan
        self._known: dict[object, Mapping[TalkgroupId, frozenset[Action]]] = {}

    def of(
        self, grants: Iterable[GrantInfo], most: frozenset[Action]
    ) -> Mapping[TalkgroupId, frozenset[Action]]:
        """Return the actions on each talkgroup that may be seen; at most ``most`` of them."""
        mine = tuple(
            (grant.scope_kind, grant.scope, grant.actions & most)
            for grant in grants
            if grant.scope_kind in ("folder", "talkgroup")
        )
        key = (frozenset(mine), most)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._work_out(mine)
        return found

    def _work_out(
        self, grants: tuple[tuple[str, str, frozenset[Action]], ...]
    ) -> Mapping[TalkgroupId, frozenset[Action]]:
        single: dict[str, frozenset[Action]] = {}
        for kind, scope, actions in grants:
            if kind == "talkgroup":
                single[scope] = single.get(scope, frozenset()) | actions
        everywhere = single.pop(EVERYTHING, frozenset())
        folders: dict[str, frozenset[Action]] = {}
        found: dict[TalkgroupId, frozenset[Action]] = {}
        for group in self.plan.talkgroups:
            if group.folder not in folders:
                folders[group.folder] = everywhere | _in_folder(group.folder, grants)
            actions, talkgroup = folders[group.folder], group.id
            if talkgroup in single:
                actions |= single[talkgroup]
            if Action.SEE in actions:
                found[talkgroup] = actions
        return found


def compute(
    user: UserInfo,
    grants: Iterable[GrantInfo],
    plan: Plan,
    now: UtcUs,
    rights: TalkgroupRights | None = None,
) -> Access:
    """Return the rights of ``user``: what grants say, cut to what the role can carry.

    ``rights`` remembers what was worked out for others; it must be of this plan.
    """
    if user.disabled:
        return Access(user=user, permissions=frozenset())
    mine = [grant for grant in grants if grant.is_for(user, now)]
    most = ROLE_ACTIONS[user.role]
    return Access(
        user=user,
        permissions=permissions_of(user.role),
        talkgroup_actions=(rights or TalkgroupRights(plan)).of(mine, most),
        camera_actions=_by_scope(mine, "camera_group", most),
        individual_actions=_by_scope(mine, "individual", most),
        until_utc=min((g.expires_utc for g in mine if g.expires_utc is not None), default=None),
    )


def _by_scope(
    grants: Iterable[GrantInfo], kind: str, most: frozenset[Action]
) -> dict[str, frozenset[Action]]:
    """Return the actions of each scope of one kind."""
    found: dict[str, frozenset[Action]] = {}
    for grant in grants:
        if grant.scope_kind == kind:
            found[grant.scope] = found.get(grant.scope, frozenset()) | (grant.actions & most)
    return found


def _in_folder(
    folder: str, grants: Iterable[tuple[str, str, frozenset[Action]]]
) -> frozenset[Action]:
    """Return what grants on folders allow in one of them or below."""
    allowed: frozenset[Action] = frozenset()
    for kind, scope, actions in grants:
        within = scope in (EVERYTHING, folder) or folder.startswith(scope + "/")
        if kind == "folder" and within:
            allowed |= actions
    return allowed
