"""Tampering: every kind fails and names the place."""

import json
import sqlite3
import subprocess
import sys
from typing import Any

import pytest

from dispatch.audit.entry import entry_bytes, seal
from dispatch.audit.merkle import leaf_hash
from dispatch.audit.verify import verify_database
from gateway.model.ids import UtcUs
from tests.dispatch.audit.conftest import act

ENTRIES = 40


@pytest.fixture
def sound(state: Any) -> Any:
    log = state.log()
    log.open()
    for number in range(ENTRIES):
        entry = seal(
            act(number),
            state.keys,
            entry_id=f"id-{number}",
            now=UtcUs(1_764_000_000_000_000 + number),
            prev_hint=number,
            nonce=number.to_bytes(12, "big"),
        )
        log.append([entry_bytes(entry)])
        log.write_head()
        if number in (9, 29):
            log.checkpoint(number)
    log.close()
    return state


def change(state: Any, *statements: Any) -> Any:
    connection = sqlite3.connect(state.database)
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type='trigger'"
    ).fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(*statement) if isinstance(statement, tuple) else connection.execute(
            statement
        )
    connection.commit()
    connection.close()


def verify(state: Any) -> Any:
    return verify_database(state.database, state.audit)


def test_a_sound_log_passes(sound: Any) -> None:
    report = verify(sound)
    assert report.ok, report.faults
    assert (report.size, report.head_size, report.checkpoints) == (ENTRIES, ENTRIES, 2)


@pytest.mark.parametrize("seq", [0, 1, 17, ENTRIES - 1])
def test_one_changed_byte_in_any_entry(sound: Any, seq: Any) -> None:
    connection = sqlite3.connect(sound.database)
    (raw,) = connection.execute("SELECT entry FROM audit_log WHERE seq=?", (seq,)).fetchone()
    connection.close()
    changed = raw.replace(b'"from_ms":0', b'"from_ms":1')
    change(sound, ("UPDATE audit_log SET entry=? WHERE seq=?", (changed, seq)))
    report = verify(sound)
    assert f"entry {seq}: its bytes were changed" in report.faults[0]


@pytest.mark.parametrize("value", ["'text'", "7", "x''", "zeroblob(100000)"])
def test_an_entry_of_another_kind(sound: Any, value: Any) -> None:
    change(sound, f"UPDATE audit_log SET entry={value} WHERE seq=12")
    assert verify(sound).faults[0].startswith("entry 12: its bytes were changed")
    change(sound, "UPDATE audit_log SET leaf='text' WHERE seq=3")
    assert verify(sound).faults[0].startswith("entry 3: ")
    change(sound, "UPDATE audit_node SET hash='text'", "UPDATE checkpoint SET root=1, note=2")
    assert not verify(sound).ok


def test_a_changed_leaf_hash(sound: Any) -> None:
    change(sound, "UPDATE audit_log SET leaf=zeroblob(32) WHERE seq=12")
    assert verify(sound).faults[0].startswith("entry 12: ")


def test_an_entry_changed_with_its_leaf_is_bracketed(sound: Any) -> None:
    entry = b"{}"
    change(
        sound,
        ("UPDATE audit_log SET entry=?, leaf=? WHERE seq=12", (entry, leaf_hash(entry))),
    )
    report = verify(sound)
    assert "entry 12: it lacks keys" in report.faults[0]
    assert any(line.startswith("entries 12 to 13: their subtree 1/6") for line in report.faults)
    assert any(
        line.startswith("entries 10 to 29: they are not those that checkpoint 30")
        for line in report.faults
    )


@pytest.mark.parametrize(("seq", "words"), [(0, "entry 0"), (20, "entry 20"), (38, "entry 38")])
def test_a_deleted_row(sound: Any, seq: Any, words: Any) -> None:
    change(sound, f"DELETE FROM audit_log WHERE seq={seq}")
    assert verify(sound).faults[0] == f"{words}: missing from the log"


def test_rows_moved_up_over_a_deleted_one(sound: Any) -> None:
    change(
        sound,
        "DELETE FROM audit_log WHERE seq=20",
        "UPDATE audit_log SET seq=seq-1 WHERE seq>20",
    )
    report = verify(sound)
    assert any("20 to 21" in line for line in report.faults)
    assert any("cut off: audit.head names 40" in line for line in report.faults)


@pytest.mark.parametrize("kept", [39, 31, 12, 0])
def test_a_cut_tail_is_seen_by_the_head(sound: Any, kept: Any) -> None:
    change(
        sound,
        f"DELETE FROM audit_log WHERE seq>={kept}",
        f"DELETE FROM audit_node WHERE (idx+1) * (1 << level) > {kept}",
        f"DELETE FROM checkpoint WHERE size>{kept}",
    )
    report = verify(sound)
    assert any("cut off: audit.head names 40 entries" in line for line in report.faults)
    assert report.faults[0].startswith("entry 39" if kept == 39 else f"entries {kept} to 39")


def test_a_missing_or_changed_head(sound: Any) -> None:
    head = sound.audit / "audit.head"
    note = head.read_text()
    head.write_text(note.replace("\n40\n", "\n39\n"))
    assert "the note was changed" in verify(sound).faults[0]
    head.write_bytes(b"\xff\xfe")
    assert "not text" in verify(sound).faults[0]
    head.unlink()
    assert "the head is missing" in verify(sound).faults[0]


def test_a_log_longer_than_its_head_is_sound(sound: Any) -> None:
    log = sound.log()
    log.open()
    log.append([entry_bytes(json.loads(b'{"v":1}'))])
    log.close()
    report = verify(sound)
    assert [line for line in report.faults if "entry 40" not in line] == []
    assert report.size == 41
    assert report.head_size == 40


def test_a_forged_checkpoint(sound: Any) -> None:
    change(sound, "UPDATE checkpoint SET root=zeroblob(32) WHERE size=10")
    assert "says something else than its note" in verify(sound).faults[0]
    change(sound, "UPDATE checkpoint SET note=replace(note, char(10)||'10', char(10)||'11')")
    assert any("the note was changed" in line for line in verify(sound).faults)


def test_another_key_is_not_believed(sound: Any, tmp_path: Any) -> None:
    trust = tmp_path / "trust"
    trust.write_text(
        "# ours\nlog audit.example.se/dispatch1+560db70c+"
        "AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\n"
    )
    report = verify_database(sound.database, sound.audit, trust=trust)
    assert "no trusted key has signed it" in report.faults[0]
    trust.write_text("witness x\n")
    with pytest.raises(ValueError, match="expected a line: log"):
        verify_database(sound.database, sound.audit, trust=trust)


def run(*words: Any) -> Any:
    return subprocess.run(
        [sys.executable, "-m", "samband", "audit", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command(sound: Any) -> None:
    url = f"sqlite:///{sound.database}"
    done = run("verify", "--db", url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "sound." in done.stdout
    shown = run("show", "--db", url, "--last", "2", "--keys", str(sound.root / "keys"), "--json")
    lines = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [line["seq"] for line in lines] == [38, 39]
    assert lines[0]["detail"]["note"] == "Anna A"
    assert "recording.play" in run("show", "--db", url).stdout
    change(sound, "DELETE FROM audit_log WHERE seq=20")
    failed = run("verify", "--db", url, "--json")
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["faults"] == ["entry 20: missing from the log"]
    assert "NOT SOUND (entry 20" in run("verify", "--db", url).stdout
    assert run("verify", "--db", "sqlite:////nowhere/x.db").returncode == 1
    assert run("verify").returncode == 2
