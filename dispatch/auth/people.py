"""Accounts, invitations and grants: kept in memory for speed, written to the store first."""

import asyncio
import base64
from collections.abc import Callable, Iterable

from sqlmodel import Session, select

from dispatch.auth.access import EVERYTHING, SCOPE_KINDS, GrantInfo, UserInfo
from dispatch.auth.invitations import check_name, open_invitation, token_hash
from dispatch.auth.permissions import EXCLUSIVE_ROLES, ROLE_ACTIONS, Action, Role
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.store.engine import Store
from dispatch.store.tables import Grant, Invitation, User
from gateway.model.ids import UtcUs, ulid
from gateway.ports import Clock

INVITATION_HOURS = 24
US_PER_HOUR = 3_600_000_000


class People:
    """All accounts and grants. Every change is in the store before it is in memory."""

    def __init__(self, store: Store, clock: Clock, randomness: Callable[[int], bytes]) -> None:
        """Begin empty; call ``load``."""
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self._users: dict[str, UserInfo] = {}
        self._hashes: dict[str, str | None] = {}
        self._grants: dict[int, GrantInfo] = {}

    def load(self) -> None:
        """Read everything from the store (in the calling thread, at start)."""

        def work(db: Session) -> tuple[list[User], list[Grant]]:
            return list(db.exec(select(User))), list(db.exec(select(Grant)))

        users, grants = self._store.read_now(work)
        self._users, self._hashes = {}, {}
        for row in users:
            self._keep(row)
        self._grants = {grant.id: grant for grant in map(_grant_info, grants)}

    async def reload(self) -> list[str]:
        """Read everything again; returns the users that are disabled now and were not before."""
        before = {user.id for user in self._users.values() if not user.disabled}
        await asyncio.to_thread(self.load)
        return [u.id for u in self._users.values() if u.disabled and u.id in before]

    # ---- reading -------------------------------------------------------------------------------

    def user(self, user_id: str) -> UserInfo | None:
        """Return an account, None when there is none."""
        return self._users.get(user_id)

    def users(self) -> list[UserInfo]:
        """Return all accounts by name."""
        return sorted(self._users.values(), key=lambda user: user.name)

    def by_name(self, name: str) -> UserInfo | None:
        """Return an account by its sign-in name."""
        wanted = name.strip().lower()
        return next((user for user in self._users.values() if user.name == wanted), None)

    def grants(self) -> list[GrantInfo]:
        """Return all grants."""
        return list(self._grants.values())

    def credentials(self, name: str) -> tuple[UserInfo | None, str | None]:
        """Return account and password hash for a sign-in name, both None when unknown."""
        user = self.by_name(name)
        return (user, self._hashes.get(user.id)) if user else (None, None)

    # ---- accounts ------------------------------------------------------------------------------

    async def add(
        self,
        *,
        name: str,
        display_name: str,
        role: Role,
        organisation: str,
        password_hash: str | None,
        person: str = "",
        disabled: bool = False,
    ) -> UserInfo:
        """Make an account; raises Conflict when the name or the person's other role forbids it.

        ``person`` is the same text on all accounts of one human being (a staff number); it
        defaults to the name.
        """
        row = self._new_row(
            name=name,
            display_name=display_name,
            role=role,
            organisation=organisation,
            password_hash=password_hash,
            person=person,
        )
        row.disabled = disabled

        def work(db: Session) -> None:
            _check_new(db, row)
            db.add(row)

        await self._store.write(work)
        return self._keep(row)

    def add_now(
        self,
        *,
        name: str,
        display_name: str,
        role: Role,
        organisation: str,
        password_hash: str | None,
        person: str = "",
    ) -> UserInfo:
        """Do the same as ``add`` in the calling thread (commands)."""
        row = self._new_row(
            name=name,
            display_name=display_name,
            role=role,
            organisation=organisation,
            password_hash=password_hash,
            person=person,
        )

        def work(db: Session) -> None:
            _check_new(db, row)
            db.add(row)

        self._store.write_now(work)
        return self._keep(row)

    async def change(
        self,
        user_id: str,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        password_hash: str | None = None,
    ) -> UserInfo:
        """Change what is given of an account; raises NotFound, Conflict."""
        row = await self._store.write(
            lambda db: _change(db, user_id, role, disabled, password_hash)
        )
        return self._keep(row)

    def change_now(
        self,
        user_id: str,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        password_hash: str | None = None,
    ) -> UserInfo:
        """Do the same as ``change`` in the calling thread (commands)."""
        return self._keep(
            self._store.write_now(lambda db: _change(db, user_id, role, disabled, password_hash))
        )

    async def check_role(self, user_id: str, role: Role) -> None:
        """Raise NotFound, or Conflict when the person may not have this role."""

        def work(db: Session) -> None:
            row = db.get(User, user_id)
            if row is None:
                raise NotFound(f"no user {user_id}")
            _check_change(db, row, role)

        await self._store.read(work)

    def _new_row(
        self,
        *,
        name: str,
        display_name: str,
        role: Role,
        organisation: str,
        password_hash: str | None,
        person: str = "",
    ) -> User:
        wanted = check_name(name)
        if not display_name.strip() or not organisation.strip():
            raise ServiceError("display name and organisation: expected a text, got none")
        now = self._clock.utc_us()
        return User(
            id="u-" + ulid(now, self._randomness(10)),
            name=wanted,
            display_name=display_name.strip(),
            person=(person or wanted).strip().lower(),
            organisation=organisation.strip(),
            role=role.value,
            password_hash=password_hash,
            created_utc=now,
        )

    def _keep(self, row: User) -> UserInfo:
        user = UserInfo(
            id=row.id,
            name=row.name,
            display_name=row.display_name,
            role=Role(row.role),
            organisation=row.organisation,
            disabled=row.disabled,
            person=row.person,
        )
        self._users[user.id] = user
        self._hashes[user.id] = row.password_hash
        return user

    # ---- invitations ---------------------------------------------------------------------------

    def invite_now(self, role: Role, organisation: str, user_id: str | None = None) -> str:
        """Store a one-time invitation (with ``user_id``: a password reset); returns its token."""
        token = base64.urlsafe_b64encode(self._randomness(32)).decode().rstrip("=")
        self._store.write_now(
            lambda db: db.add(self._invitation(token, role, organisation, user_id))
        )
        return token

    async def invite(self, role: Role, organisation: str, user_id: str | None = None) -> str:
        """Do the same as ``invite_now`` on the writer thread."""
        token = base64.urlsafe_b64encode(self._randomness(32)).decode().rstrip("=")
        await self._store.write(
            lambda db: db.add(self._invitation(token, role, organisation, user_id))
        )
        return token

    def _invitation(
        self, token: str, role: Role, organisation: str, user_id: str | None
    ) -> Invitation:
        now = self._clock.utc_us()
        return Invitation(
            token_sha256=token_hash(token),
            role=role.value,
            organisation=organisation,
            user=user_id,
            created_utc=now,
            expires_utc=now + INVITATION_HOURS * US_PER_HOUR,
        )

    async def check_invitation(self, token: str) -> None:
        """Raise NotFound or Gone unless an invitation can still be used."""
        now = self._clock.utc_us()
        await self._store.read(lambda db: open_invitation(db, token, now))

    async def accept(
        self, token: str, *, name: str, display_name: str, password_hash: str
    ) -> UserInfo:
        """Use an invitation once; raises NotFound when unknown, Gone when used or too old."""
        now = self._clock.utc_us()

        def work(db: Session) -> User:
            invitation = open_invitation(db, token, now)
            invitation.used_utc = now
            db.add(invitation)
            if invitation.user is not None:
                return _change(db, invitation.user, None, None, password_hash)
            row = self._new_row(
                name=name,
                display_name=display_name,
                role=Role(invitation.role),
                organisation=invitation.organisation,
                password_hash=password_hash,
            )
            _check_new(db, row)
            db.add(row)
            return row

        return self._keep(await self._store.write(work))

    # ---- grants --------------------------------------------------------------------------------

    async def give(self, grant: GrantInfo, given_by: str) -> GrantInfo:
        """Store a grant (its id is ignored); raises ServiceError when the role can't carry it."""
        check_grant(grant)
        row = await self._store.write(lambda db: self._grant_row(db, grant, given_by))
        return self._keep_grant(row)

    def give_now(self, grant: GrantInfo, given_by: str) -> GrantInfo:
        """Do the same as ``give`` in the calling thread (commands, demo)."""
        check_grant(grant)
        return self._keep_grant(
            self._store.write_now(lambda db: self._grant_row(db, grant, given_by))
        )

    async def take(self, grant_id: int) -> GrantInfo:
        """Remove a grant; raises NotFound."""
        grant = self._grants.get(grant_id)
        if grant is None:
            raise NotFound(f"no grant {grant_id}")

        def work(db: Session) -> None:
            row = db.get(Grant, grant_id)
            if row is not None:
                db.delete(row)

        await self._store.write(work)
        self._grants.pop(grant_id, None)
        return grant

    async def keep(self, grant_id: int, span_us: int) -> GrantInfo:
        """Note that a grant was approved again; one without an end gets one after ``span_us``."""
        now = self._clock.utc_us()

        def work(db: Session) -> Grant:
            row = db.get(Grant, grant_id)
            if row is None:
                raise NotFound(f"no grant {grant_id}")
            row.reviewed_utc = now
            row.expires_utc = row.expires_utc or now + span_us
            db.add(row)
            return row

        return self._keep_grant(await self._store.write(work))

    def _grant_row(self, db: Session, grant: GrantInfo, given_by: str) -> Grant:
        row = Grant(
            role=grant.role.value,
            organisation=grant.organisation,
            scope_kind=grant.scope_kind,
            scope=grant.scope,
            actions=",".join(sorted(action.value for action in grant.actions)),
            expires_utc=grant.expires_utc,
            given_by=given_by,
            user=grant.user,
            created_utc=self._clock.utc_us(),
        )
        db.add(row)
        db.flush()
        return row

    def _keep_grant(self, row: Grant) -> GrantInfo:
        info = _grant_info(row)
        self._grants[info.id] = info
        return info


