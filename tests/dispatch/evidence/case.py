"""An incident with calls, pictures and messages, for tests of packages that hold whole cases."""

import subprocess
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import Session

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.cameras.ingest import Batch
from dispatch.cameras.tables import Camera, CameraEvent, CameraMedia
from dispatch.evidence.collecting import Collecting
from dispatch.incidents.tables import Incident, IncidentSuggestion, IncidentTimeline
from dispatch.services.record import Record
from dispatch.store.tables import Transmission
from tests.dispatch.evidence.desk import Desk, entries
from tests.dispatch.evidence.packages import Opened, sha
from tests.dispatch.room import until

INCIDENT, LABEL = "i-01jdgx0000000000000000000a", "INC-2026-004211"
STILL, CLIP, HIDDEN = (f"v-01jdgx0000000000000000000{one}" for one in "abc")
CAR, PLATE = b'{"type":"new","label":"car"}', b'{"type":"new","plate":"ABC 123"}'
PRISM = b"<tt:Message>motion</tt:Message>"


def ffmpeg(out: Path, *words: str) -> bytes:
    subprocess.run(["ffmpeg", "-v", "error", *words, str(out)], check=True)
    return out.read_bytes()


@dataclass
class Case:
    """An incident with two calls, of which one is confirmed, and what a camera saw."""

    desk: Desk
    pictures: dict[str, bytes]
    at: int = field(init=False)

    async def prepare(self) -> None:
        room = self.desk.room
        self.at = room.clock.utc_us()
        (room.state / "media").mkdir()
        for ending, data in self.pictures.items():
            (room.state / "media" / f"{sha(data)}.{ending}").write_bytes(data)
        await room.store.write(self._fill)
        record = room.services.use(Record)
        for name, ending in ((STILL, "jpg"), (CLIP, "mp4"), (HIDDEN, "jpg")):
            detail = {"sha256": [sha(self.pictures[ending])], "incident": INCIDENT}
            obj = Obj(type="media", id=name, cat="camera")
            record.note(Act(op="collect", verb="camera.still", actor=SYSTEM, obj=obj,
                            detail=detail))  # fmt: skip
        collecting = Collecting(record.note, room.clock, bytes)
        batch = Batch(rows=[{"source": "f", "raw_sha256": sha(one)} for one in (CAR, PLATE, PRISM)])
        room.store.write_now(lambda db: collecting.in_batch(db, batch))
        await until(lambda: len(entries(room, "camera.received")) == 1)

    def _fill(self, db: Session) -> None:
        desk, at = self.desk, self.at
        db.add(
            Incident(
                id=INCIDENT, label=LABEL, title="Car at the quay", kind="object",
                severity="alert", state="active", opened_utc=at, started_utc=at - 5_000_000,
                last_event_utc=at + 5_000_000, source="f", camera="cam-1",
            )
        )  # fmt: skip
        db.add(IncidentTimeline(incident=INCIDENT, t_utc=at, kind="note", who="S", text="look"))
        for number, state in enumerate(("confirmed", "suggested")):
            db.add(
                IncidentSuggestion(
                    id=f"s-{number}", incident=INCIDENT, call=desk.calls[number], score=80,
                    state=state, why="40 m away, 3 s later", by="Stina", at_utc=at,
                )
            )  # fmt: skip
        db.add(Camera(id="cam-1", source="f", name_at_source="quay", name="Quay"))
        db.add(Camera(id="cam-2", source="f", name_at_source="port", group="Port"))
        for name, ending, camera in ((STILL, "jpg", "cam-1"), (CLIP, "mp4", "cam-1"),
                                     (HIDDEN, "jpg", "cam-2")):  # fmt: skip
            data = self.pictures[ending]
            db.add(
                CameraMedia(
                    id=name, incident=INCIDENT, source="f", camera=camera, object=name,
                    kind="clip" if ending == "mp4" else "still", path="x", state="fetched",
                    from_utc=at, to_utc=at + 2_000_000 if ending == "mp4" else 0, made_utc=at,
                    file=f"{sha(data)}.{ending}", sha256=sha(data), size_bytes=len(data),
                    duration_ms=2000 if ending == "mp4" else None, remuxed=ending == "mp4",
                    how="by Frigate, packed anew", skew_ms=-120,
                )
            )  # fmt: skip
        for number, raw in enumerate((CAR, PLATE, PRISM)):
            claims = [{"type": "plate", "value": "ABC 123", "score": 0.9}] if raw == PLATE else []
            db.add(
                CameraEvent(
                    id=f"e-{number}", source="f", src_event_id=str(number), kind="object",
                    phase="new", camera="cam-1", t_event_utc=at, t_recv_utc=at, severity="alert",
                    claims=claims, raw_sha256=sha(raw), raw=zlib.compress(raw), incident=INCIDENT,
                )
            )  # fmt: skip

    def body(self, **changes: Any) -> dict[str, Any]:
        body = self.desk.body(**changes)
        for name in ("talkgroups", "from_utc", "to_utc"):
            if name not in changes:
                del body[name]
        return body

    async def request(self, **changes: Any) -> dict[str, Any]:
        answer = await self.desk.supervisor.post("/evidence", self.body(**changes))
        assert answer.status_code == 201, answer.text
        value: dict[str, Any] = answer.json()
        return value

    async def leave(self, package: dict[str, Any], tmp_path: Path) -> Opened:
        approved = await self.desk.approve(package)
        assert approved.status_code == 200, approved.text
        answer = await self.desk.fetch(package)
        assert answer.status_code == 200, answer.text
        found = self.desk.verify(answer.content)
        assert found.faults == [], found.text()
        path = tmp_path / f"{package['id']}.zip"
        path.write_bytes(answer.content)
        return Opened(path)

    def change(self, name: str, **values: Any) -> None:
        def work(db: Session) -> None:
            row = db.get(CameraMedia, name) or db.get(Transmission, name)
            for key, value in values.items():
                setattr(row, key, value)
            db.add(row)

        self.desk.room.store.write_now(work)
