"""Prompts queued in a real terminal outlive kill -9 and a locked database."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

from gptalk_client.store.journal import Journal
from support.gptalk_server import GptalkServer
from support.kill_queue import run
from support.store_locks import locked
from support.terminal import CTRL_Q, ENTER, READY, Terminal


def test_a_kill_loses_no_queued_prompt_and_sends_none_twice(tmp_path: Path) -> None:
    report = run(tmp_path, kills=4)
    assert report.faults == []
    assert report.shown > 0


def test_what_is_queued_while_the_database_is_locked_outlives_a_kill(
    start: Callable[..., Terminal],
    data: Path,
    service: GptalkServer,
    kept: Callable[[], list[tuple[str, str, str]]],
) -> None:
    with start() as terminal:
        terminal.wait_for(READY)
        terminal.send("before", ENTER)
        terminal.wait_for(lambda _: kept()[-1:] == [("assistant", "complete", "Hello from the service")])
        with locked(data):
            terminal.send("first", ENTER)
            terminal.wait_for("▌ first")
            terminal.send("second", ENTER)
            terminal.wait_for("1 queued")
            assert "▌ first" in terminal.text
            terminal.wait_for(lambda _: Journal(data / "unsaved.jsonl").texts() == ["first"])
            terminal.kill(signal.SIGKILL)
            terminal.wait()
    with start() as terminal:
        terminal.wait_for("A text could not be saved last time")
        terminal.wait_for("1 queued, held")
        assert len(service.prompts) == 1
        terminal.send(ENTER)
        terminal.wait_for(lambda t: t.text.count("Hello from the service") == 2)
        assert terminal.end(CTRL_Q) == 0, terminal.text
    assert len(service.prompts) == 2
    assert service.prompts[1].endswith("User: second\nAssistant:")
