"""Every reader of recordings reads sealed ones: playing, ranges, peaks, proof, packages."""

import hashlib

from dispatch.evidence.completeness import check_completeness
from dispatch.retention.sealed import SealedFiles
from dispatch.retention.sealer import Sealer
from tests.dispatch.evidence.conftest import desk  # noqa: F401  # a fixture
from tests.dispatch.evidence.desk import Desk
from tests.dispatch.opus import spoken
from tests.dispatch.retention.keepers import Keepers
from tests.dispatch.room import GATEWAY


async def test_playing_peaks_and_proof_of_a_sealed_recording(keepers: Keepers) -> None:
    over, call = keepers.overs[0], keepers.calls[0]
    plain = await keepers.supervisor.get(f"/recordings/{over}")
    peaks = (await keepers.supervisor.get(f"/recordings/{over}/peaks")).json()
    keepers.seal_all()
    sealed = await keepers.supervisor.get(f"/recordings/{over}")
    assert (sealed.status_code, sealed.content) == (200, plain.content)
    assert sealed.headers["x-samband-sha256"] == hashlib.sha256(sealed.content).hexdigest()
    assert (await keepers.supervisor.get(f"/recordings/{over}/peaks")).json() == peaks
    sheet = (await keepers.supervisor.get(f"/calls/{call}")).json()
    assert sheet["integrity"]["ok"]
    found = check_completeness(keepers.room.store, keepers.room.state, GATEWAY)
    assert "in the call table, but its file is gone" not in found.findings


RANGES = [
    ("bytes=0-9", 206, 0, 10),
    ("bytes=100-", 206, 100, None),
    ("bytes=-7", 206, -7, None),
    ("bytes=5-99999999", 206, 5, None),
    ("bytes=9-3", 200, 0, None),
    ("bytes=0-1,4-5", 200, 0, None),
    ("bites=0-1", 200, 0, None),
]


async def test_ranges_of_a_sealed_recording(keepers: Keepers) -> None:
    keepers.seal_all()
    whole, path = spoken(41), f"/recordings/{keepers.overs[0]}"
    for wanted, status, first, end in RANGES:
        answer = await keepers.supervisor.get(path, headers={"Range": wanted})
        assert (answer.status_code, answer.content) == (status, whole[first:end]), wanted
        if status == 206:
            assert answer.headers["content-range"].endswith(f"/{len(whole)}")
    behind = await keepers.supervisor.get(path, headers={"Range": "bytes=99999999-"})
    assert behind.status_code == 416
    assert behind.headers["content-range"] == f"bytes */{len(whole)}"


async def test_what_rested_is_sealed_and_what_a_stop_left_at_the_start(keepers: Keepers) -> None:
    room = keepers.room
    sealer = Sealer(
        store=room.store, files=keepers.files, bus=room.bus, clock=room.clock, rest_ms=0
    )
    await sealer._start()
    assert await sealer.seal_due() == 3
    folder = room.state / "recordings"
    assert sorted(path.suffix for path in folder.iterdir()) == [".sealed"] * 3
    (room.state / "keys" / "seal-1.key").rename(room.state / "away.key")
    files = room.services.use(SealedFiles)
    files._keys._folder._kept.clear()
    files._keys_known = False
    await keepers.call(4)
    await room.journaled()
    await sealer._guarded(sealer._start())
    await sealer._guarded(sealer.seal_due())
    assert "is not in the key folder" in sealer.problem
    assert (await keepers.supervisor.get(f"/recordings/{keepers.overs[3]}")).status_code == 200
    assert (await keepers.supervisor.get(f"/recordings/{keepers.overs[0]}")).status_code == 503
    await sealer.close()


async def test_a_package_of_sealed_files_verifies(desk: Desk) -> None:  # noqa: F811
    files = desk.room.services.use(SealedFiles)
    for path in list((desk.room.state / "recordings").glob("*.opus")):
        assert files.seal(path, path.stem)
    assert not list((desk.room.state / "recordings").glob("*.opus"))
    package = await desk.request()
    await desk.approve(package)
    found = desk.verify((await desk.fetch(package)).content)
    assert found.status == 3, found.text()
