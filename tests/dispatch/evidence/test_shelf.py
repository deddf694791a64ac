"""Packages lie sealed, and go with what they were made of."""

import hashlib
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from dispatch.audit.keys import KeyFolder
from dispatch.cameras.tables import CameraMedia
from dispatch.evidence.expiry import EMPTIED, follow_erasure
from dispatch.evidence.shelf import Shelf
from dispatch.evidence.tables import EvidenceObject
from dispatch.retention.erasure import Erasure
from dispatch.retention.master_keys import MasterKeys
from dispatch.retention.sealed import SealedFiles
from dispatch.retention.tables import FileKey
from tests.dispatch.evidence.case import INCIDENT, Case
from tests.dispatch.evidence.desk import Desk, entries
from tests.dispatch.room import Room, until


def files_of(room: Room, package: str) -> set[str]:
    return {path.name for path in (room.state / "evidence").glob(f"{package}.*")}


async def keys_of(room: Room) -> list[str]:
    query = select(FileKey.file).where(col(FileKey.file).startswith("evidence/"))
    return await room.store.read(lambda db: list(db.exec(query)))


async def test_it_is_sealed_from_its_building_on_and_leaves_plain(desk: Desk) -> None:
    room, package = desk.room, await desk.request()
    name = package["id"]
    assert files_of(room, name) == {f"{name}.zip.sealed", f"{name}.json"}
    raw = (room.state / "evidence" / f"{name}.zip.sealed").read_bytes()
    assert b"OggS" not in raw
    assert b"package.json" not in raw
    await desk.approve(package)
    answer = await desk.fetch(package)
    assert answer.headers["content-length"] == str(len(answer.content))
    assert desk.verify(answer.content).faults == []
    assert files_of(room, name) == {f"{name}.zip.sealed", f"{name}.json"}
    plain = hashlib.sha256(answer.content).hexdigest()
    assert entries(room, "evidence.disclosed")[-1]["detail"]["sha256_left"] == plain
    assert entries(room, "evidence.built")[-1]["detail"]["zip_sha256"] == plain


async def erase(room: Room, *objects: tuple[str, str]) -> None:
    """Erase before their time, with two people."""
    supervisor, officer = await room.browser("supervisor"), await room.browser("dpo")
    body = {
        "objects": [{"type": kind, "id": one} for kind, one in objects],
        "reason": "the person asked for it",
    }
    row: dict[str, Any] = (await supervisor.post("/retention/erasures/early", body)).json()
    looked = (await officer.get(f"/approvals/{row['approval']}")).json()
    yes = {"agree": True, "digest": looked["digest"]}
    assert (await officer.post(f"/approvals/{row['approval']}", yes)).status_code == 200
    await until(lambda: len(entries(room, "evidence.erased")) > 0)


async def test_a_package_goes_with_a_recording_that_is_erased(desk: Desk) -> None:
    room, files = desk.room, desk.room.services.use(SealedFiles)
    follow_erasure(desk.evidence.expiry, room.services.use(Erasure), files)
    both = await desk.request()
    other = await desk.request(calls=[desk.calls[1]], talkgroups=[])
    await desk.approve(both)
    await erase(room, ("call", desk.calls[0]))
    assert files_of(room, both["id"]) == {f"{both['id']}.json"}

    async def one_key() -> bool:  # the log is written before a key goes
        return await keys_of(room) == [f"evidence/{other['id']}.zip"]

    await until(one_key)
    (entry,) = entries(room, "evidence.erased")
    assert (entry["obj"]["id"], entry["detail"]["cause"]) == (both["id"], EMPTIED)

    async def told() -> bool:
        return bool((await desk.evidence.find(both["id"])).state == "erased")

    await until(told)
    assert (await desk.fetch(both)).status_code == 409
    left = await room.store.read(lambda db: set(db.exec(select(EvidenceObject.package))))
    assert left == {other["id"]}


async def test_a_still_that_is_erased_takes_its_package_along(case: Case) -> None:
    room = case.desk.room
    follow_erasure(
        case.desk.evidence.expiry, room.services.use(Erasure), room.services.use(SealedFiles)
    )
    package = await case.request(incident=INCIDENT)
    still = await room.store.read(
        lambda db: db.exec(select(CameraMedia.id).where(CameraMedia.state == "fetched")).first()
    )
    assert still is not None
    await erase(room, ("media", still))
    assert files_of(room, package["id"]) == {f"{package['id']}.json"}


async def test_a_start_mends_what_a_kill_left(desk: Desk, tmp_path: Path) -> None:
    room, files = desk.room, desk.room.services.use(SealedFiles)
    package = await desk.request()
    name, folder = package["id"], desk.room.state / "evidence"
    plain = files.read(f"evidence/{name}.zip")
    files.destroy([f"evidence/{name}.zip"])
    (folder / f"{name}.zip").write_bytes(plain)  # killed before it was sealed
    (folder / f"{name}.zip.sealing").write_bytes(b"half")
    (folder / "EV-2020-000001.zip").write_bytes(b"built, and killed before it was known")
    (folder / f"{name}.zip.signed.part").write_bytes(b"half")
    Shelf(room.state, files).sweep()
    assert files_of(room, name) == {f"{name}.zip.sealed", f"{name}.json"}
    assert files_of(room, "EV-2020-000001") == set()
    assert files.read(f"evidence/{name}.zip") == plain


async def test_without_its_keys_a_package_waits_plain(desk: Desk) -> None:
    room = desk.room
    await desk.request()
    for path in (room.state / "keys").glob("seal-*"):
        path.rename(path.with_suffix(".away"))
    keys = MasterKeys(KeyFolder(room.state / "keys"))
    files = SealedFiles(room.store, keys, room.state, room.clock)
    shelf = Shelf(room.state, files)
    (room.state / "evidence" / "EV-2020-000001.zip").write_bytes(b"zip")
    assert shelf.seal("EV-2020-000001") == hashlib.sha256(b"zip").hexdigest()
    assert (room.state / "evidence" / "EV-2020-000001.zip").read_bytes() == b"zip"
