"""SDRTrunk's playlist: aliases with several identifiers each, split into talkgroups and radios.

Script actions are named and never kept. An alias may stand for talkgroups and radios at once.
"""

from dataclasses import dataclass, field

from dispatch.importing.reading import (
    DUPLICATE,
    OK,
    REPAIRED,
    SKIPPED,
    Imported,
    ImportedRule,
    ImportedUnit,
    Reading,
)
from dispatch.importing.talkgroup_rows import (
    MAX_NAME_CHARACTERS,
    MAX_NUMBER,
    agency_kind,
    whole_number,
)
from dispatch.importing.xml_lines import read_elements

FORMAT = "sdrtrunk"
DO_NOT_MONITOR = -1
LOWEST = 100
"""Priority of an alias that has none; 1 is the highest."""
GROUPS = frozenset({"talkgroup", "p25FullyQualifiedTalkgroup"})
RADIOS = frozenset({"radio", "p25FullyQualifiedRadio"})
PROTOCOLS = frozenset({"APCO25", "APCO25_PHASE2", "DMR", "NXDN", "UNKNOWN", ""})
MARKS = frozenset({"priority", "record", "broadcastChannel", "streamAsTalkgroup"})


@dataclass(slots=True)
class _Alias:
    line: int
    name: str
    group: str
    ids: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    scripts: int = 0

    def mark(self, kind: str, attribute: str) -> str | None:
        """Return an attribute of the first mark of a kind; "" when it has none; None without."""
        for _, values in self.ids:
            if _kind(values) == kind:
                return values.get(attribute, "")
        return None


def _kind(values: dict[str, str]) -> str:
    return next((v for k, v in values.items() if k == "type" or k.endswith(":type")), "")


class _Playlist:
    """Takes elements as they come."""

    def __init__(self) -> None:
        self.aliases: list[_Alias] = []
        self._open: _Alias | None = None

    def started(self, line: int, name: str, values: dict[str, str], depth: int) -> None:
        if name == "alias" and depth == 2:
            self._open = _Alias(line, values.get("name", ""), values.get("group", ""))
            self.aliases.append(self._open)
        elif self._open is not None and name == "id":
            self._open.ids.append((line, values))
        elif self._open is not None and name == "action" and "script" in _kind(values).lower():
            self._open.scripts += 1

    def ended(self, name: str) -> None:
        if name == "alias":
            self._open = None


def read_sdrtrunk(data: bytes) -> Reading:
    """Read a playlist; raises ServiceError when it is no XML or has a document type."""
    playlist = _Playlist()
    read_elements(data, playlist.started, playlist.ended)
    reading = Reading(format=FORMAT, why="XML with <playlist version=>")
    taker = _Taker(reading)
    for alias in playlist.aliases:
        taker.take(alias)
    scripts = sum(alias.scripts for alias in playlist.aliases)
    if scripts:
        reading.warnings.append(f"{scripts} script actions were not taken: scripts are never run")
    return reading


class _Taker:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._seen: dict[tuple[str, int], int] = {}

    def take(self, alias: _Alias) -> None:
        for line, values in alias.ids:
            kind = _kind(values)
            if kind in MARKS:
                continue
            if values.get("protocol", "") not in PROTOCOLS:
                words = f"{kind} of {values.get('protocol')}: not a radio of this server"
                self._reading.report(line, SKIPPED, "protocol", words, alias.name)
            elif kind in GROUPS or kind in RADIOS:
                self._one(alias, line, kind, values)
            elif kind in ("radioRange", "talkgroupRange"):
                self._range(alias, line, kind, values)
            else:
                self._reading.report(line, SKIPPED, "type", f"{kind}: not taken", alias.name)

    def _one(self, alias: _Alias, line: int, kind: str, values: dict[str, str]) -> None:
        number = whole_number(values.get("value", ""))
        what = "group" if kind in GROUPS else "unit"
        if number is None or not 0 < number <= MAX_NUMBER:
            words = f"expected a number from 1 to {MAX_NUMBER}"
            self._reading.report(line, SKIPPED, "value", words, values.get("value", ""))
        elif (what, number) in self._seen:
            words = f"the number is in line {self._seen[what, number]} already"
            self._reading.report(line, DUPLICATE, "value", words, str(number))
        else:
            self._seen[what, number] = line
            self._keep(alias, line, what, number)

    def _keep(self, alias: _Alias, line: int, what: str, number: int) -> None:
        name = alias.name.strip() or str(number)
        if what == "unit":
            unit = ImportedUnit(number=number, alias=name, owner=alias.group or None, line=line)
            self._reading.units.append(unit)
        else:
            self._reading.talkgroups.append(_talkgroup(alias, number, name, line))
        if what == "group" and len(name) > MAX_NAME_CHARACTERS:
            words = f"cut to {MAX_NAME_CHARACTERS} characters; whole in the description"
            self._reading.report(line, REPAIRED, "name", words, name)
        else:
            self._reading.report(line, OK, value=str(number))

    def _range(self, alias: _Alias, line: int, kind: str, values: dict[str, str]) -> None:
        low, high = whole_number(values.get("min", "")), whole_number(values.get("max", ""))
        if kind == "talkgroupRange":
            words = "a range of talkgroups names none of them"
            self._reading.report(line, SKIPPED, "type", words, alias.name)
        elif low is None or high is None or high < low:
            words = "expected min and max, the lower first"
            value = f"{values.get('min')} to {values.get('max')}"
            self._reading.report(line, SKIPPED, "min", words, value)
        else:
            name = f"{alias.name}: {low} to {high}"
            rule = ImportedRule(name=name, alias=alias.name, first=low, last=high, line=line)
            self._reading.rules.append(rule)
            self._reading.report(line, OK, value=f"{low} to {high}")


def _talkgroup(alias: _Alias, number: int, name: str, line: int) -> Imported:
    priority = alias.mark("priority", "priority")
    value = int(priority) if priority and priority.lstrip("-").isdecimal() else None
    long = len(name) > MAX_NAME_CHARACTERS
    return Imported(
        number=number,
        name=name[:MAX_NAME_CHARACTERS].rstrip(),
        description=name if long else "",
        folder=alias.group or None,
        agency_kind=agency_kind(alias.group),
        priority=value if value is not None and value > 0 else None,
        recorded=True if alias.mark("record", "type") is not None else None,
        line=line,
    )
