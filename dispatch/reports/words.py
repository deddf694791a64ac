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
    "audit.read": "read the log",
    "audit.verify": "checked that the log was not changed",
    "breach.listed": "listed records for a breach notice",
    "call.ended": "a call ended",
    "call.note": "wrote a note on a call",
    "call.open": "opened a call's sheet",
    "call.search": "searched the call log",
    "call.started": "a call began",
    "clock.state": "state of the machine's clock",
    "clock.stepped": "the machine's clock jumped",
    "completeness.checked": "compared what was recorded with the log",
    "daysheet.made": "a day's sheet was made",
    "extract.drafted": "looked up what to tell a person",
    "extract.released": "released an extract to a person",
    "log.resumed": "the log could be written again",
    "log.started": "the log was opened",
    "log.stopped": "the log was closed",
    "message.opened": "read a text",
    "message.received": "a text came in",
    "message.search": "searched the texts",
    "message.sent": "sent a text",
    "ptt.granted": "began to talk on the radio",
    "ptt.lost": "was cut off while talking",
    "ptt.refused": "was refused the channel",
    "ptt.released": "ended talking on the radio",
    "recording.closed": "a recording was kept",
    "recording.failed": "a recording failed",
    "recording.play": "listened to a recording",
    "trail.own": "looked at their own acts",
    "trail.person": "looked up what somebody did",
    "trail.subject": "looked up who saw a person's data",
    "trail.object": "looked up who saw an object",
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
