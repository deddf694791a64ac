"""Incidents that other control rooms open here."""

from dispatch.cameras.clock_skew import in_words
from dispatch.cameras.grouping import Opening
from dispatch.cameras.register import CameraInfo
from gateway.model.ids import IncidentId, UtcUs


def opening_of(
    *,
    incident: str,
    kind: str,
    severity: str,
    title: str,
    source: str,
    camera: CameraInfo,
    started_utc: UtcUs,
    now: UtcUs,
) -> Opening:
    """Return the opening of an incident; ``camera`` is its place, whatever stands there."""
    return Opening(
        incident=IncidentId(incident),
        kind=kind,
        severity=severity,
        title=title,
        source=source,
        camera=camera,
        zones=(),
        t_event_utc=started_utc,
        t_corrected_utc=started_utc,
        t_recv_utc=now,
        skew_ms=None,
        clock_note=in_words(None),
    )
