"""Tokens and keys are in the login cache and nowhere else; what was said is in no log and no report."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from gptalk_tui.terminal.logs import LOG_NAME, MAX_BYTES, start_log
from support.gptalk_server import GptalkServer
from support.guarded_program import SECRET
from support.terminal import CTRL_O, ENTER, READY, Terminal, program

PROMPT, REPLY = "canary-prompt-41d7", "canary-reply-93be"
API_KEY, PASSWORD = "sk-canary-key-7c0d5e", "canary-password-2b6f"


def run(*arguments: str, **environment: str) -> bytes:
    """Run the command line at debug level; return everything it printed."""
    done = subprocess.run(
        program(*arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "GPTALK_DEBUG": "1", **environment},
        timeout=60,
        check=False,
    )
    assert b"Traceback (most" not in done.stderr
    return done.stdout + done.stderr


def passed_tokens(service: GptalkServer) -> set[str]:
    """Return the login and stream tokens that a server has given out."""
    logins = {each.headers.get("authorization", "").removeprefix("Bearer ") for each in service.requests}
    streams = {each.target.partition("?token=")[2] for each in service.requests}
    return {each for each in logins | streams if each}


def test_secrets_stay_where_they_belong(
    start, service: GptalkServer, data: Path, own_world: Path, tmp_path: Path
) -> None:
    service.reply = REPLY
    config = tmp_path / "config.toml"
    config.write_text(f'[openai]\nurl = "{service.url}"\napi_key = "{API_KEY}"\n')
    common = ("--data-dir", str(data), "--config", str(config))
    here = (*common, "--url", service.url, "--provider", "gptalk")
    said = [run(*here, "ask", PROMPT), run(*here, "ask", "--json", PROMPT)]
    for step in ("login", "submit", "stream"):
        service.expire_tokens()
        service.fail_next(step, body={"msg": "no"})
        said.append(run(*here, "ask", PROMPT))
    service.script([REPLY], cut=True)
    said.append(run(*here, "ask", PROMPT))
    proxy = ("--proxy", f"http://me:{PASSWORD}@127.0.0.1:9")
    elsewhere = (*here, "--url", "http://service.test")  # loopback is never asked through a proxy
    for line, told in (
        (["ask", PROMPT], b"proxy"), (["config", "show"], b"proxy"),
        (["doctor"], b"proxy"), (["doctor", "--json"], b"proxy"),
    ):  # fmt: skip
        said.append(run(*elsewhere, *proxy, *line))
        assert told in said[-1].lower(), line
    said.append(run(*common, "--provider", "openai", "ask", PROMPT))
    for line in (
        ["doctor", "--json"], ["doctor"], ["auth", "status"], ["auth", "login"], ["config", "show"],
        ["list", "--json"], ["config", "check"],
        ["export", "--all", "--format", "json", "-o", str(tmp_path / "all.json")],
        ["search", PROMPT, "--json"], ["backup", str(tmp_path / "backup.db")],
    ):  # fmt: skip
        said.append(run(*here, *line))
    with start("--config", str(config), "--debug", environment={"GPTALK_TEST_FAULT": "handler"}) as terminal:
        terminal.wait_for(READY)
        service.fail_next("stream", body={"msg": "no"})
        terminal.send(PROMPT, ENTER)
        terminal.wait_for(lambda _: service.counts.submits >= 5, "the turn")
        terminal.send(CTRL_O)
        terminal.kill(signal.SIGUSR1)
        assert terminal.wait() == 1
        said.append(terminal.output)

    secrets = {each.encode() for each in {*passed_tokens(service), API_KEY, PASSWORD, SECRET}}
    assert len(secrets) > 8
    allowed = {
        data / "auth.json": secrets - {API_KEY.encode(), PASSWORD.encode()},
        config: {API_KEY.encode()},
    }
    files = [each for folder in (own_world, tmp_path) for each in folder.rglob("*") if each.is_file()]
    for file in files:
        found = {each for each in secrets - allowed.get(file, set()) if each in file.read_bytes()}
        assert not found, f"{file} holds {found}"
    for output in said:
        assert not {each for each in secrets if each in output}, output

    assert any(each.name == "auth.json" and b"login-" in each.read_bytes() for each in files)
    (log,) = own_world.rglob(LOG_NAME)
    (report,) = own_world.rglob("crash-*.txt")
    text = log.read_text(encoding="utf-8")
    assert "HTTP Request: GET" in text
    assert "token=[hidden]" in text
    for words in (PROMPT, REPLY):
        assert words not in text
        assert words not in report.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o777 == 0o600


def test_no_log_is_written_unless_asked_for(
    start, service: GptalkServer, own_world: Path, data: Path
) -> None:
    run("--data-dir", str(data), "--url", service.url, "ask", PROMPT, GPTALK_DEBUG="")
    run("--data-dir", str(data), "--url", service.url, "--no-debug", "ask", PROMPT)
    assert not list(own_world.rglob(LOG_NAME))
    said = run("--data-dir", str(data), "--url", service.url, "--debug", "list", "--json", GPTALK_DEBUG="0")
    assert b"Logging to" not in said  # a list asks nobody and needs no settings
    assert b"Logging to" in run(
        "--data-dir", str(data), "--url", service.url, "--debug", "ask", "x", GPTALK_DEBUG="0"
    )
    assert list(own_world.rglob(LOG_NAME))


LOGGING = """
import logging, sys
from pathlib import Path
from gptalk_tui.terminal.logs import start_log
folder = Path(sys.argv[1])
assert start_log(folder) == start_log(folder) == folder / "debug.log"
log = logging.getLogger("gptalk_tui.test")
for number in range(6000):
    log.debug("GET /x?token=secret-%d authorization: Bearer abc\\x1b[2J\\nsecond line " + "." * 200, number)
words = sys.argv[2]
logging.getLogger("somebody.else").error(words)
try:
    raise ValueError(words)
except ValueError:
    log.exception("it failed")
"""


def test_the_log_is_small_private_and_silent_about_texts(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    done = subprocess.run(
        [sys.executable, "-c", LOGGING, str(folder), "words of a conversation"],
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == b""
    files = sorted(folder.iterdir())
    assert [each.name for each in files] == [LOG_NAME, LOG_NAME + ".1"]
    text = "".join(each.read_text(encoding="utf-8") for each in files)
    # From Python 3.13 on, a traceback knows the source of `-c` too.
    for each in ("secret-", "abc", "\x1b", "words of a conversation", "raise ValueError(words)"):
        assert each not in text
    assert "builtins.ValueError" in text
    assert "somebody.else" in text
    assert all(each.stat().st_mode & 0o777 == 0o600 for each in files)
    assert all(each.stat().st_size <= MAX_BYTES for each in files)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_log_that_others_could_read_becomes_private(tmp_path: Path) -> None:
    log = tmp_path / LOG_NAME
    log.touch()
    log.chmod(0o644)
    line = "import pathlib, sys, gptalk_tui.terminal.logs as logs; logs.start_log(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", line, str(tmp_path)], timeout=60, check=True)
    assert log.stat().st_size
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_log_is_not_written_through_a_link(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / LOG_NAME).symlink_to(target)
    assert start_log(folder) is None
    assert target.read_text() == "mine"


def test_the_crash_screen_survives_a_terminal_of_one_cell(start) -> None:
    with start(size=(1, 1), environment={"GPTALK_TEST_FAULT": "start"}) as terminal:
        assert isinstance(terminal, Terminal)
        assert terminal.wait() == 1
        assert b"gptalk-tui again" in terminal.output.replace(b"\r\n", b"")
