"""Every test that a page of docs/ names is there, and every row of its tables names one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"


@pytest.mark.parametrize(("page", "least"), [("threat-model.md", 15), ("faults.md", 66)])
def test_each_row_names_tests_that_exist(page: str, least: int) -> None:
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    tables = [at for at, line in enumerate(lines) if line.startswith("|---")]
    rows = [
        line
        for at, line in enumerate(lines)
        if line.startswith("| ") and at not in tables and at + 1 not in tables
    ]
    assert len(rows) >= least
    for row in rows:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", row.rsplit("|", 2)[1])
        assert named, row
        for file, function in named:
            source = (TESTS / file).read_text(encoding="utf-8")
            assert re.search(rf"^(async )?def {function}\(", source, re.MULTILINE), f"{file}::{function}"
