"""DVM's YAML files: talkgroup rules, console aliases, console codeplug. Keys are never read."""

from typing import Any

from dispatch.errors import ServiceError
from dispatch.importing.csv_rows import CsvRow
from dispatch.importing.reading import SKIPPED, Reading
from dispatch.importing.table_fields import Fields
from dispatch.importing.talkgroup_rows import TalkgroupRows
from dispatch.importing.unit_rows import UnitRows
from dispatch.importing.yaml_lines import Line, read_yaml

RULES, ALIASES, CODEPLUG = "dvm-rules", "dvm-aliases", "dvm-codeplug"
PLACES = {"decimal": 0, "name": 1, "category": 2, "recorded": 3, "encryption": 4}
TITLES = ("tgid", "name", "alias", "active", "algo")
UNIT_PLACES = {"number": 0, "alias": 1}


def read_rules(data: bytes) -> Reading:
    """Read ``talkgroup_rules.yml``. The name is the talkgroup's, the alias its folder."""
    rules = _table(read_yaml(data), "groupVoice")
    reading = Reading(format=RULES, why="YAML with groupVoice")
    rows = TalkgroupRows(reading, mode_required=False)
    for rule in rules:
        source, config = _inner(rule, "source"), _inner(rule, "config")
        fields = (source.get("tgid", ""), rule.get("name", ""), rule.get("alias", ""), "", "")
        if source.get("slot", "1") not in ("1", ""):
            words = "a DMR talkgroup of slot 2: not a talkgroup of this server"
            reading.report(rule.line, SKIPPED, "slot", words, fields[0])
        elif config.get("active", "true").casefold() == "false":
            reading.report(rule.line, SKIPPED, "active", "not active", fields[0])
        else:
            row = CsvRow(rule.line, tuple(str(field) for field in fields))
            rows.take(row, Fields(row, PLACES, TITLES))
    return reading


def read_aliases(data: bytes) -> Reading:
    """Read the console's ``alias.yml``."""
    reading = Reading(format=ALIASES, why="a YAML list of alias and rid")
    rows = UnitRows(reading)
    for item in _rows(read_yaml(data)):
        row = CsvRow(item.line, (str(item.get("rid", "")), str(item.get("alias", ""))))
        rows.take(row, Fields(row, UNIT_PLACES, ("rid", "alias")))
    return reading


def read_codeplug(data: bytes) -> Reading:
    """Read the console's codeplug: zones become folders. Key material is named, never read."""
    document = read_yaml(data)
    if not isinstance(document, Line):
        raise ServiceError("file: expected a codeplug with systems and zones")
    reading = Reading(format=CODEPLUG, why="YAML with systems and zones")
    if "keys" in document or any("presharedKey" in system for system in _rows(document["systems"])):
        reading.warnings.append(
            "the file holds keys or passwords: they were not read; keep it safe"
        )
    rows = TalkgroupRows(reading, mode_required=False)
    for zone in _table(document, "zones"):
        for channel in _table(zone, "channels"):
            if channel.get("mode", "p25") not in ("p25", ""):
                words = f"mode {channel.get('mode')}: not a talkgroup of this server"
                reading.report(channel.line, SKIPPED, "mode", words, str(channel.get("tgid", "")))
                continue
            _channel(rows, channel, str(zone.get("name", "")))
    return reading


def _channel(rows: TalkgroupRows, channel: Line, zone: str) -> None:
    algorithm = str(channel.get("algo", "none"))
    encrypted = "no" if algorithm in ("none", "") else "yes"
    name, tgid = str(channel.get("name", "")), str(channel.get("tgid", ""))
    row = CsvRow(channel.line, (tgid, name, zone, "", encrypted))
    rows.take(row, Fields(row, PLACES, TITLES))


def _rows(value: Any) -> list[Line]:  # values of the document
    return [item for item in value if isinstance(item, Line)] if isinstance(value, list) else []


def _table(document: Any, name: str) -> list[Line]:  # values of the document
    if not isinstance(document, Line) or not isinstance(document.get(name), list):
        raise ServiceError(f"file: expected a list named {name}")
    return _rows(document[name])


def _inner(item: Line, name: str) -> Line:
    found = item.get(name)
    return found if isinstance(found, Line) else Line()
