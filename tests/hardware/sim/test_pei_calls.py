import dataclasses

import pytest

from tests.hardware.sim.radio_bench import BLOCK, GROUP_PROFILE, SETTINGS, Bench

TALK = {"group": 310201, "unit": 1210207}


def up(bench: Bench) -> Bench:
    """A call of somebody else is up on the selected group and in its hang time."""
    bench.act("talk", **TALK, for_s=0.2)
    bench.run(500)
    return bench


def test_incoming_call_with_talker_change_and_end_by_timer() -> None:
    bench = Bench().ready()
    assert bench.act("talk", **TALK, for_s=0.2) == 1
    assert bench.run(300) == [
        "+CTICN: 1,0,0,0,1210207,1,1,0,1,1,0,310201,0",
        "+CTCC: 1,1,1,0,0,1,1",
        "+CTXG: 1,3,0,0,0,1210207",
        "+CDTXC: 1,0",
    ]
    bench.act("talk", group=310201, unit=1210110, for_s=0.2)
    assert bench.run(250) == ["+CTXG: 1,3,0,0,0,1210110", "+CDTXC: 1,0"]
    assert bench.run(5_000) == ["+CTCR: 1,13"]


def test_long_addresses() -> None:
    bench = Bench(dataclasses.replace(SETTINGS, long_addresses=True)).ready()
    bench.act("talk", **TALK, for_s=0.2)
    lines = bench.run(100)
    assert lines[0] == ("+CTICN: 1,0,0,5,09010100101210207,1,1,0,1,1,5,09010100100310201,0")
    assert lines[2] == "+CTXG: 1,3,0,0,3,09010100101210207"


def test_sound_is_paced_by_the_schedule_and_ends_with_the_talker() -> None:
    bench = Bench().ready()
    bench.act("talk", **TALK, tone_hz=440, for_s=2.0)
    start = bench.now
    bench.run(3_000)
    times = [at for at, _ in bench.sound]
    assert len(times) == 100
    assert times == pytest.approx([start + 30 + 20 * n for n in range(100)])
    assert all(len(block) == 320 for _, block in bench.sound)


def test_an_encrypted_talker_is_told_and_not_heard() -> None:
    bench = Bench().ready()
    bench.act("talk", **TALK, tone_hz=440, for_s=0.4, encrypted=True)
    lines = bench.run(100)
    assert lines[0] == "+CTICN: 1,0,0,0,1210207,1,1,1,1,1,0,310201,0"
    assert lines[2] == "+CTXG: 1,3,0,1,0,1210207"
    assert bench.sound == []


def test_a_hidden_talker_and_vendor_lines() -> None:
    bench = Bench(dataclasses.replace(SETTINGS, vendor_lines=True)).ready()
    bench.act("talk", group=310201, for_s=0.2)
    assert bench.run(100) == [
        "+CTICN: 1,0,0,0,,1,1,0,1,1,0,310201,0",
        "+CTCC: 1,1,1,0,0,1,1",
        "+ENCR: 0",
        "+CTXG: 1,3,0,0",
    ]


def test_scanned_call_gives_way_to_the_selected_group() -> None:
    bench = Bench().ready()
    bench.act("talk", group=310202, unit=1210204, for_s=3)
    bench.run(200)
    assert bench.act("talk", **TALK, for_s=1) == 1
    assert bench.run(100)[:2] == [
        "+CTCR: 1,9",
        "+CTICN: 1,0,0,0,1210207,1,1,0,1,1,0,310201,0",
    ]
    assert bench.act("talk", group=310202, unit=1210204, for_s=3) == 0
    assert [one["group"] for one in bench.notes("missed")] == [310202]
    assert bench.act("talk", group=310203, unit=1210204, for_s=3) == 0


def test_emergency_pre_empts_a_call_on_the_same_group() -> None:
    bench = up(Bench().ready())
    bench.act("emergency", group=310201, unit=1210207, latitude_deg=59.33, longitude_deg=18.06)
    lines = bench.run(100)
    assert lines[0] == "+CTSDSR: 13,1210207,0,1299001,0,16"
    assert lines[1] == "0000"
    assert lines[2] == "+CTSDSR: 12,1210207,0,1299001,0,84"
    assert len(lines[3]) == 22
    assert lines[4:6] == ["+CTCR: 1,9", "+CTICN: 1,0,0,0,1210207,1,1,0,1,1,0,310201,15"]


