"""RadioReference's sites: one row a site, one column a frequency to the end of the line."""

import re

from dispatch.importing.csv_rows import CsvRow, read_table
from dispatch.importing.reading import DUPLICATE, OK, REPAIRED, SKIPPED, ImportedSite, Reading
from dispatch.importing.table_fields import Fields, columns_of, places_of
from dispatch.importing.talkgroup_rows import whole_number

FORMAT = "radioreference-sites"
COLUMNS = {
    "rfss": "rfss",
    "site dec": "site",
    "site hex": "hex",
    "site nac": "nac",
    "description": "name",
    "county name": "county",
    "lat": "latitude",
    "lon": "longitude",
    "frequencies": "frequencies",
}
MAX_NAC = 0xFFF
MAX_SITE = 255
"""P25 numbers subsystems and sites with eight bits."""
MAX_NAME_CHARACTERS = 100
_FREQUENCY = re.compile(r"([0-9]{2,4}(?:\.[0-9]{1,7})?)([a-z]?)")
"""MHz; a letter behind it marks a control channel (c) or one in its place."""
CONTROL = "c"
MIN_MHZ, MAX_MHZ = 10, 6000
_Repair = tuple[str, str, str]


def read_sites(data: bytes) -> Reading:
    """Read the sites. ``Site NAC`` is hexadecimal even when it has no letters (400 is 400h)."""
    table = read_table(data)
    places = places_of(table.header, COLUMNS)
    reading = Reading(format=FORMAT, why="the header begins with RFSS, Site Dec")
    reading.expected = len(table.rows)
    reading.columns = columns_of(table, places)
    reading.warnings += table.warnings
    reading.warnings.append("the range of a site is not part of a plan and not taken")
    seen: dict[str, int] = {}
    for row in table.rows:
        _take(reading, seen, row, Fields(row, places, table.header))
    return reading


def _take(reading: Reading, seen: dict[str, int], row: CsvRow, fields: Fields) -> None:
    if row.too_long:
        reading.report(row.line, SKIPPED, "", row.too_long, row.fields[0])
        return
    rfss, number = whole_number(fields.get("rfss")), whole_number(fields.get("site"))
    if rfss is None or number is None or rfss > MAX_SITE or not 0 < number <= MAX_SITE:
        words = f"expected the numbers of RFSS and site, up to {MAX_SITE}"
        reading.report(
            row.line, SKIPPED, "RFSS", words, f"{fields.get('rfss')}, {fields.get('site')}"
        )
        return
    name = f"{rfss}-{number}"
    if name in seen:
        words = f"the site is in line {seen[name]} already"
        reading.report(row.line, DUPLICATE, fields.title("site"), words, name)
        return
    seen[name] = row.line
    repairs: list[_Repair] = []
    if row.repaired:
        repairs.append((fields.title("name"), row.repaired, fields.get("name")))
    site = _site(row, fields, (rfss, number), repairs)
    reading.sites.append(site)
    if repairs:
        reading.report(row.line, REPAIRED, *repairs[0])
    else:
        shown = f"{name}, NAC {site.nac:03X}h" if site.nac is not None else name
        reading.report(row.line, OK, value=shown)


def _site(
    row: CsvRow, fields: Fields, who: tuple[int, int], repairs: list[_Repair]
) -> ImportedSite:
    rfss, number = who
    if fields.get("hex") and _hexadecimal(fields.get("hex"), MAX_SITE) != number:
        words = f"it is not {number} in hexadecimal; the decimal number was used"
        repairs.append((fields.title("hex"), words, fields.get("hex")))
    nac = _hexadecimal(fields.get("nac"), MAX_NAC)
    if fields.get("nac") and nac is None:
        words = "expected a hexadecimal number up to FFF; none was set"
        repairs.append((fields.title("nac"), words, fields.get("nac")))
    latitude, longitude = _place(fields, repairs)
    sent, control = _frequencies(row, fields, repairs)
    return ImportedSite(
        rfss=rfss,
        number=number,
        name=(fields.get("name") or f"Site {rfss}-{number}")[:MAX_NAME_CHARACTERS],
        nac=nac or None,
        county=fields.get("county"),
        latitude=latitude,
        longitude=longitude,
        frequencies_hz=sent,
        control_hz=control,
        line=row.line,
    )


def _hexadecimal(text: str, most: int) -> int | None:
    if not re.fullmatch(r"[0-9A-Fa-f]{1,4}h?", text):
        return None
    number = int(text.removesuffix("h"), 16)
    return number if number <= most else None


def _place(fields: Fields, repairs: list[_Repair]) -> tuple[float | None, float | None]:
    """Return latitude and longitude, neither unless both are on the earth."""
    texts = fields.get("latitude"), fields.get("longitude")
    found = [
        float(text) if re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,15})?", text) else None
        for text in texts
    ]
    latitude, longitude = found
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        if any(texts):
            words = "expected degrees north and degrees east; no place was set"
            repairs.append((fields.title("latitude"), words, ", ".join(texts)))
        return None, None
    return (None, None) if latitude == longitude == 0 else (latitude, longitude)


def _frequencies(
    row: CsvRow, fields: Fields, repairs: list[_Repair]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return what the site sends on, in Hz, and those that are marked as control channels."""
    first = fields.place("frequencies")
    sent: list[int] = []
    control: list[int] = []
    for text in row.fields[first:] if first is not None else ():
        found = _FREQUENCY.fullmatch(text)
        if found is None or not MIN_MHZ <= float(found[1]) <= MAX_MHZ:
            if text:
                words = "expected MHz, with c for a control channel; not taken"
                repairs.append((fields.title("frequencies"), words, text))
            continue
        hz = round(float(found[1]) * 1e6)
        sent.append(hz)
        if found[2] == CONTROL:
            control.append(hz)
    return tuple(dict.fromkeys(sent)), tuple(dict.fromkeys(control))
