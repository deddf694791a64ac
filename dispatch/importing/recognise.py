"""Which format a file has, by its content: first line or marker; its name says nothing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dispatch.errors import ServiceError, TooLarge
from dispatch.importing.csv_rows import MAX_FILE_BYTES, UTF16_MARKS, separator_of
from dispatch.importing.formats import dvm, sdrtrunk, sites, spreadsheet, talkgroup_csv, unit_csv
from dispatch.importing.reading import Reading

LOOK_BYTES = 8192
SITES = "sites"
Reader = Callable[[bytes], Reading]
FORMATS: dict[str, tuple[str, Reader]] = {
    talkgroup_csv.TRUNK_RECORDER: (
        "trunk-recorder talkgroups (CSV)",
        talkgroup_csv.read_talkgroup_csv,
    ),
    talkgroup_csv.RADIO_REFERENCE: (
        "RadioReference talkgroups (CSV)",
        talkgroup_csv.read_talkgroup_csv,
    ),
    talkgroup_csv.CHANNELS: ("trunk-recorder channels (CSV)", talkgroup_csv.read_channels),
    talkgroup_csv.OPENMHZ: ("OpenMHz talkgroups (CSV)", talkgroup_csv.read_openmhz),
    talkgroup_csv.RDIO: ("rdio-scanner talkgroups (CSV)", talkgroup_csv.read_rdio),
    talkgroup_csv.TETRA: ("TETRA groups (CSV)", talkgroup_csv.read_tetra),
    sites.FORMAT: ("RadioReference sites (CSV)", sites.read_sites),
    sdrtrunk.FORMAT: ("SDRTrunk playlist (XML)", sdrtrunk.read_sdrtrunk),
    dvm.RULES: ("DVM talkgroup rules (YAML)", dvm.read_rules),
    dvm.ALIASES: ("DVM console aliases (YAML)", dvm.read_aliases),
    dvm.CODEPLUG: ("DVM console codeplug (YAML)", dvm.read_codeplug),
    unit_csv.RID_ACL: ("DVM radio access list", unit_csv.read_rid_acl),
    unit_csv.TAGS: ("trunk-recorder or rdio-scanner units (CSV)", unit_csv.read_tags),
    unit_csv.OP25: ("OP25 tags (TSV)", unit_csv.read_op25),
    unit_csv.RADIO_ID: ("RadioID user list (CSV)", unit_csv.read_radioid),
    unit_csv.TETRA: ("TETRA radios (CSV)", unit_csv.read_tetra_units),
}
"""Format -> its words and its reader. A table of any columns is a spreadsheet besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the reader is told beside the bytes."""

    kind: str = spreadsheet.TALKGROUPS
    """Of a table that says by itself neither: talkgroups or units."""
    format: str = ""
    """Empty: recognised by content."""
    mapping: Mapping[str, str] | None = None
    """Title -> field; given, the file is read as a spreadsheet."""
    sheet: str = ""


def read_list(data: bytes, wish: Wish) -> Reading:
    """Read a list of any format; raises ServiceError that says what was expected."""
    if len(data) > MAX_FILE_BYTES:
        raise TooLarge(f"file: {len(data)} bytes, at most {MAX_FILE_BYTES} are read")
    if not data.strip():
        raise ServiceError("file: it is empty", hint="Expected a list of talkgroups or units.")
    name = wish.format or ("" if wish.mapping else recognise(data, wish.kind))
    if wish.kind == SITES and name != sites.FORMAT:
        raise ServiceError(
            f"file: {name or 'a table of any columns'} holds no sites",
            hint="Sites are read from RadioReference's list of sites.",
        )
    if not name or name == spreadsheet.FORMAT:
        return spreadsheet.read_spreadsheet(data, wish.kind, wish.mapping, wish.sheet)
    if name not in FORMATS:
        known = ", ".join((*FORMATS, spreadsheet.FORMAT))
        raise ServiceError(f"format: expected one of {known}, got {name!r}")
    if name == unit_csv.OP25:
        return unit_csv.read_op25(data, units=wish.kind == spreadsheet.UNITS)
    return FORMATS[name][1](data)


def recognise(data: bytes, kind: str) -> str:
    """Return the format of a file, ``spreadsheet`` for a table that is none of the known ones."""
    if data.startswith(spreadsheet.ZIP_MARK):
        return spreadsheet.FORMAT
    start = data[:LOOK_BYTES]
    known = "utf-16" if start[:2] in UTF16_MARKS else "utf-8"
    text = start.decode(known, "replace").lstrip("\ufeff \t\r\n")
    first, _, rest = text.partition("\n")
    if first.casefold().strip('"\r,; ').startswith("sep="):
        text = rest  # a spreadsheet's own line before the header
    refuse_no_list(text)
    for look in (_markers, _header, _shape):
        found = look(text, kind)
        if found:
            return found
    return spreadsheet.FORMAT


_NO_LISTS = (
    (
        r"tableid\s*,",
        "a table of P25 frequency identifiers names no talkgroups, units or sites",
        "Frequencies of a site come with RadioReference's sites.",
    ),
    (
        r"(?:#[^\n]*\n)*\s*[0-9]{1,2}\s*,\s*[0-9]{8,10}\s*,\s*[0-9.]+\s*,\s*-?[0-9.]+\s*,",
        "a table of P25 frequency identifiers names no talkgroups, units or sites",
        "Frequencies of a site come with RadioReference's sites.",
    ),
    (
        r"#?\s*\"?peer id\"?\s*,",
        "a list of peers with their passwords is not read",
        "Keep it safe: it holds secrets.",
    ),
)
"""Files of the field that carry no list: how they begin, why they are not read, what to do."""


def refuse_no_list(text: str) -> None:
    """Raise ServiceError for a file that is known and carries no list."""
    for pattern, words, hint in _NO_LISTS:
        if re.match(pattern, text, re.IGNORECASE):
            raise ServiceError(f"file: {words}", hint=hint)


def _markers(text: str, _kind: str) -> str:
    if text.startswith("<"):
        return sdrtrunk.FORMAT if "<playlist" in text or "<!DOCTYPE" in text else ""
    for pattern, name in (
        (r"^groupVoice\s*:", dvm.RULES),
        (r"^zones\s*:", dvm.CODEPLUG),
        (r"^-\s*(alias|rid)\s*:", dvm.ALIASES),
    ):
        if re.search(pattern, text, re.MULTILINE):
            return name
    return ""


_HEADERS: tuple[tuple[str, frozenset[str], str], ...] = (
    ("rfss", frozenset({"site dec"}), sites.FORMAT),
    ("tg number", frozenset({"frequency"}), talkgroup_csv.CHANNELS),
    ("radio_id", frozenset({"callsign"}), unit_csv.RADIO_ID),
    ("mcc", frozenset({"mnc", "gssi"}), talkgroup_csv.TETRA),
    ("mcc", frozenset({"mnc", "issi"}), unit_csv.TETRA),
)
"""First title, other titles that must be there, format."""


def _header(text: str, _kind: str) -> str:
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    separator = separator_of(first)
    titles = [" ".join(t.strip(' "\r').casefold().split()) for t in first.split(separator)]
    for begins, others, name in _HEADERS:
        if titles[0] == begins and others <= set(titles):
            return name
    if titles[0] == "decimal" and "mode" in titles:
        return talkgroup_csv.TRUNK_RECORDER
    if "decimal" in titles and "mode" in titles:
        return talkgroup_csv.TRUNK_RECORDER
    if titles[0] == "decimal" and {"alpha tag", "description"} <= set(titles):
        return talkgroup_csv.OPENMHZ
    return ""


def _shape(text: str, kind: str) -> str:
    """Recognise what has no header, by its first line that is no comment."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    first = lines[0] if lines else ""
    if re.match(r"\d+,[01],", first) and first.count(",") <= 4:
        return unit_csv.RID_ACL
    if re.match(r"\d+\t", first) and first.count("\t") <= 2 and "," not in first.split("\t")[0]:
        return unit_csv.TAGS if kind == "units" and first.count("\t") == 1 else unit_csv.OP25
    fields = first.split(",")
    if len(fields) == 2 and re.fullmatch(r'"?[/^]?[\d\[\]().{}*+?|\\$-]+/?"?', fields[0].strip()):
        return unit_csv.TAGS
    if len(fields) >= 7 and fields[0].strip().isdecimal() and _is_hex_of(fields[1], fields[0]):
        return talkgroup_csv.RDIO
    return ""


def _is_hex_of(text: str, number: str) -> bool:
    """Whether the second column can be the number in hexadecimal: not a password, not a name."""
    plain = text.strip().strip('"')
    if not plain:
        return True
    known = re.fullmatch(r"0*([0-9A-Fa-f]{1,6})h?", plain)
    return known is not None and int(known[1], 16) == int(number)
