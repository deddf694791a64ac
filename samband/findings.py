"""What ``samband doctor`` says: findings in plain words."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "info", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: its state, what is so, and what to do about it."""

    subject: str
    state: State
    words: str
    remedy: str = ""
