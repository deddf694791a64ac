"""Health of the links: what is up, since when, why not, and when a radio was last heard."""

from dataclasses import dataclass

from gateway.engine.context import Context
from gateway.model import events, radio
from gateway.model.ids import LinkId, TalkgroupId, UtcUs
from gateway.model.radio import LinkState

WORDS = {
    LinkState.CLOSED: "link closed",
    LinkState.STARTING: "link is starting",
    LinkState.UNREGISTERED: "radio is not registered",
    LinkState.DOWN: "link lost",
}
"""Why nothing can be sent, for the operator."""


@dataclass(slots=True)
class _State:
    event: radio.LinkChanged
    since_utc: UtcUs
    heard_utc: UtcUs


class Health:
    """State of every link."""

    def __init__(self, ctx: Context) -> None:
        """Begin with all links closed."""
        self._ctx = ctx
        closed = radio.LinkChanged(state=LinkState.CLOSED)
        self._states = {link: _State(closed, ctx.utc(), UtcUs(0)) for link in ctx.links}

    def forget(self, link: LinkId) -> None:
        """Drop what is known of a link that is gone."""
        self._states.pop(link, None)

    def is_up(self, link: LinkId) -> bool:
        """Say whether a radio can be used now."""
        return self.state(link) is LinkState.UP

    def state(self, link: LinkId) -> LinkState:
        """Return the state of a link."""
        found = self._states.get(link)
        return found.event.state if found else LinkState.CLOSED

    def words(self, link: LinkId) -> str:
        """Return why the link cannot be used."""
        return WORDS.get(self.state(link), "link lost")

    def signal_dbm(self, link: LinkId) -> int | None:
        """Return the radio's signal in dBm, None where it is not known."""
        found = self._states.get(link)
        return found.event.signal_dbm if found else None

    def up_since(self, link: LinkId) -> UtcUs:
        """Return since when a link is in its present state."""
        found = self._states.get(link)
        return found.since_utc if found else UtcUs(0)

    def last_heard_utc(self, link: LinkId) -> UtcUs:
        """Return when the link last gave anything, 0 never."""
        found = self._states.get(link)
        return found.heard_utc if found else UtcUs(0)

    def heard(self, link: LinkId) -> None:
        """Note that something came from the radio."""
        found = self._states.get(link)
        if found is not None:
            found.heard_utc = self._ctx.utc()

    def changed(self, link: LinkId, event: radio.LinkChanged) -> tuple[bool, bool]:
        """Keep and publish a change; returns whether the link was up before and is up now."""
        before = self._states.get(link)
        was = before.event.state if before else LinkState.CLOSED
        now = self._ctx.utc()
        since = before.since_utc if before and was is event.state else now
        heard = before.heard_utc if before else UtcUs(0)
        self._states[link] = _State(event, since, now if event.state is LinkState.UP else heard)
        capabilities = sorted(c.value for c in self._ctx.links[link].info.capabilities)
        self._ctx.publish(
            events.LinkChanged(
                link=link,
                state=event.state.value,
                reason=event.reason,
                model=event.model,
                firmware=event.firmware,
                own_number=event.own_number,
                mode=event.mode,
                registered=event.registered,
                signal_dbm=event.signal_dbm,
                speed_bps=event.speed_bps,
                capabilities=tuple(capabilities),
                since_utc=since,
            )
        )
        return was is LinkState.UP, event.state is LinkState.UP

    def offline_talkgroups(self) -> frozenset[TalkgroupId]:
        """Return the talkgroups that no link carries now."""
        addresses = self._ctx.addresses
        return frozenset(
            talkgroup.id
            for talkgroup in addresses.plan.talkgroups
            if not any(self.is_up(link.id) for link in addresses.links_of(talkgroup.id))
        )
