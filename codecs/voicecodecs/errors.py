"""The one error of this package. It sits below the gateway, so it cannot share the gateway's."""


class VoiceError(ValueError):
    """Sound or a packet of the wrong form: says what was expected and what came."""
