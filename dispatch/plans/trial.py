"""Whether a scheduled plan may keep itself: its links are up, and nothing failed because of it."""

from dispatch.plans.compare import compare
from dispatch.plans.simulate import CLOSED, link_effects, touched_talkgroups
from dispatch.plans.tables import PlanActivation
from dispatch.plans.usage import Usage
from dispatch.services.board import Board
from gateway.model import events as ev
from gateway.model.events import Event
from gateway.model.ids import LinkId, TalkgroupId, UtcUs
from gateway.model.plan import Plan
from gateway.model.radio import LinkState

SETTLE_US = 60_000_000
"""A scheduled plan keeps itself after this at the earliest, every touched link being up."""
MAX_FAULTS = 100


class TrialWatch:
    """Watches the plan that is on trial."""

    def __init__(self, board: Board) -> None:
        """Begin with none on trial."""
        self._board = board
        self._links: frozenset[LinkId] = frozenset()
        self._talkgroups: frozenset[TalkgroupId] = frozenset()
        self._faults: list[str] = []

    def begin(self, trial: PlanActivation, former: Plan | None, plan: Plan) -> None:
        """Take what a plan touches; what fails on it from now on counts."""
        before = former or Plan(name="none")
        effects = link_effects(before, plan, Usage())
        self._links = frozenset(LinkId(one.link) for one in effects if one.what != CLOSED)
        self._talkgroups = touched_talkgroups(before, plan, compare(before, plan))
        self._faults = []

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

    def kept_by_itself(self, trial: PlanActivation, now: UtcUs, waits: tuple[str, ...]) -> str:
        """Return why a scheduled plan is kept without a person, empty while it is not."""
        began = trial.activated_utc
        if not trial.scheduled or began is None or now < began + SETTLE_US:
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
