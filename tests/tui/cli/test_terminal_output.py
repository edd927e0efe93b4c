"""On a terminal: Markdown rendered as it streams, hits marked, headings and colours; none of it in a pipe."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gptalk_client.models import Status
from gptalk_client.store.store import Store
from gptalk_client.textsearch.plain_words import plain_words
from support.command_line import LIMIT_S, Run
from support.gptalk_server import GptalkServer, threaded_gptalk_server

PROMPT = "What is a *lifetime*, in a few words that take more than one line?"
REPLY = """# Lifetimes

A **lifetime** is a *region*, as in `'a`, with $e^{-x^2}$ beside it and words enough to be wrapped.

| name | size |
|------|-----:|
| a    |    1 |

```rust
fn f<'a>() {}
```

The end.
"""
_SEQUENCE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def shown(text: str) -> str:
    """Return what a terminal shows of a text, without its styles."""
    return _SEQUENCE.sub("", text)


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gptalk_tui.cli.terminal.is_rich", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def lifetimes(store: Store) -> str:
    made = store.create_conversation(title="Lifetimes in Rust")
    _, reply = store.open_turn(made.id, PROMPT)
    store.close_turn(reply.id, Status.COMPLETE, content=REPLY)
    store.change_tags(made.id, add=["work"])
    store.set_pinned(made.id, True)
    return made.id


@pytest.mark.usefixtures("on_terminal")
def test_show_renders_markdown_and_leaves_prompts_as_written(run: Run, lifetimes: str) -> None:
    out = run("show", lifetimes).out
    lines = shown(out).splitlines()
    assert "What is a *lifetime*, in a few words that take more than one" in lines
    assert "A lifetime is a region, as in `'a`, with e^(-x²) beside it" in lines
    assert "name │ size" in lines
    assert "a    │    1" in lines
    assert "\x1b[1mlifetime\x1b[0m" in out
    assert "```" not in out
    assert max(map(len, lines)) <= 60


@pytest.mark.usefixtures("on_terminal")
def test_where_a_link_leads_is_shown_and_no_sequence_makes_it_one(run: Run, store: Store) -> None:
    made = store.create_conversation(title="Links")
    _, reply = store.open_turn(made.id, "Where?")
    text = "See [your bank](https://evil.example/a) or https://plain.example/b."
    store.close_turn(reply.id, Status.COMPLETE, content=text)
    out = run("show", made.id).out
    lines = shown(out).splitlines()
    assert lines[lines.index("See your bank or https://plain.example/b.") + 1] == "→ https://evil.example/a"
    assert "\x1b]" not in out


@pytest.mark.usefixtures("on_terminal")
def test_raw_shows_what_a_pipe_gets(run: Run, lifetimes: str) -> None:
    out = run("show", "--raw", lifetimes).out
    assert "A **lifetime** is" in out
    assert "\x1b" not in out


@pytest.mark.usefixtures("on_terminal")
def test_no_color_keeps_what_is_no_colour(run: Run, lifetimes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    for arguments in (["show", lifetimes], ["list"], ["search", "lifetime"]):
        out = run(*arguments).out
        numbers = {int(n) for each in re.findall(r"\x1b\[([0-9;]*)m", out) for n in each.split(";") if n}
        assert numbers <= {0, 1, 2, 3, 4, 9}
        assert 1 in numbers


@pytest.mark.usefixtures("on_terminal")
def test_list_has_a_heading_and_tags_and_fits(run: Run, store: Store, lifetimes: str) -> None:
    store.create_conversation(title="日本語の長いタイトル" * 8)
    lines = shown(run("list").out).splitlines()
    assert lines[0].split() == ["ID", "Changed", "Msgs", "Title"]
    assert re.fullmatch(rf"{lifetimes[:8]}  \d{{4}}-.*    2  \*  Lifetimes in Rust  #wo…|.*#work", lines[1])
    assert lines[2].endswith("…")


@pytest.mark.usefixtures("on_terminal")
def test_search_marks_each_hit_and_breaks_between_words(run: Run, lifetimes: str) -> None:
    source = " ".join(f"{PROMPT} {plain_words(REPLY, [])[0]}".split())
    assert "A lifetime is a region, as in" in source
    out = run("search", "lifetime").out
    assert out.count("\x1b[33m\x1b[1m\x1b[4m") == 4
    lines = shown(out).splitlines()
    assert lines[0] == f"{lifetimes[:8]}  Lifetimes in Rust"
    assert [line.split()[0] for line in lines[1:] if line[10] != " "] == ["assistant", "user"]
    for line in lines[1:]:
        part = line[21:].strip("… ")
        assert re.search(rf"(?<!\w){re.escape(' '.join(part.split()))}(?!\w)", source), "words are cut"
    assert max(map(len, lines)) <= 60


@pytest.mark.usefixtures("on_terminal")
def test_no_escape_sequence_of_a_text_reaches_the_terminal(run: Run, store: Store) -> None:
    made = store.create_conversation(title="\x1b]0;evil\x07")
    _, reply = store.open_turn(made.id, "\x1b[2J needle")
    store.close_turn(
        reply.id, Status.COMPLETE, content="\x9b2J **needle** [x](http://a.b/\x1b]52;c;eA==\x07)\n\n`\x1b[H`"
    )
    for arguments in (["list"], ["show", made.id], ["search", "needle"]):
        assert not set(shown(run(*arguments).out)) & set("\x1b\x07\x9b")


def test_rendering_needs_no_textual() -> None:
    code = (
        "import sys, gptalk_tui.cli.markdown_lines, gptalk_tui.cli.listing; print('textual' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=LIMIT_S, check=True)
    assert done.stdout.split() == [b"False"]


if sys.platform != "win32":
    from support.terminal import Terminal, program

    @pytest.fixture
    def server(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GptalkServer]:
        with threaded_gptalk_server(reply=REPLY) as server:
            monkeypatch.setenv("GPTALK_URL", server.url)
            yield server

    def test_reply_is_rendered_block_by_block_with_a_glimpse_of_the_next(server: GptalkServer) -> None:
        first, second = "# Lifetimes\n\nA **lifetime** is a region.\n\nSome", " words\n\nThe *end*."
        server.script([first, second])
        server.hold()
        with Terminal(program("ask", "hi"), size=(60, 20)) as terminal:
            server.step(1)
            terminal.wait_for("A lifetime is a region.")
            terminal.wait_for("Some")
            assert "words" not in terminal.text
            server.release()
            assert terminal.wait() == 0
            assert [line for line in terminal.lines if line] == [
                "Lifetimes", "━━━━━━━━━", "A lifetime is a region.", "Some words", "The end.",
            ]  # fmt: skip
        assert not re.search(rb"\x1b\[\d*[AHJ]", bytes(terminal.output)), "nothing is painted twice"

    def test_raw_reply_is_printed_as_it_came(server: GptalkServer) -> None:
        with Terminal(program("ask", "--raw", "hi"), size=(60, 20)) as terminal:
            assert terminal.wait() == 0
            assert "A **lifetime** is a *region*" in terminal.text

    def test_reasoning_and_notes_are_not_mixed_into_the_glimpse(server: GptalkServer) -> None:
        server.script(["Some words that are"], cut=True)
        with Terminal(program("ask", "hi"), size=(60, 20)) as terminal:
            assert terminal.wait() != 0
            lines = [line for line in terminal.lines if line]
            assert lines[0] == "Some words that are"
            assert lines[1].startswith("gptalk-tui: ")