def check_grant(grant: GrantInfo) -> None:
    """Raise ServiceError when a grant says what its role can't carry, or nothing."""
    if grant.scope_kind not in SCOPE_KINDS:
        raise ServiceError(
            f"scope kind: expected one of {', '.join(SCOPE_KINDS)}, got {grant.scope_kind!r}"
        )
    if not grant.scope or not grant.organisation:
        raise ServiceError(f"scope and organisation: expected a text or {EVERYTHING!r}, got none")
    if not grant.actions:
        raise ServiceError("actions: expected at least one of see hear talk replay search export")
    refused = grant.actions - ROLE_ACTIONS[grant.role]
    if refused:
        words = ", ".join(sorted(action.value for action in refused))
        raise ServiceError(
            f"a grant of the role {grant.role.value} can't carry: {words}",
            hint="docs/permissions.md has the table of roles and actions.",
        )


def parse_actions(words: Iterable[str]) -> frozenset[Action]:
    """Return actions from their words; raises ServiceError on an unknown one."""
    try:
        return frozenset(Action(word.strip()) for word in words if word.strip())
    except ValueError as error:
        known = ", ".join(action.value for action in Action)
        raise ServiceError(f"action: expected some of {known}; {error}") from error


def _check_new(db: Session, row: User) -> None:
    if db.exec(select(User).where(User.name == row.name)).first() is not None:
        raise Conflict(f"there is a user {row.name!r} already", hint="Choose another name.")
    _check_person(db, row.person, Role(row.role), row.id)


