"""``samband cameras``: looks for ONVIF cameras on this network, and shows what one offers."""

import argparse
import asyncio
import json
import socket
import sys
import time
import uuid
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from dispatch.clock import SystemClock
from dispatch.live.camera_http import CameraHttp, Login, NoPicture
from dispatch.live.networks import Bounds, OutOfBounds, at_device
from dispatch.live.onvif_discovery import GROUP, PORT, Found, probe, read_matches
from dispatch.live.onvif_soap import SoapFault
from dispatch.live.stills import Stills, Ways
from gateway.model.errors import ConfigError, LinkError

DISCOVER_S = 4.0
HOPS = 1
"""A probe stays on this network."""
LARGEST_ANSWER = 65_535


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband cameras``."""
    parser = subparsers.add_parser(
        "cameras",
        help="looks for ONVIF cameras, shows what one offers",
        epilog="example: samband cameras discover; "
        "samband cameras profiles http://192.0.2.41/onvif/device_service --user samband "
        "--password-file /etc/samband/camera-password",
    )
    ways = parser.add_subparsers(dest="what", required=True)
    look = ways.add_parser("discover", help="asks the network for cameras (WS-Discovery)")
    look.add_argument("--seconds", type=float, default=DISCOVER_S, help="how long to wait (4)")
    look.add_argument(
        "--from",
        dest="source",
        metavar="ADDRESS",
        help="address of the network card to ask from (else: the one that the system chooses)",
    )
    look.add_argument("--json", action="store_true", help="one JSON list")
    show = ways.add_parser("profiles", help="profiles, address of the picture and clock of one")
    show.add_argument("url", help="its device service: http://ADDRESS/onvif/device_service")
    show.add_argument("--user", help="its user")
    show.add_argument("--password-file", type=Path, metavar="FILE", help="its password")
    show.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run one of the two; returns 0 when a camera answered."""
    if args.what == "discover":
        found = discover(args.seconds, args.source)
        _print(found, as_json=args.json)
        return 0 if found else 1
    told = asyncio.run(profiles(args.url, _login(args)))
    if args.json:
        print(json.dumps(told, indent=1))
        return 0
    for name, value in told.items():
        if name != "profiles":
            print(f"{name.replace('_', ' '):<16} {value}")
    for profile in told["profiles"]:  # type: ignore[attr-defined]  # a list, made below
        size = f"{profile['width']}×{profile['height']}"
        print(
            f"profile {profile['token']:<12} {profile['encoding']:<6} {size:<10} {profile['name']}"
        )
    return 0


def discover(
    seconds: float, source: str | None = None, to: tuple[str, int] = (GROUP, PORT)
) -> list[Found]:
    """Ask and wait; returns each device once. Raises LinkError when nothing can be sent."""
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, HOPS)
    try:
        if source:
            card = socket.inet_aton(source)
            asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, card)
        asking.sendto(probe(str(uuid.uuid4())), to)
        return _answers(asking, time.monotonic() + seconds)
    except OSError as error:
        raise LinkError(
            f"the network cannot be asked: {error.strerror or error}",
            hint="Name the address of the right network card with --from.",
        ) from error
    finally:
        asking.close()


def _answers(asking: socket.socket, deadline: float) -> list[Found]:
    found: dict[str, Found] = {}
    while (left := deadline - time.monotonic()) > 0:
        asking.settimeout(left)
        try:
            answer, _ = asking.recvfrom(LARGEST_ANSWER)
        except TimeoutError:
            break
        for one in read_matches(answer):
            found.setdefault(one.endpoint or one.addresses[0], one)
    return list(found.values())


def _print(found: list[Found], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=1))
        return
    for one in found:
        kinds = ", ".join(one.profiles) or "-"
        print(f"{one.addresses[0]:<52} {one.name or '-':<24} {one.hardware or '-':<20} {kinds}")
    if not found:
        print("no camera answered; is this machine on the cameras' network?", file=sys.stderr)


async def profiles(url: str, login: Login | None) -> dict[str, object]:
    """Return what a device tells of itself; raises LinkError with its words."""
    host = urlsplit(url).hostname
    if host is None:
        raise ConfigError(f"{url}: expected http://ADDRESS/onvif/device_service")
    http, ways = CameraHttp(Bounds([host])), Ways(onvif=url, login=login)
    stills = Stills(ways={}, http=http, engines={}, clock=SystemClock())
    try:
        offset_us = await stills.clock_offset_us(ways)
        told: dict[str, object] = dict(await stills.information(ways))
        _, _, known = await stills.profiles(ways)
        told["clock_offset_s"] = None if offset_us is None else round(offset_us / 1e6, 1)
        told["picture"] = at_device(await stills.snapshot_address(ways), url)
        told["profiles"] = [asdict(one) for one in known]
    except (NoPicture, OutOfBounds, SoapFault) as error:
        raise LinkError(f"{url}: {error}") from error
    finally:
        await http.close()
    return told


def _login(args: argparse.Namespace) -> Login | None:
    if args.user is None:
        return None
    password = ""
    if args.password_file is not None:
        try:
            password = args.password_file.read_text().strip()
        except OSError as error:
            raise ConfigError(f"{args.password_file}: {error.strerror}") from error
    return Login(user=args.user, password=password)
