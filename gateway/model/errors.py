"""The tree of errors. A message says what was expected, what came, where, and what to do."""


class RadioError(Exception):
    """Base of all our errors; ``hint`` says what the operator can do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep the sentence and the hint."""
        super().__init__(message)
        self.hint = hint


class LocalError(RadioError):
    """We asked for something wrong (HTTP 4xx)."""


class ConfigError(LocalError):
    """A configuration value cannot be used; ``faults`` lists every one found."""

    def __init__(self, message: str, *, faults: tuple[str, ...] = (), hint: str = "") -> None:
        """Keep all faults, one sentence each."""
        super().__init__(message, hint=hint)
        self.faults = faults


class NotPermitted(LocalError):
    """The person has no grant for this."""


class InvalidCommand(LocalError):
    """A command that cannot be carried out as it stands."""


class RemoteError(RadioError):
    """The radio or site misbehaved (HTTP 502)."""


class ProtocolViolation(RemoteError):
    """Bytes that no reading of the protocol allows."""

    def __init__(self, message: str, *, raw: bytes, offset: int, hint: str = "") -> None:
        """Keep the bytes and where they went wrong."""
        super().__init__(message, hint=hint)
        self.raw = raw
        self.offset = offset


class Refused(RemoteError):
    """The other side said no; ``cause`` is its own word."""

    def __init__(self, message: str, *, cause: str, hint: str = "") -> None:
        """Keep the cause."""
        super().__init__(message, hint=hint)
        self.cause = cause


class LinkError(RadioError):
    """Cable, port or network (HTTP 503, retried)."""


class CodecError(RadioError):
    """Audio that could not be coded or decoded."""
