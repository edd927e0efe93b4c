"""A store on a real file for every test that asks for one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gptalk_client.store.store import Store


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """Folders that tests make are not open to a group, whatever the machine's habit."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "conversations.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as opened:
        yield opened
        assert opened.integrity() == []
