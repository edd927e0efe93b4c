"""Kill a process at a random moment of streaming, and compare what it had received with what is on disk.

By hand: `python tests/support/kill_writer.py --kills 200`. The child runs two turns at a time and logs, with the
monotonic time that all processes share, how much of each reply it has received.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from gptalk_client.chat import Chat
from gptalk_client.models import ReplyEvent, ReplyRequest, Status, TextAdded, TurnEnded, TurnOpened
from gptalk_client.providers.base import Provider
from gptalk_client.store.store import Store
from gptalk_client.store.worker import StoreThread

PROMISED_S = 0.25
_PIECE = "слово "
_START_TIMEOUT_S = 30


class _Drip(Provider):
    name = "gptalk"
    service = "drip.test"

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        for _ in range(random.randint(1, 120)):
            await asyncio.sleep(0.004)
            yield TextAdded(_PIECE)

    async def aclose(self) -> None:
        pass


async def _chat_for_ever(path: Path, log: int) -> None:
    def note(kind: str, message_id: str, size_chars: int) -> None:
        os.write(log, f"{time.monotonic()} {kind} {message_id} {size_chars}\n".encode())

    async def converse() -> None:
        conversation = await thread.call(Store.create_conversation)
        while True:
            received = 0
            reply_id = ""
            async for event in chat.reply(conversation.id, "question", provider=_Drip()):
                if isinstance(event, TurnOpened):
                    reply_id = event.reply.id
                    note("prompt", event.prompt.id, len(event.prompt.content))
                elif isinstance(event, TextAdded):
                    received += len(event.text)
                    note("text", reply_id, received)
                elif isinstance(event, TurnEnded):
                    note("end", reply_id, received)

    thread = StoreThread(Store.open(path))
    chat = Chat(thread)
    await asyncio.gather(converse(), converse())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one kill has cost."""

    lost_s: float
    """Age of the oldest text that was received and is not on disk, at the kill; 0 if all is there."""
    pause_s: float
    """The longest silence in the log of the last second: what the machine, not the program, added."""
    problems: tuple[str, ...]


def kill_once(folder: Path, seed: int) -> Outcome:
    """Start a child, kill it after a random time, open its file and compare."""
    path, log_path = folder / "data" / "conversations.db", folder / f"log-{seed}"
    child = subprocess.Popen([sys.executable, __file__, "--child", str(path), str(log_path)])
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not (log_path.exists() and log_path.stat().st_size):
        if child.poll() is not None or time.monotonic() > deadline:
            child.kill()
            child.wait()
            return Outcome(0, 0, ("the child did not start",))
        time.sleep(0.01)
    time.sleep(random.Random(seed).uniform(0.0, 1.0))
    child.send_signal(signal.SIGKILL)
    killed_at = time.monotonic()
    child.wait()
    return _compare(path, log_path, killed_at)


def _compare(path: Path, log_path: Path, killed_at: float) -> Outcome:
    lines = [line.split() for line in log_path.read_text().splitlines() if line.count(" ") == 3]
    times = [float(line[0]) for line in lines]
    recent = [t for t in times if t > killed_at - 1] + [killed_at]
    pause_s = max((b - a for a, b in itertools.pairwise(recent)), default=0.0)
    lost_s = 0.0
    problems: list[str] = []
    with Store.open(path) as store:
        problems.extend(store.integrity())
        ids = list({line[2] for line in lines})
        kept = {message_id: len(text) for message_id, text in store.texts(ids).items()}
        for time_s, (_, kind, message_id, size) in zip(times, lines, strict=True):
            if message_id not in kept:
                problems.append(f"a {kind} is missing")
            elif kept[message_id] < int(size):
                if kind != "text":
                    problems.append(f"a {kind} is too short")
                lost_s = max(lost_s, killed_at - time_s)
            if kind == "end" and store.message(message_id).status is not Status.COMPLETE:
                problems.append("a complete reply is not complete")
        for conversation in store.conversations():
            for message in store.messages(conversation.id):
                if message.status not in (Status.COMPLETE, Status.INCOMPLETE):
                    problems.append(f"a reply is {message.status}")
    return Outcome(lost_s, pause_s, tuple(problems))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--child", nargs=2, type=Path)
    options = parser.parse_args()
    if options.child:
        path, log_path = options.child
        log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        asyncio.run(_chat_for_ever(path, log))
    with tempfile.TemporaryDirectory() as folder:
        outcomes = [kill_once(Path(folder), seed) for seed in range(options.kills)]
    lost = sorted(outcome.lost_s for outcome in outcomes)
    problems = [problem for outcome in outcomes for problem in outcome.problems]
    late = sum(outcome.lost_s > PROMISED_S + outcome.pause_s for outcome in outcomes)
    print(
        f"{len(lost)} kills; text lost, ms: median {lost[len(lost) // 2] * 1000:.0f}, most {lost[-1] * 1000:.0f}"
    )
    print(f"longest pause of the machine, ms: {max(outcome.pause_s for outcome in outcomes) * 1000:.0f}")
    print(f"more than {PROMISED_S * 1000:.0f} ms lost: {late}; other problems: {problems or 'none'}")


if __name__ == "__main__":
    main()
