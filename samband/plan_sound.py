"""What a plan says of sound cards, checked without opening one."""

from collections import Counter

from gateway.model.errors import ConfigError
from gateway.model.plan import Plan
from hardware.sound_address import DeviceAddress, parse_device

MAX_GAIN_DB = 40.0


def sound_faults(plan: Plan) -> list[str]:
    """Return a sentence for each wrong address, each card of two links, each odd gain."""
    faults: list[str] = []
    used: Counter[str] = Counter()
    for link in plan.links:
        for key in ("sound_in_gain_db", "sound_out_gain_db"):
            gain_db = getattr(link, key)
            if not -MAX_GAIN_DB <= gain_db <= MAX_GAIN_DB:
                faults.append(f"link {link.id}: {key}: expected -40 to 40, got {gain_db}")
        if link.sound.startswith("device:"):
            try:
                used.update(_ends(parse_device(link.sound)))
            except ConfigError as error:
                faults.append(f"link {link.id}: {error}")
        elif link.sound_in_gain_db or link.sound_out_gain_db:
            faults.append(f"link {link.id}: gains are for sound cards, its sound is {link.sound!r}")
    faults += [
        f"sound card {end}: used by {count} links" for end, count in used.items() if count > 1
    ]
    return faults


def _ends(address: DeviceAddress) -> set[str]:
    """Return each channel of each direction that a link takes for itself."""
    channels = ("left", "right") if address.channel == "both" else (address.channel,)
    names = ((address.capture, "in"), (address.playback, "out"))
    return {f"{name!r} {way} {channel}" for name, way in names if name for channel in channels}
