"""A log in a temporary folder, with its writer."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dispatch.audit.checkpoint import NoteSigner
from dispatch.audit.entry import Act, Actor, Obj, Purpose
from dispatch.audit.keys import GroupKeys, KeyFolder, log_signing_key
from dispatch.audit.log import Log
from dispatch.audit.spool import Spool
from dispatch.audit.writer import AuditWriter

ORIGIN = "audit.test/log1"


class Clock:
    """The machine's clock: nothing here depends on when it is."""

    def mono_ms(self) -> Any:
        return time.monotonic_ns() // 1_000_000

    def utc_us(self) -> Any:
        return time.time_ns() // 1000


class State:
    """A state folder with a log."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / "samband.db"
        self.audit = root / "audit"
        self.folder = KeyFolder(root / "keys")
        self.keys = GroupKeys(self.folder)
        self.waits_ms = 1500
        self.states: list[tuple[bool, str, int]] = []

    def log(self, origin: str = ORIGIN) -> Log:
        signer = NoteSigner(origin, log_signing_key(self.folder))
        return Log(self.database, self.audit, signer, busy_timeout_ms=self.waits_ms)

    def writer(self) -> AuditWriter:
        return AuditWriter(
            self.log(),
            Spool(self.root / "spool"),
            self.keys,
            Clock(),
            os.urandom,
            node="disp-1",
            on_state=lambda *state: self.states.append(state),
        )


def act(number: int = 0, **changes: Any) -> Act:
    values = {
        "op": "consult",
        "verb": "recording.play",
        "actor": Actor(id="u-104", role="dispatcher", auth="password"),
        "obj": Obj(type="recording", id=f"t-{number}", cat="radio", subject="norrvik/1210204"),
        "purpose": Purpose(code="incident", ref="INC-2026-000001", text="röd bil", basis="2 §"),
        "detail": {"from_ms": 0, "to_ms": 12400, "note": "Anna A"},
    }
    return Act(**{**values, **changes})


@pytest.fixture
def state(tmp_path: Any) -> Any:
    return State(tmp_path)


@pytest.fixture
def signing_key() -> Any:
    return Ed25519PrivateKey.generate()
