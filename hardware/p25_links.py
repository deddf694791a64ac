"""Makes the driver of each kind of P25 link that goes over UDP, from what the plan says of it."""

import os
from collections.abc import Callable
from pathlib import Path

from gateway.model.errors import ConfigError
from gateway.model.p25_settings import DFSI, FNE, NETWORK
from gateway.model.plan import Link
from gateway.p25.dfsi.core import DfsiCore
from gateway.p25.fne.core import FneCore
from gateway.p25.network.client import GATEWAY, REFLECTOR, NetworkClient
from gateway.p25.network.host import NetworkHost
from gateway.p25.talk.port import P25Core
from gateway.ports import CallSoundSink, Clock, RadioEventSink
from hardware.p25_addresses import local_of, peer_of, read_key, read_password, settings_of
from hardware.p25_radio import Ends, P25RadioLink


def dfsi_link(
    link: Link, events: RadioEventSink, sound: CallSoundSink, clock: Clock, line_log: Path | None
) -> P25RadioLink:
    """Return the driver of a fixed station; control on one port, voice on the next."""
    settings, peer, local = settings_of(link), peer_of(link), local_of(link)
    if peer is None:
        raise ConfigError(f"link {link.id}: port: expected udp:HOST:PORT of the station")
    core = DfsiCore(
        nac=settings.nac,
        own_id=settings.own_id,
        voice_port=local[1] + 1 if local[1] else 0,
        dialect=settings.dialect,
        control=settings.control,
    )
    voice = settings.voice_port or peer[1] + 1
    ends = {
        "control": Ends(local=local, remote=peer),
        "voice": Ends(local=(local[0], local[1] + 1 if local[1] else 0), remote=(peer[0], voice)),
    }
    return P25RadioLink(link.id, core, events, sound, clock, ends=ends, line_log=line_log)


def network_link(
    link: Link, events: RadioEventSink, sound: CallSoundSink, clock: Clock, line_log: Path | None
) -> P25RadioLink:
    """Return the driver of a MMDVM network: a client of a reflector, or its host."""
    settings = settings_of(link)
    core: P25Core
    if settings.host:
        core = NetworkHost(own_id=settings.own_id, groups=link.talkgroups)
    else:
        core = NetworkClient(
            callsign=settings.callsign,
            own_id=settings.own_id,
            groups=link.talkgroups,
            peer=GATEWAY if settings.gateway else REFLECTOR,
        )
    return _one_socket(link, core, events, sound, clock, line_log=line_log)


def fne_link(
    link: Link, events: RadioEventSink, sound: CallSoundSink, clock: Clock, line_log: Path | None
) -> P25RadioLink:
    """Return the driver of a peer of a FNE; raises ConfigError when its password is unreadable."""
    settings = settings_of(link)
    core = FneCore(
        peer_id=settings.peer_id,
        password=read_password(settings.password_file),
        own_id=settings.own_id,
        randbytes=os.urandom,
        identity=settings.callsign,
        nac=settings.nac,
        system_id=settings.system_id,
        wacn=settings.wacn,
        location=link.name,
        talkgroups=link.talkgroups,
        key=read_key(settings.key_file) if settings.key_file else None,
    )
    return _one_socket(link, core, events, sound, clock, line_log=line_log)


def _one_socket(
    link: Link,
    core: P25Core,
    events: RadioEventSink,
    sound: CallSoundSink,
    clock: Clock,
    *,
    line_log: Path | None,
) -> P25RadioLink:
    ends = {core.channels[0]: Ends(local=local_of(link), remote=peer_of(link))}
    return P25RadioLink(link.id, core, events, sound, clock, ends=ends, line_log=line_log)


UDP_LINKS: dict[
    str, Callable[[Link, RadioEventSink, CallSoundSink, Clock, Path | None], P25RadioLink]
] = {DFSI: dfsi_link, NETWORK: network_link, FNE: fne_link}
"""Kind of a link in the plan -> what makes its driver."""
