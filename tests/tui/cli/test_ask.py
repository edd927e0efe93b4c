"""`ask`: streams, pipes, options, exit codes and signals, against a GPTalk server and as a real process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gptalk_client.models import Status
from gptalk_client.store.store import Store
from support.command_line import LIMIT_S, Run, command, run_process
from support.gptalk_server import GptalkServer, threaded_gptalk_server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, data: Path) -> Iterator[GptalkServer]:
    with threaded_gptalk_server(reply="Hello there, this is the reply.") as server:
        monkeypatch.setenv("GPTALK_URL", server.url)
        yield server


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds; fail at the time limit."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def saved(data: Path) -> list[tuple[str, str, Status]]:
    """Return role, content and status of every message of the newest conversation."""
    with Store.open(data / "conversations.db", read_only=True) as store:
        latest = store.latest_conversation()
        return (
            [(each.role.value, each.content, each.status) for each in store.messages(latest.id)]
            if latest
            else []
        )


def test_reply_goes_to_standard_output_and_is_saved(server: GptalkServer, data: Path) -> None:
    done = run_process("ask", "Why", "is", "that?")
    assert (done.code, done.out, done.err) == (0, "Hello there, this is the reply.\n", "")
    assert server.prompts == ["Why is that?"]
    assert saved(data) == [
        ("user", "Why is that?", Status.COMPLETE),
        ("assistant", "Hello there, this is the reply.", Status.COMPLETE),
    ]


@contextlib.contextmanager
def asked(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `ask` with a standard input that stays open."""
    process = subprocess.Popen(
        command("ask", *arguments),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            assert stream
            stream.close()


def test_prompt_is_sent_without_a_standard_input_that_never_comes(server: GptalkServer) -> None:
    with asked("Why?") as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        assert b"Waiting for standard input" in process.stderr.readline()
        assert server.prompts == []
        assert process.stdout.readline() == b"Hello there, this is the reply.\n"
        assert b"without it" in process.stderr.read()
        assert process.wait(LIMIT_S) == 0
    assert server.prompts == ["Why?"]


def test_standard_input_that_comes_late_is_read_to_its_end(server: GptalkServer) -> None:
    with asked("Why?") as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        assert b"Waiting for standard input" in process.stderr.readline()
        process.stdin.write(b"one\n")
        process.stdin.write(b"two\n")
        process.stdin.close()
        assert process.stdout.read() == b"Hello there, this is the reply.\n"
        assert process.stderr.read() == b""
        assert process.wait(LIMIT_S) == 0
    assert server.prompts == ["Why?\n\none\ntwo"]


def test_without_a_prompt_standard_input_is_waited_for(server: GptalkServer) -> None:
    with asked() as process:
        assert process.stdin
        assert process.stderr
        assert b"Waiting for standard input" in process.stderr.readline()
        process.stdin.write(b"a late prompt")
        process.stdin.close()
        assert process.wait(LIMIT_S) == 0
    assert server.prompts == ["a late prompt"]


def test_waiting_for_standard_input_ends_with_an_interrupt(server: GptalkServer) -> None:
    with asked("Why?") as process:
        assert process.stderr
        assert b"Waiting for standard input" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_S) == 130
        assert b"Traceback" not in process.stderr.read()
    assert server.prompts == []


def test_standard_input_is_appended_to_the_prompt(server: GptalkServer) -> None:
    assert run_process("ask", "review this", stdin="one\ntwo\n").code == 0
    assert run_process("ask", stdin="only piped\n").code == 0
    assert server.prompts == ["review this\n\none\ntwo", "only piped"]


def test_empty_prompt_is_a_usage_error(run: Run, server: GptalkServer) -> None:
    done = run("ask", stdin="  \n")
    assert (done.code, done.out) == (2, "")
    assert "Nothing to ask" in done.err
    assert server.prompts == []


def test_ask_continues_the_newest_or_a_named_conversation(run: Run, server: GptalkServer, data: Path) -> None:
    run("ask", "first question")
    assert run("ask", "--continue", "second question").code == 0
    assert server.prompts[1] == (
        "User: first question\nAssistant: Hello there, this is the reply.\nUser: second question\nAssistant:"
    )
    assert run("ask", "--chat", "first quest", "third").code == 0
    assert len(saved(data)) == 6
    done = run("ask", "--chat", "nonsense", "x")
    assert (done.code, len(server.prompts)) == (2, 3)


def test_continue_without_a_conversation_is_a_usage_error(run: Run, server: GptalkServer) -> None:
    assert run("ask", "--continue", "x").code == 2
    assert run("ask", "--continue", "--chat", "y", "x").code == 2


def test_options_reach_the_request(run: Run, server: GptalkServer) -> None:
    done = run(
        "ask", "-s", "Be brief.", "-m", "gpt-4", "-o", "temperature=0.7", "-o", "prompt=hi there", "hello"
    )
    assert done.code == 0
    (body,) = server.bodies
    assert (body["model"], body["temperature"], body["prompt"]) == ("gpt-4", 0.7, "hi there")
    assert body["content"] == "System: Be brief.\nUser: hello\nAssistant:"
    assert run("ask", "-o", "nonsense", "x").code == 2


def test_global_options_go_before_or_after_the_command(run: Run, server: GptalkServer) -> None:
    assert run("--model", "before", "ask", "x").code == 0
    assert run("ask", "x", "--model", "after").code == 0
    assert [body["model"] for body in server.bodies] == ["before", "after"]


