"""``docs/law.md`` promises only what there is: each test, command and page that it names exists."""

import argparse
import importlib
import re
from pathlib import Path

from samband.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
LAW = (ROOT / "docs/law.md").read_text(encoding="utf-8")


def test_every_named_test_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", LAW)
    assert len(named) > 40
    missing = []
    for path, name in named:
        file = ROOT / path
        source = file.read_text(encoding="utf-8") if file.is_file() else ""
        if not re.search(rf"^(?:async )?def {name}\(", source, re.MULTILINE):
            missing.append(f"{path}::{name}")
    assert missing == []


def test_every_named_command_exists() -> None:
    named = set(re.findall(r"`samband ([a-z-]+)(?: ([a-z-]+))?", LAW))
    assert named
    missing = []
    for command, verb in named:
        if command not in COMMANDS:
            missing.append(command)
        elif verb and verb not in _verbs(command):
            missing.append(f"{command} {verb}")
    assert missing == []


def _verbs(command: str) -> set[str]:
    parser = argparse.ArgumentParser()
    importlib.import_module(COMMANDS[command][0]).add_parser(parser.add_subparsers())
    return set(re.findall(r"[\w-]+", " ".join(_choices(parser))))


def _choices(parser: argparse.ArgumentParser) -> list[str]:
    found: list[str] = []
    for action in parser._actions:  # argparse tells its sub-commands in no other way
        if isinstance(action, argparse._SubParsersAction):
            found += action.choices
            for inner in action.choices.values():
                found += _choices(inner)
    return found


def test_every_named_page_exists() -> None:
    pages = (ROOT / "console/src/routes/auditor/pages.ts").read_text(encoding="utf-8")
    named = set(re.findall(r"`#/audit/(\w+)`", LAW))
    assert named
    assert [one for one in named if f"id: '{one}'" not in pages] == []


def test_what_is_not_there_is_said() -> None:
    assert "## What is not there" in LAW
