"""``/metrics`` for Prometheus and ``/readyz``: figures of the service, never of a person."""

from collections.abc import Callable, Mapping

from dispatch.audiopath.service import AudioPath
from dispatch.cameras.media_store import MediaStore
from dispatch.cameras.sources import CameraSources
from dispatch.cameras.webhook_sender import WebhookSender
from dispatch.health.parts import WORST
from dispatch.health.service import Health
from dispatch.services.board import Board
from dispatch.services.disk import DiskPolicy
from dispatch.services.journal import Journal
from dispatch.services.record import Record
from dispatch.services.registry import Services
from dispatch.services.stream import EventStream
from dispatch.services.voice import Voice


def metrics_text(services: Services) -> str:
    """Return the metrics in Prometheus' text format."""
    stream, journal = services.use(EventStream), services.use(Journal)
    board = services.use(Board)
    lines: list[str] = []

    def add(name: str, kind: str, words: str, *values: tuple[str, float]) -> None:
        lines.append(f"# HELP samband_{name} {words}")
        lines.append(f"# TYPE samband_{name} {kind}")
        lines.extend(f"samband_{name}{labels} {value:g}" for labels, value in values)

    add("stream_clients", "gauge", "Pages on the event stream.", ("", stream.clients))
    add("stream_seq", "counter", "Number of the last event.", ("", stream.seq))
    add("stream_gaps_total", "counter", "Times the stream began again.", ("", stream.gaps))
    add("journal_written_total", "counter", "Events in the database.", ("", journal.written))
    add("journal_spooled_total", "counter", "Events that took the spool.", ("", journal.spooled))
    add("journal_behind", "gauge", "1 while events wait in the spool.", ("", journal.behind))
    writable = services.use(Record).writable
    add("audit_writable", "gauge", "1 while the audit log can be written.", ("", writable))
    add("alarms_open", "gauge", "Open emergencies.", ("", len(board.alarms)))
    links = [
        (f'{{link="{link.id}"}}', float(board.talkgroups.link(link.id).state == "up"))
        for link in services.plan.plan.links
    ]
    add("link_up", "gauge", "1 while a link is up.", *links)
    add("disk_step", "gauge", "0 ok, 1 warned, 2 no new media.", ("", _step(services)))
    _add_health(services, add)
    if services.has(CameraSources):
        rows = services.use(CameraSources).source_rows()
        states = [(f'{{source="{row["id"]}"}}', float(row["state"] == "up")) for row in rows]
        add("camera_source_up", "gauge", "1 while a camera source is up.", *states)
        lags = [
            (f'{{source="{row["id"]}"}}', float(row["lag_ms"])) for row in rows if row["lag_ms"]
        ]
        add("camera_lag_ms", "gauge", "Delay of a source's last event.", *lags)
        messages = [
            (f'{{source="{row["id"]}",outcome="{outcome}"}}', float(number))
            for row in rows
            for outcome, number in row["counters"].items()
        ]
        add(
            "camera_messages_total", "counter", "Camera messages by what became of them.", *messages
        )
    if services.has(WebhookSender):
        sent = _labelled(services.use(WebhookSender).counters, "target")
        add("webhooks_out_total", "counter", "Messages to other systems by outcome.", *sent)
    if services.has(MediaStore):
        media = _labelled(services.use(MediaStore).counters, "source")
        add("camera_media_total", "counter", "Events whose media nobody asked for.", *media)
    if services.has(Voice):
        voice = services.use(Voice)
        add("rtc_sessions", "gauge", "Open WebRTC sessions.", ("", len(voice.rtc.sessions)))
        delays = [
            (f'{{stage="{stage}",quantile="0.5"}}', delay.p50_ms)
            for stage, delay in voice.rtc.delays().items()
        ]
        add("voice_delay_ms", "gauge", "Voice delay by stage.", *delays)
    return "\n".join(lines) + "\n"


def _add_health(services: Services, add: Callable[..., None]) -> None:
    """Add the parts as the page of health shows them, and the delays of sound and of presses."""
    parts = services.use(Health).parts()
    known = [(f'{{part="{part.id}"}}', float(WORST[part.state])) for part in parts]
    add("health", "gauge", "0 ok or unknown, 1 attention, 2 fault.", *known)
    path = services.use(AudioPath)
    spreads = {
        "voice_ear_ms": ("Radio audio in to ear, last hour.", path.ear(None, None, "hour")),
        "ptt_grant_ms": ("Press to grant, last hour.", path.grants(None, "hour").stage("grant")),
    }
    for name, (words, spread) in spreads.items():
        quantiles = [
            (f'{{quantile="{share}"}}', value)
            for share in (0.5, 0.95)
            if (value := spread.share_ms(share)) is not None
        ]
        if quantiles:
            add(name, "gauge", words, *quantiles)


def _labelled(counters: Mapping[tuple[str, str], int], name: str) -> list[tuple[str, float]]:
    return [
        (f'{{{name}="{one}",outcome="{outcome}"}}', float(number))
        for (one, outcome), number in counters.items()
    ]


def _step(services: Services) -> int:
    return ("ok", "warn", "stop").index(services.use(DiskPolicy).step)


def readiness(services: Services) -> dict[str, object]:
    """Return what must be true before pages are served, each with its answer."""
    plan = services.plan
    return {
        "ready": plan.number > 0,
        "plan": plan.number,
        "log_writable": services.use(Record).writable,
        "journal_behind": services.use(Journal).behind,
        "health": services.use(Health).summary(),
    }
