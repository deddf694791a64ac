"""Who may see which event and row: one place, used by snapshot, stream and routes.

Every event type has a rule here; one without is seen by nobody, and a test names it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from dispatch import events as centre
from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.live.events import the_viewer
from dispatch.services.board import Board
from dispatch.services.plans import LivePlan
from gateway.model import events as ev
from gateway.model.events import Event
from gateway.model.ids import LinkId, TalkgroupId
from gateway.model.patch_plan import PlanPatch
from gateway.model.plan import Link, Plan

IncidentEvent = (
    centre.IncidentOpened | centre.IncidentUpdated | centre.IncidentMerged | centre.IncidentSplit
)
Rule = Callable[[Any, Access], Event | None]
"""Takes the event class of its key (hence Any); returns what this person gets, or nothing."""

RADIO_IS_ON = "radio is on "
"""The gateway's fixed words for a radio on another group; the group's name follows."""
ANOTHER = "another talkgroup"
NO_GROUP = frozenset({"no group", "no known group", "another group", ANOTHER})


class Sight:
    """Decides, for one event and one person, what may be sent: all, a part, or nothing."""

    def __init__(self, plan: LivePlan, board: Board) -> None:
        """Take the plan (which link carries what) and the board (whose alarm, whose message)."""
        self._plan = plan
        self._board = board
        self._rules: dict[str, Rule] = {
            "link.changed": self._link,
            "link.group_changed": self._group,
            "link.groups_known": self._engineers,
            "link.line_seen": self._engineers,
            "unit.positioned": self._unit,
            "unit.status_set": self._unit,
            "message.received": self._message,
            "message.queued": self._message,
            "message.progressed": self._message_by_id,
            "message.opened": self._message_by_id,
            "alarm.raised": self._alarm,
            "incident.opened": self._incident,
            "incident.updated": self._incident,
            "incident.merged": self._incident,
            "incident.split": self._incident,
            "source.changed": self._camera,
            "plan.activated": self._everyone,
            "log.state": self._everyone,
            "disk.low": self._everyone,
            "access.changed": self._access,
            "view.ended": the_viewer,
        }
        for kind in ("taken", "left", "listening"):
            self._rules[f"position.{kind}"] = self._position
        for kind in ("shown", "acknowledged", "answered", "link_changed", "escalated", "ended"):
            self._rules[f"alarm.{kind}"] = self._alarm_by_id
        for kind in ("started", "updated", "ended", "noted"):
            self._rules[f"call.{kind}"] = self._talkgroup
        for kind in ("started", "updated", "measured", "ended"):
            self._rules[f"transmission.{kind}"] = self._talkgroup
        for kind in ("closed", "failed"):
            self._rules[f"recording.{kind}"] = self._talkgroup
        for kind in ("requested", "granted", "queued", "unheard", "ending", "released"):
            self._rules[f"floor.{kind}"] = self._talkgroup
        for kind in ("refused", "lost"):
            self._rules[f"floor.{kind}"] = self._floor_words

    def add_rules(self, rules: dict[str, Rule]) -> None:
        """Take the rules of event types that have a module of their own."""
        self._rules.update(rules)

    def has_rule(self, event_type: str) -> bool:
        """Whether a type of event can be seen by anybody."""
        return event_type in self._rules

    def cut(self, event: Event, access: Access) -> Event | None:
        """Return the event as this person may see it, None when not at all."""
        rule = self._rules.get(event.type)
        return rule(event, access) if rule is not None else None

    # ---- what a person sees --------------------------------------------------------------------

    def sees_link(self, access: Access, link: str) -> bool:
        """Whether a link is known to this person: by permission, or by one of its talkgroups."""
        if not access.may("links.see"):
            return False
        if access.may("links.restart"):
            return True
        carried = self._plan.carried.get(LinkId(link), ())
        return any(access.sees(talkgroup) for talkgroup in carried)

    def sees_unit(self, access: Access, unit: str | None) -> bool:
        """Whether a unit is known to this person: by a talkgroup it belongs to or was heard on."""
        if not access.may("board.see"):
            return False
        return any(access.sees(tg) for tg in self._board.units.talkgroups_of(unit))

    def sees_message(self, access: Access, row: dict[str, Any]) -> bool:
        """Whether a text may be read: by its talkgroup, else by the unit at the other end.

        What comes from a radio that no talkgroup claims is shown by its link: a text that nobody
        may read would be lost without a word.
        """
        if not access.may("message.see"):
            return False
        if row["talkgroup"] is not None:
            return access.sees(row["talkgroup"])
        unit = row["sender"] or row["to"]
        if row["sender"] is not None and not self._planned_talkgroups(unit):
            return self._sees_traffic_of(access, row["link"])
        return self.sees_unit(access, unit)

    def sees_alarm(self, access: Access, row: dict[str, Any]) -> bool:
        """Whether an alarm is shown: by its talkgroup, else by its unit, else by its link.

        Nobody has a grant for a talkgroup that the plan does not have: an emergency on such a one
        is shown as one without a talkgroup, never to nobody.
        """
        if not access.may("board.see"):
            return False
        if row["talkgroup"] in self._plan.talkgroups:
            return access.sees(row["talkgroup"])
        planned = self._planned_talkgroups(row["unit"])
        if planned:
            return any(access.sees(talkgroup) for talkgroup in planned)
        return self._sees_traffic_of(access, row["link"])

    def _planned_talkgroups(self, unit: str | None) -> frozenset[TalkgroupId]:
        known = self._plan.talkgroups
        return frozenset(tg for tg in self._board.units.talkgroups_of(unit) if tg in known)

    def _sees_traffic_of(self, access: Access, link: str) -> bool:
        """Whether what belongs to no talkgroup, but came over a link, concerns this person.

        A link that carries no talkgroup of the plan is everybody's who has any.
        """
        carried = self._plan.carried.get(LinkId(link), ())
        return any(access.sees(tg) for tg in carried or self._plan.talkgroups)

    def plan(self, access: Access, plan: Plan) -> Plan:
        """Return a plan with the talkgroups, units and links that this person may know."""
        links = (link for link in plan.links if self.sees_link(access, link.id))
        return replace(
            plan,
            talkgroups=tuple(tg for tg in plan.talkgroups if access.sees(tg.id)),
            units=tuple(unit for unit in plan.units if self.sees_unit(access, unit.id)),
            links=tuple(self._cut_link(access, link) for link in links),
            individual_rules=(),
            patches=tuple(self._cut_patches(access, plan)),
            never_recorded=(),
        )

    def _cut_patches(self, access: Access, plan: Plan) -> Iterator[PlanPatch]:
        """Give patches with the members that this person sees; none of those seen nothing of."""
        for patch in plan.patches:
            members = tuple(member for member in patch.members if access.sees(member))
            if members:
                yield replace(patch, members=members)

    def _cut_link(self, access: Access, link: Link) -> Link:
        seen = tuple(n for n in link.talkgroups if access.sees(f"{link.system}/{n}"))
        group = link.group if link.group in seen else None
        return replace(link, talkgroups=seen, group=group)

    def words(self, access: Access, text: str) -> str:
        """Return the gateway's words without the name of a group this person may not know."""
        head, mark, rest = text.partition(RADIO_IS_ON)
        if not mark:
            return text
        name, tail = self._group_named(rest)
        return text if name in self._names(access) else f"{head}{mark}{ANOTHER}{tail}"

    def _group_named(self, rest: str) -> tuple[str, str]:
        """Split what follows ``radio is on`` into the group's name and the rest of the words."""
        names = (tg.name for tg in self._plan.plan.talkgroups)
        begun = [name for name in names if rest == name or rest.startswith(f"{name}, ")]
        name = max(begun, key=len, default=rest.partition(", ")[0])
        return name, rest[len(name) :]

    def _names(self, access: Access) -> set[str]:
        seen = [tg for tg in self._plan.plan.talkgroups if access.sees(tg.id)]
        numbers = {word for tg in seen for word in (str(tg.number), f"group {tg.number}")}
        return {tg.name for tg in seen} | numbers | NO_GROUP

    # ---- rules ---------------------------------------------------------------------------------

    def _everyone(self, event: Event, access: Access) -> Event | None:
        return event

    def _access(self, event: centre.AccessChanged, access: Access) -> Event | None:
        return replace(event, users=(access.user.id,)) if access.user.id in event.users else None

    def _talkgroup(self, event: Any, access: Access) -> Event | None:
        if not access.may("board.see"):
            return None
        return event if access.can(Action.SEE, event.talkgroup) else None

    def _floor_words(self, event: ev.FloorRefused | ev.FloorLost, access: Access) -> Event | None:
        if self._talkgroup(event, access) is None:
            return None
        words = self.words(access, event.reason)
        return event if words == event.reason else replace(event, reason=words)

    def _link(self, event: ev.LinkChanged, access: Access) -> Event | None:
        return event if self.sees_link(access, event.link) else None

    def _group(self, event: ev.LinkGroupChanged, access: Access) -> Event | None:
        if not self.sees_link(access, event.link):
            return None
        visible = tuple(n for n in event.scanned if self.sees_number(access, event.link, n))
        if event.number is None or self.sees_number(access, event.link, event.number):
            return replace(event, scanned=visible)
        return replace(event, number=None, talkgroup=None, scanned=visible)

    def sees_number(self, access: Access, link: LinkId, number: int) -> bool:
        """Whether a group number of a link's system is known to this person."""
        systems = [other.system for other in self._plan.running.links if other.id == link]
        return any(access.sees(f"{system}/{number}") for system in systems)

    def _engineers(
        self, event: ev.LinkLineSeen | ev.LinkGroupsKnown, access: Access
    ) -> Event | None:
        return event if access.may("links.trace") else None

    def _unit(self, event: Any, access: Access) -> Event | None:
        return event if self.sees_unit(access, event.unit) else None

    def _message(self, event: Any, access: Access) -> Event | None:
        row = self._board.message(event.message)
        return event if row is not None and self.sees_message(access, row) else None

    _message_by_id = _message

    def _alarm(self, event: ev.AlarmRaised, access: Access) -> Event | None:
        seen = {"talkgroup": event.talkgroup, "unit": event.unit, "link": event.link}
        return event if self.sees_alarm(access, seen) else None

    def _alarm_by_id(self, event: Any, access: Access) -> Event | None:
        row = self._board.alarms.get(event.alarm) or self._board.ended_alarms.get(event.alarm)
        return event if row is not None and self.sees_alarm(access, row) else None

    def _incident(self, event: IncidentEvent, access: Access) -> Event | None:
        if not access.may("incident.see"):
            return None
        group = event.camera_group
        if group and not access.camera(Action.SEE, group):
            return None
        if not event.talkgroups:
            return event
        seen = tuple(talkgroup for talkgroup in event.talkgroups if access.sees(talkgroup))
        if not seen:
            return None
        if isinstance(event, centre.IncidentOpened):
            return replace(event, talkgroups=seen, talkgroup=seen[0])
        return replace(event, talkgroups=seen)

    def _camera(self, event: centre.SourceChanged, access: Access) -> Event | None:
        if not access.may("camera.see"):
            return None
        group = event.camera_group
        return event if not group or access.camera(Action.SEE, group) else None

    def _position(self, event: Any, access: Access) -> Event | None:
        return event if access.may("board.see") else None
