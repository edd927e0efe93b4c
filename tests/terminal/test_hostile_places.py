"""Wherever the app shows a text from outside, the text is whole, and nothing of it reaches the terminal raw.

The last guard in front of the terminal is taken away: what is tested is what each place does by itself.
`GPTALK_TEST_ALL_PLACES=1` takes every text through every dialog and notice, not every second one through some.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gptalk_client.models import Status
from gptalk_client.store.store import Store
from gptalk_client.text import one_line, storable, visible
from support.gptalk_server import GptalkServer
from support.hostile_texts import HOSTILE_TEXTS, RAW_FORMS, bare, everything, seen, titles
from support.terminal import (
    CTRL_F,
    CTRL_O,
    CTRL_Q,
    CTRL_S,
    CTRL_T,
    DOWN,
    END,
    ENTER,
    ENTER_KEY,
    ESCAPE,
    F2,
    READY,
    TAB,
    UP,
    Terminal,
    program,
)
from support.terminal_bytes import asides, complaints

ALL = bool(os.environ.get("GPTALK_TEST_ALL_PLACES"))
UNGUARDED = {"GPTALK_TEST_FAULT": "unguarded"}
RIGHT, F9, ALT_UP, CLEAR, CTRL_G = "\x1b[C", "\x1b[20~", "\x1b[1;3A", "\x15", "\x07"
AWAY, BACK = "\x1b[O", "\x1b[I"
PASTE = "\x1b[200~{}\x1b[201~"


def only_our_own(terminal: Terminal) -> None:
    """Fail if the program wrote anything but text and the sequences that it means."""
    assert complaints(terminal.output, is_app=True) == []
    assert [raw for raw in RAW_FORMS if raw in terminal.output] == []


def framed(words: str) -> Callable[[Terminal], bool]:
    return lambda terminal: bare(words) in bare(terminal.in_frame)


def notice(words: str) -> Callable[[Terminal], bool]:
    return lambda terminal: bare(words) in bare(terminal.in_notice)


def leave(terminal: Terminal, title: str) -> None:
    """Close a dialog."""
    terminal.send(ESCAPE)
    terminal.wait_for(lambda t: bare(title) not in bare(t.text) + bare(t.in_frame), f"{title} closes")


def test_every_dialog_and_notice_shows_titles_as_text(start, data: Path) -> None:
    texts = list(zip(titles().items(), HOSTILE_TEXTS.values(), strict=True))
    texts = texts if ALL else texts[1::2]
    with Store.open(data / "conversations.db") as store:
        for (mark, title), text in texts:
            conversation = store.create_conversation(title=title, model=f"m{text[:1]}", system_prompt=text)
            _, reply = store.open_turn(conversation.id, f"{text} {mark}")
            store.append_reply(reply.id, f"{text} {mark}")
            store.close_turn(reply.id, Status.COMPLETE)
    with start(size=(126, 36), environment=UNGUARDED) as terminal:
        terminal.wait_for(READY)
        for number, ((mark, title), _) in enumerate(texts):
            name = seen(title)
            fork = f"{name}(fork)"[:60]  # longer ones are cut
            terminal.send(CTRL_S + mark + ENTER_KEY)
            terminal.wait_for(lambda t, name=name: name in bare(t.lines[0]), f"{title!r} is open")
            is_whole = ALL or number % 6 == 1
            for at, (keys, dialog) in enumerate(((F2, "Rename"), (CTRL_O, "Export"), (CTRL_T, "Settings ·"))):
                if not is_whole and number % 3 != at:
                    continue
                terminal.send(keys)
                terminal.wait_for(framed(f"{dialog} “{name}”"), f"{dialog} {title!r}")
                if keys == CTRL_T:
                    terminal.send(TAB + TAB + "1" + CTRL_T)  # another temperature
                    terminal.wait_for(notice(f"Saved for “{name}”"), f"{title!r} is set")
                else:
                    leave(terminal, f"{dialog} “")
            commands = {
                "pin": f"Pinned “{name}”.",
                "archive": f"Archived “{name}”.",
                "undo": f"Restored “{name}”.",
                "fork": f"Forked into “{fork}",
                "trash": f"Moved “{fork}",
            }
            for command in commands if is_whole else [("pin", "archive", "fork")[number // 3 % 3]]:
                terminal.send(f"/{command}" + ENTER_KEY)
                terminal.wait_for(notice(commands[command]), commands[command])
            if is_whole:
                terminal.send("/show-trash" + ENTER_KEY)
                terminal.wait_for("Trash ·")
                terminal.send(F9)
                terminal.wait_for(framed(f"Delete “{fork}"), f"question about {title!r}")
                terminal.send("y")
                terminal.wait_for(notice(f"Deleted “{fork}"), f"{title!r} is deleted")
                leave(terminal, "Trash ·")
        terminal.kill(signal.SIGTERM)
        assert terminal.wait() == 143
        only_our_own(terminal)


NAME = HOSTILE_TEXTS["clipboard"] + HOSTILE_TEXTS["clear"] + HOSTILE_TEXTS["bidi"] + "[/nope]\x9b named"
FILE = "d[nope][@click=app.quit]x[].md"


def quoted(text: str) -> str:
    """Return a text as a string of the config file."""
    return '"' + "".join(each if each.isalnum() else f"\\U{ord(each):08X}" for each in text) + '"'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a config file that is hostile wherever it may be."""
    file = tmp_path / "config.toml"
    file.write_text(
        f"""model = {quoted(NAME[:20])}
[ui]
notify = "osc9"
theme = {quoted(NAME)}
[chat]
system_prompt = {quoted(NAME)}
[personas.{quoted(NAME)}]
system_prompt = {quoted(NAME)}
model = {quoted(NAME)}
[keys]
{quoted(NAME)} = {quoted(NAME)}
"turn.stop" = {quoted("ctrl+q," + NAME)}
""",
        encoding="utf-8",
    )
    return file


