"""The one table of roles and permissions, and what a grant of each role can carry.

A *permission* (``<thing>.<verb>``) says which routes a role may use. A *grant* says on which
talkgroups and camera groups, with which actions. Both are needed. ``docs/permissions.md`` is made
from this table.
"""

import enum
from dataclasses import dataclass


class Role(enum.Enum):
    """The six roles. ``dpo`` is the data protection officer, who hears nothing."""

    DISPATCHER = "dispatcher"
    SUPERVISOR = "supervisor"
    ENGINEER = "engineer"
    AUDITOR = "auditor"
    DPO = "dpo"
    ADMINISTRATOR = "administrator"


class Action(enum.Enum):
    """What a grant allows on a talkgroup or camera group."""

    SEE = "see"
    HEAR = "hear"
    TALK = "talk"
    REPLAY = "replay"
    SEARCH = "search"
    EXPORT = "export"


ACTION_WORDS = {
    Action.SEE: "know that it exists and what happens on it",
    Action.HEAR: "hear it live",
    Action.TALK: "transmit on it, and send texts",
    Action.REPLAY: "play its recordings",
    Action.SEARCH: "search its calls",
    Action.EXPORT: "export from it",
}


@dataclass(frozen=True, slots=True)
class Permission:
    """One line of the table."""

    name: str
    words: str
    roles: frozenset[Role]


_DESK = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
_LISTENERS = _DESK | {Role.ENGINEER, Role.AUDITOR}
_ALL = frozenset(Role)
_SUPERVISOR = frozenset({Role.SUPERVISOR})
_WITH_DPO = frozenset({Role.SUPERVISOR, Role.DPO})
_KEEPERS = frozenset({Role.SUPERVISOR, Role.AUDITOR, Role.DPO})
"""Holding is the auditor's and the officer's job as much as the supervisor's."""


def _line(name: str, words: str, roles: frozenset[Role]) -> Permission:
    return Permission(name, words, roles)


