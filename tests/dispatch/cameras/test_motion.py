"""Debian's motion as a real peer: its hooks call ``scripts/camera-hook``, which signs and posts."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dispatch.errors import ServiceError
from tests.dispatch.cameras.conftest import SECRET
from tests.dispatch.cameras.serving import serving

HOOK = Path(__file__).parents[3] / "scripts/camera-hook"


def app_of(room: Any) -> FastAPI:
    """The webhook route alone, over the room's sources."""
    app = FastAPI()

    @app.post("/hook")
    async def hook(request: Request) -> Response:
        raw = await request.body()
        try:
            got = await room.sources.receive("webhook:test", request.headers, raw)
        except ServiceError as error:
            return JSONResponse({"error": str(error)}, status_code=error.status)
        return JSONResponse({"outcome": got.outcome}, status_code=202)

    return app


async def run_hook(*words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(HOOK), *words, stderr=subprocess.PIPE
    )
    _, told = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, told.decode()


async def test_the_hook_signs_and_tells_why_it_failed(room: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    async with serving(app_of(room)) as port:
        words = ["--url", f"http://127.0.0.1:{port}/hook", "--secret-file", str(secret)]
        words += ["--camera", "cam-0412", "--id", "1-20261126-3", "--zone", "quay"]
        assert await run_hook(*words) == (0, "")
        assert await run_hook(*words, "--phase", "end") == (0, "")
        code, told = await run_hook(*words[:-2], "--kind", "nonsense", "--id", "x")
    assert code == 1
    assert "not taken: 400" in told
    assert [(row.phase, row.kind, row.zones) for row in room.stored()] == [
        ("new", "motion", ["quay"]),
        ("end", "motion", ["quay"]),
    ]
    assert len(room.all_incidents()) == 1


@pytest.mark.skipif(
    shutil.which("motion") is None or shutil.which("ffmpeg") is None,
    reason="motion or ffmpeg is not installed",
)
async def test_real_motion_opens_and_ends_an_incident(room: Any, tmp_path: Path) -> None:
    film = tmp_path / "quay.mp4"
    moving = "color=gray:size=320x240:rate=10:duration=30"
    still = tmp_path / "box.png"
    draw = ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i"]
    subprocess.run(
        [*draw, "color=white:size=60x80", "-frames:v", "1", "-y", str(still)], check=True
    )
    path = "overlay=x='if(between(t,8,14),(t-8)*40,-100)':y=80"
    subprocess.run(
        [
            *draw,
            moving,
            "-i",
            str(still),
            "-filter_complex",
            path,
            "-c:v",
            "mpeg4",
            "-y",
            str(film),
        ],
        check=True,
    )
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    async with serving(app_of(room)) as port:
        hook = (
            f"{sys.executable} -I {HOOK} --url http://127.0.0.1:{port}/hook "
            f"--secret-file {secret} --camera cam-0412 --id %t-%C-%v --phase"
        )
        config = tmp_path / "motion.conf"
        config.write_text(
            "\n".join([
                "daemon off", "log_level 5", f"log_file {tmp_path / 'motion.log'}",
                f"target_dir {tmp_path}", f"netcam_url file://{film}", "camera_id 1",
                "width 320", "height 240", "framerate 10", "event_gap 2", "threshold 800",
                "minimum_motion_frames 1", "picture_output off", "movie_output off",
                "webcontrol_port 0", "stream_port 0",
                f"on_event_start {hook} new", f"on_event_end {hook} end", "",
            ])
        )  # fmt: skip
        motion = await asyncio.create_subprocess_exec(
            "motion", "-n", "-c", str(config), cwd=tmp_path,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(90):
                while {row.phase for row in room.stored()} < {"new", "end"}:
                    await asyncio.sleep(0.1)
        finally:
            motion.terminate()
            await motion.wait()
    phases = {row.phase for row in room.stored()}
    assert phases == {"new", "end"}
    assert {row.kind for row in room.stored()} == {"motion"}
    first = next(row for row in room.stored() if row.phase == "new")
    ended = next(row for row in room.stored() if row.phase == "end")
    assert first.src_event_id == ended.src_event_id
    assert first.camera == "cam-0412"
