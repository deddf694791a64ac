"""Master keys ``seal-<n>`` of the key folder: they wrap the key of each sealed file.

The newest one wraps; older ones open until everything is wrapped anew and they are destroyed.
"""

import os
import re
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dispatch.audit.keys import KeyFolder
from dispatch.errors import ServiceError

_NAME = re.compile(r"seal-(\d+)\.key")
NONCE_BYTES = 12


class KeyMissing(ServiceError):
    """The key store is not there, or has not the key that this file needs."""

    status = 503


class MasterKeys:
    """Wraps and unwraps file keys."""

    def __init__(self, folder: KeyFolder) -> None:
        """Use the keys of a folder."""
        self._folder = folder

    @property
    def newest(self) -> str:
        """Name of the key that wraps; ``seal-1`` before there is one."""
        found = [_NAME.fullmatch(name) for name in self._folder.names()]
        return f"seal-{max((int(one[1]) for one in found if one), default=1)}"

    def demand(self, names: Iterable[str]) -> None:
        """Raise KeyMissing unless all of these are in the folder."""
        for name in names:
            if self._folder.find(f"{name}.key") is None:
                raise _missing(name)

    def wrap(self, key: bytes, additional: bytes) -> tuple[str, bytes]:
        """Return the master key's name and nonce ‖ ciphertext ‖ tag."""
        name = self.newest
        nonce = os.urandom(NONCE_BYTES)
        master = AESGCM(self._folder.ensure(f"{name}.key").reveal())
        return name, nonce + master.encrypt(nonce, key, additional)

    def unwrap(self, name: str, wrapped: bytes, additional: bytes) -> bytes:
        """Return a file's key; raises KeyMissing when the master key is not there or another."""
        master = self._folder.find(f"{name}.key")
        if master is None:
            raise _missing(name)
        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return AESGCM(master.reveal()).decrypt(nonce, sealed, additional)
        except InvalidTag as error:
            raise KeyMissing(
                f"the key {name} does not open this file's key",
                hint="Are keys and database of the same server?",
            ) from error

    def begin_next(self) -> str:
        """Make the next master key, which wraps from now on; returns its name."""
        number = int(self.newest.removeprefix("seal-"))
        name = f"seal-{number + 1}"
        self._folder.ensure(f"{name}.key")
        return name

    def destroy(self, name: str) -> bool:
        """Destroy a master key that wraps nothing any more."""
        return self._folder.destroy(f"{name}.key")


def _missing(name: str) -> KeyMissing:
    return KeyMissing(
        f"the key {name} is not in the key folder: what it seals cannot be opened",
        hint="Restore the keys (samband restore --keys FILE).",
    )
