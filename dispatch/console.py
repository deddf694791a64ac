"""The console's files: pre-compressed, immutable by hash, and a page saying how to build them."""

import mimetypes
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from dispatch.web import error_response

STATIC = Path(__file__).with_name("static")
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
IMMUTABLE = "public, max-age=31536000, immutable"
_HASHED = re.compile(r"-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$")

NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8">
<title>Samband: the console is not built</title>
<h1>The console is not built</h1>
<p>The server is running, but this installation has no console in <code>dispatch/static</code>.</p>
<p>In a checkout, with Node 20.19 or newer: <code>make setup</code>, then load this page again.</p>
<p>The API is there all the same: <a href="/api/v1/docs">/api/v1/docs</a></p></html>"""

mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".js")


class Console:
    """Serves the built console; every unknown path without a file ending is the page itself."""

    def __init__(self, folder: Path = STATIC) -> None:
        """Serve ``folder``."""
        self._folder = folder.resolve()

    async def answer(self, request: Request) -> Response:
        """Answer a GET of ``path``."""
        path = request.path_params.get("path", "") or "index.html"
        if path.startswith("api/"):
            return error_response(404, f"there is no /{path}", "See /api/v1/docs.")
        file = self._find(path)
        if file is None and "." not in path.rpartition("/")[2]:
            path, file = "index.html", self._find("index.html")
            if file is None:
                return HTMLResponse(NOT_BUILT, status_code=503)
        if file is None:
            if path == "index.html":
                return HTMLResponse(NOT_BUILT, status_code=503)
            return error_response(404, f"there is no /{path}")
        return self._answer(request, file)

    def _find(self, path: str) -> Path | None:
        file = (self._folder / path).resolve()
        if not file.is_relative_to(self._folder) or not file.is_file():
            return None
        return file

    def _answer(self, request: Request, file: Path) -> Response:
        media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        headers = {
            "Cache-Control": IMMUTABLE if _HASHED.search(file.name) else "no-cache",
            "Vary": "Accept-Encoding",
        }
        accepted = request.headers.get("accept-encoding", "")
        for encoding, ending in ENCODINGS:
            packed = file.with_name(file.name + ending)
            if encoding in accepted and packed.is_file():
                return FileResponse(
                    packed,
                    media_type=media_type,
                    headers={**headers, "Content-Encoding": encoding},
                )
        return FileResponse(file, media_type=media_type, headers=headers)
