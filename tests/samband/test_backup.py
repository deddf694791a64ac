"""Backup of a running room, restore with verification, and what a damaged backup does."""

import json
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from dispatch.audit.checkpoint import TreeHead
from dispatch.audit.verify import verify_database
from gateway.model.errors import ConfigError
from samband.backup_command import back_up
from samband.place import log_origin
from samband.restore_command import restore
from tests.dispatch.opus import spoken
from tests.dispatch.room import Room
from tests.samband.commands import here


async def room_with_a_call(state: Path) -> Room:
    room = Room(state)
    await room.start()
    call, transmission = room.begin()
    room.record(call, transmission, spoken())
    room.end(call, transmission)
    await room.journaled()
    return room


async def test_a_running_room_is_saved_and_comes_back_verified(tmp_path: Path) -> None:
    state = tmp_path / "state"
    room = await room_with_a_call(state)
    file = tmp_path / "room.tar"
    manifest = back_up(state, file, with_keys=False)
    assert file.stat().st_mode & 0o777 == 0o600
    assert not any(name.startswith("keys/") for name in manifest["files"])
    room.begin(seq=2)
    await room.journaled()
    await room.close()
    fresh = tmp_path / "fresh"
    result = restore(file, fresh, newest_head=state / "audit" / "audit.head")
    assert result["missing"] > 0
    with sqlite3.connect(fresh / "samband.db") as db:
        assert db.execute("SELECT count(*) FROM call").fetchone() == (1,)
        first = json.loads(db.execute("SELECT entry FROM audit_log WHERE seq=0").fetchone()[0])
    assert first["verb"] == "log.restored"
    assert first["detail"]["size"] == result["entries"]
    assert log_origin(fresh) == "test.example/log~1"
    assert [p.read_bytes() for p in (fresh / "recordings").glob("*.opus")] == [spoken()]
    assert verify_database(fresh / "samband.db", fresh / "audit").ok
    before = fresh / "audit" / "before" / "1"
    old = verify_database(before / "audit.db", before, head=before / "audit.head")
    assert (old.ok, old.size) == (True, result["entries"])


async def test_a_changed_byte_or_a_changed_log_is_refused_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    room = await room_with_a_call(state)
    await room.close()
    file = tmp_path / "room.tar"
    back_up(state, file, with_keys=True)
    raw = bytearray(file.read_bytes())
    place = raw.index(spoken()[200:260])
    raw[place] ^= 1
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(raw)
    with pytest.raises(ConfigError, match="damaged") as caught:
        restore(damaged, tmp_path / "a")
    assert len(caught.value.faults) == 1
    assert not (tmp_path / "a" / "samband.db").exists()
    with sqlite3.connect(state / "samband.db") as db:
        db.execute("DROP TRIGGER audit_log_no_delete")
        db.execute("DELETE FROM audit_log WHERE seq = 2")
    cut = tmp_path / "cut.tar"
    back_up(state, cut, with_keys=True)
    with pytest.raises(ConfigError, match="not sound"):
        restore(cut, tmp_path / "b")
    assert not (tmp_path / "b" / "samband.db").exists()


async def test_a_head_on_another_disk_is_saved_and_the_restored_log_goes_on_there(
    tmp_path: Path,
) -> None:
    state, elsewhere = tmp_path / "state", tmp_path / "other-disk"
    room = await room_with_a_call(state)
    await room.close()
    elsewhere.mkdir()
    for name in ("audit.head", "log.vkey"):
        (state / "audit" / name).rename(elsewhere / name)
    (elsewhere / "of-somebody-else").write_text("not ours")
    with pytest.raises(ConfigError, match=r"audit\.head, found none"):
        back_up(state, tmp_path / "useless.tar", with_keys=False)
    file = tmp_path / "room.tar"
    manifest = back_up(state, file, with_keys=True, head_folder=elsewhere)
    assert {"audit/audit.head", "audit/log.vkey"} < set(manifest["files"])
    assert "audit/of-somebody-else" not in manifest["files"]
    fresh = tmp_path / "fresh"
    result = restore(file, fresh, head_folder=elsewhere)
    assert TreeHead.from_note((elsewhere / "audit.head").read_text()).origin == result["origin"]
    assert (elsewhere / "audit.head.before-1").is_file()
    assert verify_database(fresh / "samband.db", elsewhere).ok


def test_what_is_no_backup_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"no tar at all")
    with pytest.raises(ConfigError, match="cannot be read"):
        restore(tmp_path / "x.tar", tmp_path / "s")
    with tarfile.open(tmp_path / "y.tar", "w"):
        pass
    with pytest.raises(ConfigError, match="no manifest"):
        restore(tmp_path / "y.tar", tmp_path / "s")


def samband(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "samband", *words],
        capture_output=True,
        text=True,
        input=text,
        check=False,
    )


def test_setup_makes_a_room_once_and_its_link_makes_an_administrator(tmp_path: Path) -> None:
    config, state = tmp_path / "samband.toml", tmp_path / "state"
    words = ("setup", "--config", str(config), "--state", str(state), "--host", "radio.test")
    done = samband(*words)
    assert done.returncode == 0, done.stderr
    assert "https://radio.test:8443/#/invitation/" in done.stdout
    assert "ExecStart=" in (state / "samband.service").read_text()
    assert (state / "keys" / "web.key").stat().st_mode & 0o777 == 0o600
    checked = here("check-config", str(config))
    assert checked.returncode == 0, checked.stdout
    again = here(*words)
    assert again.returncode == 1
    assert "not overwritten" in again.stderr
    upgraded = here("db", "upgrade", "-c", str(config), "--json")
    assert json.loads(upgraded.stdout)["before"] == json.loads(upgraded.stdout)["after"]


def test_users_are_added_listed_disabled_and_reset(tmp_path: Path) -> None:
    state = tmp_path / "state"
    config = tmp_path / "samband.toml"
    here("setup", "--config", str(config), "--state", str(state), "--host", "radio.test")
    place = ("--state", str(state))
    person = ("--display-name", "Sara Holm", "--organisation", "Police")
    added = here("users", "add", "sara", "--role", "auditor", *person, *place, "--json")
    assert "/#/invitation/" in json.loads(added.stdout)["link"]
    same = ("--person", "sara", "--role", "administrator")
    both = here("users", "add", "sara-2", *same, *person, *place)
    assert both.returncode == 1
    assert "on one person is refused" in both.stderr
    short = here(
        "users",
        "add",
        "olle",
        "--role",
        "dispatcher",
        *person,
        *place,
        "--password-stdin",
        text="short\n",
    )
    assert short.returncode == 1
    assert "expected 12 to 512 characters, got 5" in short.stderr
    given = here("users", "grant", "--role", "auditor", "--actions", "talk", *place)
    assert "can't carry: talk" in given.stderr
    assert here("users", "disable", "sara", *place).returncode == 0
    listed = json.loads(here("users", "list", *place, "--json").stdout)
    assert [(row["name"], row["disabled"]) for row in listed] == [("sara", True)]
    unknown = here("users", "reset", "nobody", *place)
    assert unknown.returncode == 1
    assert "there is no user" in unknown.stderr
    assert here("users", "add").returncode == 2