def end(terminal: Terminal) -> None:
    """End the app and judge what it wrote."""
    terminal.kill(signal.SIGTERM)
    assert terminal.wait() == 143
    only_our_own(terminal)


def store_one(data: Path, *, title: str = "one", reply: str = "A reply") -> None:
    with Store.open(data / "conversations.db") as store:
        conversation = store.create_conversation(title=title)
        _, row = store.open_turn(conversation.id, HOSTILE_TEXTS["controls"] + "prompted")
        store.append_reply(row.id, reply)
        store.close_turn(row.id, Status.COMPLETE)


def test_what_stands_in_the_config_file_and_in_folders_is_only_shown(
    start, data: Path, config: Path, tmp_path: Path
) -> None:
    store_one(data)
    folder = tmp_path / NAME.replace("/", "_")
    folder.mkdir()
    for name in (FILE, "e" + "\u0301" * 60 + ".md", "a\x1b[2J.md", "b\u202e.md"):
        (folder / name).write_text("x")
    shown = seen(str(folder))
    with start("--config", str(config), cwd=folder, size=(140, 45), environment=UNGUARDED) as terminal:
        terminal.wait_for(READY)
        terminal.wait_for(notice("is given to both"), "a clash of keys")
        terminal.send("@d")
        terminal.wait_for(FILE)
        terminal.send(CLEAR + "@")
        terminal.wait_for(
            lambda t: FILE in t.text and "e.md" in bare(t.text), "the names that can be written"
        )
        terminal.send(CLEAR + "/the")
        terminal.wait_for("/theme")
        terminal.send(ENTER)
        terminal.wait_for(framed("Theme"), "the themes")
        leave(terminal, "Theme")
        terminal.send(CTRL_T)
        terminal.wait_for(framed("Settings ·"), "the settings")
        terminal.send(UP, RIGHT)
        persona = bare(f"persona ‹ {seen(NAME)[:12]}")
        terminal.wait_for(lambda t: persona in bare(t.text), "the persona")
        leave(terminal, "Settings ·")
        terminal.send(CTRL_O)
        terminal.wait_for(framed("Export “"), "the export")
        terminal.send(CLEAR + str(tmp_path)[:-1] + TAB)
        terminal.send(CLEAR + "one.md" + ENTER)
        terminal.wait_for(notice(f"Wrote {shown}"), "where the export is")
        terminal.send(CTRL_O)
        terminal.wait_for(framed("Export “"), "the export again")
        terminal.send(CLEAR + "one.md" + ENTER)
        terminal.wait_for(framed(f"{shown}/one.md already exists"), "the file is there")
        terminal.send(CLEAR + "one.md/two.md" + ENTER)
        terminal.wait_for(framed(f"{shown}/one.md/two.md"), "it cannot be written")
        end(terminal)


