"""Every format of the field by its own rows, with the faults that the field has."""

import io
from collections import Counter
from typing import Any

import openpyxl
import pytest

from dispatch.errors import ServiceError
from dispatch.importing.reading import Reading
from dispatch.importing.recognise import FORMATS, Wish, read_list

UNITS = Wish(kind="units")


TALKGROUPS = Wish()


def read(text: str | bytes, wish: Wish = TALKGROUPS) -> Reading:
    data = text.encode() if isinstance(text, str) else text
    reading = read_list(data, wish)
    assert sum(v for k, v in reading.counts().items() if k != "read") == len(reading.rows)
    return reading


def states(reading: Reading) -> list[tuple[int, str]]:
    return [(row.line, row.state) for row in reading.rows]


CHANNELS = """TG Number, Frequency, Tone, Alpha Tag, Description, Tag, Category, Enable
1,462562500,0,FRS 01,Channel 1,FMN,Other
7,462712500,0,FRS 07,Channel 7,FMN,Other, False
"""
OPENMHZ = """Decimal, Alpha Tag, Description, Priority
101,dcfd 01,Fire Dispatch,1
102,dcfd 02,Fire Main,-1
"""
RDIO = "101,065,DCFD 01,D,Fire Dispatch,Fire Dispatch,Fire\n102,066,DCFD 02,D,Fire Main,Fire,Fire\n"
TAGS = """911000,Dispatch
1[1245]10([0-9]{2})[127],Engine $1
/^1[78]3(1[0-9]{2})/\tAmbulance $1
"only one"
(1+)+(?=x),Never
"""
SDRTRUNK = """<?xml version="1.0"?>
<playlist version="4" xmlns:xsi="x">
<alias group="Police" color="0" name="NPD 1st Main" list="NFK2" iconName="Police">
    <id type="talkgroup" value="608" protocol="APCO25"/>
    <id xsi:type="radio" value="7001" protocol="APCO25"/>
    <id type="priority" priority="5"/>
    <id type="record"/>
    <action type="scriptAction" interval="ONCE" script="/bin/evil"/>
</alias>
<alias group="Unmapped" name="All" list="NFK2">
    <id type="talkgroupRange" protocol="DMR" min="1" max="16777215"/>
    <id type="radioRange" protocol="APCO25" min="7100" max="7199"/>
    <id type="talkgroup" value="608" protocol="APCO25"/>
    <id type="talkgroup" value="9" protocol="MPT1327"/>
    <id type="tones"/>
</alias>
<channel name="c"/>
</playlist>
"""
DVM_RULES = """groupVoice:
  - name: Talkgroup 1          # textual name
    alias: Tactical
    config: {active: true, inclusion: []}
    source:
      tgid: 1
      slot: 1
  - name: Off
    config:
      active: false
    source: {tgid: 2, slot: 1}
  - name: DMR
    source: {tgid: 3, slot: 2}
"""
DVM_ALIASES = '- alias: "Radio 1"\n  rid: 1\n- alias: Radio, 2\n  rid: 2\n- rid: 3\n'
CODEPLUG = """systems:
  - name: S
    presharedKey: 00112233
zones:
  - name: Zone A
    channels:
      - {name: Ch 1, system: S, tgid: "501", algo: aes, keyId: "0x50"}
      - {name: Ch 2, system: S, tgid: "502"}
      - {name: Ch 3, system: S, tgid: "9", mode: dmr, slot: 2}
keys:
  clear: {a: 1}
"""
RID_ACL = "#RID,Enabled,Alias,IP Address,\n1234,1,RID Alias,,\n1235,1,10.0.0.5,\n1236,0,,\nx,1,y,\n"
SITES = """RFSS,Site Dec,Site Hex,Site NAC,Description,County Name,Lat,Lon,Range,Frequencies
1,001,1,400,"Minneapolis City Center","Hennepin",44.9,-93.2,40,856.2,858.2c,860.2c
2,090,5A,40F,"Holland","Pipestone",,,20,851.7c
2,090,5A,,"Holland",,,,,
"""
RADIO_ID = (
    "\ufeffRADIO_ID,CALLSIGN,FIRST_NAME,LAST_NAME,CITY\n1234567,M0ABC,John,Doe,X\n8,None,A,B,C\n"
)
TETRA_GROUPS = """mcc,mnc,gssi,opta,alias,folder,type,priority,encryption,emergency
901,1001,310112,,NORRVIK PATRULL 1,Police,TMO,3,yes,1
"""
TETRA_UNITS = (
    "mcc;mnc;issi;opta;alias;type\n901;1001;1210207;;3120;car\n901;1001;901100101210208;;3121;\n"
)
OP25 = '101\t"DCFD 01"\t2\n102\tDCFD 02\nx\ty\n101\tagain\n'


