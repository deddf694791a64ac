"""Long lists for the benchmarks: made up, the same each time."""

import csv
import io
from collections.abc import Iterator

OWNERS = ("Police, Norrvik", "Rescue service, Hamnen", "Ambulance, Norrvik", "Harbour")
KINDS = ("car", "handheld", "commander", "desk")
UNIT_TITLES = ("Radio ID", "Call sign", "Owner", "Type", "Home talkgroup")
GROUP_TITLES = (
    "Decimal",
    "Hex",
    "Mode",
    "Alpha Tag",
    "Description",
    "Tag",
    "Category",
    "Priority",
)


def _units(rows: int) -> Iterator[tuple[object, ...]]:
    for n in range(rows):
        number = 1_000_000 + 3 * n
        home = 900_000 + n % 400
        yield number, f"NV {n % 97:02d} {n:06d}", OWNERS[n % 4], KINDS[n % 3], home


def _groups(rows: int) -> Iterator[tuple[object, ...]]:
    for n in range(rows):
        number = 1_000_000 + n
        mode = "DE" if n % 3 else "D"
        tag = OWNERS[n % 4].split(",")[0]
        text = f'Working group {n}, "{tag}"'
        yield number, f"{number:x}", mode, f"NV {n:06d}", text, tag, f"Zone {n % 50}", n % 10


def list_csv(kind: str, rows: int) -> bytes:
    """Return a list of units or talkgroups as CSV."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(UNIT_TITLES if kind == "units" else GROUP_TITLES)
    writer.writerows(_units(rows) if kind == "units" else _groups(rows))
    return out.getvalue().encode()


def list_workbook(rows: int) -> bytes:
    """Return a list of units as a workbook (.xlsx)."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet("Fleet")
    page.append(UNIT_TITLES)
    for row in _units(rows):
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
