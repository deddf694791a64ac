"""The centre's own parts: the audit collector, cameras and incidents."""

from dispatch.wiring import Dispatch
from samband.config import Config


class Centre:
    """Everything that listens to the bus and to cameras."""

    def __init__(self, config: Config, dispatch: Dispatch) -> None:
        """Make the parts; nothing runs yet."""
        self.config = config
        self.dispatch = dispatch

    async def start(self) -> None:
        """Start them."""

    async def close(self) -> None:
        """Stop them; safe twice."""
