"""The pages for engineers name every key of a link."""

from dataclasses import fields
from pathlib import Path

from gateway.model.plan import Link
from hardware.drivers import DRIVERS

PAGES = Path(__file__).parents[2] / "docs" / "hardware"


def test_every_key_and_kind_of_a_link_is_documented() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES.glob("*.md"))
    assert [field.name for field in fields(Link) if f"`{field.name}`" not in text] == []
    assert [kind for kind in DRIVERS if f"`{kind}`" not in text] == []
