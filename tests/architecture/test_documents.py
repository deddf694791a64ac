"""The pages of ``docs/``: every link leads somewhere, decisions are numbered and fit on a page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#\s]+)[^)]*\)")
PATH = re.compile(
    r"`((?:docs|scripts|tests|hardware|gateway|dispatch|webrtc|codecs|samband)/[\w./-]+)`"
)
MADE_LATER = ("dispatch/static/", "docs/measurements/")
MAX_DECISION_LINES = 50


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [one for one in LINK.findall(text) if "://" not in one]
    missing = [one for one in links if not (page.parent / one).exists()]
    paths = [one for one in PATH.findall(text) if not one.startswith(MADE_LATER)]
    missing += [one for one in paths if not (ROOT / one).exists()]
    assert missing == []


def test_decisions_are_numbered_without_gaps_and_fit_on_a_page() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:3]) for page in decisions] == list(range(1, len(decisions) + 1))
    for page in decisions:
        lines = page.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith(f"# {page.name[:3]}: ")
        assert len(lines) <= MAX_DECISION_LINES, page.name
