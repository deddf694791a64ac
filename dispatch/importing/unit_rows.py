"""One row of a unit table: a number, a span or a pattern, and its name."""

import re

from dispatch.importing.csv_rows import CsvRow
from dispatch.importing.reading import (
    DUPLICATE,
    OK,
    REPAIRED,
    SKIPPED,
    ImportedRule,
    ImportedUnit,
    Reading,
)
from dispatch.importing.table_fields import Fields
from dispatch.importing.talkgroup_rows import MAX_NUMBER, same_number, whole_number
from gateway.model.ids import SystemId
from gateway.model.unit_rules import UnitRule, unit_rule_faults

MAX_ALIAS_CHARACTERS = 64
MIN_WHOLE_IDENTITY = 14
"""Digits from which a number is country, network and short identity together."""
NO_NAMES = frozenset({"", "-", "none", "null", "n/a"})
"""What lists write where there is no name."""


class UnitRows:
    """Takes rows of one table into a reading."""

    def __init__(self, reading: Reading) -> None:
        """Begin with no number seen."""
        self._reading = reading
        self._seen: dict[int, CsvRow] = {}
        self._rules: dict[str, int] = {}

    def take(self, row: CsvRow, fields: Fields) -> None:
        """Report the row and keep its unit or rule."""
        if row.too_long:
            self._reading.report(row.line, SKIPPED, "", row.too_long, row.fields[0])
            return
        if fields.get("pattern"):
            self.rule(row.line, fields.get("pattern"), _alias(fields))
            return
        if fields.get("first") and fields.get("last"):
            self.span(row.line, fields.get("first"), fields.get("last"), _alias(fields))
            return
        self._unit(row, fields)

    def _unit(self, row: CsvRow, fields: Fields) -> None:
        text, title = fields.get("number"), fields.title("number")
        number = whole_number(_short(text))
        if number is None or not 0 < number <= MAX_NUMBER:
            words = f"expected a number from 1 to {MAX_NUMBER}"
            self._reading.report(row.line, SKIPPED, title, words, text)
            return
        if number in self._seen:
            words = same_number(self._seen[number], row)
            self._reading.report(row.line, DUPLICATE, title, words, text)
            return
        alias = _alias(fields)
        if alias.casefold() in NO_NAMES:
            words = "no name: nothing to take"
            self._reading.report(row.line, SKIPPED, fields.title("alias"), words, text)
            return
        self._seen[number] = row
        self._keep(row, number, alias, fields)

    def _keep(self, row: CsvRow, number: int, alias: str, fields: Fields) -> None:
        self._reading.units.append(
            ImportedUnit(
                number=number,
                alias=alias[:MAX_ALIAS_CHARACTERS],
                owner=fields.get("owner") or None,
                kind=fields.get("kind") or fields.get("vehicle") or None,
                talkgroup=whole_number(fields.get("talkgroup")),
                line=row.line,
            )
        )
        if row.repaired:
            self._reading.report(row.line, REPAIRED, fields.title("alias"), row.repaired, alias)
        elif len(alias) > MAX_ALIAS_CHARACTERS:
            words = f"cut to {MAX_ALIAS_CHARACTERS} characters"
            self._reading.report(row.line, REPAIRED, fields.title("alias"), words, alias)
        else:
            self._reading.report(row.line, OK, value=str(number))

    def rule(self, line: int, pattern: str, alias: str) -> None:
        """Take a rule by a pattern; one that cannot be run in linear time is not taken."""
        self._take_rule(line, ImportedRule(name=pattern, alias=alias, pattern=pattern, line=line))

    def span(self, line: int, first: str, last: str, alias: str) -> None:
        """Take a rule from a first to a last number."""
        low, high = whole_number(first), whole_number(last)
        if low is None or high is None:
            words = "expected two numbers"
            self._reading.report(line, SKIPPED, "first", words, f"{first} to {last}")
            return
        name = f"{low} to {high}"
        self._take_rule(line, ImportedRule(name=name, alias=alias, first=low, last=high, line=line))

    def _take_rule(self, line: int, rule: ImportedRule) -> None:
        made = UnitRule(
            system=SystemId("x"),
            name=rule.name,
            alias=rule.alias,
            first=rule.first,
            last=rule.last,
            pattern=rule.pattern,
        )
        faults = unit_rule_faults(made)
        if faults:
            self._reading.report(line, SKIPPED, "pattern", faults[0], rule.name)
        elif rule.name in self._rules:
            words = f"the rule is in line {self._rules[rule.name]} already"
            self._reading.report(line, DUPLICATE, "pattern", words, rule.name)
        else:
            self._rules[rule.name] = line
            self._reading.rules.append(rule)
            self._reading.report(line, OK, value=rule.name)


def _alias(fields: Fields) -> str:
    return fields.get("alias") or fields.get("opta")


def _short(text: str) -> str:
    """Return the short identity of a whole one, as ``901-1001-1210207`` or 15 digits."""
    if len(text) < MIN_WHOLE_IDENTITY:
        return text
    plain = re.sub(r"[\s-]", "", text)
    return (
        plain[-8:].lstrip("0") if plain.isdecimal() and len(plain) >= MIN_WHOLE_IDENTITY else text
    )
