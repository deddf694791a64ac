"""What is known of something that a desk sent: claims of their own, each told once."""

from dataclasses import dataclass, field

from gateway.model import radio
from gateway.model.ids import LinkId
from gateway.model.radio import SendState

_ENDED = frozenset({SendState.SENT, SendState.FAILED, SendState.UNKNOWN})
_THERE = frozenset({SendState.DELIVERED, SendState.READ})


@dataclass(slots=True)
class Claims:
    """What has been told of a message on its way, and over which link it went."""

    link: LinkId
    told: set[SendState] = field(default_factory=set)
    reason: str = ""

    def take(self, event: radio.SendProgress) -> bool:
        """Take a claim; says whether it is news. The same again is where it has a new reason."""
        if not self._is_news(event):
            return False
        self.told.add(event.state)
        self.reason = event.reason or self.reason
        return True

    def lose(self) -> bool:
        """Take that the link is gone; says whether nobody can know now what became of it."""
        if self.told & (_ENDED | _THERE):
            return False
        self.told.add(SendState.UNKNOWN)
        return True

    @property
    def answered(self) -> bool:
        """Whether it is known to be there, or not to get there."""
        return bool(self.told & (_THERE | {SendState.FAILED, SendState.UNKNOWN}))

    def _is_news(self, event: radio.SendProgress) -> bool:
        match event.state:
            case state if state in self.told:
                return bool(event.reason) and event.reason != self.reason
            case SendState.FAILED:
                return not self.told & _THERE
            case SendState.UNKNOWN:
                return not self.told & (_ENDED | _THERE)
            case _:
                return True
