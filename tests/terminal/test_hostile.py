"""Nothing that a server, a file or another program wrote makes the terminal do anything."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from gptalk_client.models import Role, Status
from gptalk_client.store.imported import ImportedConversation, ImportedMessage
from gptalk_client.store.store import Store
from support.gptalk_server import GptalkServer
from support.hostile_texts import HOSTILE_TEXTS, RAW_FORMS, everything
from support.terminal import (
    CTRL_F,
    CTRL_O,
    CTRL_P,
    CTRL_Q,
    CTRL_R,
    CTRL_S,
    CTRL_T,
    DOWN,
    ENTER,
    F1,
    F2,
    READY,
    Terminal,
    program,
)
from support.terminal_bytes import complaints


def only_our_own(terminal: Terminal) -> None:
    """Fail if the program wrote anything but text and the sequences that it means."""
    assert complaints(terminal.output, is_app=True) == []
    for raw in RAW_FORMS:
        assert raw not in terminal.output, raw
    # Modes that hostile text would set are our own too: each is left once, at the end.
    assert terminal.output.count(b"\x1b[?1049h") == terminal.output.count(b"\x1b[?1049l") == 1


def store_hostile(data: Path) -> str:
    """Keep hostile texts wherever a conversation has one; return its id."""
    at = 1_769_850_300_000
    name = everything("named")
    with Store.open(data / "conversations.db") as store:
        for number, (what, text) in enumerate(HOSTILE_TEXTS.items(), 1):
            messages = [
                ImportedMessage("m1", None, Role.USER, f"ask {text} {what}", at + number),
                ImportedMessage(
                    "m2", "m1", Role.ASSISTANT, f"{text}\n\n{text} {what}", at + number, model=text
                ),
            ]
            imported = ImportedConversation(
                f"c{number}", text, at, at + number, messages, model=text, provider="gptalk"
            )
            store.import_conversations("test", [imported])
        newest = store.create_conversation(title=name, model=name, system_prompt=name)
        _, reply = store.open_turn(newest.id, everything("prompt"))
        store.append_reply(reply.id, everything("reply"))
        store.close_turn(reply.id, Status.INCOMPLETE, error=everything("error"))
        store.set_draft(newest.id, everything("draft"))
        return newest.id


@pytest.fixture
def hostile_id(data: Path) -> str:
    return store_hostile(data)


def test_what_is_stored_is_only_shown(start, hostile_id: str) -> None:
    with start(size=(140, 45)) as terminal:
        terminal.wait_for("replyend")
        terminal.wait_for("draft")
        for number in range(4):
            terminal.send(CTRL_S, *[DOWN] * (number * 6 + 1))
            terminal.wait_for("/ filter")
            before = terminal.text
            terminal.send(ENTER)
            terminal.wait_for(lambda t, before=before: t.text != before, "another conversation")
            terminal.wait_for("Enter send")
        terminal.kill(signal.SIGTERM)
        assert terminal.wait() == 143
        only_our_own(terminal)


@pytest.mark.parametrize(
    "key",
    [CTRL_F, F1, CTRL_P, F2, CTRL_R, CTRL_T, CTRL_O],
    ids=["find", "help", "palette", "rename", "prompts", "model", "export"],
)
def test_dialogs_over_what_is_stored_only_show(start, hostile_id: str, key: str) -> None:
    with start(size=(140, 45)) as terminal:
        terminal.wait_for("replyend")
        terminal.wait_for("draft")
        before = terminal.lines
        terminal.send(key)
        terminal.wait_for(lambda t: t.lines[2:] != before[2:], "what the key opens")
        terminal.send(DOWN)
        terminal.kill(signal.SIGTERM)
        assert terminal.wait() == 143
        only_our_own(terminal)


def test_what_a_search_finds_is_only_shown(start, hostile_id: str) -> None:
    with start(size=(140, 45)) as terminal:
        terminal.wait_for("replyend")
        terminal.send(CTRL_F)
        terminal.wait_for("Tab")
        terminal.send("owned")
        terminal.wait_for(lambda t: t.text.count("owned") > 2, "the search")
        before = terminal.text
        terminal.send("\t")
        terminal.wait_for(lambda t: t.text != before, "the search in all")
        terminal.wait_for(lambda t: "January" in t.text or "window" in t.text, "what was found")
        terminal.kill(signal.SIGTERM)
        assert terminal.wait() == 143
        only_our_own(terminal)


def test_a_streamed_reply_is_only_shown(start, service: GptalkServer) -> None:
    pieces = []
    for text in HOSTILE_TEXTS.values():
        pieces += [text[: len(text) // 2], text[len(text) // 2 :], "\n\n"]
    service.script([*pieces, *"\x1b[2J\x1b]52;c;cm0=\x07", " the last word"])
    with start(size=(140, 45)) as terminal:
        terminal.wait_for(READY)
        terminal.send("\x1b[200~" + everything("pasted").replace("\x1b", "\x1b ") + "\x9b2J\x1b[201~", ENTER)
        terminal.wait_for("the last word")
        assert terminal.end(CTRL_Q) == 0
        only_our_own(terminal)


@pytest.mark.parametrize("step", ["login", "submit", "stream"])
def test_what_a_server_says_when_it_fails_is_only_shown(start, service: GptalkServer, step: str) -> None:
    service.fail_next(step, status="500 Internal Server Error", body={"msg": everything("reason")})
    with start() as terminal:
        terminal.wait_for(READY)
        terminal.send("Go", ENTER)
        terminal.wait_for("reason")
        assert terminal.end(CTRL_Q) == 0
        only_our_own(terminal)


@pytest.mark.parametrize(
    "keys", ["\x1b[1114112u", "\x1b[99999999999999u", "\x1b[27;5;1114112~", "\x1b[97;1:3u"], ids=repr
)
def test_a_key_that_makes_no_sense_is_left_out(start, keys: str) -> None:
    with start() as terminal:
        terminal.wait_for(READY)
        terminal.send("before ")
        terminal.wait_for("before")
        terminal.send(keys)
        terminal.send("after")
        terminal.wait_for(lambda t: "after" in t.text or t.process.poll() is not None, "the next key")
        assert "before" in terminal.text
        assert terminal.end(CTRL_Q) == 0
        assert terminal.is_restored


def test_an_error_in_the_middle_of_a_reply_is_only_shown(start, service: GptalkServer) -> None:
    service.script(["Some words"], error={"error": everything("reason")})
    with start() as terminal:
        terminal.wait_for(READY)
        terminal.send("Go", ENTER)
        terminal.wait_for("reason")
        assert terminal.end(CTRL_Q) == 0
        only_our_own(terminal)


def test_names_of_models_and_folders_are_only_shown(start, service: GptalkServer, tmp_path: Path) -> None:
    name = HOSTILE_TEXTS["clipboard"] + HOSTILE_TEXTS["clear"] + "[/nope] named"
    folder = tmp_path / name.replace("/", "_").replace("\x00", "")
    folder.mkdir()
    with start("--model", name, cwd=folder) as terminal:
        terminal.wait_for(READY)
        terminal.send("Hello", ENTER)
        terminal.wait_for("Hello from the service")
        terminal.send(CTRL_O)
        terminal.wait_for("Export “")
        terminal.send(ENTER)
        terminal.wait_for(lambda _: list(folder.glob("*.md")), "the file")
        terminal.wait_for(lambda t: "Export “" not in t.text, "the dialog closes")
        assert terminal.end(CTRL_Q) == 0
        only_our_own(terminal)


LINES = {
    "list": ["list"],
    "show": ["show", "ID"],
    "search": ["search", "owned"],
    "search for it": ["search", "\x1b[2J"],
    "show as json": ["show", "ID", "--json"],
    "export": ["export", "ID", "--format", "md", "-o", "-"],
    "export as page": ["export", "ID", "--format", "html", "-o", "-"],
    "ask": ["ask", "hostile, please"],
    "no such conversation": ["show", "\x1b]52;c;cm0=\x07 \x9b2J"],
    "rename": ["rename", "ID", "\x1b[2J\x1b]2;owned\x07 renamed"],
    "trash": ["rm", "ID"],
    "import": ["import", "\x1b]52;c;cm0=\x07.json"],
    "export to a file": ["export", "ID", "-o", "\x1b[2J\x9b.md"],
    "bad option": ["list", "--\x1b]52;c;cm0=\x07"],
    "bad command": ["\x1b]52;c;cm0=\x07"],
    "bad address": ["--url", "http://\x1b[2J\x9d", "ask", "x"],
    "doctor": ["doctor"],
    "config": ["config", "show"],
    "auth": ["auth", "status"],
}


@pytest.mark.parametrize("what", LINES)
def test_the_command_line_only_shows(
    data: Path, hostile_id: str, service: GptalkServer, tmp_path: Path, what: str
) -> None:
    service.reply = everything("reply")
    service.piece_chars = 3
    (tmp_path / "\x1b]52;c;cm0=\x07.json").write_text(json.dumps({"a": everything("imported")}))
    arguments = [hostile_id if each == "ID" else each for each in LINES[what]]
    if "--url" not in arguments:
        arguments = ["--data-dir", str(data), "--url", service.url, *arguments]
    with Terminal(program(*arguments), cwd=tmp_path, size=(200, 50)) as terminal:
        terminal.wait()
        assert terminal.output.strip()
        assert complaints(terminal.output, is_app=False) == []
        assert [raw for raw in RAW_FORMS if raw in terminal.output] == []
        assert b"Traceback (most" not in terminal.output


def test_the_judge_finds_every_hostile_text() -> None:
    harmless = {"click", "broken markup", "Rich link", "HTML", "zero width", "wide"}
    for what, text in HOSTILE_TEXTS.items():
        found = complaints(text.encode("utf-8", "replace"), is_app=True) or [
            raw for raw in RAW_FORMS if raw in text.encode()
        ]
        assert bool(found) == (what not in harmless), what