_LINES: tuple[Permission, ...] = (
    _line("session.own", "see and end the own session", _ALL),
    _line("stream.open", "open the event stream and the snapshot", _ALL),
    _line("access.own", "see who looked at what, as far as it was oneself", _ALL),
    _line("board.see", "see talkgroups, units and alarms of the own grants", _LISTENERS),
    _line("voice.hear", "receive live sound of the own grants", _DESK | {Role.ENGINEER}),
    _line("position.take", "take, leave and hand over a position", _DESK),
    _line(
        "position.take_over",
        "take over a position somebody else uses",
        frozenset({Role.SUPERVISOR}),
    ),
    _line("ptt.press", "transmit from the own position", _DESK),
    _line(
        "ptt.preempt",
        "transmit with a priority that takes the channel from others",
        frozenset({Role.SUPERVISOR}),
    ),
    _line("emergency.call", "make an emergency call from the desk", _DESK),
    _line("individual.see", "see private calls that ring or run at the own grants", _DESK),
    _line("individual.answer", "answer and decline private and telephone calls", _DESK),
    _line("individual.dial", "call a unit privately", _DESK),
    _line("individual.telephone", "call a telephone number", _DESK),
    _line(
        "individual.search",
        "find private calls in the call log",
        frozenset({Role.SUPERVISOR, Role.AUDITOR}),
    ),
    _line(
        "individual.replay",
        "play recordings of private calls",
        frozenset({Role.SUPERVISOR, Role.AUDITOR}),
    ),
    _line("patch.make", "join talkgroups one may talk on, and end one's own patches", _DESK),
    _line(
        "patch.mix",
        "join encrypted talkgroups with unencrypted ones",
        frozenset({Role.SUPERVISOR}),
    ),
    _line(
        "patch.drop_any",
        "extend and end patches of others and of the plan",
        frozenset({Role.SUPERVISOR}),
    ),
    _line("talkgroup.select", "select the talkgroup that push-to-talk goes to", _DESK),
    _line("desk.keep", "keep volume, selection and layout on the server", _LISTENERS),
    _line("message.see", "see texts", _DESK),
    _line("message.send", "send texts and statuses", _DESK),
    _line("position.request", "ask a radio where it is", _DESK | {Role.ENGINEER}),
    _line(
        "position.reporting",
        "switch a radio's own position reports on and off",
        frozenset({Role.SUPERVISOR, Role.ENGINEER}),
    ),
    _line("unit.alert", "ask a radio to call back", _DESK),
    _line("unit.query", "ask a radio for its status, and set it", _DESK),
    _line("unit.check", "ask whether a radio is there", _DESK | {Role.ENGINEER}),
    _line(
        "unit.inhibit",
        "take a radio out of service over the air and put it back, with a reason",
        frozenset({Role.SUPERVISOR}),
    ),
    _line("alarm.acknowledge", "acknowledge an emergency", _DESK),
    _line("alarm.end", "end an acknowledged emergency with a reason", _DESK),
    _line("call.search", "search the call log", _DESK | {Role.AUDITOR}),
    _line(
        "mark.set",
        "set marks on the common clock of the lanes, and take own ones back",
        frozenset({Role.SUPERVISOR, Role.AUDITOR}),
    ),
    _line("call.note", "write a note on a call", _DESK),
    _line("recording.play", "play recordings", _DESK | {Role.AUDITOR}),
    _line(
        "evidence.see",
        "see evidence packages and what was decided about them",
        frozenset({Role.SUPERVISOR, Role.AUDITOR, Role.DPO}),
    ),
    _line(
        "evidence.request",
        "ask for an evidence package, and fetch it once it is approved",
        frozenset({Role.SUPERVISOR, Role.AUDITOR}),
    ),
    _line(
        "evidence.approve",
        "approve or refuse an evidence package that somebody else asked for",
        frozenset({Role.SUPERVISOR, Role.AUDITOR}),
    ),
    _line("camera.see", "see cameras and their state", _DESK | {Role.ENGINEER, Role.AUDITOR}),
    _line("camera.media", "see stills and clips of incidents", _DESK | {Role.AUDITOR}),
    _line("camera.live", "watch cameras live and see their current stills", _DESK),
    _line("camera.bookmark", "have a clip of a camera fetched and kept", _DESK),
    _line("incident.see", "see incidents", _DESK | {Role.AUDITOR}),
    _line("incident.edit", "open, note and close incidents, confirm or reject calls", _DESK),
    _line("places.see", "find places, read positions in words, see the map", _LISTENERS),
    _line("claim.review", "see what a face or plate hit names, confirm or reject it", _DESK),
    _line(
        "claim.rates",
        "see how many hits of each source were right",
        frozenset({Role.SUPERVISOR, Role.AUDITOR, Role.DPO}),
    ),
    _line(
        "camera.unread",
        "see camera messages that were not understood",
        frozenset({Role.SUPERVISOR, Role.ENGINEER}),
    ),
    _line(
        "webhook.keep",
        "see messages to other systems, and send those again that were given up",
        frozenset({Role.SUPERVISOR, Role.ENGINEER}),
    ),
    _line(
        "incident.hand_over",
        "give incidents to other control rooms and take theirs over (CAP, hand-over files)",
        frozenset({Role.SUPERVISOR}),
    ),
    _line(
        "uploads.see",
        "see recorders that upload calls, and how they do",
        frozenset({Role.ENGINEER, Role.SUPERVISOR}),
    ),
    _line("uploads.keys", "make and revoke keys of recorders", frozenset({Role.ENGINEER})),
    _line("links.see", "see links, sites and their health", _DESK | {Role.ENGINEER}),
    _line("links.trace", "see protocol lines", frozenset({Role.ENGINEER})),
    _line(
        "links.record",
        "record traces of links, list, fetch and delete them",
        frozenset({Role.ENGINEER}),
    ),
    _line("links.check", "check a link without keying it", frozenset({Role.ENGINEER})),
    _line(
        "links.test",
        "make test transmissions on talkgroups that the plan marks as test",
        frozenset({Role.ENGINEER}),
    ),
    _line("links.restart", "restart a link", frozenset({Role.ENGINEER})),
    _line(
        "simulator.drive",
        "drive simulated terminals on test talkgroups, and try drafts in a sandbox",
        frozenset({Role.ENGINEER, Role.SUPERVISOR}),
    ),
    _line(
        "audiopath.see",
        "see how long sound takes and how loud it is, by link and position",
        frozenset({Role.ENGINEER}),
    ),
    _line(
        "health.see",
        "see the health of the server, part by part",
        frozenset({Role.ENGINEER, Role.SUPERVISOR, Role.ADMINISTRATOR}),
    ),
    _line("plan.see", "see the plan", frozenset({Role.ENGINEER, Role.SUPERVISOR})),
    _line(
        "plan.edit", "change plans in drafts, check and compare them", frozenset({Role.ENGINEER})
    ),
    _line(
        "plan.activate",
        "activate, schedule, keep and roll back plans",
        frozenset({Role.ENGINEER}),
    ),
    _line(
        "plan.approve",
        "agree as the second person to a plan that somebody else activates",
        frozenset({Role.ENGINEER, Role.SUPERVISOR}),
    ),
    _line(
        "plan.return",
        "return from a plan on trial to the one before it",
        frozenset({Role.ENGINEER, Role.SUPERVISOR}),
    ),
    _line(
        "audit.state",
        "see size, head and health of the audit log",
        frozenset({Role.AUDITOR, Role.DPO, Role.ADMINISTRATOR}),
    ),
    _line("audit.read", "read entries of the audit log", frozenset({Role.AUDITOR, Role.DPO})),
    _line("audit.verify", "verify the audit log", frozenset({Role.AUDITOR, Role.DPO})),
    _line(
        "audit.mirror",
        "renew the mirror of the audit log for the supervisory authority",
        frozenset({Role.AUDITOR, Role.DPO}),
    ),
    _line(
        "audit.export",
        "ask for a copy of the audit log for an authority, and fetch it once it is agreed to",
        frozenset({Role.AUDITOR, Role.DPO}),
    ),
    _line(
        "audit.export_approve",
        "agree as the second person to a copy of the audit log that somebody else asks for",
        frozenset({Role.AUDITOR, Role.DPO}),
    ),
    _line(
        "daysheet.see",
        "see the day sheet: counts by operation, site and shift, orders, state of the log",
        frozenset({Role.SUPERVISOR, Role.AUDITOR, Role.DPO}),
    ),
    _line(
        "report.see",
        "see reports by talkgroup, site and shift",
        frozenset({Role.SUPERVISOR, Role.ENGINEER, Role.AUDITOR, Role.DPO}),
    ),
    _line(
        "extract.release",
        "make and release what a person is told about who looked at their data",
        frozenset({Role.DPO}),
    ),
    _line("correction.see", "see corrections that persons asked for", _KEEPERS),
    _line("correction.enter", "enter a person's request to have a record corrected", _WITH_DPO),
    _line(
        "correction.decide",
        "release a correction, which then stands beside the record, or refuse it",
        frozenset({Role.DPO}),
    ),
    _line(
        "processing.see",
        "see and export the records of processing",
        frozenset({Role.AUDITOR, Role.DPO, Role.ADMINISTRATOR}),
    ),
    _line(
        "breach.list",
        "list which records were touched, for a breach notice",
        frozenset({Role.AUDITOR, Role.DPO}),
    ),
    _line(
        "access.read",
        "see who searched, played and changed an object",
        frozenset({Role.AUDITOR, Role.DPO}),
    ),
    _line("purpose.state", "state why one looks, and see what stands of it", _ALL),
    _line("approval.see", "see what waits for a second person, as far as it concerns one", _ALL),
    _line(
        "review.see",
        "see the review queue and decide its tasks, but for one's own",
        frozenset({Role.AUDITOR, Role.DPO}),
    ),
    _line("glass.break", "take an extra right in need for an hour, with a reason", _DESK),
    _line(
        "glass.see",
        "see who broke the glass, where and why",
        frozenset({Role.SUPERVISOR, Role.AUDITOR, Role.DPO}),
    ),
    _line(
        "staff.keep",
        "keep the list of what belongs to staff, as keyed hashes",
        frozenset({Role.AUDITOR, Role.DPO}),
    ),
    _line("face.switch", "ask that faces of a source are used, and switch them off", _SUPERVISOR),
    _line("face.approve", "agree that faces of a source are used", _WITH_DPO),
    _line("watch.edit", "see the watch-list, ask for entries, take them away", _SUPERVISOR),
    _line("watch.approve", "agree to an entry of the watch-list", _WITH_DPO),
    _line("claim.unmask", "ask to see whom an unconfirmed hit names", _SUPERVISOR),
    _line("claim.approve_unmask", "agree that somebody sees whom a hit names", _WITH_DPO),
    _line(
        "user.approve_role",
        "agree that an account becomes administrator or auditor",
        frozenset({Role.ADMINISTRATOR, Role.DPO}),
    ),
    _line("hold.see", "see holds", _KEEPERS),
    _line("hold.set", "put calls and whatever else a scope names on hold, at once", _KEEPERS),
    _line("hold.lift", "ask that a hold is lifted, and agree when somebody else asks", _KEEPERS),
    _line("order.see", "see orders of courts and authorities", _KEEPERS),
    _line("order.keep", "enter orders, hold their results, mark them as answered", _KEEPERS),
    _line("retention.see", "see the retention board, runs of erasure, certificates", _KEEPERS),
    _line(
        "retention.review",
        "say what becomes of an incident whose time is over",
        frozenset({Role.SUPERVISOR, Role.DPO}),
    ),
    _line(
        "retention.erase",
        "list what is to be erased, carry it out, ask for an early erasure",
        frozenset({Role.SUPERVISOR, Role.DPO}),
    ),
    _line(
        "retention.agree",
        "agree to an erasure that needs a second person",
        frozenset({Role.SUPERVISOR, Role.DPO}),
    ),
    _line("policy.see", "see the policy and its versions", _KEEPERS | {Role.ADMINISTRATOR}),
    _line(
        "policy.edit",
        "draft a policy and ask that it is activated",
        frozenset({Role.DPO, Role.ADMINISTRATOR}),
    ),
    _line(
        "policy.agree",
        "agree to a policy that somebody else drafted",
        frozenset({Role.SUPERVISOR, Role.DPO, Role.ADMINISTRATOR}),
    ),
    _line(
        "user.manage", "add, disable, reset users and change roles", frozenset({Role.ADMINISTRATOR})
    ),
    _line("grant.manage", "give and take grants", frozenset({Role.ADMINISTRATOR})),
)

