"""A plan as a TOML file: the same shape as in the store, every mistake named at once."""

import json
from pathlib import Path
from typing import Any

from dispatch.plans.rules_ids import RULES
from dispatch.plans.shape import shape_faults
from gateway.model.errors import ConfigError, InvalidCommand
from gateway.model.link_kinds import TETRA_PEI
from gateway.model.plan import Link, Plan
from gateway.model.wire import from_json
from gateway.tetra.settings import check_settings
from hardware.p25_addresses import p25_link_faults
from hardware.ptt_address import link_faults, ptt_ports
from samband.plan_sound import sound_faults
from samband.toml_faults import read_toml, refuse


def load_plan(path: Path) -> Plan:
    """Read a plan file (TOML or JSON); raises ConfigError that names every mistake."""
    plan = parse_plan(path)
    refuse(path, plan_faults(plan), "plan")
    return plan


def parse_plan(path: Path) -> Plan:
    """Read a plan file without holding it against the rules; raises ConfigError on its shape."""
    data = _read_json(path) if path.suffix == ".json" else read_toml(path)
    refuse(path, shape_faults(data), "plan")
    try:
        return from_json(Plan, data, "plan")
    except InvalidCommand as error:
        refuse(path, [str(error)], "plan")
        raise


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected an object")
    return data


def plan_faults(plan: Plan) -> list[str]:
    """Return what contradicts itself in a well-formed plan, a sentence each."""
    faults = [finding.words for rule in RULES for finding in rule.findings(plan)]
    return faults + [words for _, words in link_opening_faults(plan)]


def link_opening_faults(plan: Plan) -> list[tuple[str, str]]:
    """Return (link, sentence) for each thing that a driver would refuse."""
    faults = [(link.id, f"link {link.id}: {f}") for link in plan.links for f in link_faults(link)]
    faults += [(link.id, fault) for link in plan.links for fault in _terminal_faults(link)]
    faults += [
        (link.id, f"link {link.id}: {fault}")
        for link in plan.links
        for fault in p25_link_faults(link)
    ]
    keys = {link.id: ptt_ports((link,)) for link in plan.links}
    for link in plan.links:
        for other in plan.links:
            if other.id != link.id and link.port and link.port in keys[other.id]:
                faults.append((link.id, f"link {link.id}: port {link.port} keys link {other.id}"))
    return faults + [(_named(words), words) for words in sound_faults(plan)]


def _named(words: str) -> str:
    """Return the link that a sentence begins with, empty when it is about several."""
    return words.removeprefix("link ").partition(":")[0] if words.startswith("link ") else ""


def _terminal_faults(link: Link) -> list[str]:
    if link.kind != TETRA_PEI:
        return []
    try:
        check_settings(link.profile, link.mode)
    except ValueError as fault:
        return [f"link {link.id}: {fault}"]
    return []
