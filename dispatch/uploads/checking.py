"""Whether an upload may come in: key, system, talkgroup, time, limits. Raises Refused."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from dispatch.cameras.grouping import Bucket
from dispatch.services.disk import DiskPolicy
from dispatch.services.plans import LivePlan
from dispatch.store.tables import US_PER_DAY
from dispatch.uploads import refused
from dispatch.uploads.keys import KeyInfo
from dispatch.uploads.received import Received
from dispatch.uploads.settings import REFUSE, UploadSettings
from gateway.model.ids import TalkgroupId, UtcUs, talkgroup_id

AHEAD_US = 600_000_000
"""A recorder's clock may be ten minutes ahead; a call from later on is refused."""
MINUTE_US = 60_000_000
RETRY_S = 30
ENCRYPTED = "encrypted: only what was told of it is kept"
NOT_RECORDED = "the policy does not let this talkgroup be recorded"


@dataclass(slots=True, kw_only=True)
class Checks:
    """What is asked; the limits are counted here."""

    plan: LivePlan
    settings: UploadSettings
    records: Callable[[str], bool]
    """Whether the policy lets a talkgroup be recorded."""
    disk: DiskPolicy
    waiting: Counter[str] = field(default_factory=Counter)
    """Calls that wait for their listening copy, by key."""
    _buckets: dict[str, Bucket] = field(default_factory=dict)

    def key(self, call: Received, key: KeyInfo | None) -> KeyInfo:
        """Return the key, when it may upload for the system that the call tells."""
        if key is None:
            raise refused.bad_key(call, refused.WRONG_KEY)
        if key.revoked:
            raise refused.bad_key(call, refused.REVOKED)
        if not self._system_fits(call, key):
            raise refused.bad_key(call, refused.WRONG_SYSTEM)
        return key

    def _system_fits(self, call: Received, key: KeyInfo) -> bool:
        """Whether the call's system is the key's: by number where one is set, else by name."""
        if call.system and key.told_system is not None:
            return call.system == key.told_system
        if call.system or not call.system_label:
            return True
        named = next((one.name for one in self.plan.plan.systems if one.id == key.system), "")
        told = call.system_label.casefold()
        return told in {key.system, key.short_name.casefold(), named.casefold()}

    def limits(self, key: KeyInfo, now: UtcUs) -> None:
        """Count an upload of a key; raises Refused when it is one too many."""
        per_minute = self.settings.per_minute
        bucket = self._buckets.get(key.id)
        if bucket is None:
            bucket = self._buckets[key.id] = Bucket(per_minute, MINUTE_US // per_minute)
        if not bucket.take(now):
            words = f"Too many calls: at most {per_minute} a minute are taken of one key."
            raise refused.later(refused.TOO_MANY, words, RETRY_S, status=429)
        if self.waiting[key.id] >= self.settings.max_waiting:
            words = f"{self.waiting[key.id]} calls wait to be worked off."
            raise refused.later(refused.QUEUE_FULL, words, RETRY_S)
        if not self.disk.media_allowed:
            raise refused.later(refused.DISK_FULL, "The disk is full.", 10 * RETRY_S)

    def time(self, call: Received, now: UtcUs) -> None:
        """Raise Refused for a call from too far away in time."""
        if call.started_utc > now + AHEAD_US:
            ahead_s = (call.started_utc - now) // 1_000_000
            words = f"datetime is {ahead_s} s ahead of this server's clock"
            raise refused.incomplete(call, words, refused.WRONG_TIME)
        if call.started_utc < now - self.settings.max_age_days * US_PER_DAY:
            words = f"datetime is more than {self.settings.max_age_days} days ago"
            raise refused.incomplete(call, words, refused.WRONG_TIME)

    def talkgroup(self, call: Received, key: KeyInfo) -> TalkgroupId:
        """Return the talkgroup of a call, by its number or by the name that the plan gives it."""
        number = call.talkgroup or self._named(call.talkgroup_label, key.system)
        if not number:
            raise refused.incomplete(call, "no talkgroup")
        call.talkgroup = number
        if not key.allows(number):
            raise refused.bad_key(call, refused.NOT_ALLOWED)
        found = talkgroup_id(key.system, number)
        if found not in self.plan.talkgroups and self.settings.unknown_talkgroups == REFUSE:
            raise refused.unknown_talkgroup(call)
        return found

    def _named(self, label: str, system: str) -> int:
        wanted = label.casefold()
        return next(
            (
                group.number
                for group in self.plan.plan.talkgroups
                if group.system == system and group.name.casefold() == wanted
            ),
            0,
        )

    def why_no_sound(self, call: Received, talkgroup: TalkgroupId) -> str:
        """Return why no sound of a call is kept; empty when it is."""
        if call.encrypted:
            return ENCRYPTED
        planned = self.plan.talkgroups.get(talkgroup)
        recorded = planned is None or planned.recorded
        return "" if recorded and self.records(talkgroup) else NOT_RECORDED
