"""What makes a press a test transmission: its link, its sound and its length."""

from dataclasses import dataclass
from typing import ClassVar

from gateway.model.command import Command
from gateway.model.ids import LinkId, PositionId, TalkgroupId

TONE, MICROPHONE = "tone", "microphone"
SOUNDS = (TONE, MICROPHONE)
SOUND_WORDS = {TONE: "tone", MICROPHONE: "own microphone"}
"""What is heard of a test, as the audit log says it."""
MIN_TEST_MS, MAX_TEST_MS = 200, 10_000
"""Shorter shows nothing, longer is no test any more."""
TONE_STEP_HZ = 50
"""Whole periods fit into a block of 20 ms, so that a tone goes on without a click."""
LOWEST_TONE_HZ, HIGHEST_TONE_HZ = 300, 3000
"""Inside the telephone band that every link carries."""
LOWEST_DBFS, HIGHEST_DBFS = -60.0, -6.0
_PREFIX = "test:"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmitTest:
    """Terms of one test transmission. ``level_dbfs``: RMS below a full-scale square wave."""

    link: LinkId
    sound: str = TONE
    limit_ms: int = 5000
    tone_hz: int = 1000
    level_dbfs: float = -20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmitTestAsk(Command):
    """Ask whether a test transmission would be let through now; changes nothing.

    Answer: ``ok``, or the reason in the words that stand beside the button.
    """

    type: ClassVar[str] = "link.test_ask"
    link: LinkId
    talkgroup: TalkgroupId


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkIdleAsk(Command):
    """Ask whether nothing goes on at a link: no call, no press, no alarm. Answer as above."""

    type: ClassVar[str] = "link.idle_ask"
    link: LinkId


def position_of_test(link: str) -> PositionId:
    """Return what stands for a desk in the floor of a test: no desk has such an id."""
    return PositionId(f"{_PREFIX}{link}")


def is_test_position(position: str | None) -> bool:
    """Say whether a position is that of a test transmission."""
    return position is not None and position.startswith(_PREFIX)


def term_faults(terms: TransmitTest) -> tuple[str, ...]:
    """Return what is wrong with terms, a sentence each; empty for nothing."""
    faults = []
    if terms.sound not in SOUNDS:
        faults.append(f"sound: expected {' or '.join(SOUNDS)}, got {terms.sound!r}")
    if not MIN_TEST_MS <= terms.limit_ms <= MAX_TEST_MS:
        faults.append(f"limit_ms: expected {MIN_TEST_MS} to {MAX_TEST_MS}, got {terms.limit_ms}")
    in_band = LOWEST_TONE_HZ <= terms.tone_hz <= HIGHEST_TONE_HZ
    if not in_band or terms.tone_hz % TONE_STEP_HZ:
        faults.append(
            f"tone_hz: expected {LOWEST_TONE_HZ} to {HIGHEST_TONE_HZ} in steps of {TONE_STEP_HZ}, "
            f"got {terms.tone_hz}"
        )
    if not LOWEST_DBFS <= terms.level_dbfs <= HIGHEST_DBFS:
        faults.append(
            f"level_dbfs: expected {LOWEST_DBFS:g} to {HIGHEST_DBFS:g}, got {terms.level_dbfs:g}"
        )
    return tuple(faults)
