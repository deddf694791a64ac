"""``samband audit`` and ``samband witness`` as a person types them: two houses, one radio."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dispatch.audit.trust import TrustedKey
from gateway.model.ids import UtcUs
from samband.cli import main
from tests.dispatch.audit.conftest import ORIGIN, State
from tests.dispatch.audit.killed_writer import entry


class House:
    """A log with three checkpoints, and a witness made by its command."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.root = root
        self.state = State(root / "state")
        self.db = f"sqlite:///{self.state.database}"
        log = self.state.log()
        log.open()
        for number in range(3):
            log.append([entry(self.state, 10 * number + one) for one in range(10)])
            log.write_head()
            log.checkpoint(UtcUs(number * 1_000_000))
        log.close()
        self.trust = root / "trust.txt"
        self.trust.write_text(f"log {log._signer.vkey}\n", encoding="utf-8")

    def run(self, *words: str | Path, status: int = 0) -> str:
        assert main([str(word) for word in words]) == status, self.capsys.readouterr()
        return self.capsys.readouterr().out

    def audit(self, verb: str, *words: str | Path, status: int = 0) -> str:
        return self.run("audit", verb, "--db", self.db, *words, status=status)

    def witness(self, verb: str, *words: str | Path, status: int = 0) -> str:
        place: list[str | Path] = ["--state", self.root / "witness"]
        if verb in ("hear", "add"):
            place += ["--logs", self.trust]
        return self.run("witness", verb, *place, *words, status=status)

    def save(self, name: str, text: str) -> Path:
        path = self.root / name
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> House:
    return House(tmp_path, capsys)


def test_mirror_and_verify(house: House) -> None:
    out = house.root / "mirror"
    assert "30 entries" in house.audit("export-tiles", "--out", out, "--wait", "0")
    words = house.run("audit", "verify", "--tiles", out, "--trust", house.trust)
    assert "sound" in words
    assert house.run("audit", "verify", "--tiles", out, status=1) == ""
    (out / "tile/0/000.p/30").write_bytes(bytes(960))
    words = house.run("audit", "verify", "--tiles", out, "--trust", house.trust, status=1)
    assert "NOT SOUND" in words


def test_no_checkpoint_covers_the_head(house: House) -> None:
    log = house.state.log()
    log.open()
    log.append([entry(house.state, 99)])
    log.write_head()
    log.close()
    house.audit("export-tiles", "--out", house.root / "mirror", "--wait", "0", status=1)


def test_proofs_are_printed_and_checked(house: House) -> None:
    rows = [json.loads(line) for line in house.audit("checkpoints", "--json").splitlines()]
    assert [row["size"] for row in rows] == [10, 20, 30]
    assert "1970-01-01T00:00:02" in house.audit("checkpoints")
    growth = house.save("growth", house.audit("prove", "--from", "10"))
    old = house.save("old", house.audit("prove", "--from", "0", "--to", "10").split("\n\n", 1)[1])
    check = ("audit", "check-proof", growth, "--trust", house.trust)
    assert "holds: the 10 entries are a beginning" in house.run(*check, "--old", old)
    raw = house.save("entry", entry(house.state, 12).decode())
    proof = house.save("proof", house.audit("prove", "--entry", "12"))
    single = ("audit", "check-proof", proof, "--trust", house.trust)
    assert "holds: entry 12 of 30" in house.run(*single, "--entry", raw)
    other = house.save("other", entry(house.state, 13).decode())
    assert "DOES NOT HOLD" in house.run(*single, "--entry", other, status=1)
    assert "DOES NOT HOLD" in house.run(*check, "--old", raw, status=1)
    bent = house.save("bent", growth.read_text("utf-8").replace("old 10", "old 11"))
    words = house.run("audit", "check-proof", bent, "--trust", house.trust, "--old", old, status=1)
    assert "begins at 11" in words
    house.run("audit", "check-proof", bent, "--trust", house.trust, status=1)
    house.audit("prove", "--from", "31", status=1)
    house.audit("prove", "--entry", "30", status=1)
    house.audit("prove", "--from", "1", "--to", "11", status=1)


