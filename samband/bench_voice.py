"""``samband bench voice``: what 20 ms of voice cost, and how fast the press buffer catches up."""

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from hardware.sim.speech import clip, clip_index
from voicecodecs.level import LevelControl
from voicecodecs.opus import LIBRARY, OpusDecoder, OpusEncoder
from voicecodecs.pcm import from_bytes
from voicecodecs.press_buffer import SETTLED_MS, PressBuffer
from voicecodecs.receive import ReceiveChain
from voicecodecs.transmit import TransmitChain
from webrtc.stats import percentile

ENCODE_GOAL_US: Final = 65.0
CATCH_UP_GOAL_S: Final = 3.0
GRANTS_MS: Final = (100, 300, 580)
FRAME_MS: Final = 20


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``voice``."""
    parser = subparsers.add_parser("voice", help="level control, Opus and press buffer, per packet")
    parser.add_argument("--rounds", type=int, default=5, help="passes over the spoken clips")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Measure each stage over the project's spoken clips; times are processor time."""
    blocks = _blocks()
    encoder, decoder, level = OpusEncoder(), OpusDecoder(), LevelControl()
    receive, transmit = ReceiveChain(), TransmitChain()
    packets = [encoder.encode(block) for block in blocks]
    numbered = list(enumerate(packets))
    figures: dict[str, Any] = {
        "blocks": len(blocks) * args.rounds,
        "libopus": LIBRARY,
        "encode_us": _cost(encoder.encode, blocks, args.rounds),
        "decode_us": _cost(decoder.decode, packets, args.rounds),
        "level_us": _cost(lambda block: level.apply(from_bytes(block)), blocks, args.rounds),
        "receive_chain_us": _cost(receive.encode, blocks, args.rounds),
        "transmit_chain_us": _cost(lambda pair: transmit.decode(*pair), numbered, 1),
        "bytes_per_packet": sum(map(len, packets)) / len(packets),
    }
    figures["talking_talkgroups_per_core"] = FRAME_MS * 1000 / figures["receive_chain_us"]
    catch_up = {f"grant_after_{grant}_ms": _catch_up(blocks, grant) for grant in GRANTS_MS}
    figures["press_buffer"] = catch_up
    slowest = max(found["caught_up_s"] for found in catch_up.values())
    figures["goals"] = {"encode_us": ENCODE_GOAL_US, "caught_up_s": CATCH_UP_GOAL_S}
    figures["ok"] = figures["encode_us"] <= ENCODE_GOAL_US and slowest <= CATCH_UP_GOAL_S
    return figures


def _blocks() -> list[bytes]:
    sounds = [clip(name) for name in clip_index()]
    return [sound.block(n) for sound in sounds for n in range(sound.blocks)]


def _cost(run: Callable[[Any], object], items: Sequence[object], rounds: int) -> float:
    """Return microseconds of processor time an item: the median of the rounds."""
    found = []
    for _ in range(rounds):
        begin = time.process_time()
        for item in items:
            run(item)
        found.append((time.process_time() - begin) * 1e6 / len(items))
    return percentile(found, 0.5)


def _catch_up(blocks: Sequence[bytes], grant_ms: int) -> dict[str, float]:
    """Speak without a pause, grant late, and see when the backlog is gone for good."""
    buffer = PressBuffer()
    waits: list[int] = []
    cost: list[float] = []
    for n, block in enumerate(blocks[: 10_000 // FRAME_MS]):
        if n * FRAME_MS == grant_ms:
            buffer.grant()
        begin = time.process_time()
        buffer.push(block)
        buffer.take()
        cost.append((time.process_time() - begin) * 1e6)
        waits.append(buffer.left_ms)
    over = [n for n, left_ms in enumerate(waits) if left_ms > SETTLED_MS]
    caught_up = (over[-1] + 1) * FRAME_MS - grant_ms if over else 0
    return {
        "backlog_ms": waits[grant_ms // FRAME_MS],
        "caught_up_s": max(0, caught_up) / 1000,
        "dropped_ms": buffer.dropped_ms,
        "block_us_p50": percentile(cost, 0.5),
        "block_us_p99": percentile(cost, 0.99),
    }
