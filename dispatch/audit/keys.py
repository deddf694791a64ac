"""Keys of the audit log: the signing key, and for each month a text key and a subject key.

They lie in a folder of mode 0700, each in a file of mode 0600, outside database and log. Erasing
a month's personal data in the log is destroying its two keys. No ``repr`` shows key material.
"""

import hmac
import os
import secrets
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs

KEY_BYTES = 32
LOG_KEY_FILE = "log.key"
WITNESS_KEY_FILE = "witness.key"
EXPORTER_KEY_FILE = "exporter.key"
FOLDER_MODE, FILE_MODE = 0o700, 0o600


class SecretKey:
    """32 bytes that no print shows."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        """Keep 32 bytes; raises ConfigError on another length."""
        if len(raw) != KEY_BYTES:
            raise ConfigError(f"key: expected {KEY_BYTES} bytes, got {len(raw)}")
        self._raw = raw

    def reveal(self) -> bytes:
        """Return the bytes, for the cipher that needs them."""
        return self._raw

    def __repr__(self) -> str:
        """Hide the bytes."""
        return "SecretKey(hidden)"


class KeyFolder:
    """Files of one key each. A key is made when it is first needed and not before."""

    def __init__(self, folder: Path) -> None:
        """Open or make the folder; raises ConfigError when others may read it."""
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        mode = folder.stat().st_mode & 0o777
        if mode & 0o077:
            raise ConfigError(
                f"key folder {folder}: expected mode 0700, found {mode:04o}",
                hint=f"chmod 700 {folder}",
            )
        self._folder = folder
        self._kept: dict[str, SecretKey] = {}

    def holds(self, name: str) -> bool:
        """Whether the file of a key is there now: another process may have destroyed it."""
        return (self._folder / name).is_file()

    def names(self) -> list[str]:
        """Return the names of all key files, sorted."""
        return sorted(path.name for path in self._folder.iterdir() if path.suffix == ".key")

    def find(self, name: str) -> SecretKey | None:
        """Return a key, or None when there is none (never made, or destroyed)."""
        if name not in self._kept:
            try:
                text = (self._folder / name).read_text("ascii").strip()
                self._kept[name] = SecretKey(bytes.fromhex(text))
            except FileNotFoundError:
                return None
            except ValueError as error:
                raise ConfigError(f"key file {name}: expected 64 hex digits") from error
        return self._kept[name]

    def ensure(self, name: str) -> SecretKey:
        """Return a key, made and synced to disk if there is none."""
        key = self.find(name)
        if key is None:
            raw = secrets.token_bytes(KEY_BYTES)
            _write_new(self._folder / name, raw.hex().encode() + b"\n")
            key = self._kept[name] = SecretKey(raw)
        return key

    def destroy(self, name: str) -> bool:
        """Overwrite and remove a key; returns whether there was one."""
        self._kept.pop(name, None)
        path = self._folder / name
        if not path.exists():
            return False
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        return True

    def __repr__(self) -> str:
        """Name the folder only."""
        return f"KeyFolder({self._folder})"


def _write_new(path: Path, data: bytes) -> None:
    # Under another name first: a crash must not leave half a key where a whole one is expected.
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    try:
        os.write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def log_signing_key(folder: KeyFolder) -> Ed25519PrivateKey:
    """Return the key that signs head and checkpoints, made at the first start."""
    return Ed25519PrivateKey.from_private_bytes(folder.ensure(LOG_KEY_FILE).reveal())


def witness_signing_key(folder: KeyFolder) -> Ed25519PrivateKey:
    """Return the key of a witness, made when it is first needed."""
    return Ed25519PrivateKey.from_private_bytes(folder.ensure(WITNESS_KEY_FILE).reveal())


def exporter_signing_key(folder: KeyFolder) -> Ed25519PrivateKey:
    """Return the key that signs evidence packages, made when it is first needed."""
    return Ed25519PrivateKey.from_private_bytes(folder.ensure(EXPORTER_KEY_FILE).reveal())


def month_of(at: UtcUs) -> str:
    """Return ``2026-11`` for a moment."""
    return _month_of_hour(at // 3_600_000_000)


@lru_cache(maxsize=64)
def _month_of_hour(unix_hours: int) -> str:
    return f"{datetime.fromtimestamp(unix_hours * 3600, UTC):%Y-%m}"


class GroupKeys:
    """Text keys ``g-<month>`` (AES-256-GCM) and subject keys ``s-<month>`` (HMAC-SHA-256)."""

    def __init__(self, folder: KeyFolder) -> None:
        """Use the keys of a folder."""
        self._folder = folder

    def encrypt(
        self, text: bytes, *, at: UtcUs, nonce: bytes, additional: bytes
    ) -> tuple[str, bytes]:
        """Return the key's id and ciphertext ‖ tag."""
        key_id = f"g-{month_of(at)}"
        key = self._folder.ensure(f"{key_id}.key")
        return key_id, AESGCM(key.reveal()).encrypt(nonce, text, additional)

    def decrypt(self, key_id: str, nonce: bytes, sealed: bytes, additional: bytes) -> bytes | None:
        """Return the text, or None when the key was destroyed or the bytes are not its work."""
        name = f"{key_id}.key"
        key = self._folder.find(name) if self._folder.holds(name) else None
        if key is None:
            return None
        try:
            return AESGCM(key.reveal()).decrypt(nonce, sealed, additional)
        except InvalidTag:
            return None

    def subject(self, subject: str, *, at: UtcUs) -> tuple[str, str]:
        """Return the key's id and the keyed hash of a subject, 64 lower-case hex digits."""
        key_id = f"s-{month_of(at)}"
        key = self._folder.ensure(f"{key_id}.key")
        return key_id, hmac.digest(key.reveal(), subject.encode(), "sha256").hex()

    def subject_everywhere(self, subject: str) -> list[str]:
        """Return a subject as ``hmac:<key id>:<hex>`` under each key that was not destroyed."""
        found = []
        for name in self._folder.names():
            key = self._folder.find(name) if name.startswith("s-") else None
            if key is not None:
                digest = hmac.digest(key.reveal(), subject.encode(), "sha256").hex()
                found.append(f"hmac:{name.removesuffix('.key')}:{digest}")
        return found
