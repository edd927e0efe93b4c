"""A day with the app, all by keyboard, in a real terminal: what a person does with many conversations."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gptalk_client.models import Role
from gptalk_client.store.imported import ImportedConversation, ImportedMessage
from gptalk_client.store.store import Store
from support.gptalk_server import GptalkServer
from support.terminal import (
    CTRL_C,
    CTRL_D,
    CTRL_F,
    CTRL_G,
    CTRL_N,
    CTRL_P,
    CTRL_Q,
    CTRL_R,
    CTRL_S,
    CTRL_T,
    CTRL_U,
    DOWN,
    END,
    ENTER,
    ESCAPE,
    F1,
    F2,
    F4,
    F6,
    F7,
    F8,
    PAGE_UP,
    READY,
    TAB,
    UP,
    Terminal,
)

ALT_UP, ALT_DOWN, CTRL_PAGE_DOWN = "\x1b[1;3A", "\x1b[1;3B", "\x1b[6;5~"
AWAY, BACK = "\x1b[O", "\x1b[I"
CODE = "Two of them:\n\n```python\nprint('one')\n```\n\nand\n\n```sh\necho two\n```\n"
LONG = "\n\n".join(f"Paragraph {number} of the long reply." for number in range(80))
DAY_MS = 86_400_000


def header(terminal: Terminal) -> str:
    return terminal.lines[0]


def row(terminal: Terminal, title: str) -> str:
    """Return a row of the list; empty if it is not listed."""
    return next((line[:32] for line in terminal.lines[2:] if title in line[:32]), "")


def read(terminal: Terminal) -> list[str]:
    """Return what a reader sees of the text, without the scroll bar."""
    return [line[:95].rstrip() for line in terminal.lines[1:20]]


def copied(terminal: Terminal) -> str:
    """Return what was put on the clipboard last."""
    found = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", terminal.output)
    return base64.b64decode(found[-1]).decode() if found else ""


def fill(data: Path, *talks: tuple[str, str, str, int]) -> None:
    """Keep conversations: title, prompt, reply, and how many days ago."""
    import time

    now = int(time.time() * 1000)
    with Store.open(data / "conversations.db") as store:
        for number, (title, prompt, reply, days) in enumerate(talks):
            at = now - days * DAY_MS - number
            messages = [
                ImportedMessage("1", None, Role.USER, prompt, at),
                ImportedMessage("2", "1", Role.ASSISTANT, reply, at),
            ]
            store.import_conversations("test", [ImportedConversation(str(number), title, at, at, messages)])


@pytest.fixture
def day(start, data: Path) -> Iterator[Terminal]:
    fill(
        data,
        ("Whales", "About whales", "A whale is no fish.", 0),
        ("Регулярные выражения", "Что такое ёлка?", "Ёлка — это дерево, а не выражение.", 1),
        ("日本語の助詞", "助詞は何ですか", "日本語の助詞は短い。", 40),
    )
    with start(size=(120, 36)) as terminal:
        terminal.wait_for("A whale is no fish.")
        yield terminal
        assert terminal.end(CTRL_Q) == 0
        assert terminal.complaints() == []


def test_the_list_is_kept_in_order(day: Terminal, service: GptalkServer) -> None:
    for heading in ("Today", "Yesterday", "日本語の助詞"):
        day.wait_for(heading)
    day.send(CTRL_S)
    day.wait_for(lambda t: "F4 pin" in t.lines[-1], "the keys of the list")
    day.send(DOWN, F4)
    day.wait_for("Pinned")
    day.send(F2)
    day.wait_for("Rename “Регулярные")
    day.send(CTRL_U + "Ausdrücke" + ENTER)
    day.wait_for(lambda t: row(t, "Ausdrücke"), "the new title")
    day.send(F8)
    day.wait_for("to the trash")
    assert not row(day, "Ausdrücke")
    day.send("\x1a")  # Ctrl+Z, in the list's filter
    day.wait_for(lambda t: row(t, "Ausdrücke"), "undo brings it back")
    day.send("日本")
    day.wait_for(lambda t: not row(t, "Whales"), "the list is filtered")
    day.send(F6)
    day.wait_for("Archived “日本語の助詞”")
    day.send(ESCAPE)  # by itself: with the next key it would be Alt
    day.wait_for(lambda t: row(t, "Whales"), "the filter is gone")
    day.send(CTRL_P + "show archived" + ENTER)
    day.wait_for("Archived · Esc goes back")
    day.wait_for(lambda t: row(t, "日本語"), "the archive")
    day.send(F7)
    day.wait_for("Restored “日本語の助詞”.")
    day.send(ESCAPE)
    day.wait_for(lambda t: row(t, "日本語") and row(t, "Whales"), "the list")
    day.send(F8, CTRL_P + "show the trash" + ENTER)
    day.wait_for("Trash · Esc goes back")
    day.send(F7)
    day.wait_for("Restored")
    day.send(ESCAPE)
    day.wait_for(lambda t: row(t, "Whales"), "the list")
    day.send(ESCAPE)
    day.wait_for("Enter send")
    service.script(["So far", " and the end"])
    service.hold()
    day.send(CTRL_N + "Slow one" + ENTER)
    service.step()
    day.wait_for("So far")
    day.send(CTRL_N)
    day.wait_for(lambda t: "⠶" in row(t, "Slow one"), "the mark of what streams")
    service.release()
    day.wait_for(lambda t: "●" in row(t, "Slow one"), "the mark of what is unread")
    day.send(CTRL_PAGE_DOWN + CTRL_PAGE_DOWN)  # below the pinned one
    day.wait_for("So far and the end")
    day.wait_for(lambda t: "●" not in row(t, "Slow one"), "it was read")


def test_branches_are_made_walked_and_found_again(start, service: GptalkServer, data: Path) -> None:
    service.answer("eight", "Six eggs.")
    service.answer("four", "Three eggs.")
    with start(size=(120, 36)) as terminal:
        terminal.wait_for(READY)
        terminal.send("Pasta for eight" + ENTER)
        terminal.wait_for(
            lambda t: "Six eggs." in t.text and "now" in row(t, "Pasta"), "the end of the reply"
        )
        terminal.send(ALT_UP + ALT_UP + "e")
        terminal.wait_for("editing an earlier message")
        terminal.send(CTRL_U + "Pasta for four" + ENTER)
        terminal.wait_for("2/2")
        terminal.wait_for(
            lambda t: "Three eggs." in t.text and "now" in row(t, "Pasta"), "the end of the reply"
        )
        terminal.send(ALT_UP + "r")
        terminal.wait_for(lambda t: t.text.count("2/2") == 2 and "now" in row(t, "Pasta"), "a second reply")
        terminal.send(ALT_UP + ALT_UP + "[")
        terminal.wait_for("Six eggs.")
        terminal.wait_for("1/2")
        terminal.send("[")
        terminal.wait_for("This is the oldest of 2 versions.")
        terminal.send("f")
        terminal.wait_for("Forked into “Pasta for eight (fork)”")
        terminal.send(ALT_UP + "d")
        terminal.wait_for(
            lambda t: "Deleted the message" in t.text and "▌ Pasta" not in t.text, "it is deleted"
        )
        terminal.send("\x1a")
        terminal.wait_for(lambda t: "█ Pasta for eight" in t.text, "undo brings it back")
        terminal.send(CTRL_S + DOWN + ENTER)
        terminal.wait_for("Six eggs.")
        assert terminal.end(CTRL_Q) == 0
    with start("--chat", "Pasta for eight", size=(120, 36)) as terminal:
        terminal.wait_for("Six eggs.")  # the branch that it was left on
        assert "1/2" in terminal.text
        assert terminal.end(CTRL_Q) == 0
    with Store.open(data / "conversations.db") as store:
        texts = sorted(m.content for c in store.conversations() for m in store.messages(c.id))
    assert texts.count("Three eggs.") == 2


def test_words_are_found_here_and_everywhere(day: Terminal) -> None:
    day.send(CTRL_F + "WHALE")
    day.wait_for("1/2")
    day.send(ENTER + "n")
    day.wait_for("2/2")
    day.send("N")
    day.wait_for("1/2")
    day.send("/" + "fish" + TAB)
    day.wait_for("Search all conversations")
    for typed, found in (
        ("елка", "Ёлка — это дерево"),
        ("助詞", "日本語の助詞は短い。"),
        ('"-x NEAR( col:', "Nothing in 6 messages of 3 conversations"),
        ("Expression", "Nothing in"),
    ):
        day.send(CTRL_U + typed)
        day.wait_for(found)
    day.send(CTRL_U + "дерево")
    day.wait_for("Ёлка — это дерево")
    day.send(ENTER)
    day.wait_for(lambda t: "Регулярные выражения" in header(t), "it opens where it was found")
    day.wait_for(lambda t: "▌ Что такое ёлка?" in t.text, "at the message")
    day.wait_for("Esc close find")
    day.send(ESCAPE)
    day.wait_for(lambda t: "close find" not in t.text, "find closes")
    day.send("a letter")
    day.wait_for("a letter")


def test_what_is_written_is_kept_found_and_folded(start, service: GptalkServer, kept, tmp_path: Path) -> None:
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nprintf " from the editor" >> "$1"\n')
    editor.chmod(0o700)
    (tmp_path / "notes.txt").write_text("remember the milk")
    service.fail_next("stream", status="500 Internal Server Error", body={"msg": "out of order"})
    with start(size=(100, 30), environment={"VISUAL": str(editor)}) as terminal:
        terminal.wait_for(READY)
        terminal.send("First prompt" + ENTER)
        terminal.wait_for("out of order")
        terminal.wait_for("the prompt is back: Enter tries again")
        terminal.send(ENTER)
        terminal.wait_for(lambda _: [each[1] for each in kept()][-1] == "complete", "the reply")
        terminal.send("Second" + CTRL_G)
        terminal.wait_for("Second from the editor")
        terminal.send(ENTER)
        terminal.wait_for(lambda _: [each[1] for each in kept()].count("complete") == 4, "the second reply")
        terminal.send(UP + UP)
        terminal.wait_for(lambda t: "│ First prompt" in t.text, "an earlier prompt")
        terminal.send(DOWN + DOWN + CTRL_R + "editor")
        terminal.wait_for("Earlier prompts")
        terminal.send(ENTER)
        terminal.wait_for("│ Second from the editor")
        terminal.send(CTRL_C)
        terminal.wait_for("Draft cleared.")
        terminal.send("\x1b[200~" + "word " * 200_000 + "\x1b[201~")
        terminal.wait_for("[pasted text #1 · 1 line · 1.0 MB]")
        terminal.send(CTRL_C + "See @note")
        terminal.wait_for("notes.txt")
        terminal.send(TAB + ENTER)
        terminal.wait_for(lambda _: service.counts.done == 3, "the third reply")
        assert "remember the milk" in service.prompts[-1]
        terminal.send("/to")
        terminal.wait_for("/top")
        terminal.send(ESCAPE)
        terminal.wait_for(lambda t: "/top" not in t.text, "the completions close")
        terminal.send(CTRL_U + "a draft")
        terminal.wait_for("a draft")
        assert terminal.end(CTRL_Q) == 0
    with start(size=(100, 30)) as terminal:
        terminal.wait_for("a draft")
        # The terminal's own cursor stands behind it, where an input method opens.
        y = next(y for y, line in enumerate(terminal.lines) if "a draft" in line)
        x = terminal.lines[y].index("a draft") + len("a draft")
        terminal.wait_for(lambda t: (t.screen.cursor.x, t.screen.cursor.y) == (x, y), "the cursor")
        assert terminal.end(CTRL_Q) == 0


def test_hands_stay_put_while_one_reads(start, service: GptalkServer) -> None:
    service.script([LONG[:2000], LONG[2000:3000], LONG[3000:]])
    service.answer("code", CODE)
    service.hold()
    with start(size=(100, 30), environment={"TMUX": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}) as terminal:
        terminal.wait_for(READY)
        terminal.send("Go" + ENTER)
        service.step()
        terminal.wait_for("Paragraph 59")
        terminal.send(PAGE_UP)
        terminal.wait_for("End follows the newest text")
        before = read(terminal)
        service.step()
        terminal.wait_for("new text below")
        assert read(terminal) == before
        terminal.send(END)
        service.release()
        terminal.wait_for("Paragraph 79")
        terminal.send(TAB + "g")
        terminal.wait_for("▌ Go")
        terminal.send("j" * 3 + CTRL_D + "k")
        terminal.wait_for(lambda t: "Paragraph 0 " not in t.text, "it scrolls as a pager does")
        terminal.send("G")
        terminal.wait_for("Paragraph 79")
        terminal.send("write")
        terminal.wait_for("│ write")
        terminal.send(CTRL_C)
        terminal.wait_for("Draft cleared.")
        terminal.send(CTRL_C, CTRL_C)
        terminal.wait_for("Ctrl+Q quits.")
        terminal.send("Show code" + ENTER)
        terminal.wait_for("echo two")
        terminal.wait_for(lambda _: service.counts.done == 2, "the end of the reply")
        terminal.send(ALT_UP + "y")
        terminal.wait_for(lambda t: copied(t) == CODE, "the message is copied")
        terminal.wait_for("Copied the message through the terminal (OSC 52).")
        terminal.send("bb" + "c")
        terminal.wait_for(lambda t: copied(t) == "echo two\n", "the code is copied")
        terminal.send(ALT_DOWN + "back")
        terminal.wait_for("│ back")
        assert terminal.end(CTRL_Q) == 0
        assert terminal.complaints() == []


def test_ctrl_c_stops_a_reply_and_quits_nothing(start, service: GptalkServer, kept) -> None:
    service.script(["So far", " and more"])
    service.hold()
    with start() as terminal:
        terminal.wait_for(READY)
        terminal.send("Go" + ENTER)
        service.step()
        terminal.wait_for("So far")
        terminal.send(CTRL_C)
        terminal.wait_for("Stopped.")
        assert terminal.process.poll() is None
        assert terminal.end(CTRL_Q) == 0
    assert kept()[1] == ("assistant", "stopped", "So far")


def test_nobody_who_is_away_misses_the_end(start, service: GptalkServer, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    with start("--config", str(config)) as terminal:
        terminal.wait_for(READY)
        service.hold()
        terminal.send("Go" + ENTER)
        terminal.wait_for(lambda _: service.counts.streams == 1, "the turn")
        terminal.send(AWAY)
        service.release()
        terminal.wait_for(lambda t: b"\x1b]0;\xe2\x97\x8f Reply: Go\x07" in t.output, "the title tells")
        terminal.wait_for(lambda t: b"\x07" in re.sub(rb"\x1b\][^\x07]*\x07", b"", t.output), "the bell")
        terminal.send(BACK)
        terminal.wait_for(lambda t: t.output.count(b"\x1b[23;0t") == 1, "the title is as it was")
        assert terminal.end(CTRL_Q) == 0
    config.write_text('[ui]\nnotify = "off"\n')
    with start("--config", str(config)) as terminal:
        terminal.wait_for("Hello from the service")
        service.hold()
        terminal.send(CTRL_N + "Again" + ENTER)
        terminal.wait_for(lambda _: service.counts.streams == 2, "the turn")
        terminal.send(AWAY)
        service.release()
        terminal.wait_for(lambda t: "Hello from the service" in t.text, "the reply")
        terminal.send(BACK)
        assert terminal.end(CTRL_Q) == 0
        assert b"\x1b]0;" not in terminal.output
        assert b"\x07" not in re.sub(
            rb"\x1b\]22;\w*\x07", b"", terminal.output
        )  # but for the pointer's shape


def test_settings_and_theme_are_kept(start, service: GptalkServer, tmp_path: Path, data: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('# mine\n[personas.terse]\nsystem_prompt = "Be terse."\ntemperature = 0.2\n')
    with start("--config", str(config)) as terminal:
        terminal.wait_for(READY)
        terminal.send(CTRL_T)
        terminal.wait_for("Settings · “New conversation”")
        terminal.send(UP + "\x1b[C")
        terminal.wait_for("Be terse.")
        terminal.send(CTRL_T + "Hello" + ENTER)
        terminal.wait_for("Hello from the service")
        assert service.bodies[-1]["temperature"] == 0.2
        assert service.prompts[-1].startswith("System: Be terse.")
        terminal.send(CTRL_P + "theme" + ENTER)
        terminal.wait_for("High contrast")
        terminal.send("paper" + ENTER)
        terminal.wait_for("Theme: Paper (light).")
        assert terminal.end(CTRL_Q) == 0
    text = config.read_text()
    assert text.startswith("# mine\n")
    assert 'theme = "paper"' in text
    with start("--config", str(config), environment={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for("Hello from the service")
        assert terminal.end(CTRL_Q) == 0
        styles = re.findall(rb"\x1b\[([\d;]*)m", terminal.output)
        assert styles
        assert [each for each in styles if re.search(rb"[34]8;|\b[349][0-7]\b", each)] == []


def test_any_size_while_a_reply_streams(start, service: GptalkServer) -> None:
    service.script([LONG[:2000], *[LONG[at : at + 100] for at in range(2000, len(LONG), 100)]])
    service.hold()
    with start(size=(200, 50)) as terminal:
        terminal.wait_for(READY)
        terminal.send("Go" + ENTER)
        service.step()
        for size in ((80, 24), (40, 12), (20, 5), (5, 12), (1, 1), (60, 20), (120, 36)):
            terminal.resize(*size)
            service.step()
        service.release()
        terminal.wait_for("Paragraph 79")
        terminal.wait_for("Write a message")
        assert terminal.end(CTRL_Q) == 0
        assert terminal.complaints() == []


def test_help_is_about_what_has_the_focus(day: Terminal) -> None:
    day.send(F1)
    day.wait_for("In the composer")
    day.send(ESCAPE)
    day.wait_for(lambda t: "In the composer" not in t.text, "help closes")
    day.send(ALT_UP + "?")
    day.wait_for(
        lambda t: "On a message" in t.text and "In the composer" not in t.text.partition("On a message")[0],
        "the keys of a message first",
    )
    day.send(ESCAPE)
    day.wait_for(lambda t: "Help" not in t.text, "it closes")