def test_window_title_notice_and_copy_carry_only_harmless_text(
    start, service: GptalkServer, data: Path, config: Path
) -> None:
    service.reply = reply = HOSTILE_TEXTS["clipboard"] + HOSTILE_TEXTS["controls"] + "\r\nlast line"
    service.hold()
    store_one(data, title=NAME)
    outside = {"TMUX": "", "STY": "", "DISPLAY": "", "WAYLAND_DISPLAY": "", "TERM_PROGRAM": ""}
    with start("--config", str(config), environment={**UNGUARDED, **outside}) as terminal:
        terminal.wait_for(READY)
        terminal.send("Go" + ENTER)
        terminal.wait_for(lambda _: service.counts.streams == 1, "the turn")
        terminal.send(AWAY)  # a key would mean that somebody is there
        service.step()
        terminal.wait_for("␛]52;c;cm0gLXJmIH4=")
        service.release()
        terminal.wait_for(lambda t: b"\x1b]9;" in t.output, "the notice")
        terminal.send(BACK)
        terminal.wait_for(lambda t: b"\x1b[23;0t" in t.output, "the window has its title back")
        terminal.send(ALT_UP + "y")
        terminal.wait_for(notice("Copied the message"), "the copy")
        assert terminal.end(CTRL_Q) == 0
        words = f"Reply: {one_line(NAME)}".replace(";", ",")
        copied = visible(storable(reply))
        assert asides(terminal.output) == [
            "22;0t",
            f"0;● {words}",
            f"9;{words}",
            "23;0t",
            f"52;c;{base64.b64encode(copied.encode()).decode()}",
        ]
        assert complaints(terminal.output, is_app=True, has_asides=True) == []


def test_what_is_pasted_into_fields_is_only_shown(start, data: Path) -> None:
    """With the guard: what a field holds is painted by the toolkit."""
    store_one(data)
    pasted = PASTE.format(everything("pasted"))
    with start(size=(140, 45)) as terminal:
        terminal.wait_for(READY)
        terminal.send(CTRL_F + pasted)
        terminal.wait_for("Find pasted")
        terminal.send(TAB)
        terminal.wait_for("Search all conversations")
        leave(terminal, "Search all conversations")
        terminal.send(CTRL_S + pasted)
        terminal.wait_for("Nothing matches")
        leave(terminal, "Nothing matches")
        terminal.send(F2)
        terminal.wait_for(framed("Rename “"), "the title")
        terminal.send(CLEAR + pasted + ENTER)
        terminal.wait_for("gptalk-tui   pasted")
        terminal.send(PASTE.format("/nope\x9b[2J\x1b]52;c;cm0=\x07") + ENTER)
        terminal.wait_for("/nope")
        terminal.send(CLEAR + "/nope" + ENTER)
        terminal.wait_for(notice("No such command: /nope"), "no such command")
        end(terminal)


def test_edit_delete_and_undo_only_show(start, data: Path) -> None:
    store_one(data, reply=everything("reply"))
    with start(size=(140, 45), environment=UNGUARDED) as terminal:
        terminal.wait_for("replyend")
        terminal.send(ALT_UP + ALT_UP + "e")
        terminal.wait_for(framed(f"{seen(HOSTILE_TEXTS['controls'])}prompted"), "the prompt in the composer")
        terminal.send(ESCAPE)
        terminal.wait_for("Write a message")
        terminal.send(ALT_UP + "d")
        terminal.wait_for(notice("Deleted the message"), "deleted")
        terminal.send("/undo" + ENTER)
        terminal.wait_for(notice("Message restored"), "undone")
        terminal.wait_for("replyend")
        end(terminal)


