"""Every part of the server says how it is; page, /readyz and /metrics say the same."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dispatch.health.parts import Part, worst
from dispatch.health.rules import HealthRules
from dispatch.health.service import Health
from dispatch.health.sources import LAST_BACKUP, HealthSources
from dispatch.reports.clock_watch import ClockState, ClockWatch
from dispatch.services.disk import DiskPolicy
from gateway.model import events as ev
from gateway.model.ids import TransmissionId
from tests.dispatch.room import LINK, NORTH, SECRET_LINK, Room, until

HOUR_US = 3_600_000_000


def part(room: Room, name: str, certificate: Path | None = None) -> Part:
    sources = HealthSources(room.services, room.state, HealthRules(), certificate)
    sources.noticed = room.services.use(Health)._sources.noticed
    return next(one for one in sources.all() if one.id == name)


def certificate_of(folder: Path, days: int) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "samband.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days, hours=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / f"cert-{days}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path


async def test_page_readyz_and_metrics_say_the_same(room: Room) -> None:
    browser = await room.browser("engineer")
    await room.services.use(Health).look()
    found = (await browser.get("/health")).json()
    parts = {row["id"]: row for row in found["parts"]}
    assert {"database", "audit_log", "recorder", "disk", "spool", "links", "bus"} <= set(parts)
    assert {"queues", "cameras", "clock", "certificate", "backup"} <= set(parts)
    assert parts["database"]["state"] == "ok"
    assert all(row["rule"] and row["words"] and row["since_utc"] for row in found["parts"])
    readyz = (await browser.http.get("/readyz")).json()
    bad = {name for name, row in parts.items() if row["state"] in ("attention", "fault")}
    assert set(readyz["health"]["not_ok"]) == bad
    assert readyz["health"]["state"] == found["state"]
    metrics = (await browser.http.get("/metrics")).text
    numbers = {"ok": 0, "unknown": 0, "attention": 1, "fault": 2}
    for name, row in parts.items():
        assert f'samband_health{{part="{name}"}} {numbers[row["state"]]}' in metrics
    assert [tile["id"] for tile in found["tiles"]] == [
        "links",
        "grant",
        "ear",
        "lost",
        "clock",
        "spool",
    ]


async def test_only_those_who_mend_it_see_it(room: Room) -> None:
    for name, allowed in (("engineer", 200), ("administrator", 200), ("dispatcher", 403)):
        browser = await room.browser(name)
        assert (await browser.get("/health")).status_code == allowed
        assert (await browser.get("/health/history")).status_code == allowed
    supervisor = await room.browser("supervisor")
    assert (await supervisor.get("/audio-path/ways")).status_code == 403


async def test_links_are_counted_and_those_that_are_down_are_named(room: Room) -> None:
    assert part(room, "links").state == "fault"
    room.link_up(LINK)
    await until(lambda: part(room, "links").state == "attention")
    assert "Hidden radio" in part(room, "links").words
    assert "North radio" not in part(room, "links").words
    room.link_up(SECRET_LINK, 200)
    await until(lambda: part(room, "links").state == "ok")
    assert part(room, "links").words == "All 2 up"


async def test_a_recording_that_failed_counts_until_one_is_kept(room: Room) -> None:
    assert part(room, "recorder").state == "ok"
    call, over = room.begin()
    room.bus.publish(ev.RecordingFailed(transmission=over, talkgroup=NORTH, reason="no space left"))
    await until(lambda: part(room, "recorder").state == "fault")
    assert "no space left" in part(room, "recorder").words
    room.record(call, TransmissionId(over), b"opus")
    await until(lambda: part(room, "recorder").state == "ok")


async def test_a_disk_a_clock_and_a_backup_say_what_to_do(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = room.services.use(DiskPolicy)
    for free, state in ((50, "ok"), (5, "attention"), (1, "fault")):
        monkeypatch.setattr(disk, "_usage", lambda _, free=free: (100, free))
        disk.check()
        found = part(room, "disk")
        assert (found.state, bool(found.todo)) == (state, state != "ok")
        assert found.words == f"{free} % free"
    watch = room.services.use(ClockWatch)
    for known, state in (
        (ClockState(None, None), "unknown"),
        (ClockState(False, None), "attention"),
        (ClockState(True, 8), "ok"),
        (ClockState(True, 101), "attention"),
    ):
        monkeypatch.setattr(watch, "_kernel", lambda known=known: known)
        assert part(room, "clock").state == state
    assert part(room, "backup").state == "attention"
    now = room.clock.utc_us()
    for hours, state in ((1, "ok"), (49, "attention")):
        made = {"made_utc": now - hours * HOUR_US, "file": "a.tar"}
        (room.state / LAST_BACKUP).write_text(json.dumps(made))
        assert part(room, "backup").state == state
    (room.state / LAST_BACKUP).write_text("no json")
    assert part(room, "backup").state == "attention"


async def test_a_certificate_is_told_before_it_ends(room: Room, tmp_path: Path) -> None:
    assert part(room, "certificate").state == "unknown"
    for days, state in ((90, "ok"), (29, "attention"), (-1, "fault")):
        found = part(room, "certificate", certificate_of(tmp_path, days))
        assert found.state == state
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    assert part(room, "certificate", broken).state == "fault"
    assert part(room, "certificate", tmp_path / "missing.pem").state == "fault"


async def test_the_last_day_outlives_a_restart_and_forgets_what_is_older(room: Room) -> None:
    health = room.services.use(Health)
    await health.look()
    room.link_up(LINK)
    await until(lambda: part(room, "links").state == "attention")
    await health.look()
    browser = await room.browser("engineer")
    told = (await browser.get("/health/history")).json()
    links = [change for change in told["changes"] if change["part"] == "links"]
    assert [change["state"] for change in links] == ["fault", "attention"]
    assert told["to_utc"] - told["from_utc"] == 24 * HOUR_US
    again = Health(room.services, health._sources, HealthRules())
    await again._load()
    kept = [change["part"] for change in again.history()["changes"]]
    assert kept.count("links") == 2
    assert kept[-1] == "server"
    since = {row["id"]: row["since_utc"] for row in again.rows()}
    assert since["links"] == links[-1]["t_utc"]


async def test_changes_wait_while_the_database_is_away(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = room.services.use(Health)
    await health.look()

    async def away(_work: object) -> None:
        from dispatch.store.engine import StoreUnavailable

        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(room.store, "write", away)
        patched.setattr(room.store, "read", away)
        await health.look()
        await asyncio.sleep(0)
        assert part(room, "database").state == "fault"
        assert [change.part for change in health._unwritten] == ["database"]
    await health.look()
    assert part(room, "database").state == "ok"
    assert health._unwritten == []


def test_the_worst_state_counts_and_what_is_unknown_is_no_fault() -> None:
    def of(state: str) -> Part:
        return Part(id="x", name="X", state=state, words="")  # type: ignore[arg-type]  # one of the four

    assert worst([]) == "ok"
    assert worst([of("ok"), of("fault"), of("attention")]) == "fault"
    assert worst([of("attention"), of("unknown")]) == "attention"