def test_dialled_group_call_keys_talks_and_hangs() -> None:
    bench = Bench().ready()
    bench.ask(GROUP_PROFILE)
    assert bench.ask("ATD310201", 400) == [
        "OK",
        "+CTOCP: 1,0,0,1,1,0,1,1",
        "+CTCC: 1,1,1,0,0,1,1",
        "+CTXG: 1,0,0,0",
    ]
    bench.radio.receive_sound(BLOCK, bench.now)
    assert bench.ask("AT+CUTXC=1") == ["OK", "+CDTXC: 1,0"]
    bench.radio.receive_sound(BLOCK, bench.now)
    assert bench.ask("AT+CTXD=1,1", 300) == ["OK", "+CTXG: 1,0,0,0"]
    bench.ask("AT+CUTXC=1")
    assert bench.run(5_000) == ["+CTCR: 1,13"]
    assert bench.keyed() == [("keyed", 310201), ("unkeyed", 310201)] * 2
    assert (bench.truth.sound_blocks, bench.truth.sound_outside) == (1, 1)
    assert (bench.truth.sound[0].group, bench.truth.sound[0].pcm) == (310201, BLOCK)
    assert bench.truth.violations == []


def test_dial_with_the_profile_of_a_private_call_is_no_group_call() -> None:
    bench = Bench().ready()
    bench.act("peer", unit=310201, on=False)
    assert bench.ask("ATD310201", 900) == ["OK", "+CTOCP: 1,0,0,0,0,0,0,1", "+CTCR: 1,3"]
    assert bench.keyed() == []
    assert "CTSDC" in str(bench.truth.violations[0]["reason"])


def test_unknown_group_is_released_as_unknown_identity() -> None:
    bench = Bench().ready()
    bench.ask(GROUP_PROFILE)
    assert bench.ask("ATD999", 900)[-1] == "+CTCR: 1,16"
    assert bench.keyed() == []


def test_grant_after_a_scripted_time() -> None:
    bench = up(Bench().ready())
    bench.act("grant", after_ms=300)
    bench.write(b"AT+CTXD=1,1\r")
    ok = bench.run(85)
    assert ok == ["OK"]
    assert bench.run(200) == []
    assert bench.run(120) == ["+CTXG: 1,0,0,0"]


@pytest.mark.parametrize("permission", [0, 1])
def test_refused(permission: int) -> None:
    bench = up(Bench().ready())
    bench.act("grant", answer="refuse", permission=permission)
    assert bench.ask("AT+CTXD=1,1", 300) == ["OK", f"+CTXG: 1,1,{permission},0"]
    bench.run(300)
    again = bench.ask("AT+CTXD=1,1", 300)
    if permission:
        assert again == ["+CME ERROR: 3"]
        assert "forbids" in str(bench.truth.violations[0]["reason"])
    else:
        assert again == ["OK", "+CTXG: 1,0,0,0"]
        assert bench.truth.violations == []


def test_permission_comes_back() -> None:
    bench = up(Bench().ready())
    bench.act("permit", permission=1)
    assert bench.run(1) == ["+CDTXC: 1,1"]
    bench.act("permit", permission=0)
    assert bench.run(1) == ["+CDTXC: 1,0"]
    assert bench.ask("AT+CTXD=1,1", 300)[-1] == "+CTXG: 1,0,0,0"


def test_queued_behind_a_talker_then_granted() -> None:
    bench = Bench().ready()
    bench.act("talk", **TALK, for_s=1)
    bench.run(200)
    assert bench.ask("AT+CTXD=1,1", 300) == ["OK", "+CTXG: 1,2,0,0"]
    assert bench.run(1_000) == ["+CDTXC: 1,0", "+CTXG: 1,0,0,0"]


