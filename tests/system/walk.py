"""A day walked through on a real page: steps with words, and on demand a picture of each.

``SAMBAND_WALK_PICTURES=1 pytest tests/system/test_..._browser.py`` writes the pictures anew into
``docs/images/<desk>/``; without it the walk only looks. A guide shows the same pictures, so what it
tells is what the test did.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samband.bench_browser import wait_js

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs/images"
AXE = ROOT / "console/node_modules/axe-core/axe.min.js"
PICTURES = bool(os.environ.get("SAMBAND_WALK_PICTURES"))
MAX_PICTURE_BYTES = 200_000
SERIOUS = ("serious", "critical")
AXE_RUN = """() => {
  window.axeDone = null;
  const words = (node) => node.target.join(' ') + ' ' + node.failureSummary;
  const row = ({id, impact, help, nodes}) =>
    ({id, impact, help, nodes: nodes.slice(0, 5).map(words)});
  const failed = (error) => [{id: String(error), impact: 'critical', nodes: []}];
  axe.run(document, {resultTypes: ['violations']}).then(
    (found) => { window.axeDone = found.violations.map(row); },
    (error) => { window.axeDone = failed(error); });
}"""


@dataclass
class Walk:
    """The walk through one desk; ``desk`` names its folder of pictures."""

    page: "Page"
    desk: str
    steps: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What the page itself reported: exceptions and refused resources."""

    def __post_init__(self) -> None:
        """Listen to what the page reports from its first moment."""
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def step(self, name: str, *, whole: bool = True) -> None:
        """A point of the walk: ``name`` is that of its picture."""
        self.steps.append(name)
        if not PICTURES:
            return
        folder = IMAGES / self.desk
        folder.mkdir(parents=True, exist_ok=True)
        self.page.wait_for_timeout(300)  # what fades in has come
        path = folder / f"{name}.png"
        self.page.screenshot(path=path, full_page=not whole)
        size = path.stat().st_size
        assert size <= MAX_PICTURE_BYTES, f"{path.name}: {size} bytes; take a smaller window"

    def text(self, test_id: str) -> str:
        """Return what stands in an element, once it is there."""
        element = self.page.get_by_test_id(test_id).first
        element.wait_for()
        return element.inner_text()

    def click(self, test_id: str) -> None:
        """Click an element by its test id."""
        self.page.get_by_test_id(test_id).first.click()

    def fill(self, test_id: str, words: str) -> None:
        """Write into a field by its test id."""
        self.page.get_by_test_id(test_id).first.fill(words)

    def serious_issues(self) -> list[str]:
        """Return what axe finds serious or critical on the page as it is now, in words."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        self.page.evaluate(AXE_RUN)
        wait_js(self.page, "window.axeDone")
        found: list[dict[str, Any]] = self.page.evaluate("() => window.axeDone")
        return [
            f"{one['id']}: {one.get('help', '')}: {one['nodes']}"
            for one in found
            if one["impact"] in SERIOUS
        ]
