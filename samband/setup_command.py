"""``samband setup``: state folder, configuration, certificate, administrator, service unit."""

import argparse
import getpass
import os
import shutil
import socket
import sys
from pathlib import Path

from dispatch.auth.people import People
from dispatch.auth.permissions import Role
from dispatch.clock import SystemClock
from dispatch.store.engine import Store
from dispatch.store.upgrade import upgrade
from gateway.model.errors import ConfigError
from samband.certificate import fingerprint, make_certificate
from samband.state import make_state
from samband.users_command import link

CONFIG = """\
# What this machine is. Talkgroups, units and links are the plan's.
# Every key and its range: docs/operations.md. Check: samband check-config {path}

[site]
name = "{name}"
id = "{site}"
gateway = "gw-{site}"

[web]
host = "{host}"
port = {port}
certificate = "{certificate}"
key = "{key}"

[store]
state = "{state}"

[audit]
origin = "{origin}"
"""

UNIT = """\
[Unit]
Description=Samband, radio gateway and dispatch server
After=network-online.target
Wants=network-online.target

[Service]
ExecStart={program} run -c {config}
User={user}
Restart=on-failure
RestartSec=2
TimeoutStopSec=20
NoNewPrivileges=true
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={state}
PrivateTmp=true
SupplementaryGroups=dialout audio

[Install]
WantedBy=multi-user.target
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband setup``."""
    parser = subparsers.add_parser(
        "setup",
        help="first administrator, certificate, service unit",
        epilog="example: samband setup --config /etc/samband/samband.toml "
        "--state /var/lib/samband --host radio.example.se",
    )
    parser.add_argument("--config", type=Path, default=Path("samband.toml"), metavar="FILE")
    parser.add_argument("--state", type=Path, default=Path("/var/lib/samband"), metavar="DIR")
    parser.add_argument("--host", action="append", help="name or address browsers use; may repeat")
    parser.add_argument("--listen", default="0.0.0.0", metavar="ADDRESS")  # noqa: S104 (told, TLS only)
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--name", default="Radio room", help="name of the room")
    parser.add_argument("--site", default="site-1", help="id of the site, a-z 0-9 -")
    parser.add_argument("--organisation", default="Radio room", help="of the first administrator")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="the site's own")
    parser.add_argument("--key", type=Path, metavar="FILE", help="its key")
    parser.add_argument("--user", default=getpass.getuser(), help="account the service runs as")


def run(args: argparse.Namespace) -> int:
    """Set up; nothing that is there is overwritten."""
    refuse_to_overwrite(args)
    make_state(args.state)
    hosts = args.host or [socket.gethostname(), "localhost", "127.0.0.1"]
    certificate, key = _certificate(args, hosts)
    args.config.parent.mkdir(parents=True, exist_ok=True)
    args.config.write_text(config_text(args, certificate, key), encoding="utf-8")
    token = first_administrator(args.state, args.organisation)
    unit = args.state / "samband.service"
    unit.write_text(
        UNIT.format(
            program=shutil.which("samband") or f"{sys.executable} -m samband",
            config=args.config.absolute(),
            state=args.state.absolute(),
            user=args.user,
        ),
        encoding="utf-8",
    )
    print(f"configuration   {args.config}")
    print(f"state folder    {args.state}")
    print(f"certificate     {certificate}")
    print(f"  SHA-256       {fingerprint(certificate)}")
    print(f"service unit    {unit}   (copy to /etc/systemd/system, then systemctl enable)")
    print(f"\nStart:          samband run -c {args.config} --plan plan.toml")
    print("First administrator, one time, within 24 hours:")
    print(f"  https://{hosts[0]}:{args.port}{link(token)}")
    return 0


def refuse_to_overwrite(args: argparse.Namespace) -> None:
    """Raise ConfigError when a room was set up here already, or half a certificate is given."""
    there = [path for path in (args.config, args.state / "samband.db") if path.exists()]
    if there:
        raise ConfigError(
            f"setup: {there[0]} is there already and is not overwritten",
            hint="Give --config and --state of a new place, or use samband users reset.",
        )
    if (args.certificate is None) != (args.key is None):
        raise ConfigError("setup: give both --certificate and --key, or neither")
    for path in (args.certificate, args.key):
        if path is not None and not path.is_file():
            raise ConfigError(f"setup: there is no file {path}")


def config_text(args: argparse.Namespace, certificate: Path, key: Path) -> str:
    """Return the text of ``samband.toml``."""
    values = {
        "path": args.config,
        "name": args.name,
        "site": args.site,
        "host": args.listen,
        "port": args.port,
        "certificate": certificate.absolute(),
        "key": key.absolute(),
        "state": args.state.absolute(),
        "origin": f"{args.site}/audit",
    }
    escaped = {k: str(v).replace("\\", "\\\\").replace('"', '\\"') for k, v in values.items()}
    return CONFIG.format(**escaped)


def _certificate(args: argparse.Namespace, hosts: list[str]) -> tuple[Path, Path]:
    if args.certificate is not None:
        return args.certificate, args.key
    certificate, key = args.state / "keys" / "web.crt", args.state / "keys" / "web.key"
    make_certificate(hosts, certificate, key)
    return certificate, key


def first_administrator(state: Path, organisation: str) -> str:
    """Make the database and return the token of a one-time link for an administrator."""
    url = f"sqlite:///{state.absolute() / 'samband.db'}"
    upgrade(url)
    store = Store(url)
    try:
        people = People(store, SystemClock(), os.urandom)
        return people.invite_now(Role.ADMINISTRATOR, organisation)
    finally:
        store.close()
