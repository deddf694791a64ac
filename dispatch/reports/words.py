"""Operations and verbs of the log in words that need no knowledge of radio."""

OPERATIONS = {
    "collect": "Collected",
    "alter": "Changed",
    "consult": "Looked at",
    "disclose": "Given out",
    "combine": "Joined",
    "erase": "Erased",
    "auth": "Signed in or out",
    "admin": "Administration",
    "system": "The system itself",
}
VERBS = {
    "access.read": "looked up who saw an object",
    "alarm.acknowledged": "acknowledged an emergency",
    "alarm.ended": "ended an emergency",
    "alarm.raised": "an emergency came in",
    "approval.agreed": "agreed as the second person",
    "approval.asked": "asked for a second person",
    "approval.looked": "opened a request for a second person",
    "approval.refused": "refused as the second person",
    "audit.exported": "made a copy of the log for an authority",
    "audit.fetched": "fetched a copy of the log for an authority",
    "audit.mirrored": "renewed the copy of the log",
    "audit.proof": "looked at the proof of an entry",
    "audit.read": "read the log",
    "audit.verify": "checked that the log was not changed",
    "breach.listed": "listed records for a breach notice",
    "call.ended": "a call ended",
    "call.note": "wrote a note on a call",
    "call.open": "opened a call's sheet",
    "call.search": "searched the call log",
    "call.started": "a call began",
    "camera.view": "watched a camera live",
    "claim.confirmed": "confirmed a face or plate hit",
    "claim.look": "looked at a face or plate hit",
    "claim.unmasked": "was shown whom a hit names",
    "clock.state": "state of the machine's clock",
    "clock.stepped": "the machine's clock jumped",
    "completeness.checked": "compared what was recorded with the log",
    "daysheet.made": "a day's sheet was made",
    "daysheet.read": "opened a day's sheet",
    "erasure.early": "asked to erase before the time",
    "evidence.approved": "agreed to an evidence package",
    "evidence.built": "an evidence package was made",
    "evidence.disclosed": "an evidence package was given out",
    "evidence.looked": "opened an evidence package",
    "evidence.requested": "asked for an evidence package",
    "extract.drafted": "looked up what to tell a person",
    "extract.handed_over": "printed or saved an extract",
    "extract.opened": "opened an extract",
    "extract.released": "released an extract to a person",
    "face.on": "switched a face source on",
    "glass.broken": "broke the glass",
    "grant.give": "gave a grant",
    "grant.take": "took a grant",
    "hold.lifted": "lifted a hold",
    "hold.set": "set a hold",
    "incident.closed": "closed an incident",
    "incident.opened": "opened an incident",
    "invitation.accepted": "accepted an invitation",
    "lanes.open": "opened calls as lanes",
    "log.resumed": "the log could be written again",
    "log.started": "the log was opened",
    "log.stopped": "the log was closed",
    "message.opened": "read a text",
    "message.received": "a text came in",
    "message.search": "searched the texts",
    "message.sent": "sent a text",
    "order.added": "entered an order",
    "plan.activated": "activated a plan",
    "plan.kept": "kept a plan",
    "plan.live": "found a plan live at the start",
    "plan.returned": "returned to the plan before",
    "plan.rolled_back": "rolled back to an earlier plan",
    "plan.schedule_cancelled": "cancelled a scheduled plan",
    "plan.scheduled": "scheduled a plan",
    "policy.activated": "activated a policy",
    "position.left": "left a position",
    "position.taken": "took a position",
    "processing.read": "opened the records of processing",
    "ptt.granted": "began to talk on the radio",
    "ptt.lost": "was cut off while talking",
    "ptt.refused": "was refused the channel",
    "ptt.released": "ended talking on the radio",
    "purpose.stated": "stated a purpose",
    "recording.closed": "a recording was kept",
    "recording.failed": "a recording failed",
    "recording.peaks": "saw the waveform of a recording",
    "recording.play": "listened to a recording",
    "report.read": "opened a report",
    "request.refused": "was refused something",
    "retention.erased": "erased what was over",
    "review.answered": "answered a review",
    "review.looked": "opened a review",
    "session.closed": "signed out",
    "session.opened": "signed in",
    "session.refused": "did not get in",
    "trail.object": "looked up who saw an object",
    "trail.own": "looked at their own acts",
    "trail.person": "looked up what somebody did",
    "trail.subject": "looked up who saw a person's data",
    "user.add": "added an account",
    "user.disable": "switched an account off or on",
    "user.reset": "reset a password",
    "user.role": "changed a role",
    "watch.added": "added to the watch list",
}
PURPOSES = {
    "incident": "an incident",
    "case": "a case",
    "order": "an order of an authority",
    "complaint": "a complaint",
    "audit": "an audit",
    "own_replay": "hearing again what was just heard",
    "access_request": "a person's request",
    "other": "another reason",
}
"""Codes of purposes; one that is not here is shown as it is."""
OBJECTS = {
    "audit_log": "the log",
    "call": "call",
    "call_log": "the call log",
    "recording": "recording",
    "message": "text",
    "message_log": "the texts",
    "alarm": "emergency",
    "incident": "incident",
    "package": "evidence package",
    "media": "picture or clip",
    "claim": "face or plate hit",
    "press": "press of the talk key",
    "user": "account",
    "approval": "request for a second person",
}


def operation_words(op: str) -> str:
    """Return an operation in words."""
    return OPERATIONS.get(op, op)


def verb_words(verb: str) -> str:
    """Return a verb in words; one that is not listed is spelt out."""
    return VERBS.get(verb, verb.replace(".", ", ").replace("_", " "))


def object_words(kind: str) -> str:
    """Return a kind of object in words."""
    return OBJECTS.get(kind, kind.replace("_", " "))


def purpose_words(code: str) -> str:
    """Return a purpose's code in words."""
    return PURPOSES.get(code, code.replace("_", " "))
