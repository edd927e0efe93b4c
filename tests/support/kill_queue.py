"""Kill the app at a random moment with prompts queued, and compare what it had shown with what is on disk.

By hand: `python tests/support/kill_queue.py --kills 200`; the exit code is 1 if the promise was broken.

Most lives begin in the conversation that the one before left: its queue must be held, then Enter sends it.
"""

from __future__ import annotations

import argparse
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gptalk_client.models import Role
from gptalk_client.store.store import Store
from support.gptalk_server import GptalkServer, threaded_gptalk_server
from support.terminal import ENTER, READY, Terminal, program

_MARK = re.compile(r"q\d+-\d+")
_PACE_S = 0.02
_MOST_PIECES = 20
_LONGEST_WAIT_S = 1.0
_LONGEST_QUEUE = 5
"""Behind a longer one new prompts would not be in view."""


def pieces_of(prompt: str) -> list[str]:
    """Return a reply of up to half a second; it does not repeat its prompt."""
    return ["word "] * random.Random(prompt).randint(1, _MOST_PIECES)


@dataclass
class Report:
    """What the lives so far have shown."""

    kills: int = 0
    shown: int = 0
    """Queued prompts that were on screen at a kill."""
    waiting: int = 0
    """Those of them that were still queued."""
    resumed: int = 0
    """Lives that began with a queue that was held."""
    faults: list[str] = field(default_factory=list)


class Lives:
    """One data folder, and the app's lives on it.

    Args:
        folder: Gets the data folder.
        server: Answers; its replies take some time.
        seed: Of the random moments.
    """

    def __init__(self, folder: Path, server: GptalkServer, seed: int) -> None:
        self.report = Report()
        self._data = folder / "data"
        self._server = server
        self._random = random.Random(seed)
        self._left: set[str] = set()
        """What was queued in the conversation that the next life may begin with."""

    def live(self) -> None:
        """Start the app, queue prompts, kill it, and look."""
        number, resumes = self.report.kills, 0 < len(self._left) <= _LONGEST_QUEUE
        arguments = ["--data-dir", str(self._data), "--url", self._server.url]
        with Terminal(program(*arguments, *([] if resumes else ["--new"]))) as terminal:
            terminal.wait_for(READY)
            sent = len(self._server.prompts)
            if resumes:
                self.report.resumed += 1
                terminal.wait_for("queued, held")
                if len(self._server.prompts) != sent:
                    self.report.faults.append(f"life {number} sent a prompt without a key press")
                terminal.send(ENTER)
            self._queue(terminal, number)
            terminal.kill(signal.SIGKILL)
            terminal.wait()
            shown = _marks_on(terminal)
        self.report.kills += 1
        self._compare(number, shown)

    def _queue(self, terminal: Terminal, number: int) -> None:
        """Queue up to six prompts, and wait until some of them are shown, for a random moment to kill the app."""
        count = self._random.randint(2, 7)
        for each in range(count):
            terminal.send(f"q{number}-{each}", ENTER)
            time.sleep(self._random.uniform(0.05, 0.15))  # lines that come faster are a paste
        wanted = {f"q{number}-{each}" for each in range(self._random.randint(1, count))}
        until_s = time.monotonic() + _LONGEST_WAIT_S  # a long queue does not show all of its prompts
        while not wanted <= self._seen(terminal) and time.monotonic() < until_s:
            time.sleep(0.01)
        time.sleep(self._random.uniform(0, 0.1))

    def _seen(self, terminal: Terminal) -> set[str]:
        """Return what is shown now or was sent, which may have been scrolled away."""
        return _marks_on(terminal) | {m for each in self._server.prompts for m in _MARK.findall(each)}

    def _compare(self, number: int, shown: set[str]) -> None:
        messages: Counter[str] = Counter()
        waiting: Counter[str] = Counter()
        with Store.open(self._data / "conversations.db") as store:
            for conversation in store.conversations():
                for message in store.messages(conversation.id):
                    if message.role is Role.USER:
                        messages.update(_MARK.findall(message.content))
                waiting.update(
                    m for each in store.queued(conversation.id) for m in _MARK.findall(each.content)
                )
            latest = store.latest_conversation()
            self._left = {each.content for each in store.queued(latest.id)} if latest is not None else set()
            if problems := store.integrity():
                self.report.faults.append(f"life {number}: {problems}")
        journal = self._data / "unsaved.jsonl"
        kept = set(_MARK.findall(journal.read_text("utf-8"))) if journal.exists() else set()
        self.report.shown += len(shown)
        self.report.waiting += len(shown & set(waiting))
        for mark in sorted(shown - set(messages) - set(waiting) - kept):
            self.report.faults.append(f"life {number} lost {mark}")
        asked = Counter(
            _MARK.findall(prompt)[-1] for prompt in self._server.prompts
        )  # the others are context
        for mark in [mark for mark, times in asked.items() if times > 1]:
            self.report.faults.append(f"{mark} was sent twice")
        for mark in [mark for mark, times in (messages + waiting).items() if times > 1]:
            self.report.faults.append(f"{mark} is there twice")


def _marks_on(terminal: Terminal) -> set[str]:
    """Return the prompts that are shown as queued: neither sent, nor still in the composer."""
    lines = (line for line in terminal.lines if "▌" not in line and "│" not in line)
    return {mark for line in lines for mark in _MARK.findall(line)}


def run(folder: Path, *, kills: int, seed: int = 1, limit_s: float = float("inf")) -> Report:
    """Let the app live and be killed so many times; no new life begins after `limit_s` seconds."""
    until_s = time.monotonic() + limit_s
    with threaded_gptalk_server(compose=pieces_of, pace_s=_PACE_S) as server:
        lives = Lives(folder, server, seed)
        for _ in range(kills):
            if time.monotonic() < until_s:
                lives.live()
        return lives.report


def main() -> int:
    """Run by hand; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit-s", type=float, default=float("inf"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder), kills=given.kills, seed=given.seed, limit_s=given.limit_s)
    print(
        f"{report.kills} kills: {report.shown} queued prompts shown, {report.waiting} still queued,"
        f" {report.resumed} lives began with a held queue"
    )
    for fault in report.faults:
        print(fault)
    return 1 if report.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
