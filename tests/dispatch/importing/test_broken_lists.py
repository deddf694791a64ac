"""Every sample and every broken file that lists of the field come as, each with its report.

``CASES`` is the check list: what the file is about, the file, and what has to be told of it. Files
about uploads (negative dBm, a test call, a bad source list, no sound) are those of
``tests/dispatch/uploads``.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from dispatch.errors import ServiceError
from dispatch.importing.formats.sdrtrunk import read_sdrtrunk
from dispatch.importing.merge_list import merge_list
from dispatch.importing.reading import Reading
from dispatch.importing.recognise import Wish, read_list
from dispatch.importing.writing import write_list
from gateway.model.ids import SystemId
from gateway.model.number_pattern import compile_pattern
from gateway.model.plan import Plan, System

FILES = Path(__file__).parents[2] / "vectors/lists"
NET = SystemId("net")
PLAN = Plan(name="p", systems=(System(id=NET, name="N", technology="p25", handle=1),))
OK, R, S, D = "ok", "repaired", "skipped", "duplicate"


@dataclass(frozen=True)
class Case:
    """A file: what it is about, its format, what became of its rows, words that are told."""

    about: str
    file: str
    format: str
    rows: tuple[tuple[int, str], ...]
    told: tuple[str, ...] = ()
    """Reasons and warnings, each somewhere in the report."""
    kind: str = "talkgroups"


TR, RR, TAGS = "trunk-recorder", "radioreference", "trunk-recorder-units"
CASES = (
    Case("order of trunk-recorder", "order_of_trunk_recorder.csv", TR, ((2, OK), (3, OK), (4, OK))),
    Case("header order swapped", "order_of_radioreference.csv", RR, ((2, OK), (3, OK))),
    Case("preferred NAC", "preferred_nac.csv", TR, ((2, OK),)),
    Case(
        "inner quotes",
        "inner_quotes.csv",
        RR,
        ((2, R), (3, OK)),
        ("quotes inside a field were not escaped",),
    ),
    Case(
        "header misspelt",
        "header_misspelt.csv",
        TR,
        ((2, R),),
        ("columns not used: Hexx, Alpa Tag, Descripton", "no name: the number was used"),
    ),
    Case("header in other case", "header_in_other_case.csv", TR, ((2, OK),)),
    Case(
        "Decimal twice",
        "decimal_twice.csv",
        TR,
        ((2, OK), (3, D), (4, D)),
        ("in line 2 already, with the same content", "with another content; line 2 stays"),
    ),
    Case(
        "De and TE",
        "partly_encrypted.csv",
        TR,
        ((2, R), (3, OK), (4, R), (5, OK), (6, S)),
        ("partly encrypted", "no mode letter", "expected A, D, M or T"),
    ),
    Case(
        "Priority -1",
        "never_record.csv",
        TR,
        ((2, R), (3, R), (4, OK)),
        ("means never record", "expected an integer"),
    ),
    Case(
        "short rows",
        "short_rows.csv",
        TR,
        ((2, OK), (3, S), (4, S), (5, R)),
        ("2 fields of 8: the row is cut off", "10 fields of 8: the last ones were not read"),
    ),
    Case(
        "hex and decimal disagree",
        "hex_disagrees.csv",
        TR,
        ((2, R), (3, R), (4, OK)),
        ("it is not 101 in hexadecimal",),
    ),
    Case(
        "tab in unit tags",
        "unit_tags_with_tabs.csv",
        TAGS,
        ((1, OK), (2, R), (3, OK)),
        ("3 fields of 2",),
        "units",
    ),
    Case(
        "catastrophic pattern",
        "catastrophic_pattern.csv",
        TAGS,
        ((1, OK), (2, OK), (3, S), (4, S)),
        ("only (...) and (?:...)", "more than 2000 steps"),
        "units",
    ),
    Case(
        "access list without alias but with IP",
        "rid_acl_without_alias.dat",
        "dvm-rid-acl",
        ((2, OK), (3, S), (4, S), (5, S), (6, S)),
        ("an address in the alias's place", "no name", "expected a number from 1 to 16777215"),
        "units",
    ),
    Case(
        "alias with comma", "alias_with_comma.yml", "dvm-aliases", ((1, OK), (3, OK)), kind="units"
    ),
    Case(
        "script action",
        "script_action.xml",
        "sdrtrunk",
        ((3, OK), (6, OK)),
        ("1 script actions were not taken",),
    ),
    Case("CSV formula", "formula.csv", TR, ((2, R), (3, OK)), ("cut to 24 characters",)),
    Case("byte-order mark", "byte_order_mark.csv", TR, ((2, OK),)),
    Case("Windows-1252", "windows_1252.csv", TR, ((2, OK),), ("read as Windows-1252",)),
    Case("UTF-16", "utf_16.csv", TR, ((2, OK),), ("UTF-16, by its byte-order mark",)),
    Case("CRLF and CR mixed", "line_ends_mixed.csv", TR, ((2, OK), (3, OK), (4, OK), (6, OK))),
    Case(
        "line break inside quotes",
        "line_break_in_quotes.csv",
        TR,
        ((2, OK), (4, R), (5, OK)),
        ("a quote is not closed",),
    ),
    Case("separator named in the file", "named_separator.csv", TR, ((3, OK),)),
    Case("only a header", "only_a_header.csv", TR, ()),
    Case(
        "key material beside a list",
        "codeplug_with_keys.yml",
        "dvm-codeplug",
        ((8, OK),),
        ("keys or passwords: they were not read",),
    ),
    Case(
        "NAC 400 and 40F",
        "sites.csv",
        "radioreference-sites",
        ((2, OK), (3, OK), (4, OK)),
        ("the range of a site",),
    ),
)
REFUSED = (
    ("XML with external entity", "external_entity.xml", "a document type or an entity"),
    ("entities of entities", "entity_bomb.xml", "a document type or an entity"),
    ("empty file", "empty.csv", "it is empty"),
    ("blank file", "blank.csv", "it is empty"),
    ("secret column", "secret_column.csv", "looks like a secret"),
    ("P25 identifiers, counted from 1", "frequency_table.csv", "frequency identifiers"),
    ("P25 identifiers, counted from 0", "iden_table.dat", "frequency identifiers"),
    ("peers with passwords", "peer_list.dat", "peers with their passwords"),
)


def read(case: Case) -> Reading:
    return read_list((FILES / case.file).read_bytes(), Wish(kind=case.kind))


@pytest.mark.parametrize("case", CASES, ids=[case.about for case in CASES])
def test_a_file_gets_the_report_that_it_asks_for(case: Case) -> None:
    reading = read(case)
    assert reading.format == case.format
    assert tuple((row.line, row.state) for row in reading.rows) == case.rows
    text = "\n".join((*(row.reason for row in reading.rows), *reading.warnings))
    for words in case.told:
        assert words in text
    counts = reading.counts()
    assert counts["read"] == sum(counts[state] for state in (OK, R, S, D)) == len(case.rows)
    for row in reading.rows:
        assert row.state == OK or row.reason, row


@pytest.mark.parametrize(("about", "file", "words"), REFUSED, ids=[one[0] for one in REFUSED])
def test_a_file_is_refused_in_words(about: str, file: str, words: str) -> None:
    with pytest.raises(ServiceError, match=words):
        read_list((FILES / file).read_bytes(), Wish(kind="units"))


def test_every_file_of_the_folder_is_in_the_check_list() -> None:
    known = {case.file for case in CASES} | {file for _, file, _ in REFUSED} | {"README.md"}
    assert {path.name for path in FILES.iterdir()} == known


def test_what_the_files_hold_is_taken_whole() -> None:
    by_file = {case.file: read(case) for case in CASES}
    assert by_file["inner_quotes.csv"].talkgroups[0].description == 'West Norrvik "2500" Dispatch'
    assert by_file["byte_order_mark.csv"].talkgroups[0].name == "BRÅVIK"
    assert by_file["windows_1252.csv"].talkgroups[0].name == "BRÅVIK"
    assert by_file["utf_16.csv"].talkgroups[0].name == "BRÅVIK"
    assert by_file["line_break_in_quotes.csv"].talkgroups[0].description == "first second, third"
    assert [unit.alias for unit in by_file["alias_with_comma.yml"].units] == [
        "Engine 1, ladder",
        "Plain",
    ]
    assert [site.nac for site in by_file["sites.csv"].sites] == [0x400, 0x40F, None]
    assert by_file["sites.csv"].sites[0].control_hz == (858_237_500, 860_237_500)
    told = repr(by_file["codeplug_with_keys.yml"])
    assert "00112233" not in told
    assert "never" not in told


def test_a_foreign_pattern_takes_time_in_proportion_to_its_text() -> None:
    rules = read(next(case for case in CASES if case.about == "catastrophic pattern")).rules
    for rule in rules:
        pattern = compile_pattern(rule.pattern)
        # A back-tracking engine would take longer than the test may: 2 to the 30 steps.
        assert pattern.match("1" * 30) is None


def test_ten_thousand_and_one_rows_are_all_counted() -> None:
    head = "Decimal,Mode,Alpha Tag\n"
    rows = "".join(f"{n},D,NV {n}\n" for n in range(1, 10_002))
    reading = read_list((head + rows).encode(), Wish())
    assert reading.counts() == {"read": 10_001, OK: 10_001, R: 0, S: 0, D: 0}


def test_formulas_go_out_marked_and_come_back_as_they_were() -> None:
    reading = read(next(case for case in CASES if case.about == "CSV formula"))
    plan = merge_list(PLAN, NET, reading, "keep").plan
    data = write_list(plan, NET, "talkgroups", TR)
    for cell in data.decode().replace('"', "").replace("\r\n", ",").split(","):
        assert cell[:1] not in "=+@" or cell == "", cell
    assert merge_list(plan, NET, read_list(data, Wish()), "update").empty


def test_a_script_is_never_kept() -> None:
    reading = read_sdrtrunk((FILES / "script_action.xml").read_bytes())
    assert "/tmp/never-run" not in repr(reading)


def test_sites_are_read_of_no_other_list() -> None:
    data = (FILES / "sites.csv").read_bytes()
    assert len(read_list(data, Wish(kind="sites")).sites) == 3
    with pytest.raises(ServiceError, match="holds no sites"):
        read_list((FILES / "decimal_twice.csv").read_bytes(), Wish(kind="sites"))
