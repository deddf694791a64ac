"""A stage looked at closely: what is set, how its figures are spread, which desks listen."""

from dataclasses import replace
from typing import Any

import pytest

from dispatch.audiopath.desks import DeskReport, Spoken
from dispatch.audiopath.service import AudioPath
from dispatch.audiopath.settings import (
    NETWORK_PLAYOUT_MS,
    PLAYOUT_MS,
    REORDER_MS,
    changes,
    settings,
)
from dispatch.audiopath.stage import (
    RECEIVE_STAGES,
    TRANSMIT_STAGES,
    Closely,
    Connection,
    look,
    spread_row,
)
from dispatch.audiopath.view import Asked, view
from dispatch.health.rules import HealthRules
from gateway.model import events as ev
from gateway.model.ids import PositionId, SiteId, SystemId
from gateway.model.plan import Link
from gateway.model.sound_events import SoundLevel
from gateway.model.spread import Spread
from gateway.model.voice import FRAME_MS
from gateway.p25.network.core import DELAY_MS
from gateway.p25.talk.talk_in import TalkIn
from hardware.sound_blocks import WINDOW_BLOCKS
from tests.dispatch.audiopath.test_service import LINK, THREE, Standing, captured, over, report
from tests.dispatch.room import Room
from voicecodecs.level import MAX_GAIN_DB, TARGET_DBFS
from voicecodecs.opus import BITRATE_BPS
from webrtc.microphone import REORDER_PACKETS

CARD = Link(
    id=LINK,
    name="North",
    kind="analogue",
    system=SystemId("net"),
    site=SiteId("hill"),
    port="",
    sound="device:USB",
    talkgroups=(100,),
    sound_in_gain_db=2.5,
    ptt="rts",
)
WIRE = replace(CARD, kind="tetra-pei", sound="udp:192.0.2.1:5000", sound_in_gain_db=0.0, ptt="pei")
P25 = replace(CARD, kind="p25-dfsi", sound="")


