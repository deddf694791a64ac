"""Values of a plan as an engineer reads them: NAC as 293h, encryption in a word, lists as names."""

from typing import Any

NAC_FIELDS = frozenset({"p25.nac", "nac"})
FREQUENCY_FIELDS = frozenset({"frequencies_hz", "control_hz"})
HEX_FIELDS = frozenset({"wacn", "system_id", "p25.wacn", "p25.system_id", "p25.own_id"})
NOTHING = "nothing"
MAX_SHOWN = 12
"""Items of a list that are named."""
_YES_NO = {
    "recorded": ("recorded", "Recording off"),
    "encrypted": ("encrypted", "unencrypted"),
    "test": ("test talkgroup", "no test talkgroup"),
    "national": ("national", "not national"),
    "simulated": ("simulated", "a real device"),
    "active": ("made by default", "prepared"),
    "mixed": ("encrypted mix agreed to", "no encrypted mix"),
}
FIELD_WORDS = {
    "name": "Name",
    "folder": "Folder",
    "agency": "Agency",
    "agency_kind": "Kind of agency",
    "description": "Description",
    "priority": "Priority",
    "address": "Tile",
    "recorded": "Recording",
    "retention": "Retention class",
    "transmit_limit_s": "Transmit limit, s",
    "encrypted": "Encryption",
    "test": "Test mark",
    "national": "National",
    "area": "Area",
    "alias": "Alias",
    "owner": "Owner",
    "kind": "Kind",
    "talkgroup": "Home talkgroup",
    "talkgroups": "Talkgroups",
    "group": "Group after start",
    "port": "Port",
    "sound": "Sound",
    "site": "Site",
    "system": "System",
    "place": "Place in the order",
    "p25.nac": "NAC",
    "rfss": "RFSS",
    "number": "Number",
    "nac": "NAC",
    "county": "County",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "frequencies_hz": "Frequencies",
    "control_hz": "Control channels",
    "mcc": "MCC",
    "mnc": "MNC",
    "wacn": "WACN",
    "system_id": "System ID",
    "words": "Words",
    "digit": "Digit",
    "first": "First number",
    "last": "Last number",
    "pattern": "Pattern",
    "members": "Members",
    "active": "When it is made",
    "mixed": "Encrypted mix",
    "encryption": "Encryption",
    "size": "Columns x rows",
    "positions": "Positions",
    "emergency": "Emergency talkgroups",
    "others": "Tab of other talkgroups",
    "pages": "Pages",
}


def field_words(name: str) -> str:
    """Return a field's name in words."""
    return FIELD_WORDS.get(name) or name.replace("p25.", "P25 ").replace("_", " ").capitalize()


def value_words(name: str, value: Any) -> str:  # any value of the model
    """Return a field's value in words; never empty."""
    if value is None or value in ("", ()):
        return NOTHING
    if isinstance(value, bool):
        yes, no = _YES_NO.get(name, ("yes", "no"))
        return yes if value else no
    if isinstance(value, tuple):
        if name == "area":
            return f"polygon of {len(value)} corners"
        known = name in FREQUENCY_FIELDS
        return _list_words(tuple(f"{hz / 1e6:.5f} MHz" for hz in value) if known else value)
    if name in NAC_FIELDS:
        return f"{value:03X}h"
    return f"{value} ({value:X}h)" if name in HEX_FIELDS else str(value)


def _list_words(values: tuple[object, ...]) -> str:
    shown = ", ".join(str(item) for item in values[:MAX_SHOWN])
    more = len(values) - MAX_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def change_words(name: str, before: Any, after: Any) -> tuple[str, str]:  # values of the model
    """Return before and after of a change; of long lists only what differs."""
    lists = isinstance(before, tuple) and isinstance(after, tuple) and name != "area"
    if lists and len(before) + len(after) > 6:
        gone = tuple(item for item in before if item not in set(after))
        come = tuple(item for item in after if item not in set(before))
        if gone or come:
            return (
                f"{len(before)}, without " + value_words(name, gone) if gone else str(len(before)),
                f"{len(after)}, with " + value_words(name, come) if come else str(len(after)),
            )
        return "the same in another order", "this order"
    return value_words(name, before), value_words(name, after)