def test_recognised_by_content() -> None:
    samples = {
        "trunk-recorder-channels": CHANNELS,
        "openmhz": OPENMHZ,
        "rdio-scanner": RDIO,
        "sdrtrunk": SDRTRUNK,
        "dvm-rules": DVM_RULES,
        "dvm-aliases": DVM_ALIASES,
        "dvm-codeplug": CODEPLUG,
        "dvm-rid-acl": RID_ACL,
        "radioreference-sites": SITES,
        "radioid": RADIO_ID,
        "tetra-talkgroups": TETRA_GROUPS,
        "tetra-units": TETRA_UNITS,
        "op25": OP25,
        "trunk-recorder-units": TAGS,
    }
    assert {name: read(text).format for name, text in samples.items()} == {n: n for n in samples}
    assert set(FORMATS) - set(samples) == {"trunk-recorder", "radioreference"}


def test_channels_with_short_rows() -> None:
    reading = read(CHANNELS)
    assert states(reading) == [(2, "ok"), (3, "skipped")]
    assert reading.talkgroups[0].name == "FRS 01"


def test_openmhz_and_rdio() -> None:
    two = read(OPENMHZ).talkgroups
    assert [(t.number, t.name, t.recorded) for t in two] == [
        (101, "dcfd 01", True),
        (102, "dcfd 02", False),
    ]
    first = read(RDIO).talkgroups[0]
    assert (first.name, first.description, first.agency, first.folder) == (
        "DCFD 01",
        "Fire Dispatch",
        "Fire Dispatch",
        "Fire",
    )


def test_unit_tags_keep_patterns_and_refuse_what_cannot_run() -> None:
    reading = read(TAGS, UNITS)
    assert [(u.number, u.alias) for u in reading.units] == [(911000, "Dispatch")]
    assert [(r.pattern, r.alias) for r in reading.rules] == [
        ("1[1245]10([0-9]{2})[127]", "Engine $1"),
        ("/^1[78]3(1[0-9]{2})/", "Ambulance $1"),
    ]
    assert states(reading)[3:] == [(4, "skipped"), (5, "skipped")]
    assert "only (...) and (?:...) are understood" in reading.rows[4].reason


def test_sdrtrunk_is_split_and_scripts_are_left_out() -> None:
    reading = read(SDRTRUNK)
    (group,) = reading.talkgroups
    assert (group.number, group.folder, group.priority, group.recorded, group.agency_kind) == (
        608,
        "Police",
        5,
        True,
        "police",
    )
    assert [(u.number, u.alias) for u in reading.units] == [(7001, "NPD 1st Main")]
    assert [(r.first, r.last) for r in reading.rules] == [(7100, 7199)]
    assert Counter(row.state for row in reading.rows) == {"ok": 3, "skipped": 3, "duplicate": 1}
    assert "1 script actions were not taken" in reading.warnings[0]


def test_dvm_files() -> None:
    rules = read(DVM_RULES)
    assert [(t.number, t.name, t.folder) for t in rules.talkgroups] == [
        (1, "Talkgroup 1", "Tactical")
    ]
    assert states(rules) == [(2, "ok"), (8, "skipped"), (12, "skipped")]
    aliases = read(DVM_ALIASES, UNITS)
    assert [(u.number, u.alias) for u in aliases.units] == [(1, "Radio 1"), (2, "Radio, 2")]
    plug = read(CODEPLUG)
    assert [(t.number, t.encrypted, t.folder) for t in plug.talkgroups] == [
        (501, True, "Zone A"),
        (502, False, "Zone A"),
    ]
    assert "keys or passwords: they were not read" in plug.warnings[0]
    acl = read(RID_ACL, UNITS)
    assert [(u.number, u.alias) for u in acl.units] == [(1234, "RID Alias")]
    assert [row.reason for row in acl.rows][1:3] == [
        "an address in the alias's place",
        "no name: nothing to take",
    ]


def test_sites_have_hexadecimal_nacs() -> None:
    reading = read(SITES)
    assert [(s.rfss, s.number, s.nac) for s in reading.sites] == [(1, 1, 0x400), (2, 90, 0x40F)]
    assert states(reading) == [(2, "ok"), (3, "ok"), (4, "duplicate")]
    first = reading.sites[0]
    assert (first.county, first.latitude, first.longitude) == ("Hennepin", 44.9, -93.2)
    assert first.frequencies_hz == (856_200_000, 858_200_000, 860_200_000)
    assert first.control_hz == (858_200_000, 860_200_000)


def test_what_a_site_says_wrongly_is_repaired_and_told() -> None:
    head = SITES.splitlines()[0]
    rows = (
        "1,1,2,400,One,C,44,9,,856.2",
        "1,2,2,4G0,Two,C,44,9,,856.2",
        "1,3,3,,Three,C,94,9,,856.2",
        "1,4,4,,Four,C,,,,856.2,x,9.5,771.0d",
        "1,256,,,Far,C,,,,",
        "a,1,,,None,C,,,,",
    )
    reading = read("\n".join((head, *rows)))
    assert states(reading) == [
        (2, "repaired"),
        (3, "repaired"),
        (4, "repaired"),
        (5, "repaired"),
        (6, "skipped"),
        (7, "skipped"),
    ]
    assert [row.column for row in reading.rows[:4]] == [
        "Site Hex",
        "Site NAC",
        "Lat",
        "Frequencies",
    ]
    one, two, three, four = reading.sites
    assert (one.nac, two.nac, three.latitude) == (0x400, None, None)
    assert (four.frequencies_hz, four.control_hz) == ((856_200_000, 771_000_000), ())


