"""One version of the policy: what it says, whether it can be, how it differs from another.

Pure: no database, no clock. As TOML it has four tables: ``retention_days`` (class = days),
``recording`` (``not_recorded``, ``private_calls``), ``rights`` (permission = roles that lose it)
and ``approvals`` (``erasure_objects``, ``hold_review_days``).
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dispatch.auth.permissions import PERMISSIONS, Role, permission_words
from dispatch.store.retention import RETENTION_DAYS
from gateway.model.errors import ConfigError
from gateway.model.individual_plan import IndividualRule
from gateway.model.plan import Plan

MAX_DAYS = 36_525
MAX_HOLD_REVIEW_DAYS = 180
MAX_ERASURE_OBJECTS = 1000
"""More objects than this need a second person; a policy can ask for less, never for more."""
KEPT_RIGHTS = frozenset({"session.own", "access.own", "stream.open"})
"""What nobody loses: to see and end the own session, and what was logged of oneself."""
LAST_KEEPERS = frozenset({"policy.see", "policy.edit", "policy.agree"})
"""Without these nobody could change the policy back."""
CLASS_WORDS = {
    "call": "calls",
    "emergency_call": "emergency calls",
    "incident": "incidents and what is attached to them, from their end",
    "message": "texts and statuses",
    "position": "places of units",
    "private_call": "private calls",
    "media": "stills and clips",
    "event": "camera events that belong to no incident",
    "telemetry": "desk telemetry (volume, focus, selection)",
    "audit": "the audit log",
}
_CLASS = re.compile(r"[a-z][a-z_]{0,31}")
_KEYS = {
    "retention_days": None,
    "recording": {"not_recorded", "private_calls"},
    "rights": None,
    "approvals": {"erasure_objects", "hold_review_days"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What counts. ``rights``: permission -> roles that do not have it here."""

    retention_days: Mapping[str, int] = field(default_factory=lambda: dict(RETENTION_DAYS))
    not_recorded: tuple[str, ...] = ()
    private_calls: bool = True
    rights: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    erasure_objects: int = MAX_ERASURE_OBJECTS
    hold_review_days: int = MAX_HOLD_REVIEW_DAYS

    def to_dict(self) -> dict[str, Any]:
        """Return it as TOML and JSON hold it."""
        return {
            "retention_days": dict(sorted(self.retention_days.items())),
            "recording": {
                "not_recorded": sorted(self.not_recorded),
                "private_calls": self.private_calls,
            },
            "rights": {name: sorted(roles) for name, roles in sorted(self.rights.items())},
            "approvals": {
                "erasure_objects": self.erasure_objects,
                "hold_review_days": self.hold_review_days,
            },
        }

    def body(self) -> str:
        """Return the text that is stored and agreed to: JSON, keys sorted, no spaces."""
        return json.dumps(self.to_dict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def digest(self) -> str:
        """Return the SHA-256 (hex) of ``body``."""
        return hashlib.sha256(self.body().encode()).hexdigest()

    def to_toml(self) -> str:
        """Return it as TOML, always the same for the same policy."""
        lines = []
        for table, values in self.to_dict().items():
            lines.append(f"[{table}]")
            for key, value in values.items():
                name = key if _CLASS.fullmatch(key) else json.dumps(key)
                lines.append(f"{name} = {json.dumps(value, ensure_ascii=False)}")
            lines.append("")
        return "\n".join(lines)

    def withdrawn(self, role: Role) -> frozenset[str]:
        """Return the permissions that a role does not have under this policy."""
        return frozenset(name for name, roles in self.rights.items() if role.value in roles)

    def records(self, talkgroup: str) -> bool:
        """Whether the policy lets a talkgroup be recorded (the plan may still say no)."""
        return talkgroup not in self.not_recorded

    def shaped(self, plan: Plan) -> Plan:
        """Return the plan as the recorder has to use it."""
        talkgroups = tuple(
            group if self.records(group.id) else replace(group, recorded=False)
            for group in plan.talkgroups
        )
        rules = plan.individual_rules
        if not self.private_calls:
            rest = IndividualRule(name="policy")
            rules = tuple(replace(rule, recorded=False) for rule in (*rules, rest))
        return replace(plan, talkgroups=talkgroups, individual_rules=rules)


def from_body(body: str) -> Policy:
    """Read a stored version."""
    return from_dict(json.loads(body))


def from_toml(text: str) -> Policy:
    """Read a policy file; raises ConfigError with every fault in words."""
    try:
        return from_dict(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"policy: not TOML: {error}") from error


def from_dict(value: Mapping[str, Any]) -> Policy:
    """Read a policy; what is not named keeps its default. Raises ConfigError with every fault."""
    faults = _strange(value)
    recording, approvals = value.get("recording", {}), value.get("approvals", {})
    days, rights = value.get("retention_days", {}), value.get("rights", {})
    if faults:
        raise ConfigError("policy: cannot be read", faults=tuple(faults))
    policy = Policy(
        retention_days={**RETENTION_DAYS, **days},
        not_recorded=tuple(sorted(set(recording.get("not_recorded", ())))),
        private_calls=recording.get("private_calls", True),
        rights={name: tuple(sorted(set(roles))) for name, roles in rights.items() if roles},
        erasure_objects=approvals.get("erasure_objects", MAX_ERASURE_OBJECTS),
        hold_review_days=approvals.get("hold_review_days", MAX_HOLD_REVIEW_DAYS),
    )
    faults = check(policy)
    if faults:
        raise ConfigError("policy: it cannot be used", faults=tuple(faults))
    return policy


def _strange(value: Mapping[str, Any]) -> list[str]:
    faults = [f"{name}: not a part of a policy" for name in value if name not in _KEYS]
    for table, keys in _KEYS.items():
        part = value.get(table, {})
        if not isinstance(part, Mapping):
            faults.append(f"{table}: expected a table")
            continue
        if keys is not None:
            faults += [f"{table}.{key}: unknown" for key in part if key not in keys]
        for key, one in part.items():
            if not _fits(table, key, one):
                faults.append(f"{table}.{key}: expected {_expected(table, key)}, got {one!r}")
    return faults


def _expected(table: str, key: str) -> str:
    if key == "private_calls":
        return "true or false"
    return "a list of texts" if table == "rights" or key == "not_recorded" else "a whole number"


def _fits(table: str, key: str, value: object) -> bool:
    kind = _expected(table, key)
    if kind == "true or false":
        return isinstance(value, bool)
    if kind == "a list of texts":
        return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
    return isinstance(value, int) and not isinstance(value, bool)


def check(policy: Policy) -> list[str]:
    """Return every fault of a policy in words; none when it can be used."""
    faults = []
    for name, days in policy.retention_days.items():
        if not _CLASS.fullmatch(name):
            faults.append(f"retention_days.{name}: expected a name of a-z and _, 32 at most")
        if not 1 <= days <= MAX_DAYS:
            faults.append(f"retention_days.{name}: expected 1 to {MAX_DAYS} days, got {days}")
    longest = max(days for name, days in policy.retention_days.items() if name != "audit")
    if policy.retention_days["audit"] < longest:
        faults.append(
            f"retention_days.audit: the log is kept at least as long as what it tells of "
            f"({longest} days)"
        )
    faults += _faults_of_rights(policy)
    if not 1 <= policy.erasure_objects <= MAX_ERASURE_OBJECTS:
        faults.append(f"approvals.erasure_objects: expected 1 to {MAX_ERASURE_OBJECTS}")
    if not 1 <= policy.hold_review_days <= MAX_HOLD_REVIEW_DAYS:
        faults.append(f"approvals.hold_review_days: expected 1 to {MAX_HOLD_REVIEW_DAYS}")
    return faults


def _faults_of_rights(policy: Policy) -> list[str]:
    faults, roles = [], {role.value for role in Role}
    for name, losers in policy.rights.items():
        if name not in PERMISSIONS:
            faults.append(f"rights.{name}: there is no such permission")
            continue
        if name in KEPT_RIGHTS:
            faults.append(f"rights.{name}: nobody loses the right to {permission_words(name)}")
        faults += [f"rights.{name}: there is no role {one}" for one in losers if one not in roles]
        left = {role.value for role in PERMISSIONS[name].roles} - set(losers)
        if name in LAST_KEEPERS and len(left) < (2 if name == "policy.agree" else 1):
            faults.append(f"rights.{name}: nobody would be left to {permission_words(name)}")
    return faults


def shorter(old: Mapping[str, int], new: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Return the classes that ``new`` keeps for less days, with both."""
    found = {}
    for name in sorted({*old, *new}):
        before, after = old.get(name, old["call"]), new.get(name, new["call"])
        if after < before:
            found[name] = (before, after)
    return found


def compare(old: Policy, new: Policy) -> list[str]:
    """Return in words what ``new`` changes; empty when nothing."""
    words = []
    for name in sorted({*old.retention_days, *new.retention_days}):
        before, after = old.retention_days.get(name), new.retention_days.get(name)
        if before != after:
            words.append(_days_words(name, before, after))
    words += _recording_words(old, new) + _rights_words(old, new)
    if old.erasure_objects != new.erasure_objects:
        words.append(
            f"Erasing more than {new.erasure_objects} objects at once needs a second person "
            f"(was {old.erasure_objects})."
        )
    if old.hold_review_days != new.hold_review_days:
        words.append(
            f"A hold is looked at again after {new.hold_review_days} days at most "
            f"(was {old.hold_review_days})."
        )
    return words


def _recording_words(old: Policy, new: Policy) -> list[str]:
    words = []
    for group in sorted(set(new.not_recorded) - set(old.not_recorded)):
        words.append(f"Talkgroup {group} is no longer recorded.")
    for group in sorted(set(old.not_recorded) - set(new.not_recorded)):
        words.append(f"Talkgroup {group} is recorded again, as the plan says.")
    if old.private_calls != new.private_calls:
        again = "recorded as the plan says" if new.private_calls else "never recorded"
        words.append(f"Private calls are {again}.")
    return words


def _rights_words(old: Policy, new: Policy) -> list[str]:
    words = []
    for name in sorted({*old.rights, *new.rights}):
        before_roles, after_roles = set(old.rights.get(name, ())), set(new.rights.get(name, ()))
        does = permission_words(name)
        for role in sorted(after_roles - before_roles):
            words.append(f"The role {role} may no longer {does} ({name}).")
        for role in sorted(before_roles - after_roles):
            words.append(f"The role {role} may again {does} ({name}).")
    return words


def _days_words(name: str, before: int | None, after: int | None) -> str:
    what = CLASS_WORDS.get(name, f"objects of the class {name}")
    if after is None:
        return f"The class {name} is taken away: its objects are kept as calls are."
    if before is None:
        return f"New class {name}: {what} are kept for {after} days."
    how = "longer, at once" if after > before else "shorter, after 7 days"
    return f"{what[0].upper()}{what[1:]}: {before} to {after} days ({how})."
