"""What earlier imports said: by it a field that was edited here is told from one that was not.

Pure. Only imports that the plan stands on count: those into the draft itself, and into the drafts
that its plans came of. A value is kept as JSON has it, so that one from the store and one from the
plan compare.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dispatch.importing.reading import ImportedRule, ImportedSite, ImportedUnit, Reading
from gateway.model.ids import SystemId, talkgroup_id, unit_id
from gateway.model.wire import to_json

TALKGROUP_FIELDS = (
    "name",
    "description",
    "folder",
    "agency",
    "agency_kind",
    "priority",
    "recorded",
    "encrypted",
)
SITE_FIELDS = ("name", "nac", "county", "latitude", "longitude", "frequencies_hz", "control_hz")
Said = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Kind -> id -> field -> value (JSON values)."""
_NONE = (None, "", ())


class Earlier:
    """What imports said, the newest first: of each object the newest that has it counts."""

    def __init__(self, imports: Sequence[Said] = ()) -> None:
        """Take what each import said."""
        self._said: dict[tuple[str, str], Mapping[str, Any]] = {}  # JSON values
        for one in imports:
            for kind, objects in one.items():
                for key, values in objects.items():
                    self._said.setdefault((kind, key), values)

    def of(self, kind: str, key: str) -> Mapping[str, Any]:  # JSON values
        """Return what was said of an object, empty when nothing was."""
        return self._said.get((kind, key), {})

    def knows(self, kind: str, key: str) -> bool:
        """Return whether an import had the object."""
        return (kind, key) in self._said


NOTHING = Earlier()


def earlier_of(text: str) -> Earlier:
    """Return what a JSON list of imports said; empty text: nothing."""
    return Earlier(json.loads(text)) if text else NOTHING


def as_said(value: Any) -> Any:  # a value of the model, and as JSON has it
    """Return a value as it is kept."""
    return list(value) if isinstance(value, tuple) else value


def said_of(system: str, reading: Reading) -> dict[str, dict[str, dict[str, Any]]]:  # JSON values
    """Return what a file says of each object, without what it leaves open."""
    known = SystemId(system)
    return {
        "talkgroup": {
            str(talkgroup_id(known, one.number)): _values(one, TALKGROUP_FIELDS)
            for one in reading.talkgroups
        },
        "unit": {str(unit_id(known, one.number)): _unit(known, one) for one in reading.units},
        "unit_rule": {rule_key(system, one): {"alias": one.alias} for one in reading.rules},
        "site": {site_key(system, one): _values(one, SITE_FIELDS) for one in reading.sites},
    }


def rule_key(system: str, rule: ImportedRule) -> str:
    """Return the id of a rule."""
    return f"{system}/{rule.name}"


def site_key(system: str, site: ImportedSite) -> str:
    """Return what a site is the same by."""
    return f"{system}/{site.rfss}-{site.number}"


def _unit(system: SystemId, unit: ImportedUnit) -> dict[str, Any]:  # JSON values
    values = _values(unit, ("alias", "owner", "kind"))
    if unit.talkgroup is not None:
        values["talkgroup"] = str(talkgroup_id(system, unit.talkgroup))
    return values


def _values(row: object, names: Iterable[str]) -> dict[str, Any]:  # JSON values
    found = ((name, getattr(row, name)) for name in names)
    return {name: to_json(value) for name, value in found if value not in _NONE}
