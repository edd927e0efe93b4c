"""Two apps and a command line write to one data folder at the same time: nobody is refused, nothing is lost.

`GPTALK_TEST_TOGETHER_S=60` lets them write for that many seconds.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gptalk_client.models import Role, Status
from gptalk_client.store.store import Store
from gptalk_tui.terminal.logs import LOG_NAME
from support.gptalk_server import GptalkServer, threaded_gptalk_server
from support.terminal import CTRL_N, CTRL_Q, CTRL_S, ENTER, F2, READY, Terminal, program

LENGTH_S = float(os.environ.get("GPTALK_TEST_TOGETHER_S", "5"))
CLEAR = "\x15"
_MARK = re.compile(r"\w+-\d+-mark")
_SEQUENCE = re.compile(rb"\x1b\[[\x20-\x3f]*[@-~]|[\r\n]+")


def whole_reply(mark: str) -> str:
    return f"answer to {mark}: " + " ".join(map(str, range(30))) + f"\n\nthat was {mark}"


@pytest.fixture
def service() -> Iterator[GptalkServer]:
    def compose(prompt: str) -> list[str]:
        return re.findall("(?s).{1,8}", whole_reply(_MARK.findall(prompt)[-1]))

    with threaded_gptalk_server(compose=compose, pace_s=0.01) as server:
        yield server


@dataclass
class Told:
    """What the writers know to be done."""

    until: float
    prompts: set[str] = field(default_factory=set)
    titles: dict[str, str] = field(default_factory=dict)
    """By the first word of the title: whose it is, and which."""
    shared: str = "shared"
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Held by who renames the shared conversation, so that it is known whose title is the last one."""

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.until


def ask(terminal: Terminal, told: Told, mark: str) -> None:
    """Send a prompt and wait for its reply."""
    terminal.send(f"{mark} please", ENTER)
    terminal.wait_for(f"that was {mark}")
    told.prompts.add(mark)


def go_to(terminal: Terminal, word: str) -> None:
    """Open a conversation by the list's filter."""
    terminal.send(CTRL_S)
    terminal.wait_for("/ filter")
    terminal.send(word + ENTER)
    terminal.wait_for(lambda t: word in t.lines[0] and "Write a message" in t.text, f"{word} is open")


def rename(terminal: Terminal, title: str) -> None:
    """Give the open conversation another title and wait until it stands in the header."""
    terminal.send(F2)
    terminal.wait_for("Rename “")
    terminal.send(CLEAR + title + ENTER)
    terminal.wait_for(lambda t: "Rename “" not in t.text and title in t.lines[0], f"the title {title}")


def use_app(terminal: Terminal, told: Told, name: str) -> None:
    """Chat, rename and switch until the time is over."""
    number = 0
    while not told.is_over:
        number += 1
        own = f"{name}{number}"
        terminal.send(CTRL_N)
        terminal.wait_for("Type below")
        ask(terminal, told, f"{name}-{number}0-mark")
        for step in (1, 2):
            title = f"{own} title {step}"
            rename(terminal, title)
            told.titles[own] = title
        with told.turn:
            go_to(terminal, "shared")
            title = f"shared by {name} {number}"
            rename(terminal, title)
            told.shared = title
        ask(terminal, told, f"{name}-{number}1-mark")
        go_to(terminal, own)
        ask(terminal, told, f"{name}-{number}2-mark")


def use_command_line(run: Callable[..., str], shared_id: str, told: Told) -> None:
    """Ask, list and rename until the time is over."""
    number = 0
    while not told.is_over:
        number += 1
        mark = f"line-{number}-mark"
        assert whole_reply(mark) in run("ask", f"{mark} please")
        told.prompts.add(mark)
        listed = json.loads(run("list", "--json"))
        (own,) = [each["id"] for each in listed if mark in each["title"]]
        title = f"line{number} title"
        run("rename", own, title)
        told.titles[f"line{number}"] = title
        with told.turn:
            title = f"shared by line {number}"
            run("rename", shared_id, title)
            told.shared = title


def test_two_apps_and_a_command_line_lose_nothing(
    service: GptalkServer, data: Path, own_world: Path, tmp_path: Path
) -> None:
    common = ("--data-dir", str(data), "--url", service.url, "--debug")
    said: list[bytes] = []

    def run(*arguments: str) -> str:
        done = subprocess.run(
            program(*arguments[:1], *common, *arguments[1:]), capture_output=True, timeout=60, check=False
        )
        said.append(done.stderr)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    def statuses() -> set[Status]:
        with Store.open(data / "conversations.db") as store:
            return {each.status for found in store.conversations() for each in store.messages(found.id)}

    with Store.open(data / "conversations.db") as store:
        shared = store.create_conversation(title="shared").id
    with (
        Terminal(program(*common), cwd=tmp_path) as ann,
        Terminal(program(*common), cwd=tmp_path) as bob,
        ThreadPoolExecutor(3) as pool,
    ):
        for terminal in (ann, bob):
            terminal.wait_for(READY)
        told = Told(time.monotonic() + LENGTH_S)
        work = [
            pool.submit(use_app, ann, told, "ann"),
            pool.submit(use_app, bob, told, "bob"),
            pool.submit(use_command_line, run, shared, told),
        ]
        for each in work:
            each.result()
        ann.wait_for(lambda _: statuses() == {Status.COMPLETE}, "the end of the last reply")
        for terminal in (ann, bob):
            assert terminal.end(CTRL_Q) == 0
            assert terminal.complaints() == []
            said.append(_SEQUENCE.sub(b" ", terminal.output))

    assert {_MARK.findall(each)[-1] for each in service.prompts} == told.prompts
    assert len(service.prompts) == len(told.prompts)
    with Store.open(data / "conversations.db") as store:
        conversations = store.conversations()
        assert {each.title.split()[0]: each.title for each in conversations} == {
            **told.titles,
            "shared": told.shared,
        }
        messages = [each for found in conversations for each in store.messages(found.id)]
        assert store.integrity() == []
    asked = {each.id: _MARK.findall(each.content)[-1] for each in messages if each.role is Role.USER}
    assert sorted(asked.values()) == sorted(told.prompts)
    replies = [each for each in messages if each.role is Role.ASSISTANT]
    assert statuses() == {Status.COMPLETE}
    assert {asked[each.parent_id or ""]: each.content for each in replies} == {
        mark: whole_reply(mark) for mark in told.prompts
    }
    (log,) = own_world.rglob(LOG_NAME)
    for words in (*said, log.read_bytes()):
        assert not re.search(rb"(?i)database.{0,3}is.{0,3}locked|busy|does.not.let.go", words)
        assert b"Traceback" not in words
    print(f"{len(told.prompts)} prompts, {len(told.titles)} conversations")
