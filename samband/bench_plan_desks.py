"""Desks of ``samband bench plan``, as pages play them: which plan each has, and since when.

Run as ``python -m samband.bench_plan_desks``; speaks in lines of JSON. ``{"url", "cookie"}`` opens
the event stream of one more desk; ``{"desk", "plan", "at_ms"}`` tells that it has the whole of a
plan (its place, the plan's number, CLOCK_MONOTONIC in ms). Streams are read no further than to know
that: browsers read each their own, and one process that parsed what many get would be the limit.
"""

import gzip
import json
import re
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

REPORT_S = 2.0
TIMEOUT_S = 30
HEAD_CHARACTERS = 100
_PLAN = re.compile(r'"plan":\{"number":(\d+)')
_MARK = re.compile(rb'"mark":"([0-9a-f]+)"')
_MORE = '"more":true'
_out = threading.Lock()


class Page:
    """One desk's page."""

    def __init__(self, desk: int, url: str, cookie: str) -> None:
        """Ask for a snapshot and read in the background."""
        self._desk = desk
        self._url = url
        self._headers = {"Cookie": cookie, "Accept-Encoding": "gzip"}
        self._known = ""
        self._socket = connect(
            url.replace("http", "ws", 1) + "/api/v1/stream",
            legacy=True,
            additional_headers={"Cookie": cookie},
            max_size=None,
            compression=None,
        )
        self._socket.send(json.dumps({"resume": None}))
        threading.Thread(target=self._read, name=f"desk-{desk}", daemon=True).start()
        threading.Thread(target=self._report, name=f"report-{desk}", daemon=True).start()

    def _read(self) -> None:
        coming, asked = 0, None
        asking = ThreadPoolExecutor(1, thread_name_prefix=f"units-{self._desk}")
        try:
            for text in self._socket:
                words = text if isinstance(text, str) else text.decode()
                if words.startswith('{"kind":"snapshot"'):
                    found = _PLAN.search(words)
                    coming = int(found[1]) if found else 0
                    whole = _MORE not in words[:HEAD_CHARACTERS]
                    if not whole:
                        asked = asking.submit(self._ask_units)
                else:
                    whole = words.startswith('{"kind":"rows"') and words.endswith('"more":false}')
                    if whole and asked is not None:
                        asked.result()
                if whole:
                    tell(desk=self._desk, plan=coming, at_ms=time.monotonic_ns() / 1e6)
        except ConnectionClosed:
            return
        finally:
            asking.shutdown(wait=False)

    def _ask_units(self) -> None:
        """Ask what the plan says of units, as a page does while the rows of a snapshot come."""
        where = f"{self._url}/api/v1/units/planned?known={self._known}"
        request = urllib.request.Request(where, headers=self._headers)  # noqa: S310 - our own demo
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            if answer.status != HTTPStatus.NO_CONTENT:
                found = _MARK.search(gzip.decompress(answer.read()))
                self._known = found[1].decode() if found else ""

    def _report(self) -> None:
        audio = {"running": True, "advancing": True, "sink": True}
        try:
            while True:
                self._socket.send(json.dumps({"kind": "report", "audio": audio, "shown": []}))
                time.sleep(REPORT_S)
        except (ConnectionClosed, OSError):
            return


def tell(**message: object) -> None:
    """Write a line."""
    with _out:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    pages = [Page(n, **json.loads(line)) for n, line in enumerate(sys.stdin)]
