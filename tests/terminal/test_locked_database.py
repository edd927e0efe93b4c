"""Another program holds the database: nothing typed or sent is lost, and the app can be left."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

from gptalk_client.store.journal import Journal
from support.store_locks import locked
from support.terminal import CTRL_Q, ENTER, READY, UP, Terminal


def test_leaving_takes_a_bounded_time_and_the_prompt_comes_back(
    start: Callable[..., Terminal], data: Path, kept: Callable[[], list[tuple[str, str, str]]]
) -> None:
    with start() as terminal:
        terminal.wait_for(READY)
        terminal.send("Hello", ENTER)
        terminal.wait_for(lambda _: kept()[-1:] == [("assistant", "complete", "Hello from the service")])
        with locked(data):
            terminal.send("the unsaved prompt", ENTER)
            terminal.wait_for("▌ the unsaved prompt")
            terminal.send("and a draft", CTRL_Q)
            terminal.wait_for("Saving. The database is busy")
            assert terminal.wait() == 1
            assert terminal.is_restored
            assert "2 texts could not be saved to the database" in terminal.text
            assert "Traceback" not in terminal.text
    assert set(Journal(data / "unsaved.jsonl").texts()) == {"the unsaved prompt", "and a draft"}
    with start() as terminal:
        terminal.wait_for("2 texts could not be saved last time")
        terminal.send(UP)
        terminal.wait_for("│ and a draft")
        terminal.send(UP)
        terminal.wait_for("│ the unsaved prompt")
        terminal.send(ENTER)
        terminal.wait_for(lambda t: t.text.count("Hello from the service") == 2)
        assert terminal.end(CTRL_Q) == 0
    assert Journal(data / "unsaved.jsonl").texts() == ["and a draft"]


def test_a_prompt_that_waits_for_the_database_outlives_a_kill(
    start: Callable[..., Terminal], data: Path
) -> None:
    with start() as terminal:
        terminal.wait_for(READY)
        with locked(data):
            terminal.send("the unsaved prompt", ENTER)
            terminal.wait_for(lambda _: Journal(data / "unsaved.jsonl").texts() == ["the unsaved prompt"])
            terminal.kill(signal.SIGKILL)
            terminal.wait()
    with start() as terminal:
        terminal.wait_for("A text could not be saved last time")
        terminal.send(UP)
        terminal.wait_for("│ the unsaved prompt")
        assert terminal.end(CTRL_Q) == 0
