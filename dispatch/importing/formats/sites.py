"""RadioReference's sites: one row a site, one column a frequency to the end of the line."""

from dispatch.importing.csv_rows import read_table
from dispatch.importing.reading import DUPLICATE, OK, SKIPPED, ImportedSite, Reading
from dispatch.importing.table_fields import Fields, places_of
from dispatch.importing.talkgroup_rows import whole_number

FORMAT = "radioreference-sites"
COLUMNS = {"rfss": "rfss", "site dec": "site", "site nac": "nac", "description": "name"}
MAX_NAC = 0xFFF


def read_sites(data: bytes) -> Reading:
    """Read the sites. ``Site NAC`` is hexadecimal even when it has no letters (400 is 400h)."""
    table = read_table(data)
    places = places_of(table.header, COLUMNS)
    reading = Reading(format=FORMAT, why="the header begins with RFSS, Site Dec")
    reading.warnings += table.warnings
    reading.warnings.append("frequencies, county and place are not part of a plan and not taken")
    seen: dict[str, int] = {}
    for row in table.rows:
        fields = Fields(row, places, table.header)
        rfss, site = whole_number(fields.get("rfss")), whole_number(fields.get("site"))
        if rfss is None or site is None:
            words = "expected the numbers of RFSS and site"
            reading.report(row.line, SKIPPED, "RFSS", words, fields.get("rfss"))
            continue
        name = f"{rfss}-{site}"
        if name in seen:
            words = f"the site is in line {seen[name]} already"
            reading.report(row.line, DUPLICATE, "Site Dec", words, name)
            continue
        seen[name] = row.line
        nac = _nac(fields.get("nac"))
        title = fields.get("name").split(",")[0].strip('" ') or f"Site {name}"
        imported = ImportedSite(id=f"site-{name}", name=title, nac=nac, line=row.line)
        reading.sites.append(imported)
        shown = f"{name}, NAC {nac:03X}h" if nac is not None else name
        reading.report(row.line, OK, value=shown)
    return reading


def _nac(text: str) -> int | None:
    try:
        nac = int(text.strip().removesuffix("h"), 16)
    except ValueError:
        return None
    return nac if 0 < nac <= MAX_NAC else None