PERMISSIONS = {line.name: line for line in _LINES}
"""The table, by name."""

ROLE_ACTIONS: dict[Role, frozenset[Action]] = {
    Role.DISPATCHER: frozenset(
        {Action.SEE, Action.HEAR, Action.TALK, Action.REPLAY, Action.SEARCH}
    ),
    Role.SUPERVISOR: frozenset(Action),
    Role.ENGINEER: frozenset({Action.SEE, Action.HEAR}),
    Role.AUDITOR: frozenset({Action.SEE, Action.REPLAY, Action.SEARCH, Action.EXPORT}),
    Role.DPO: frozenset({Action.SEE}),
    Role.ADMINISTRATOR: frozenset(),
}
"""The most that a grant of a role can carry, whatever it says."""

EXCLUSIVE_ROLES = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
"""Not on one person, not even with two accounts."""


def permissions_of(role: Role) -> frozenset[str]:
    """Return the names of the permissions of a role."""
    return frozenset(line.name for line in _LINES if role in line.roles)


def permission_words(name: str) -> str:
    """Return what a permission allows, in words; raises KeyError on an unknown name."""
    return PERMISSIONS[name].words


def as_markdown() -> str:
    """Return the tables as a Markdown page (``docs/permissions.md``)."""
    roles = list(Role)
    lines = [
        "# Permissions",
        "",
        "Made from `dispatch/auth/permissions.py`; do not edit by hand.",
        "",
        "A role gives permissions, a grant says where. Both are needed: a dispatcher may search",
        "the call log, and finds there only the calls of talkgroups that a grant of that role and",
        "organisation names with the action `search`. No grant, no knowledge: nothing of a",
        "talkgroup without `see` is sent, counted or named. Administrator and auditor on one",
        "person is refused.",
        "",
        "Private calls belong to no talkgroup folder. Their grant has the scope `individual` with",
        "the id of a link, or `*`: `see` shows what rings, `talk` answers and dials, `search` and",
        "`replay` find and play them, each with the permission `individual.…` besides.",
        "",
        "## Role x permission",
        "",
        "| permission | allows to | " + " | ".join(role.value for role in roles) + " |",
        "|---|---|" + "---|" * len(roles),
    ]
    for line in _LINES:
        marks = " | ".join("yes" if role in line.roles else "" for role in roles)
        lines.append(f"| `{line.name}` | {line.words} | {marks} |")
    lines += [
        "",
        "## Role x action: the most a grant can carry",
        "",
        "| action | allows to | " + " | ".join(role.value for role in roles) + " |",
        "|---|---|" + "---|" * len(roles),
    ]
    for action in Action:
        marks = " | ".join("yes" if action in ROLE_ACTIONS[role] else "" for role in roles)
        lines.append(f"| `{action.value}` | {ACTION_WORDS[action]} | {marks} |")
    return "\n".join(lines) + "\n"
