"""The machine's clock, as the services take it."""

import time

from gateway.model.ids import MonoMs, UtcUs


class SystemClock:
    """Time of this machine (implements ``gateway.ports.Clock``)."""

    def mono_ms(self) -> MonoMs:
        """Monotonic milliseconds."""
        return MonoMs(time.monotonic_ns() // 1_000_000)

    def utc_us(self) -> UtcUs:
        """UTC microseconds."""
        return UtcUs(time.time_ns() // 1000)
