"""What the service refuses, each with its HTTP status. The message is for people, the hint too."""

from gateway.model.errors import LinkError, LocalError, NotPermitted, RadioError, RemoteError


class ServiceError(LocalError):
    """Base of refusals of the service; ``status`` is the HTTP status of its answer."""

    status = 400


class NotSignedIn(ServiceError):
    """Nobody is signed in, or name and password do not belong together."""

    status = 401

    def __init__(self, message: str, *, wait_s: float = 0.0, hint: str = "") -> None:
        """Keep how long the next try has to wait, in seconds."""
        super().__init__(message, hint=hint)
        self.wait_s = wait_s


class NotFound(ServiceError):
    """There is no such thing, or none that this person may know of: the same words for both."""

    status = 404


class Conflict(ServiceError):
    """It cannot be done now, as somebody or something else is in the way."""

    status = 409


class Gone(ServiceError):
    """It was there and is erased."""

    status = 410


class TooLarge(ServiceError):
    """More bytes than the service takes."""

    status = 413


class LogNotWritable(ServiceError):
    """The audit log cannot be written, so nothing may leave that would have to be logged."""

    status = 503

    def __init__(self) -> None:
        """Say the fixed words."""
        super().__init__(
            "log not writable",
            hint="Live sound and push-to-talk go on. Tell the administrator: samband doctor.",
        )


def http_status(error: RadioError) -> int:
    """Return the HTTP status that answers an error of ours."""
    if isinstance(error, ServiceError):
        return error.status
    if isinstance(error, NotPermitted):
        return 403
    if isinstance(error, LocalError):
        return 400
    if isinstance(error, RemoteError):
        return 502
    if isinstance(error, LinkError):
        return 503
    return 500
