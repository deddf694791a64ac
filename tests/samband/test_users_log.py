"""Commands that change people while no server runs leave an entry for the next start."""

import argparse
import json
from pathlib import Path

import pytest

from dispatch.audit.spool import Spool
from samband.state import StateLock, make_state
from samband.users_command import add_parser, run


def command(state: Path, *words: str) -> None:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    run(parser.parse_args(["users", *words, "--state", str(state)]))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    make_state(tmp_path)
    (tmp_path / "samband.db").touch()
    return tmp_path


ADD = ("--display-name", "Sara Holm", "--role", "dispatcher", "--organisation", "Police")


def test_a_change_waits_in_the_spool_without_a_name(state: Path) -> None:
    command(state, "add", "sara", *ADD)
    command(state, "grant", "--role", "dispatcher", "--folder", "North", "--days", "30")
    command(state, "reset", "sara")
    command(state, "list")
    entries = Spool(state / "spool").read()
    assert [entry["detail"]["command"] for entry in entries] == [
        "users add",
        "users grant",
        "users reset",
    ]
    assert [entry["late"] for entry in entries] == [True] * 3
    assert entries[0]["detail"]["users"] == entries[2]["detail"]["users"]
    assert len(entries[1]["detail"]["grants_given"]) == 1
    assert "Sara" not in json.dumps(entries)


def test_a_running_server_logs_the_change_itself(state: Path) -> None:
    lock = StateLock(state)
    command(state, "add", "sara", *ADD)
    lock.release()
    assert Spool(state / "spool").read() == []


def test_administrator_and_auditor_on_one_person_is_refused_by_command_too(state: Path) -> None:
    common = ("--display-name", "A", "--organisation", "P", "--person", "staff-7")
    command(state, "add", "anna", "--role", "administrator", *common)
    command(state, "disable", "anna")
    with pytest.raises(Exception, match="on one person is refused"):
        command(state, "add", "anna-2", "--role", "auditor", *common)
