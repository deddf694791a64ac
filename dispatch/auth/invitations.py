"""One-time invitations, and the form of a sign-in name."""

import hashlib
import re

from sqlmodel import Session

from dispatch.errors import Gone, NotFound, ServiceError
from dispatch.store.tables import Invitation

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def open_invitation(db: Session, token: str, now: int) -> Invitation:
    """Return an invitation that can be used; raises NotFound or Gone."""
    invitation = db.get(Invitation, token_hash(token))
    if invitation is None:
        raise NotFound("no such invitation", hint="Ask for a new link.")
    if invitation.used_utc is not None or invitation.expires_utc <= now:
        raise Gone("the invitation was used or is too old", hint="Ask for a new link.")
    return invitation


def check_name(name: str) -> str:
    """Return a sign-in name as it is stored; raises ServiceError when it is none."""
    wanted = name.strip().lower()
    if not _NAME.fullmatch(wanted):
        raise ServiceError(f"name: expected 1 to 64 of a-z 0-9 . _ -, got {name!r}")
    return wanted


def token_hash(token: str) -> str:
    """Return the form in which a token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()