def test_queued_then_refused_or_granted_by_script() -> None:
    bench = up(Bench().ready())
    bench.act("grant", answer="queue", then="refuse", then_ms=200)
    assert bench.ask("AT+CTXD=1,1", 600) == ["OK", "+CTXG: 1,2,0,0", "+CTXG: 1,1,0,0"]
    bench.act("grant", answer="queue", then="grant", then_ms=200)
    assert bench.ask("AT+CTXD=1,1", 600) == ["OK", "+CTXG: 1,2,0,0", "+CTXG: 1,0,0,0"]


def test_withdrawn_from_the_queue_and_granted_all_the_same() -> None:
    bench = up(Bench().ready())
    bench.act("grant", answer="queue", then="never", late_grant_ms=150)
    bench.ask("AT+CTXD=1,1", 300)
    assert bench.ask("AT+CUTXC=1", 90) == ["OK", "+CDTXC: 1,0"]
    assert bench.run(200) == ["+CTXG: 1,0,0,0"]
    assert bench.ask("AT+CUTXC=1") == ["OK", "+CDTXC: 1,0"]
    assert bench.keyed() == [("keyed", 310201), ("unkeyed", 310201)]


def test_the_turn_goes_to_somebody_else_and_the_demand_waits() -> None:
    bench = up(Bench().ready())
    bench.act("grant", answer="other", unit=1210110)
    assert bench.ask("AT+CTXD=1,1", 300) == ["OK", "+CTXG: 1,3,0,0,0,1210110"]
    assert bench.run(2_500) == ["+CDTXC: 1,0", "+CTXG: 1,0,0,0"]


def test_no_answer_release_and_error() -> None:
    bench = up(Bench().ready())
    bench.act("grant", answer="ignore")
    assert bench.ask("AT+CTXD=1,1", 5_000) == ["OK"]
    assert bench.ask("AT+CUTXC=1") == ["OK", "+CDTXC: 1,0"]
    bench.act("grant", answer="error", error=42)
    assert bench.ask("AT+CTXD=1,1") == ["+CME ERROR: 42"]
    bench.act("grant", answer="release", cause=14)
    assert bench.ask("AT+CTXD=1,1", 300) == ["OK", "+CTCR: 1,14"]


def test_emergency_priority_takes_the_turn_from_a_talker() -> None:
    bench = Bench().ready()
    bench.act("talk", **TALK, for_s=5)
    bench.run(200)
    assert bench.ask("AT+CTXD=1,3", 300) == ["OK", "+CTXG: 1,0,0,0"]
    heard = len(bench.sound)
    bench.run(500)
    assert len(bench.sound) == heard


def test_pre_empted_while_talking() -> None:
    bench = up(Bench().ready())
    bench.ask("AT+CTXD=1,1", 300)
    bench.act("talk", group=310201, unit=1210110, for_s=1, preempt=True)
    assert bench.run(10) == ["+CTXG: 1,3,0,0,0,1210110"]
    assert bench.notes("unkeyed")[0]["why"] == "preempted"


def test_a_talker_waits_until_the_host_has_ended() -> None:
    bench = up(Bench().ready())
    bench.ask("AT+CTXD=1,1", 300)
    bench.act("talk", group=310201, unit=1210110, for_s=0.2)
    assert bench.run(300) == []
    assert bench.ask("AT+CUTXC=1", 400) == [
        "OK",
        "+CDTXC: 1,0",
        "+CTXG: 1,3,0,0,0,1210110",
    ]


def test_transmit_time_out_of_the_radio() -> None:
    bench = up(Bench(dataclasses.replace(SETTINGS, tx_limit_ms=2_000)).ready())
    assert bench.ask("AT+CTXD=1,1", 2_300) == ["OK", "+CTXG: 1,0,0,0", "+CDTXC: 1,0"]
    assert bench.notes("unkeyed")[0]["why"] == "time_out"


def test_a_closed_port_does_not_unkey() -> None:
    bench = up(Bench().ready())
    bench.ask("AT+CTXD=1,1", 300)
    bench.radio.port_closed(bench.now)
    bench.run(10_000)
    assert bench.radio.calls.carries_host_sound


