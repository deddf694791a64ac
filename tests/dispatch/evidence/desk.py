"""A room with recordings and its evidence service, for tests of everything that leaves."""

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from dispatch.audit.checkpoint import NoteSigner
from dispatch.audit.keys import KeyFolder, log_signing_key
from dispatch.audit.log import sqlite_path
from dispatch.audit.outside import OutsideProof
from dispatch.evidence.exporter import exporter_signer
from dispatch.evidence.gather import Folders
from dispatch.evidence.making import Making
from dispatch.evidence.outages import Outages
from dispatch.evidence.parts import Parts
from dispatch.evidence.service import Evidence
from dispatch.evidence.shelf import Shelf
from dispatch.evidence.verifier.findings import Findings
from dispatch.evidence.verifier.main import verify
from dispatch.evidence.verifier.trust import read_trust
from dispatch.oversight.approvals import Approvals
from dispatch.retention.sealed import SealedFiles
from dispatch.services.record import Record
from tests.dispatch.opus import spoken
from tests.dispatch.room import NORTH, Browser, Room, until


@dataclass
class Desk:
    """A room with recordings, its evidence service, and two people."""

    room: Room
    overs: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    async def prepare(self, outside: OutsideProof | None = None) -> None:
        room = self.room
        for seq in (1, 2):
            call, over = room.begin(seq=seq)
            room.record(call, over, spoken() + b"" if seq == 1 else spoken(150))
            room.end(call, over)
            self.calls.append(call)
            self.overs.append(over)
        await room.journaled()
        await until(lambda: len(entries(room, "recording.closed")) == 2)
        self.keys = KeyFolder(room.state / "keys")
        folder = room.state / "audit"
        self.exporter = exporter_signer("test.example/log", self.keys, folder)
        self.log_vkey = NoteSigner("test.example/log", log_signing_key(self.keys)).vkey
        services = room.services
        making = Making(
            database=sqlite_path(room.url),
            audit_folder=folder,
            log_vkey=self.log_vkey,
            exporter=self.exporter,
            outside=outside,
            redacted_folder=room.state / "evidence" / "redacted",
        )
        self.evidence = services.add(
            Evidence(
                Parts(
                    store=room.store,
                    plan=services.plan,
                    people=services.people,
                    writer=room.audit,
                    record=services.use(Record),
                    clock=room.clock,
                    bus=room.bus,
                    making=making,
                    shelf=Shelf(room.state, services.use(SealedFiles)),
                    folders=Folders(
                        recordings=room.state / "recordings",
                        media=room.state / "media",
                        files=services.use(SealedFiles),
                    ),
                    outages=Outages(room.state / "evidence", room.bus, room.clock),
                    approvals=services.use(Approvals),
                )
            )
        )
        self.supervisor = await room.browser("supervisor")
        self.auditor = await room.browser("auditor")

    def user(self, name: str) -> str:
        user = self.room.services.people.by_name(name)
        assert user is not None
        return user.id

    def body(self, **changes: Any) -> dict[str, Any]:
        now = self.room.clock.utc_us()
        return {
            "talkgroups": [NORTH],
            "from_utc": now - 3_600_000_000,
            "to_utc": now + 3_600_000_000,
            "purpose_code": "case",
            "purpose_ref": "K-1234-26",
            "basis": "court order",
            "recipient": {"name": "District court", "country": "SE", "basis": "RB 27 kap."},
            "approvers": [self.user("auditor")],
            "expires": "2099-01-01",
            **changes,
        }

    async def request(self, **changes: Any) -> dict[str, Any]:
        answer = await self.supervisor.post("/evidence", self.body(**changes))
        assert answer.status_code == 201, answer.text
        value: dict[str, Any] = answer.json()
        return value

    async def approve(self, package: dict[str, Any], **more: Any) -> Any:
        body = {"package_hash": package["package_hash"], **more}
        return await self.auditor.post(f"/evidence/{package['id']}/approve", body)

    async def fetch(self, package: dict[str, Any], browser: Browser | None = None) -> Any:
        return await (browser or self.supervisor).get(f"/evidence/{package['id']}/file")

    def trust(self, more: str = "") -> str:
        return f"log {self.log_vkey}\nexporter {self.exporter.vkey}\nquorum none\n{more}"

    def verify(self, data: bytes, more: str = "", **rest: Any) -> Findings:
        path = self.room.state / "received.zip"
        path.write_bytes(data)
        return verify(path, read_trust(self.trust(more)), **rest)


def entries(room: Room, verb: str) -> list[dict[str, Any]]:
    with sqlite3.connect(room.state / "samband.db") as db:
        rows = db.execute("SELECT entry FROM audit_log ORDER BY seq").fetchall()
    db.close()
    return [entry for (raw,) in rows if (entry := json.loads(raw))["verb"] == verb]
