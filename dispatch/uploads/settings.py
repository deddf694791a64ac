"""What a site sets for uploads (``[uploads]`` of ``samband.toml``)."""

from dataclasses import dataclass

KEEP, REFUSE = "keep", "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSettings:
    """Limits of uploads, and what becomes of talkgroups that the plan does not know."""

    max_mb: int = 20
    """Largest upload, with everything in it, in MiB."""
    per_minute: int = 1200
    """Uploads a minute that one key may send, all at once or spread."""
    max_waiting: int = 5000
    """Calls of one key that may wait for their listening copy."""
    unknown_talkgroups: str = KEEP
    max_age_days: int = 31
    """Older calls are refused."""

    @property
    def max_bytes(self) -> int:
        """Largest upload in bytes."""
        return self.max_mb << 20
