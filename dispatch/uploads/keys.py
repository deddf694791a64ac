"""Keys of recorders: made and shown once, kept as hashes, revoked; found by their hash.

A key has 128 random bits, so that a plain SHA-256 keeps it safe: there is nothing to guess.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store
from dispatch.uploads.fields import MAX_ADDRESS
from dispatch.uploads.tables import UploadKey
from gateway.model.ids import parse_system, ulid
from gateway.ports import Clock

MAX_KEYS = 200
MAX_LISTED = 2000
MAX_NAME_CHARACTERS = 40
SECRET_BYTES = 16
OBJECT = "upload_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo:
    """A key as the intake uses it; without the secret."""

    id: str
    name: str
    system: str
    short_name: str
    told_system: int | None
    talkgroups: frozenset[int]
    blocked: frozenset[int]
    revoked: bool

    def allows(self, talkgroup: int) -> bool:
        """Whether calls of a talkgroup may be uploaded with it."""
        if talkgroup in self.blocked:
            return False
        return not self.talkgroups or talkgroup in self.talkgroups


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """What an engineer says of a key to be made."""

    name: str
    system: str
    short_name: str = ""
    told_system: int | None = None
    talkgroups: tuple[int, ...] = ()
    blocked: tuple[int, ...] = ()


class UploadKeys:
    """All keys, in memory; changes go to the store and to the audit log first."""

    def __init__(
        self,
        *,
        store: Store,
        plan: LivePlan,
        record: Record,
        clock: Clock,
        randomness: Callable[[int], bytes],
    ) -> None:
        """Take the parts; call ``load``."""
        self._store = store
        self._plan = plan
        self._record = record
        self._clock = clock
        self._randomness = randomness
        self._by_hash: dict[str, KeyInfo] = {}

    def load(self) -> None:
        """Read all keys (blocking: at start only)."""
        rows = self._store.read_now(lambda db: list(db.exec(select(UploadKey))))
        self._by_hash = {row.secret_sha256: info_of(row) for row in rows}

    def find(self, secret: str) -> KeyInfo | None:
        """Return the key of a secret, also a revoked one; None for an unknown one."""
        if not secret or len(secret) > 200:
            return None
        return self._by_hash.get(hashlib.sha256(secret.encode()).hexdigest())

    def names(self, short_name: str) -> bool:
        """Whether a live key goes by this short name."""
        wanted = short_name.casefold()
        return any(
            not one.revoked and one.short_name.casefold() == wanted
            for one in self._by_hash.values()
        )

    async def make(self, asker: Asker, new: NewKey) -> tuple[KeyInfo, str]:
        """Make a key; returns it and its secret, which nobody can read again."""
        self._check(new)
        raw = self._randomness(SECRET_BYTES).hex()
        secret = "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]))
        now = self._clock.utc_us()
        row = UploadKey(
            id="k-" + ulid(now, self._randomness(10)),
            name=new.name.strip(),
            system=new.system,
            short_name=new.short_name or new.system,
            told_system=new.told_system,
            talkgroups=json.dumps(sorted(set(new.talkgroups))),
            blocked=json.dumps(sorted(set(new.blocked))),
            secret_sha256=hashlib.sha256(secret.encode()).hexdigest(),
            made_by=asker.access.user.display_name,
            made_utc=now,
        )
        await self._record.before(
            asker, "admin", "upload_key.made", Obj(type=OBJECT, id=row.id), detail=_logged(new)
        )
        await self._store.write(lambda db: db.add(row))
        self._by_hash[row.secret_sha256] = info_of(row)
        return info_of(row), secret

    def _check(self, new: NewKey) -> None:
        if not 0 < len(new.name.strip()) <= MAX_NAME_CHARACTERS or not new.name.isprintable():
            raise ServiceError(f"name: expected 1 to {MAX_NAME_CHARACTERS} printable characters")
        if all(str(one.id) != new.system for one in self._plan.plan.systems):
            raise ServiceError(f"system: the plan has no {new.system!r}")
        try:
            parse_system(new.short_name or new.system)
        except ValueError as error:
            raise ServiceError("short name: expected 1 to 32 of a-z 0-9 -") from error
        if new.told_system is not None and not 0 < new.told_system <= MAX_ADDRESS:
            raise ServiceError("system number: expected a number above 0")
        for name, listed in (("talkgroups", new.talkgroups), ("blocked", new.blocked)):
            if len(listed) > MAX_LISTED or not all(0 < one <= MAX_ADDRESS for one in listed):
                raise ServiceError(f"{name}: expected at most {MAX_LISTED} numbers above 0")
        live = [one for one in self._by_hash.values() if not one.revoked]
        if len(live) >= MAX_KEYS:
            raise Conflict(f"there are {MAX_KEYS} keys already", hint="Revoke those not in use.")
        if any(one.name.casefold() == new.name.strip().casefold() for one in live):
            raise Conflict(f"there is a recorder {new.name.strip()!r} already")

    async def revoke(self, asker: Asker, key: str) -> None:
        """Refuse a key from now on; its calls stay. Raises NotFound, Conflict."""
        known = next((one for one in self._by_hash.values() if one.id == key), None)
        if known is None:
            raise NotFound(f"there is no upload key {key}")
        if known.revoked:
            raise Conflict(f"the key of {known.name} is revoked already")
        await self._record.before(
            asker, "admin", "upload_key.revoked", Obj(type=OBJECT, id=key), detail={}
        )
        now, who = self._clock.utc_us(), asker.access.user.display_name

        def work(db: Session) -> UploadKey:
            row = db.exec(select(UploadKey).where(col(UploadKey.id) == key)).one()
            row.revoked_utc, row.revoked_by = now, who
            db.add(row)
            return row

        row = await self._store.write(work)
        self._by_hash[row.secret_sha256] = info_of(row)


def info_of(row: UploadKey) -> KeyInfo:
    """Return a row as the intake uses it."""
    return KeyInfo(
        id=row.id,
        name=row.name,
        system=row.system,
        short_name=row.short_name,
        told_system=row.told_system,
        talkgroups=_numbers(json.loads(row.talkgroups)),
        blocked=_numbers(json.loads(row.blocked)),
        revoked=row.revoked_utc is not None,
    )


def _numbers(listed: Iterable[int]) -> frozenset[int]:
    return frozenset(int(one) for one in listed)


def _logged(new: NewKey) -> dict[str, object]:
    """Return what the audit log keeps of a new key: no name, which may be a person's."""
    return {
        "system": new.system,
        "short_name": new.short_name or new.system,
        "talkgroups": len(new.talkgroups),
        "blocked": len(new.blocked),
        "note": new.name.strip(),
    }
