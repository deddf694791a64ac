"""From what gateway, packets and desks tell to the figures of a way."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from pydantic import ValidationError

from dispatch.audiopath.desks import DeskClock, DeskReport, Heard, Played, Spoken
from dispatch.audiopath.service import AudioPath
from dispatch.audiopath.settings import OPUS_LOOK_AHEAD_MS
from dispatch.audiopath.view import Asked, view
from dispatch.health.rules import HealthRules
from gateway.model import events as ev
from gateway.model.ids import (
    CallId,
    LinkId,
    MonoMs,
    PositionId,
    RequestId,
    TalkgroupId,
    TransmissionId,
    UtcUs,
    ulid_bytes,
)
from gateway.model.sound_events import SoundLevel
from gateway.model.spread import Spread
from gateway.model.transmit_test import position_of_test
from voicecodecs.opus import OpusEncoder
from webrtc.path_times import Captured

LINK, OTHER = LinkId("north"), LinkId("south")
THREE = PositionId("3")
PATROL = TalkgroupId("net/100")
T1, T2 = (
    TransmissionId("t-01jdgx0000000000000000000a"),
    TransmissionId("t-01jdgx0000000000000000000b"),
)
NOW = 1_790_000_000_000_000
RULES = HealthRules()


class Standing:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.ms = 0

    def mono_ms(self) -> MonoMs:
        return MonoMs(self.ms)

    def utc_us(self) -> UtcUs:
        return UtcUs(NOW + self.ms * 1000)


def over(path: AudioPath, transmission: TransmissionId = T1, position: str | None = None) -> None:
    path.apply(
        ev.TransmissionStarted(
            transmission=transmission,
            call=CallId("c-1"),
            talkgroup=PATROL,
            link=LINK,
            position=PositionId(position) if position else None,
        )
    )


def grant(path: AudioPath, wait_ms: int, position: str = "3", request: str = "r-1") -> None:
    path.apply(
        ev.FloorGranted(
            request=RequestId(request),
            position=PositionId(position),
            talkgroup=PATROL,
            transmission=T1,
            wait_ms=wait_ms,
        )
    )


def captured(age_ms: int, transmission: TransmissionId = T1) -> Callable[..., Captured | None]:
    def find(talkgroup: TalkgroupId, rtp: int) -> Captured | None:
        if (talkgroup, rtp) != (PATROL, 777):
            return None
        return Captured(0, UtcUs(NOW - age_ms * 1000), ulid_bytes(transmission))

    return find


def report(offset_ms: float = 0.0, error_ms: float = 2.0, output_ms: float = 21.0) -> DeskReport:
    at_ms = NOW / 1000 + offset_ms
    return DeskReport(
        clock=DeskClock(offset_ms=offset_ms, error_ms=error_ms),
        output_ms=output_ms,
        round_trip_ms=24.0,
        heard=(
            Heard(
                talkgroup=PATROL,
                packets=199,
                lost=1,
                jitter_ms=3,
                buffer_ms=41,
                samples=200 * 960,
                concealed=960,
                level_dbfs=-22,
                peak_dbfs=-14,
                played=(Played(rtp=777, at_ms=at_ms), Played(rtp=778, at_ms=at_ms)),
            ),
        ),
    )


def asked(way: str = "receive", position: PositionId | None = THREE) -> Asked:
    return Asked(link=LINK, way=way, position=position, span="minute")


def stage_of(found: dict[str, object], name: str) -> dict[str, object]:
    stages = found["stages"]
    assert isinstance(stages, list)
    return next(row for row in stages if row["id"] == name)


def test_the_whole_is_measured_from_capture_to_ear_and_is_no_sum() -> None:
    path = AudioPath(Standing())
    over(path)
    path.report(THREE, report(offset_ms=90_000), captured(149))
    found = view(path, asked(), RULES)
    assert found["whole"] == {"p50_ms": 170.0, "p95_ms": 170.0, "count": 1, "state": "ok"}
    assert found["not_measured"] == ["air", "radio", "loudspeaker"]
    network = stage_of(found, "network")
    assert (network["p50_ms"], network["added"]) == (12.0, False)
    assert network["lost_percent"] == 0.5
    browser = stage_of(found, "browser")
    assert browser["p50_ms"] == 41.0
    assert browser["level"] == {"rms_dbfs": -22.0, "peak_dbfs": -14.0}
    assert browser["concealed_percent"] == 0.5


def test_the_rule_and_the_alarm_are_the_sites() -> None:
    for age_ms, state in ((229, "ok"), (230, "over"), (379, "over"), (380, "alarm")):
        path = AudioPath(Standing())
        over(path)
        path.report(THREE, report(), captured(age_ms))
        assert view(path, asked(), RULES)["whole"]["state"] == state
    strict = HealthRules(voice_ms=100, voice_alarm_ms=120)
    assert view(path, asked(), strict)["whole"]["state"] == "alarm"


def test_a_desk_with_a_doubtful_clock_and_a_colleagues_voice_give_no_whole() -> None:
    path = AudioPath(Standing())
    over(path)
    over(path, T2, position="5")
    path.report(THREE, report(error_ms=51), captured(100))
    path.report(THREE, report(), captured(100, T2))
    path.report(THREE, report(), captured(-200))
    path.report(THREE, report(), captured(20_000))
    found = view(path, asked(), RULES)
    assert found["whole"]["count"] == 0
    assert found["whole"]["state"] == "none"
    assert stage_of(found, "browser")["count"] == 4


def test_a_gateways_figures_become_stages_with_levels_gain_and_losses() -> None:
    path = AudioPath(Standing())
    level_in = SoundLevel(blocks=50, rms_dbfs=-31.0, peak_dbfs=-20.0)
    level_out = SoundLevel(blocks=50, rms_dbfs=-23.0, peak_dbfs=-12.0)
    path.apply(
        ev.SoundMeasured(
            link=LINK,
            way="receive",
            frames=98,
            lost=2,
            late=1,
            stages={"link": {"420": 98}, "held": {"0": 98}, "level": {"2": 98}, "opus": {"1": 98}},
            level_in=level_in,
            level_out=level_out,
            gain_db=8.0,
            limited=0,
            port="device",
        )
    )
    found = view(path, asked(position=None), RULES)
    link = stage_of(found, "link")
    assert (link["p50_ms"], link["count"], link["unknown"]) == (42.0, 98, "")
    assert link["level"] == {"rms_dbfs": -31.0, "peak_dbfs": -20.0}
    assert stage_of(found, "buffer")["lost_percent"] == 2.0
    assert stage_of(found, "level")["gain_db"] == 8.0
    opus = stage_of(found, "opus")
    assert opus["level"] == {"rms_dbfs": -23.0, "peak_dbfs": -12.0}
    assert OpusEncoder().lookahead_samples / 8 == OPUS_LOOK_AHEAD_MS


@pytest.mark.parametrize(
    ("port", "unknown", "begin", "unplayed"),
    [
        ("device", "", "", ""),
        ("udp", "", "fastest", "not_played"),
        ("unix", "", "fastest", "not_played"),
        ("coded", "", "fastest", "not_played"),
        ("", "no_port", "", "no_port"),
    ],
)
def test_each_kind_of_port_says_what_it_counts_from_and_what_nobody_can_measure(
    port: str, unknown: str, begin: str, unplayed: str
) -> None:
    path = AudioPath(Standing())
    path.apply(ev.SoundMeasured(link=LINK, way="receive", frames=1, port=port))
    found = view(path, asked(), RULES)
    link = stage_of(found, "link")
    assert (link["unknown"], link["begin"]) == (unknown, begin)
    assert ("fastest_way" in found["not_measured"]) is (begin == "fastest")
    sent = view(path, replace(asked(), way="transmit"), RULES)
    assert stage_of(sent, "link")["unknown"] == unplayed
    assert "fastest_way" not in sent["not_measured"]


def test_packets_that_left_are_counted_for_the_link_that_was_heard() -> None:
    hub, whole = Spread({5: 10}), Spread({300: 10})
    times = {ulid_bytes(T1): (hub, whole), ulid_bytes(T2): (hub, whole), b"x" * 16: (hub, whole)}
    path = AudioPath(Standing(), lambda: times)
    over(path)
    over(path, T2, position="5")
    found = view(path, asked(position=None), RULES)
    assert stage_of(found, "opus")["leave"] == {"p50_ms": 0.5, "p95_ms": 0.5, "count": 10}
    assert found["server"]["p50_ms"] == 30.0


def test_what_is_sent_is_told_by_position_and_by_all() -> None:
    clock = Standing()
    path = AudioPath(clock)
    for position, tenths in (("3", "300"), ("4", "500")):
        path.apply(
            ev.SoundMeasured(
                link=LINK,
                way="transmit",
                position=PositionId(position),
                frames=10,
                dry=1,
                stages={"press": {tenths: 10}, "order": {"2": 10}, "gateway": {tenths: 10}},
            )
        )
    path.report(THREE, DeskReport(spoken=Spoken(latency_ms=10, packets=50, lost=0)), captured(0))
    mine = view(path, asked("transmit"), RULES)
    assert (mine["whole"]["p50_ms"], stage_of(mine, "press")["dry"]) == (30.0, 1)
    assert (stage_of(mine, "microphone")["p50_ms"], mine["whole"]["state"]) == (10.0, "none")
    everyone = view(path, asked("transmit", None), RULES)
    assert (everyone["whole"]["count"], everyone["whole"]["p95_ms"]) == (20, 50.0)
    assert path.positions_heard(LINK, "transmit") == {PositionId("3"), PositionId("4")}


def test_press_to_grant_leaves_out_what_was_queued_and_what_is_a_test() -> None:
    path = AudioPath(Standing())
    over(path, position="3")
    grant(path, 139)
    path.apply(
        ev.FloorQueued(request=RequestId("r-2"), position=THREE, talkgroup=PATROL, place=None)
    )
    grant(path, 9000, request="r-2")
    grant(path, 5, position=position_of_test(LINK), request="r-3")
    grants = path.grants(None, "hour")
    assert (grants.stage("grant").share_ms(0.95), grants.of("queued")) == (139.0, 1)
    assert path.grants(OTHER, "hour").stage("grant").count == 0


def test_lost_packets_count_both_ways_and_all_desks() -> None:
    path = AudioPath(Standing())
    path.report(THREE, report(), captured(0))
    path.report(PositionId("4"), DeskReport(spoken=Spoken(packets=599, lost=1)), captured(0))
    assert path.lost("hour").share("lost", "packets") == 0.0025


def test_after_an_hour_nothing_is_known_of_a_desk() -> None:
    clock = Standing()
    path = AudioPath(clock)
    over(path)
    path.report(THREE, report(), captured(100))
    clock.ms = 3_700_000
    path.forget_idle()
    assert path.desks == {}
    assert view(path, asked(), RULES)["desk"] is None
    assert (path._ways, path._desks, path._ears, path._grants) == ({}, {}, {}, {})


@pytest.mark.parametrize(
    "body",
    [
        {"heard": [{"talkgroup": "net/1"}] * 34},
        {"heard": [{"talkgroup": "net/1", "played": [{"rtp": 1, "at_ms": 1}] * 13}]},
        {"heard": [{"talkgroup": "net/1", "played": [{"rtp": 1 << 32, "at_ms": 1}]}]},
        {"heard": [{"talkgroup": "net/1", "packets": -1}]},
        {"heard": [{"talkgroup": "x" * 65}]},
        {"output_ms": float("nan")},
        {"clock": {"offset_ms": float("inf"), "error_ms": 0}},
        {"operator": "E. Lund"},
    ],
)
def test_a_page_cannot_tell_more_than_figures(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DeskReport.model_validate(body)
