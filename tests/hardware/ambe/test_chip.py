"""The simulated chip refuses what a chip could not use; bytes by hand, no code of the driver."""

import random

import pytest

from hardware.sim.ambe_chip import ChipSettings, SimulatedChip

READY = "61000300392f15"
RESET, RESET_WITH = "6100010033", "61000300332f1f"


class Bench:
    """A chip and its time."""

    def __init__(self, **settings: object) -> None:
        self.chip = SimulatedChip(ChipSettings(**settings))  # type: ignore[arg-type] # any setting
        self.now = 0.0

    def say(self, text: str, wait_ms: float = 60) -> str:
        self.chip.receive(bytes.fromhex(text), self.now)
        self.now += wait_ms
        self.chip.run(self.now)
        return self.chip.outgoing().hex()

    def plain(self, text: str, wait_ms: float = 60) -> str:
        """Say a packet's type and fields; the chip is wired without parity."""
        body = bytes.fromhex(text)
        return self.say((b"\x61" + (len(body) - 1).to_bytes(2, "big") + body).hex(), wait_ms)

    @property
    def violations(self) -> list[object]:
        return [one["reason"] for one in self.chip.log if one["kind"] == "violation"]


def ready(**settings: object) -> Bench:
    bench = Bench(parity=False, **settings)
    assert bench.say(RESET) == "6100010039"
    assert bench.plain("000b03") == "61000200" + "0b00"
    assert bench.plain("000921") == "61000200" + "0900"
    return bench


def test_reset_answers_after_twenty_milliseconds_with_parity() -> None:
    bench = Bench()
    assert bench.say(RESET_WITH, 20) == ""
    assert bench.say("", 1) == READY


def test_packets_without_parity_are_dropped() -> None:
    bench = Bench()
    assert bench.say(RESET) == ""
    assert bench.say(RESET_WITH[:-2] + "1e") == ""
    assert bench.violations == ["no parity, or a wrong one"] * 2


def test_parity_can_be_switched_on() -> None:
    bench = Bench(parity=False)
    assert bench.say(RESET) == "6100010039"
    assert bench.plain("003f01") == "610004003f002f14"
    assert bench.plain("0030") == ""


def test_zeros_end_a_packet_that_was_begun() -> None:
    bench = Bench()
    assert bench.say("61014202") == ""
    assert bench.say(RESET_WITH) == ""
    assert bench.say("00" * 351 + RESET_WITH) == READY


def test_several_settings_in_one_packet() -> None:
    bench = Bench(parity=False)
    bench.say(RESET)
    assert bench.plain("000b030921") == "61000400" + "0b000900"


@pytest.mark.parametrize("body", ["0001", "00ff", "0009", "000b"])
def test_unknown_settings_are_refused_with_a_status(body: str) -> None:
    bench = ready()
    assert bench.plain(body).endswith("01")
    assert bench.violations == ["unknown setting, or one cut off"]


def test_unknown_rates_are_refused() -> None:
    bench = ready()
    assert bench.plain("00093f") == "610002000901"
    assert bench.plain("000a" + "00" * 12) == "610002000a01"


def test_frames_are_refused_before_initialisation_and_rate() -> None:
    bench = Bench(parity=False)
    bench.say(RESET)
    speech = "0200a0" + "00" * 320
    assert bench.plain(speech) == ""
    bench.plain("000b03")
    assert bench.plain(speech) == ""
    bench.plain("000921")
    assert bench.plain(speech).startswith("61000b010148a5")
    assert bench.violations == ["not initialised", "no rate is set"]


def test_old_firmware_forgets_its_rate() -> None:
    bench = Bench(parity=False, forgets_rate=True)
    bench.say(RESET)
    bench.plain("000921")
    bench.plain("000b03")
    assert bench.plain("0200a0" + "00" * 320) == ""
    assert bench.violations == ["no rate is set"]


@pytest.mark.parametrize(
    "body",
    ["02009f" + "00" * 318, "0200a0" + "00" * 319, "010158" + "00" * 11, "010148" + "00" * 8,
     "010148" + "00" * 9 + "77", "07ff"],
)  # fmt: skip
def test_frames_of_a_wrong_shape_get_no_answer(body: str) -> None:
    bench = ready()
    assert bench.plain(body) == ""
    assert len(bench.violations) == 1


def test_third_frame_in_a_row_is_dropped() -> None:
    bench = ready()
    for _ in range(3):
        bench.plain("0200a0" + "00" * 320, 0)
    bench.say("", 100)
    assert bench.chip.encoded == 2
    assert bench.violations == ["more than one frame ahead"]


def test_channel_field_is_taken() -> None:
    bench = ready()
    assert bench.plain("024000a0" + "00" * 320).startswith("61000b010148a5")


def test_board_in_codec_mode_needs_six_bytes() -> None:
    bench = Bench(parity=False, packet_mode=False)
    assert bench.say(RESET) == ""
    assert bench.plain("0030") == ""
    assert bench.plain("003405") == ""
    assert bench.plain("003405000f000000") == "6100010039"
    assert bench.plain("0030") != ""


def test_answers_leave_at_the_pace_of_the_line() -> None:
    bench = ready()
    bench.plain("010148" + "a5" + "00" * 8, 0)
    seen: list[int] = []
    while not seen or seen[-1] < 326:
        bench.now += 0.5
        bench.chip.run(bench.now)
        seen.append(len(bench.chip.out))
        assert bench.now < 1000
    steps = sorted(set(seen) - {0})
    assert steps[0] == 62
    assert len(steps) > 3


def test_another_speed_is_rubbish() -> None:
    bench = Bench()
    bench.chip.receive(bytes.fromhex(RESET_WITH), 0, 230_400)
    bench.chip.run(100)
    assert bench.chip.outgoing() == b""
    assert bench.chip.log[0]["kind"] == "wrong speed"


def test_random_bytes_never_raise_and_its_buffer_is_bounded() -> None:
    rng = random.Random(9)
    for _ in range(2000):
        bench = Bench(parity=rng.random() < 0.5)
        for _ in range(4):
            head = b"\x61\x00" + bytes((rng.randrange(20), rng.randrange(4)))
            bench.say((head + rng.randbytes(rng.randrange(30))).hex(), rng.randrange(30))
            assert len(bench.chip._kept) <= 1028
