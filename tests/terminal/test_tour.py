"""A first hour with the app, in a real terminal."""

from __future__ import annotations

from pathlib import Path

from gptalk_client.store.store import Store
from support.engines import OLLAMA, engine
from support.gptalk_server import GptalkServer
from support.raw_server import RawServer, threaded
from support.terminal import (
    CTRL_N,
    CTRL_O,
    CTRL_Q,
    CTRL_S,
    DOWN,
    END,
    ENTER,
    ESCAPE,
    READY,
    Terminal,
    program,
)
from support.usual_ports import VARIABLE


def open_from_list(terminal: Terminal, wanted: str, reply: str) -> None:
    terminal.send(CTRL_S)
    terminal.wait_for("/ filter")
    terminal.send(wanted)
    terminal.wait_for(
        lambda t: [wanted in line for line in t.lines if " now" in line] == [True], "the list filters"
    )
    terminal.send(ENTER)
    terminal.wait_for(reply)
    terminal.wait_for("Write a message")


def test_two_conversations_are_there_after_a_restart_and_can_be_exported(
    start, service: GptalkServer, data: Path, tmp_path: Path, kept
) -> None:
    service.script(["The first ", "reply **goes** on"], prompt="lifetimes")
    service.script(["The second reply"], prompt="pasta")
    service.hold()
    with start() as terminal:
        terminal.wait_for(READY)
        terminal.send("Explain lifetimes", ENTER)
        service.step()
        terminal.wait_for("The first")
        terminal.send(CTRL_N)
        terminal.wait_for(lambda t: "The first" not in t.text, "an empty conversation")
        terminal.send("A recipe for pasta", ENTER)
        terminal.wait_for(lambda _: len(service.prompts) == 2, "two turns at the same time")
        service.release()
        terminal.wait_for("The second reply")
        terminal.wait_for(lambda _: [each[1] for each in kept()] == ["complete"] * 4, "both replies are kept")
        assert terminal.end(CTRL_Q) == 0
        assert terminal.complaints() == []
    with start() as terminal:
        terminal.wait_for("reply")
        open_from_list(terminal, "pasta", "The second reply")
        open_from_list(terminal, "lifetimes", "The first reply goes on")
        terminal.send(CTRL_O)
        terminal.wait_for("Export “")
        terminal.send(ENTER)
        terminal.wait_for(lambda _: list(tmp_path.glob("*.md")), "the file is written")
        terminal.wait_for(lambda t: "Export “" not in t.text, "the dialog closes")
        assert terminal.end(CTRL_Q) == 0
        assert terminal.complaints() == []
    (file,) = tmp_path.glob("*.md")
    assert "The first reply **goes** on" in file.read_text(encoding="utf-8")
    with Store.open(data / "conversations.db") as store:
        assert [each.message_count for each in store.conversations()] == [2, 2]


def test_the_first_start_asks_where_to_chat_and_keeps_the_answer(data: Path, service: GptalkServer) -> None:
    with Terminal(program("--data-dir", str(data))) as terminal:
        terminal.wait_for("Where do you want to chat?")
        terminal.wait_for("unreachable right now")
        terminal.send(DOWN, DOWN, DOWN, ENTER)
        terminal.wait_for("Another GPTalk service")
        terminal.send(END, ENTER)
        terminal.wait_for("https://gptalk.example.com")
        terminal.send(service.url, ENTER)
        terminal.wait_for("Models · 127.0.0.1")
        terminal.send(ENTER)
        terminal.wait_for("answers.")
        terminal.send("Hello", ENTER)
        terminal.wait_for("Hello from the service")
        assert terminal.end(CTRL_Q) == 0
    with Terminal(program("--data-dir", str(data))) as terminal:
        terminal.wait_for("Hello from the service")
        assert "Where do you want" not in terminal.text
        assert terminal.end(CTRL_Q) == 0
        assert terminal.complaints() == []


def test_with_an_engine_on_this_computer_four_keys_lead_to_the_first_word(data: Path) -> None:
    with threaded(RawServer(engine(OLLAMA, reply="Hello from the engine."))) as server:
        engines = {VARIABLE: f"11434={server.port}"}
        with Terminal(program("--data-dir", str(data)), environment=engines) as terminal:
            terminal.wait_for("Ollama runs here")
            terminal.send(ENTER)
            terminal.wait_for("Running on this computer")
            terminal.send(ENTER)
            terminal.wait_for("qwen3:8b")
            terminal.send(ENTER)
            terminal.wait_for("qwen3:8b at ollama")
            terminal.send("Hi", ENTER)
            terminal.wait_for("Hello from the engine.")
            assert terminal.end(CTRL_Q) == 0
            assert terminal.complaints() == []


def test_escape_stops_a_reply_and_what_came_is_kept(start, service: GptalkServer, kept) -> None:
    service.script(["So far", " and more"])
    service.hold()
    with start() as terminal:
        terminal.wait_for(READY)
        terminal.send("Go", ENTER)
        service.step()
        terminal.wait_for("So far")
        terminal.send(ESCAPE)
        terminal.wait_for("Stopped.")
        terminal.wait_for(lambda _: service.counts.hung_up == 1, "the server sees the close")
        assert terminal.end(CTRL_Q) == 0
    assert kept() == [("user", "complete", "Go"), ("assistant", "stopped", "So far")]
