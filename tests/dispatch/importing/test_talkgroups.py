"""Lists in the shapes of the field, with their faults; the diff; the next plan."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import ServiceError, TooLarge
from dispatch.importing.csv_rows import read_table
from dispatch.importing.merge import merge
from dispatch.importing.merge_list import merge_list
from dispatch.importing.report import report
from dispatch.importing.talkgroups import agency_kind, read_talkgroups
from gateway.model.ids import SystemId
from gateway.model.plan import Plan, System, Talkgroup

VECTORS = Path(__file__).parents[2] / "vectors/talkgroups"
COUNTY = SystemId("county")
PLAN = Plan(
    name="p",
    systems=(System(id=COUNTY, name="C", technology="p25", handle=1),),
    talkgroups=(
        Talkgroup(system=COUNTY, number=1001, name="BY HAND", folder="Desk", priority=7),
        Talkgroup(system=COUNTY, number=77, name="ONLY HERE", folder="Desk"),
    ),
)


def read(name: Any) -> Any:
    return read_talkgroups((VECTORS / name).read_bytes())


def states(reading: Any) -> Any:
    return [(row.line, row.state) for row in reading.rows]


def test_trunk_recorder() -> None:
    reading = read("trunk_recorder.csv")
    assert reading.format == "trunk-recorder"
    assert "priority" in reading.why
    assert states(reading) == [
        (2, "ok"),
        (3, "ok"),
        (4, "repaired"),
        (5, "skipped"),
        (6, "duplicate"),
        (7, "skipped"),
        (8, "repaired"),
        (9, "repaired"),
    ]
    by_number = {tg.number: tg for tg in reading.talkgroups}
    assert by_number[1001].description == "North dispatch, main"
    assert by_number[1001].agency_kind == "police"
    assert by_number[1002].encrypted
    assert (by_number[1003].recorded, by_number[1003].priority) == (False, None)
    assert by_number[1006].name == "Only described"
    assert by_number[1007].name == "1007"
    faults = {row.line: (row.column, row.reason, row.value) for row in reading.rows}
    assert faults[4] == ("Hex", "it is not 1003 in hexadecimal; the decimal number was used", "65")
    assert faults[5][0] == "Decimal"
    assert faults[7][:2] == ("Mode", "expected A, D, M or T, with e or E when encrypted")
    assert faults[8][0] == "Priority"


def test_radioreference_with_unescaped_quotes() -> None:
    reading = read("radioreference.csv")
    assert reading.format == "radioreference"
    assert states(reading) == [
        (2, "ok"),
        (3, "repaired"),
        (4, "repaired"),
        (5, "ok"),
        (6, "duplicate"),
    ]
    by_number = {tg.number: tg for tg in reading.talkgroups}
    assert by_number[54].description == 'West Metro "2500" Dispatch'
    assert by_number[54].folder == "MSP"
    assert by_number[172].encrypted
    assert by_number[172].folder == "DOC"
    assert by_number[3].description == "County: North, Dispatch"


def test_properly_escaped_quotes_are_not_called_a_repair() -> None:
    data = b'Decimal,Mode,Alpha Tag,Description,Priority\n7,D,X,"a ""b"" c",1\n'
    reading = read_talkgroups(data)
    assert reading.rows[0].state == "ok"
    assert reading.talkgroups[0].description == 'a "b" c'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"Number,Name\n1,x\n", "expected a header with Decimal and Mode, got: Number, Name"),
        (b"Decimal,Mode,Encryption Key\n1,D,00\n", "looks like a secret"),
    ],
)
def test_other_files_are_refused_with_a_reason(data: Any, words: Any) -> None:
    with pytest.raises(ServiceError, match=words):
        read_talkgroups(data)


def test_encodings_separators_and_unknown_columns() -> None:
    latin = "Decimal;Mode;Alpha Tag;Colour\r1;D;RÄDDNING;red\r".encode("cp1252")
    reading = read_talkgroups(latin)
    assert reading.talkgroups[0].name == "RÄDDNING"
    assert "Windows-1252" in reading.warnings[0]
    assert reading.warnings[1] == "columns not used: Colour"


def test_limits(monkeypatch: Any) -> None:
    head = b"Decimal,Mode\n"
    with pytest.raises(TooLarge, match="more than 100000 rows"):
        read_table(head + b"1,D\n" * 100_001)
    long = read_talkgroups(head + b"1," + b"x" * 70_000 + b"\n")
    assert long.rows[0].state == "skipped"
    name = read_talkgroups(b"Decimal,Alpha Tag,Mode\n1," + b"N" * 80 + b",D\n")
    assert (name.rows[0].state, len(name.talkgroups[0].name)) == ("repaired", 24)
    monkeypatch.setattr("dispatch.importing.csv_rows.MAX_FILE_BYTES", 10)
    with pytest.raises(TooLarge, match="at most 10"):
        read_table(head)


@settings(max_examples=300)
@given(st.text(alphabet='12,;"ADe\n\r\t äx', max_size=200))
def test_the_report_adds_up_whatever_the_rows(text: Any) -> None:
    reading = read_talkgroups(b"Decimal,Mode,Alpha Tag\n" + text.encode())
    diff = merge_list(PLAN, "county", reading, "keep")
    counts = report(reading, diff, applied=False, plan=1)["counts"]
    assert counts.pop("read") == sum(counts.values())
    good = Counter(row.state for row in reading.rows)
    assert good["ok"] + good["repaired"] == len(reading.talkgroups)


def test_merge_deletes_nothing_and_what_was_edited_by_hand_wins() -> None:
    reading = read("trunk_recorder.csv")
    diff = merge(PLAN, "county", reading.talkgroups)
    numbers = [tg.number for tg in diff.plan.talkgroups]
    assert numbers == [1001, 77, 1002, 1003, 1006, 1007]
    first = diff.plan.talkgroups[0]
    assert (first.name, first.folder, first.priority) == ("BY HAND", "Desk", 7)
    assert (first.description, first.agency, first.agency_kind) == (
        "North dispatch, main",
        "Law Dispatch",
        "police",
    )
    assert {change.field for change in diff.kept} == {"name", "folder", "priority"}
    assert diff.plan.talkgroups[3].recorded is False


def test_policies() -> None:
    reading = read("trunk_recorder.csv")
    added = merge(PLAN, "county", reading.talkgroups, "add")
    assert added.changed == ()
    updated = merge(PLAN, "county", reading.talkgroups, "update")
    assert updated.plan.talkgroups[0].name == "NORTH DISP"
    again = merge(updated.plan, "county", reading.talkgroups, "update")
    assert (again.added, again.changed, again.unchanged) == ((), (), 5)
    with pytest.raises(ServiceError, match="system: expected one of county"):
        merge(PLAN, "other", reading.talkgroups)
    with pytest.raises(ServiceError, match="policy"):
        merge(PLAN, "county", reading.talkgroups, "replace")


def test_agency_kinds() -> None:
    assert agency_kind("Fire Dispatch") == "fire"
    assert agency_kind("Hospital") == "ems"
    assert agency_kind("Hamnen") == "port"
    assert agency_kind("Schools") is None


def run(*words: Any) -> Any:
    command = [sys.executable, "-m", "samband", "import", "talkgroups", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_command(tmp_path: Any) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(
        'name = "p"\n[[systems]]\nid = "county"\nname = "C"\ntechnology = "p25"\nhandle = 1\n'
    )
    path = VECTORS / "trunk_recorder.csv"
    done = run(path, "--plan", plan)
    assert done.returncode == 0, done.stderr
    assert "8 rows: 2 ok, 3 repaired, 2 skipped, 1 duplicate" in done.stdout
    assert "line 5, skipped: Decimal" in done.stdout
    assert "nothing was changed" in done.stdout
    values = json.loads(run(path, "--plan", plan, "--json").stdout)
    assert len(values["diff"]["added"]) == 5
    assert values["applied"] is False
    assert "a plan file is not changed" in run(path, "--plan", plan, "--apply").stderr
    assert run(tmp_path / "none.csv", "--plan", plan).returncode == 1
    assert run().returncode == 2
