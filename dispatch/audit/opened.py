"""Audit entries with their sealed texts decrypted."""

import base64
from typing import Any

from dispatch.audit.keys import GroupKeys


def opened(value: Any, keys: GroupKeys, entry_id: str = "") -> Any:
    """Return an entry with its sealed texts decrypted; what has no key stays as it is."""
    if isinstance(value, dict):
        entry_id = entry_id or value.get("id", "")
        return {key: opened(item, keys, entry_id) for key, item in value.items()}
    if isinstance(value, list):
        return [opened(item, keys, entry_id) for item in value]
    if isinstance(value, str) and value.startswith("enc:"):
        _, key_id, encoded = value.split(":", 2)
        raw = base64.b64decode(encoded)
        text = keys.decrypt(key_id, raw[:12], raw[12:], entry_id.encode())
        return value if text is None else text.decode()
    return value
