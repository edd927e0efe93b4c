"""The app on a disk that is really full: it goes on in memory, says so, and saves when there is space."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gptalk_client.models import Status
from gptalk_client.store.store import Store
from support.gptalk_server import GptalkServer
from support.small_disk import full, small_disk
from support.terminal import CTRL_Q, ENTER, READY

LONG = " ".join(f"word{number}" for number in range(40_000))


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder on a small disk."""
    with small_disk(tmp_path / "disk") as disk:
        yield disk / "data"


def test_streaming_goes_on_while_the_disk_is_full_and_is_saved_afterwards(
    start, service: GptalkServer, data: Path, kept
) -> None:
    pieces = ["First ", LONG, *(f"\n\npiece {number}." for number in range(100))]
    service.script(pieces, prompt="Go")
    service.hold()
    with start() as terminal:
        terminal.wait_for(READY)
        terminal.send("Go", ENTER)
        service.step()
        terminal.wait_for("First")
        terminal.wait_for(lambda _: kept()[1][2] == "First ", "the first text is saved")
        with full(data.parent):
            service.pace_s = 0.04
            service.step(70)
            terminal.wait_for("not saved: The disk is full")
            terminal.wait_for("piece 67.")
        service.step(25)
        terminal.wait_for("piece 92.")
        terminal.wait_for(lambda t: "not saved" not in t.text, "the bar says so no longer")
        terminal.wait_for(lambda _: "piece 92." in kept()[1][2], "it is saved while the reply streams")
        service.release()
        terminal.wait_for(lambda _: kept()[1][1] == "complete", "the whole reply is saved")
        assert terminal.end(CTRL_Q) == 0
        assert terminal.complaints() == []
        assert b"Traceback" not in terminal.output
    assert kept() == [("user", "complete", "Go"), ("assistant", "complete", "".join(pieces))]


def test_start_on_a_full_disk_shows_what_was_saved_and_saves_again_once_there_is_space(
    start, service: GptalkServer, data: Path, kept
) -> None:
    with Store.open(data / "conversations.db") as store:
        _, reply = store.open_turn(store.create_conversation(title="Whales").id, "Tell me of whales")
        store.close_turn(reply.id, Status.COMPLETE, content="They sing.")
    with full(data.parent), start() as terminal:
        terminal.wait_for("They sing.")
        terminal.wait_for("The disk is full: nothing is saved until there is space")
        terminal.send("More", ENTER)
        terminal.wait_for("the conversations cannot be saved")
        terminal.wait_for("disk full: nothing is sent or saved until there is space")
        assert service.prompts == []
        (data.parent / "filler").write_bytes(b"")
        terminal.wait_for("There is space on the disk again")
        terminal.wait_for(lambda t: "disk full" not in t.text, "the bar says so no longer")
        terminal.wait_for("│ More")
        terminal.send(ENTER)
        terminal.wait_for("Hello from the service")
        terminal.wait_for(lambda _: kept()[-1][1] == "complete", "the turn is saved")
        assert terminal.end(CTRL_Q) == 0
        assert terminal.complaints() == []
    assert [each[2] for each in kept()] == [
        "Tell me of whales",
        "They sing.",
        "More",
        "Hello from the service",
    ]
