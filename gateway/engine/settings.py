"""The engine's numbers, each with the rule that sets it."""

from dataclasses import dataclass

PTT_RENEW_MS = 100
"""A held key is renewed this often by the desk."""
PTT_LEASE_MS = 350
"""Without a renewal for this long the gateway un-keys (on the wire within 500 ms)."""
LEASE_LOOKS = 2
"""A press whose lease is over is cut this many turns of the event loop later, if no renewal was
among what had come by then: a server that was held up takes that for no silence of the desk. An
idle loop turns in well under a millisecond."""
PATCH_LEASE_MS = 720
"""A patch keys as long as the over that it passes on gives sound: two groups of P25 frames may be
missing (360 ms each), then it is un-keyed."""
SHORT_PRESS_MS = 150
"""A pad (source ``button``) let go sooner sends nothing; nothing is keyed before that."""
MIC_TAIL_MS = 100
"""After a normal release the microphone stays open this long."""
ENDING_LIMIT_MS = 1500
"""Longest time on air after a normal release: 600 ms of buffer, the tail, and room to spare."""
UNKEY_WAIT_MS = 1000
"""A link that does not report TxEnded in this time is taken as un-keyed."""
PREROLL_MS = 200
"""Sound heard this long before TalkStarted belongs to the talker."""
END_SILENCE_MS = 60
"""Coded silence after a transmission, so that every listener's decoder comes to rest."""
CALL_IDLE_LIMIT_MS = 300_000
"""A call without talker and without news for this long is closed: its end was missed."""
EMERGENCY_JOIN_MS = 60_000
"""Signs of one unit within this time are one emergency."""
ESCALATE_MS = 10_000
"""An alarm not acknowledged: to the supervisor, or to everyone when none is signed in."""
SOUNDER_MS = 30_000
"""An alarm still not acknowledged: the sounder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """What a site may change; the defaults are the rules."""

    lease_ms: int = PTT_LEASE_MS
    patch_lease_ms: int = PATCH_LEASE_MS
    short_press_ms: int = SHORT_PRESS_MS
    short_press_sources: frozenset[str] = frozenset({"button"})
    mic_tail_ms: int = MIC_TAIL_MS
    ending_limit_ms: int = ENDING_LIMIT_MS
    unkey_wait_ms: int = UNKEY_WAIT_MS
    preroll_ms: int = PREROLL_MS
    call_idle_limit_ms: int = CALL_IDLE_LIMIT_MS
    emergency_join_ms: int = EMERGENCY_JOIN_MS
    escalate_ms: int = ESCALATE_MS
    sounder_ms: int = SOUNDER_MS
    simulated_anywhere: bool = False
    """Simulated links are heard on every talkgroup: the whole server is a demonstration."""
