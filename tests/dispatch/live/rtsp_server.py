"""A GStreamer RTSP server for tests, run by the system's Python: a camera with a login."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = """
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

Gst.init(None)
user, password = sys.argv[1:3]
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
auth = GstRtspServer.RTSPAuth()
token = GstRtspServer.RTSPToken()
token.set_string("media.factory.role", "viewer")
auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
server.set_auth(auth)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    "( videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=180,framerate=10/1 "
    "! x264enc tune=zerolatency key-int-max=10 speed-preset=ultrafast "
    "! rtph264pay name=pay0 pt=96 )"
)
factory.set_shared(True)
factory.add_role_from_structure(Gst.Structure.new_from_string(
    "viewer, media.factory.access=true, media.factory.construct=true"))
server.get_mount_points().add_factory("/cam1", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""


@contextlib.contextmanager
def rtsp_server(folder: Path, *, user: str, password: str) -> Iterator[str]:
    """Serve ``/cam1`` on loopback; yields its address. Skips the test where GStreamer is not."""
    look = "import gi; gi.require_version('GstRtspServer', '1.0')"
    with contextlib.suppress(OSError):
        found = subprocess.run([SYSTEM_PYTHON, "-c", look], capture_output=True, check=False)
        if found.returncode:
            pytest.skip("gir1.2-gst-rtsp-server-1.0 or python3-gi is not installed")
    script = folder / "rtsp_server.py"
    script.write_text(SERVER)
    process = subprocess.Popen(
        [SYSTEM_PYTHON, str(script), user, password], stdout=subprocess.PIPE, stderr=sys.stderr
    )
    try:
        if process.stdout is None:
            raise AssertionError("a pipe")
        port = int(process.stdout.readline())
        yield f"rtsp://127.0.0.1:{port}/cam1"
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()
