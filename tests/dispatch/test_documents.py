"""The documents made from code are up to date, and the published schema fits real events."""

import json
import subprocess
import sys
from pathlib import Path

from dispatch.schema import events_schema
from gateway.model.events import EVENT_TYPES
from tests.dispatch.room import Room

ROOT = Path(__file__).resolve().parents[2]


def test_generated_documents_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/generate-docs"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_operations_names_every_retention_and_folder() -> None:
    from samband.state import FOLDERS

    text = (ROOT / "docs/operations.md").read_text()
    assert [name for name in FOLDERS if f"`{name}/`" not in text] == []


async def test_the_schema_is_served_and_knows_every_event_and_field(room: Room) -> None:
    browser = await room.browser("dispatcher")
    served = (await browser.get("/events.schema.json")).json()
    assert served == json.loads(json.dumps(events_schema()))
    async with browser.stream() as reader:
        await reader.next("snapshot")
        call, transmission = room.begin()
        room.end(call, transmission)
        await reader.event("call.ended")
    for message in reader.seen:
        if message["kind"] != "event":
            continue
        assert set(served["required"]) <= set(message)
        definition = served["$defs"][message["type"]]
        assert set(message["data"]) == set(definition["properties"])
        for name, value in message["data"].items():
            assert fits(definition["properties"][name], value), (message["type"], name, value)
    assert set(served["$defs"]) == set(EVENT_TYPES)


def fits(schema: dict[str, object], value: object) -> bool:
    if "anyOf" in schema:
        return any(fits(part, value) for part in schema["anyOf"])  # type: ignore[attr-defined]  # a list by the schema
    kinds = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "array": list,
        "object": dict,
        "null": type(None),
    }
    wanted = kinds[str(schema["type"])]
    if isinstance(value, bool) and wanted is not bool:
        return False
    return isinstance(value, wanted)  # type: ignore[arg-type]  # a class or a pair of classes


async def test_the_api_page_lists_every_route_and_loads_nothing_from_elsewhere(
    room: Room,
) -> None:
    browser = await room.browser()
    page = (await browser.get("/docs")).text
    paths = (await browser.get("/openapi.json")).json()["paths"]
    assert len(paths) > 30
    assert [path for path in paths if path not in page] == []
    assert "http://" not in page
    assert "https://" not in page
