"""``samband plan topology``: what hangs on what, loops and single points of failure."""

import argparse
import json

from dispatch.topology.finding import What
from dispatch.topology.picture import Picture, picture
from gateway.model.plan import Plan

HEADINGS = {
    What.LOOP: "Loops",
    What.BLOCKED: "Cannot work",
    What.NOW: "Down now",
    What.SINGLE: "Single points of failure",
}
THIS_GATEWAY = "this gateway"
"""A file does not say which gateway its links hang on."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("plan", metavar="PLAN", help="a file (TOML, JSON), a number, or live")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a loop is found")


def show(args: argparse.Namespace, plan: Plan) -> int:
    """Print the topology of a plan; returns the exit status."""
    found = picture(plan, THIS_GATEWAY)
    if args.json:
        print(json.dumps(found.rows, ensure_ascii=False))
    else:
        print("\n".join(lines(found)))
    return 1 if args.strict and found.of(What.LOOP) else 0


def lines(found: Picture) -> list[str]:
    """Return the topology in lines: the tree of sites and links, then what was found."""
    rows = found.rows
    links = {link["id"]: link for link in rows["links"]}
    told = [f"{rows['name']}: {_counts(rows)}"]
    for site in rows["sites"]:
        told.append(f"  site {site['name']}")
        told += [_link(links[link]) for link in site["links"]] or ["    no link"]
    for patch in rows["patches"]:
        told.append(f"  patch {patch['id']} {patch['name']}: {', '.join(patch['members'])}")
    for what, heading in HEADINGS.items():
        findings = found.of(what)
        if findings:
            told += ["", f"{heading}: {len(findings)}"]
            told += [f"  {one.rule:9} {one.words}" for one in findings]
    return told


def _link(link: dict[str, object]) -> str:
    groups = link["talkgroups"]
    count = len(groups) if isinstance(groups, list) else 0
    alarms = "" if link["emergencies"] else ", carries no emergencies"
    return f"    {link['name']} ({link['kind']}): {count} talkgroups{alarms}"


def _counts(rows: dict[str, list[object]]) -> str:
    kinds = ("sites", "links", "folders", "talkgroups", "patches")
    return ", ".join(f"{len(rows[kind])} {kind}" for kind in kinds)