def test_json_output_is_one_object(run: Run, server: GptalkServer, data: Path) -> None:
    server.answer("evil", "\x1b[2Jevil é")
    done = run("ask", "--json", "evil")
    assert done.out.isascii()
    answer = json.loads(done.out)
    assert (answer["content"], answer["status"], answer["provider"]) == (
        "\x1b[2Jevil é",
        "complete",
        "gptalk",
    )
    shown = json.loads(run("show", "--json", answer["conversation_id"]).out)
    assert shown["messages"][1]["id"] == answer["message_id"]


def test_extract_prints_only_the_first_code_block(run: Run, server: GptalkServer) -> None:
    server.answer("code", "Here:\n\n```py\nprint(1)\nprint(2)\n```\n\n```sh\nls\n```\n")
    assert run("ask", "-x", "code").out == "print(1)\nprint(2)\n"
    done = run("ask", "-x", "prose")
    assert (done.code, done.out) == (1, "")
    assert "no code block" in done.err


def test_reply_is_sanitised_unless_raw(run: Run, server: GptalkServer) -> None:
    server.script(["a\x1b", "[2J\r", "\nb", "e\u0301" + "\u0301" * 20, "\u0301\u0301."])
    assert run("ask", "x").out == "a␛[2J\nbe" + "\u0301" * 8 + ".\n"
    server.script(["a\x1b[2Jb"])
    assert run("ask", "--raw", "x").out == "a\x1b[2Jb\n"
    server.script(["a\x1b[2Jb"])
    assert run("ask", "--no-stream", "x").out == "a␛[2Jb\n"


def test_no_save_saves_nothing(run: Run, server: GptalkServer, data: Path) -> None:
    done = run("ask", "--no-save", "secret")
    assert (done.code, done.out) == (0, "Hello there, this is the reply.\n")
    assert not (data / "conversations.db").exists()
    run("ask", "kept")
    assert run("ask", "--no-save", "--continue", "more").code == 0
    assert server.prompts[-1].startswith("User: kept\nAssistant: Hello")
    assert len(saved(data)) == 2


def test_unreachable_service_exits_3_and_the_prompt_is_saved(data: Path) -> None:
    done = run_process("ask", "are you there?", "--url", "http://127.0.0.1:1")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("gptalk-tui: ")
    assert "Traceback" not in done.err
    assert [(role, status) for role, _, status in saved(data)] == [
        ("user", Status.COMPLETE),
        ("assistant", Status.FAILED),
    ]


def test_broken_off_reply_is_printed_and_saved_and_exits_3(
    run: Run, server: GptalkServer, data: Path
) -> None:
    server.script(["half of ", "it"], cut=True)
    done = run("ask", "x")
    assert (done.code, done.out) == (3, "half of it\n")
    assert done.err.startswith("gptalk-tui: ")
    assert saved(data)[1] == ("assistant", "half of it", Status.INCOMPLETE)
    server.script(["half"], cut=True)
    answer = json.loads(run("ask", "--json", "x").out)
    assert (answer["content"], answer["status"]) == ("half", "incomplete")
    assert answer["error"]


def test_server_error_is_sanitised(run: Run, server: GptalkServer) -> None:
    server.script([], error={"error": "over\x1b[2Jloaded"})
    done = run("ask", "x")
    assert done.code == 3
    assert "over" in done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--url", "nonsense"], "--url"),
        (["--url", "http://me:pw@x"], "user name"),
        (["--proxy", "socks://x"], "--proxy"),
        (["--provider", "openai"], "no address"),
        (["--provider", "nonsense"], "There is no provider “nonsense”. Choose one of gptalk, local."),
        (["--nonsense"], "No such option"),
    ],
)
def test_invalid_options_exit_2(run: Run, data: Path, arguments: list[str], words: str) -> None:
    done = run("ask", "x", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_saves_the_text_and_sets_the_exit_code(
    server: GptalkServer, data: Path, number: signal.Signals
) -> None:
    server.hold()
    server.step(2)
    with subprocess.Popen(
        command("ask", "tell me"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        printed = os.read(process.stdout.fileno(), 100)
        while len(printed) < len("Hello there, this is the reply."):
            printed += os.read(process.stdout.fileno(), 100)
        process.send_signal(number)
        rest, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 128 + number
    assert (printed + rest).decode() == "Hello there, this is the reply.\n"
    assert saved(data)[1] == ("assistant", "Hello there, this is the reply.", Status.STOPPED)
    until(lambda: server.counts.hung_up == 1, "the server was not told")


def test_closed_pipe_exits_quietly_and_stops_the_reply(server: GptalkServer, data: Path) -> None:
    server.script(["first line\n", *("more text\n" for _ in range(50))])
    server.hold()
    server.step(1)
    with subprocess.Popen(
        command("ask", "x"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"first line\n"
        process.stdout.close()
        server.release()
        errors = process.stderr.read()
        assert process.wait(LIMIT_S) == 0
    assert errors == b""
    assert saved(data)[1][2] in (Status.STOPPED, Status.COMPLETE)


def test_conversation_keeps_its_own_provider(
    run: Run, server: GptalkServer, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(data / "conversations.db") as store:
        store.create_conversation(title="local one", provider="openai")
    monkeypatch.delenv("GPTALK_URL")
    done = run("ask", "--chat", "local one", "x")
    assert done.code == 2
    assert "The provider “openai” has no address. --url sets it." in done.err
    assert server.prompts == []


def test_warns_when_the_login_cannot_be_saved(run: Run, server: GptalkServer, data: Path) -> None:
    (data / "auth.json").mkdir(parents=True)
    done = run("ask", "x")
    assert (done.code, done.out) == (0, "Hello there, this is the reply.\n")
    assert done.err.count("auth.json can't be written, so this login lasts until the program exits.") == 1