def test_verify_proves_growth_and_takes_notes_kept_elsewhere(house: House) -> None:
    text = house.audit("radio-text")
    note = house.save("heard", text)
    words = house.audit("verify", "--trust", house.trust, "--note", note)
    assert "2 consistency proofs between notes hold" in words
    longer = house.state.log()
    longer.open()
    longer.append([entry(house.state, 77)])
    longer.write_head()
    longer.checkpoint(UtcUs(9))
    longer.close()
    note.write_text(house.audit("radio-text"), encoding="utf-8")
    _cut(house, 30)
    words = house.audit("verify", "--trust", house.trust, "--note", note, status=1)
    assert "cut off: note heard names 31 entries" in words


def _cut(house: House, size: int) -> None:
    """Cut table, checkpoints and head alike, as somebody with every right on the machine could."""
    import sqlite3

    connection = sqlite3.connect(house.state.database)
    for table in ("audit_log", "audit_node", "checkpoint"):
        connection.execute(f"DROP TRIGGER {table}_no_delete")
    connection.execute("DELETE FROM audit_log WHERE seq>=?", (size,))
    connection.execute("DELETE FROM checkpoint WHERE size>?", (size,))
    connection.commit()
    (note,) = connection.execute("SELECT note FROM checkpoint WHERE size=?", (size,)).fetchone()
    connection.close()
    (house.state.audit / "audit.head").write_text(note, encoding="utf-8")


def test_a_witness_by_file_and_by_radio(house: House) -> None:
    key = house.witness("create", "--name", "witness.test/w1").strip()
    assert TrustedKey(key).name == "witness.test/w1"
    house.witness("create", "--name", "witness.test/w1", status=1)
    assert house.witness("hear", house.audit("radio-text").strip()).startswith("SH1 30 ")
    house.witness("hear", "SB1 nonsense", status=1)
    house.witness("show", ORIGIN, status=1)
    request = house.save("request", house.audit("prove", "--from", "0"))
    text = house.witness("add", "--text", request).strip()
    assert text.startswith(f"SC1 {ORIGIN} 30 witness.test/w1 ")
    assert "cosigned 30 entries" in house.audit("take-text", "--witness", key, text)
    with house.trust.open("a", encoding="utf-8") as file:
        file.write(f"witness w1 {key}\n")
    words = house.audit("verify", "--trust", house.trust)
    assert "witnessed: witness.test/w1 at size 30" in words
    out = house.root / "mirror"
    house.audit("export-tiles", "--out", out, "--wait", "0")
    words = house.run("audit", "verify", "--tiles", out, "--trust", house.trust)
    assert "witnessed: witness.test/w1 at size 30" in words
    assert "\n30\n" in house.witness("show", ORIGIN)
    assert house.witness("add", request, status=1) == ""
    house.audit("take-text", "--witness", "x", text, status=1)
    house.run("witness", "show", "--state", house.root / "none", ORIGIN, status=1)


def test_the_witness_program_serves_until_it_is_stopped(house: House, tmp_path: Path) -> None:
    key = house.witness("create", "--name", "witness.test/w1").strip()
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "samband",
        "witness",
        "run",
        "--state",
        house.root / "witness",
    ]
    process = subprocess.Popen(
        [*command, "--logs", house.trust, "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        from dispatch.audit.cosign import Cosigning, witness_at

        asking = Cosigning(house.state.database, house.state.audit, (witness_at(key, url),))
        assert [(one.size, one.fault) for one in asking.ask_all()] == [(30, "")]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_completeness_of_an_empty_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dispatch.store.upgrade import upgrade

    upgrade(f"sqlite:///{tmp_path / 'samband.db'}")
    (tmp_path / "spool").mkdir()
    place = ["audit", "completeness", "--state", str(tmp_path)]
    assert main(place) == 0
    assert "complete" in capsys.readouterr().out
    (tmp_path / "spool" / "call_seq").write_text("2", encoding="ascii")
    assert main(place) == 1
    assert "MISSING: 2 numbers given out by the recorder" in capsys.readouterr().out
    assert main([*place, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["counter"] == 2
    config = tmp_path / "samband.toml"
    config.write_text(f'[store]\nstate = "{tmp_path}"\n', encoding="utf-8")
    assert main(["audit", "completeness", "-c", str(config)]) == 1
