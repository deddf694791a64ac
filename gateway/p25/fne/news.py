"""What is wrong with a link that is up, in words: several things at once, each said once."""

from gateway.model.radio import LinkChanged, LinkState, RadioEvent
from gateway.p25.fne.session import MODEL

FLOOD, LINE, ACCESS = "flood", "line", "access"
"""Topics."""


class News:
    """The words of each topic."""

    def __init__(self) -> None:
        """Begin with nothing wrong."""
        self._words: dict[str, str] = {}
        self._told = ""

    def say(self, topic: str, words: str) -> list[RadioEvent]:
        """Set the words of a topic, empty when it is over; returns what is to be told."""
        if words:
            self._words[topic] = words
        else:
            self._words.pop(topic, None)
        text = "; ".join(self._words.values())
        if text == self._told:
            return []
        self._told = text
        return [LinkChanged(state=LinkState.UP, model=MODEL, reason=text)]

    def forget(self) -> None:
        """Begin anew: the link went down, or came up again."""
        self._words.clear()
        self._told = ""
