"""Keyed hashes that oversight compares by: of words, of subjects, of what belongs to staff."""

import hmac

from dispatch.audit.keys import KeyFolder

KEY_FILE = "oversight.key"


class Keyed:
    """HMAC-SHA-256 under a key of the state folder, which no table holds.

    Unlike the subject keys of the audit log it stays the same over months, so that the same
    subject can be recognised; destroying it makes every kept hash meaningless.
    """

    def __init__(self, folder: KeyFolder) -> None:
        """Use the key of a folder, made at the first start."""
        self._key = folder.ensure(KEY_FILE)

    def of(self, kind: str, value: str) -> str:
        """Return the keyed hash, 64 hex digits, of a value of a kind."""
        return hmac.digest(self._key.reveal(), f"{kind}\0{value}".encode(), "sha256").hex()

    def __repr__(self) -> str:
        """Show nothing of the key."""
        return "Keyed(hidden)"
