"""``samband bench tables``: the engineer's tables of talkgroups and units in a real Chromium.

A demo with a draft of ten thousand talkgroups and a hundred thousand units: what is transferred,
until when it is there, the times between frames while it scrolls, how long a filter and an edit of
a cell take. The times are the browser's own.
"""

import argparse
import json
import tempfile
import urllib.request
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samband.bench_browser import browser, sign_in, wait_js
from samband.bench_demo import RunningDemo, running_demo
from samband.bench_desk import Desk
from samband.bench_tables_world import list_csv

if TYPE_CHECKING:
    from playwright.sync_api import Page

GROUPS, UNITS = 10_000, 100_000
FRAMES = 240
STEP_PX = 480
"""Scrolled between two frames: fifteen rows, as with a wheel that is turned fast."""
FRAME_LIMIT_MS = 34
FILTER_LIMIT_MS = 100
EDIT_LIMIT_MS = 100
LOAD_LIMIT_MS = 3000
SCROLL = """(frames) => {
  window.scrolled = null;
  const box = document.querySelector('.gt'), times = [];
  let last = performance.now(), left = frames;
  const step = (now) => {
    times.push(now - last); last = now;
    box.scrollTop += STEP;
    if (left-- > 0) requestAnimationFrame(step);
    else { times.sort((a, b) => a - b); window.scrolled = {
      p50_ms: times[Math.floor(times.length * .5)], p95_ms: times[Math.floor(times.length * .95)],
      worst_ms: times[times.length - 1], rows_per_second: Math.round(STEP / 32 * 1000 * times.length
        / times.reduce((a, b) => a + b, 0)) }; }
  };
  requestAnimationFrame(step);
}""".replace("STEP", str(STEP_PX))
FILTER = """(text) => {
  const field = document.querySelector('[data-testid=find]');
  window.filtered = null;
  const before = performance.now();
  field.value = text; field.dispatchEvent(new Event('input', {bubbles: true}));
  requestAnimationFrame(() => setTimeout(() => { window.filtered = performance.now() - before; }));
}"""
LOADED = """() => {
  const entries = performance.getEntriesByType('resource')
    .filter((one) => /\\/(units|tables)$/.test(one.name));
  return {transfer_kb: entries.reduce((sum, one) => sum + one.transferSize, 0) / 1000,
    json_kb: entries.reduce((sum, one) => sum + one.decodedBodySize, 0) / 1000};
}"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``tables``."""
    parser = subparsers.add_parser("tables", help="the engineer's tables in Chromium")
    parser.add_argument("--groups", type=int, default=GROUPS, metavar="N")
    parser.add_argument("--units", type=int, default=UNITS, metavar="N")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Fill a draft, open both tables, scroll, filter, edit; returns the figures of each."""
    with (
        tempfile.TemporaryDirectory(prefix="samband-tables-") as folder,
        running_demo(Path(folder)) as demo,
    ):
        _filled(demo, args.groups, args.units)
        with browser() as context:
            page = context.new_page()
            context.set_default_timeout(60_000)
            sign_in(page, demo.url, demo.users["engineer"], None)
            page.get_by_test_id("signin-submit").wait_for(state="detached")
            figures = {name: _table(page, demo, name) for name in ("talkgroups", "units")}
    return {
        "talkgroups_rows": args.groups,
        "units_rows": args.units,
        **figures,
        "limits": {
            "frame_p95_ms": FRAME_LIMIT_MS,
            "filter_ms": FILTER_LIMIT_MS,
            "edit_shown_ms": EDIT_LIMIT_MS,
            "load_ms": LOAD_LIMIT_MS,
        },
        "ok": all(_fluent(one) for one in figures.values()),
    }


def _fluent(one: dict[str, Any]) -> bool:
    return bool(
        one["scroll"]["p95_ms"] <= FRAME_LIMIT_MS
        and one["filter_ms"] <= FILTER_LIMIT_MS
        and one["edit_shown_ms"] <= EDIT_LIMIT_MS
        and one["load_ms"] <= LOAD_LIMIT_MS
    )


def _filled(demo: RunningDemo, groups: int, units: int) -> None:
    """Begin a draft with both lists in it."""
    user = demo.users["engineer"]
    desk = Desk(demo.url, user["name"], user["password"])
    draft = desk.call("POST", "/plan/drafts", {"name": "long tables"})
    for kind, rows in (("talkgroups", groups), ("units", units)):
        system = desk.call("GET", f"/plan/drafts/{draft['id']}")["plan"]["systems"][0]["id"]
        form = {"system": system, "kind": kind, "apply": "true", "packed": "true"}
        form["revision"] = str(draft["revision"])
        draft = {**draft, **_send(desk, draft["id"], list_csv(kind, rows), form)}


def _send(desk: Desk, draft: str, data: bytes, form: dict[str, str]) -> dict[str, Any]:
    """Send a list as the page does."""
    edge = uuid.uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in form.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="list.csv"\r\n\r\n'
    body = b"".join((*parts, head.encode(), data, f"\r\n--{edge}--\r\n".encode()))
    request = urllib.request.Request(  # noqa: S310 - the address of our own demo
        f"{desk.url}/api/v1/plan/drafts/{draft}/import",
        data=body,
        headers={
            "Content-Type": f"multipart/form-data; boundary={edge}",
            "X-Samband-Csrf": desk.csrf,
            "Cookie": "; ".join(f"{c.name}={c.value}" for c in desk.cookies),
        },
    )
    with urllib.request.urlopen(request, timeout=180) as answer:  # noqa: S310 - as above
        told: dict[str, Any] = json.loads(answer.read())
    return told


def _table(page: "Page", demo: RunningDemo, name: str) -> dict[str, Any]:
    page.goto(f"{demo.url}/#/engineer/plans")
    page.reload()
    page.get_by_test_id("draft-open").first.click()
    page.get_by_test_id("plan-draft").wait_for()
    before = page.evaluate("() => performance.now()")
    page.goto(f"{demo.url}/#/engineer/{name}")
    page.locator(".gt tbody tr[data-r]").first.wait_for()
    figures: dict[str, Any] = {"load_ms": page.evaluate("() => performance.now()") - before}
    figures |= page.evaluate(LOADED)
    page.evaluate(SCROLL, FRAMES)
    wait_js(page, "window.scrolled !== null", seconds=60)
    figures["scroll"] = page.evaluate("() => window.scrolled")
    times = []
    for text in ("n", "nv", "nv 1", "nv 12", ""):
        page.evaluate(FILTER, text)
        wait_js(page, "window.filtered !== null")
        times.append(page.evaluate("() => window.filtered"))
    figures["filter_first_ms"], figures["filter_ms"] = times[0], max(times[1:])
    figures |= _edit(page, "name" if name == "talkgroups" else "alias")
    return figures


def _edit(page: "Page", column: str) -> dict[str, Any]:
    """Type a name into a cell: until it is shown, and until the server has it."""
    words = {"name": "Name", "alias": "Alias"}[column]
    page.locator(".gt").evaluate("(box) => { box.scrollTop = 0; }")
    place = page.locator("thead th").all_inner_texts().index(words) - 1
    page.locator(f'tr[data-r="3"] td[data-c="{place}"]').click()
    page.keyboard.press("F2")
    page.locator(".cell-edit").fill("EDITED IN ITS PLACE")
    page.evaluate(
        """() => { window.shownAfter = null; let before = 0;
        const look = () => document.querySelector('tr[data-r="3"]').textContent.includes('EDITED')
          && !document.querySelector('.cell-edit')
          ? (window.shownAfter = performance.now() - before) : requestAnimationFrame(look);
        document.querySelector('.cell-edit').addEventListener('keydown',
          () => { before = performance.now(); requestAnimationFrame(look); }); }"""
    )
    with page.expect_response(lambda answer: answer.request.method == "PATCH") as answered:
        page.keyboard.press("Enter")
    wait_js(page, "window.shownAfter !== null")
    timing = answered.value.request.timing
    shown: float = page.evaluate("() => window.shownAfter")
    return {"edit_shown_ms": shown, "edit_saved_ms": timing["responseStart"]}
