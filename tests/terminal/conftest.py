"""A service on loopback and the app in a real terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from gptalk_client.store.store import Store
from support.gptalk_server import GptalkServer, threaded_gptalk_server
from support.terminal import Terminal, program

Start = Callable[..., AbstractContextManager[Terminal]]


@pytest.fixture
def service() -> Iterator[GptalkServer]:
    with threaded_gptalk_server(reply="Hello from the service") as server:
        yield server


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def start(service: GptalkServer, data: Path, tmp_path: Path) -> Start:
    """Start the app on the service and the data folder; the arguments are its own, the options the terminal's."""

    def begin(*arguments: str, **options: Any) -> Terminal:
        options.setdefault("cwd", tmp_path)
        return Terminal(program("--data-dir", str(data), "--url", service.url, *arguments), **options)

    return begin


@pytest.fixture
def kept(data: Path) -> Callable[[], list[tuple[str, str, str]]]:
    """Return what is on disk: role, status and text of every message, oldest first."""

    def read() -> list[tuple[str, str, str]]:
        with Store.open(data / "conversations.db") as store:
            return [
                (message.role.value, message.status.value, message.content)
                for conversation in reversed(store.conversations())
                for message in store.messages(conversation.id)
            ]

    return read
