"""One plan, one hash: what was checked, compared, approved and activated is the same thing."""

import hashlib
import json
from typing import Any

from gateway.model.plan import Plan
from gateway.model.wire import from_json, to_json


def plan_text(plan: Plan) -> str:
    """Return a plan as JSON with sorted keys and no blanks: the same plan, the same text."""
    return json.dumps(to_json(plan), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def plan_hash(plan: Plan) -> str:
    """Return the SHA-256 of a plan's text, 64 hex digits."""
    return hashlib.sha256(plan_text(plan).encode()).hexdigest()


def plan_of(text: str) -> Plan:
    """Return the plan of a text; raises InvalidCommand that names the field."""
    values: Any = json.loads(text)  # JSON: from_json checks each value
    return from_json(Plan, values, "plan")
