"""What leaves: encrypted, as a table, once; approved elsewhere; large; erased at its day."""

import asyncio
import csv
import io

import pyrage  # type: ignore[import-untyped]  # the package has none
import pytest

from dispatch.evidence import service as service_module
from dispatch.evidence.events import EvidenceLarge
from gateway.model.ids import UtcUs
from tests.dispatch.evidence.case import Case
from tests.dispatch.evidence.desk import entries
from tests.dispatch.evidence.packages import sha
from tests.dispatch.room import until


async def test_it_leaves_encrypted_to_the_recipient(case: Case) -> None:
    mine = pyrage.x25519.Identity.generate()
    package = await case.request(calls=[case.desk.calls[0]], recipient_key=str(mine.to_public()))
    await case.desk.approve(package)
    answer = await case.desk.fetch(package)
    assert answer.headers["content-disposition"].endswith('.zip.age"')
    assert case.desk.verify(pyrage.decrypt(answer.content, [mine])).faults == []
    (left,) = entries(case.desk.room, "evidence.disclosed")
    assert left["detail"]["form"] == "age"
    assert left["detail"]["sha256_left"] == sha(answer.content)
    evidence = case.desk.room.state / "evidence"
    await until(lambda: not list(evidence.glob("*.age")))
    wrong = await case.desk.supervisor.post("/evidence", case.body(recipient_key="age1x"))
    assert wrong.status_code == 400
    bad = case.body(calls=[case.desk.calls[0]], recipient_key="ssh-ed25519 nonsense")
    assert (await case.desk.supervisor.post("/evidence", bad)).status_code == 400


async def test_the_table_of_calls_leaves_like_the_package(case: Case) -> None:
    case.change(case.desk.overs[0], alias="=cmd|' /C calc'!A0")
    package = await case.request(calls=[case.desk.calls[0]])
    path = f"/evidence/{package['id']}/calls.csv"
    assert (await case.desk.supervisor.get(path)).status_code == 409
    await case.desk.approve(package)
    answer = await case.desk.supervisor.get(path)
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row["transmission"] == case.desk.overs[0]
    assert row["alias"].startswith("'="), "a spreadsheet must not run it"
    assert entries(case.desk.room, "evidence.disclosed")[-1]["detail"]["form"] == "csv"


async def test_one_approval_is_one_disclosure_and_may_be_asked_for_again(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = case.desk
    package = await case.request(calls=[desk.calls[0]])
    await desk.approve(package)
    assert (await desk.fetch(package)).status_code == 200
    assert (await desk.fetch(package)).status_code == 200, "a transfer may break off"
    assert len(entries(desk.room, "approval.used")) == 1
    early = await desk.supervisor.post(f"/evidence/{package['id']}/ask")
    assert early.status_code in (200, 409)
    other = await desk.auditor.post(f"/evidence/{package['id']}/ask")
    assert other.status_code == 403
    late = desk.room.clock.utc_us() + 25 * 3_600_000_000
    monkeypatch.setattr(type(desk.room.clock), "utc_us", lambda self: UtcUs(late))
    again = await desk.supervisor.post(f"/evidence/{package['id']}/ask")
    assert again.status_code in (200, 401)


async def test_the_approvals_page_decides_as_well(case: Case) -> None:
    package = await case.request(calls=[case.desk.calls[0]])
    name = package["approval"]
    sheet = (await case.desk.auditor.get(f"/approvals/{name}")).json()
    assert sheet["digest"] == package["package_hash"]
    assert sheet["detail"]["recipient"]["name"] == "District court"
    body = {"agree": True, "digest": sheet["digest"], "reason": ""}
    decided = await case.desk.auditor.post(f"/approvals/{name}", body)
    assert decided.status_code == 200, decided.text
    shown = (await case.desk.supervisor.get(f"/evidence/{package['id']}")).json()
    assert shown["state"] == "approved"
    assert (await case.desk.fetch(package)).status_code == 200
    second = await case.request(calls=[case.desk.calls[0]])
    no = {"agree": False, "digest": second["package_hash"], "reason": "the wrong day, I think"}
    assert (await case.desk.auditor.post(f"/approvals/{second['approval']}", no)).status_code == 200
    shown = (await case.desk.supervisor.get(f"/evidence/{second['id']}")).json()
    assert shown["state"] == "refused"
    assert not list((case.desk.room.state / "evidence").glob(f"{second['id']}.zip*"))


async def test_a_package_past_its_day_is_erased_with_a_certificate(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, room = case.desk, case.desk.room
    package = await case.request(calls=[desk.calls[0]], expires="2020-01-01", purpose_text="a car")
    kept = await case.request(calls=[desk.calls[0]])
    (certificate,) = await desk.evidence.expiry.erase_due()
    assert certificate["package"] == package["id"]
    assert await desk.evidence.expiry.erase_due() == []
    (entry,) = entries(room, "evidence.erased")
    assert (entry["op"], entry["detail"]["package_hash"]) == ("erase", package["package_hash"])
    assert certificate["entry"] > 0
    folder = room.state / "evidence"
    assert not list(folder.glob(f"{package['id']}.zip*"))
    assert (folder / f"{kept['id']}.zip.sealed").exists()
    shown = (await desk.auditor.get(f"/evidence/{package['id']}")).json()
    assert (shown["state"], shown["purpose"].get("text")) == ("erased", None)
    assert (await desk.auditor.get(f"/evidence/{package['id']}/contents")).status_code == 409
    assert (await desk.approve(package)).status_code == 409
    answer = await desk.supervisor.post(
        f"/evidence/{package['id']}/redacted", case.body(parts=[], mask_units=True, reason="x")
    )
    assert answer.status_code == 409


async def test_a_large_export_is_told(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "LARGE_BYTES", 10)
    told = case.desk.room.bus.subscribe("test", EvidenceLarge)
    package = await case.request(calls=[case.desk.calls[0]])
    async with asyncio.timeout(5):
        event = (await anext(aiter(told))).event
    assert isinstance(event, EvidenceLarge)
    assert (event.package, event.size_bytes) == (package["id"], package["size_bytes"])
    told.close()
