"""Sessions: a random token in an HttpOnly cookie, its SHA-256 in the store, the rest here."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session, col, delete, select

from dispatch.auth.access import UserInfo
from dispatch.auth.passwords import Passwords, Throttle
from dispatch.auth.people import People
from dispatch.errors import NotSignedIn
from dispatch.store.engine import Store
from dispatch.store.tables import UserSession
from gateway.model.ids import UtcUs
from gateway.ports import Clock

SESSION_HOURS = 12
US_PER_HOUR = 3_600_000_000
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInfo:
    """One signed-in browser."""

    id: str
    user: str
    csrf: str
    expires_utc: UtcUs
    address: str = ""
    device: str = ""
    """The browser, by a cookie that outlives sessions; empty where it is not known."""


def token_sha256(token: str) -> str:
    """Return the form in which a token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


class Sessions:
    """Signs people in and out and finds the session of a cookie."""

    def __init__(
        self,
        store: Store,
        people: People,
        passwords: Passwords,
        clock: Clock,
        randomness: Callable[[int], bytes],
        *,
        hours: float = SESSION_HOURS,
    ) -> None:
        """Begin with no session in memory; those in the store are found when asked for."""
        self._store = store
        self._people = people
        self._passwords = passwords
        self._clock = clock
        self._randomness = randomness
        self._hours = hours
        self._known: dict[str, SessionInfo] = {}
        self._ended: list[Callable[[SessionInfo], None]] = []
        self.throttle = Throttle(clock)

    def on_ended(self, callback: Callable[[SessionInfo], None]) -> None:
        """Call ``callback`` when a session ends: its position, tracks and streams go with it."""
        self._ended.append(callback)

    async def sign_in(
        self, name: str, password: str, address: str, device: str = ""
    ) -> tuple[str, SessionInfo]:
        """Return a new token and its session; raises NotSignedIn with the wait before the next."""
        wait_ms = self.throttle.wait_ms(name, address)
        if wait_ms:
            raise NotSignedIn(
                "too many wrong tries", wait_s=wait_ms / 1000, hint="Wait, try again."
            )
        # Counted before it is checked, so that tries side by side are slowed as well.
        wait_ms = self.throttle.wrong(name, address)
        user, password_hash = self._people.credentials(name)
        right = await self._passwords.verify(password_hash, password)
        if not right or user is None or user.disabled:
            raise NotSignedIn(
                "name and password do not belong together",
                wait_s=wait_ms / 1000,
                hint="Ask an administrator for a new password if you lost it.",
            )
        self.throttle.right(name, address)
        return await self.open(user, address, device)

    async def open(self, user: UserInfo, address: str, device: str = "") -> tuple[str, SessionInfo]:
        """Open a session for a user whose identity is known; returns the token and the session."""
        now = self._clock.utc_us()
        token = _text(self._randomness(TOKEN_BYTES))
        session = SessionInfo(
            id=self._randomness(8).hex(),
            user=user.id,
            csrf=_text(self._randomness(TOKEN_BYTES)),
            expires_utc=UtcUs(now + round(self._hours * US_PER_HOUR)),
            address=address,
            device=device,
        )

        def work(db: Session) -> None:
            db.exec(delete(UserSession).where(col(UserSession.expires_utc) < now))
            db.add(
                UserSession(
                    id=session.id,
                    token_sha256=token_sha256(token),
                    user=user.id,
                    csrf=session.csrf,
                    address=address,
                    device=device,
                    created_utc=now,
                    expires_utc=session.expires_utc,
                )
            )

        await self._store.write(work)
        self._known[token_sha256(token)] = session
        return token, session

    async def find(self, token: str) -> SessionInfo | None:
        """Return the session of a cookie, None when it is unknown, over, or its user disabled."""
        key = token_sha256(token)
        session = self._known.get(key)
        if session is None:
            session = await self._store.read(lambda db: _load(db, key))
            if session is None:
                return None
            self._known[key] = session
        user = self._people.user(session.user)
        if session.expires_utc <= self._clock.utc_us() or user is None or user.disabled:
            await self._forget({key: session})
            return None
        return session

    async def expire(self) -> None:
        """End every session whose time is over: a page that only listens asks for nothing."""
        now = self._clock.utc_us()
        over = {key: one for key, one in self._known.items() if one.expires_utc <= now}
        if over:
            await self._forget(over)

    async def end(self, token: str) -> None:
        """Sign out."""
        key = token_sha256(token)
        session = self._known.get(key)
        if session is not None:
            await self._forget({key: session})

    async def end_all_of(self, user_id: str) -> None:
        """End every session of a user (disabled, password reset, role changed)."""
        await self._forget({k: s for k, s in self._known.items() if s.user == user_id})
        await self._store.write(
            lambda db: db.exec(delete(UserSession).where(col(UserSession.user) == user_id))
        )

    async def _forget(self, sessions: dict[str, SessionInfo]) -> None:
        for key, session in sessions.items():
            self._known.pop(key, None)
            for callback in self._ended:
                callback(session)
        keys = list(sessions)
        await self._store.write(
            lambda db: db.exec(delete(UserSession).where(col(UserSession.token_sha256).in_(keys)))
        )


def _load(db: Session, key: str) -> SessionInfo | None:
    row = db.exec(select(UserSession).where(UserSession.token_sha256 == key)).first()
    if row is None:
        return None
    return SessionInfo(
        id=row.id,
        user=row.user,
        csrf=row.csrf,
        expires_utc=UtcUs(row.expires_utc),
        address=row.address,
        device=row.device,
    )


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
