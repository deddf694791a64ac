"""The key that signs packages: one of the service, beside the log's, never the log's own."""

from pathlib import Path

from dispatch.audit.checkpoint import NoteSigner
from dispatch.audit.files import replace_file
from dispatch.audit.keys import KeyFolder, exporter_signing_key

EXPORTER_VKEY = "exporter.vkey"
"""File with the verifier key, beside the log's."""


def exporter_signer(origin: str, keys: KeyFolder, folder: Path) -> NoteSigner:
    """Return the signer ``<origin>/exporter`` and put its verifier key into ``folder``."""
    signer = NoteSigner(f"{origin}/exporter", exporter_signing_key(keys))
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / EXPORTER_VKEY, signer.vkey.encode() + b"\n")
    return signer