def values(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {row["id"]: row["value"] for row in rows}


def closely(
    path: AudioPath, way: str, stage: str, position: PositionId | None, *now: Connection
) -> dict[str, Any]:
    return look(path, Closely(link=CARD, way=way, stage=stage, position=position), now)


def measured(way: str = "receive", **more: Any) -> ev.SoundMeasured:
    return ev.SoundMeasured(link=LINK, way=way, frames=98, port="device", **more)


def test_what_is_set_is_what_the_program_and_the_plan_have() -> None:
    assert values(settings("link", "receive", CARD))["gain_db"] == 2.5
    assert "gain_db" not in values(settings("link", "receive", WIRE))
    assert values(settings("level", "receive", CARD)) == {
        "target_dbfs": TARGET_DBFS,
        "max_gain_db": MAX_GAIN_DB,
        "min_gain_db": -30.0,
        "limit_dbfs": -3.0,
    }
    assert values(settings("opus", "receive", CARD))["bitrate_bps"] == BITRATE_BPS
    assert {row["source"] for row in settings("opus", "receive", CARD)} == {"fixed"}
    assert settings("browser", "receive", CARD) == []


def test_a_buffer_is_as_deep_as_its_kind_of_link_has_it() -> None:
    assert settings("buffer", "receive", CARD) == []
    assert values(settings("buffer", "receive", WIRE)) == {"reorder_ms": REORDER_MS}
    assert values(settings("buffer", "receive", P25)) == {"playout_ms": PLAYOUT_MS}
    far = values(settings("buffer", "receive", replace(P25, kind="p25-network")))
    assert far == {"playout_ms": NETWORK_PLAYOUT_MS}
    assert REORDER_MS == WINDOW_BLOCKS * FRAME_MS == REORDER_PACKETS * FRAME_MS
    assert TalkIn()._delay_ms == PLAYOUT_MS
    assert NETWORK_PLAYOUT_MS == DELAY_MS


def test_only_what_the_plan_has_can_be_changed() -> None:
    gain = {"field": "sound_in_gain_db", "value": 2.5, "least": -40.0, "most": 40.0}
    assert changes("link", "receive", CARD) == [gain]
    assert [one["field"] for one in changes("link", "transmit", CARD)] == [
        "sound_out_gain_db",
        "ptt_lead_ms",
    ]
    assert changes("link", "receive", WIRE) == []
    assert changes("link", "transmit", WIRE) == []
    assert changes("link", "transmit", P25) == []
    assert changes("link", "receive", replace(CARD, simulated=True)) == []
    assert changes("level", "receive", CARD) == []


def test_a_stage_has_its_spread_for_the_minute_and_the_hour() -> None:
    clock = Standing()
    path = AudioPath(clock)
    path.apply(measured(stages={"held": {"0": 90, "400": 8}}, lost=2, late=1))
    clock.ms = 120_000
    path.apply(measured(stages={"held": {"200": 98}}))
    found = closely(path, "receive", "buffer", None)
    minute, hour = found["spans"]["minute"], found["spans"]["hour"]
    held = minute["spreads"][0]
    assert (held["p50_ms"], held["max_ms"], held["count"]) == (20.0, 20.0, 98)
    held = hour["spreads"][0]
    assert (held["p50_ms"], held["p95_ms"], held["max_ms"]) == (20.0, 20.0, 40.0)
    counts = {row["id"]: row for row in hour["counts"]}
    assert (counts["lost"]["count"], counts["lost"]["percent"]) == (2, 1.01)
    assert (counts["late"]["count"], counts["frames"]["count"]) == (1, 196)
    assert "peers" not in minute


def test_a_level_has_both_sides_and_the_mean_gain() -> None:
    path = AudioPath(Standing())
    before = SoundLevel(blocks=50, rms_dbfs=-31.0, peak_dbfs=-20.0)
    after = SoundLevel(blocks=50, rms_dbfs=-23.0, peak_dbfs=-12.0)
    path.apply(measured(level_in=before, level_out=after, gain_db=8.0, limited=2))
    minute = closely(path, "receive", "level", None)["spans"]["minute"]
    assert minute["gain_db"] == 8.0
    assert minute["levels"] == [
        {"id": "in", "dbfs": {"rms_dbfs": -31.0, "peak_dbfs": -20.0}},
        {"id": "out", "dbfs": {"rms_dbfs": -23.0, "peak_dbfs": -12.0}},
    ]
    assert minute["spreads"][0]["histogram"] is None


def test_bars_hold_every_measurement_up_to_the_99th_and_count_the_rest() -> None:
    spread = Spread({0: 50, 10: 45, 190: 4, 5000: 1})
    row = spread_row(spread)
    bars = row["histogram"]
    assert (bars["from_ms"], len(bars["bars"]) <= 24) == (0.0, True)
    assert (sum(bars["bars"]), bars["above"]) == (99, 1)
    assert bars["bars"][0] == 50
    assert bars["bars"][-1] == 4
    slow = spread_row(Spread({200: 1, 210: 1, 430: 1}))["histogram"]
    assert (slow["step_ms"], slow["bars"][0], sum(slow["bars"])) == (1.0, 1, 3)
    assert spread_row(Spread())["max_ms"] is None


def test_the_network_has_every_desk_that_reports_or_is_connected() -> None:
    path = AudioPath(Standing())
    over(path)
    path.report(THREE, report(), captured(100))
    path.report(PositionId("4"), DeskReport(round_trip_ms=8.0), captured(0))
    here = Connection(
        position=PositionId("5"),
        state="connected",
        sent=7,
        dropped=1,
        loss_share=0.0125,
        round_trip_ms=31.27,
    )
    found = closely(path, "receive", "network", THREE, here, replace(here, position=None))
    assert found["unseated"] == 1
    minute = found["spans"]["minute"]
    trip, jitter = minute["spreads"]
    assert (trip["p50_ms"], trip["max_ms"], jitter["p50_ms"]) == (24.0, 24.0, 3.0)
    peers = {row["position"]: row for row in minute["peers"]}
    assert list(peers) == ["3", "4", "5"]
    assert (peers["3"]["followed"], peers["3"]["lost"]["percent"]) == (1, 0.5)
    assert peers["3"]["neteq"]["p50_ms"] == 41.0
    assert peers["3"]["output"]["p50_ms"] == 21.0
    assert (peers["3"]["connected"], peers["3"]["rtcp"]["lost_percent"]) == (0, None)
    assert (peers["4"]["followed"], peers["4"]["round_trip"]["max_ms"]) == (0, 8.0)
    assert (peers["5"]["connected"], peers["5"]["reported_utc"]) == (1, None)
    assert peers["5"]["rtcp"] == {"lost_percent": 1.2, "round_trip_ms": 31.3}
    assert peers["5"]["packets"]["count"] == 0


def test_who_listens_is_known_where_the_clock_is_not() -> None:
    path = AudioPath(Standing())
    over(path)
    path.report(THREE, report(error_ms=51), captured(100))
    assert path.followed(LINK, "receive", THREE, "minute") == 1
    assert path.ear(LINK, THREE, "minute").count == 0


def test_transmit_counts_what_a_desk_sent() -> None:
    path = AudioPath(Standing())
    path.apply(measured("transmit", position=THREE, dry=3, stages={"press": {"300": 98}}))
    spoken = Spoken(latency_ms=12, packets=99, lost=1, jitter_ms=4)
    path.report(THREE, DeskReport(spoken=spoken, round_trip_ms=20), captured(0))
    press = closely(path, "transmit", "press", THREE)["spans"]["minute"]
    assert {row["id"]: row["count"] for row in press["counts"]} == {"frames": 98, "dry": 3}
    network = closely(path, "transmit", "network", THREE)["spans"]["hour"]
    peer = network["peers"][0]
    assert (peer["followed"], peer["lost"]["percent"], peer["input"]["p50_ms"]) == (98, 1.0, 12.0)
    assert peer["jitter"]["p50_ms"] == 4.0


def test_without_a_position_no_desk_stands_for_all() -> None:
    path = AudioPath(Standing())
    path.report(THREE, report(), captured(100))
    minute = closely(path, "receive", "browser", None)["spans"]["minute"]
    assert [row["count"] for row in minute["spreads"]] == [0, 0]
    assert [row["position"] for row in minute["peers"]] == ["3"]


def test_every_stage_of_the_strip_can_be_looked_at() -> None:
    for way, stages in (("receive", RECEIVE_STAGES), ("transmit", TRANSMIT_STAGES)):
        asked = Asked(link=LINK, way=way, position=None, span="minute")
        shown = [row["id"] for row in view(AudioPath(Standing()), asked, HealthRules())["stages"]]
        assert shown == list(stages)
    with pytest.raises(KeyError):
        closely(AudioPath(Standing()), "receive", "press", None)


async def test_the_route_answers_those_who_may_see_it(room: Room) -> None:
    browser = await room.browser("engineer")
    link = (await browser.get("/audio-path/ways")).json()["links"][0]["id"]
    asked = f"/audio-path/stage?link={link}&stage="
    answer = await browser.get(f"{asked}network")
    assert answer.status_code == 200
    assert answer.json()["spans"]["hour"]["peers"] == []
    strip = (await browser.get(f"/audio-path?link={link}")).json()["stages"]
    level = next(row["settings"] for row in strip if row["id"] == "level")
    assert values(level)["target_dbfs"] == TARGET_DBFS
    assert (await browser.get(f"{asked}loudspeaker")).status_code == 404
    assert (await browser.get(f"{asked}press&way=receive")).status_code == 404
    assert (await browser.get(f"{asked}level&position=none")).status_code == 404
    dispatcher = await room.browser("dispatcher")
    assert (await dispatcher.get(f"{asked}level")).status_code == 403
