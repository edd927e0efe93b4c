"""A command line in this process, and a few conversations to use it on."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gptalk_client.models import Role, Status
from gptalk_client.store.imported import ImportedConversation, ImportedMessage
from gptalk_client.store.store import Store
from gptalk_tui.cli.main import main
from support.command_line import Outcome, Run


@pytest.fixture
def data(own_world: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder in use."""
    folder = own_world / "gptalk-data"
    monkeypatch.setenv("GPTALK_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def run(data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line without starting a process."""

    def run(*arguments: str, stdin: str = "") -> Outcome:
        capsys.readouterr()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        code = main(arguments)
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return run


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    with Store.open(data / "conversations.db") as store:
        yield store


@pytest.fixture
def conversations(store: Store) -> list[str]:
    """Two conversations, the second with a branch; their ids, oldest first."""
    titles = enumerate(["Pasta for eight", "Rust lifetimes"], 1)
    store.import_conversations("test", [an_imported(number, title) for number, title in titles])
    return [each.id for each in reversed(store.conversations())]


def an_imported(number: int, title: str) -> ImportedConversation:
    at = 1_769_850_300_000 + number * 60_000
    messages = [
        ImportedMessage("m1", None, Role.USER, f"Tell me about {title}", at),
        ImportedMessage("m2", "m1", Role.ASSISTANT, "First \x1b[2Janswer", at + 1000, model="gpt-4"),
        ImportedMessage("m3", "m1", Role.ASSISTANT, "```py\nprint('Привет')\n```", at + 2000, Status.STOPPED),
    ]
    return ImportedConversation(
        f"c{number}", title, at, at + 2000, messages, model="gpt-4", provider="gptalk"
    )