def _check_person(db: Session, person: str, role: Role, own_id: str) -> None:
    if role not in EXCLUSIVE_ROLES:
        return
    for other in db.exec(select(User).where(User.person == person)):
        clash = Role(other.role) in EXCLUSIVE_ROLES and other.role != role.value
        if other.id != own_id and clash:
            raise Conflict(
                f"{person} is {other.role} already; administrator and auditor on one person "
                "is refused",
                hint="Give one of the two roles to somebody else; a disabled account counts too.",
            )


def _change(
    db: Session,
    user_id: str,
    role: Role | None,
    disabled: bool | None,
    password_hash: str | None,
) -> User:
    row = db.get(User, user_id)
    if row is None:
        raise NotFound(f"no user {user_id}")
    if role is not None:
        _check_change(db, row, role)
        row.role = role.value
    if disabled is not None:
        if not disabled:
            _check_person(db, row.person, Role(row.role), row.id)
        row.disabled = disabled
    if password_hash is not None:
        row.password_hash = password_hash
    db.add(row)
    return row


def _check_change(db: Session, row: User, role: Role) -> None:
    if {role, Role(row.role)} == EXCLUSIVE_ROLES:
        raise Conflict(
            f"{row.name} is {row.role}; administrator and auditor on one person is refused",
            hint="Let somebody else be the " + role.value + ".",
        )
    _check_person(db, row.person, role, row.id)


def _grant_info(row: Grant) -> GrantInfo:
    return GrantInfo(
        id=row.id or 0,
        role=Role(row.role),
        organisation=row.organisation,
        scope_kind=row.scope_kind,
        scope=row.scope,
        actions=parse_actions(row.actions.split(",")),
        expires_utc=UtcUs(row.expires_utc) if row.expires_utc is not None else None,
        user=row.user,
    )
