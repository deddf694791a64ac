"""What the engine asks of a link that carries messages: one closed set of acts.

Each act but ``MarkOpened`` is answered by ``SendProgress`` events for its message id.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gateway.model.ids import MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class SendText:
    """Send a text to unit ``to``, or to all of group ``to``; ``immediate``: shown at once."""

    message: MessageId
    to: int
    text: str
    group: bool = False
    immediate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SendStatus:
    """Send a pre-coded status, 16 bits."""

    message: MessageId
    to: int
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendData:
    """Send data of the user's own: SDS type 1, 2, 3 (16, 32, 64 bits) or 4 with its protocol id.

    ``data_hex`` has as many digits as ``bits`` need, the last one padded.
    """

    message: MessageId
    to: int
    sds_type: int
    data_hex: str
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPosition:
    """Ask one unit where it is; ``delivered`` when it answers with a position."""

    message: MessageId
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetReporting:
    """Ask one unit to send positions by itself, or not to; ``delivered`` when it agrees."""

    message: MessageId
    to: int
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkOpened:
    """A person has opened the text with this ``handle``: its sender is told, once."""

    handle: int


MessageAct = SendText | SendStatus | SendData | AskPosition | SetReporting | MarkOpened


@runtime_checkable
class CarriesMessages(Protocol):
    """A link with the capability TEXT, STATUS or POSITION_REQUEST."""

    def message(self, act: MessageAct) -> None:
        """Do it. What happens comes back as events."""
        ...
