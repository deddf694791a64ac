"""The auditor's and the officer's pages: hold a call, enter an order, draft a policy, erase."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from dispatch.console import STATIC
from samband.bench_browser import browser, sign_in
from tests.dispatch.retention.conftest import empty_database, keepers  # noqa: F401  # fixtures
from tests.dispatch.retention.keepers import Keepers
from tests.dispatch.room import PASSWORD
from tests.system.conftest import needs_chromium

pytestmark = [
    needs_chromium,
    pytest.mark.browser,
    pytest.mark.skipif(not (STATIC / "index.html").exists(), reason="the console is not built"),
]


def walk(url: str, document: Path) -> None:
    """The officer enters an order with the doubled hour, holds it, drafts a policy, looks."""
    with browser(size=(1366, 768)) as context:
        page = context.new_page()
        sign_in(page, url, {"name": "dpo", "password": PASSWORD}, None)
        page.get_by_role("link", name="Retention").wait_for()
        page.goto(f"{url}/#/audit/orders")
        page.get_by_test_id("order-new").click()
        for name, text in (
            ("number", "B-1234/26"),
            ("case", "B 1234-26"),
            ("authority", "Malmö tingsrätt"),
            ("basis", "RB 27:2"),
            ("zone", "Europe/Kyiv"),
            ("deadline", "2099-01-01T12:00"),
            ("from", "2026-10-25T03:30"),
            ("to", "2099-01-01T00:00"),
        ):
            page.get_by_test_id(f"order-{name}").fill(text)
        page.get_by_test_id("order-groups").select_option(label="NORTH 1")
        page.get_by_test_id("order-file").set_input_files(document)
        page.get_by_test_id("doubled-from").wait_for()
        assert page.get_by_test_id("order-add").is_disabled()
        page.get_by_test_id("doubled-from").get_by_text("Second, UTC+02:00").click()
        page.get_by_test_id("order-add").click()
        page.get_by_test_id("hold-results").click()
        page.get_by_test_id("orders").get_by_text("On hold").wait_for()
        page.goto(f"{url}/#/audit/retention")
        held = page.get_by_test_id("class-call").locator("td").last
        held.get_by_text("3").wait_for()
        page.get_by_test_id("holds").get_by_text("order B-1234/26").wait_for()
        page.get_by_test_id("dry-run").click()
        page.get_by_text("Nothing is over: nothing would be erased.").wait_for()
        page.goto(f"{url}/#/audit/policy")
        page.get_by_test_id("policy-draft").click()
        page.get_by_test_id("days-call").fill("30")
        page.get_by_test_id("draft-changes").get_by_text("Calls: 90 to 30 days").wait_for()
        page.get_by_test_id("draft-keep").click()
        page.get_by_test_id("policy-shortens").get_by_text("set holds before").wait_for()
        page.get_by_test_id("policy-ask").click()
        page.get_by_text("a second person activates policy 2").wait_for()
        versions = page.get_by_test_id("policy-versions")
        versions.get_by_text("Waits for a second person").wait_for()


async def test_an_officer_s_day(keepers: Keepers, tmp_path: Path) -> None:  # noqa: F811
    document = tmp_path / "order.pdf"
    document.write_bytes(b"the order as received")
    url = f"http://localhost:{keepers.room.port}"
    await asyncio.to_thread(walk, url, document)
    orders = (await keepers.auditor.get("/orders")).json()["orders"]
    assert orders[0]["document_sha256"] == hashlib.sha256(b"the order as received").hexdigest()
    assert orders[0]["scope"]["asked"]["from_answer"] == "second"
    assert all(keepers.row(call).held for call in keepers.calls)
