"""The examples of ``docs/codecs.md`` run as they stand."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "codecs.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n", 1)[0])
def test_an_example_runs(block: str) -> None:
    missing = [
        name
        for name in re.findall(r"^from (\S+) import", block, re.MULTILINE)
        if importlib.util.find_spec(name) is None
    ]
    if missing:
        pytest.skip(f"not there: {missing}")
    names: dict[str, Any] = {}
    exec(compile("import numpy as np\n" + block, str(PAGE), "exec"), names)
    assert names["heard"].dtype == "int16"


def test_there_are_three_examples() -> None:
    assert len(BLOCKS) == 3
