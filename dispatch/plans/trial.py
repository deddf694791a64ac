"""Whether a scheduled plan may keep itself: its links are up, and nothing failed because of it."""

from dataclasses import dataclass

from dispatch.plans.compared import compared
from dispatch.plans.simulate import CLOSED, link_effects, touched_talkgroups
from dispatch.plans.tables import PlanActivation
from dispatch.plans.usage import Usage
from dispatch.services.board import Board
from gateway.model import events as ev
from gateway.model.events import Event
from gateway.model.ids import LinkId, TalkgroupId, UtcUs
from gateway.model.plan import Plan
from gateway.model.radio import LinkState
from gateway.ports import Clock

SETTLE_US = 60_000_000
"""A scheduled plan keeps itself after this at the earliest, every touched link being up."""
TRIAL_US = 10 * 60 * 1_000_000
"""Without *Keep* the former plan returns after this."""
MAX_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Touch:
    """What a plan touches in the place of another: links that it has, and talkgroups."""

    links: frozenset[LinkId]
    talkgroups: frozenset[TalkgroupId]


def touch_of(former: Plan | None, plan: Plan) -> Touch:
    """Return what ``plan`` touches; it takes a while for a long plan."""
    before = former or Plan(name="none")
    effects = link_effects(before, plan, Usage())
    return Touch(
        frozenset(LinkId(one.link) for one in effects if one.what != CLOSED),
        touched_talkgroups(before, plan, compared(before, plan).differences),
    )


class TrialClock:
    """How long a trial lasts, by a clock that nobody sets: ten minutes are ten minutes.

    Only a restart has nothing but the time of day to go by; then a trial lasts ten minutes more at
    the most, whatever became of the clock meanwhile.
    """

    def __init__(self, trial: PlanActivation, clock: Clock) -> None:
        """Take up a trial at this moment."""
        self._clock = clock
        self._number = trial.number
        now, mono_us = clock.utc_us(), clock.mono_ms() * 1000
        until, began = trial.keep_until_utc or now, trial.activated_utc or now
        self._until_us = mono_us + min(max(until - now, 0), TRIAL_US)
        self._began_us = mono_us - min(max(now - began, 0), TRIAL_US)

    def is_of(self, trial: PlanActivation) -> bool:
        """Whether it is the clock of this trial."""
        return trial.number == self._number

    def lasted_us(self) -> int:
        """Return how long the trial has lasted."""
        return self._clock.mono_ms() * 1000 - self._began_us

    def over(self) -> bool:
        """Whether its time is over."""
        return self._clock.mono_ms() * 1000 >= self._until_us

    def until_utc(self) -> UtcUs:
        """Return when it is over by the time of day as it is now."""
        left = max(0, self._until_us - self._clock.mono_ms() * 1000)
        return UtcUs(self._clock.utc_us() + left)


class TrialWatch:
    """Watches the plan that is on trial."""

    def __init__(self, board: Board) -> None:
        """Begin with none on trial."""
        self._board = board
        self._links: frozenset[LinkId] = frozenset()
        self._talkgroups: frozenset[TalkgroupId] = frozenset()
        self._faults: list[str] = []

    def begin(self, touch: Touch) -> None:
        """Take what a plan touches; what fails on it from now on counts."""
        self._links, self._talkgroups, self._faults = touch.links, touch.talkgroups, []

    def end(self) -> None:
        """Stop watching."""
        self._links, self._talkgroups, self._faults = frozenset(), frozenset(), []

    def apply(self, event: Event) -> None:
        """Take an event: a press that failed on a touched talkgroup for a link's reason."""
        match event:
            case ev.FloorLost() if event.cause == "link_lost":
                self._fault(event.talkgroup, event.reason or "link lost")
            case ev.FloorRefused() if event.not_sent:
                self._fault(event.talkgroup, event.reason or "not sent")
            case _:
                pass

    def _fault(self, talkgroup: TalkgroupId, words: str) -> None:
        if talkgroup in self._talkgroups and len(self._faults) < MAX_FAULTS:
            self._faults.append(f"{talkgroup}: {words}")

    def links_down(self) -> tuple[LinkId, ...]:
        """Return the touched links that are not up."""
        states = {link: self._board.talkgroups.link(link).state for link in sorted(self._links)}
        return tuple(link for link, state in states.items() if state != LinkState.UP.value)

    def kept_by_itself(self, trial: PlanActivation, lasted_us: int, waits: tuple[str, ...]) -> str:
        """Return why a scheduled plan is kept without a person, empty while it is not."""
        if not trial.scheduled or lasted_us < SETTLE_US:
            return ""
        if waits or self._faults or self.links_down():
            return ""
        return "every link that it touches is up, and no request failed because of it"

    def fault_words(self) -> str:
        """Return what stood against it, to be added to a sentence; empty when nothing did."""
        down = self.links_down()
        words = [f"links not up: {', '.join(down)}"] if down else []
        words += [f"failed: {'; '.join(self._faults[:5])}"] if self._faults else []
        return f" ({'; '.join(words)})" if words else ""
