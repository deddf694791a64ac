"""Redacted copies: pictures, sound, a time on the clock; and what cannot be redacted."""

import json
import subprocess
from pathlib import Path

from tests.dispatch.evidence.case import CLIP, HIDDEN, INCIDENT, STILL, Case
from tests.dispatch.evidence.desk import entries
from tests.dispatch.evidence.packages import sha


async def test_pictures_are_redacted_and_name_their_parent(case: Case, tmp_path: Path) -> None:
    case.change(HIDDEN, camera="cam-1")
    parent = await case.request(incident=INCIDENT, ask=False)
    assert parent["approval"] == ""
    assert (await case.desk.approve(parent)).status_code == 409, "nobody was asked"
    parts = [
        {"media": STILL, "boxes": [{"x": 0, "y": 0, "width": 32, "height": 48}]},
        {"media": CLIP, "from_ms": 0, "to_ms": 1000, "sound": True},
        {"transmission": case.desk.overs[0]},
    ]
    path = f"/evidence/{parent['id']}/redacted"
    answer = await case.desk.supervisor.post(path, case.body(parts=parts, reason="a bystander"))
    assert answer.status_code == 201, answer.text
    files = (await case.leave(answer.json(), tmp_path)).files
    redacts = json.loads(files["meta/package.json"])["redacts"]
    spans = {one["file"]: one for one in redacts["spans"]}
    still, clip = f"data/camera/{STILL}/snap.jpg", f"data/camera/{CLIP}/clip.mp4"
    assert spans[still]["before_sha256"] == sha(case.pictures["jpg"])
    assert (spans[still]["from_ms"], spans[clip]["to_ms"]) == (None, 1000)
    assert "silence+tone" in redacts["method"]
    assert "re-encoded" in redacts["method"]
    assert files[f"data/camera/{HIDDEN}/snap.jpg"] == files[still], "the same bytes, sent twice"
    grey = _grey(files[still], tmp_path / "out.jpg")
    assert max(grey[:24]) < 24, "the left half is black"
    assert max(grey[40:64]) > 60, "the right half is not"
    frames = _grey(files[clip], tmp_path / "out.mp4")
    assert max(frames[: 64 * 48]) < 24
    assert max(frames[-64 * 48 :]) > 60
    sums = {tuple(one["detail"]["sha256"]) for one in entries(case.desk.room, "media.redacted")}
    assert {(spans[still]["after_sha256"],), (spans[clip]["after_sha256"],)} == sums
    assert not (case.desk.room.state / "evidence" / "redacted" / answer.json()["id"]).exists()


def _grey(data: bytes, path: Path) -> bytes:
    path.write_bytes(data)
    words = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    return subprocess.run(words, capture_output=True, check=True).stdout


async def test_a_time_is_muted_everywhere(case: Case, tmp_path: Path) -> None:
    start = case.at + 500_000
    case.change(case.desk.overs[0], started_utc=case.at, ended_utc=case.at + 2_000_000)
    parent = await case.request(incident=INCIDENT, ask=False)
    mute = [{"from_utc": start, "to_utc": start + 400_000}]
    path = f"/evidence/{parent['id']}/redacted"
    body = case.body(parts=[], mute=mute, reason="a name")
    answer = await case.desk.supervisor.post(path, body)
    assert answer.status_code == 201, answer.text
    files = (await case.leave(answer.json(), tmp_path)).files
    spans = {one["file"]: one for one in json.loads(files["meta/package.json"])["redacts"]["spans"]}
    assert spans[f"data/calls/{case.desk.overs[0]}.opus"]["from_ms"] == 500
    clip = spans[f"data/camera/{CLIP}/clip.mp4"]
    assert (clip["from_ms"], clip["to_ms"]) == (380, 780), "the source's clock is 120 ms behind"
    for times in ((1, 2), (2, 1)):
        mute = [{"from_utc": times[0], "to_utc": times[1]}]
        wrong = case.body(parts=[], mute=mute, reason="x")
        assert (await case.desk.supervisor.post(path, wrong)).status_code == 400


async def test_a_redaction_that_cannot_be_is_refused(case: Case) -> None:
    parent = await case.request(incident=INCIDENT)
    path = f"/evidence/{parent['id']}/redacted"
    box = {"x": 40_000, "y": 0, "width": 1, "height": 1}
    for part, status in (
        ({"media": STILL, "from_ms": 0, "to_ms": 5}, 400),
        ({"media": STILL, "boxes": [box]}, 400),
        ({"media": CLIP, "picture": False}, 400),
        ({"media": CLIP, "from_ms": 5}, 400),
        ({"media": HIDDEN}, 404),
        ({"media": STILL, "transmission": "t-1"}, 400),
    ):
        answer = await case.desk.supervisor.post(path, case.body(parts=[part], reason="x"))
        assert answer.status_code == status, (part, answer.text)
    nothing = await case.desk.supervisor.post(path, case.body(parts=[], reason="x"))
    assert (nothing.status_code, "what is to be hidden" in nothing.text) == (400, True)
    new = b"another still"
    (case.desk.room.state / "media" / f"{sha(new)}.jpg").write_bytes(new)
    case.change(STILL, file=f"{sha(new)}.jpg", sha256=sha(new))
    answer = await case.desk.supervisor.post(path, case.body(parts=[{"media": STILL}], reason="x"))
    assert (answer.status_code, "holds any more" in answer.text) == (409, True)
