"""``samband users``: add, list, disable, reset, grant. A running server notices within a second."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dispatch.auth.access import EVERYTHING, GrantInfo, UserInfo
from dispatch.auth.people import People, parse_actions
from dispatch.auth.permissions import ROLE_ACTIONS, Role
from dispatch.clock import SystemClock
from dispatch.errors import NotFound
from dispatch.store.engine import Store
from dispatch.store.upgrade import upgrade
from gateway.model.ids import UtcUs
from samband.place import add_place, existing_state, store_url_of, touch_people
from samband.users_log import before, spool_change

MAX_DAYS = 366
"""No grant stands longer than a year."""
US_PER_DAY = 86_400_000_000
ROLES = [role.value for role in Role]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband users``."""
    parser = subparsers.add_parser(
        "users",
        help="adds, lists and disables people",
        epilog="example: samband users add sara --display-name 'Sara Holm' --role dispatcher "
        "--organisation Police -c samband.toml",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    add = _verb(verbs, "add", "add an account and print a one-time link for its password")
    add.add_argument("name")
    add.add_argument("--display-name", required=True)
    add.add_argument("--role", required=True, choices=ROLES)
    add.add_argument("--organisation", required=True)
    add.add_argument("--person", default="", help="the same on all accounts of one human being")
    add.add_argument("--password-stdin", action="store_true", help="first line of standard input")
    _verb(verbs, "list", "list accounts and grants")
    disable = _verb(verbs, "disable", "disable an account; its sessions end")
    disable.add_argument("name")
    reset = _verb(verbs, "reset", "print a one-time link for a new password")
    reset.add_argument("name")
    grant = _verb(verbs, "grant", "give a role of an organisation actions on a folder")
    grant.add_argument("--role", required=True, choices=ROLES)
    grant.add_argument("--organisation", default=EVERYTHING)
    grant.add_argument("--folder", default=EVERYTHING, help="talkgroup folder, * for all")
    grant.add_argument("--camera-group", help="a camera group instead of a folder")
    grant.add_argument("--individual", help="private calls of a link instead, * for all")
    grant.add_argument("--actions", default="", help="see,hear,talk,replay,search,export")
    grant.add_argument(
        "--days", type=_days, default=MAX_DAYS, metavar="N", help="until when it stands (366)"
    )


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= MAX_DAYS:
        raise argparse.ArgumentTypeError(f"expected 1 to {MAX_DAYS}")
    return days


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, words: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(
        name, help=words, epilog=f"example: samband users {name} --help, docs/operations.md"
    )
    add_place(parser)
    parser.add_argument("--json", action="store_true", help="machine-readable")
    return parser


@contextmanager
def people_of(args: argparse.Namespace) -> Iterator[tuple[People, Path]]:
    """Open accounts and grants of a state folder; a running server is told at the end."""
    state = existing_state(args)
    url = store_url_of(args)
    upgrade(url)
    store = Store(url)
    try:
        people = People(store, SystemClock(), os.urandom)
        people.load()
        was = before(people)
        yield people, state
        account = people.by_name(args.name) if args.verb == "reset" else None
        spool_change(state, people, was, f"users {args.verb}", account.id if account else "")
        touch_people(state)
    finally:
        store.close()


def run(args: argparse.Namespace) -> int:
    """Run one of the five."""
    with people_of(args) as (people, _):
        match args.verb:
            case "add":
                _add(people, args)
            case "list":
                _list(people, args)
            case "disable":
                user = people.change_now(_find(people, args.name).id, disabled=True)
                _print(args, {"name": user.name, "disabled": True}, f"{user.name} is disabled")
            case "reset":
                user = _find(people, args.name)
                token = people.invite_now(user.role, user.organisation, user.id)
                _print(args, {"name": user.name, "link": link(token)}, _link_words(user, token))
            case "grant":
                _grant(people, args)
    return 0


def link(token: str) -> str:
    """Return the path of a one-time link on the room's address."""
    return f"/#/invitation/{token}"


def _link_words(user: UserInfo, token: str) -> str:
    return f"{user.name}: one-time link, 24 hours, on the room's own address: {link(token)}"


def _add(people: People, args: argparse.Namespace) -> None:
    password_hash = None
    if args.password_stdin:
        from dispatch.auth.passwords import Passwords

        passwords = Passwords()
        password_hash = passwords.hash_now(sys.stdin.readline().rstrip("\n"))
        passwords.close()
    user = people.add_now(
        name=args.name,
        display_name=args.display_name,
        role=Role(args.role),
        organisation=args.organisation,
        password_hash=password_hash,
        person=args.person,
    )
    if password_hash is not None:
        _print(args, {"id": user.id, "name": user.name}, f"{user.name} is added")
        return
    token = people.invite_now(user.role, user.organisation, user.id)
    _print(args, {"id": user.id, "name": user.name, "link": link(token)}, _link_words(user, token))


def _list(people: People, args: argparse.Namespace) -> None:
    if args.json:
        rows = [
            {"name": u.name, "role": u.role.value, "organisation": u.organisation}
            | {"display_name": u.display_name, "disabled": u.disabled}
            for u in people.users()
        ]
        print(json.dumps(rows, ensure_ascii=False))
        return
    for user in people.users():
        mark = "  DISABLED" if user.disabled else ""
        print(
            f"{user.name:<20}{user.role.value:<15}{user.organisation:<20}{user.display_name}{mark}"
        )
    for grant in people.grants():
        actions = ",".join(sorted(action.value for action in grant.actions))
        print(
            f"grant {grant.id}: {grant.role.value} of {grant.organisation}: "
            f"{grant.scope_kind} {grant.scope}: {actions}"
        )


def _grant(people: People, args: argparse.Namespace) -> None:
    role = Role(args.role)
    words = args.actions.split(",") if args.actions else [a.value for a in ROLE_ACTIONS[role]]
    kind, scope = "folder", args.folder
    if args.camera_group:
        kind, scope = "camera_group", args.camera_group
    elif args.individual:
        kind, scope = "individual", args.individual
    grant = people.give_now(
        GrantInfo(
            id=0,
            role=role,
            organisation=args.organisation,
            scope_kind=kind,
            scope=scope,
            actions=parse_actions(words),
            expires_utc=UtcUs(SystemClock().utc_us() + args.days * US_PER_DAY),
        ),
        "samband users grant",
    )
    _print(args, {"id": grant.id}, f"grant {grant.id} is given")


def _find(people: People, name: str) -> UserInfo:
    user = people.by_name(name)
    if user is None:
        raise NotFound(f"there is no user {name!r}", hint="samband users list shows all.")
    return user


def _print(args: argparse.Namespace, value: dict[str, object], words: str) -> None:
    print(json.dumps(value, ensure_ascii=False) if args.json else words)
