"""The witness's web service: ``POST /add-checkpoint``, ``GET /checkpoint?origin=…``, ``GET /``.

Plain HTTP: what is said is signed, nothing is secret. Small on purpose: it runs on a little
computer in a safe, in another house.
"""

import logging
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from dispatch.audit.files import LogUnavailable
from dispatch.audit.witness import MAX_REQUEST_BYTES, Answer, Witness

logger = logging.getLogger(__name__)

REQUEST_TIMEOUT_S = 20


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness; ``now_s`` gives Unix seconds."""

    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        witness: Witness,
        now_s: Callable[[], int] = lambda: int(time.time()),
    ) -> None:
        """Bind the address; port 0 takes a free one."""
        super().__init__(address, _Handler)
        self.witness = witness
        self.now_s = now_s


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    timeout = REQUEST_TIMEOUT_S
    server_version = "samband-witness"
    sys_version = ""

    def do_POST(self) -> None:
        """Answer ``add-checkpoint``."""
        if urlsplit(self.path).path != "/add-checkpoint":
            self._send(Answer(status=404, body="expected /add-checkpoint\n"))
            return
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal() or int(length) > MAX_REQUEST_BYTES:
            self.close_connection = True
            self._send(Answer(status=400, body=f"expected at most {MAX_REQUEST_BYTES} bytes\n"))
            return
        try:
            answer = self.server.witness.add(self.rfile.read(int(length)), self.server.now_s())
        except LogUnavailable as error:
            logger.error("witness: %s", error)
            answer = Answer(status=503, body="the state cannot be written\n")
        self._send(answer)

    def do_GET(self) -> None:
        """Show the newest cosigned checkpoint of a log, for auditors."""
        parts = urlsplit(self.path)
        origin = parse_qs(parts.query).get("origin", [""])[0]
        note = self.server.witness.newest(origin) if parts.path == "/checkpoint" else None
        status, body = (200, note) if note else (404, "expected /checkpoint?origin=…\n")
        self._send(Answer(status=status, body=body or ""))

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        headers = {"Content-Type": "text/plain; charset=utf-8", **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Log as everything else does."""
        logger.info("%s %s", self.address_string(), format % args)
