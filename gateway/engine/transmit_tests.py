"""The gate of test transmissions: what has to hold before, and while, a link is keyed for a test.

How to use it (for whoever tests or calibrates a link; all of it over the bus):

* ``TransmitTestAsk(link=…, talkgroup=…)`` asks beforehand: ``Reply.ok``, or ``Reply.reason`` in
  the words that stand beside the button. It changes nothing, and it is no promise.
* ``FloorRequest(request=…, position=position_of_test(link), operator=…, talkgroup=…,
  source="test", test=TransmitTest(link=…, sound="tone", limit_ms=…, tone_hz=…, level_dbfs=…))``
  keys. The gate is asked again here, at the moment of keying. From then on it is a press as any
  other: ``FloorRenew`` every 100 ms or the gateway un-keys after 350 ms, ``FloorRelease`` to end
  it, and ``floor.granted``, ``.refused``, ``.released``, ``.lost`` tell what became of it.
* With ``sound="tone"`` the engine makes the sound itself, from the grant on, ``limit_ms`` long,
  and then releases the press; with ``"microphone"`` it sends what the position's microphone gives.

What the gate asks, in this order: is the talkgroup marked ``test`` in the live plan and in no
patch, may this link transmit on it, is the link up, is there no alarm and no call on it, is the
radio on this talkgroup, does the un-key guard stand. A test never waits in a queue. It has the
lowest of all priorities, so that every press of a desk takes the radio from it, and it is cut as
soon as a call or an alarm comes up on its link. Its call is on a test talkgroup and so carries
EXERCISE (``Call.exercise``).
"""

from collections.abc import Iterable

from gateway.engine.call_state import Call
from gateway.engine.calls import CallBook
from gateway.engine.context import Context
from gateway.engine.emergency import AlarmBook
from gateway.engine.health import Health
from gateway.engine.presses import TALKING, Press
from gateway.engine.routing import Routing
from gateway.model.command import Reply
from gateway.model.ids import LinkId, TalkgroupId, split_address
from gateway.model.radio import Capability, LinkState
from gateway.model.transmit_test import LinkIdleAsk, TransmitTest, TransmitTestAsk, term_faults
from gateway.ports import KnowsGuard

NOT_TEST = "not a test talkgroup"
CALL = "call on this link"
ALARM = "alarm on this link"
DOWN = "link is down"
PATCHED = "talkgroup is in a patch"
UNGUARDED = "this link has no un-key guard"
ABANDONED = frozenset({LinkState.CLOSED, LinkState.DOWN})


class TransmitTests:
    """Says whether a link may be keyed for a test; it keys nothing itself."""

    def __init__(
        self,
        ctx: Context,
        *,
        calls: CallBook,
        alarms: AlarmBook,
        routing: Routing,
        health: Health,
    ) -> None:
        """Ask these parts."""
        self._ctx = ctx
        self._calls = calls
        self._alarms = alarms
        self._routing = routing
        self._health = health

    def answer(self, ask: TransmitTestAsk | LinkIdleAsk, pressed: frozenset[LinkId]) -> Reply:
        """Answer a question; ``pressed`` are the links with a press on them."""
        on_it = ask.link in pressed
        if isinstance(ask, TransmitTestAsk):
            reason = self.why_not(ask.link, ask.talkgroup, pressed=on_it)
        else:
            reason = self.busy(ask.link, pressed=on_it)
        return Reply(ok=not reason, reason=reason)

    def why_not(self, link: LinkId, talkgroup: TalkgroupId, *, pressed: bool) -> str:
        """Return what stands against a test, in words; empty for nothing.

        ``pressed``: somebody else's press is on this link, or is just being un-keyed.
        """
        return (
            self._of_plan(link, talkgroup)
            or self._of_health(link)
            or ("" if not self._alarms.stands_on(link, talkgroup) else ALARM)
            or (CALL if pressed or self._busy(link, talkgroup) else "")
            or self._of_radio(link, talkgroup)
        )

    def busy(self, link: LinkId, *, pressed: bool) -> str:
        """Return what goes on at a link; empty for nothing."""
        if self._alarms.stands_on(link, None):
            return ALARM
        calls = bool(self._calls.on_link(link)) or self._in_private(link)
        return CALL if pressed or calls else ""

    def refusal(
        self, press: Press, terms: TransmitTest, presses: Iterable[Press], unkeying: bool
    ) -> str:
        """Return what stands against keying this press now."""
        if faults := term_faults(terms):
            return "; ".join(faults)
        others = any(other is not press and other.link == press.link for other in presses)
        return self.why_not(press.link, press.talkgroup, pressed=others or unkeying)

    def must_end(self, press: Press) -> str:
        """Return why a test that runs has to end now; empty while it may go on.

        Another plan may have been activated meanwhile, or a patch made.
        """
        if words := self._of_plan(press.link, press.talkgroup):
            return words
        if self._alarms.stands_on(press.link, press.talkgroup):
            return ALARM
        if any(self._is_others(call, press) for call in self._calls.on_link(press.link)):
            return CALL
        return ""

    # ---- inside

    def _of_plan(self, link: LinkId, talkgroup: TalkgroupId) -> str:
        planned, group = self._ctx.addresses.link(link), self._ctx.addresses.talkgroup(talkgroup)
        if planned is None or link not in self._ctx.links:
            return f"there is no link {link}"
        if group is None or not group.test:
            return NOT_TEST
        if talkgroup in self._ctx.patched:
            return PATCHED
        if planned.system != group.system or group.number not in planned.talkgroups:
            return f"this link does not carry {group.name}"
        return ""

    def _of_health(self, link: LinkId) -> str:
        if self._health.is_up(link):
            return ""
        return DOWN if self._health.state(link) in ABANDONED else self._health.words(link)

    def _busy(self, link: LinkId, talkgroup: TalkgroupId) -> bool:
        on_group = self._calls.on_group(link, split_address(talkgroup)[1])
        return bool(self._calls.on_link(link)) or on_group is not None or self._in_private(link)

    def _in_private(self, link: LinkId) -> bool:
        return self._ctx.lines.busy(link) or link in self._ctx.lines.clearing

    def _of_radio(self, link: LinkId, talkgroup: TalkgroupId) -> str:
        radio = self._ctx.links[link]
        group, number = self._routing.group(link), split_address(talkgroup)[1]
        turns = Capability.SELECT_GROUP in radio.info.capabilities
        if turns and group is not None and group != number:
            return self._routing.elsewhere(link, group)
        return radio.no_guard() if isinstance(radio, KnowsGuard) else UNGUARDED

    def _is_others(self, call: Call, press: Press) -> bool:
        """Say whether a call on the link is not the test's own."""
        if call.talkgroup != press.talkgroup:
            return True
        over = call.transmission
        if over is None or over is press.transmission:
            return False
        return over.request is None or press.state in TALKING
