"""Files the services of the audio path and of the server's health."""

from pathlib import Path
from typing import Any

from dispatch.audiopath.keying import Keyings
from dispatch.audiopath.service import AudioPath
from dispatch.auth.access import Access
from dispatch.health.rules import HealthRules
from dispatch.health.service import Health
from dispatch.health.sources import HealthSources
from dispatch.services.registry import Services
from dispatch.services.sight import Sight
from dispatch.services.stream import EventStream
from gateway.model.events import Event
from gateway.model.sound_events import SoundMeasured


def add_health(
    services: Services, state: Path, rules: HealthRules, certificate: Path | None
) -> None:
    """Make and file them; they listen to the event stream."""
    s = services
    stream = s.use(EventStream)
    path = s.add(AudioPath(s.clock))
    keyings = s.add(Keyings(s.clock))
    health = s.add(Health(s, HealthSources(s, state, rules, certificate), rules))
    stream.on_event(path.apply)
    stream.on_event(keyings.apply)
    stream.on_event(health.apply)
    s.use(Sight).add_rules({SoundMeasured.type: _nobody})


def _nobody(_event: Any, _access: Access) -> Event | None:  # takes the event class of its key
    """Return nothing: figures are asked for, added up; they are no news."""
    return None