def test_of_private_persons_only_the_call_sign() -> None:
    reading = read(RADIO_ID, UNITS)
    assert [(u.number, u.alias) for u in reading.units] == [(1234567, "M0ABC")]
    assert "John" not in str(reading.units)


def test_tetra_lists() -> None:
    group = read(TETRA_GROUPS).talkgroups[0]
    assert (group.number, group.priority, group.encrypted) == (310112, 3, True)
    units = read(TETRA_UNITS, UNITS).units
    assert [(u.number, u.alias, u.kind) for u in units] == [
        (1210207, "3120", "car"),
        (1210208, "3121", None),
    ]


def test_op25() -> None:
    assert states(read(OP25)) == [(1, "ok"), (2, "ok"), (3, "skipped"), (4, "duplicate")]
    assert [u.alias for u in read(OP25, Wish(kind="units", format="op25")).units][:2] == [
        "DCFD 01",
        "DCFD 02",
    ]


def test_modes_of_every_writer() -> None:
    text = "Decimal,Mode,Alpha Tag\n1,De,A\n2,TE,B\n3,E,C\n4,,D\n5,D,E\n31O,D,F\n"
    reading = read(text)
    assert [(t.number, t.encrypted) for t in reading.talkgroups] == [
        (1, True),
        (2, True),
        (3, True),
        (5, False),
    ]
    assert [row.state for row in reading.rows] == [
        "repaired",
        "ok",
        "repaired",
        "skipped",
        "ok",
        "skipped",
    ]
    assert "'O' in place 3" in reading.rows[5].reason


def workbook(*rows: tuple[Any, ...], sheet: str = "Fleet") -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


FLEET = workbook(
    ("Fleet map of the county", None, None),
    (None, None, None),
    ("Radio ID", "Call sign", "Roll number", "Depot"),
    (1210207, "3120", "PB 117", "Norrvik"),
    (1210208.0, 3121, None, "Hamnen"),
    ("n/a", "x", "", ""),
)


def test_a_spreadsheet_whose_header_stands_below_a_title() -> None:
    reading = read(FLEET, UNITS)
    assert [(u.number, u.alias) for u in reading.units] == [(1210207, "3120"), (1210208, "3121")]
    assert states(reading) == [(4, "ok"), (5, "ok"), (6, "skipped")]
    assert [(c.title, c.field, c.example) for c in reading.columns] == [
        ("Radio ID", "number", "1210207"),
        ("Call sign", "alias", "3120"),
        ("Roll number", "", "PB 117"),
        ("Depot", "", "Norrvik"),
    ]


def test_a_mapping_is_changed_by_hand() -> None:
    mapping = {"Roll number": "alias", "Call sign": "", "Depot": "owner"}
    reading = read(FLEET, Wish(kind="units", mapping=mapping))
    assert [(u.number, u.alias, u.owner) for u in reading.units] == [(1210207, "PB 117", "Norrvik")]
    unknown = read("a,b\n1,2\n", Wish(kind="talkgroups", mapping={"b": "name"}))
    assert unknown.warnings == ["no column gives the number: say which one does"]
    found = read("a,b\n1,2\n", Wish(kind="talkgroups", mapping={"a": "decimal", "b": "name"}))
    assert [(t.number, t.name) for t in found.talkgroups] == [(1, "2")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b" \n \n", "it is empty"),
        (b"PK\x03\x04 broken", "not a workbook"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><playlist/>', "document type"),
        (b"<playlist version='4'><alias></playlist>", "not XML"),
        (b"groupVoice:\n  - &a {x: 1}\n  - *a\n", "references"),
        (b"groupVoice: 3\n", "expected a list named groupVoice"),
        (b"groupVoice:\n  - [\n", "not YAML"),
        (b"RID,Password\n1,x\n", "looks like a secret"),
    ],
)
def test_files_that_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(ServiceError, match=words):
        read_list(data, UNITS)


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(ServiceError, match="expected one of trunk-recorder"):
        read_list(b"1,2\n", Wish(format="excel"))


def test_encodings_and_line_ends() -> None:
    latin = "Decimal,Mode,Alpha Tag\r1,D,BRÅVIK\r\n2,D,ÖREN\n".encode("cp1252")
    reading = read(latin)
    assert [t.name for t in reading.talkgroups] == ["BRÅVIK", "ÖREN"]
    assert "Windows-1252" in reading.warnings[0]
