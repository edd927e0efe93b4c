"""Wherever the app shows a text from outside, the text is whole, and nothing of it reaches the terminal raw.

The last guard in front of the terminal is taken away: what is tested is what each place does by itself.
`GPTALK_TEST_ALL_PLACES=1` takes every text through every dialog and toast, not only through some.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from gptalk_client.models import Status
from gptalk_client.store.store import Store
from support.hostile_texts import HOSTILE_TEXTS, RAW_FORMS, bare, seen, titles
from support.terminal import CTRL_O, CTRL_S, CTRL_T, ENTER, ESCAPE, F2, READY, Terminal
from support.terminal_bytes import complaints

ALL = bool(os.environ.get("GPTALK_TEST_ALL_PLACES"))
UNGUARDED = {"GPTALK_TEST_FAULT": "unguarded", "GPTALK_TEST_ONE_TOAST": "1"}
CTRL_Z, F9 = "\x1a", "\x1b[20~"


def only_our_own(terminal: Terminal) -> None:
    """Fail if the program wrote anything but text and the sequences that it means."""
    assert complaints(terminal.output, is_app=True) == []
    assert [raw for raw in RAW_FORMS if raw in terminal.output] == []


def framed(words: str) -> Callable[[Terminal], bool]:
    return lambda terminal: bare(words) in bare(terminal.in_frame)


def toast(words: str) -> Callable[[Terminal], bool]:
    return lambda terminal: bare(words) in bare(terminal.in_toasts)


def leave(terminal: Terminal, title: str) -> None:
    """Close a dialog."""
    terminal.send(ESCAPE)
    terminal.wait_for(lambda t: bare(title) not in bare(t.text), f"{title} closes")


def test_every_dialog_and_toast_shows_every_title_as_text(start, data: Path) -> None:
    with Store.open(data / "conversations.db") as store:
        for (mark, title), text in zip(titles().items(), HOSTILE_TEXTS.values(), strict=True):
            conversation = store.create_conversation(title=title, model=f"m{text[:1]}", system_prompt=text)
            _, reply = store.open_turn(conversation.id, f"{text} {mark}")
            store.append_reply(reply.id, f"{text} {mark}")
            store.close_turn(reply.id, Status.COMPLETE)
    with start(size=(126, 36), environment=UNGUARDED) as terminal:
        terminal.wait_for(READY)
        for number, (mark, title) in enumerate(titles().items()):
            name = seen(title)
            fork = f"{name}(fork)"[:60]  # longer ones are cut
            terminal.send(CTRL_S + mark + ENTER)
            terminal.wait_for(lambda t, name=name: name in bare(t.lines[0]), f"{title!r} is open")
            for keys, dialog in {F2: "Rename", CTRL_O: "Export"}.items():
                if ALL or (number % 2 == 0) == (keys == F2):
                    terminal.send(keys)
                    terminal.wait_for(framed(f"{dialog} “{name}”"), f"{dialog} {title!r}")
                    leave(terminal, f"{dialog} “")
            terminal.send(CTRL_T)
            terminal.wait_for(framed(f"Settings · “{name}”"), f"Settings {title!r}")
            terminal.send(CTRL_T)
            terminal.wait_for(toast(f"These settings hold for “{name}” from"), f"settings of {title!r} hold")
            commands = {
                "pin": f"Pinned “{name}”.",
                "archive": f"Archived “{name}”.",
                "undo": f"“{name}” is back.",
                "fork": f"Forked into “{fork}",
                "trash": f"Moved “{fork}",
            }
            is_whole = ALL or number % 6 == 0
            for command in commands if is_whole else list(commands)[number % 4 :][:1]:
                if command == "undo" and not is_whole:
                    continue
                terminal.send(f"/{command}" + ENTER)
                terminal.wait_for(toast(commands[command]), commands[command])
            if is_whole:
                terminal.send("/show-trash" + ENTER)
                terminal.wait_for("Trash ·")
                terminal.send(F9)
                terminal.wait_for(framed(f"Delete “{fork}"), f"question about {title!r}")
                terminal.send("y")
                terminal.wait_for(toast(f"Deleted “{fork}"), f"{title!r} is deleted")
                leave(terminal, "Trash ·")
        terminal.kill(signal.SIGTERM)
        assert terminal.wait() == 143
        only_our_own(terminal)
