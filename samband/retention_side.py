"""Joins retention to the rest of a server: recorder's rules, camera sources, one erasing job."""

from collections.abc import Callable

from dispatch.cameras.expiry_run import CameraExpiry
from dispatch.live.source_hold import SourceHolds
from dispatch.policy.live import LivePolicy
from dispatch.retention.holds import Holds
from dispatch.services.registry import Services
from gateway.model.plan import Plan


def join_retention(services: Services, use_plan: Callable[[Plan], None]) -> None:
    """Let holds reach camera sources, the policy the recorder; retention alone erases."""
    services.use(Holds).keeper = services.use(SourceHolds)
    services.use(CameraExpiry).enabled = False
    services.use(LivePolicy).on_changed(lambda: use_plan(services.plan.plan))


def recorded_plan(services: Services, plan: Plan) -> Plan:
    """Return a plan with what the policy does not let be recorded."""
    return services.use(LivePolicy).shaped(plan)
