"""Evidence on real pages: asked for, agreed to by another person, fetched, verified offline."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dispatch.evidence.pyz import viewer_page
from samband.bench_browser import browser, sign_in
from samband.bench_demo import RunningDemo
from samband.bench_desk import Desk
from tests.system.conftest import needs_chromium
from tests.system.story import BRAND_1, wait_for
from tests.system.walk import AXE, Walk

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [needs_chromium, pytest.mark.browser]
VERIFIER = Path(__file__).parents[2] / "docs" / "verify_evidence.pyz"
PURPOSE = "a collision at the quay, 14:29"


@pytest.fixture
def spoken(demo: RunningDemo) -> str:
    """A recorded call; returns its id."""
    desk = Desk(demo.url, **demo.users["dispatcher"])
    control = demo.control()
    control.ask(do="talk", radio="hamnen", group=310301, unit=1220101, tone_hz=420, for_s=2.0)
    since = f"/calls?talkgroup={BRAND_1}&from_utc={(time.time_ns() // 1000) - 600_000_000}"

    def recorded() -> str:
        rows = desk.call("GET", since)["calls"]
        done = [row for row in rows if row["ended_utc"]]
        return done[0]["id"] if done and done[0]["transmissions"][0]["has_sound"] else ""

    found: str = wait_for(recorded, seconds=30, words="a recorded call")
    return found


@contextmanager
def desk_of(demo: RunningDemo, role: str) -> Iterator["Page"]:
    """A browser of their own, as another desk is."""
    with browser(size=(1366, 768), dark=role == "auditor") as context:
        page = context.new_page()
        sign_in(page, demo.url, demo.users[role], None)
        page.get_by_test_id("signin-submit").wait_for(state="detached")
        page.goto(f"{demo.url}/#/audit/exports")
        page.get_by_role("heading", name="Exports").wait_for()
        yield page


def accessible(walk: Walk) -> bool:
    """Whether axe finds nothing serious; True where it is not installed."""
    issues = walk.serious_issues() if AXE.is_file() else []
    assert issues == []
    return not issues


def ask(walk: Walk, approver: str) -> str:
    """Fill in the dialog as an auditor does; returns the package's id."""
    walk.click("exports-order")
    walk.page.get_by_label("BRAND 1").check()
    walk.fill("export-number", "K-118-26")
    walk.fill("export-purpose", "investigation")
    walk.page.get_by_text("Too general").wait_for()
    walk.step("export-purpose-too-general")
    walk.fill("export-purpose", PURPOSE)
    walk.fill("export-recipient", "County prosecutor")
    walk.fill("export-country", "se")
    walk.fill("export-basis", "RB 27 kap. 2 §")
    walk.page.get_by_test_id("export-approver").select_option(label=approver)
    assert accessible(walk)
    walk.click("export-ask")
    words = walk.text("export-built")
    walk.step("export-asked")
    walk.click("export-done")
    return next(word.rstrip(",") for word in words.split() if word.startswith("EV-"))


def test_two_people_and_a_verifier(demo: RunningDemo, spoken: str, tmp_path: Path) -> None:
    assert spoken.startswith("c-")
    desk = Desk(demo.url, **demo.users["auditor"])
    for role in ("auditor", "supervisor"):
        why = {"code": "case", "ref": "K-118-26", "text": PURPOSE}
        Desk(demo.url, **demo.users[role]).call("POST", "/purposes", why)
    (approver,) = [
        one for one in desk.call("GET", "/evidence-approvers") if one["role"] == "supervisor"
    ]
    with desk_of(demo, "auditor") as page:
        walk = Walk(page, "auditor")
        package = ask(walk, f"{approver['name']}, supervisor")
        page.get_by_test_id(f"package-{package}").click()
        assert f"Waits for {approver['name']}" in walk.text("package-state")
        assert page.get_by_test_id("package-approve").count() == 0, "nobody agrees with themselves"
        assert walk.faults == []
    with desk_of(demo, "supervisor") as page:
        walk = Walk(page, "auditor")
        page.get_by_test_id(f"package-{package}").click()
        assert "County prosecutor" in walk.text("package-sheet")
        assert PURPOSE in walk.text("package-sheet")
        page.get_by_text("All ", exact=False).first.wait_for()
        walk.step("export-to-approve")
        assert accessible(walk)
        walk.click("package-approve")
        page.get_by_test_id("package-fetch").wait_for()
        assert walk.text("package-state") == "Approved"
        assert walk.faults == []
    with desk_of(demo, "auditor") as page:
        page.get_by_test_id(f"package-{package}").click()
        with page.expect_download() as coming:
            page.get_by_test_id("package-fetch").click()
        file = tmp_path / coming.value.suggested_filename
        coming.value.save_as(file)
        page.keyboard.press("Escape")
        page.get_by_test_id("exports-left").get_by_text(package).wait_for()
        Walk(page, "auditor").step("exports-left")
        viewer = tmp_path / "view.html"
        viewer.write_bytes(viewer_page())
        page.goto(viewer.as_uri())
        page.get_by_label("Package:").set_input_files(file)
        page.get_by_role("heading", name=package).wait_for()
        page.get_by_text("1 transmissions").wait_for()
        play = "() => document.querySelector('audio').play().then(() => 'plays', String)"
        assert page.evaluate(play) == "plays"
    assert file.name == f"{package}.zip"
    words = subprocess.run(
        [sys.executable, "-I", "-S", VERIFIER, file, "--trust", keys_of(demo, tmp_path)],
        capture_output=True, text=True, check=False, env={},
    )  # fmt: skip
    assert words.returncode == 3, words.stdout + words.stderr
    last = words.stdout.splitlines()[-1]
    assert last.startswith("VALID WITH WARNINGS ("), words.stdout
    assert "quorum none" in last


def keys_of(demo: RunningDemo, folder: Path) -> Path:
    """Write the trust file as a receiver gets it, from the state folder and not the package."""
    audit = demo.state / "audit"
    lines = [
        f"log {(audit / 'log.vkey').read_text('utf-8').strip()}",
        f"exporter {(audit / 'exporter.vkey').read_text('utf-8').strip()}",
        "quorum none",
    ]
    path = folder / "keys.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