def test_the_knob_ends_a_transmission_on_the_old_group() -> None:
    bench = up(Bench().ready())
    bench.ask("AT+CTXD=1,1", 300)
    bench.act("knob", group=310203)
    assert bench.run(1) == ["+CTGS: 1,310203,2,310202", "+CTCR: 1,1"]
    assert bench.ask("AT+CTXD=1,1") == ["+CME ERROR: 3"]
    assert bench.keyed()[-1] == ("unkeyed", 310201)


def test_a_call_that_comes_between_dialling_and_its_ok_is_joined() -> None:
    bench = Bench().ready()
    bench.ask(GROUP_PROFILE)
    bench.write(b"ATD310201\r")
    bench.run(5)
    bench.act("talk", **TALK, for_s=0.5)
    lines = bench.run(1_500)
    assert lines.count("OK") == 1
    assert [line for line in lines if line != "OK"] == [
        "+CTICN: 1,0,0,0,1210207,1,1,0,1,1,0,310201,0",
        "+CTCC: 1,1,1,0,0,1,1",
        "+CTXG: 1,3,0,0,0,1210207",
        "+CTXG: 1,2,0,0",
        "+CDTXC: 1,0",
        "+CTXG: 1,0,0,0",
    ]
    assert bench.keyed() == [("keyed", 310201)]


def test_hanging_up_ends_the_carrier_and_the_call() -> None:
    bench = up(Bench().ready())
    bench.ask("AT+CTXD=1,1", 300)
    bench.write(b"ATH\r")
    assert bench.keyed()[-1] == ("unkeyed", 310201)
    assert bench.run(100) == ["OK", "+CTCR: 1,1"]


def test_private_simplex_call() -> None:
    bench = Bench().ready()
    bench.ask("AT+CTSDC=0,0,0,1,1,0,0,1,0,0,0")
    assert bench.ask("ATD1210204", 400) == [
        "OK",
        "+CTOCP: 1,0,0,1,1,0,0,1",
        "+CTCC: 1,1,1,0,0,0,1",
        "+CTXG: 1,0,0,0",
    ]
    assert bench.notes("keyed")[0]["peer"] == 1210204


def test_private_duplex_call_out_and_its_failure() -> None:
    bench = Bench().ready()
    bench.ask("AT+CTSDC=0,0,0,0,0,0,0,1,0,0,0")
    assert bench.ask("ATD1210204", 1_500) == [
        "OK",
        "+CTOCP: 1,0,0,0,0,0,0,1",
        "+CTOCP: 1,2,0,0,0,0,0,1",
        "+CTCC: 1,0,0,0,0,0,1",
    ]
    bench.radio.receive_sound(BLOCK, bench.now)
    assert bench.truth.sound_blocks == 1
    assert bench.ask("ATH") == ["OK", "+CTCR: 1,1"]
    bench.act("peer", unit=1210204, on=False)
    bench.ask("AT+CTSDC=0,0,0,0,0,0,0,1,0,0,0")
    assert bench.ask("ATD1210204", 1_500)[-1] == "+CTCR: 1,3"


def test_ringing_call_is_answered_or_ends() -> None:
    bench = Bench().ready()
    bench.act("ring", unit=1210204, tone_hz=300, for_s=0.2)
    assert bench.run(1) == ["+CTICN: 1,0,0,0,1210204,0,0,0,0,1,0,1299001,0"]
    assert bench.ask("ATA", 400) == ["OK", "+CTCC: 1,0,0,0,0,0,1"]
    assert len(bench.sound) == 10
    bench.ask("ATH")
    bench.act("ring", unit=1210204)
    assert bench.run(25_000)[-1] == "+CTCR: 1,13"


def test_cutting_a_talker_off_and_releasing() -> None:
    bench = Bench().ready()
    assert bench.act("cut") == 0
    bench.act("talk", **TALK, for_s=5)
    bench.run(500)
    assert bench.act("cut") == 1
    assert bench.act("release", cause=5) == 1
    assert bench.run(1)[-2:] == ["+CDTXC: 1,0", "+CTCR: 1,5"]
