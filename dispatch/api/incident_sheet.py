"""An incident's sheet put together: rows of the store, and what is live of units and texts."""

from collections.abc import Iterable
from typing import Any

from sqlmodel import Session, col, select

from dispatch.auth.permissions import Action
from dispatch.calllog.log import CallLog
from dispatch.deps import Person
from dispatch.incidents import views
from dispatch.incidents.geo import distance_m, length_words
from dispatch.places.service import Places
from dispatch.services.board import Board
from dispatch.services.registry import Services
from dispatch.services.sight import Sight
from dispatch.store.tables import Message
from gateway.model.ids import UnitId

Row = dict[str, Any]
"""A JSON object of the API."""
CALLS_SHOWN = 300
"""Calls of the timeline whose rows go along; older ones are found by the call log."""


async def whole_sheet(incident: str, person: Person, services: Services) -> Row:
    """Return one incident with all that this person may know; raises NotFound."""
    row = await services.store.read(lambda db: views.sheet(db, person.access, incident))
    await _add_calls(row, person, services)
    _add_units(row, person, services)
    await _add_texts(row, person, services)
    return row


async def _add_calls(row: Row, person: Person, services: Services) -> None:
    """Put each call's own row beside it; calls that this person may not know are left out."""
    suggested = [one["call"] for one in row["suggestions"]]
    lines = [line["call"] for line in row["timeline"] if line.get("call")]
    wanted = list(dict.fromkeys([*suggested, *lines[-CALLS_SHOWN:]]))
    shown = await services.use(CallLog).rows(person.access, wanted) if wanted else {}
    row["suggestions"] = [
        {**one, "call_row": shown[one["call"]]}
        for one in row["suggestions"]
        if one["call"] in shown
    ]
    for line in row["timeline"]:
        if line.get("call"):
            line["call_row"] = shown.get(line["call"])


def _add_units(row: Row, person: Person, services: Services) -> None:
    if not services.has(Board):
        return
    board, sight = services.use(Board), services.use(Sight)
    visible = person.access.talkgroups(Action.SEE)

    def live(unit: str) -> Row:
        one = board.units.row(UnitId(unit), visible)
        place = _place(one["position"], person, services)
        return {**one, "unit": unit, "place": place, **_distance(row, one["position"])}

    row["units"] = [
        {**live(one["unit"]), **one}
        for one in row["units"]
        if sight.sees_unit(person.access, one["unit"])
    ]
    row["counts"]["units"] = sum(one["state"] == "assigned" for one in row["units"])
    row["hints"] = [
        one if one["kind"] != "unit" else {**one, "unit": live(one["object"])}
        for one in row["hints"]
        if one["kind"] != "unit" or sight.sees_unit(person.access, one["object"])
    ]
    row["timeline"] = [
        {**line, **({"unit_name": services.plan.alias(UnitId(line["unit"]))})}
        if line.get("unit")
        else line
        for line in row["timeline"]
        if not line.get("unit") or sight.sees_unit(person.access, line["unit"])
    ]


def _place(position: Row | None, person: Person, services: Services) -> str:
    if position is None or not services.has(Places):
        return ""
    lat, lon, error = (position[name] for name in ("latitude_deg", "longitude_deg", "error_m"))
    return services.use(Places).words_for(person.access, lat, lon, error)


def _distance(incident: Row, position: Row | None) -> Row:
    lat, lon = incident["latitude_deg"], incident["longitude_deg"]
    if position is None or lat is None or lon is None:
        return {"distance_m": None, "distance": ""}
    metres = distance_m(lat, lon, position["latitude_deg"], position["longitude_deg"])
    error = f" ± {position['error_m']:.0f} m" if position["error_m"] is not None else ""
    return {"distance_m": round(metres), "distance": f"{length_words(metres)}{error}"}


def unit_words(incident: Row, unit: str, person: Person, services: Services) -> str:
    """Return name, status and distance of a unit, for the line that it was assigned."""
    board = services.use(Board)
    one = board.units.row(UnitId(unit), person.access.talkgroups(Action.SEE))
    parts = [one["alias"] or str(one["number"])]
    if one["status"] is not None:
        parts.append(one["status"]["words"])
    distance = _distance(incident, one["position"])["distance"]
    return ", ".join([*parts, *([f"{distance} away"] if distance else [])])


async def _add_texts(row: Row, person: Person, services: Services) -> None:
    """Put the words of texts into their lines, where they are still kept and may be read."""
    wanted = [line["message"] for line in row["timeline"] if line.get("message")]
    if not wanted or not person.access.may("message.see"):
        return
    sight = services.use(Sight)

    def work(db: Session) -> dict[str, Row]:
        return {message.id: _text(message) for message in _messages(db, wanted)}

    found = await services.store.read(work)
    for line in row["timeline"]:
        message = found.get(line.get("message", ""))
        if message is not None and sight.sees_message(person.access, message):
            line["words"] = message["text"]


def _messages(db: Session, wanted: list[str]) -> Iterable[Message]:
    return db.exec(select(Message).where(col(Message.id).in_(wanted)))


def _text(message: Message) -> Row:
    return {
        "talkgroup": message.talkgroup,
        "sender": message.sender if message.incoming else None,
        "to": message.recipient,
        "link": message.link,
        "text": message.text,
    }