def test_a_link_is_asked_about_in_harmless_words(start, data: Path) -> None:
    url = "https://evil.example/[/nope][@click=app.quit]\u202egpj\u200b\u200b\u200b?"
    store_one(data, reply=f"[the bank]({url})")
    with start(size=(140, 45), environment=UNGUARDED) as terminal:
        terminal.wait_for("the bank")
        [(y, line)] = [(y, line) for y, line in enumerate(terminal.lines, 1) if "the bank" in line]
        x = line.index("the bank") + 2
        terminal.send(f"\x1b[<0;{x};{y}M", f"\x1b[<0;{x};{y}m")
        terminal.wait_for(framed("Open evil.example?"), "the question")
        assert "@click=app.quit" in bare(terminal.in_frame)
        terminal.send("n")
        end(terminal)


@pytest.mark.parametrize("is_there", [True, False], ids=["writes", "is missing"])
def test_an_editor_puts_only_text_into_the_composer(start, tmp_path: Path, is_there: bool) -> None:
    editor = tmp_path / ("editor" if is_there else NAME.replace("/", "_"))
    if is_there:
        text = everything("edited").encode("utf-8", "surrogatepass")
        editor.write_text(f"#!{sys.executable}\nimport sys\nopen(sys.argv[1], 'wb').write({text!r})\n")
        editor.chmod(0o755)
    with start(
        size=(140, 45), environment={**UNGUARDED, "VISUAL": "", "EDITOR": shlex.quote(str(editor))}
    ) as terminal:
        terminal.wait_for(READY)
        terminal.send(CTRL_G)
        terminal.wait_for("editedend" if is_there else notice("There is no editor"), "what came of it")
        terminal.kill(signal.SIGTERM)
        assert terminal.wait() == 143
        only_our_own(terminal)


def test_a_name_that_fits_nothing_is_only_shown(start) -> None:
    with start("--chat", NAME, environment=UNGUARDED) as terminal:
        terminal.wait_for(notice("named'"), "nothing has this name")
        end(terminal)


def test_an_address_that_cannot_be_used_is_only_shown(data: Path) -> None:
    with Terminal(program("--data-dir", str(data)), size=(140, 45)) as terminal:
        terminal.wait_for("unreachable right now")
        terminal.send(DOWN, DOWN, DOWN, ENTER)
        terminal.wait_for("Another address")
        terminal.send(END, ENTER)
        terminal.wait_for("https://gptalk.example.com")
        terminal.send(PASTE.format(NAME.replace("https", "")) + ENTER)
        terminal.wait_for(framed("The address"), "the address is refused")
        end(terminal)


def test_a_model_that_cannot_be_fetched_is_told_in_harmless_words(start, tmp_path: Path) -> None:
    nowhere = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / NAME[:9])}
    with start("--provider", "local", size=(140, 45), environment={**UNGUARDED, **nowhere}) as terminal:
        terminal.wait_for("Write a message")
        terminal.wait_for(lambda t: "this computer" in t.text.lower(), "the service")
        terminal.send("Go" + ENTER)
        terminal.wait_for(framed("Download the small model?"), "the question")
        terminal.send(ENTER)
        terminal.wait_for(framed("Enter try again"), "it fails")
        end(terminal)


@pytest.mark.parametrize("line", ["ask", "app", "import"])
def test_files_that_cannot_be_read_are_told_in_harmless_words(
    data: Path, service: GptalkServer, tmp_path: Path, line: str
) -> None:
    config = tmp_path / f"{NAME.replace('/', '_')}.toml"
    config.write_text(f"[ui]\ntheme = 3\n[{quoted(NAME)}]\n{quoted(NAME)} = 1\n", encoding="utf-8")
    bad = tmp_path / f"{NAME.replace('/', '_')}.json"
    bad.write_text(json.dumps([{"title": everything("titled"), "mapping": {everything("id"): NAME}}]))
    common = ["--data-dir", str(data), "--url", service.url]
    arguments = {
        "ask": [*common, "--config", str(config), "ask", "x"],
        "app": [*common, "--config", str(config)],
        "import": [*common, "import", str(bad)],
    }
    with Terminal(program(*arguments[line]), size=(200, 50)) as terminal:
        assert terminal.wait() == (0 if line == "import" else 2), terminal.text
        assert terminal.output.strip()
        assert complaints(terminal.output, is_app=False) == []
        assert b"Traceback" not in terminal.output
